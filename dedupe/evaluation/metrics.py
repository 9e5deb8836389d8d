"""How well a grouping agrees with a labelled one, and how well scores of pairs agree with the truth about them.

B-cubed, pairwise and adjusted Rand compare two labellings of the same rows; the names of the labels do not matter. They
are computed from the contingency table's non-zero cells, so a million rows are no trouble. `bootstrap` says how far to
trust one. Average precision, log loss, calibration error and the best F1 look at pairs before anything is grouped.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dedupe.errors import InputError

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Labels = Iterable[Hashable] | NDArray[Any]


@dataclass(frozen=True, slots=True)
class Score:
    """Precision falls where groups are merged that should not be, recall where they are split; all in [0, 1]."""

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
    its true group that it is grouped with. `truth` and `labels` hold one hashable label a row. Raises `InputError`
    where their lengths differ or are 0.
    """
    cells, true_sizes, found_sizes = _contingency(truth, labels)
    rows = cells.sum()
    return _score(float((cells**2 / found_sizes).sum() / rows), float((cells**2 / true_sizes).sum() / rows))


def pairwise(truth: Labels, labels: Labels) -> Score:
    """Return precision, recall and F1 of "these two rows belong together" over all pairs of rows.

    A ratio of no pairs at all is 0, so leaving every row alone scores 0; only where neither labelling joins anything
    they agree, and score 1. Arguments and errors are those of `b_cubed`.
    """
    true, found = encoded(truth, labels)
    both = _pairs(_counts(true, found)[2])
    in_truth, in_found = _pairs(np.bincount(true)), _pairs(np.bincount(found))
    if not in_truth and not in_found:
        return Score(1.0, 1.0, 1.0)
    return _score(both / in_found if in_found else 0.0, both / in_truth if in_truth else 0.0)


def adjusted_rand(truth: Labels, labels: Labels) -> float:
    """Return the Rand index corrected for chance (Hubert and Arabie, 1985): 1 is agreement, about 0 is chance.

    Arguments and errors are those of `b_cubed`.
    """
    from sklearn.metrics import adjusted_rand_score

    true, found = encoded(truth, labels)
    return float(adjusted_rand_score(true, found))


def bootstrap(
    metric: Callable[[Labels, Labels], float],
    groupings: Sequence[tuple[Labels, Labels]],
    resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Interval:
    """Return the percentile bootstrap interval of a metric's mean over data sets (Efron and Tibshirani, 1993).

    `groupings` holds (truth, labels) of each data set, as `b_cubed` takes them, and `metric` is called with integer
    arrays in their place. Drawn with replacement, in each data set on its own, are not rows but blocks: rows connected
    by sharing a true or a found group. No pair that either side joins crosses blocks. A block drawn twice counts as two
    that have nothing in common. `level` is the share of resamples inside the interval, in (0, 1). The same rows in the
    same order with the same `seed` give the same interval. Raises `InputError` where there is no data set, `resamples`
    is under 1 or `level` is outside (0, 1), and where `b_cubed` does.
    """
    if not groupings:
        raise InputError("there are no groupings to resample: give at least one (truth, labels)")
    if resamples < 1:
        raise InputError(f"resamples must be 1 or more, not {resamples}: 1000 is usual")
    if not 0 < level < 1:
        raise InputError(f"level must lie between 0 and 1, not {level}: 0.95 is usual")
    blocks = [_Blocks.of(*encoded(truth, labels)) for truth, labels in groupings]
    rng = np.random.default_rng(seed)
    means = [np.mean([metric(*each.drawn(rng)) for each in blocks]) for _ in range(resamples)]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))


def encoded(truth: Labels, labels: Labels) -> tuple[Ints, Ints]:
    """Return two labellings as numbers from 0, by first appearance; `InputError` where `b_cubed` raises it."""
    true, found = _encode(truth), _encode(labels)
    if len(true) != len(found):
        raise InputError(f"two labellings need one label a row each, but have {len(true)} and {len(found)} labels")
    if not len(true):
        raise InputError("there are no labels to compare: give at least one row")
    return true, found


def connected_blocks(true: Ints, found: Ints) -> Ints:
    """Return a block for each row: rows connected by sharing a true or a found group, numbered from 0.

    `true` and `found`: the groups of each row as small numbers from 0 on, (n,).
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    groups = int(true.max(initial=-1)) + 1
    nodes = groups + int(found.max(initial=-1)) + 1
    shared = coo_array((np.ones(len(true)), (true, groups + found)), shape=(nodes, nodes))
    block = connected_components(shared, directed=False)[1][true]
    return np.unique(block, return_inverse=True)[1].reshape(-1).astype(np.int64)


def average_precision(same: ArrayLike, probability: ArrayLike) -> float:
    """Return the mean precision over the true pairs when pairs are taken from the highest probability down.

    It is the area under the steps of precision against recall, not interpolated (Manning, Raghavan and Schütze, 2008,
    section 8.4); pairs of one probability are taken together. `same` (n,) says which pairs truly belong together and
    `probability` (n,) how likely that was thought; only its order matters. Raises `InputError` where the lengths
    differ, a probability is not finite, or there is no pair or no true pair.
    """
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(*_some_true(same, probability)))


def log_loss(same: ArrayLike, probability: ArrayLike) -> float:
    """Return the mean of -ln(the probability given to what is true) over pairs (Good, 1952): 0 is best, in nats.

    `same` (n,) says which pairs truly belong together, `probability` (n,) in [0, 1] how likely that was thought. It is
    clipped to 1e-15 from either end, so one sure mistake costs 34.5 and not everything. Raises `InputError` where the
    lengths differ, there is no pair, or a probability is outside [0, 1].
    """
    from sklearn.metrics import log_loss

    true, likely = _probable(same, probability)
    return float(log_loss(true, np.clip(likely, 1e-15, 1 - 1e-15), labels=[False, True]))


def calibration_error(same: ArrayLike, probability: ArrayLike, bins: int = 15) -> float:
    """Return how far probabilities are from the share of pairs that are true: 0 is best, in [0, 1].

    This is the expected calibration error (Naeini, Cooper and Hauskrecht, 2015) over `bins` bins of equally many pairs
    (Nguyen and O'Connor, 2015). Pairs of one probability that fall in two bins are shared out in proportion, so that
    the order of the input does not matter. Arguments and errors are those of `log_loss`, and `InputError` is also
    raised where `bins` is under 1; more bins than pairs are allowed.
    """
    true, likely = _probable(same, probability)
    if bins < 1:
        raise InputError(f"bins must be 1 or more, not {bins}: 15 is usual")
    values, group, sizes = np.unique(likely, return_inverse=True, return_counts=True)
    shares = np.bincount(group, weights=true) / sizes
    gaps = np.array_split(np.repeat(values - shares, sizes), bins)
    return float(sum(abs(gap.sum()) for gap in gaps) / len(true))


def best_f1(same: ArrayLike, score: ArrayLike) -> tuple[float, float]:
    """Return the best F1 (van Rijsbergen, 1979) of "score >= threshold" over pairs, and that threshold.

    `same` (n,) says which pairs truly belong together, `score` (n,) is higher for closer pairs, in any unit. The
    threshold is one of the scores; where several do equally well, it is the highest, which joins the fewest pairs.
    Errors are those of `average_precision`.
    """
    from sklearn.metrics import precision_recall_curve

    precision, recall, thresholds = precision_recall_curve(*_some_true(same, score))
    precision, recall = precision[:-1], recall[:-1]  # the last point is "no pair", which has no threshold
    f1 = 2 * precision * recall / np.maximum(precision + recall, np.finfo(np.float64).tiny)
    best = np.flatnonzero(np.isclose(f1, f1.max(), rtol=1e-12, atol=0.0))[-1]  # equal but for rounding
    return float(f1[best]), float(thresholds[best])


@dataclass(frozen=True, slots=True)
class _Blocks:
    """The rows of a grouping, block by block: where each block starts, and how many rows it has."""

    true: Ints
    found: Ints
    starts: Ints
    sizes: Ints

    @classmethod
    def of(cls, true: Ints, found: Ints) -> _Blocks:
        block = connected_blocks(true, found)
        order, sizes = np.argsort(block, kind="stable"), np.bincount(block)
        return cls(true[order], found[order], np.cumsum(sizes) - sizes, sizes)

    def drawn(self, rng: np.random.Generator) -> tuple[Ints, Ints]:
        """As many blocks as there are, with replacement, each with labels of its own."""
        blocks = rng.integers(len(self.sizes), size=len(self.sizes))
        sizes = self.sizes[blocks]
        draw = np.repeat(np.arange(len(blocks)), sizes)
        rows = np.arange(len(draw)) + (self.starts[blocks] - np.cumsum(sizes) + sizes)[draw]
        return self.true[rows] + draw * (self.true.max() + 1), self.found[rows] + draw * (self.found.max() + 1)


def _contingency(truth: Labels, labels: Labels) -> tuple[Ints, Ints, Ints]:
    """The non-zero cells of the contingency table, and for each the size of its true and of its found group."""
    true, found = encoded(truth, labels)
    i, j, cells = _counts(true, found)
    return cells, np.bincount(true)[i], np.bincount(found)[j]


def _counts(true: Ints, found: Ints) -> tuple[Ints, Ints, Ints]:
    width = int(found.max()) + 1
    keys, counts = np.unique(true * width + found, return_counts=True)
    return keys // width, keys % width, counts.astype(np.int64)


def _encode(labels: Labels) -> Ints:
    """Number the labels from 0, by first appearance."""
    if isinstance(labels, np.ndarray):
        if labels.ndim == 1 and labels.dtype.kind in "iu":
            return _encode_integers(labels)
        labels = labels.tolist()
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(label, len(numbers)) for label in labels], dtype=np.int64)


def _encode_integers(labels: NDArray[Any]) -> Ints:
    """The same without a loop over rows."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    numbers = np.empty(len(first), dtype=np.int64)
    numbers[np.argsort(first)] = np.arange(len(first))
    return numbers[inverse]


def _pairs(sizes: Ints) -> int:
    return int((sizes * (sizes - 1) // 2).sum())


def _score(precision: float, recall: float) -> Score:
    total = precision + recall
    return Score(precision, recall, 2 * precision * recall / total if total else 0.0)


def _scored(same: ArrayLike, score: ArrayLike) -> tuple[NDArray[np.bool_], Floats]:
    true, scores = np.asarray(same, dtype=np.bool_), np.asarray(score, dtype=np.float64)
    if true.ndim != 1 or true.shape != scores.shape:
        raise InputError(f"each pair needs one truth and one score, but they are {true.shape} and {scores.shape}")
    if not len(true):
        raise InputError("there are no pairs to measure: give at least one")
    if not np.isfinite(scores).all():
        raise InputError(f"scores must be finite, but one is {scores[~np.isfinite(scores)][0]}: leave such pairs out")
    return true, scores


def _some_true(same: ArrayLike, score: ArrayLike) -> tuple[NDArray[np.bool_], Floats]:
    true, scores = _scored(same, score)
    if not true.any():
        raise InputError(f"none of the {len(true)} pairs is true, so there is no recall: give at least one true pair")
    return true, scores


def _probable(same: ArrayLike, probability: ArrayLike) -> tuple[NDArray[np.bool_], Floats]:
    true, likely = _scored(same, probability)
    outside = likely[(likely < 0) | (likely > 1)]
    if len(outside):
        raise InputError(f"probabilities must lie in [0, 1], but one is {outside[0]}: scale the scores first")
    return true, likely
