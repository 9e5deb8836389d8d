// Which source was first, and which followed: a matrix.

import { ACCENT, INK, NARROW, PAPER, many } from "./charts.js";
import { number, shortened } from "./writing.js";

const SOURCES = 12;

export const followers = {
  heading: () => "Who is first, who follows",
  missing: (app) =>
    !app.data.sourced
      ? "no headline has a source"
      : !app.data.dated
        ? "no headline has a date, so nobody was first"
        : followers.numbers(app).cells.length
          ? ""
          : `none of the ${many(app)} here was told by two sources`,
  numbers: ({ data, found }) => {
    const counts = new Map();
    for (const { story } of found) if (story.sources > 1) noteFollowers(data, story, counts);
    const totals = new Map();
    for (const { first, then, times } of counts.values())
      for (const source of [first, then]) totals.set(source, (totals.get(source) ?? 0) + times);
    const top = [...totals.keys()].sort((one, other) => totals.get(other) - totals.get(one)).slice(0, SOURCES);
    return {
      top,
      cells: [...counts.values()].filter(({ first, then }) => top.includes(first) && top.includes(then)),
      all: totals.size,
    };
  },
  told: (app, { top, all }) =>
    `In how many ${many(app)} the source of a row was the first and that of a column told it later${all > top.length ? `; the ${top.length} sources of ${all} that share most` : ""}.`,
  table: ({ data }, { cells }) => ({
    head: ["First", "Then", "Times"],
    rows: cells
      .toSorted((one, other) => other.times - one.times)
      .map(({ first, then, times }) => [data.rows.sources[first], data.rows.sources[then], number(times)]),
  }),
  draw: ({ data }, { top, cells }, width) => {
    const shown = width < NARROW ? top.slice(0, 6) : top;
    const inside = cells.filter(({ first, then }) => shown.includes(first) && shown.includes(then));
    const name = (source) => shortened(data.rows.sources[source], width < NARROW ? 14 : 22);
    const left = width < NARROW ? 96 : 150;
    return Plot.plot({
      ...PAPER,
      width,
      height: 34 * shown.length + left + 30,
      marginLeft: left,
      marginTop: left * 0.85,
      marginRight: 40,
      x: {
        axis: "top",
        label: "then told by",
        labelAnchor: "right",
        domain: shown,
        tickFormat: name,
        tickRotate: -45,
        tickSize: 0,
      },
      y: { label: "first", labelAnchor: "top", domain: shown, tickFormat: name, tickSize: 0 },
      opacity: { type: "sqrt", range: [0.06, 0.6] },
      marks: [
        Plot.cell(inside, { x: "then", y: "first", fill: ACCENT, fillOpacity: "times", inset: 1 }),
        Plot.text(inside, { x: "then", y: "first", text: ({ times }) => number(times), fill: INK }),
      ],
    });
  },
};

// Of one story, the earliest headline's source, and each other source once.
function noteFollowers(data, story, counts) {
  const told = story.rows.filter((row) => data.rows.source[row] && !Number.isNaN(data.rows.time[row]));
  if (!told.length) return;
  const first = data.rows.source[told.reduce((best, row) => (data.rows.time[row] < data.rows.time[best] ? row : best))];
  for (const then of new Set(told.map((row) => data.rows.source[row]))) {
    if (then === first) continue;
    const key = first * data.rows.sources.length + then;
    if (!counts.has(key)) counts.set(key, { first, then, times: 0 });
    counts.get(key).times += 1;
  }
}
