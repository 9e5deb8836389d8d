"""Average linkage one merge at a time, with a heap of upper bounds; `Groups` and the `GroupLinks` between them."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedupe.runtime.arrays import Bools, Floats, Ints

_SCALE = 1e12  # means are rounded to 12 decimals, so that no error of rounding parts equal ones
_MIX = np.uint64(0x9E3779B97F4A7C15)  # odd, so that multiplication by it is one-to-one


class GroupLinks(NamedTuple):
    """Pairs of groups, (links,): their numbers, `low` < `high`, int32, the sum of the probabilities between them, and a rank.

    Of equal means, the link with the lowest rank goes first. That of two nodes is `pair_ranks`, that of two groups the highest
    of their scored pairs: so joining two groups never brings a third nearer, neither by mean nor by rank. No two ranks are equal.
    """

    low: Ints
    high: Ints
    mass: Floats
    rank: NDArray[np.uint64]

    def take(self, kept: Bools) -> GroupLinks:
        """Return the links that a mask selects."""
        return GroupLinks(self.low[kept], self.high[kept], self.mass[kept], self.rank[kept])

    def means(self, size: Floats) -> Floats:
        """Return the mean probability of each link between groups of these sizes, rounded."""
        mean: Floats = np.rint(self.mass / (size[self.low] * size[self.high]) * _SCALE) / _SCALE
        return mean


def pair_ranks(low: Ints, high: Ints) -> NDArray[np.uint64]:
    """Return a rank for each pair of nodes with these numbers, below 2**32, (pairs,): a hash, different for each pair.

    By the numbers themselves, all nodes would compete for the smallest.
    """
    rank = ((low.astype(np.uint64) << np.uint64(32)) | high.astype(np.uint64)) * _MIX
    return (rank ^ (rank >> np.uint64(32))) * _MIX


@dataclass(frozen=True)
class Groups:
    """Groups by number, (groups,): number of members, first and last hour, height of the last merge.

    An undated group has infinity as its first hour and minus infinity as its last; the height of a single node is infinity.
    `window`: hours that a group may span. `cannot_link`: (2, k), groups that must not be joined. `owners`: the numbers of those
    of whom a group may have one member each; groups that share one must not be joined. None: no such rule.
    """

    size: Floats
    first: Floats
    last: Floats
    height: Floats
    window: float
    cannot_link: Ints
    owners: list[frozenset[int]] | None = None

    def barred(self, first: Ints | int, second: Ints | int) -> Any:
        """Return whether groups must not be joined; this never changes back, since spans and groups only grow."""
        barred = np.zeros(np.shape(first), bool)
        if self.window < np.inf:
            latest = np.maximum(self.last[first], self.last[second])
            barred |= latest - np.minimum(self.first[first], self.first[second]) > self.window
        if self.cannot_link.size:
            barred |= np.isin(self._keys(first, second), self._keys(*self.cannot_link))
        return barred

    def owned_by_one(self, first: Ints, second: Ints) -> Bools:
        """Return which pairs of groups share an owner, (pairs,); this never changes back, either."""
        shared = np.zeros(len(first), bool)
        if self.owners is not None:
            owned = np.fromiter(map(bool, self.owners), bool, len(self.owners))
            both = np.flatnonzero(owned[first] & owned[second])
            shared[both] = [self._share(a, b) for a, b in zip(first[both].tolist(), second[both].tolist(), strict=True)]
        return shared

    def may_join(self, first: int, second: int) -> bool:
        """Return whether nothing bars two groups from being joined."""
        return not (self.barred(first, second) or self._share(first, second))

    def _share(self, first: int, second: int) -> bool:
        return self.owners is not None and not self.owners[first].isdisjoint(self.owners[second])

    def _keys(self, first: Ints | int, second: Ints | int) -> Any:
        return np.minimum(first, second).astype(np.int64) * len(self.size) + np.maximum(first, second)

    def join(self, left: Ints | int, right: Ints | int, mean: Floats | float) -> Any:
        """Fold groups `right` into groups `left`; return the heights, at most those of earlier merges despite rounding."""
        self._rename(np.atleast_1d(left), np.atleast_1d(right))
        if self.owners is not None:
            for a, b in zip(np.atleast_1d(left).tolist(), np.atleast_1d(right).tolist(), strict=True):
                self.owners[a] |= self.owners[b]
        height = np.minimum(mean, np.minimum(self.height[left], self.height[right]))
        self.height[left] = height
        self.size[left] += self.size[right]
        self.first[left] = np.minimum(self.first[left], self.first[right])
        self.last[left] = np.maximum(self.last[left], self.last[right])
        return height

    def _rename(self, left: Ints, right: Ints) -> None:
        """Pass the cannot-links of groups `right` on to groups `left`."""
        if self.cannot_link.size and len(right):
            order = np.argsort(right)
            index = order[np.searchsorted(right, self.cannot_link, sorter=order).clip(max=len(right) - 1)]
            joined = right[index] == self.cannot_link
            self.cannot_link[joined] = left[index[joined]]


def one_by_one(groups: Groups, links: GroupLinks, floor: float) -> tuple[Ints, Ints, Floats]:
    """Join the two groups with the highest mean while it reaches `floor`; return left, right and height of the merges.

    Barred groups are never joined. Of equal means, the one of the lowest rank goes first.
    """
    queue = _Queue(groups, links)
    merges = []
    while (best := queue.pop()) is not None and best[0] >= floor:
        mean, a, b = best
        if not groups.may_join(a, b):
            queue.part(a, b)
            continue
        merges.append((a, b, groups.join(a, b, mean)))
        queue.join(a, b, floor)
    left, right, height = np.array(merges, float).reshape(-1, 3).T
    return left.astype(np.int64), right.astype(np.int64), height


class _Queue:
    """The sums and ranks between groups, and a heap of bounds: the highest mean and the lowest rank that a link can have.

    Joining two groups never brings a third nearer, so a stale bound is still a bound; `pop` corrects it.
    """

    def __init__(self, groups: Groups, links: GroupLinks) -> None:
        self.size: list[float] = groups.size.tolist()
        self.links: dict[int, dict[int, tuple[float, int]]] = {
            int(group): {} for group in np.unique(np.r_[links.low, links.high])
        }
        columns = links.low.tolist(), links.high.tolist(), links.mass.tolist(), links.rank.tolist()
        for a, b, mass, rank in zip(*columns, strict=True):
            self.links[a][b] = self.links[b][a] = mass, rank
        bounds = -np.rint(links.means(groups.size) * _SCALE).astype(np.int64)
        self.heap = list(
            zip(bounds.tolist(), links.rank.tolist(), links.low.tolist(), links.high.tolist(), strict=True)
        )
        heapq.heapify(self.heap)

    def pop(self) -> tuple[float, int, int] | None:
        """Return the highest mean and its two groups."""
        while self.heap:
            bound = heapq.heappop(self.heap)
            a, b = bound[2:]
            link = self.links[a].get(b)
            if link is None:
                continue
            now = -self._scaled(a, b, link[0]), link[1], a, b
            if now == bound:
                return -now[0] / _SCALE, a, b
            if now > bound:
                heapq.heappush(self.heap, now)
        return None

    def _scaled(self, a: int, b: int, mass: float) -> int:
        """Return the mean of a link, rounded, in units of the last decimal."""
        return round(mass / (self.size[a] * self.size[b]) * _SCALE)

    def part(self, a: int, b: int) -> None:
        del self.links[a][b], self.links[b][a]

    def join(self, left: int, right: int, floor: float) -> None:
        """Fold the links of `right` into those of `left`, whose sums rise and need a new bound."""
        self.part(left, right)
        self.size[left] += self.size[right]
        kept, folded = self.links[left], self.links.pop(right)
        for third, (mass, rank) in folded.items():
            links = self.links[third]
            del links[right]
            if third in kept:
                more, other = kept[third]
                mass, rank = mass + more, rank if rank > other else other
            kept[third] = links[left] = mass, rank
            scaled = self._scaled(left, third, mass)
            if scaled / _SCALE >= floor:
                ends = (left, third) if left < third else (third, left)
                heapq.heappush(self.heap, (-scaled, rank, *ends))
        self.links[right] = {}
