"""Pairs with their truth: given as arrays, or counted from merge trees and labels without listing any pair."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dedupe.clustering.merge_tree import MergeTree
from dedupe.errors import InputError
from dedupe.evaluation.labelled import LabelledHeadlines
from dedupe.evaluation.metrics import connected_blocks
from dedupe.result.deduplication import Deduplication
from dedupe.runtime.arrays import Bools, Floats, Ints, pairs_within

_Counts = Counter[tuple[float, int]]
"""How many pairs there are, by height and block."""


@dataclass(frozen=True, slots=True)
class LabelledPairs:
    """Pairs with their truth; arrays of one length, (pairs,).

    `heights`: the highest threshold that joins a pair (`Deduplication.cophenetic`), 0 where none does. `same`: whether it
    truly belongs together. `weights`: how many pairs it stands for; in a sample, one over its chance to be drawn. `blocks`:
    any number for the part of the input it comes from. Pairs of one part depend on each other, so it is resampled as one.
    """

    heights: Floats
    same: Bools
    weights: Floats
    blocks: Ints

    @classmethod
    def of(
        cls, heights: ArrayLike, same: ArrayLike, weights: ArrayLike | None = None, blocks: ArrayLike | None = None
    ) -> LabelledPairs:
        """Return checked pairs; raise `InputError` if the arguments do not fit each other, or no pair is true.

        By default each weight is 1, and each pair is a block.
        """
        height, truth = np.asarray(heights, np.float64), np.asarray(same, np.bool_)
        weight = np.ones(height.shape) if weights is None else np.asarray(weights, np.float64)
        block = np.arange(height.size) if blocks is None else np.asarray(blocks)
        if height.ndim != 1 or not height.shape == truth.shape == weight.shape == block.shape:
            shapes = ", ".join(str(values.shape) for values in (height, truth, weight, block))
            raise InputError(f"heights, same, weights and blocks need one value per pair, but they are {shapes}")
        if not ((height >= 0) & (height <= 1)).all():
            raise InputError("heights must lie in [0, 1]: give 0 for a pair that no threshold joins")
        if not (np.isfinite(weight) & (weight >= 0)).all():
            raise InputError("weights must be finite and not negative: give 1 for a pair that stands for itself")
        if not weight[truth].sum():
            raise InputError("no pair truly belongs together, so there is no recall: give at least one true pair")
        return cls(height, truth, weight, block)


def labelled_pairs(labelled: LabelledHeadlines, runs: Sequence[Deduplication], level: str) -> LabelledPairs:
    """Return the counted pairs of all slices, see `count_pairs`."""
    parts = zip(labelled.slices, runs, strict=True)
    return concatenated([count_pairs(run, labelled.labels[level][rows], level) for rows, run in parts])


def count_pairs(run: Deduplication, labels: Ints, level: str) -> LabelledPairs:
    """Return the pairs of labelled rows that the floor joins, and the true pairs that it does not join.

    `labels`: a number for each row, (n,), -1 where it has none. Each entry stands, by its weight, for all true or all false
    pairs of one block at one height. Blocks are rows connected by a label or by a group at the floor. With `level` "wording",
    groups lie inside the stories at the threshold in force.
    """
    rows = np.flatnonzero(labels >= 0)
    truth, nodes, tree = np.unique(labels[rows], return_inverse=True)[1], run.nodes.of_row[rows], run.trees[level]
    story = np.zeros_like(truth) if level == run.level else run.labels("story")[rows]
    group = _intersected(tree.cut(run.floor)[nodes], story)
    true_group, block = _intersected(truth, group), connected_blocks(truth, group)
    true, joined = (_pairs_by_height(tree, run.floor, nodes, groups, block) for groups in (true_group, group))
    missed = _pairs_by_block(truth, block) - _pairs_by_block(true_group, block)
    counts = (true + Counter({(0.0, part): count for part, count in enumerate(missed.tolist())}), joined - true)
    entries = [
        (height, same, count, part)
        for same, pairs in zip((True, False), counts, strict=True)
        for (height, part), count in pairs.items()
    ]
    heights, same, weights, blocks = np.array(entries, np.float64).reshape(-1, 4).T
    return LabelledPairs(heights, same.astype(bool), weights, blocks.astype(int))


def concatenated(parts: Sequence[LabelledPairs]) -> LabelledPairs:
    """Return the pairs of several runs, which share no block."""
    starts = np.cumsum([0, *(int(part.blocks.max(initial=-1)) + 1 for part in parts[:-1])])
    return LabelledPairs(
        np.concatenate([part.heights for part in parts]),
        np.concatenate([part.same for part in parts]),
        np.concatenate([part.weights for part in parts]),
        np.concatenate([part.blocks + start for part, start in zip(parts, starts, strict=True)]),
    )


def _intersected(first: Ints, second: Ints) -> Ints:
    """The group of each row in the intersection of two groupings, (n,)."""
    return np.asarray(np.unique(np.stack([first, second]), axis=1, return_inverse=True)[1]).reshape(-1)


def _pairs_by_block(group: Ints, block: Ints) -> Ints:
    _, row, sizes = np.unique(group, return_index=True, return_counts=True)
    return np.bincount(block[row], weights=pairs_within(sizes)).astype(int)


def _pairs_by_height(tree: MergeTree, floor: float, nodes: Ints, group: Ints, block: Ints) -> _Counts:
    """How many pairs inside `group` are joined at each height; copies of one node at 1.

    The larger side of a merge takes in the smaller, so each row moves only a few times.
    """
    from scipy.cluster.hierarchy import DisjointSet

    block_of = dict(zip(group.tolist(), block.tolist(), strict=True))
    members: defaultdict[int, Counter[int]] = defaultdict(Counter)
    pairs: _Counts = Counter()
    for node, own in zip(nodes.tolist(), group.tolist(), strict=True):
        pairs[1.0, block_of[own]] += members[node][own]
        members[node][own] += 1
    sets = DisjointSet(range(tree.nodes))
    for k in np.argsort(-tree.height, kind="stable")[: int((tree.height >= floor).sum())].tolist():
        left, right, height = int(tree.left[k]), int(tree.right[k]), float(tree.height[k])
        small, large = sorted((members.pop(sets[side], Counter()) for side in (left, right)), key=len)
        for own, count in small.items():
            pairs[height, block_of[own]] += count * large[own]
        large.update(small)
        sets.merge(left, right)
        members[sets[left]] = large
    return pairs
