"""Judged pairs -> a merge tree, by sparse average linkage; a threshold is a cut of the tree.

Average linkage (UPGMA, Sokal and Michener 1958) over all member pairs, where a pair that was never judged counts as
probability 0: one strong link between two large groups is not enough to join them, so weak chains make no giants. Only
judged pairs are stored. Joining two groups can never raise the average to a third, so a stale heap entry is an upper
bound and is corrected when it is popped.
"""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

from dedupe.trees import MergeTree

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def merge_tree(
    nodes: int,
    i: Ints,
    j: Ints,
    probability: Floats,
    *,
    spans: tuple[Floats, Floats] | None = None,
    window: float | None = None,
    floor: float = 0.0,
) -> MergeTree:
    """Return the average-linkage merge tree of judged pairs.

    `i`, `j`, `probability`: (pairs,), each unordered pair once. `spans`: the earliest and latest hour of each
    node, NaN where undated; with `window` (hours), groups whose dated members would span more are never joined. Merges
    under `floor` are not made. Ties go to the smaller node numbers, so number the nodes in an order that does not come
    from the input.
    """
    linkage = _Linkage(nodes, i, j, probability)
    limits = None if spans is None or window is None else _Window(*spans, window)
    merges: list[tuple[int, int, float]] = []
    while linkage.heap:
        negative, a, b = heapq.heappop(linkage.heap)
        if -negative < floor:
            break
        current = linkage.current(a, b, -negative)
        if current is None:
            continue
        left, right = current
        if limits is not None and not limits.join(left, right):
            linkage.part(left, right)
            continue
        merges.append((left, right, -negative))
        linkage.join(left, right)
    columns = list(zip(*merges, strict=True)) if merges else [(), (), ()]
    return MergeTree(
        nodes, np.array(columns[0], np.int64), np.array(columns[1], np.int64), np.array(columns[2], np.float64)
    )


class _Linkage:
    """Sums of probabilities between the groups that exist, and a heap of upper bounds of their means."""

    def __init__(self, nodes: int, i: Ints, j: Ints, probability: Floats) -> None:
        self.size = [1] * nodes
        self.alive = [True] * nodes
        self.sums: list[dict[int, float]] = [{} for _ in range(nodes)]
        low, high = np.minimum(i, j), np.maximum(i, j)
        triples = list(zip(low.tolist(), high.tolist(), probability.astype(float).tolist(), strict=True))
        for a, b, value in triples:
            self.sums[a][b] = self.sums[b][a] = value
        self.heap = [(-self.mean(a, b), a, b) for a, b, _ in triples]
        heapq.heapify(self.heap)

    def mean(self, a: int, b: int) -> float:
        return self.sums[a][b] / (self.size[a] * self.size[b])

    def current(self, a: int, b: int, value: float) -> tuple[int, int] | None:
        """Return the pair if it is still two groups with this mean; otherwise put the corrected bound back."""
        if not (self.alive[a] and self.alive[b]) or b not in self.sums[a]:
            return None
        mean = self.mean(a, b)
        if mean == value:
            return a, b
        if mean < value:
            heapq.heappush(self.heap, (-mean, a, b))
        return None

    def part(self, a: int, b: int) -> None:
        """Forget a link that may never be used: spans only grow, so it will not become possible."""
        del self.sums[a][b], self.sums[b][a]

    def join(self, keep: int, gone: int) -> None:
        """Fold group `gone` into group `keep`; links that gained mass get a fresh bound."""
        self.alive[gone] = False
        del self.sums[keep][gone]
        del self.sums[gone][keep]
        self.size[keep] += self.size[gone]
        for other, mass in self.sums[gone].items():
            del self.sums[other][gone]
            total = self.sums[keep].get(other, 0.0) + mass
            self.sums[keep][other] = self.sums[other][keep] = total
            a, b = (keep, other) if keep < other else (other, keep)
            heapq.heappush(self.heap, (-self.mean(a, b), a, b))
        self.sums[gone] = {}


class _Window:
    """The hours that each group spans."""

    def __init__(self, first: Floats, last: Floats, window: float) -> None:
        self.first = np.where(np.isnan(first), np.inf, first).tolist()
        self.last = np.where(np.isnan(last), -np.inf, last).tolist()
        self.window = window

    def join(self, keep: int, gone: int) -> bool:
        """Join the spans of two groups if together they stay within the window."""
        first, last = min(self.first[keep], self.first[gone]), max(self.last[keep], self.last[gone])
        if last - first > self.window:
            return False
        self.first[keep], self.last[keep] = first, last
        return True
