// The list of stories, drawn in parts as the reader goes down.

import { inParts, make } from "./elements.js";
import { storyItem } from "./story.js";
import { count, exactly, number } from "./writing.js";

const TOGETHER = 60; // stories drawn at a time

export function drawList(app, element) {
  element.replaceChildren();
  element.parentElement.querySelector(":scope > .next, :scope > .empty")?.remove();
  const names = app.data.level === "story" ? "stories" : "wordings";
  if (!app.found.length) {
    element.after(
      make(
        "p",
        { className: "empty" },
        `No ${names} are left by the search and the filters. “Clear filters” brings them back.`,
      ),
    );
    return;
  }
  const draw = (found) => storyItem(app, found);
  const [, ...rest] = inParts(element, app.found, draw, { size: TOGETHER, what: names, eager: true });
  element.after(...rest);
}

// What the list holds, in one sentence, for the line above it and for those who cannot see it change.
export function told({ data, grouping, found, state }) {
  const [one, many] = data.level === "story" ? ["story", "stories"] : ["wording", "wordings"];
  const all = `${count(grouping.stories.length, one, many)} at ${exactly(grouping.threshold)}`;
  const wordings = data.level === "story" ? `, wordings at ${exactly(grouping.thresholds.wording)}` : "";
  const hits = found.reduce((sum, { story, hits }) => sum + (hits ?? story.rows).length, 0);
  const narrowed = found.length < grouping.stories.length || state.q;
  const listed = data.count < data.headlines ? `, of the ${number(data.count)} listed here` : "";
  return `${narrowed ? `${number(found.length)} of ` : ""}${all}${wordings}; ${count(hits, "headline")}${narrowed ? " found" : ""}${listed}.`;
}
