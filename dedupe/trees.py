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

    Groups are named by their first node. `height` never rises; int64 and float64, (merges,).
    """

    nodes: int
    left: Ints
    right: Ints
    height: Floats

    def cut(self, threshold: float) -> Ints:
        """Return a label for each node, (nodes,): the groups whose merges have at least this height."""
        parent = np.arange(self.nodes, dtype=np.int64)
        kept = self.height >= threshold
        # A later merge never attaches to a node that was absorbed before, so in reverse every parent is final.
        for left, right in zip(self.left[kept][::-1].tolist(), self.right[kept][::-1].tolist(), strict=True):
            parent[right] = parent[left]
        return parent
