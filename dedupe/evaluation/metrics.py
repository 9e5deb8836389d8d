"""How well a grouping agrees with a labelled one, and how well probabilities of pairs agree with the truth.

B-cubed, pairwise and adjusted Rand compare two labellings of the same rows; the names of the labels do not matter. All
follow from six sums over the cells of the contingency table. `bootstrap` takes these sums once for each block of rows that no
group crosses, so a resample only adds up the blocks it drew. Average precision, log loss, calibration error and the best F1
measure pairs before anything is grouped.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dedupe.errors import InputError
from dedupe.runtime.arrays import Bools, Floats, Ints, codes, pairs_within

Labels = Iterable[Hashable] | NDArray[Any]
GROUP_FIGURES = (
    *("b_cubed_precision", "b_cubed_recall", "b_cubed_f1"),
    *("pairwise_precision", "pairwise_recall", "pairwise_f1", "adjusted_rand"),
)
"""The keys of what `group_scores` and `bootstrap` return."""


@dataclass(frozen=True, slots=True)
class Score:
    """Precision falls where groups are wrongly merged, recall where they are wrongly split; all in [0, 1]."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval, both ends included, in the units of what was measured."""

    low: float
    high: float


def b_cubed(truth: Labels, labels: Labels) -> Score:
    """Return B-cubed precision and recall, the mean over rows, and their F1 (Bagga and Baldwin, 1998).

    A row's precision is the share of its group that truly belongs with it, itself included; its recall is the share of
    its true group that it is grouped with. `truth` and `labels` hold one hashable label per row. Raises `InputError`
    where their lengths differ or are 0.
    """
    return Score(*list(group_scores(truth, labels).values())[:3])


def pairwise(truth: Labels, labels: Labels) -> Score:
    """Return precision, recall and F1 of "these two rows belong together" over all pairs of rows.

    A ratio of no pairs is 0, so leaving every row alone scores 0. Only where neither labelling joins any rows do they
    agree, and score 1. Arguments and errors are those of `b_cubed`.
    """
    return Score(*list(group_scores(truth, labels).values())[3:6])


def adjusted_rand(truth: Labels, labels: Labels) -> float:
    """Return the Rand index corrected for chance (Hubert and Arabie, 1985): 1 is perfect agreement, about 0 is chance.

    Arguments and errors are those of `b_cubed`.
    """
    return group_scores(truth, labels)["adjusted_rand"]


def group_scores(truth: Labels, labels: Labels) -> dict[str, float]:
    """Return each of `GROUP_FIGURES`. Arguments and errors are those of `b_cubed`."""
    true, found = _encoded(truth, labels)
    figures = _figures(_block_sums(true, found, np.zeros_like(true)))[0]
    return dict(zip(GROUP_FIGURES, figures.tolist(), strict=True))


def bootstrap(
    groupings: Sequence[tuple[Labels, Labels]], resamples: int = 1000, seed: int = 0, level: float = 0.95
) -> dict[str, Interval]:
    """Return the percentile bootstrap interval of each of `GROUP_FIGURES` (Efron and Tibshirani, 1993).

    `groupings` holds (truth, labels) of each data set, as `b_cubed` takes them; the figures are means over data sets. From
    each, blocks are drawn with replacement: rows connected by sharing a true or a found group, so that no pair that either
    labelling joins crosses blocks. `level` is the share of resamples inside the interval, in (0, 1). The same rows in the same
    order with the same `seed` give the same intervals. Raises `InputError` where there is no data set, `resamples` is under 1
    or `level` is outside (0, 1), and where `b_cubed` does.
    """
    if not groupings:
        raise InputError("there are no groupings to resample: give at least one (truth, labels)")
    check_resamples(resamples)
    if not 0 < level < 1:
        raise InputError(f"level must lie between 0 and 1, not {level}: 0.95 is usual")
    encoded = [_encoded(truth, labels) for truth, labels in groupings]
    sums = [_block_sums(true, found, connected_blocks(true, found)) for true, found in encoded]
    rng = np.random.default_rng(seed)
    draws = [[part[rng.integers(len(part), size=len(part))].sum(axis=0) for part in sums] for _ in range(resamples)]
    ends = np.quantile(_figures(np.array(draws)).mean(axis=1), [(1 - level) / 2, (1 + level) / 2], axis=0)
    return {name: Interval(*span) for name, span in zip(GROUP_FIGURES, ends.T.tolist(), strict=True)}


def check_resamples(resamples: int) -> None:
    """Raise `InputError` where there is not at least one resample."""
    if resamples < 1:
        raise InputError(f"resamples must be 1 or more, not {resamples}: 1000 is usual")


def connected_blocks(true: Ints, found: Ints) -> Ints:
    """Return the block of each row, (n,), numbered from 0: rows connected by sharing a true or a found group.

    `true` and `found`: the groups of each row, numbered from 0, (n,).
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    groups = int(true.max(initial=-1)) + 1
    nodes = groups + int(found.max(initial=-1)) + 1
    shared = coo_array((np.ones(len(true)), (true, groups + found)), shape=(nodes, nodes))
    block = connected_components(shared, directed=False)[1][true]
    return np.unique(block, return_inverse=True)[1].reshape(-1)


def _encoded(truth: Labels, labels: Labels) -> tuple[Ints, Ints]:
    true, found = codes(truth), codes(labels)
    if len(true) != len(found):
        raise InputError(f"two labellings need one label per row, but have {len(true)} and {len(found)} labels")
    if not len(true):
        raise InputError("there are no labels to compare: give at least one row")
    return true - true.min(), found - found.min()  # None, numbered -1, is a label like any other


def _block_sums(true: Ints, found: Ints, block: Ints) -> Floats:
    """Sums per block, (blocks, 6): rows, B-cubed precision, B-cubed recall, pairs in both, in the truth, found."""
    _, row, counts = np.unique(true * (found.max() + 1) + found, return_index=True, return_counts=True)
    n = counts.astype(np.float64)
    true_size, found_size = (np.bincount(side)[side[row]] for side in (true, found))
    cubed = n * n / found_size, n * n / true_size
    cells = (n, *cubed, pairs_within(n), n * (true_size - 1) / 2, n * (found_size - 1) / 2)
    return np.stack([np.bincount(block[row], weights=cell) for cell in cells], axis=1)


def _figures(sums: Floats) -> Floats:
    """`GROUP_FIGURES` from sums over rows, (..., 6) -> (..., 7)."""
    rows, precision, recall, both, in_truth, in_found = np.moveaxis(sums, -1, 0)
    nothing_joined = (in_truth == 0) & (in_found == 0)
    pairs = [np.where(nothing_joined, 1.0, _ratio(both, side)) for side in (in_found, in_truth)]
    cubed = [precision / rows, recall / rows]
    chance = _ratio(in_truth * in_found, pairs_within(rows))
    largest = (in_truth + in_found) / 2
    rand = np.where(largest == chance, 1.0, _ratio(both - chance, largest - chance))
    return np.stack([*cubed, _f1(*cubed), *pairs, _f1(*pairs), rand], axis=-1)


def _f1(precision: Floats, recall: Floats) -> Floats:
    return _ratio(2 * precision * recall, precision + recall)


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole != 0)


def average_precision(same: ArrayLike, probability: ArrayLike) -> float:
    """Return the mean precision over the true pairs when pairs are taken from the highest probability down.

    It is the area under the steps of precision against recall, not interpolated (Manning, Raghavan and Schütze, 2008,
    section 8.4); pairs of one probability are taken together. `same` (n,): which pairs truly belong together. `probability`
    (n,): any score that is higher for closer pairs. Raises `InputError` where the lengths differ, a probability is not finite,
    or there is no pair or no true pair.
    """
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(*_checked_pairs(same, probability, recall=True)))


def log_loss(same: ArrayLike, probability: ArrayLike) -> float:
    """Return the mean of -ln(the probability given to what is true) over pairs (Good, 1952): 0 is best, in nats.

    `same` (n,): which pairs truly belong together. `probability` (n,): of that, in [0, 1], clipped to 1e-15 from either end,
    so that a mistake made with certainty costs 34.5 instead of infinity. Raises `InputError` where the lengths differ, there
    is no pair, or a probability is outside [0, 1].
    """
    from sklearn.metrics import log_loss

    true, likely = _checked_pairs(same, probability, probabilities=True)
    return float(log_loss(true, np.clip(likely, 1e-15, 1 - 1e-15), labels=[False, True]))


def calibration_error(same: ArrayLike, probability: ArrayLike, bins: int = 15) -> float:
    """Return how far probabilities are from the share of pairs that are true: 0 is best, in [0, 1].

    This is the expected calibration error (Naeini, Cooper and Hauskrecht, 2015) over `bins` bins of equally many pairs
    (Nguyen and O'Connor, 2015). Pairs of one probability that fall in two bins are shared out in proportion, so that the
    order of the input does not matter. Arguments and errors are those of `log_loss`; `bins` under 1 is an `InputError`, too,
    more bins than pairs are allowed.
    """
    true, likely = _checked_pairs(same, probability, probabilities=True)
    if bins < 1:
        raise InputError(f"bins must be 1 or more, not {bins}: 15 is usual")
    values, group, sizes = np.unique(likely, return_inverse=True, return_counts=True)
    shares = np.bincount(group, weights=true) / sizes
    gaps = np.array_split(np.repeat(values - shares, sizes), bins)
    return float(sum(abs(gap.sum()) for gap in gaps) / len(true))


def best_f1(same: ArrayLike, score: ArrayLike) -> tuple[float, float]:
    """Return the best F1 (van Rijsbergen, 1979) of "score >= threshold" over pairs, and that threshold.

    The threshold is one of the scores; where several do equally well, the highest, which joins the fewest pairs. Arguments and
    errors are those of `average_precision`.
    """
    from sklearn.metrics import precision_recall_curve

    precision, recall, thresholds = precision_recall_curve(*_checked_pairs(same, score, recall=True))
    precision, recall = precision[:-1], recall[:-1]  # the last point is "no pair", which has no threshold
    f1 = 2 * precision * recall / np.maximum(precision + recall, np.finfo(np.float64).tiny)
    best = np.flatnonzero(np.isclose(f1, f1.max(), rtol=1e-12, atol=0.0))[-1]  # equal but for rounding
    return float(f1[best]), float(thresholds[best])


def _checked_pairs(
    same: ArrayLike, score: ArrayLike, *, recall: bool = False, probabilities: bool = False
) -> tuple[Bools, Floats]:
    """Both as arrays, (n,) each; `recall` needs a true pair, `probabilities` lie in [0, 1]."""
    true, scores = np.asarray(same, dtype=np.bool_), np.asarray(score, dtype=np.float64)
    if true.ndim != 1 or true.shape != scores.shape:
        raise InputError(f"each pair needs one truth and one score, but they are {true.shape} and {scores.shape}")
    if not len(true):
        raise InputError("there are no pairs to measure: give at least one")
    if not np.isfinite(scores).all():
        raise InputError(f"scores must be finite, but one is {scores[~np.isfinite(scores)][0]}: leave such pairs out")
    if recall and not true.any():
        raise InputError(f"none of the {len(true)} pairs is true, so there is no recall: give at least one true pair")
    outside = scores[(scores < 0) | (scores > 1)]
    if probabilities and len(outside):
        raise InputError(f"probabilities must lie in [0, 1], but one is {outside[0]}: scale the scores first")
    return true, scores
