from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.errors import InputError
from dedupe.evaluation import Score, adjusted_rand, b_cubed, pairwise

ROWS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=25)


def f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def slow_b_cubed(truth: Sequence[Hashable], labels: Sequence[Hashable]) -> tuple[float, float, float]:
    rows = range(len(truth))
    precisions, recalls = [], []
    for row in rows:
        true = {k for k in rows if truth[k] == truth[row]}
        found = {k for k in rows if labels[k] == labels[row]}
        precisions.append(len(true & found) / len(found))
        recalls.append(len(true & found) / len(true))
    precision, recall = sum(precisions) / len(rows), sum(recalls) / len(rows)
    return precision, recall, f1(precision, recall)


def joined(labels: Sequence[Hashable]) -> set[tuple[int, int]]:
    return {(i, j) for i, j in combinations(range(len(labels)), 2) if labels[i] == labels[j]}


def slow_pairwise(truth: Sequence[Hashable], labels: Sequence[Hashable]) -> tuple[float, float, float]:
    true, found = joined(truth), joined(labels)
    if not true and not found:
        return 1.0, 1.0, 1.0
    precision = len(true & found) / len(found) if found else 0.0
    recall = len(true & found) / len(true) if true else 0.0
    return precision, recall, f1(precision, recall)


def slow_adjusted_rand(truth: Sequence[Hashable], labels: Sequence[Hashable]) -> float:
    true, found, every = joined(truth), joined(labels), len(truth) * (len(truth) - 1) / 2
    expected = len(true) * len(found) / every if every else 0.0
    largest = (len(true) + len(found)) / 2
    return 1.0 if largest == expected else (len(true & found) - expected) / (largest - expected)


def as_tuple(score: Score) -> tuple[float, float, float]:
    return score.precision, score.recall, score.f1


@given(ROWS)
def test_b_cubed_is_the_textbook_one(rows: list[tuple[int, int]]) -> None:
    truth, labels = zip(*rows, strict=True)
    assert as_tuple(b_cubed(truth, labels)) == pytest.approx(slow_b_cubed(truth, labels))


@given(ROWS)
def test_pairwise_is_the_textbook_one(rows: list[tuple[int, int]]) -> None:
    truth, labels = zip(*rows, strict=True)
    assert as_tuple(pairwise(truth, labels)) == pytest.approx(slow_pairwise(truth, labels))


@settings(deadline=None)  # the first call imports scikit-learn
@given(ROWS)
def test_adjusted_rand_is_the_textbook_one(rows: list[tuple[int, int]]) -> None:
    truth, labels = zip(*rows, strict=True)
    assert adjusted_rand(truth, labels) == pytest.approx(slow_adjusted_rand(truth, labels))


@settings(deadline=None)  # as above
@given(ROWS, st.randoms())
def test_order_and_names_of_labels_do_not_matter(rows: list[tuple[int, int]], random) -> None:
    truth, labels = zip(*rows, strict=True)
    random.shuffle(rows)
    moved, renamed = [f"story {t}" for t, _ in rows], [("group", n) for _, n in rows]
    for metric in (b_cubed, pairwise):
        assert as_tuple(metric(moved, renamed)) == pytest.approx(as_tuple(metric(truth, labels)))
    assert adjusted_rand(moved, renamed) == pytest.approx(adjusted_rand(truth, labels))


@given(ROWS)
def test_swapping_the_sides_swaps_precision_and_recall(rows: list[tuple[int, int]]) -> None:
    truth, labels = zip(*rows, strict=True)
    for metric in (b_cubed, pairwise):
        one, other = metric(truth, labels), metric(labels, truth)
        assert (one.precision, one.recall) == pytest.approx((other.recall, other.precision))


def test_a_worked_example() -> None:
    truth, labels = ["a", "a", "a", "b", "b"], [0, 0, 1, 1, 1]
    assert as_tuple(b_cubed(truth, labels)) == pytest.approx((11 / 15, 11 / 15, 11 / 15))
    assert as_tuple(pairwise(truth, labels)) == pytest.approx((0.5, 0.5, 0.5))
    assert adjusted_rand(truth, labels) == pytest.approx(1 / 6)


def test_every_row_alone_scores_no_pairs() -> None:
    assert pairwise(["a", "a", "b"], [0, 1, 2]) == Score(0.0, 0.0, 0.0)
    assert b_cubed(["a", "a", "b"], [0, 1, 2]).precision == 1.0


def test_joining_what_is_all_alone_scores_no_pairs() -> None:
    assert pairwise(["a", "b"], [0, 0]) == Score(0.0, 0.0, 0.0)


def test_agreeing_that_every_row_is_alone_is_perfect() -> None:
    assert pairwise(["a", "b"], [7, 3]) == b_cubed(["a", "b"], [7, 3]) == Score(1.0, 1.0, 1.0)
    assert adjusted_rand(["a", "b"], [7, 3]) == 1.0


def test_arrays_and_mixed_hashables_are_labels() -> None:
    assert b_cubed(np.array(["a", "a", "b"]), np.array([1, 1, 2])).f1 == 1.0
    assert b_cubed([None, None, ("a", 1), "a"], [0, 0, 1, 2]).f1 == 1.0


def test_large_groups_do_not_overflow() -> None:
    rows = 200_000
    assert pairwise(np.zeros(rows, np.int32), np.zeros(rows, np.int32)) == Score(1.0, 1.0, 1.0)
    assert b_cubed(np.zeros(rows, np.int32), np.arange(rows)).precision == pytest.approx(1.0)


@pytest.mark.parametrize("metric", [b_cubed, pairwise, adjusted_rand])
def test_lengths_must_agree(metric) -> None:
    with pytest.raises(InputError, match="have 2 and 1 labels"):
        metric(["a", "b"], [0])


@pytest.mark.parametrize("metric", [b_cubed, pairwise, adjusted_rand])
def test_there_must_be_rows(metric) -> None:
    with pytest.raises(InputError, match="at least one row"):
        metric([], [])
