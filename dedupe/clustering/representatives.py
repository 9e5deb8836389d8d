"""Which row represents its group: the most central, the earliest, or the one that states most facts."""

from __future__ import annotations

import numpy as np

from dedupe.clustering.collapse import Nodes
from dedupe.embedding.vectors import Vectors
from dedupe.runtime.arrays import Float32s, Floats, Ints

_CHUNK_GROUPS = 4096  # groups whose vectors are held at a time


def representatives(labels: Ints, nodes: Nodes, vectors: Vectors, facts: Ints, rule: str) -> Ints:
    """Return the row to keep of each group, (groups,).

    `labels`: (rows,), from 0. `vectors`: (nodes, d) unit rows; `facts`: (nodes,), how many facts a title states. `rule`: one of
    `KEEP_RULES`. Ties go by `nodes.ties`.
    """
    if rule == "central":
        cost = -np.round(_closeness(labels, nodes, vectors), 4)  # rounded, so that float noise makes no choice
    else:
        cost = -facts[nodes.of_row].astype(float) if rule == "complete" else np.zeros(len(labels))
    order = np.lexsort((nodes.ties, cost, labels))
    return order[np.flatnonzero(np.diff(labels[order], prepend=-1))]


def _closeness(labels: Ints, nodes: Nodes, vectors: Vectors) -> Floats:
    """Return how close each row is to the sum of its group, (rows,); 0 in a group of one node."""
    parts, where, copies = np.unique(labels * len(nodes) + nodes.of_row, return_inverse=True, return_counts=True)
    group, node = np.divmod(parts, max(len(nodes), 1))
    closeness = np.zeros(len(parts))
    several = np.flatnonzero(np.bincount(group)[group] > 1) if len(group) else group
    starts = np.flatnonzero(np.diff(group[several], prepend=-1))
    for first in range(0, len(starts), _CHUNK_GROUPS):
        end = starts[first + _CHUNK_GROUPS] if first + _CHUNK_GROUPS < len(starts) else len(several)
        part = several[starts[first] : end]
        closeness[part] = _to_center(vectors[node[part]], copies[part], group[part])
    return closeness[where]


def _to_center(vectors: Float32s, counts: Ints, groups: Ints) -> Float32s:
    """Return the product of each row with the sum of its group; `counts`: how often a row counts, `groups`: sorted."""
    new = np.diff(groups, prepend=-1) > 0
    centers = np.add.reduceat(vectors * counts[:, None].astype(np.float32), np.flatnonzero(new))
    closeness: Float32s = np.vecdot(vectors, centers[np.cumsum(new) - 1])
    return closeness
