"""Which row represents its group, and which come next: the most central, earliest, latest, first, or fullest of facts."""

from __future__ import annotations

import numpy as np

from dedupe.clustering.collapse import Nodes
from dedupe.embedding.vectors import Vectors
from dedupe.runtime.arrays import Bools, Floats, Ints

_CHUNK_GROUPS = 4096


def best_first(
    labels: Ints,
    nodes: Nodes,
    vectors: Vectors,
    facts: Ints,
    rule: str,
    hours: Floats,
    preference: Ints | None = None,
    escaped: Bools | None = None,
) -> Ints:
    """Return all rows, (rows,), group by group, the one to keep of each first and then the next best.

    `labels`: (rows,), from 0. `vectors`: (nodes, d) unit rows. `facts`: (nodes,), number of facts. `rule`: see `KEEP_RULES`.
    `hours`: of each row since the epoch, NaN where undated. `preference`: of each row, the smaller the better, before the rule
    decides. `escaped`: (rows,), whether a title shows `&amp;` and the like: of copies that are equally central or complete, the
    others come first. Ties are broken by `nodes.ties`.
    """
    if rule == "central":
        cost = -np.round(_closeness(labels, nodes, vectors), 4)  # rounded, so that float noise does not decide
    elif rule == "complete":
        cost = -facts[nodes.of_row].astype(float)
    elif rule == "latest":
        cost = np.where(np.isnan(hours), np.inf, -hours)
    else:
        cost = np.arange(len(labels), dtype=float) if rule == "first" else np.zeros(len(labels))
    preference = np.zeros(len(labels), np.int64) if preference is None else preference
    shown = escaped if escaped is not None and rule in ("central", "complete") else np.zeros(len(labels), bool)
    return np.lexsort((nodes.ties, shown, cost, preference, labels))


def first_of_each(order: Ints, labels: Ints) -> Ints:
    """Return the first row of each label, (labels,), in an order that goes label by label."""
    return order[np.flatnonzero(np.diff(labels[order], prepend=-1))]


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
