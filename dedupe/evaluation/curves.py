"""Precision and recall at every threshold, for all labelled pairs and for resamples of them.

A threshold joins each pair whose height reaches it. So pairs are counted once, by block and by the highest threshold that
joins them; a resample of blocks is then a matrix product, and nothing is grouped again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dedupe.evaluation.labelled_pairs import LabelledPairs
from dedupe.runtime.arrays import Floats, Ints

_STEPS = 1000  # thresholds have three decimals
_CHUNK_CELLS = 10**7  # draws times blocks


@dataclass(frozen=True, slots=True)
class Curve:
    """Precision, recall and F1 of the pairs that each threshold joins, ascending; all (thresholds,).

    `joined`: how many pairs each threshold joins. Where it joins none, precision is 1.
    """

    threshold: Floats
    precision: Floats
    recall: Floats
    f1: Floats
    joined: Floats


@dataclass(frozen=True, slots=True)
class StepCounts:
    """How many true pairs and how many pairs in `all` each block has at each step, sparse, (blocks, thresholds + 1).

    Column 0 counts the pairs that no threshold joins, column k those that `thresholds[k - 1]` is the highest to join.
    """

    thresholds: Floats
    true: Any
    all: Any

    @classmethod
    def of(cls, pairs: LabelledPairs, floor: float) -> StepCounts:
        """Count pairs; the order of blocks follows from their contents, not from their numbers."""
        from scipy.sparse import csr_array

        thresholds = np.arange(int(np.ceil(floor * _STEPS - 1e-9)), _STEPS + 1) / _STEPS
        column = np.searchsorted(thresholds, pairs.heights, side="right")
        blocks, row = np.unique(pairs.blocks, return_inverse=True)
        shape = (len(blocks), len(thresholds) + 1)
        counts = [csr_array((w, (row, column)), shape=shape) for w in (pairs.weights * pairs.same, pairs.weights)]
        for matrix in counts:
            matrix.sum_duplicates()
        true, every = counts
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
        """Return the same, (resamples, thresholds + 1), for as many blocks as there are, drawn with replacement."""
        rng, chances = np.random.default_rng(seed), np.full(self.blocks, 1 / self.blocks)
        chunk = max(1, _CHUNK_CELLS // self.blocks)
        sizes = [min(chunk, resamples - done) for done in range(0, resamples, chunk)]
        parts = [self.drawn(rng.multinomial(self.blocks, chances, size=size)) for size in sizes]
        return np.concatenate([true for true, _ in parts]), np.concatenate([every for _, every in parts])

    def curve(self, true: Floats, every: Floats, unseen: float = 0.0) -> Curve:
        """Return the curve of pairs counted by step, (..., steps), with `unseen` more wrong pairs in the precision."""
        right, joined, wanted = reaching(true), reaching(every), true.sum(axis=-1, keepdims=True)
        precision = np.divide(right, joined + unseen, out=np.ones_like(joined), where=joined > 0)
        recall = np.divide(right, wanted, out=np.zeros_like(joined), where=wanted > 0)
        f1 = np.divide(2 * right, joined + wanted, out=np.zeros_like(joined), where=joined + wanted > 0)
        return Curve(self.thresholds, precision, recall, f1, joined)


def reaching(counts: Floats) -> Floats:
    """Return how many pairs reach each threshold, from how many there are at each step."""
    return np.cumsum(counts[..., :0:-1], axis=-1)[..., ::-1]


def smoothed(true: Floats, every: Floats) -> Floats:
    """Return the true pairs at each step, (steps,), adjusted so that their share rises with the height.

    By isotonic regression (Zadrozny and Elkan, 2002), so that precision rises with the threshold. Pairs that no threshold
    joins stay as they are.
    """
    from scipy.optimize import isotonic_regression

    smooth, filled = true.copy(), np.flatnonzero(every[1:] > 0) + 1
    if filled.size:
        share = isotonic_regression(true[filled] / every[filled], weights=every[filled]).x
        smooth[filled] = share * every[filled]
    return smooth


def _contents(counts: Any, block: int) -> tuple[list[int], list[float]]:
    part = slice(counts.indptr[block], counts.indptr[block + 1])
    return counts.indices[part].tolist(), counts.data[part].tolist()
