// A pair to check: two headlines side by side, the reasons for and against, and a choice of verdicts.

import { joined, make, disclosure } from "./elements.js";
import { reasonsOf } from "./reasons.js";
import { fold } from "./search.js";
import { reasonList, storyBody } from "./story.js";
import { highlighted, sourceOf, titleOf } from "./titles.js";
import { verdictChoice } from "./verdicts.js";
import { count, minute } from "./format.js";

const MIN_LETTERS = 4; // shorter words carry little meaning

// Shared words are underlined; `stories`, [name, story], can be opened.
export function card(app, pair, sizes, numbers, stories) {
  const { data } = app;
  const nodes = [data.pairs.i[pair], data.pairs.j[pair]];
  const rows = nodes.map((node) => data.firstRow[node]);
  const shared = sharedWords(titleOf(data, rows[0]), titleOf(data, rows[1]));
  const lines = reasonsOf(data, pair);
  const sides = rows.map((row, k) => side(data, row, shared, sizes[k]));
  const reasons = lines.length
    ? reasonList(lines)
    : make("p", { className: "lead" }, "The page holds no reasons for this pair. Shared words are underlined.");
  const context = stories.map(([name, story]) =>
    disclosure(`${name}, ${count(story.rows.length, "headline")}`, () => storyBody(app, story), { className: "whole" }),
  );
  return make(
    "article",
    { className: "card" },
    make("div", { className: "sides" }, sides),
    make("p", { className: "numbers" }, numbers),
    reasons,
    verdictChoice(app, pair),
    context,
  );
}

function side(data, row, shared, size) {
  const facts = joined([
    sourceOf(data, row),
    minute(data.rows.time[row]),
    size > 1 ? `one of ${size} headlines on this side` : "",
  ]);
  return make(
    "div",
    {},
    make("p", { className: "title" }, highlighted(titleOf(data, row), shared)),
    make("p", { className: "facts" }, facts),
  );
}

function sharedWords(first, second) {
  const words = (text) => fold(text).match(/[\p{L}\p{N}]+/gu) ?? [];
  const inSecond = new Set(words(second));
  return [...new Set(words(first))].filter((word) => inSecond.has(word) && (word.length >= MIN_LETTERS || /\d/.test(word)));
}
