"""Which row represents its group: the most central, the earliest, or the one that states most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dedupe.embedding.vectors import Vectors
from dedupe.headlines import Headline, tie_key

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
_GROUPS = 4096  # groups whose vectors are held at a time


@dataclass(frozen=True, slots=True)
class Nodes:
    """The exact groups, in an order that does not come from the input.

    `of`: (rows,), the node of each row. `first`: (nodes,), the row that stands for a node. `stands`: (nodes,), the node
    that stands for each among judged pairs, mostly itself: very many nearly equal titles are judged as one. `vectors`:
    (nodes, d) unit rows, zero where a title is empty. `facts`: (nodes,), how many facts its title states.
    `ties`: (rows,), from `tie_ranks`.
    """

    of: Ints
    first: Ints
    stands: Ints
    vectors: Vectors
    facts: Ints
    ties: Ints


def tie_ranks(headlines: Sequence[Headline]) -> Ints:
    """Return the rank of each headline by date (undated last), title, id, source, address: never by input order."""
    ranks = np.empty(len(headlines), np.int64)
    ranks[sorted(range(len(headlines)), key=lambda k: tie_key(headlines[k]))] = np.arange(len(headlines))
    return ranks


def representatives(labels: Ints, nodes: Nodes, keep: str) -> Ints:
    """Return the row to keep of each group, (groups,). `labels`: (rows,), from 0."""
    order = np.lexsort((nodes.ties, _preference(labels, nodes, keep), labels))
    starts = np.flatnonzero(np.diff(labels[order], prepend=-1))
    return order[starts]


def _preference(labels: Ints, nodes: Nodes, keep: str) -> Floats:
    """Smaller is better; equal where only the tie rule decides. Rounded, so that float noise makes no choice."""
    if keep == "complete":
        return -nodes.facts[nodes.of].astype(float)
    if keep == "earliest" or not len(labels):
        return np.zeros(len(labels))
    count = len(nodes.first)
    parts, where, copies = np.unique(labels * count + nodes.of, return_inverse=True, return_counts=True)
    group, node = np.divmod(parts, count)
    closeness = np.zeros(len(parts))
    several = np.flatnonzero(np.bincount(group)[group] > 1)  # only there is a choice to make
    starts = np.flatnonzero(np.diff(group[several], prepend=-1))
    for first in range(0, len(starts), _GROUPS):
        end = starts[first + _GROUPS] if first + _GROUPS < len(starts) else len(several)
        part = several[starts[first] : end]
        closeness[part] = _closeness(nodes.vectors[node[part]], copies[part], group[part])
    return -np.round(closeness, 4)[where]


def _closeness(vectors: NDArray[np.float32], counts: Ints, groups: Ints) -> NDArray[np.float32]:
    """How close each row is to the sum of its group; `counts`: how often a row counts, `groups`: sorted."""
    new = np.diff(groups, prepend=-1) > 0
    centres = np.add.reduceat(vectors * counts[:, None].astype(np.float32), np.flatnonzero(new))
    closeness: NDArray[np.float32] = np.vecdot(vectors, centres[np.cumsum(new) - 1])
    return closeness
