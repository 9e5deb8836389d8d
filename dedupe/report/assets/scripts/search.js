// The stories that match the search box and the filters, and their order.

import { idTexts } from "./lasting.js";

const DAY = 86400; // seconds

export function fold(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

export function searchWords(query) {
  return fold(query).split(/\s+/).filter(Boolean);
}

// A test of single rows for the search and the filters about headlines; null if all rows pass.
function rowTest(data, state) {
  const tests = [];
  const words = searchWords(state.q);
  if (words.length) {
    const texts = foldedRows(data);
    const ids = (data.idTexts ??= idTexts(data));
    const whole = words.map(wholeId);
    const named = (row, k) => ids !== null && ids[data.rows.story[row]].includes(whole[k]);
    tests.push((row) => words.every((word, k) => texts[row].includes(word) || named(row, k)));
  }
  const source = state.source ? data.rows.sources.indexOf(state.source) : 0;
  if (source) tests.push((row) => data.rows.source[row] === source);
  const [from, to] = [seconds(state.from, -Infinity), seconds(state.to, Infinity) + DAY];
  if (state.from) tests.push((row) => data.rows.time[row] >= from);
  if (state.to) tests.push((row) => data.rows.time[row] < to);
  return tests.length ? (row) => tests.every((test) => test(row)) : null;
}

// A whole id ends where it ends: 2026-03-01-1000 is not 2026-03-01-10001. Other words may be a part of one.
function wholeId(word) {
  return /^\d{4}-\d\d-\d\d-\d{4,}$/.test(word) ? `${word} ` : word;
}

function foldedRows(data) {
  if (data.folded) return data.folded;
  const titles = data.rows.titles.map(fold);
  const sources = data.rows.sources.map(fold);
  const text = (title, row) => `${titles[title]} ${sources[data.rows.source[row]]}`;
  data.folded = Array.from(data.rows.title, text);
  return data.folded;
}

function seconds(day, fallback) {
  return day ? Date.parse(`${day}T00:00:00Z`) / 1000 : fallback;
}

const KINDS = {
  copies: (story) => story.rows.length > story.titles,
  wordings: (story) => story.wordings > 1,
  sources: (story) => story.sources > 1,
  exclusive: (story) => story.sources === 1,
};
const ORDERS = {
  largest: () => 0,
  newest: (a, b) => dated(b.last) - dated(a.last),
  changed: (a, b) => dated(b.changed) - dated(a.changed),
  weakest: (a, b) => a.weakestMean - b.weakestMean,
};

function dated(time) {
  return Number.isNaN(time) ? -1e12 : time;
}

// The stories that match, in order, each with the rows that the search hit, null if all.
export function search(data, grouping, state) {
  const test = rowTest(data, state);
  const [least, most] = state.size === "1" ? [1, 1] : [Number(state.size) || 1, Infinity];
  const fits = (story) =>
    story.rows.length >= least && story.rows.length <= most && (KINDS[state.only]?.(story) ?? true);
  const matches = [];
  for (const story of grouping.stories.filter(fits)) {
    const hits = test ? story.rows.filter(test) : null;
    if (!hits || hits.length) matches.push({ story, hits });
  }
  const order = ORDERS[state.sort] ?? ORDERS.largest;
  return matches.sort((a, b) => order(a.story, b.story) || b.story.rows.length - a.story.rows.length);
}
