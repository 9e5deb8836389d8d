// The list of stories, drawn in batches as the reader scrolls.

import { inBatches, make } from "./elements.js";
import { storyItem } from "./story.js";
import { count, exactNumber, groupNoun, number } from "./format.js";

const BATCH = 60; // stories drawn at a time

export function drawList(app, element) {
  element.replaceChildren();
  element.parentElement.querySelector(":scope > .next, :scope > .empty")?.remove();
  const names = groupNoun(app);
  if (!app.matches.length) {
    element.after(
      make(
        "p",
        { className: "empty" },
        `No ${names} match the search and filters. “Clear filters” shows all of them again.`,
      ),
    );
    return;
  }
  const draw = (match) => storyItem(app, match);
  const [, ...rest] = inBatches(element, app.matches, draw, { size: BATCH, what: names, eager: true });
  element.after(...rest);
}

// What the list holds, in one sentence, shown above it and read out by screen readers.
export function statusLine(app) {
  const { data, grouping, matches, state } = app;
  const all = `${count(grouping.stories.length, groupNoun(app, 1), groupNoun(app))} at ${exactNumber(grouping.threshold)}`;
  const wordings = data.level === "story" ? `, wordings at ${exactNumber(grouping.thresholds.wording)}` : "";
  const hits = matches.reduce((sum, { story, hits }) => sum + (hits ?? story.rows).length, 0);
  const narrowed = matches.length < grouping.stories.length || state.q;
  const listed = data.count < data.headlines ? `, of the ${number(data.count)} listed here` : "";
  return `${narrowed ? `${number(matches.length)} of ` : ""}${all}${wordings}; ${count(hits, "headline")}${narrowed ? " found" : ""}${listed}.`;
}
