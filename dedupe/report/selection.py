"""Which nodes and pairs of a run go into the page: all of them, unless the run is very large."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dedupe.clustering.merge_tree import MergeTree
from dedupe.result.deduplication import Deduplication
from dedupe.runtime.arrays import Floats, Ints

NEAR_MISSES = 300  # pairs of separate stories whose strongest pair has its reasons in the page


@dataclass(frozen=True)
class PageNodes:
    """The nodes in the page.

    `number`, (nodes,): the place of each node of the run in the page, -1 if left out. The `rows_left_out` are in groups of at
    most `largest` rows.
    """

    number: Ints
    rows_left_out: int
    largest: int

    def __len__(self) -> int:
        return int(np.count_nonzero(self.number >= 0))

    def within(self, tree: MergeTree) -> MergeTree:
        """Return the merges of these nodes, by number."""
        left, right = self.number[tree.left], self.number[tree.right]
        listed = (left >= 0) & (right >= 0)
        return MergeTree(len(self), left[listed], right[listed], tree.height[listed])


def select_nodes(result: Deduplication, max_rows: int) -> PageNodes:
    """Return the nodes of the largest groups that fit into `max_rows` rows.

    Groups are those at the lowest threshold. Each is listed whole or not at all, so that the page regroups what it lists as the
    program would. The largest one is always listed.
    """
    trees = result.trees.values()
    left = np.concatenate([tree.left for tree in trees])
    right = np.concatenate([tree.right for tree in trees])
    graph = coo_array((np.ones(len(left), bool), (left, right)), shape=(len(result.nodes),) * 2)
    group = connected_components(graph, directed=False)[1]
    sizes = np.bincount(group[result.nodes.of_row], minlength=1)
    order = np.argsort(-sizes, kind="stable")
    groups = max(1, int(np.searchsorted(np.cumsum(sizes[order]), max_rows, side="right")))
    listed, others = np.isin(group, order[:groups]), sizes[order[groups:]]
    return PageNodes(np.where(listed, np.cumsum(listed) - 1, -1), int(others.sum()), int(others.max(initial=0)))


@dataclass(frozen=True)
class PagePairs:
    """The pairs in the page, most probable first.

    `i`, `j`: (pairs,), numbers of nodes in the page. `probability`: (pairs,), at the level of the run. `places`: (pairs,), among
    the scored pairs; unscored must-links come after those. `by_merge`: (merges,), the strongest of these pairs across each
    merge of the widest tree; the number of pairs where there is none. `explained`: the pairs with reasons, ascending.
    """

    i: Ints
    j: Ints
    probability: Floats
    places: Ints
    by_merge: Ints
    explained: Ints
    left_out: int


def select_pairs(result: Deduplication, nodes: PageNodes, tree: MergeTree, max_pairs: int) -> PagePairs:
    """Return the most probable pairs, and all that connect groups or nearly do; `tree`: the widest one of the page."""
    number, (first, second, probability) = nodes.number[result.nodes.of_row], _connections(result)
    inside = np.flatnonzero((number[first] >= 0) & (number[second] >= 0))
    places = inside[np.argsort(-probability[inside], kind="stable")]
    i, j, probability = number[first[places]], number[second[places]], probability[places]
    strongest = strongest_across(tree, i, j, probability)
    labels = tree.cut(result.thresholds[result.level])
    explained = np.union1d(strongest[strongest >= 0], _near_misses(labels[i], labels[j]))
    kept = np.union1d(np.arange(min(max_pairs, len(places))), explained)
    return PagePairs(
        i[kept],
        j[kept],
        probability[kept],
        places[kept],
        np.where(strongest >= 0, np.searchsorted(kept, strongest), len(kept)),
        np.searchsorted(kept, explained),
        len(places) - len(kept),
    )


def _connections(result: Deduplication) -> tuple[Ints, Ints, Floats]:
    """Return input positions and probability of the scored pairs, then of the other must-links; 1 for every must-link."""
    pairs, rows = result.pairs, len(result)
    low, high = np.sort(result.constraints.must_link[result.level], axis=0)
    scored, linked = pairs.i * rows + pairs.j, np.unique(low * rows + high)
    probability = np.where(np.isin(scored, linked), 1.0, pairs.p(result.level))
    low, high = np.divmod(linked[~np.isin(linked, scored)], max(rows, 1))
    return np.append(pairs.i, low), np.append(pairs.j, high), np.append(probability, np.ones(len(low)))


def strongest_across(tree: MergeTree, i: Ints, j: Ints, probability: Floats) -> Ints:
    """Return the most probable pair that each merge joins, (merges,); -1 if it joins none. Ties go to the first pair.

    `i`, `j`: (pairs,), nodes. At any cut, these pairs connect each group as a tree: there is one path between two of its nodes.
    """
    merge = tree.joining_merge(i, j)
    rising = np.argsort(-probability, kind="stable")[::-1]
    rising = rising[merge[rising] >= 0]
    strongest = np.full(len(tree.height), -1, np.int64)
    strongest[merge[rising]] = rising  # the last one written to a place stays
    return strongest


def _near_misses(first: Ints, second: Ints) -> Ints:
    """Return the first pair between each two stories, up to `NEAR_MISSES`; `first`, `second`: (pairs,), stories."""
    apart = np.flatnonzero(first != second)
    low, high = np.minimum(first, second)[apart], np.maximum(first, second)[apart]
    leading = np.unique(low * (high.max(initial=0) + 1) + high, return_index=True)[1]
    return apart[np.sort(leading)[:NEAR_MISSES]]
