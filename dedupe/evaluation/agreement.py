"""All figures of `evaluation` about a grouping at once, with intervals that take no time on very many rows.

Every one of them is made of sums over blocks that no group crosses: rows, shares of them, pairs. So the sums are taken once
for each block, and a resample only adds those of the blocks it drew.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dedupe.evaluation.metrics import Interval, connected_blocks, encoded

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
FIGURES = (
    *("b_cubed_precision", "b_cubed_recall", "b_cubed_f1"),
    *("pairwise_precision", "pairwise_recall", "pairwise_f1", "adjusted_rand"),
)
"""What is measured, see `dedupe.evaluation.metrics`."""


def agreement(
    truth: Ints, labels: Ints, resamples: int = 1000, seed: int = 0
) -> tuple[dict[str, float], dict[str, Interval]]:
    """Return each of `FIGURES`, and its 95 % bootstrap interval over blocks of connected rows.

    Both are what the functions of `dedupe.evaluation.metrics`, and `bootstrap` there, return for the same rows and seed. `truth`
    and `labels`: a group number for each row, (n,). Raises `InputError` where there is no row.
    """
    true, found = encoded(truth, labels)
    sums = _sums(true, found, connected_blocks(true, found))
    rng, blocks = np.random.default_rng(seed), len(sums)
    drawn = [sums[rng.integers(blocks, size=blocks)].sum(axis=0) for _ in range(resamples)]
    ends = np.quantile(_figures(np.array(drawn)), [0.025, 0.975], axis=0).T.tolist()
    scores = _figures(sums.sum(axis=0)[None])[0].tolist()
    return dict(zip(FIGURES, scores, strict=True)), {
        name: Interval(*span) for name, span in zip(FIGURES, ends, strict=True)
    }


def _sums(true: Ints, found: Ints, block: Ints) -> Floats:
    """Sums of each block, (blocks, 6): rows, of B-cubed precision and recall, pairs in both, in truth, found."""
    cells, row, counts = np.unique(np.stack([true, found]), axis=1, return_index=True, return_counts=True)
    n, where = counts.astype(np.float64), block[row]
    sizes = [np.bincount(side)[cells[k]] for k, side in enumerate((true, found))]
    parts = [n, n * n / sizes[1], n * n / sizes[0], n * (n - 1) / 2, n * (sizes[0] - 1) / 2, n * (sizes[1] - 1) / 2]
    return np.stack([np.bincount(where, weights=part) for part in parts], axis=1)


def _figures(sums: Floats) -> Floats:
    """`FIGURES` from sums over rows, (draws, 6) -> (draws, 7)."""
    rows, precision, recall, both, in_truth, in_found = sums.T
    alone = (in_truth == 0) & (in_found == 0)  # neither joins anything: they agree
    pairs = [np.where(alone, 1.0, _ratio(both, side)) for side in (in_found, in_truth)]
    cubed = [precision / rows, recall / rows]
    chance = _ratio(in_truth * in_found, rows * (rows - 1) / 2)
    most = (in_truth + in_found) / 2
    rand = np.where(most == chance, 1.0, _ratio(both - chance, most - chance))
    return np.stack([*cubed, _f1(*cubed), *pairs, _f1(*pairs), rand], axis=1)


def _f1(precision: Floats, recall: Floats) -> Floats:
    return _ratio(2 * precision * recall, precision + recall)


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole != 0)
