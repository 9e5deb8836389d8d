// The four pictures. Each says what it shows, why it cannot where it cannot, its numbers, and draws them with Plot.

import { grouped } from "./grouping.js";
import { titleOf } from "./story.js";
import { count, day, exactly, minute, number, shortened } from "./writing.js";

const PAPER = { style: { background: "transparent", fontFamily: "inherit", fontSize: "12px", overflow: "visible" } };
const INK = "currentColor";
const ACCENT = "var(--accent)";
const QUIET = "var(--bar)";
const NARROW = 560; // pixels

function many({ data }) {
  return data.level === "story" ? "stories" : "wordings";
}

// How probable the judged pairs are.

const probabilities = {
  heading: () => "How sure the pairs are",
  missing: ({ data }) => (data.pairs.i.length ? "" : "no two headlines are close enough to be judged"),
  numbers: ({ data }) =>
    Object.entries(data.bins).flatMap(([level, counts]) =>
      counts.map((pairs, k) => ({ level, from: k / counts.length, to: (k + 1) / counts.length, pairs })),
    ),
  told: ({ grouping }, bins) =>
    `${count(bins.filter(({ level }) => level === bins[0].level).reduce((sum, { pairs }) => sum + pairs, 0), "judged pair")} by probability; the line is the threshold, ` +
    Object.entries(grouping.thresholds).map(([level, value]) => `${exactly(value)} for a ${level}`).join(", ") +
    ". It is compared with the mean of two groups, so single pairs lie on both sides.",
  table: (_, bins) => ({
    head: ["Probability", ...new Set(bins.map(({ level }) => `Pairs, ${level}`))],
    rows: [...grouped(bins, ({ from }) => from).values()].map((levels) => [
      `${levels[0].from.toFixed(2)}–${levels[0].to.toFixed(2)}`, ...levels.map(({ pairs }) => number(pairs)),
    ]),
  }),
  draw: ({ grouping }, bins, width) => {
    const rules = Object.entries(grouping.thresholds).map(([level, value]) => ({ level, value }));
    return Plot.plot({
      ...PAPER, width, height: 170 * rules.length + 40, marginLeft: 56, marginRight: 64, marginBottom: 42,
      x: { label: "probability of the pair", labelOffset: 38, domain: [0, 1] },
      y: { type: "sqrt", label: "pairs (square-root scale)", grid: true, ticks: 4, tickFormat: "~s" },
      fy: { label: null, domain: rules.map(({ level }) => level) },
      marks: [
        Plot.rectY(bins, { x1: "from", x2: "to", y: "pairs", fy: "level", fill: QUIET, insetLeft: 0.5, insetRight: 0.5 }),
        Plot.ruleX(rules, { x: "value", fy: "level", stroke: ACCENT, strokeWidth: 2 }),
        Plot.text(rules, { x: "value", fy: "level", frameAnchor: "top", dx: 6, textAnchor: "start", text: ({ value }) => exactly(value), fill: ACCENT, fontWeight: 600 }),
        Plot.ruleY([0]),
      ],
    });
  },
};

// How large the groups are.

const SIZES = [[1, 1], [2, 2], [3, 3], [4, 5], [6, 10], [11, 20], [21, 50], [51, Infinity]];

function sizeName([from, to]) {
  return to === Infinity ? `${from}+` : from === to ? String(from) : `${from}–${to}`;
}

const sizes = {
  heading: (app) => `How large the ${many(app)} are`,
  missing: ({ found }) => (found.length ? "" : "the search and the filters leave nothing"),
  numbers: ({ found }) =>
    SIZES.map((size) => {
      const rows = found.map(({ story }) => story.rows.length).filter((rows) => rows >= size[0] && rows <= size[1]);
      return { size: sizeName(size), groups: rows.length, headlines: rows.reduce((sum, one) => sum + one, 0) };
    }),
  told: (app) => `How many headlines stand in ${many(app)} of each size, as grouped now and left by the filters; the figure is the number of ${many(app)}.`,
  table: (app, bars) => ({
    head: ["Headlines in one", `Number of ${many(app)}`, "Headlines in all"],
    rows: bars.map(({ size, groups, headlines }) => [size, number(groups), number(headlines)]),
  }),
  draw: (app, bars, width) =>
    Plot.plot({
      ...PAPER, width, height: 30 * bars.length + 62, marginLeft: 56, marginRight: 64, marginBottom: 42,
      x: { label: "headlines in all", labelOffset: 38, grid: true, ticks: width < NARROW ? 3 : 6 },
      y: { label: "size", labelAnchor: "top", domain: bars.map(({ size }) => size), tickSize: 0 },
      marks: [
        Plot.barX(bars, { x: "headlines", y: "size", fill: QUIET }),
        Plot.text(bars.filter(({ groups }) => groups), { x: "headlines", y: "size", text: ({ groups }) => number(groups), textAnchor: "start", dx: 5, fill: INK }),
        Plot.ruleX([0]),
      ],
    }),
};

// When the largest were told: a lane each.

const LANES = 16;
const HOUR = 3600; // seconds
const LONG = 10 * 24 * HOUR; // beyond this, on a calendar, a story would be one spot

const lanes = {
  heading: (app) => `When the largest ${many(app)} were told`,
  missing: (app) =>
    !app.data.dated ? "no headline has a date" : lanes.numbers(app).found.length ? "" : `none of the ${many(app)} here has two headlines with dates`,
  numbers: ({ data, found }) => {
    const times = ({ rows }) => rows.map((row) => data.rows.time[row]).filter((time) => !Number.isNaN(time));
    const several = found.map(({ story }) => ({ story, times: times(story), title: titleOf(data, story.representative) }));
    const largest = several.filter(({ times }) => times.length > 1).sort((one, other) => other.times.length - one.times.length);
    const shown = largest.slice(0, LANES).map((lane, k) => ({ ...lane, lane: k }));
    const [first, last] = [Math.min(...shown.map(({ story }) => story.first)), Math.max(...shown.map(({ story }) => story.last))];
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
    const name = ({ title, story }) => shortened(calendar ? title : `${day(story.first).replace(/ \d{4}$/, "")}: ${title}`, letters);
    return Plot.plot({
      ...PAPER, width, height: 44 * found.length + 62, marginLeft: 8, marginRight: 16, marginTop: 16, marginBottom: 42,
      x: { type: calendar ? "utc" : "linear", label: calendar ? null : "hours since its first headline", labelOffset: 38, ticks: width < NARROW ? 3 : 7, grid: true },
      y: { type: "band", axis: null, domain: found.map(({ lane }) => lane) },
      marks: [
        Plot.ruleY(found, { y: "lane", dy: 8, stroke: "var(--line)" }),
        Plot.dot(dots, { x: "at", y: "lane", dy: 8, r: 4, fill: ACCENT, fillOpacity: 0.45 }),
        Plot.text(found, { y: "lane", frameAnchor: "left", dy: -8, text: name, fill: INK }),
      ],
    });
  },
};

// Who was first, and who followed.

const SOURCES = 12;

const followers = {
  heading: () => "Who is first, who follows",
  missing: (app) =>
    !app.data.sourced ? "no headline has a source"
    : !app.data.dated ? "no headline has a date, so nobody was first"
    : followers.numbers(app).cells.length ? "" : `none of the ${many(app)} here was told by two sources`,
  numbers: ({ data, found }) => {
    const counts = new Map();
    for (const { story } of found) if (story.sources > 1) noteFollowers(data, story, counts);
    const totals = new Map();
    for (const { first, then, times } of counts.values()) for (const source of [first, then]) totals.set(source, (totals.get(source) ?? 0) + times);
    const top = [...totals.keys()].sort((one, other) => totals.get(other) - totals.get(one)).slice(0, SOURCES);
    return { top, cells: [...counts.values()].filter(({ first, then }) => top.includes(first) && top.includes(then)), all: totals.size };
  },
  told: (app, { top, all }) => `In how many ${many(app)} the source of a row was the first and that of a column told it later${all > top.length ? `; the ${top.length} sources of ${all} that share most` : ""}.`,
  table: ({ data }, { cells }) => ({
    head: ["First", "Then", "Times"],
    rows: cells.toSorted((one, other) => other.times - one.times).map(({ first, then, times }) => [data.rows.sources[first], data.rows.sources[then], number(times)]),
  }),
  draw: ({ data }, { top, cells }, width) => {
    const shown = width < NARROW ? top.slice(0, 6) : top;
    const inside = cells.filter(({ first, then }) => shown.includes(first) && shown.includes(then));
    const name = (source) => shortened(data.rows.sources[source], width < NARROW ? 14 : 22);
    const left = width < NARROW ? 96 : 150;
    return Plot.plot({
      ...PAPER, width, height: 34 * shown.length + left + 30, marginLeft: left, marginTop: left * 0.85, marginRight: 40,
      x: { axis: "top", label: "then told by", labelAnchor: "right", domain: shown, tickFormat: name, tickRotate: -45, tickSize: 0 },
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

export const CHARTS = [probabilities, sizes, lanes, followers];
