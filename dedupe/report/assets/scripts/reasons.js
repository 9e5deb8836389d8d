// Why headlines are together: the strongest judged pair across each merge of a story, which hold it together as a tree.

import { probability } from "./unpacking.js";

export function linkOf(data, step) {
  const pair = data.pairs.links[step];
  return pair < data.pairs.i.length ? pair : -1;
}

// The merges inside a story, at the threshold in force: those that absorbed one of its nodes.
function mergesOf(grouping, story) {
  const { tree, threshold } = grouping;
  return story.nodes
    .map((node) => tree.merge[node])
    .filter((step) => step < tree.height.length && tree.height[step] >= threshold);
}

// The pairs at each node of a story, without that of one merge.
function pairsAtNodes(data, grouping, story, without) {
  const at = new Map(story.nodes.map((node) => [node, []]));
  for (const step of mergesOf(grouping, story)) {
    const pair = linkOf(data, step);
    if (step === without || pair < 0) continue;
    at.get(data.pairs.i[pair])?.push(pair);
    at.get(data.pairs.j[pair])?.push(pair);
  }
  return at;
}

// From each node that can be reached from one, the pair by which that is done: a map in the order of the steps.
function reach(data, at, start) {
  const found = new Map([[start, -1]]);
  for (const node of found.keys()) {
    for (const pair of at.get(node)) {
      const other = otherEnd(data, pair, node);
      if (!found.has(other)) found.set(other, pair);
    }
  }
  return found;
}

export function otherEnd(data, pair, node) {
  return data.pairs.i[pair] === node ? data.pairs.j[pair] : data.pairs.i[pair];
}

// By node, the pair that ties it to the story's representative, directly or through others.
export function tiesOf(data, grouping, story) {
  const start = data.rows.node[story.representative];
  return reach(data, pairsAtNodes(data, grouping, story, -1), start);
}

// The two parts that a story falls into without its weakest merge, as nodes; the pair across stands first in each.
export function partsOf(data, grouping, story) {
  const pair = linkOf(data, story.weakest);
  if (pair < 0) return null;
  const at = pairsAtNodes(data, grouping, story, story.weakest);
  return { pair, parts: [data.pairs.i[pair], data.pairs.j[pair]].map((node) => [...reach(data, at, node).keys()]) };
}

// The merge that would bring two nodes together, -1 where none does.
export function joining(tree, one, other) {
  const never = tree.height.length;
  let step = -1;
  while (one !== other) {
    step = Math.min(tree.merge[one], tree.merge[other]);
    if (step === never) return -1;
    if (tree.merge[one] === step) one = tree.absorber[one];
    else other = tree.absorber[other];
  }
  return step;
}

export function chanceOf(data, pair, level = data.level) {
  return probability(data.pairs[level][pair]);
}

// The evidence of a pair in words, [] where the page has none.
export function wordsOf(data, pair) {
  data.wordsOfPair ??= new Map(Array.from(data.pairs.explained, (place, k) => [place, data.pairs.words[k]]));
  return (data.wordsOfPair.get(pair) ?? "").split("\n").filter(Boolean);
}

// The same, as one of the two would say it.
export function wordsFor(data, pair, node) {
  const [first, second] = data.pairs.i[pair] === node ? ["this one", "the other"] : ["the other", "this one"];
  const named = { "only the first": `only ${first}`, "only the second": `only ${second}` };
  return wordsOf(data, pair).map((words) => {
    const told = words.replace(/^only the (first|second)/, (start) => named[start]);
    return first === "this one" ? told : told.replace(/^(other \w+: )(.*) against (.*)$/, "$1$3 against $2");
  });
}
