"""Labelled pairs, counted by the threshold up to which each is put together: precision and recall at every threshold.

A pair is put together by every threshold up to its height, so all that matters is how many true and false pairs lie at
each height. That is counted once, block by block; a resample of blocks is then a product of matrices, and nothing is
grouped again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dedupe.errors import InputError

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
STEPS = 1000
"""Thresholds in [0, 1] that are tried: those with three decimals."""


@dataclass(frozen=True, slots=True)
class LabelledPairs:
    """Pairs with their truth; arrays of one length, (pairs,).

    `heights`: the highest threshold that puts a pair together (`Deduplication.together`), 0 where none does. `same`:
    whether it truly belongs together. `weights`: how many pairs it stands for. `blocks`: the part of the input it is from,
    numbered from 0.
    """

    heights: Floats
    same: NDArray[np.bool_]
    weights: Floats
    blocks: Ints

    @classmethod
    def of(
        cls, heights: ArrayLike, same: ArrayLike, weights: ArrayLike | None, blocks: ArrayLike | None
    ) -> LabelledPairs:
        """Return what was given, checked: `InputError` where it does not fit, or holds no true pair."""
        height, truth = np.asarray(heights, np.float64), np.asarray(same, np.bool_)
        weight = np.ones(height.shape) if weights is None else np.asarray(weights, np.float64)
        block = np.arange(height.size) if blocks is None else np.asarray(blocks)
        if height.ndim != 1 or not height.shape == truth.shape == weight.shape == block.shape:
            shapes = ", ".join(str(one.shape) for one in (height, truth, weight, block))
            raise InputError(f"heights, same, weights and blocks need one value a pair, but they are {shapes}")
        if not ((height >= 0) & (height <= 1)).all():
            raise InputError("heights must lie in [0, 1]: 0 is for a pair that no threshold puts together")
        if not (np.isfinite(weight) & (weight >= 0)).all():
            raise InputError("weights must be finite and not negative: 1 is for a pair that stands for itself")
        if not weight[truth].sum():
            raise InputError("no pair truly belongs together, so there is no recall: give at least one true pair")
        return cls(height, truth, weight, np.unique(block, return_inverse=True)[1].reshape(-1))


@dataclass(frozen=True, slots=True)
class Curve:
    """Precision, recall and F1 of the pairs put together at each threshold, ascending; all (thresholds,).

    Where nothing is put together, precision is 1. `found` is how many pairs are.
    """

    threshold: Floats
    precision: Floats
    recall: Floats
    f1: Floats
    found: Floats


@dataclass(frozen=True, slots=True)
class Counted:
    """Pairs by block and step of height, sparse, (blocks, thresholds + 1): the true ones, and all.

    Column 0 holds those that no threshold puts together, column k those that `thresholds[k - 1]` is the last to do so.
    """

    thresholds: Floats
    true: Any
    all: Any

    @classmethod
    def of(cls, pairs: LabelledPairs, floor: float) -> Counted:
        """Count pairs; the order of blocks follows from what they hold, not from their numbers."""
        from scipy.sparse import csr_array

        thresholds = np.arange(int(np.ceil(floor * STEPS - 1e-9)), STEPS + 1) / STEPS
        column = np.searchsorted(thresholds, pairs.heights, side="right")
        shape = (int(pairs.blocks.max()) + 1, len(thresholds) + 1)
        true = csr_array((pairs.weights * pairs.same, (pairs.blocks, column)), shape=shape)
        every = csr_array((pairs.weights, (pairs.blocks, column)), shape=shape)
        for counts in (true, every):
            counts.sum_duplicates()
        order = sorted(range(shape[0]), key=lambda k: (_held(every, k), _held(true, k)))
        return cls(thresholds, true[order], every[order])

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        return int(self.all.shape[0])

    def drawn(self, times: NDArray[Any]) -> tuple[Floats, Floats]:
        """Return true and all pairs by step of height where each block counts some times; `times`: (draws, blocks)."""
        return times @ self.true, times @ self.all

    def resampled(self, resamples: int, seed: int) -> tuple[Floats, Floats]:
        """Return the same, (resamples, thresholds + 1), for blocks drawn with replacement, as many as there are."""
        rng, chances = np.random.default_rng(seed), np.full(self.blocks, 1 / self.blocks)
        at_once = max(1, 10**7 // self.blocks)
        sizes = [min(at_once, resamples - done) for done in range(0, resamples, at_once)]
        parts = [self.drawn(rng.multinomial(self.blocks, chances, size=size)) for size in sizes]
        return np.concatenate([true for true, _ in parts]), np.concatenate([every for _, every in parts])

    def curve(self, true: Floats, every: Floats) -> Curve:
        """Return the curve of pairs counted by step of height; the last axis is that of the steps."""
        right, found, wanted = over(true), over(every), true.sum(axis=-1, keepdims=True)
        precision = np.divide(right, found, out=np.ones_like(found), where=found > 0)
        recall = np.divide(right, wanted, out=np.zeros_like(found), where=wanted > 0)
        f1 = np.divide(2 * right, found + wanted, out=np.zeros_like(found), where=found + wanted > 0)
        return Curve(self.thresholds, precision, recall, f1, found)


def over(counts: Floats) -> Floats:
    """Return how many pairs lie at or over each threshold, from how many lie in each step."""
    return np.cumsum(counts[..., :0:-1], axis=-1)[..., ::-1]


def smoothed(true: Floats, every: Floats) -> Floats:
    """Return the true pairs of each step, (steps,), where their share rises with the height.

    By isotonic regression (Zadrozny and Elkan, 2002): precision over a threshold then rises with it. What lies under all
    thresholds stays as it is.
    """
    from scipy.optimize import isotonic_regression

    smooth, some = true.copy(), np.flatnonzero(every[1:] > 0) + 1
    if some.size:
        smooth[some] = isotonic_regression(true[some] / every[some], weights=every[some]).x * every[some]
    return smooth


def _held(counts: Any, block: int) -> tuple[Any, ...]:
    part = slice(counts.indptr[block], counts.indptr[block + 1])
    return tuple(counts.indices[part].tolist()), tuple(counts.data[part].tolist())
