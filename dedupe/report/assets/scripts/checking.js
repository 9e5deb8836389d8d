// What a careful reader checks first: the stories that hang on by least, and those that nearly were one.

import { chanceOf, joining, partsOf, wordsOf } from "./reasons.js";
import { inParts, make, unfolding } from "./elements.js";
import { MOST, nextJoins, shakiest, strongPairs } from "./misses.js";
import { fold } from "./searching.js";
import { marked, reasons, storyBody, titleOf } from "./story.js";
import { chance, count, exactly, listed, minute } from "./writing.js";

const TOGETHER = 5; // cards drawn at a time

export function drawChecks(app, element) {
  const names = app.data.level === "story" ? "stories" : "wordings";
  const threshold = exactly(app.grouping.threshold);
  const miss = (found) => missCard(app, found);
  element.replaceChildren(
    section(
      `Shakiest ${names}`,
      `Together, at a mean probability little over ${threshold}: do both sides tell the same?`,
      shakiest(app),
      (story) => shakyCard(app, story),
      names,
    ),
    section(
      "Nearly one",
      `Apart, at a mean probability little under ${threshold}: these would join next. Should they be one?`,
      nextJoins(app),
      miss,
      "joins",
    ),
    section("Strong pairs kept apart", strongPairsTold(app), strongPairs(app), miss, "pairs"),
  );
}

function strongPairsTold({ grouping, data }) {
  const less = data.pairs.left_out ? " The weakest pairs of this run are not in the page." : "";
  const mean = `as groups their mean stays under ${exactly(grouping.threshold)}, or the time between them is too long`;
  return `One headline of each goes well with one of the other, but ${mean}. The ${MOST} most probable at most.${less}`;
}

function section(heading, told, items, draw, what) {
  const list = make("ol", { className: "cards" });
  const content = items.length
    ? inParts(list, items, (item) => make("li", {}, draw(item)), { size: TOGETHER, what })
    : make("p", {}, "None.");
  return make("section", {}, make("h3", {}, heading), make("p", { className: "lead" }, told), content);
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
