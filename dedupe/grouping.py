"""Judged pairs -> a merge tree, by sparse average linkage; a threshold is a cut of the tree.

Average linkage (UPGMA, Sokal and Michener 1958) over all member pairs, where a pair that was never judged counts as
probability 0: one strong link between two large groups is not enough to join them, so weak chains make no giants.

Joining two groups never raises the mean to a third. So groups that are each other's best can be joined whatever happens
elsewhere, and all of them at once (reciprocal nearest neighbours, Murtagh 1983): a round of array operations takes the
place of thousands of steps. Where rounds find little to join, since one group takes in all others, `linkage.py` goes on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedupe.linkage import Groups, Ints, Links, one_by_one
from dedupe.trees import MergeTree

Floats = NDArray[np.float64]
_FEW = 64  # a round that joins fewer than one in so many groups is the last
_DECIMALS = 12  # of a mean; so equal ones stay equal, whatever their sums were rounded to
_MIX = np.uint64(0x9E3779B97F4A7C15)  # odd, so that multiplying by it keeps different numbers different


class _Merges(NamedTuple):
    left: Ints
    right: Ints
    height: Floats


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
    joined. Merges under `floor` are not made. Ties go by the numbers of the nodes, so number these in an order that
    does not come from the input.
    """
    first, last = (np.full(nodes, np.nan),) * 2 if spans is None or window is None else spans
    groups = Groups(
        size=np.ones(nodes) if weights is None else weights.astype(float),
        first=np.where(np.isnan(first), np.inf, first),
        last=np.where(np.isnan(last), -np.inf, last),
        height=np.full(nodes, np.inf),
    )
    low, high = np.minimum(i, j).astype(np.int64), np.maximum(i, j).astype(np.int64)
    order = np.lexsort((high, low))  # so that sums do not depend on it
    low, high = low[order], high[order]
    links = Links(low, high, probability[order] * groups.size[low] * groups.size[high])
    apart = np.inf if window is None else window
    found, links = _in_rounds(groups, links, floor, apart)
    found.append(_Merges(*one_by_one(groups, links, floor, apart)))
    merges = _Merges(*(np.concatenate(column) for column in zip(*found, strict=True)))
    order = np.argsort(-merges.height, kind="stable")
    return MergeTree(nodes, merges.left[order], merges.right[order], merges.height[order])


def _in_rounds(groups: Groups, links: Links, floor: float, window: float) -> tuple[list[_Merges], Links]:
    """Join reciprocal best groups, all at once, for as long as that joins many; return the links that are left."""
    found: list[_Merges] = []
    while len(links.low):
        best = _Best.of(groups, links, floor, window)
        links, pairs = best.links, best.mutual()
        if len(pairs) * _FEW < best.groups:
            break
        left, right = links.low[pairs], links.high[pairs]
        found.append(_Merges(left, right, groups.join(left, right, best.mean[pairs])))
        links = _contracted(links, left, right, len(groups.size))
    return found, links


@dataclass(frozen=True)
class _Best:
    """The links that may still matter, with their means; the highest mean of each group, 0 where it has none."""

    links: Links
    mean: Floats
    of_group: Floats

    @classmethod
    def of(cls, groups: Groups, links: Links, floor: float, window: float) -> _Best:
        """Leave out links of groups too far apart, which will stay so, and of groups whose best is under the floor."""
        if window < np.inf:
            links = links.where(groups.span(links.low, links.high) <= window)
        mean = np.round(links.mass / (groups.size[links.low] * groups.size[links.high]), _DECIMALS)
        best = np.zeros(len(groups.size))
        for ends in (links.low, links.high):
            np.maximum.at(best, ends, mean)
        alive = np.minimum(best[links.low], best[links.high]) >= floor
        return cls(links.where(alive), mean[alive], best)

    @property
    def groups(self) -> int:
        """How many groups still have links."""
        linked = np.zeros(len(self.of_group), bool)
        linked[self.links.low] = linked[self.links.high] = True
        return int(np.count_nonzero(linked))

    def mutual(self) -> Ints:
        """Places of links that are the best of both their ends; each group is in one at most.

        Ties fall by a mix of both numbers: by the numbers alone, all would want the smallest and but one would get it.
        """
        low, high = self.links.low, self.links.high
        rank = (low.astype(np.uint64) * np.uint64(len(self.of_group)) + high.astype(np.uint64)) * _MIX
        rank = (rank ^ (rank >> np.uint64(32))) * _MIX
        first = np.zeros(len(self.of_group), np.uint64)
        for ends in (low, high):
            top = self.mean == self.of_group[ends]
            np.maximum.at(first, ends[top], rank[top])
        both = (self.mean == self.of_group[low]) & (self.mean == self.of_group[high])
        return np.flatnonzero(both & (rank == first[low]) & (rank == first[high]))


def _contracted(links: Links, left: Ints, right: Ints, nodes: int) -> Links:
    """The links after each `right` became part of its `left`; those that then join the same two are one."""
    name, changed = np.arange(nodes), np.zeros(nodes, bool)
    name[right] = left
    changed[left] = changed[right] = True
    moved = changed[links.low] | changed[links.high]
    one, other = name[links.low[moved]], name[links.high[moved]]
    key, mass = np.minimum(one, other) * nodes + np.maximum(one, other), links.mass[moved]
    outer = np.flatnonzero(one != other)
    order = outer[np.argsort(key[outer], kind="stable")]
    key, mass = key[order], mass[order]
    starts = np.flatnonzero(np.diff(key, prepend=-1))
    sums = np.add.reduceat(mass, starts) if len(starts) else mass
    stay = links.where(~moved)
    return Links(
        np.concatenate([stay.low, key[starts] // nodes]),
        np.concatenate([stay.high, key[starts] % nodes]),
        np.concatenate([stay.mass, sums]),
    )
