// When the headlines of the largest stories appeared: a row for each story, a dot for each headline.

import { ACCENT, INK, NARROW, PAPER } from "./charts.js";
import { titleOf } from "./titles.js";
import { count, day, groupNoun, minute, number, shortDay, shortened } from "./format.js";

const MAX_ROWS = 16;
const HOUR = 3600; // seconds
const MAX_CALENDAR = 10 * 24 * HOUR; // on a longer calendar, a story would be one spot

// As elsewhere in the page, in UTC by 24 hours; a day begins with its date.
function dayOrClock(date) {
  const seconds = date / 1000;
  return seconds % (24 * HOUR) ? minute(seconds).slice(-5) : shortDay(seconds);
}

export const timeline = {
  heading: (app) => `Timeline of the largest ${groupNoun(app)}`,
  missing: (app) =>
    !app.data.dated
      ? "no headline has a date"
      : timeline.numbers(app).shown.length
        ? ""
        : `none of these ${groupNoun(app)} has two headlines with dates`,
  numbers: ({ data, matches }) => {
    const times = ({ rows }) => rows.map((row) => data.rows.time[row]).filter((time) => !Number.isNaN(time));
    const dated = matches
      .map(({ story }) => ({ story, times: times(story), title: titleOf(data, story.representative) }))
      .filter(({ times }) => times.length > 1)
      .sort((a, b) => b.times.length - a.times.length);
    const shown = dated.slice(0, MAX_ROWS).map((group, k) => ({ ...group, row: k }));
    const first = Math.min(...shown.map(({ story }) => story.first));
    const last = Math.max(...shown.map(({ story }) => story.last));
    return { shown, first, last, calendar: last - first <= MAX_CALENDAR };
  },
  caption: (app, { shown, first, last, calendar }) =>
    `The ${count(shown.length, `largest dated ${groupNoun(app, 1)}`, `largest dated ${groupNoun(app)}`)} from ${day(first)} to ${day(last)} (UTC): a dot for each headline, ` +
    (calendar ? "at its time." : `by hours since the first of its ${groupNoun(app, 1)}.`),
  table: (_, { shown }) => ({
    head: ["Headline", "Headlines", "First", "Last"],
    rows: shown.map(({ story, title }) => [title, number(story.rows.length), minute(story.first), minute(story.last)]),
  }),
  draw: (_, { shown, calendar }, width) => {
    const place = ({ story }, time) => (calendar ? new Date(time * 1000) : (time - story.first) / HOUR);
    const dots = shown.flatMap((group) => group.times.map((time) => ({ row: group.row, at: place(group, time) })));
    const letters = Math.floor(width / 6.8);
    const name = ({ title, story }) =>
      shortened(calendar ? title : `${shortDay(story.first)}: ${title}`, letters);
    return Plot.plot({
      ...PAPER,
      width,
      height: 44 * shown.length + 62,
      marginLeft: 8,
      marginRight: 16,
      marginTop: 16,
      marginBottom: 42,
      x: {
        type: calendar ? "utc" : "linear",
        label: calendar ? null : "hours since the first headline",
        labelOffset: 38,
        ticks: width < NARROW ? 3 : 7,
        tickFormat: calendar ? dayOrClock : undefined,
        grid: true,
      },
      y: { type: "band", axis: null, domain: shown.map(({ row }) => row) },
      marks: [
        Plot.ruleY(shown, { y: "row", dy: 8, stroke: "var(--line)" }),
        Plot.dot(dots, { x: "at", y: "row", dy: 8, r: 4, fill: ACCENT, fillOpacity: 0.45 }),
        Plot.text(shown, { y: "row", frameAnchor: "left", dy: -8, text: name, fill: INK }),
      ],
    });
  },
};
