"""What of a very large run goes into the page."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dedupe.clustering.merge_tree import MergeTree
from dedupe.result.deduplication import Deduplication
from dedupe.runtime.arrays import Floats, Ints

NEAR_MISSES = 300  # pairs of stories kept apart whose strongest pair has its reasons in the page


@dataclass(frozen=True)
class PageNodes:
    """`number`, (nodes,): of each node in the page, -1 if left out. `rows_left_out` are in groups of up to `largest`."""

    number: Ints
    rows_left_out: int
    largest: int

    def __len__(self) -> int:
        return int(np.count_nonzero(self.number >= 0))

    def within(self, tree: MergeTree) -> MergeTree:
        """Return the merges of these nodes, by number."""
        listed = (self.number[tree.left] >= 0) & (self.number[tree.right] >= 0)
        return MergeTree(
            len(self), self.number[tree.left[listed]], self.number[tree.right[listed]], tree.height[listed]
        )


def select_nodes(result: Deduplication, max_rows: int) -> PageNodes:
    """Return the nodes of the largest groups that have room, up to `max_rows` rows in all.

    A group here is what holds together at the lowest threshold. It comes whole or not at all, so that regrouping in the
    page is right for everything listed. The largest one always comes.
    """
    trees = result.trees.values()
    left, right = (np.concatenate([getattr(tree, side) for tree in trees]) for side in ("left", "right"))
    nodes = len(result.nodes)
    graph = coo_array((np.ones(len(left), bool), (left, right)), shape=(nodes, nodes))
    group = connected_components(graph, directed=False)[1]
    sizes = np.bincount(group[result.nodes.of_row], minlength=1)
    order = np.argsort(-sizes, kind="stable")
    groups = max(1, int(np.searchsorted(np.cumsum(sizes[order]), max_rows, side="right")))
    listed, others = np.isin(group, order[:groups]), sizes[order[groups:]]
    return PageNodes(np.where(listed, np.cumsum(listed) - 1, -1), int(others.sum()), int(others.max(initial=0)))


@dataclass(frozen=True)
class PagePairs:
    """Pairs of the page, most probable first, by number of the node: all arrays (pairs,).

    `probability`: at the level of the run. `places`: among the scored pairs; those of must-links that were not scored come
    after them. `by_merge`: (merges,), the strongest pair across each merge of the widest tree, as a place among these; their
    number where a merge has none. `explained`: those with reasons, ascending.
    """

    i: Ints
    j: Ints
    probability: Floats
    places: Ints
    by_merge: Ints
    explained: Ints
    left_out: int


def select_pairs(result: Deduplication, nodes: PageNodes, tree: MergeTree, max_pairs: int) -> PagePairs:
    """Return the most probable pairs, and all that connect groups or nearly did. `tree`: the widest one, within the page."""
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
    """The scored pairs and then other must-links, by position, with their probability: 1 for a must-link."""
    pairs, rows = result.pairs, len(result)
    low, high = np.sort(result.constraints.must_link[result.level], axis=0)
    scored, linked = pairs.i * rows + pairs.j, np.unique(low * rows + high)
    probability = np.where(np.isin(scored, linked), 1.0, pairs.p(result.level))
    low, high = np.divmod(linked[~np.isin(linked, scored)], max(rows, 1))
    return np.append(pairs.i, low), np.append(pairs.j, high), np.append(probability, np.ones(len(low)))


def strongest_across(tree: MergeTree, i: Ints, j: Ints, probability: Floats) -> Ints:
    """Return, for each merge, the place of the most probable pair that it joins, (merges,); -1 if it joins none.

    `i`, `j`: (pairs,), nodes. Ties go to the first pair. At any cut, the pairs of the merges above it connect each group
    without cycles: there is one path between any two of its nodes.
    """
    merge = tree.joining_merge(i, j)
    rising = np.argsort(-probability, kind="stable")[::-1]
    rising = rising[merge[rising] >= 0]
    strongest = np.full(len(tree.height), -1, np.int64)
    strongest[merge[rising]] = rising  # the last one written to a place stays
    return strongest


def _near_misses(first: Ints, second: Ints) -> Ints:
    """The first pair between each two stories, for the first of those; `first`, `second`: (pairs,), stories."""
    apart = np.flatnonzero(first != second)
    low, high = np.minimum(first, second)[apart], np.maximum(first, second)[apart]
    leading = np.unique(low * (high.max(initial=0) + 1) + high, return_index=True)[1]
    return apart[np.sort(leading)[:NEAR_MISSES]]
