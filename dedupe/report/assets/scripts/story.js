// One story: a line that opens into its wordings, their titles, and why each is there.

import { grouped, representative, wordingsOf } from "./groups.js";
import { pairProbability, otherEnd, connections, partsOf, reasonsFrom } from "./reasons.js";
import { searchWords } from "./search.js";
import { inBatches, isolated, joined, make, disclosure, webLink } from "./elements.js";
import { highlighted, idOf, sourceOf, titleOf } from "./titles.js";
import { about, beyond, lastingOf } from "./lasting.js";
import { twoDigits, count, groupNoun, minute, number, shortened, span } from "./format.js";
import { verdictChoice } from "./verdicts.js";

const TITLES = 100; // of a wording, in one batch
const COPIES = 12; // of a title, in one batch
const MAX_LETTERS = 80; // of a title in a line about another
const MAX_SOURCES = 3; // named in the line of a story

// A list item. `hits`: the rows that the search hit, null without a search.
export function storyItem(app, { story, hits }) {
  return make(
    "li",
    { className: "story", "data-story": story.id },
    story.rows.length > 1 ? groupLine(app, story, hits) : singleLine(app, story),
  );
}

function singleLine(app, story) {
  const { data } = app;
  const [row] = story.rows;
  const title = webLink(data.rows.urls[row], highlighted(titleOf(data, row), searchWords(app.state.q)), "title");
  const own = [sourceOf(data, row), minute(data.rows.time[row]), idOf(data, row)];
  const line = facts([numberOf(app, story), ...own, ...beyondOf(app, story)]);
  return make("div", { className: "line" }, size(1), make("div", {}, title, line));
}

function groupLine(app, story, hits) {
  const words = searchWords(app.state.q);
  const title = make("span", { className: "title" }, highlighted(titleOf(app.data, story.representative), words));
  const line = [
    size(story.rows.length),
    make("span", {}, title, facts(summary(app, story)), firstHit(app, story, hits, words)),
  ];
  const known = lastingOf(app, story);
  const body = () => [known ? about(known) : [], storyBody(app, story)].flat();
  return disclosure(make("span", { className: "line" }, line), body);
}

function size(rows) {
  const unit = make("span", { className: "unseen" }, rows === 1 ? " headline: " : " headlines: ");
  return make("span", { className: "size" }, number(rows), unit);
}

function facts(parts) {
  const line = joined(parts);
  return line.length ? make("span", { className: "facts" }, line) : null;
}

// The id of a story in an index, or its number; the same as in the files of the run while its thresholds hold.
function numberOf(app, story) {
  return lastingOf(app, story)?.id ?? `${groupNoun(app, 1)} ${story.number}`;
}

function beyondOf(app, story) {
  const known = lastingOf(app, story);
  return known ? beyond(known) : [];
}

// The sources with most headlines of a story, by name.
function sourceNames(data, story) {
  const counts = [...grouped(story.rows, (row) => data.rows.source[row])].filter(([source]) => source);
  counts.sort(([, a], [, b]) => b.length - a.length);
  const names = counts.slice(0, MAX_SOURCES).flatMap(([source], k) => [k ? ", " : "", isolated(data.rows.sources[source])]);
  const more = counts.length - MAX_SOURCES;
  return names.length ? make("span", {}, names, more > 0 ? ` and ${count(more, "more source", "more sources")}` : "") : "";
}

function summary(app, story) {
  const { data } = app;
  return [
    numberOf(app, story),
    sourceNames(data, story),
    data.level === "story" ? count(story.wordings, "wording") : count(story.titles, "title"),
    span(story.first, story.last),
    ...beyondOf(app, story),
    story.weakest < 0 ? "" : `weakest join ${twoDigits(story.weakestMean)}`,
  ];
}

// The first headline that the search hit, unless the representative is one.
function firstHit({ data }, story, hits, words) {
  if (!hits || hits.includes(story.representative)) return null;
  const more = hits.length > 1 ? ` and ${number(hits.length - 1)} more` : "";
  const facts = [highlighted(titleOf(data, hits[0]), words), " · ", sourceOf(data, hits[0]), more];
  return make("span", { className: "match" }, "match: ", facts);
}

// All wordings of a story.
export function storyBody(app, story) {
  const pairOfNode = connections(app.data, app.grouping, story);
  const wordings = wordingsOf(app.grouping, story);
  const list = make("div", { className: "wordings" });
  const draw = (rows, k) =>
    wordingOf(app, story, pairOfNode, rows, wordings.length > 1 ? `Wording ${k + 1} of ${wordings.length}` : "");
  return inBatches(list, wordings, draw, { size: TITLES, what: "wordings" });
}

function wordingOf(app, story, pairOfNode, rows, name) {
  const top = representative(app.data, rows, "wording");
  const titles = [...grouped(rows, (row) => app.data.rows.copy[row]).values()];
  titles.sort((a, b) => leads(b, story, top) - leads(a, story, top));
  const list = make("ul", { className: "titles" });
  const draw = (copies) => titleItem(app, story, pairOfNode, copies);
  const heading = name ? make("h3", {}, name, make("span", {}, ` ${count(rows.length, "headline")}`)) : null;
  return make("section", {}, heading, inBatches(list, titles, draw, { size: TITLES, what: "titles" }));
}

function leads(rows, story, top) {
  return 2 * rows.includes(story.representative) + rows.includes(top);
}

// One title with its copies, their sources and times, and the pair that connects it to the story.
function titleItem(app, story, pairOfNode, copies) {
  const { data } = app;
  const top = copies.includes(story.representative);
  const shown = top ? story.representative : copies[0];
  const line = make(
    "p",
    { className: "title" },
    top ? make("span", { className: "star", title: "represents the story" }, "★ ") : null,
  );
  line.append(highlighted(titleOf(data, shown), searchWords(app.state.q)));
  if (copies.length > 1) line.append(make("span", { className: "times" }, ` ×${number(copies.length)}`));
  const where = make("ul", { className: "copies" });
  const copy = (row) => make("li", {}, copyOf(data, row, shown));
  return make(
    "li",
    {},
    line,
    inBatches(where, copies, copy, { size: COPIES, what: "copies" }),
    connection(app, story, pairOfNode, shown),
  );
}

function copyOf(data, row, shown) {
  const time = minute(data.rows.time[row]);
  const name = sourceOf(data, row) || (data.rows.urls[row] ? "link" : time ? "" : "no source, no date");
  const title = titleOf(data, row) === titleOf(data, shown) ? [] : [" “", isolated(titleOf(data, row)), "”"];
  const id = idOf(data, row);
  return [webLink(data.rows.urls[row], name), time ? make("time", {}, ` ${time}`) : "", id ? [" ", id] : [], title].flat();
}

function connection(app, story, pairOfNode, row) {
  const { data } = app;
  const node = data.rows.node[row];
  const pair = pairOfNode.get(node);
  const lead = data.firstRow[node];
  if (data.rows.copy[row] !== data.rows.copy[lead]) {
    const title = isolated(shortened(titleOf(data, lead), MAX_LETTERS));
    return make("p", { className: "why" }, "A near-copy of “", title, "”, scored together with it.");
  }
  if (pair === -1) return null;
  if (pair === undefined) return make("p", { className: "why" }, "Grouped by a correction.");
  const other = otherEnd(data, pair, node);
  const otherRow = story.rows.find((candidate) => data.rows.node[candidate] === other);
  const title = isolated(shortened(titleOf(data, otherRow), MAX_LETTERS));
  const summary = [make("b", { title: "pair probability" }, twoDigits(pairProbability(data, pair))), " with “", title, "”"];
  const reasons = () => reasonList(reasonsFrom(data, pair, node));
  return [disclosure(make("span", {}, summary), reasons, { className: "why" }), verdictChoice(app, pair)];
}

// Reasons with a bar for the share of each; those without one, such as corrections, have none.
export function reasonList(lines) {
  return make("ul", { className: "reasons" }, lines.map(reasonItem));
}

function reasonItem(line) {
  const { share, side } = partsOf(line);
  const bar = make("span", { className: `share ${side}`, style: `--share: ${share}`, "aria-hidden": "true" });
  return make("li", {}, bar, make("span", {}, line));
}
