"""Merge trees and labels -> labelled pairs, counted merge by merge, so that no pair is ever listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dedupe.clustering.merge_tree import MergeTree
from dedupe.evaluation.curves import LabelledPairs
from dedupe.evaluation.metrics import connected_blocks
from dedupe.result.deduplication import Deduplication

Ints = NDArray[np.int64]
_Members = Counter[tuple[int, int]]
_ANY = -1  # in the place of a label: whatever it is


def count_pairs(run: Deduplication, labels: Ints, level: str) -> LabelledPairs:
    """Return the pairs of labelled rows that the floor puts together, and the true pairs that it does not.

    `labels`: a number for each row, (n,), -1 where it has none. Each entry stands, by its weight, for all true or all false
    pairs of one block that one merge makes. Blocks are rows connected by a label or by a group at the floor. `level` is
    "story", or "wording", and then inside the stories at the threshold in force.
    """
    rows = np.flatnonzero(labels >= 0)
    truth, nodes, tree = labels[rows], run.nodes.of[rows], run.trees[level]
    within = np.zeros_like(truth) if level == run.level else run.labels("story")[rows]
    loosest = np.unique(np.stack([tree.cut(run.floor)[nodes], within]), axis=1, return_inverse=True)[1].reshape(-1)
    block = connected_blocks(truth, loosest)
    block_of_group, block_of_label = np.zeros(loosest.max(initial=0) + 1, int), np.zeros(truth.max(initial=0) + 1, int)
    block_of_group[loosest], block_of_label[truth] = block, block
    entries = [
        (height, right, int(block_of_group[group]), number)
        for height, group, true, every in _by_merge(tree, run.floor, nodes, loosest, truth)
        for right, number in ((True, true), (False, every - true))
    ]
    missed = _pairs(np.bincount(truth))
    cells, counts = np.unique(np.stack([truth, loosest]), axis=1, return_counts=True)
    np.subtract.at(missed, cells[0], _pairs(counts))
    entries += [(0.0, True, int(block_of_label[label]), int(missed[label])) for label in np.flatnonzero(missed)]
    heights, same, blocks, weights = zip(*(one for one in entries if one[3]), strict=True) if entries else ((),) * 4
    return LabelledPairs(
        np.array(heights, np.float64),
        np.array(same, np.bool_),
        np.array(weights, np.float64),
        np.array(blocks, np.int64),
    )


def joined(parts: list[LabelledPairs]) -> LabelledPairs:
    """Return the pairs of several runs, whose blocks have nothing to do with each other."""
    sizes = [int(part.blocks.max(initial=-1)) + 1 for part in parts]
    starts = np.cumsum([0, *sizes[:-1]])
    return LabelledPairs(
        np.concatenate([part.heights for part in parts]),
        np.concatenate([part.same for part in parts]),
        np.concatenate([part.weights for part in parts]),
        np.concatenate([part.blocks + start for part, start in zip(parts, starts, strict=True)]),
    )


def _by_merge(
    tree: MergeTree, floor: float, nodes: Ints, groups: Ints, truth: Ints
) -> Iterator[tuple[float, int, int, int]]:
    """Yield (height, group, true pairs, all pairs) of each merge, copies first, from the highest down.

    The larger side of a merge takes in the smaller, so that every row moves a few times only.
    """
    from scipy.cluster.hierarchy import DisjointSet

    members: dict[int, _Members] = {}
    for node, group, label in zip(nodes.tolist(), groups.tolist(), truth.tolist(), strict=True):
        new = members.setdefault(node, Counter())
        yield 1.0, group, new[group, label], new[group, _ANY]
        new.update(((group, label), (group, _ANY)))
    sets = DisjointSet(range(tree.nodes))
    for k in np.argsort(-tree.height, kind="stable")[: int((tree.height >= floor).sum())].tolist():
        sides = [members.pop(sets[side], Counter()) for side in (int(tree.left[k]), int(tree.right[k]))]
        small, large = sorted(sides, key=len)
        for group in {group for group, _ in small}:
            both = {label: n * large[group, label] for (one, label), n in small.items() if one == group}
            every = both.pop(_ANY)
            if every:
                yield float(tree.height[k]), group, sum(both.values()), every
        large.update(small)
        sets.merge(int(tree.left[k]), int(tree.right[k]))
        members[sets[int(tree.left[k])]] = large


def _pairs(sizes: Ints) -> Ints:
    return sizes * (sizes - 1) // 2
