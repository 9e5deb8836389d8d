// What a picture is: what it shows, why it cannot where it cannot, its numbers, and how they are drawn. And two of them.

import { grouped } from "./grouping.js";
import { count, exactly, number } from "./writing.js";

export const PAPER = {
  style: { background: "transparent", fontFamily: "inherit", fontSize: "12px", overflow: "visible" },
};
export const INK = "currentColor";
export const ACCENT = "var(--accent)";
const QUIET = "var(--bar)";
export const NARROW = 560; // pixels

export function many({ data }) {
  return data.level === "story" ? "stories" : "wordings";
}

// How probable the judged pairs are.

export const probabilities = {
  heading: () => "How sure the pairs are",
  missing: ({ data }) => (data.pairs.i.length ? "" : "no two headlines are close enough to be judged"),
  numbers: ({ data }) =>
    Object.entries(data.bins).flatMap(([level, counts]) =>
      counts.map((pairs, k) => ({ level, from: k / counts.length, to: (k + 1) / counts.length, pairs })),
    ),
  told: ({ grouping }, bins) =>
    `${count(
      bins.filter(({ level }) => level === bins[0].level).reduce((sum, { pairs }) => sum + pairs, 0),
      "judged pair",
    )} by probability; the line is the threshold, ` +
    Object.entries(grouping.thresholds)
      .map(([level, value]) => `${exactly(value)} for a ${level}`)
      .join(", ") +
    ". It is compared with the mean of two groups, so single pairs lie on both sides.",
  table: (_, bins) => ({
    head: ["Probability", ...new Set(bins.map(({ level }) => `Pairs, ${level}`))],
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
      x: { label: "probability of the pair", labelOffset: 38, domain: [0, 1] },
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
          text: ({ value }) => exactly(value),
          fill: ACCENT,
          fontWeight: 600,
        }),
        Plot.ruleY([0]),
      ],
    });
  },
};

// How large the groups are.

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
  heading: (app) => `How large the ${many(app)} are`,
  missing: ({ found }) => (found.length ? "" : "the search and the filters leave nothing"),
  numbers: ({ found }) =>
    SIZES.map((size) => {
      const rows = found.map(({ story }) => story.rows.length).filter((rows) => rows >= size[0] && rows <= size[1]);
      return { size: sizeName(size), groups: rows.length, headlines: rows.reduce((sum, one) => sum + one, 0) };
    }),
  told: (app) =>
    `How many headlines stand in ${many(app)} of each size, as grouped now and left by the filters; the figure is the number of ${many(app)}.`,
  table: (app, bars) => ({
    head: ["Headlines in one", `Number of ${many(app)}`, "Headlines in all"],
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
      x: { label: "headlines in all", labelOffset: 38, grid: true, ticks: width < NARROW ? 3 : 6 },
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
