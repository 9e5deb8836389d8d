// When the largest stories were told: a lane each, a dot for each headline.

import { ACCENT, INK, NARROW, PAPER, many } from "./charts.js";
import { titleOf } from "./story.js";
import { day, minute, number, shortDay, shortened } from "./writing.js";

const LANES = 16;
const HOUR = 3600; // seconds
const LONG = 10 * 24 * HOUR; // beyond this, on a calendar, a story would be one spot

export const lanes = {
  heading: (app) => `When the largest ${many(app)} were told`,
  missing: (app) =>
    !app.data.dated
      ? "no headline has a date"
      : lanes.numbers(app).found.length
        ? ""
        : `none of the ${many(app)} here has two headlines with dates`,
  numbers: ({ data, found }) => {
    const times = ({ rows }) => rows.map((row) => data.rows.time[row]).filter((time) => !Number.isNaN(time));
    const several = found.map(({ story }) => ({
      story,
      times: times(story),
      title: titleOf(data, story.representative),
    }));
    const largest = several
      .filter(({ times }) => times.length > 1)
      .sort((one, other) => other.times.length - one.times.length);
    const shown = largest.slice(0, LANES).map((lane, k) => ({ ...lane, lane: k }));
    const [first, last] = [
      Math.min(...shown.map(({ story }) => story.first)),
      Math.max(...shown.map(({ story }) => story.last)),
    ];
    return { found: shown, first, last, calendar: last - first <= LONG };
  },
  told: (app, { found, first, last, calendar }) =>
    `The ${found.length} largest ${many(app)} with dates, told from ${day(first)} to ${day(last)} (UTC): a dot for each headline, ` +
    (calendar ? "at its time." : "at the hours since the first of its own."),
  table: (_, { found }) => ({
    head: ["Headline on top", "Headlines", "First", "Last"],
    rows: found.map(({ story, title }) => [title, number(story.rows.length), minute(story.first), minute(story.last)]),
  }),
  draw: (_, { found, calendar }, width) => {
    const place = ({ story }, time) => (calendar ? new Date(time * 1000) : (time - story.first) / HOUR);
    const dots = found.flatMap((lane) => lane.times.map((time) => ({ lane: lane.lane, at: place(lane, time) })));
    const letters = Math.floor(width / 6.8);
    const name = ({ title, story }) =>
      shortened(calendar ? title : `${shortDay(story.first)}: ${title}`, letters);
    return Plot.plot({
      ...PAPER,
      width,
      height: 44 * found.length + 62,
      marginLeft: 8,
      marginRight: 16,
      marginTop: 16,
      marginBottom: 42,
      x: {
        type: calendar ? "utc" : "linear",
        label: calendar ? null : "hours since its first headline",
        labelOffset: 38,
        ticks: width < NARROW ? 3 : 7,
        grid: true,
      },
      y: { type: "band", axis: null, domain: found.map(({ lane }) => lane) },
      marks: [
        Plot.ruleY(found, { y: "lane", dy: 8, stroke: "var(--line)" }),
        Plot.dot(dots, { x: "at", y: "lane", dy: 8, r: 4, fill: ACCENT, fillOpacity: 0.45 }),
        Plot.text(found, { y: "lane", frameAnchor: "left", dy: -8, text: name, fill: INK }),
      ],
    });
  },
};
