"""`MergeTree`: the groups at every threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dedupe.runtime.arrays import Floats, Ints


@dataclass(frozen=True, slots=True)
class MergeTree:
    """Merges from the highest down: group `right[k]` joined group `left[k]` at mean probability `height[k]`.

    A group has the number of its node that was never absorbed. int64 and float64, (merges,).
    """

    nodes: int
    left: Ints
    right: Ints
    height: Floats

    def cut(self, threshold: float) -> Ints:
        """Return the group of each node, (nodes,), after all merges of at least this height."""
        parent = np.arange(self.nodes, dtype=np.int64)
        kept = self.height >= threshold
        parent[self.right[kept]] = self.left[kept]  # each node is absorbed once at most
        while not np.array_equal(above := parent[parent], parent):
            parent = above
        return parent

    def cophenetic(self, i: Ints, j: Ints) -> Floats:
        """Return the highest threshold at which nodes i and j are in one group, for each pair, (pairs,).

        This is their cophenetic similarity (Sokal and Rohlf, 1962): 1 between a node and itself, 0 where no merge joins them.
        """
        return self._path(i, j)[1]

    def joining_merge(self, i: Ints, j: Ints) -> Ints:
        """Return the merge that joins nodes i and j, for each pair, (pairs,); -1 where none does."""
        return self._path(i, j)[0]

    def _path(self, i: Ints, j: Ints) -> tuple[Ints, Floats]:
        """Return the last merge on the path between two nodes, -1 where there is none, and the lowest height on it."""
        never = len(self.left)
        order, parent = np.full(self.nodes, never), np.arange(self.nodes)
        order[self.right], parent[self.right] = np.arange(never), self.left
        heights = np.append(self.height, 0.0)  # as if what was never absorbed were absorbed last, at 0
        here, there = np.array(i, np.int64), np.array(j, np.int64)
        merge, lowest, apart = np.full(len(here), -1), np.ones(len(here)), np.flatnonzero(here != there)
        while apart.size:
            a, b = here[apart], there[apart]
            first = order[a] < order[b]  # a group is absorbed after its own merges, so the one absorbed earlier goes up
            step = order[np.where(first, a, b)]
            merge[apart] = np.where(step < never, step, -1)
            lowest[apart] = np.minimum(lowest[apart], heights[step])
            here[apart], there[apart] = np.where(first, parent[a], a), np.where(first, b, parent[b])
            apart = apart[(here[apart] != there[apart]) & (step < never)]
        return merge, lowest
