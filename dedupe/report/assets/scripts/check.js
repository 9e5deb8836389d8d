// What to check first: stories with weak joins, and stories that were nearly joined.

import { card } from "./card.js";
import { inBatches, make } from "./elements.js";
import { MAX_PAIRS, nextMerges, weakestStories, strongPairs } from "./misses.js";
import { pairProbability, mergeOf, sidesOf } from "./reasons.js";
import { titleOf } from "./titles.js";
import { exactNumber, groupNoun, twoDigits } from "./format.js";

const BATCH = 5; // cards drawn at a time

export function drawChecks(app, element) {
  const names = groupNoun(app);
  const threshold = exactNumber(app.grouping.threshold);
  const near = nextMerges(app);
  const drawMiss = (miss) => missCard(app, miss);
  element.replaceChildren(
    section(
      "Weakest joins",
      `Joined at a mean probability just above ${threshold}. Do both sides belong together?`,
      weakestStories(app),
      (story) => weakCard(app, story),
      names,
    ),
    section(
      "Nearly joined",
      `Kept apart at a mean probability just below ${threshold}: these would join next. Should they?`,
      near,
      drawMiss,
      "joins",
    ),
    section("Strong pairs kept apart", strongPairsNote(app), strongPairs(app, near.slice(0, BATCH)), drawMiss, "pairs"),
  );
}

function strongPairsNote({ grouping, data }) {
  const less = data.pairs.left_out ? " The page does not hold the weakest pairs of this run." : "";
  const reason = `the mean over both groups is below ${exactNumber(grouping.threshold)}, or they are too far apart in time`;
  return `One headline of each matches one of the other, but ${reason}. Up to ${MAX_PAIRS} pairs, most probable first, not counting the first ${BATCH} under “Nearly joined”.${less}`;
}

function section(heading, note, items, draw, what) {
  const list = make("ol", { className: "cards" });
  const content = items.length
    ? inBatches(list, items, (item) => make("li", {}, draw(item)), { size: BATCH, what })
    : make("p", {}, "None.");
  return make("section", {}, make("h3", {}, heading), make("p", { className: "lead" }, note), content);
}

function weakCard(app, story) {
  const { data } = app;
  const split = sidesOf(data, app.grouping, story);
  if (!split) return make("p", {}, titleOf(data, story.representative));
  const sizes = split.parts.map((nodes) => rowsOf(data, story, nodes));
  const numbers = `mean ${twoDigits(story.weakestMean)} between the sides; strongest pair ${twoDigits(pairProbability(data, split.pair))}`;
  return card(app, split.pair, sizes, numbers, [[`the whole ${groupNoun(app, 1)}`, story]]);
}

function rowsOf(data, story, nodes) {
  const inside = new Set(nodes);
  return story.rows.filter((row) => inside.has(data.rows.node[row])).length;
}

function missCard(app, { pair, stories }) {
  const { data, grouping } = app;
  const step = mergeOf(grouping.tree, data.pairs.i[pair], data.pairs.j[pair]);
  const outcome =
    step < 0
      ? "not joined at any threshold: the mean is too low, or they are too far apart in time"
      : `joined at thresholds up to ${exactNumber(grouping.tree.height[step])}`;
  const numbers = `this pair ${twoDigits(pairProbability(data, pair))}; ${outcome}`;
  const sizes = stories.map((story) => story.rows.length);
  const named = stories.map((story, k) => [`the ${groupNoun(app, 1)} of the ${k ? "second" : "first"}`, story]);
  return card(app, pair, sizes, numbers, named.filter(([, story]) => story.rows.length > 1));
}
