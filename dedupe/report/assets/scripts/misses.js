// Borderline groups: with the weakest joins, next to be joined, or kept apart in spite of a strong pair.

import { strongestPair } from "./reasons.js";

export const MAX_PAIRS = 200; // strong pairs listed

// The stories that match, those with the lowest mean between two parts first.
export function weakestStories({ matches }) {
  const joined = matches.map(({ story }) => story).filter((story) => story.weakest >= 0);
  return joined.sort((a, b) => a.weakestMean - b.weakestMean || b.rows.length - a.rows.length);
}

// The merges below the threshold, the nearest first: the strongest pair across each, and the stories it connects.
export function nextMerges(app) {
  const { height } = app.grouping.tree;
  const under = Array.from(height.keys()).filter((step) => height[step] < app.grouping.threshold);
  under.sort((a, b) => height[b] - height[a]);
  const pairs = under.map((step) => strongestPair(app.data, step)).filter((pair) => pair >= 0);
  return acrossStories(app, pairs, Infinity);
}

// The most probable pair between each two stories, without those in `shown`, which the reader has seen.
export function strongPairs(app, shown) {
  return acrossStories(app, app.data.pairs.i.keys(), MAX_PAIRS, shown);
}

// The first pair between each two stories of which at least one matches the search.
function acrossStories({ data, grouping, matches }, pairs, limit, without = []) {
  const shown = new Set(matches.map(({ story }) => story.id));
  const keyOf = (stories) => Math.min(...stories) * grouping.stories.length + Math.max(...stories);
  const across = [];
  const seen = new Set(without.map(({ stories }) => keyOf(stories.map((story) => story.id))));
  for (const pair of pairs) {
    if (across.length === limit) break;
    const stories = [data.pairs.i[pair], data.pairs.j[pair]].map((node) => grouping.storyOfNode[node]);
    const key = keyOf(stories);
    if (stories[0] === stories[1] || seen.has(key) || !stories.some((story) => shown.has(story))) continue;
    seen.add(key);
    across.push({ pair, stories: stories.map((story) => grouping.stories[story]) });
  }
  return across;
}
