"""Scored pairs -> merge trees, by sparse average linkage; a threshold is a cut of a tree.

Average linkage (UPGMA, Sokal and Michener 1958) over all member pairs, where a pair that was never scored counts as
probability 0: one strong link between two large groups is not enough to join them, so weak chains make no giants.

Joining two groups never raises the mean to a third. So all pairs of groups that are each other's best can be joined at once
(reciprocal nearest neighbors, Murtagh 1983): one round of array operations replaces thousands of steps. When a round joins
few groups, as where one group absorbs all others, `heap_linkage.py` takes over. The rank that decides between equal means has
the same property, so neither this moment nor what else is linked changes a group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dedupe.candidates.pairs import PairTable
from dedupe.clustering.collapse import Nodes
from dedupe.clustering.constraints import Constraints
from dedupe.clustering.heap_linkage import GroupLinks, Groups, one_by_one, pair_ranks
from dedupe.clustering.merge_tree import MergeTree
from dedupe.runtime.arrays import Floats, Ints
from dedupe.runtime.progress import Progress

_LAST_ROUND = 64  # a round that joins fewer than one in 64 groups is the last
_NO_PAIRS = np.empty((2, 0), np.int64)


class _Merges(NamedTuple):
    left: Ints
    right: Ints
    height: Floats


def link(
    pairs: PairTable,
    nodes: Nodes,
    constraints: Constraints,
    levels: Sequence[str],
    window: float | None,
    floor: float,
    progress: Progress,
    owners: Sequence[frozenset[int]] | None = None,
    numbers: Ints | None = None,
) -> dict[str, MergeTree]:
    """Return the merge tree of scored pairs at each level, with the arguments of `merge_tree`."""
    trees = {}
    for level in levels:
        progress(f"grouping {level}", 0, 1)
        used = pairs.p(level) >= floor
        trees[level] = merge_tree(
            len(nodes),
            pairs.i[used],
            pairs.j[used],
            pairs.p(level)[used].astype(np.float64),
            weights=nodes.weight,
            spans=(nodes.first, nodes.last),
            window=window,
            must_link=nodes.of_row[constraints.must_link[level]],
            cannot_link=nodes.of_row[constraints.cannot_link[level]],
            owners=owners,
            floor=floor,
            numbers=numbers,
        )
        progress(f"grouping {level}", 1, 1)
    return trees


def merge_tree(
    nodes: int,
    i: Ints,
    j: Ints,
    probability: Floats,
    *,
    weights: Ints | None = None,
    spans: tuple[Floats, Floats] | None = None,
    window: float | None = None,
    must_link: Ints | None = None,
    cannot_link: Ints | None = None,
    owners: Sequence[frozenset[int]] | None = None,
    floor: float = 0.0,
    numbers: Ints | None = None,
    last_round: int = _LAST_ROUND,
) -> MergeTree:
    """Return the average-linkage merge tree of pairs.

    `i`, `j`, `probability`: (pairs,), each unordered pair once. `weights`: (nodes,), how many members each node has,
    default 1; a pair of nodes counts once for each pair of their members. `spans`: the earliest and latest hour of each
    node, NaN where undated; with `window`, in hours, groups whose dated members would span more are never joined.
    `must_link`: nodes joined before all others, at height 1, where the window allows it; `cannot_link`: nodes that are
    never joined; both (2, k). `owners`: of each node, (nodes,); groups that share one are joined by must-links only.
    No merge is below `floor`. Ties are broken by the numbers of the nodes, which must not depend on the order of the input:
    by their places, or where these are a part of all nodes, by `numbers`, (nodes,), ascending. Then each connected part by
    itself gives the same groups as all together. `last_round`: a round that joins fewer than one in so many groups is the
    last; no matter for the result.
    """
    first, last = (np.full(nodes, np.nan),) * 2 if spans is None or window is None else spans
    groups = Groups(
        size=np.ones(nodes) if weights is None else weights.astype(float),
        first=np.where(np.isnan(first), np.inf, first),
        last=np.where(np.isnan(last), -np.inf, last),
        height=np.full(nodes, np.inf),
        window=np.inf if window is None else window,
        cannot_link=(_NO_PAIRS if cannot_link is None else cannot_link).astype(np.int64),
        owners=None if owners is None else list(owners),
    )
    low, high = np.minimum(i, j).astype(np.int32), np.maximum(i, j).astype(np.int32)
    order = np.lexsort((high, low))  # so that sums do not depend on the order of pairs
    low, high = low[order], high[order]
    rank = pair_ranks(low, high) if numbers is None else pair_ranks(numbers[low], numbers[high])
    links = GroupLinks(low, high, probability[order] * groups.size[low] * groups.size[high], rank)
    del i, j, probability, order, rank  # to save memory
    linked, links = _in_advance(groups, links, _NO_PAIRS if must_link is None else must_link)
    rounds, links = _in_rounds(groups, links, floor, last_round)
    steps = [linked, *rounds, _Merges(*one_by_one(groups, links, floor))]
    merges = _Merges(*(np.concatenate(column) for column in zip(*steps, strict=True)))
    order = np.argsort(-merges.height, kind="stable")
    return MergeTree(nodes, merges.left[order], merges.right[order], merges.height[order])


def _in_advance(groups: Groups, links: GroupLinks, must_link: Ints) -> tuple[_Merges, GroupLinks]:
    """Join the must-links, pair by pair in order of number; return the links between the resulting groups."""
    name, merges = np.arange(len(groups.size)), []
    for pair in sorted(zip(must_link.min(axis=0).tolist(), must_link.max(axis=0).tolist(), strict=True)):
        left, right = sorted(int(name[node]) for node in pair)
        if left != right and not groups.barred(left, right):
            merges.append((left, right, groups.join(left, right, 1.0)))
            name[name == right] = left
    low, high, height = np.array(merges, float).reshape(-1, 3).T
    joined = _Merges(low.astype(np.int64), high.astype(np.int64), height)
    return joined, _contracted(links, name) if merges else links


def _in_rounds(groups: Groups, links: GroupLinks, floor: float, last_round: int) -> tuple[list[_Merges], GroupLinks]:
    """Join groups that are each other's best, all at once, while there are many; return the remaining links."""
    merges: list[_Merges] = []
    while len(links.low):
        best = _Best.of(groups, links, floor)
        links, pairs = best.links, best.mutual()
        if len(pairs) * last_round < best.groups:
            break
        left, right = links.low[pairs], links.high[pairs]
        merges.append(_Merges(left, right, groups.join(left, right, best.mean[pairs])))
        name = np.arange(len(groups.size))
        name[right] = left
        links = _contracted(links, name)
    return merges, links


@dataclass(frozen=True)
class _Best:
    """The links that can still lead to a merge, their means, and the highest mean of each group, 0 where it has none."""

    links: GroupLinks
    mean: Floats
    of_group: Floats

    @classmethod
    def of(cls, groups: Groups, links: GroupLinks, floor: float) -> _Best:
        """Drop links between barred groups, and those of a group whose best is below the floor."""
        links = links.take(~(groups.barred(links.low, links.high) | groups.owned_by_one(links.low, links.high)))
        mean = links.means(groups.size)
        best = np.zeros(len(groups.size))
        for ends in (links.low, links.high):
            np.maximum.at(best, ends, mean)
        alive = np.minimum(best[links.low], best[links.high]) >= floor
        return cls(links.take(alive), mean[alive], best)

    @property
    def groups(self) -> int:
        """How many groups still have links."""
        linked = np.zeros(len(self.of_group), bool)
        linked[self.links.low] = linked[self.links.high] = True
        return int(np.count_nonzero(linked))

    def mutual(self) -> Ints:
        """Return the indices of links that are the best of both groups; each group is in one at most."""
        low, high, _, rank = self.links
        first = np.full(len(self.of_group), np.iinfo(np.uint64).max)
        for ends in (low, high):
            top = self.mean == self.of_group[ends]
            np.minimum.at(first, ends[top], rank[top])
        both = (self.mean == self.of_group[low]) & (self.mean == self.of_group[high])
        return np.flatnonzero(both & (rank == first[low]) & (rank == first[high]))


def _contracted(links: GroupLinks, name: Ints) -> GroupLinks:
    """Return the links after each group became part of its `name`, with those between the same two groups made one."""
    nodes, changed = len(name), name != np.arange(len(name))
    changed[name[changed]] = True
    moved = changed[links.low] | changed[links.high]
    first, second = name[links.low[moved]], name[links.high[moved]]
    key = np.minimum(first, second) * nodes + np.maximum(first, second)
    outer = np.flatnonzero(first != second)
    order = outer[np.argsort(key[outer], kind="stable")]
    key, mass, rank = key[order], links.mass[moved][order], links.rank[moved][order]
    starts = np.flatnonzero(np.diff(key, prepend=-1))
    if len(starts):
        mass, rank = np.add.reduceat(mass, starts), np.maximum.reduceat(rank, starts)
    stay = links.take(~moved)
    return GroupLinks(
        np.concatenate([stay.low, (key[starts] // nodes).astype(np.int32)]),
        np.concatenate([stay.high, (key[starts] % nodes).astype(np.int32)]),
        np.concatenate([stay.mass, mass]),
        np.concatenate([stay.rank, rank]),
    )
