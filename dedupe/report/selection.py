"""What of a very large run goes into the page, and a sentence for each thing that does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dedupe.clustering.merge_tree import MergeTree
from dedupe.report.links import strongest_across
from dedupe.result.deduplication import Deduplication
from dedupe.result.pairs import ScoredPairs
from dedupe.runtime.arrays import Floats, Ints

NEAR_MISSES = 300  # pairs of stories kept apart whose strongest pair is explained in words


@dataclass(frozen=True)
class Choice:
    """`nodes`: those of the page, ascending. `left_out`: how many rows are in none of them, in groups of up to `largest`."""

    nodes: Ints
    left_out: int
    largest: int

    def within(self, tree: MergeTree) -> MergeTree:
        """Return the merges of these nodes, which are numbered anew by their place among them."""
        place = np.full(tree.nodes, -1, np.int64)
        place[self.nodes] = np.arange(len(self.nodes))
        kept = (place[tree.left] >= 0) & (place[tree.right] >= 0)
        return MergeTree(len(self.nodes), place[tree.left[kept]], place[tree.right[kept]], tree.height[kept])


def choose_nodes(result: Deduplication, most: int) -> Choice:
    """Return the nodes of the groups that the page has room for: up to `most` rows, the largest groups first.

    A group is what holds together at the lowest threshold of all. It comes whole or not at all, so regrouping in the
    page is right for all that is there. The largest one always comes.
    """
    group = _groups(list(result.trees.values()), len(result.nodes.row))
    sizes = np.bincount(group[result.nodes.of], minlength=1)
    falling = np.argsort(-sizes, kind="stable")
    count = max(1, int(np.searchsorted(np.cumsum(sizes[falling]), most, side="right")))
    chosen, others = falling[:count], falling[count:]
    nodes = np.flatnonzero(np.isin(group, chosen))
    return Choice(nodes, int(sizes[others].sum()), int(sizes[others].max(initial=0)))


def _groups(trees: list[MergeTree], nodes: int) -> Ints:
    """What holds together by any merge of any tree, (nodes,), numbered by first appearance."""
    left, right = (np.concatenate([getattr(tree, side) for tree in trees]) for side in ("left", "right"))
    graph = coo_array((np.ones(len(left), bool), (left, right)), shape=(nodes, nodes))
    return connected_components(graph, directed=False)[1].astype(np.int64)


@dataclass(frozen=True)
class Pairs:
    """Judged pairs of the page, most probable first, by node of the page: all arrays (pairs,).

    `places`: where they are among all judged pairs. `links`: (merges,), the strongest pair across each merge of the
    tree of stories, as a place among these; their number where a merge has none. `explained`: those with words, ascending.
    """

    i: Ints
    j: Ints
    story: Floats
    wording: Floats
    places: Ints
    links: Ints
    explained: Ints
    left_out: int


def choose_pairs(result: Deduplication, pairs: ScoredPairs, choice: Choice, tree: MergeTree, most: int) -> Pairs:
    """Return the `most` most probable of the judged pairs, and all that link groups or nearly did."""
    node, level = _renumbered(choice, result.nodes.of), pairs.p(result.level)
    inside = np.flatnonzero((node[pairs.i] >= 0) & (node[pairs.j] >= 0))
    inside = inside[np.argsort(-level[inside], kind="stable")]
    i, j = node[pairs.i[inside]], node[pairs.j[inside]]
    links = strongest_across(tree, i, j, level[inside])
    labels = tree.cut(result.thresholds[result.level])
    explained = np.union1d(links[links >= 0], _near_misses(labels[i], labels[j]))
    kept = np.union1d(np.arange(min(most, len(inside))), explained)
    return Pairs(
        i[kept],
        j[kept],
        pairs.p_story[inside[kept]],
        pairs.p_wording[inside[kept]],
        inside[kept],
        np.where(links >= 0, np.searchsorted(kept, links), len(kept)),
        np.searchsorted(kept, explained),
        len(inside) - len(kept),
    )


def _near_misses(one: Ints, other: Ints) -> Ints:
    """The first pair between each two stories, of the first of those; `one`, `other`: (pairs,), stories."""
    apart = np.flatnonzero(one != other)
    low, high = np.minimum(one, other)[apart], np.maximum(one, other)[apart]
    first = np.unique(low * (high.max(initial=0) + 1) + high, return_index=True)[1]
    found: Ints = apart[np.sort(first)[:NEAR_MISSES]]
    return found


def _renumbered(choice: Choice, of: Ints) -> Ints:
    """The node of the page of each row, (rows,), -1 for those left out."""
    node = np.full(int(of.max(initial=-1)) + 1, -1, np.int64)
    node[choice.nodes] = np.arange(len(choice.nodes))
    return node[of]


def rows_of(result: Deduplication, choice: Choice) -> tuple[Ints, Ints]:
    """Return the rows of the page, ascending, and the node of the page of each."""
    node = _renumbered(choice, result.nodes.of)
    shown: NDArray[np.bool_] = node >= 0
    return np.flatnonzero(shown), node[shown]


def sentences(result: Deduplication, choice: Choice, pairs: Pairs) -> Iterator[str]:
    """Yield a sentence for each thing that the page leaves out."""
    if choice.left_out:
        size = "1 headline" if choice.largest == 1 else f"{choice.largest:,} headlines"
        yield (
            f"{choice.left_out:,} of {len(result):,} headlines are counted but not listed: "
            f"those in the smallest groups, of up to {size} even at the lowest threshold"
        )
    if pairs.left_out:
        yield f"{pairs.left_out:,} of the weakest judged pairs are not in the page: near-misses leave them out"
