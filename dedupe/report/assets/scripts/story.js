// One story: a line that unfolds into its wordings, their titles, and why each is there.

import { grouped, representative, wordingsOf } from "./grouping.js";
import { chanceOf, otherEnd, tiesOf, wordsFor } from "./reasons.js";
import { fold, wordsToFind } from "./searching.js";
import { inParts, isolated, listed, make, unfolding, webLink } from "./elements.js";
import { chance, count, minute, number, shortened, span } from "./writing.js";

const TITLES = 100; // of one wording shown at a time
const COPIES = 12; // of one title shown at a time

export function titleOf(data, row) {
  return data.rows.titles[data.rows.title[row]] || "(no title)";
}

// The source as an element, "" where there is none.
export function sourceOf(data, row) {
  const name = data.rows.sources[data.rows.source[row]];
  return name && isolated(name);
}

// A title, as an element, with the words that were searched for marked; marks never change the text.
export function marked(text, words) {
  const found = words.length ? placesOf(text, words) : [];
  let end = 0;
  const parts = found.flatMap(([from, to]) => {
    const part = [text.slice(end, from), make("mark", {}, text.slice(from, to))];
    end = to;
    return part;
  });
  return isolated(...parts, text.slice(end));
}

// Where the words are, as [from, to], in order and apart; none where folding changes the length of the text.
function placesOf(text, words) {
  const folded = fold(text);
  if (folded.length !== text.length) return [];
  const places = [];
  for (const word of words) {
    for (let at = folded.indexOf(word); at >= 0; at = folded.indexOf(word, at + word.length))
      places.push([at, at + word.length]);
  }
  places.sort((one, other) => one[0] - other[0]);
  return places.filter(([from], k) => k === 0 || from >= Math.max(...places.slice(0, k).map(([, to]) => to)));
}

// A list item. `hits`: the rows that the search found, null where nothing is searched for.
export function storyItem(app, { story, hits }) {
  return make(
    "li",
    { className: "story", "data-story": story.id },
    story.rows.length > 1 ? several(app, story, hits) : single(app, story),
  );
}

function single(app, story) {
  const { data } = app;
  const [row] = story.rows;
  const title = webLink(data.rows.links[row], marked(titleOf(data, row), wordsToFind(app.state.q)), "title");
  return make(
    "div",
    { className: "line" },
    size(1),
    make("div", {}, title, facts([sourceOf(data, row), minute(data.rows.time[row])])),
  );
}

function several(app, story, hits) {
  const words = wordsToFind(app.state.q);
  const title = make("span", { className: "title" }, marked(titleOf(app.data, story.representative), words));
  const line = [
    size(story.rows.length),
    make("span", {}, title, facts(summary(app, story)), found(app, story, hits, words)),
  ];
  return unfolding(make("span", { className: "line" }, line), () => storyBody(app, story));
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
  const told = listed(parts);
  return told.length ? make("span", { className: "facts" }, told) : null;
}

function summary({ data }, story) {
  return [
    story.sources ? count(story.sources, "source") : "",
    data.level === "story" ? count(story.wordings, "wording") : count(story.nodes.length, "title"),
    span(story.first, story.last),
    story.weakest < 0 ? "" : `weakest join ${chance(story.sure)}`,
  ];
}

// The first headline that was found, where it is not the one on top.
function found({ data }, story, hits, words) {
  if (!hits || hits.includes(story.representative)) return null;
  const more = hits.length > 1 ? ` and ${number(hits.length - 1)} more` : "";
  const facts = [marked(titleOf(data, hits[0]), words), " · ", sourceOf(data, hits[0]), more];
  return make("span", { className: "found" }, "found: ", facts);
}

// All wordings of a story.
export function storyBody(app, story) {
  const ties = tiesOf(app.data, app.grouping, story);
  const wordings = wordingsOf(app.grouping, story);
  const list = make("div", { className: "wordings" });
  const draw = (rows, k) =>
    wordingOf(app, story, ties, rows, wordings.length > 1 ? `Wording ${k + 1} of ${wordings.length}` : "");
  return inParts(
    list,
    wordings.map((rows, k) => [rows, k]),
    ([rows, k]) => draw(rows, k),
    { size: TITLES, what: "wordings" },
  );
}

function wordingOf(app, story, ties, rows, name) {
  const top = representative(app.data, rows, "wording");
  const titles = [...grouped(rows, (row) => app.data.rows.node[row]).values()];
  titles.sort((one, other) => leads(other, story, top) - leads(one, story, top));
  const list = make("ul", { className: "titles" });
  const draw = (copies) => titleItem(app, story, ties, copies);
  const heading = name ? make("h3", {}, name, make("span", {}, ` ${count(rows.length, "headline")}`)) : null;
  return make("section", {}, heading, inParts(list, titles, draw, { size: TITLES, what: "titles" }));
}

function leads(rows, story, top) {
  return 2 * rows.includes(story.representative) + rows.includes(top);
}

// One title with all its copies, their sources and times, and the pair by which it hangs on to the story.
function titleItem(app, story, ties, copies) {
  const { data } = app;
  const top = copies.includes(story.representative);
  const shown = top ? story.representative : copies[0];
  const line = make(
    "p",
    { className: "title" },
    top ? make("span", { className: "star", title: "on top of the story" }, "★ ") : null,
  );
  line.append(marked(titleOf(data, shown), wordsToFind(app.state.q)));
  if (copies.length > 1) line.append(make("span", { className: "times" }, ` ×${number(copies.length)}`));
  const where = make("ul", { className: "copies" });
  const copy = (row) => make("li", {}, copyOf(data, row, shown));
  return make(
    "li",
    {},
    line,
    inParts(where, copies, copy, { size: COPIES, what: "copies" }),
    why(app, story, ties, shown),
  );
}

function copyOf(data, row, shown) {
  const time = minute(data.rows.time[row]);
  const name = sourceOf(data, row) || (data.rows.links[row] ? "link" : time ? "" : "no source, no date");
  const other = titleOf(data, row) === titleOf(data, shown) ? [] : [" “", isolated(titleOf(data, row)), "”"];
  return [webLink(data.rows.links[row], name), time ? make("time", {}, ` ${time}`) : "", ...other];
}

function why({ data }, story, ties, row) {
  const node = data.rows.node[row];
  const pair = ties.get(node);
  if (pair === -1) return null;
  if (pair === undefined) return make("p", { className: "why" }, "Here through a title that says nearly the same.");
  const other = otherEnd(data, pair, node);
  const beside = story.rows.find((one) => data.rows.node[one] === other);
  const title = isolated(shortened(titleOf(data, beside), 80));
  const told = [make("b", {}, chance(chanceOf(data, pair))), " with “", title, "”"];
  return unfolding(make("span", {}, told), () => reasons(wordsFor(data, pair, node)), { className: "why" });
}

export function reasons(words) {
  return make(
    "ul",
    { className: "reasons" },
    words.map((word) => make("li", {}, word)),
  );
}
