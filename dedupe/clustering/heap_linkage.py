"""Average linkage one merge at a time, by a heap of upper bounds; and what groups and the links between them are."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.signedinteger[Any]]
Floats = NDArray[np.float64]


class Links(NamedTuple):
    """Pairs of groups, (links,): the numbers of both, `low` < `high`, int32, and the sum of all probabilities between them."""

    low: Ints
    high: Ints
    mass: Floats

    def where(self, kept: NDArray[np.bool_]) -> Links:
        """Return the links that `kept`, (links,), marks."""
        return Links(self.low[kept], self.high[kept], self.mass[kept])


@dataclass(frozen=True)
class Groups:
    """Groups by number, (groups,): how many members, the hours they span, the height of the last merge.

    Hours are from infinity to minus infinity where a group is undated; the height of one never merged is infinity.
    `window`: the hours that a group may span. `apart`: (2, k), groups that may never be one.
    """

    size: Floats
    first: Floats
    last: Floats
    height: Floats
    window: float
    apart: Ints

    def barred(self, one: Ints | int, other: Ints | int) -> Any:
        """Return whether groups may not be joined. What is barred stays so: spans and groups only grow."""
        barred = np.zeros(np.shape(one), bool)
        if self.window < np.inf:
            latest = np.maximum(self.last[one], self.last[other])
            barred |= latest - np.minimum(self.first[one], self.first[other]) > self.window
        if self.apart.size:
            barred |= np.isin(self._named(one, other), self._named(*self.apart))
        return barred

    def _named(self, one: Ints | int, other: Ints | int) -> Any:
        """One number for each two groups, whichever comes first."""
        return np.minimum(one, other).astype(np.int64) * len(self.size) + np.maximum(one, other)

    def join(self, left: Ints | int, right: Ints | int, mean: Floats | float) -> Any:
        """Fold groups `right` into groups `left`, and return the heights: rounding may not let these rise."""
        self._rename(np.atleast_1d(left), np.atleast_1d(right))
        height = np.minimum(mean, np.minimum(self.height[left], self.height[right]))
        self.height[left] = height
        self.size[left] += self.size[right]
        self.first[left] = np.minimum(self.first[left], self.first[right])
        self.last[left] = np.maximum(self.last[left], self.last[right])
        return height

    def _rename(self, left: Ints, right: Ints) -> None:
        """Let what may not be joined with a group of `right` not be joined with that of `left`."""
        if self.apart.size and len(right):
            order = np.argsort(right)
            place = order[np.searchsorted(right, self.apart, sorter=order).clip(max=len(right) - 1)]
            gone = right[place] == self.apart
            self.apart[gone] = left[place[gone]]


def one_by_one(groups: Groups, links: Links, floor: float) -> tuple[Ints, Ints, Floats]:
    """Join the two groups of the highest mean as long as it reaches `floor`: left, right, height of each merge.

    Groups that are barred from each other are never joined. Ties go to the smaller numbers.
    """
    queue = _Queue(groups, links)
    merges = []
    while (best := queue.pop()) is not None and best[0] >= floor:
        mean, a, b = best
        if groups.barred(a, b):
            queue.part(a, b)
            continue
        merges.append((a, b, groups.join(a, b, mean)))
        queue.join(a, b, floor)
    left, right, height = np.array(merges, float).reshape(-1, 3).T
    return left.astype(np.int64), right.astype(np.int64), height


class _Queue:
    """Sums between the groups that exist, and a heap of upper bounds of their means.

    Joining two groups can never raise the mean to a third, so a stale bound is still one: it is corrected when it comes up.
    """

    def __init__(self, groups: Groups, links: Links) -> None:
        self.size: list[float] = groups.size.tolist()
        self.sums: dict[int, dict[int, float]] = {int(group): {} for group in np.unique(np.r_[links.low, links.high])}
        for a, b, mass in zip(links.low.tolist(), links.high.tolist(), links.mass.tolist(), strict=True):
            self.sums[a][b] = self.sums[b][a] = mass
        bounds = -(links.mass / (groups.size[links.low] * groups.size[links.high]))
        self.heap = list(zip(bounds.tolist(), links.low.tolist(), links.high.tolist(), strict=True))
        heapq.heapify(self.heap)

    def pop(self) -> tuple[float, int, int] | None:
        """Take the link with the highest mean."""
        while self.heap:
            bound, a, b = heapq.heappop(self.heap)
            mass = self.sums[a].get(b)
            if mass is None:
                continue
            mean = mass / (self.size[a] * self.size[b])
            if mean == -bound:
                return mean, a, b
            if mean < -bound:
                heapq.heappush(self.heap, (-mean, a, b))
        return None

    def part(self, a: int, b: int) -> None:
        del self.sums[a][b], self.sums[b][a]

    def join(self, keep: int, gone: int, floor: float) -> None:
        """Fold the links of `gone` into those of `keep`; those that gained mass get a fresh bound."""
        self.part(keep, gone)
        self.size[keep] += self.size[gone]
        kept, folded = self.sums[keep], self.sums.pop(gone)
        for other, mass in folded.items():
            links = self.sums[other]
            del links[gone]
            kept[other] = links[keep] = total = kept.get(other, 0.0) + mass
            mean = total / (self.size[keep] * self.size[other])
            if mean >= floor:
                heapq.heappush(self.heap, (-mean, min(keep, other), max(keep, other)))
        self.sums[gone] = {}
