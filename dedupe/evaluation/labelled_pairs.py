"""Pairs with their truth: given as arrays, or counted from merge trees and labels without listing any pair."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import ArrayLike

from dedupe.clustering.merge_tree import MergeTree
from dedupe.errors import InputError
from dedupe.evaluation.labelled import LabelledHeadlines
from dedupe.evaluation.metrics import connected_blocks
from dedupe.result.deduplication import Deduplication
from dedupe.runtime.arrays import Bools, Floats, Ints, pairs_within


@dataclass(frozen=True, slots=True)
class LabelledPairs:
    """Pairs with their truth; arrays of one length, (pairs,).

    `heights`: the highest threshold that joins a pair (`Deduplication.cophenetic`), 0 where none does. `same`: whether it
    truly belongs together. `weights`: how many pairs it stands for; in a sample, one over the chance to be drawn. `blocks`:
    the part of the input it comes from, any number; parts are resampled as a whole, as pairs of one depend on each other.
    """

    heights: Floats
    same: Bools
    weights: Floats
    blocks: Ints

    @classmethod
    def of(
        cls, heights: ArrayLike, same: ArrayLike, weights: ArrayLike | None = None, blocks: ArrayLike | None = None
    ) -> LabelledPairs:
        """Return checked pairs; `InputError` where the arguments do not fit, or no pair is true.

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
    pairs of one block at one height. Blocks are rows connected by a label or by a group at the floor. `level` is "story",
    or "wording"; wordings lie inside the stories at the threshold in force.
    """
    rows = np.flatnonzero(labels >= 0)
    truth, nodes, tree = np.unique(labels[rows], return_inverse=True)[1], run.nodes.of_row[rows], run.trees[level]
    story = np.zeros_like(truth) if level == run.level else run.labels("story")[rows]
    group = _numbered(tree.cut(run.floor)[nodes], story)
    cell, block = _numbered(truth, group), connected_blocks(truth, group)
    true, every = (_pairs_by_height(tree, run.floor, nodes, members, block) for members in (cell, group))
    missed = _pairs_by_block(truth, block) - _pairs_by_block(cell, block)
    entries = [
        *((height, True, part, count) for (height, part), count in true.items()),
        *((height, False, part, count - true[height, part]) for (height, part), count in every.items()),
        *((0.0, True, part, count) for part, count in enumerate(missed.tolist())),
    ]
    columns = zip(*(entry for entry in entries if entry[3]), strict=True)
    heights, same, blocks, weights = tuple(columns) or ((),) * 4
    return LabelledPairs(
        np.array(heights, np.float64), np.array(same, np.bool_), np.array(weights, np.float64), np.array(blocks, int)
    )


def concatenated(parts: Sequence[LabelledPairs]) -> LabelledPairs:
    """Return the pairs of several runs, which share no block."""
    sizes = [int(part.blocks.max(initial=-1)) + 1 for part in parts]
    starts = np.cumsum([0, *sizes[:-1]])
    shifted = [replace(part, blocks=part.blocks + start) for part, start in zip(parts, starts, strict=True)]
    return LabelledPairs(
        *(np.concatenate([getattr(part, column.name) for part in shifted]) for column in fields(parts[0]))
    )


def _numbered(first: Ints, second: Ints) -> Ints:
    return np.asarray(np.unique(np.stack([first, second]), axis=1, return_inverse=True)[1]).reshape(-1)


def _pairs_by_block(group: Ints, block: Ints) -> Ints:
    _, row, sizes = np.unique(group, return_index=True, return_counts=True)
    pairs = np.zeros(int(block.max(initial=-1)) + 1, np.int64)
    np.add.at(pairs, block[row], pairs_within(sizes))
    return pairs


def _pairs_by_height(
    tree: MergeTree, floor: float, nodes: Ints, group: Ints, block: Ints
) -> Counter[tuple[float, int]]:
    """How many pairs inside `group` are joined at each height, by (height, block); copies of one node at 1.

    The larger side of a merge takes in the smaller, so each row moves only a few times.
    """
    from scipy.cluster.hierarchy import DisjointSet

    block_of = dict(zip(group.tolist(), block.tolist(), strict=True))
    members: defaultdict[int, Counter[int]] = defaultdict(Counter)
    pairs: Counter[tuple[float, int]] = Counter()
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
