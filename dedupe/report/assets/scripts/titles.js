// Titles, sources and ids of rows, as text and as elements.

import { isolated, make } from "./elements.js";
import { fold } from "./search.js";

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

// The id that the input gave a row, as an element, "" if there is none.
export function idOf(data, row) {
  const id = data.rows.ids[row];
  return id ? isolated(`id ${id}`) : "";
}
