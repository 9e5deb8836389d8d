"""Judged pairs -> a merge tree, by sparse average linkage; a threshold is a cut of the tree.

Average linkage (UPGMA, Sokal and Michener 1958) over all member pairs, where a pair that was never judged counts as
probability 0: one strong link between two large groups is not enough to join them, so weak chains make no giants. A
mean never exceeds the best of its pairs, so groups from different components of the pairs that reach the floor never
join: each component is a linkage of its own, and only its judged pairs are stored.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dedupe.trees import MergeTree

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
_ROUNDING = 1e-9  # a mean may come out so much above the best of its pairs
_TOGETHER = 100_000  # pairs that become Python objects at once


class _Pairs(NamedTuple):
    low: Ints
    high: Ints
    probability: Floats


class _Groups(NamedTuple):
    """How many members groups have, and the hours these span, from infinity to minus infinity where undated."""

    size: Ints
    first: Floats
    last: Floats

    def of(self, which: Ints) -> _Groups:
        return _Groups(self.size[which], self.first[which], self.last[which])


class _Merges(NamedTuple):
    """Merges in the order of making; `bound`: the lowest height so far, since rounding may let heights rise a little."""

    left: Ints
    right: Ints
    height: Floats
    bound: Floats


def merge_tree(
    nodes: int,
    i: Ints,
    j: Ints,
    probability: Floats,
    *,
    weights: Ints | None = None,
    spans: tuple[Floats, Floats] | None = None,
    window: float | None = None,
    floor: float = 0.0,
) -> MergeTree:
    """Return the average-linkage merge tree of judged pairs.

    `i`, `j`, `probability`: (pairs,), each unordered pair once. `weights`: (nodes,), how many members each node stands
    for, one if not given; a pair of nodes counts once for each pair of their members. `spans`: the earliest and latest
    hour of each node, NaN where undated; with `window` (hours), groups whose dated members would span more are never
    joined. Merges under `floor` are not made. Ties go to the smaller node numbers, so number the nodes in an order that
    does not come from the input.
    """
    first, last = (np.full(nodes, np.nan),) * 2 if spans is None or window is None else spans
    groups = _Groups(
        np.ones(nodes, np.int64) if weights is None else weights,
        np.where(np.isnan(first), np.inf, first),
        np.where(np.isnan(last), -np.inf, last),
    )
    apart = np.inf if window is None else window
    members, size, pairs = _by_component(nodes, _Pairs(np.minimum(i, j), np.maximum(i, j), probability), floor)
    found = [_of_two(members, size, pairs, groups, apart)]
    for begin, end in _larger(size):
        chosen = slice(*np.searchsorted(pairs.low, [begin, end]))
        local = _Pairs(pairs.low[chosen] - begin, pairs.high[chosen] - begin, pairs.probability[chosen])
        inside = members[begin:end]
        found.append(_Linkage(groups.of(inside), local, floor, apart).merges(inside))
    merges = _Merges(*(np.concatenate(column) for column in zip(*found, strict=True)))
    order = np.argsort(-merges.bound, kind="stable")
    return MergeTree(nodes, merges.left[order], merges.right[order], merges.height[order])


def _by_component(nodes: int, pairs: _Pairs, floor: float) -> tuple[Ints, Ints, _Pairs]:
    """Order the nodes by size of their component, component, number.

    Return the nodes so, the size of each's component, and the pairs inside one component, as places, by the first.
    """
    linked = pairs.probability >= floor * (1 - _ROUNDING)
    links = linked[linked], (pairs.low[linked], pairs.high[linked])
    component = connected_components(coo_array(links, shape=(nodes, nodes)), directed=False)[1]
    size = np.bincount(component, minlength=1)[component]
    members = np.lexsort((component, size))
    place = np.argsort(members)
    inside = np.flatnonzero(component[pairs.low] == component[pairs.high])
    inside = inside[np.argsort(place[pairs.low[inside]], kind="stable")]
    return (
        members,
        size[members],
        _Pairs(place[pairs.low[inside]], place[pairs.high[inside]], pairs.probability[inside]),
    )


def _larger(size: Ints) -> Iterator[tuple[int, int]]:
    """Where each component of more than two begins and ends."""
    begin = int(np.searchsorted(size, 3))
    while begin < len(size):
        end = begin + int(size[begin])
        yield begin, end
        begin = end


def _of_two(members: Ints, size: Ints, pairs: _Pairs, groups: _Groups, window: float) -> _Merges:
    """The merges of the components of two nodes, of which there are most."""
    chosen = slice(*np.searchsorted(pairs.low, np.searchsorted(size, [2, 3])))
    left, right, height = members[pairs.low[chosen]], members[pairs.high[chosen]], pairs.probability[chosen]
    span = np.maximum(groups.last[left], groups.last[right]) - np.minimum(groups.first[left], groups.first[right])
    near = span <= window
    return _Merges(left[near], right[near], height[near], height[near])


class _Linkage:
    """One component: sums of probabilities between the groups that exist, and upper bounds of their means.

    Joining two groups can never raise the mean to a third, so a stale bound is still one, and is corrected when it comes
    up. The bounds of pairs come sorted, and only later ones go to a heap.
    """

    def __init__(self, groups: _Groups, pairs: _Pairs, floor: float, window: float) -> None:
        self.size: list[int] = groups.size.tolist()
        self.first: list[float] = groups.first.tolist()
        self.last: list[float] = groups.last.tolist()
        self.floor, self.window = floor, window
        self.sums: list[dict[int, float]] = [{} for _ in self.size]
        names = list(range(len(self.size)))  # one object for all uses of a number
        shared = groups.size[pairs.low] * groups.size[pairs.high]
        sums = pairs.probability * shared
        for a, b, value in _objects(pairs.low, pairs.high, sums):
            self.sums[a][names[b]] = self.sums[b][names[a]] = value
        bounds = -(sums / shared)
        order = np.lexsort((pairs.high, pairs.low, bounds))
        self.sorted = _objects(bounds[order], pairs.low[order], pairs.high[order])
        self.ahead = next(self.sorted, None)
        self.heap: list[tuple[float, int, int]] = []

    def merges(self, members: Ints) -> _Merges:
        """Join the two groups with the highest mean as long as it reaches the floor."""
        merges = []
        while (entry := self._pop()) is not None and -entry[0] >= self.floor:
            bound, a, b = entry
            mass = self.sums[a].get(b)
            mean = None if mass is None else mass / (self.size[a] * self.size[b])
            if mean is None or mean != -bound:
                if mean is not None and mean < -bound:
                    self._push(mean, a, b)
            elif self._apart(a, b):
                del self.sums[a][b], self.sums[b][a]  # spans only grow, so it will not become possible
            else:
                merges.append((a, b, mean))
                self._join(a, b)
        left, right, height = np.array(merges, float).reshape(-1, 3).T
        return _Merges(members[left.astype(int)], members[right.astype(int)], height, np.minimum.accumulate(height))

    def _pop(self) -> tuple[float, int, int] | None:
        if self.heap and (self.ahead is None or self.heap[0] < self.ahead):
            return heapq.heappop(self.heap)
        ahead, self.ahead = self.ahead, next(self.sorted, None)
        return ahead

    def _push(self, mean: float, a: int, b: int) -> None:
        if mean >= self.floor:
            heapq.heappush(self.heap, (-mean, a, b))

    def _apart(self, a: int, b: int) -> bool:
        return max(self.last[a], self.last[b]) - min(self.first[a], self.first[b]) > self.window

    def _join(self, keep: int, gone: int) -> None:
        """Fold group `gone` into group `keep`; links that gained mass get a fresh bound."""
        kept, folded = self.sums[keep], self.sums[gone]
        del kept[gone], folded[keep]
        self.size[keep] += self.size[gone]
        self.first[keep] = min(self.first[keep], self.first[gone])
        self.last[keep] = max(self.last[keep], self.last[gone])
        for other, mass in folded.items():
            links = self.sums[other]
            del links[gone]
            kept[other] = links[keep] = total = kept.get(other, 0.0) + mass
            self._push(total / (self.size[keep] * self.size[other]), min(keep, other), max(keep, other))
        self.sums[gone] = {}


def _objects(*columns: NDArray[Any]) -> Iterator[tuple[Any, ...]]:
    for k in range(0, len(columns[0]), _TOGETHER):
        yield from zip(*(column[k : k + _TOGETHER].tolist() for column in columns), strict=True)
