// What a careful reader checks first: the stories that hang on by least, and those that nearly were one.

import { chanceOf, joining, partsOf, wordsOf } from "./reasons.js";
import { inParts, make, unfolding } from "./elements.js";
import { fold } from "./searching.js";
import { marked, reasons, storyBody, titleOf } from "./story.js";
import { chance, count, exactly, listed, minute } from "./writing.js";

const TOGETHER = 5; // cards drawn at a time
const MOST = 200; // near-misses looked for

export function drawChecks(app, element) {
  const names = app.data.level === "story" ? "stories" : "wordings";
  const shaky = app.found.map(({ story }) => story).filter((story) => story.weakest >= 0);
  shaky.sort((one, other) => one.sure - other.sure || other.rows.length - one.rows.length);
  const apart = nearMisses(app);
  element.replaceChildren(
    section(
      `Shakiest ${names}`,
      `Together, at a mean probability little over ${exactly(app.grouping.threshold)}: do both sides tell the same?`,
      shaky,
      (story) => shakyCard(app, story),
      names,
    ),
    section("Near-misses", missesTold(app, apart), apart, (miss) => missCard(app, miss), "near-misses"),
  );
}

function missesTold({ grouping, data }, apart) {
  const most = apart.length === MOST ? `The ${MOST} most probable are here. ` : "";
  const less = data.pairs.left_out ? "The weakest pairs of this run are not in the page. " : "";
  return `Apart, though one headline of each goes well with one of the other; as groups their mean stays under ${exactly(grouping.threshold)}. ${most}${less}Should they be one?`;
}

function section(heading, told, items, draw, what) {
  const list = make("ol", { className: "cards" });
  const content = items.length
    ? inParts(list, items, (item) => make("li", {}, draw(item)), { size: TOGETHER, what })
    : make("p", {}, "None.");
  return make("section", {}, make("h3", {}, heading), make("p", { className: "lead" }, told), content);
}

// Pairs of headlines in two stories, the most probable of each two stories, where the search found one of these.
function nearMisses({ data, grouping, found }) {
  const { storyOfNode } = grouping;
  const shown = new Set(found.map(({ story }) => story.id));
  const [misses, met] = [[], new Set()];
  for (let pair = 0; pair < data.pairs.i.length && misses.length < MOST; pair += 1) {
    const [one, other] = [storyOfNode[data.pairs.i[pair]], storyOfNode[data.pairs.j[pair]]];
    const key = Math.min(one, other) * grouping.stories.length + Math.max(one, other);
    if (one === other || met.has(key) || !(shown.has(one) || shown.has(other))) continue;
    met.add(key);
    misses.push({ pair, stories: [grouping.stories[one], grouping.stories[other]] });
  }
  return misses;
}

function shakyCard(app, story) {
  const { data } = app;
  const found = partsOf(data, app.grouping, story);
  if (!found) return make("p", {}, titleOf(data, story.representative));
  const sizes = found.parts.map((nodes) => rowsOf(data, story, nodes));
  const numbers = `mean ${chance(story.sure)} between both sides; strongest pair ${chance(chanceOf(data, found.pair))}`;
  return card(app, found.pair, sizes, numbers, [["the whole story", story]]);
}

function rowsOf(data, story, nodes) {
  const inside = new Set(nodes);
  return story.rows.filter((row) => inside.has(data.rows.node[row])).length;
}

function missCard(app, { pair, stories }) {
  const { data, grouping } = app;
  const step = joining(grouping.tree, data.pairs.i[pair], data.pairs.j[pair]);
  const would =
    step < 0
      ? "never one at any threshold: too weak a mean, or too far apart in time"
      : `one from ${exactly(grouping.tree.height[step])} down`;
  const numbers = `this pair ${chance(chanceOf(data, pair))}; ${would}`;
  const sides = stories.map((story, k) => [k ? "all of the second" : "all of the first", story]);
  return card(
    app,
    pair,
    stories.map((story) => story.rows.length),
    numbers,
    sides.filter(([, story]) => story.rows.length > 1),
  );
}

// Two headlines side by side, the words that both hold marked, what the judge saw, and the stories to unfold.
function card(app, pair, sizes, numbers, stories) {
  const { data } = app;
  const nodes = [data.pairs.i[pair], data.pairs.j[pair]];
  const rows = nodes.map((node) => data.firstRow[node]);
  const shared = sharedWords(titleOf(data, rows[0]), titleOf(data, rows[1]));
  const words = wordsOf(data, pair);
  const sides = rows.map((row, k) => side(data, row, shared, sizes[k], ownWords(words, SIDES[k])));
  const both = words.filter((word) => !SIDES.some((name) => word.startsWith(name)));
  const evidence = words.length
    ? reasons(both)
    : make("p", { className: "lead" }, "No words for this pair in the page; what both say is underlined.");
  const all = stories.map(([name, story]) =>
    unfolding(`${name}, ${count(story.rows.length, "headline")}`, () => storyBody(app, story), { className: "whole" }),
  );
  return make(
    "article",
    { className: "card" },
    make("div", { className: "sides" }, sides),
    make("p", { className: "numbers" }, numbers),
    evidence,
    all,
  );
}

const SIDES = ["only the first ", "only the second "];

// What is said of one side alone, in one line.
function ownWords(words, side) {
  return words
    .filter((word) => word.startsWith(side))
    .map((word) => word.slice(side.length))
    .join("; ");
}

function side(data, row, shared, size, own) {
  const facts = listed([
    data.rows.sources[data.rows.source[row]],
    minute(data.rows.time[row]),
    size > 1 ? `one of ${size} on this side` : "",
  ]);
  return make(
    "div",
    {},
    make("p", { className: "title" }, marked(titleOf(data, row), shared)),
    make("p", { className: "facts" }, facts),
    own ? make("p", { className: "own" }, `only this ${own}`) : null,
  );
}

const LETTERS = 4; // words shorter than this say little

function sharedWords(one, other) {
  const words = (text) => fold(text).match(/[\p{L}\p{N}]+/gu) ?? [];
  const there = new Set(words(other));
  return [...new Set(words(one))].filter((word) => there.has(word) && (word.length >= LETTERS || /\d/.test(word)));
}
