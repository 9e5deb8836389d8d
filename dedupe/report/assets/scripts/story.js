// One story: a line that opens into its wordings, their titles, and why each is there.

import { grouped, representative, wordingsOf } from "./groups.js";
import { pairProbability, otherEnd, connections, reasonsFrom } from "./reasons.js";
import { fold, searchWords } from "./search.js";
import { inBatches, isolated, joined, make, disclosure, webLink } from "./elements.js";
import { twoDigits, count, minute, number, shortened, span } from "./format.js";

const TITLES = 100; // of a wording, in one batch
const COPIES = 12; // of a title, in one batch
const MAX_LETTERS = 80; // of a title in a line about another

export function titleOf(data, row) {
  return data.rows.titles[data.rows.title[row]] || "(no title)";
}

// The source as an element, "" if there is none.
export function sourceOf(data, row) {
  const name = data.rows.sources[data.rows.source[row]];
  return name && isolated(name);
}

// A title as an element with some words highlighted; marks never change the text.
export function highlighted(text, words) {
  const places = words.length ? placesOf(text, words) : [];
  let end = 0;
  const parts = places.flatMap(([from, to]) => {
    const part = [text.slice(end, from), make("mark", {}, text.slice(from, to))];
    end = to;
    return part;
  });
  return isolated(...parts, text.slice(end));
}

// Where the words are, as [from, to], in order and without overlaps; none if folding changes the length of the text.
function placesOf(text, words) {
  const folded = fold(text);
  if (folded.length !== text.length) return [];
  const places = [];
  for (const word of words) {
    for (let at = folded.indexOf(word); at >= 0; at = folded.indexOf(word, at + word.length))
      places.push([at, at + word.length]);
  }
  places.sort((a, b) => a[0] - b[0]);
  return places.filter(([from], k) => k === 0 || from >= Math.max(...places.slice(0, k).map(([, to]) => to)));
}

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
  return make(
    "div",
    { className: "line" },
    size(1),
    make("div", {}, title, facts([sourceOf(data, row), minute(data.rows.time[row])])),
  );
}

function groupLine(app, story, hits) {
  const words = searchWords(app.state.q);
  const title = make("span", { className: "title" }, highlighted(titleOf(app.data, story.representative), words));
  const line = [
    size(story.rows.length),
    make("span", {}, title, facts(summary(app, story)), firstHit(app, story, hits, words)),
  ];
  return disclosure(make("span", { className: "line" }, line), () => storyBody(app, story));
}

function size(rows) {
  return make(
    "span",
    { className: "size" },
    number(rows),
    make("span", { className: "unseen" }, rows === 1 ? " headline: " : " headlines: "),
  );
}

function facts(parts) {
  const line = joined(parts);
  return line.length ? make("span", { className: "facts" }, line) : null;
}

function summary({ data }, story) {
  return [
    story.sources ? count(story.sources, "source") : "",
    data.level === "story" ? count(story.wordings, "wording") : count(story.titles, "title"),
    span(story.first, story.last),
    story.weakest < 0 ? "" : `weakest join ${twoDigits(story.weakestMean)}`,
  ];
}

// The first headline that the search hit, unless the representative is one.
function firstHit({ data }, story, hits, words) {
  if (!hits || hits.includes(story.representative)) return null;
  const more = hits.length > 1 ? ` and ${number(hits.length - 1)} more` : "";
  const facts = [highlighted(titleOf(data, hits[0]), words), " · ", sourceOf(data, hits[0]), more];
  return make("span", { className: "found" }, "match: ", facts);
}

// All wordings of a story.
export function storyBody(app, story) {
  const pairOfNode = connections(app.data, app.grouping, story);
  const wordings = wordingsOf(app.grouping, story);
  const list = make("div", { className: "wordings" });
  const draw = (rows, k) =>
    wordingOf(app, story, pairOfNode, rows, wordings.length > 1 ? `Wording ${k + 1} of ${wordings.length}` : "");
  return inBatches(
    list,
    wordings.map((rows, k) => [rows, k]),
    ([rows, k]) => draw(rows, k),
    { size: TITLES, what: "wordings" },
  );
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
  const other = titleOf(data, row) === titleOf(data, shown) ? [] : [" “", isolated(titleOf(data, row)), "”"];
  return [webLink(data.rows.urls[row], name), time ? make("time", {}, ` ${time}`) : "", ...other];
}

function connection({ data }, story, pairOfNode, row) {
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
  return disclosure(make("span", {}, summary), () => reasonList(reasonsFrom(data, pair, node)), { className: "why" });
}

export function reasonList(lines) {
  return make(
    "ul",
    { className: "reasons" },
    lines.map((line) => make("li", {}, line)),
  );
}
