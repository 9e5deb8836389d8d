// A chart has a heading, a caption, its numbers, and how they are drawn; `missing` says why it cannot be drawn. Two of them.

import { grouped } from "./groups.js";
import { count, exactNumber, groupNoun, number } from "./format.js";

export const PAPER = {
  style: { background: "transparent", fontFamily: "inherit", fontSize: "12px", overflow: "visible" },
};
export const INK = "currentColor";
export const ACCENT = "var(--accent)";
const QUIET = "var(--bar)";
export const NARROW = 560; // pixels

// The distribution of pair probabilities.

export const probabilities = {
  heading: () => "Pair probabilities",
  missing: ({ data }) => (data.pairs.i.length ? "" : "no two headlines are close enough to be scored"),
  numbers: ({ data }) =>
    Object.entries(data.bins).flatMap(([level, counts]) =>
      counts.map((pairs, k) => ({ level, from: k / counts.length, to: (k + 1) / counts.length, pairs })),
    ),
  caption: ({ grouping }, bins) =>
    `${count(
      bins.filter(({ level }) => level === bins[0].level).reduce((sum, { pairs }) => sum + pairs, 0),
      "scored pair",
    )} by probability. The line marks the threshold: ` +
    Object.entries(grouping.thresholds)
      .map(([level, value]) => `${exactNumber(value)} for ${level === "story" ? "stories" : "wordings"}`)
      .join(", ") +
    ". Groups are joined by their mean probability, so single pairs fall on both sides of it.",
  table: (_, bins) => ({
    head: ["Probability", ...new Set(bins.map(({ level }) => `Pairs (${level})`))],
    rows: [...grouped(bins, ({ from }) => from).values()].map((levels) => [
      `${levels[0].from.toFixed(2)}–${levels[0].to.toFixed(2)}`,
      ...levels.map(({ pairs }) => number(pairs)),
    ]),
  }),
  draw: ({ grouping }, bins, width) => {
    const rules = Object.entries(grouping.thresholds).map(([level, value]) => ({ level, value }));
    return Plot.plot({
      ...PAPER,
      width,
      height: 170 * rules.length + 40,
      marginLeft: 56,
      marginRight: 64,
      marginBottom: 42,
      x: { label: "pair probability", labelOffset: 38, domain: [0, 1] },
      y: { type: "sqrt", label: "pairs (square-root scale)", grid: true, ticks: 4, tickFormat: "~s" },
      fy: { label: null, domain: rules.map(({ level }) => level) },
      marks: [
        Plot.rectY(bins, {
          x1: "from",
          x2: "to",
          y: "pairs",
          fy: "level",
          fill: QUIET,
          insetLeft: 0.5,
          insetRight: 0.5,
        }),
        Plot.ruleX(rules, { x: "value", fy: "level", stroke: ACCENT, strokeWidth: 2 }),
        Plot.text(rules, {
          x: "value",
          fy: "level",
          frameAnchor: "top",
          dx: 6,
          textAnchor: "start",
          text: ({ value }) => exactNumber(value),
          fill: ACCENT,
          fontWeight: 600,
        }),
        Plot.ruleY([0]),
      ],
    });
  },
};

// The distribution of group sizes.

const SIZES = [
  [1, 1],
  [2, 2],
  [3, 3],
  [4, 5],
  [6, 10],
  [11, 20],
  [21, 50],
  [51, Infinity],
];

function sizeName([from, to]) {
  return to === Infinity ? `${from}+` : from === to ? String(from) : `${from}–${to}`;
}

export const sizes = {
  heading: (app) => `Size of ${groupNoun(app)}`,
  missing: ({ matches }) => (matches.length ? "" : "nothing matches the search and filters"),
  numbers: ({ matches }) =>
    SIZES.map((size) => {
      const sizes = matches.map(({ story }) => story.rows.length).filter((rows) => rows >= size[0] && rows <= size[1]);
      return { size: sizeName(size), groups: sizes.length, headlines: sizes.reduce((sum, rows) => sum + rows, 0) };
    }),
  caption: (app) =>
    `Headlines by size of their ${groupNoun(app, 1)}, at the current thresholds and filters. Labels give the number of ${groupNoun(app)}.`,
  table: (app, bars) => ({
    head: ["Size", `Number of ${groupNoun(app)}`, "Headlines in total"],
    rows: bars.map(({ size, groups, headlines }) => [size, number(groups), number(headlines)]),
  }),
  draw: (app, bars, width) =>
    Plot.plot({
      ...PAPER,
      width,
      height: 30 * bars.length + 62,
      marginLeft: 56,
      marginRight: 64,
      marginBottom: 42,
      x: { label: "headlines in total", labelOffset: 38, grid: true, ticks: width < NARROW ? 3 : 6 },
      y: { label: "size", labelAnchor: "top", domain: bars.map(({ size }) => size), tickSize: 0 },
      marks: [
        Plot.barX(bars, { x: "headlines", y: "size", fill: QUIET }),
        Plot.text(
          bars.filter(({ groups }) => groups),
          { x: "headlines", y: "size", text: ({ groups }) => number(groups), textAnchor: "start", dx: 5, fill: INK },
        ),
        Plot.ruleX([0]),
      ],
    }),
};
