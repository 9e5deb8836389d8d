// Which stories the search box and the filters leave, and in what order.

const DAY = 86400; // seconds

export function fold(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

export function wordsToFind(query) {
  return fold(query).split(/\s+/).filter(Boolean);
}

// Whether each row matches the search and the filters that are about single headlines; null where all do.
function matching(data, state) {
  const tests = [];
  const words = wordsToFind(state.q);
  if (words.length) {
    const texts = foldedRows(data);
    tests.push((row) => words.every((word) => texts[row].includes(word)));
  }
  const source = state.source ? data.rows.sources.indexOf(state.source) : 0;
  if (source) tests.push((row) => data.rows.source[row] === source);
  const [from, to] = [seconds(state.from, -Infinity), seconds(state.to, Infinity) + DAY];
  if (state.from) tests.push((row) => data.rows.time[row] >= from);
  if (state.to) tests.push((row) => data.rows.time[row] < to);
  return tests.length ? (row) => tests.every((test) => test(row)) : null;
}

function foldedRows(data) {
  if (data.folded) return data.folded;
  const titles = data.rows.titles.map(fold);
  const sources = data.rows.sources.map(fold);
  data.folded = Array.from(data.rows.title, (title, row) => `${titles[title]} ${sources[data.rows.source[row]]}`);
  return data.folded;
}

function seconds(day, otherwise) {
  return day ? Date.parse(`${day}T00:00:00Z`) / 1000 : otherwise;
}

const KINDS = {
  copies: (story) => story.rows.length > story.nodes.length,
  wordings: (story) => story.wordings > 1,
  sources: (story) => story.sources > 1,
  scoop: (story) => story.sources === 1,
};
const ORDERS = {
  largest: () => 0,
  newest: (one, other) => dated(other.last) - dated(one.last),
  unsure: (one, other) => one.sure - other.sure,
};

function dated(time) {
  return Number.isNaN(time) ? -1e12 : time;
}

// The stories that are left, each with the rows that matched, and how many those are in all.
export function search(data, grouping, state) {
  const matches = matching(data, state);
  const [least, most] = state.size === "1" ? [1, 1] : [Number(state.size) || 1, Infinity];
  const fits = (story) =>
    story.rows.length >= least && story.rows.length <= most && (KINDS[state.only]?.(story) ?? true);
  const found = [];
  for (const story of grouping.stories.filter(fits)) {
    const hits = matches ? story.rows.filter(matches) : null;
    if (!hits || hits.length) found.push({ story, hits });
  }
  const order = ORDERS[state.sort] ?? ORDERS.largest;
  return found.sort((one, other) => order(one.story, other.story) || other.story.rows.length - one.story.rows.length);
}
