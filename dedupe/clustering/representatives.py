"""Which row represents its group: the most central, the earliest, or the one that states most facts."""

from __future__ import annotations

import numpy as np

from dedupe.clustering.collapse import Nodes
from dedupe.embedding.vectors import Vectors
from dedupe.runtime.arrays import Bools, Floats, Ints

_CHUNK_GROUPS = 4096


def representatives(labels: Ints, nodes: Nodes, vectors: Vectors, facts: Ints, rule: str) -> Ints:
    """Return the row to keep of each group, (groups,); ties are broken by `nodes.ties`.

    `labels`: (rows,), from 0. `vectors`: (nodes, d) unit rows. `facts`: (nodes,), number of facts. `rule`: see `KEEP_RULES`.
    """
    if rule == "central":
        cost = -np.round(_closeness(labels, nodes, vectors), 4)  # rounded, so that float noise does not decide
    else:
        cost = -facts[nodes.of_row].astype(float) if rule == "complete" else np.zeros(len(labels))
    order = np.lexsort((nodes.ties, cost, labels))
    return order[np.flatnonzero(np.diff(labels[order], prepend=-1))]


def unescaped(rows: Ints, nodes: Nodes, escaped: Bools) -> Ints:
    """Return the same rows, but for an escaped title its first exact copy, by `nodes.ties`, that is not escaped.

    `escaped`: (rows,), whether a title shows `&amp;` and the like, by which no copy is more central than another.
    """
    order = np.lexsort((nodes.ties, escaped, nodes.exact_of_row))
    best = order[np.flatnonzero(np.diff(nodes.exact_of_row[order], prepend=-1))]
    return np.where(escaped[rows], best[nodes.exact_of_row[rows]], rows)


def _closeness(labels: Ints, nodes: Nodes, vectors: Vectors) -> Floats:
    """Return the product of each row's vector with the sum of its group, (rows,); 0 in a group of one node."""
    parts, where, copies = np.unique(labels * len(nodes) + nodes.of_row, return_inverse=True, return_counts=True)
    group, node = np.divmod(parts, max(len(nodes), 1))
    closeness = np.zeros(len(parts))
    several = np.flatnonzero(np.bincount(group)[group] > 1) if len(group) else group
    starts = np.flatnonzero(np.diff(group[several], prepend=-1))
    for first in range(0, len(starts), _CHUNK_GROUPS):
        end = starts[first + _CHUNK_GROUPS] if first + _CHUNK_GROUPS < len(starts) else len(several)
        part = several[starts[first] : end]
        rows, new = vectors[node[part]], np.diff(group[part], prepend=-1) > 0
        centers = np.add.reduceat(rows * copies[part, None].astype(np.float32), np.flatnonzero(new))
        closeness[part] = np.vecdot(rows, centers[np.cumsum(new) - 1])
    return closeness[where]
