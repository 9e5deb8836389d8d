// Which source was first on a story, and which came later: a matrix.

import { ACCENT, INK, NARROW, PAPER } from "./charts.js";
import { groupNoun, number, shortened } from "./format.js";

const MAX_SOURCES = 12;

export const firsts = {
  heading: () => "First source and later sources",
  missing: (app) =>
    !app.data.sourced
      ? "no headline has a source"
      : !app.data.dated
        ? "no headline has a date"
        : firsts.numbers(app).cells.length
          ? ""
          : `none of these ${groupNoun(app)} has two sources`,
  numbers: ({ data, matches }) => {
    const counts = new Map();
    for (const { story } of matches) if (story.sources > 1) countLaterSources(data, story, counts);
    const totals = new Map();
    for (const { first, later, times } of counts.values())
      for (const source of [first, later]) totals.set(source, (totals.get(source) ?? 0) + times);
    const top = [...totals.keys()].sort((a, b) => totals.get(b) - totals.get(a)).slice(0, MAX_SOURCES);
    return {
      top,
      cells: [...counts.values()].filter(({ first, later }) => top.includes(first) && top.includes(later)),
      all: totals.size,
    };
  },
  caption: (app, { top, all }) =>
    `Number of ${groupNoun(app)} that the row’s source reported first and the column’s source later${all > top.length ? `, for the ${top.length} of ${all} sources that share most` : ""}.`,
  table: ({ data }, { cells }) => ({
    head: ["First", "Later", "Number"],
    rows: cells
      .toSorted((a, b) => b.times - a.times)
      .map(({ first, later, times }) => [data.rows.sources[first], data.rows.sources[later], number(times)]),
  }),
  draw: ({ data }, { top, cells }, width) => {
    const shown = width < NARROW ? top.slice(0, 6) : top;
    const inside = cells.filter(({ first, later }) => shown.includes(first) && shown.includes(later));
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
        label: "later",
        labelAnchor: "right",
        domain: shown,
        tickFormat: name,
        tickRotate: -45,
        tickSize: 0,
      },
      y: { label: "first", labelAnchor: "top", domain: shown, tickFormat: name, tickSize: 0 },
      opacity: { type: "sqrt", range: [0.06, 0.6] },
      marks: [
        Plot.cell(inside, { x: "later", y: "first", fill: ACCENT, fillOpacity: "times", inset: 1 }),
        Plot.text(inside, { x: "later", y: "first", text: ({ times }) => number(times), fill: INK }),
      ],
    });
  },
};

// Count each other source of a story once, under the source of its earliest headline.
function countLaterSources(data, story, counts) {
  const rows = story.rows.filter((row) => data.rows.source[row] && !Number.isNaN(data.rows.time[row]));
  if (!rows.length) return;
  const first = data.rows.source[rows.reduce((best, row) => (data.rows.time[row] < data.rows.time[best] ? row : best))];
  for (const later of new Set(rows.map((row) => data.rows.source[row]))) {
    if (later === first) continue;
    const key = first * data.rows.sources.length + later;
    if (!counts.has(key)) counts.set(key, { first, later, times: 0 });
    counts.get(key).times += 1;
  }
}
