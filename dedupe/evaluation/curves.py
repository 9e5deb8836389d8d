"""Labelled pairs, counted by height: precision and recall at every threshold.

Every threshold up to its height joins a pair, so all that matters is how many true and false pairs lie at each height. They
are counted once, block by block; a resample of blocks is then a product of matrices, and nothing is grouped again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dedupe.evaluation.labelled_pairs import LabelledPairs
from dedupe.runtime.arrays import Floats, Ints

STEPS = 1000
"""Thresholds in [0, 1] that are tried: those with three decimals."""
_CHUNK_CELLS = 10**7  # draws times blocks


@dataclass(frozen=True, slots=True)
class Curve:
    """Precision, recall and F1 of the pairs that each threshold joins, ascending; all (thresholds,).

    Where nothing is joined, precision is 1. `found`: how many pairs are joined.
    """

    threshold: Floats
    precision: Floats
    recall: Floats
    f1: Floats
    found: Floats


@dataclass(frozen=True, slots=True)
class StepCounts:
    """Pairs by block and step of height, sparse, (blocks, thresholds + 1): the true ones, and all.

    Column 0 holds those that no threshold joins, column k those that `thresholds[k - 1]` is the last to join.
    """

    thresholds: Floats
    true: Any
    all: Any

    @classmethod
    def of(cls, pairs: LabelledPairs, floor: float) -> StepCounts:
        """Count pairs; the order of blocks follows from their contents, not from their numbers."""
        from scipy.sparse import csr_array

        thresholds = np.arange(int(np.ceil(floor * STEPS - 1e-9)), STEPS + 1) / STEPS
        column = np.searchsorted(thresholds, pairs.heights, side="right")
        blocks, row = np.unique(pairs.blocks, return_inverse=True)
        shape = (len(blocks), len(thresholds) + 1)
        true = csr_array((pairs.weights * pairs.same, (row, column)), shape=shape)
        every = csr_array((pairs.weights, (row, column)), shape=shape)
        for counts in (true, every):
            counts.sum_duplicates()
        order = sorted(range(shape[0]), key=lambda block: (_contents(every, block), _contents(true, block)))
        return cls(thresholds, true[order], every[order])

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        return int(self.all.shape[0])

    def drawn(self, times: Floats | Ints) -> tuple[Floats, Floats]:
        """Return true and all pairs by step where each block counts several times; `times`: (draws, blocks)."""
        return times @ self.true, times @ self.all

    def resampled(self, resamples: int, seed: int) -> tuple[Floats, Floats]:
        """Return the same, (resamples, thresholds + 1), for blocks drawn with replacement, as many as there are."""
        rng, chances = np.random.default_rng(seed), np.full(self.blocks, 1 / self.blocks)
        chunk = max(1, _CHUNK_CELLS // self.blocks)
        sizes = [min(chunk, resamples - done) for done in range(0, resamples, chunk)]
        parts = [self.drawn(rng.multinomial(self.blocks, chances, size=size)) for size in sizes]
        return np.concatenate([true for true, _ in parts]), np.concatenate([every for _, every in parts])

    def curve(self, true: Floats, every: Floats, unseen: float = 0.0) -> Curve:
        """Return the curve of pairs counted by step, (..., steps), with `unseen` more wrong pairs in the precision."""
        right, found, wanted = reaching(true), reaching(every), true.sum(axis=-1, keepdims=True)
        precision = np.divide(right, found + unseen, out=np.ones_like(found), where=found > 0)
        recall = np.divide(right, wanted, out=np.zeros_like(found), where=wanted > 0)
        f1 = np.divide(2 * right, found + wanted, out=np.zeros_like(found), where=found + wanted > 0)
        return Curve(self.thresholds, precision, recall, f1, found)


def reaching(counts: Floats) -> Floats:
    """Return how many pairs reach each threshold, from how many lie in each step."""
    return np.cumsum(counts[..., :0:-1], axis=-1)[..., ::-1]


def smoothed(true: Floats, every: Floats) -> Floats:
    """Return the true pairs of each step, (steps,), moved so that their share rises with the height.

    By isotonic regression (Zadrozny and Elkan, 2002): precision then rises with the threshold. Pairs that no threshold joins
    stay as they are.
    """
    from scipy.optimize import isotonic_regression

    smooth, filled = true.copy(), np.flatnonzero(every[1:] > 0) + 1
    if filled.size:
        share = isotonic_regression(true[filled] / every[filled], weights=every[filled]).x
        smooth[filled] = share * every[filled]
    return smooth


def _contents(counts: Any, block: int) -> tuple[Any, ...]:
    part = slice(counts.indptr[block], counts.indptr[block + 1])
    return tuple(counts.indices[part].tolist()), tuple(counts.data[part].tolist())
