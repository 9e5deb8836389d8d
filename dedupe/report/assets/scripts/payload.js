// The data of the page: columns of numbers from base64, and what is derived from them.

export function loadData(element) {
  const raw = JSON.parse(element.textContent);
  element.remove();
  const rows = { ...unpackAll(raw.rows), kept: unpackAll(raw.rows.kept) };
  return {
    ...raw,
    rows,
    count: rows.node.length,
    trees: Object.fromEntries(Object.entries(raw.trees).map(([level, tree]) => [level, unpackTree(tree, raw.nodes)])),
    pairs: unpackAll(raw.pairs),
    lasting: raw.lasting && unpackAll(raw.lasting),
    dated: rows.time.some((time) => !Number.isNaN(time)),
    sourced: rows.sources.length > 1,
  };
}

// Objects of the form {type, base64} become typed arrays; everything else stays.
function unpackAll(columns) {
  const unpacked = Object.entries(columns).map(([name, value]) => [
    name,
    value?.base64 === undefined ? value : unpack(value),
  ]);
  return Object.fromEntries(unpacked);
}

function unpack({ type, base64 }) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return new globalThis[type](bytes.buffer);
}

// `absorber` and `merge`: by node, what absorbed it and in which merge; itself and the number of merges if nothing did.
function unpackTree(packed, nodes) {
  const tree = unpackAll(packed);
  const absorber = Uint32Array.from({ length: nodes }, (_, node) => node);
  const merge = new Uint32Array(nodes).fill(tree.height.length);
  tree.right.forEach((node, step) => {
    absorber[node] = tree.left[step];
    merge[node] = step;
  });
  return { ...tree, absorber, merge };
}
