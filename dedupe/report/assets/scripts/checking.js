// What a careful reader checks first: the stories that hang on by least, and those that nearly were one.

import { card } from "./card.js";
import { inParts, make } from "./elements.js";
import { MOST, nextJoins, shakiest, strongPairs } from "./misses.js";
import { chanceOf, joining, partsOf } from "./reasons.js";
import { titleOf } from "./story.js";
import { savingVerdicts } from "./verdicts.js";
import { chance, exactly } from "./writing.js";

const TOGETHER = 5; // cards drawn at a time

export function drawChecks(app, element) {
  const names = app.data.level === "story" ? "stories" : "wordings";
  const threshold = exactly(app.grouping.threshold);
  const near = nextJoins(app);
  const miss = (found) => missCard(app, found);
  element.replaceChildren(
    savingVerdicts(app),
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
      near,
      miss,
      "joins",
    ),
    section("Strong pairs kept apart", strongPairsTold(app), strongPairs(app, near.slice(0, TOGETHER)), miss, "pairs"),
  );
}

function strongPairsTold({ grouping, data }) {
  const less = data.pairs.left_out ? " The weakest pairs of this run are not in the page." : "";
  const mean = `as groups their mean stays under ${exactly(grouping.threshold)}, or the time between them is too long`;
  return `One headline of each goes well with one of the other, but ${mean}. The ${MOST} most probable at most, without the first ${TOGETHER} above.${less}`;
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
