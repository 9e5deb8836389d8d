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

from dedupe.clustering.heap_linkage import Groups, Ints, Links, one_by_one
from dedupe.clustering.merge_tree import MergeTree

Floats = NDArray[np.float64]
_FEW = 64  # a round that joins fewer than one in so many groups is the last
_DECIMALS = 12  # of a mean; so equal ones stay equal, whatever their sums were rounded to
_NO_NODES = np.empty((2, 0), np.int64)
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
    together: Ints | None = None,
    apart: Ints | None = None,
    floor: float = 0.0,
) -> MergeTree:
    """Return the average-linkage merge tree of judged pairs.

    `i`, `j`, `probability`: (pairs,), each unordered pair once. `weights`: (nodes,), how many members each node stands
    for, one if not given; a pair of nodes counts once for each pair of their members. `spans`: the earliest and latest
    hour of each node, NaN where undated; with `window` (hours), groups whose dated members would span more are never
    joined. `together`: nodes joined before all others, at height 1, as far as the window lets them; `apart`: nodes that
    never come together; both (2, k). Merges under `floor` are not made. Ties go by the numbers of the nodes, so number
    these in an order that does not come from the input.
    """
    first, last = (np.full(nodes, np.nan),) * 2 if spans is None or window is None else spans
    groups = Groups(
        size=np.ones(nodes) if weights is None else weights.astype(float),
        first=np.where(np.isnan(first), np.inf, first),
        last=np.where(np.isnan(last), -np.inf, last),
        height=np.full(nodes, np.inf),
        window=np.inf if window is None else window,
        apart=(_NO_NODES if apart is None else apart).astype(np.int64),
    )
    low, high = np.minimum(i, j).astype(np.int32), np.maximum(i, j).astype(np.int32)
    order = np.lexsort((high, low))  # so that sums do not depend on it
    low, high = low[order], high[order]
    links = Links(low, high, probability[order] * groups.size[low] * groups.size[high])
    del i, j, probability, order  # there may be very many
    first_found, links = _in_advance(groups, links, _NO_NODES if together is None else together)
    found, links = _in_rounds(groups, links, floor)
    found = [first_found, *found, _Merges(*one_by_one(groups, links, floor))]
    merges = _Merges(*(np.concatenate(column) for column in zip(*found, strict=True)))
    order = np.argsort(-merges.height, kind="stable")
    return MergeTree(nodes, merges.left[order], merges.right[order], merges.height[order])


def _in_advance(groups: Groups, links: Links, together: Ints) -> tuple[_Merges, Links]:
    """Join what has to be, one pair after the other by number; return the links between the groups that this makes."""
    name, merges = np.arange(len(groups.size)), []
    for pair in sorted(zip(together.min(axis=0).tolist(), together.max(axis=0).tolist(), strict=True)):
        left, right = sorted(int(name[node]) for node in pair)
        if left != right and not groups.barred(left, right):
            merges.append((left, right, groups.join(left, right, 1.0)))
            name[name == right] = left
    columns = np.array(merges, float).reshape(-1, 3).T
    joined = _Merges(columns[0].astype(np.int64), columns[1].astype(np.int64), columns[2])
    return joined, _contracted(links, name) if merges else links


def _in_rounds(groups: Groups, links: Links, floor: float) -> tuple[list[_Merges], Links]:
    """Join reciprocal best groups, all at once, for as long as that joins many; return the links that are left."""
    found: list[_Merges] = []
    while len(links.low):
        best = _Best.of(groups, links, floor)
        links, pairs = best.links, best.mutual()
        if len(pairs) * _FEW < best.groups:
            break
        left, right = links.low[pairs], links.high[pairs]
        found.append(_Merges(left, right, groups.join(left, right, best.mean[pairs])))
        name = np.arange(len(groups.size))
        name[right] = left
        links = _contracted(links, name)
    return found, links


@dataclass(frozen=True)
class _Best:
    """The links that may still matter, with their means; the highest mean of each group, 0 where it has none."""

    links: Links
    mean: Floats
    of_group: Floats

    @classmethod
    def of(cls, groups: Groups, links: Links, floor: float) -> _Best:
        """Leave out links of groups that are barred from each other, and of those whose best is under the floor."""
        links = links.where(~groups.barred(links.low, links.high))
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


def _contracted(links: Links, name: Ints) -> Links:
    """The links after each group became part of that of its `name`; those that then join the same two are one."""
    nodes, changed = len(name), name != np.arange(len(name))
    changed[name[changed]] = True
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
        np.concatenate([stay.low, (key[starts] // nodes).astype(np.int32)]),
        np.concatenate([stay.high, (key[starts] % nodes).astype(np.int32)]),
        np.concatenate([stay.mass, sums]),
    )
