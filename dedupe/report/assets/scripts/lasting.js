// What an index knows of a story: its id, which lasts, and what is older than the window.

import { isolated, joined, make } from "./elements.js";
import { count, minute } from "./format.js";

// Null for other runs, and at other thresholds. `archived`: how many headlines the page does not have.
export function lastingOf({ data, grouping }, { number, rows }) {
  const known = data.lasting;
  if (!known || !grouping.ofRun) return null;
  return {
    id: known.ids[number],
    former: known.former[number],
    first: known.first[number],
    changed: known.changed[number],
    archived: known.headlines[number] - rows.length,
    publishers: known.publishers[number].map((place) => known.names[place]),
  };
}

// For search: by number of the story, its ids, also those that have ended, a space after each; null for other runs.
export function idTexts({ lasting }) {
  return lasting && lasting.ids.map((id, number) => [id, ...lasting.former[number], ""].join(" "));
}

// What a line says besides the headlines in the page.
export function beyond({ first, archived, former }) {
  return [
    archived ? `began ${minute(first)}, ${count(archived, "archived headline")}` : "",
    former.length ? `also ${former.join(", ")}` : "",
  ];
}

// What an opened story says of itself.
export function about(known) {
  const names = known.publishers.flatMap((name, k) => [k ? ", " : "", isolated(name)]);
  const publishers = names.length ? make("span", {}, count(known.publishers.length, "publisher"), ": ", names) : "";
  const times = [`Began ${minute(known.first)}`, `last changed ${minute(known.changed)} (UTC)`];
  return make("p", { className: "known" }, joined([...times, publishers]));
}
