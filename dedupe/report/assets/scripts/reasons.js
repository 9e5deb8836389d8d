// Why headlines are together: the strongest scored pairs across the merges of a story connect it as a tree.

const CERTAIN = 65535; // a probability of 1, in two bytes

export function strongestPair(data, step) {
  const pair = data.pairs.by_merge[step];
  return pair < data.pairs.i.length ? pair : -1;
}

// The merges inside a story at the current threshold: those that absorbed one of its nodes.
function mergesOf(grouping, story) {
  const { tree, threshold } = grouping;
  return story.nodes
    .map((node) => tree.merge[node])
    .filter((step) => step < tree.height.length && tree.height[step] >= threshold);
}

// The connecting pairs at each node of a story, without that of one merge.
function pairsAtNodes(data, grouping, story, without) {
  const at = new Map(story.nodes.map((node) => [node, []]));
  for (const step of mergesOf(grouping, story)) {
    const pair = strongestPair(data, step);
    if (step === without || pair < 0) continue;
    at.get(data.pairs.i[pair])?.push(pair);
    at.get(data.pairs.j[pair])?.push(pair);
  }
  return at;
}

// The nodes that can be reached from `start`, each with the pair that leads to it, in order of distance.
function reach(data, at, start) {
  const pairTo = new Map([[start, -1]]);
  for (const node of pairTo.keys()) {
    for (const pair of at.get(node)) {
      const other = otherEnd(data, pair, node);
      if (!pairTo.has(other)) pairTo.set(other, pair);
    }
  }
  return pairTo;
}

export function otherEnd(data, pair, node) {
  return data.pairs.i[pair] === node ? data.pairs.j[pair] : data.pairs.i[pair];
}

// By node, the pair that connects it to the story's representative, directly or through others.
export function connections(data, grouping, story) {
  const start = data.rows.node[story.representative];
  return reach(data, pairsAtNodes(data, grouping, story, -1), start);
}

// The two parts that a story falls into without its weakest merge, as nodes; those of the pair across come first.
export function sidesOf(data, grouping, story) {
  const pair = strongestPair(data, story.weakest);
  if (pair < 0) return null;
  const at = pairsAtNodes(data, grouping, story, story.weakest);
  return { pair, parts: [data.pairs.i[pair], data.pairs.j[pair]].map((node) => [...reach(data, at, node).keys()]) };
}

// The merge that would bring two nodes together, -1 where none does.
export function mergeOf(tree, first, second) {
  const never = tree.height.length;
  let step = -1;
  while (first !== second) {
    step = Math.min(tree.merge[first], tree.merge[second]);
    if (step === never) return -1;
    if (tree.merge[first] === step) first = tree.absorber[first];
    else second = tree.absorber[second];
  }
  return step;
}

export function pairProbability(data, pair) {
  return data.pairs.probability[pair] / CERTAIN;
}

// The reasons of a pair, [] if the page has none.
export function reasonsOf(data, pair) {
  data.reasons ??= new Map(Array.from(data.pairs.explained, (place, k) => [place, data.pairs.reasons[k]]));
  return data.reasons.get(pair) ?? [];
}

// The same, worded from the side of one node.
export function reasonsFrom(data, pair, node) {
  const [first, second] = data.pairs.i[pair] === node ? ["this one", "the other"] : ["the other", "this one"];
  const named = { "only the first": `only ${first}`, "only the second": `only ${second}` };
  return reasonsOf(data, pair).map((line) => {
    const reason = line.replace(/only the (?:first|second)/g, (start) => named[start]);
    return first === "this one" ? reason : reason.replace(/(different \w+: )(.*) and ([^;]*)/, "$1$3 and $2");
  });
}

// The share of a reason, whether it speaks for or against, and its words; share 0 where it has none.
export function partsOf(reason) {
  const [, share, side, words] = reason.match(/^(\d+) % (for|against): (.*)$/s) ?? [null, "0", "", reason];
  return { share: Number(share), side, words };
}
