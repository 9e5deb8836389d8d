// Groups at any threshold: cuts of the merge trees, as the program makes them.

// A label for each node: the groups whose merges have at least this height.
function cut(tree, threshold) {
  const parent = Uint32Array.from(tree.absorber, (absorber, node) => {
    const step = tree.merge[node];
    return step < tree.height.length && tree.height[step] >= threshold ? absorber : node;
  });
  for (let node = 0; node < parent.length; node += 1) flatten(parent, node);
  return parent;
}

function flatten(parent, node) {
  let root = node;
  while (parent[root] !== root) root = parent[root];
  while (parent[node] !== root) {
    const next = parent[node];
    parent[node] = root;
    node = next;
  }
}

// Numbers by first appearance for keys, one per row.
function byAppearance(count, keyOf) {
  const numbers = new Map();
  const labels = new Uint32Array(count);
  for (let row = 0; row < count; row += 1) {
    const key = keyOf(row);
    if (!numbers.has(key)) numbers.set(key, numbers.size);
    labels[row] = numbers.get(key);
  }
  return labels;
}

// Story and wording of each row, numbered as the program does; a wording lies inside one story.
function labelRows(data, thresholds) {
  const { node } = data.rows;
  const stories = cut(data.trees[data.level], thresholds[data.level]);
  const wordings = cut(data.trees.wording, thresholds.wording);
  return {
    story: byAppearance(data.count, (row) => stories[node[row]]),
    wording: byAppearance(data.count, (row) => stories[node[row]] * data.nodes + wordings[node[row]]),
    exact: byAppearance(data.count, (row) => data.rows.copy[row]),
  };
}

// All groups at some thresholds.
export function regroup(data, thresholds) {
  const labels = labelRows(data, thresholds);
  const tree = data.trees[data.level];
  const stories = gather(data, labels);
  const storyOfNode = new Uint32Array(data.nodes);
  data.rows.node.forEach((node, row) => (storyOfNode[node] = labels.story[row]));
  noteWeakest(stories, tree, thresholds[data.level], storyOfNode);
  const ofRun = Object.entries(data.thresholds).every(([level, threshold]) => thresholds[level] === threshold);
  for (const story of stories) {
    story.number = ofRun ? data.rows.story[story.rows[0]] : story.id;
    story.changed = ofRun && data.lasting ? data.lasting.changed[story.number] : NaN;
  }
  return { thresholds, threshold: thresholds[data.level], ofRun, tree, labels, storyOfNode, stories };
}

// One object per story: its rows in input order, and counts of them.
function gather(data, labels) {
  const groups = [];
  const { node } = data.rows;
  const seen = { node: new Set(), exact: new Set(), wording: new Set() };
  const isNew = (kind, key) => !seen[kind].has(key) && seen[kind].add(key);
  for (let row = 0; row < data.count; row += 1) {
    const id = labels.story[row];
    groups[id] ??= { id, rows: [], nodes: [], titles: 0, wordings: 0, weakest: -1, weakestMean: 1 };
    const group = groups[id];
    group.rows.push(row);
    if (isNew("node", node[row])) group.nodes.push(node[row]);
    if (isNew("exact", labels.exact[row])) group.titles += 1;
    if (isNew("wording", labels.wording[row])) group.wordings += 1;
  }
  for (const group of groups) describe(data, group);
  return groups;
}

function describe(data, group) {
  const times = group.rows.map((row) => data.rows.time[row]).filter((time) => !Number.isNaN(time));
  const sources = new Set(group.rows.map((row) => data.rows.source[row]));
  sources.delete(0);
  group.sources = sources.size;
  group.first = times.length ? times.reduce((a, b) => Math.min(a, b)) : NaN;
  group.last = times.length ? times.reduce((a, b) => Math.max(a, b)) : NaN;
  group.representative = representative(data, group.rows, "story");
}

// `weakest`: the merge with the lowest mean inside a story, -1 if it has none; `weakestMean`: that mean.
function noteWeakest(groups, tree, threshold, storyOfNode) {
  for (let step = 0; step < tree.height.length; step += 1) {
    if (tree.height[step] < threshold) continue;
    const group = groups[storyOfNode[tree.right[step]]];
    if (group.weakest < 0 || tree.height[step] <= group.weakestMean) {
      group.weakest = step;
      group.weakestMean = tree.height[step];
    }
  }
}

// The representative of a group: the one that the run chose for the largest of its own groups inside, else the earliest.
export function representative(data, rows, level) {
  const rank = data.ranks[level];
  return rows.reduce((best, row) => (better(data, rank, row, best) ? row : best));
}

function better(data, rank, row, best) {
  if (rank[row] !== rank[best]) return rank[row] > rank[best];
  const [time, earliest] = [data.rows.time[row], data.rows.time[best]];
  return time < earliest || (Number.isNaN(earliest) && !Number.isNaN(time));
}

// The rank of each row as a representative at each level; 0 for most.
export function ranksOf(data) {
  const { story, wording } = labelRows(data, data.thresholds);
  const kept = {
    story: sizesOfKept(data.rows.kept.story, story),
    wording: sizesOfKept(data.rows.kept.wording, wording),
  };
  const over = data.count + 1; // a kept row of a story comes before any kept row of a wording
  return { story: kept.story.map((size, row) => size * over + kept.wording[row]), wording: kept.wording };
}

function sizesOfKept(kept, labels) {
  const sizes = new Float64Array(labels.length);
  for (const label of labels) sizes[label] += 1;
  return Float64Array.from(kept, (mark, row) => mark * sizes[labels[row]]);
}

// The rows of a story by wording, the one with the story's representative first, then the largest.
export function wordingsOf(grouping, story) {
  const groups = [...grouped(story.rows, (row) => grouping.labels.wording[row]).values()];
  const leads = (rows) => rows.includes(story.representative);
  return groups.sort((a, b) => leads(b) - leads(a) || b.length - a.length);
}

// Items by key, in order of first appearance.
export function grouped(items, keyOf) {
  const groups = new Map();
  for (const item of items) {
    const key = keyOf(item);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(item);
  }
  return groups;
}
