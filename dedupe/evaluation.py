"""How well a grouping agrees with a labelled one: B-cubed, pairwise and adjusted Rand.

All three compare two labellings of the same rows; the names of the labels do not matter. They are computed from the
contingency table's non-zero cells, so a million rows are no trouble.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedupe.errors import InputError

Ints = NDArray[np.int64]
Labels = Iterable[Hashable] | NDArray[Any]


@dataclass(frozen=True, slots=True)
class Score:
    """Precision falls where groups are merged that should not be, recall where they are split; all in [0, 1]."""

    precision: float
    recall: float
    f1: float


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
    true, found = (_encode(side) for side in _same_length(truth, labels))
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

    true, found = (_encode(side) for side in _same_length(truth, labels))
    return float(adjusted_rand_score(true, found))


def _contingency(truth: Labels, labels: Labels) -> tuple[Ints, Ints, Ints]:
    """The non-zero cells of the contingency table, and for each the size of its true and of its found group."""
    true, found = (_encode(side) for side in _same_length(truth, labels))
    i, j, cells = _counts(true, found)
    return cells, np.bincount(true)[i], np.bincount(found)[j]


def _counts(true: Ints, found: Ints) -> tuple[Ints, Ints, Ints]:
    width = int(found.max()) + 1
    keys, counts = np.unique(true * width + found, return_counts=True)
    return keys // width, keys % width, counts.astype(np.int64)


def _same_length(truth: Labels, labels: Labels) -> tuple[list[Hashable], list[Hashable]]:
    true, found = _listed(truth), _listed(labels)
    if len(true) != len(found):
        raise InputError(f"two labellings need one label a row each, but have {len(true)} and {len(found)} labels")
    if not true:
        raise InputError("there are no labels to compare: give at least one row")
    return true, found


def _listed(labels: Labels) -> list[Hashable]:
    return labels.tolist() if isinstance(labels, np.ndarray) else list(labels)


def _encode(labels: list[Hashable]) -> Ints:
    """Number the labels from 0, by first appearance."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(label, len(numbers)) for label in labels], dtype=np.int64)


def _pairs(sizes: Ints) -> int:
    return int((sizes * (sizes - 1) // 2).sum())


def _score(precision: float, recall: float) -> Score:
    total = precision + recall
    return Score(precision, recall, 2 * precision * recall / total if total else 0.0)
