// A pair to check: two headlines side by side, what speaks for and against, room for a verdict.

import { listed, make, unfolding } from "./elements.js";
import { wordsOf } from "./reasons.js";
import { fold } from "./searching.js";
import { marked, reasons, sourceOf, storyBody, titleOf } from "./story.js";
import { verdictOn } from "./verdicts.js";
import { count, minute } from "./writing.js";

// Two headlines side by side, the words that both hold marked, what the judge saw, and the stories to unfold.
export function card(app, pair, sizes, numbers, stories) {
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
    verdictOn(app, pair),
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
    sourceOf(data, row),
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
