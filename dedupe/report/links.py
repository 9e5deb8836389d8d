"""The strongest judged pair across each merge of a tree."""

from __future__ import annotations

import numpy as np

from dedupe.clustering.merge_tree import MergeTree
from dedupe.runtime.arrays import Floats, Ints


def strongest_across(tree: MergeTree, i: Ints, j: Ints, probability: Floats) -> Ints:
    """Return, for each merge, the place of the most probable pair that it brings together, (merges,); -1 where none is.

    `i`, `j`: (pairs,), nodes. Ties go to the first pair. At any cut, these pairs of the merges kept connect each group,
    and hold no circle: a headline of a group has one way to any other.
    """
    merge = tree.joining_merge(i, j)
    falling = np.argsort(-probability, kind="stable")[::-1]
    met = falling[merge[falling] >= 0]
    found = np.full(len(tree.height), -1, np.int64)
    found[merge[met]] = met  # of equal places, the last one written stays
    return found
