"""`MergeTree`: the groups at every threshold, as the merges that made them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MergeTree:
    """Merges in the order they were made: group `right[k]` joined group `left[k]` at mean probability `height[k]`.

    Groups are named by the node of theirs that was never absorbed. int64 and float64, (merges,).
    """

    nodes: int
    left: Ints
    right: Ints
    height: Floats

    def cut(self, threshold: float) -> Ints:
        """Return a label for each node, (nodes,): the groups whose merges have at least this height."""
        parent = np.arange(self.nodes, dtype=np.int64)
        kept = self.height >= threshold
        parent[self.right[kept]] = self.left[kept]  # each node is absorbed once at most
        while not np.array_equal(above := parent[parent], parent):
            parent = above
        return parent

    def after(self, left: Ints, right: Ints, height: Floats) -> MergeTree:
        """Return this tree with merges made before its own; what they absorb may not occur in its own."""
        height = np.concatenate([height, self.height])
        return MergeTree(self.nodes, np.concatenate([left, self.left]), np.concatenate([right, self.right]), height)
