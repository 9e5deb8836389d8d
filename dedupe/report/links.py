"""Which merge of a tree brings two nodes together, and the strongest judged pair across each merge."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dedupe.trees import Floats, Ints, MergeTree


def strongest_across(tree: MergeTree, i: Ints, j: Ints, probability: Floats) -> Ints:
    """Return, for each merge, the place of the most probable pair that it brings together, (merges,); -1 where none is.

    `i`, `j`: (pairs,), nodes. Ties go to the first pair. At any cut, these pairs of the merges kept connect each group,
    and hold no circle: a headline of a group has one way to any other.
    """
    merge = joining(tree, i, j)
    falling = np.argsort(-probability, kind="stable")[::-1]
    met = falling[merge[falling] >= 0]
    found = np.full(len(tree.height), -1, np.int64)
    found[merge[met]] = met  # of equal places, the last one written stays
    return found


def joining(tree: MergeTree, i: Ints, j: Ints) -> Ints:
    """Return the merge that brings each pair of nodes into one group, (pairs,); -1 where none does.

    Each node is absorbed once at most, and later than all that it absorbed: so of two nodes the one absorbed first
    gives way to what absorbed it, until both are the same.
    """
    never = len(tree.height)
    parent, when = np.arange(tree.nodes), np.full(tree.nodes, never)
    parent[tree.right], when[tree.right] = tree.left, np.arange(never)
    a, b, found = i.copy(), j.copy(), np.full(len(i), -1, np.int64)
    going = np.flatnonzero(a != b)
    while len(going):
        first = np.minimum(when[a[going]], when[b[going]])
        found[going] = np.where(first == never, -1, first)
        going = going[first < never]
        _climb(a, going, when, parent, found)
        _climb(b, going, when, parent, found)
        going = going[a[going] != b[going]]
    return found


def _climb(nodes: Ints, going: Ints, when: Ints, parent: Ints, merge: Ints) -> None:
    """Let those of the nodes that are absorbed by the merge at hand become what absorbs them."""
    absorbed: NDArray[np.bool_] = when[nodes[going]] == merge[going]
    nodes[going[absorbed]] = parent[nodes[going[absorbed]]]
