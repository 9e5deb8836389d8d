// Groups that nearly were otherwise: held together by least, next to join, or apart in spite of a strong pair.

import { linkOf } from "./reasons.js";

export const MOST = 200; // strong pairs looked for

// The stories that the search found, those of the lowest mean between two parts first.
export function shakiest({ found }) {
  const joined = found.map(({ story }) => story).filter((story) => story.weakest >= 0);
  return joined.sort((one, other) => one.sure - other.sure || other.rows.length - one.rows.length);
}

// The merges under the threshold, the nearest first: the strongest pair across each, and the stories it lies in now.
export function nextJoins(app) {
  const { height } = app.grouping.tree;
  const under = Array.from(height.keys()).filter((step) => height[step] < app.grouping.threshold);
  under.sort((one, other) => height[other] - height[one]);
  const pairs = under.map((step) => linkOf(app.data, step)).filter((pair) => pair >= 0);
  return acrossStories(app, pairs, Infinity);
}

// The most probable pair between each two stories, but those of `shown`, which the reader has seen.
export function strongPairs(app, shown) {
  return acrossStories(app, app.data.pairs.i.keys(), MOST, shown);
}

// Those of the pairs that lie in two stories, the first of each two, where the search found one of these.
function acrossStories({ data, grouping, found }, pairs, most, without = []) {
  const shown = new Set(found.map(({ story }) => story.id));
  const keyOf = (stories) => Math.min(...stories) * grouping.stories.length + Math.max(...stories);
  const across = [];
  const met = new Set(without.map(({ stories }) => keyOf(stories.map((story) => story.id))));
  for (const pair of pairs) {
    if (across.length === most) break;
    const stories = [data.pairs.i[pair], data.pairs.j[pair]].map((node) => grouping.storyOfNode[node]);
    const key = keyOf(stories);
    if (stories[0] === stories[1] || met.has(key) || !stories.some((story) => shown.has(story))) continue;
    met.add(key);
    across.push({ pair, stories: stories.map((story) => grouping.stories[story]) });
  }
  return across;
}
