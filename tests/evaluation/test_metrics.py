from __future__ import annotations

import math
import random as randoms
import subprocess
import sys
from collections.abc import Hashable, Sequence
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.errors import InputError
from dedupe.evaluation import (
    GROUP_FIGURES,
    Interval,
    Score,
    adjusted_rand,
    average_precision,
    b_cubed,
    best_f1,
    bootstrap,
    calibration_error,
    group_scores,
    log_loss,
    pairwise,
)

ROWS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=25)
TENTHS = st.integers(0, 10).map(lambda n: n / 10)  # few values, so that many pairs tie
PAIRS = st.lists(st.tuples(st.booleans(), st.one_of(TENTHS, st.floats(0, 1))), min_size=1, max_size=30)
SOME_TRUE = PAIRS.map(lambda pairs: [(True, pairs[0][1]), *pairs[1:]])


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


@settings(deadline=None)  # as above
@given(ROWS, st.sampled_from([np.int8, np.int64, np.uint16]))
def test_integer_arrays_score_exactly_as_lists(rows: list[tuple[int, int]], dtype: type) -> None:
    truth, labels = zip(*rows, strict=True)
    for metric in (b_cubed, pairwise, adjusted_rand):
        assert metric(np.array(truth, dtype), np.array(labels, dtype)) == metric(truth, labels)


@pytest.mark.parametrize("metric", [b_cubed, pairwise, adjusted_rand])
def test_integer_arrays_may_hold_any_integers(metric) -> None:
    truth, labels = [-5, 2**62, -5, 0, 0], [9, 9, -(2**63), 4, 9]
    assert metric(np.array(truth), np.array(labels)) == metric(truth, labels)


@pytest.mark.parametrize("metric", [b_cubed, pairwise, adjusted_rand])
@pytest.mark.parametrize("kind", [list, np.array])
def test_lengths_must_agree_of_integers(metric, kind) -> None:
    with pytest.raises(InputError, match="have 2 and 1 labels"):
        metric(kind([3, 4]), kind([0]))


@pytest.mark.parametrize("metric", [b_cubed, pairwise, adjusted_rand])
def test_lengths_must_agree(metric) -> None:
    with pytest.raises(InputError, match="have 2 and 1 labels"):
        metric(["a", "b"], [0])


@pytest.mark.parametrize("metric", [b_cubed, pairwise, adjusted_rand])
def test_there_must_be_rows(metric) -> None:
    with pytest.raises(InputError, match="at least one row"):
        metric([], [])


def slow_scores(truth: Sequence[Hashable], labels: Sequence[Hashable]) -> list[float]:
    """All of `GROUP_FIGURES`, by the book."""
    return [*slow_b_cubed(truth, labels), *slow_pairwise(truth, labels), slow_adjusted_rand(truth, labels)]


@given(ROWS)
def test_group_scores_are_the_textbook_ones(rows: list[tuple[int, int]]) -> None:
    truth, labels = zip(*rows, strict=True)
    scores = group_scores(truth, labels)
    assert list(scores) == list(GROUP_FIGURES)
    assert list(scores.values()) == pytest.approx(slow_scores(truth, labels))


def slow_blocks(truth: Sequence[Hashable], labels: Sequence[Hashable]) -> list[list[int]]:
    """Flood fill over rows that share a group, by first row."""
    left, blocks = list(range(len(truth))), []
    while left:
        block = [left.pop(0)]
        for row in block:
            near = [k for k in left if truth[k] == truth[row] or labels[k] == labels[row]]
            block += near
            left = [k for k in left if k not in near]
        blocks.append(block)
    return blocks


def slow_bootstrap(groupings, resamples: int, seed: int, level: float) -> list[list[float]]:
    """(low, high) of each of `GROUP_FIGURES`."""
    rng, means = np.random.default_rng(seed), []
    for _ in range(resamples):
        values = []
        for truth, labels in groupings:
            blocks = slow_blocks(truth, labels)
            drawn = enumerate(rng.integers(len(blocks), size=len(blocks)))
            rows = [(draw, row) for draw, block in drawn for row in blocks[block]]
            values.append(slow_scores([(draw, truth[k]) for draw, k in rows], [(draw, labels[k]) for draw, k in rows]))
        means.append(np.mean(values, axis=0))
    return np.percentile(means, [50 * (1 - level), 50 * (1 + level)], axis=0).T.tolist()


def ends(intervals: dict[str, Interval]) -> list[list[float]]:
    return [[intervals[name].low, intervals[name].high] for name in GROUP_FIGURES]


def noisy(rows: int, seed: int) -> tuple[list[int], list[int]]:
    """Groups of a few rows, of which a tenth is put elsewhere."""
    source = randoms.Random(seed)
    truth = [source.randrange(rows // 3) for _ in range(rows)]
    return truth, [source.randrange(rows // 3) if source.random() < 0.1 else group for group in truth]


@settings(deadline=None, max_examples=50)  # the first call imports SciPy
@given(st.lists(ROWS, min_size=1, max_size=3), st.integers(0, 9), st.sampled_from([0.5, 0.9, 0.95]))
def test_bootstrap_is_the_naive_one(sets: list[list[tuple[int, int]]], seed: int, level: float) -> None:
    groupings = [tuple(zip(*rows, strict=True)) for rows in sets]
    intervals = bootstrap(groupings, resamples=12, seed=seed, level=level)
    assert np.allclose(ends(intervals), slow_bootstrap(groupings, 12, seed, level))


def test_the_naive_bootstrap_agrees_on_many_blocks() -> None:
    groupings = [noisy(60, seed=1), noisy(30, seed=2)]
    intervals = bootstrap(groupings, resamples=20, seed=3)
    assert all(interval.low < interval.high for interval in intervals.values())
    assert np.allclose(ends(intervals), slow_bootstrap(groupings, 20, 3, 0.95))


def test_an_interval_holds_the_estimate_and_widens_with_the_level() -> None:
    groupings = [noisy(200, seed=1), noisy(100, seed=2)]
    narrow, wide = (bootstrap(groupings, resamples=200, level=level)["b_cubed_f1"] for level in (0.5, 0.99))
    estimate = (b_cubed(*groupings[0]).f1 + b_cubed(*groupings[1]).f1) / 2
    assert wide.low < narrow.low < estimate < narrow.high < wide.high


def test_an_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    source = np.random.default_rng(0)  # blocks of two rows, which the grouping splits with probability 0.3
    hits = 0
    for seed in range(60):
        truth, split = np.repeat(np.arange(100), 2), np.repeat(source.random(100) < 0.3, 2)
        labels = np.where(split, np.arange(200) + 100, truth)
        interval = bootstrap([(truth, labels)], resamples=100, seed=seed, level=0.9)["b_cubed_recall"]
        hits += interval.low <= 0.85 <= interval.high
    assert 48 <= hits <= 59


def test_a_perfect_grouping_leaves_no_doubt() -> None:
    truth, _ = noisy(50, seed=1)
    renamed = [f"story {group}" for group in truth]
    assert set(bootstrap([(truth, renamed)] * 2, resamples=50).values()) == {Interval(1.0, 1.0)}


def test_rows_that_are_all_alone_can_be_resampled() -> None:
    alone = (list(range(9)), list("abcdefghi"))
    assert set(bootstrap([alone], resamples=20).values()) == {Interval(1.0, 1.0)}
    assert bootstrap([alone, noisy(60, seed=1)], resamples=20)["b_cubed_f1"].low > 0.5


def test_a_single_block_is_always_drawn_whole() -> None:
    truth, labels = ["a", "a", "b", "b"], [0, 1, 1, 2]
    intervals = bootstrap([(truth, labels)], resamples=10)
    assert np.allclose(ends(intervals), np.transpose([slow_scores(truth, labels)] * 2))


def test_a_seed_decides_the_interval() -> None:
    groupings = [noisy(60, seed=1)]
    one, again, other = (bootstrap(groupings, resamples=50, seed=seed) for seed in (5, 5, 6))
    assert one == again != other


def test_a_bootstrap_needs_what_it_resamples() -> None:
    with pytest.raises(InputError, match="no groupings to resample: give at least one"):
        bootstrap([])
    with pytest.raises(InputError, match="resamples must be 1 or more, not 0"):
        bootstrap([([1], [1])], resamples=0)
    with pytest.raises(InputError, match="have 2 and 1 labels"):
        bootstrap([([1], [1]), ([1, 2], [1])])
    with pytest.raises(InputError, match="at least one row"):
        bootstrap([([], [])])


@pytest.mark.parametrize("level", [0.0, 1.0, 95, math.nan])
def test_a_level_is_a_share(level: float) -> None:
    with pytest.raises(InputError, match=f"level must lie between 0 and 1, not {level}"):
        bootstrap([([1], [1])], level=level)


def at_thresholds(same: Sequence[bool], scores: Sequence[float]) -> list[tuple[float, float, float]]:
    """(threshold, precision, recall) of every threshold there is, from the highest."""
    table = []
    for threshold in sorted(set(scores), reverse=True):
        taken = [true for true, score in zip(same, scores, strict=True) if score >= threshold]
        table.append((threshold, sum(taken) / len(taken), sum(taken) / sum(same)))
    return table


@settings(deadline=None)  # the first call imports scikit-learn
@given(SOME_TRUE)
def test_average_precision_is_the_textbook_one(pairs: list[tuple[bool, float]]) -> None:
    same, scores = zip(*pairs, strict=True)
    total, before = 0.0, 0.0
    for _, precision, recall in at_thresholds(same, scores):
        total, before = total + precision * (recall - before), recall
    assert average_precision(same, scores) == pytest.approx(total)


@settings(deadline=None)  # as above
@given(SOME_TRUE)
def test_best_f1_is_the_textbook_one(pairs: list[tuple[bool, float]]) -> None:
    same, scores = zip(*pairs, strict=True)
    table = {threshold: f1(precision, recall) for threshold, precision, recall in at_thresholds(same, scores)}
    value, threshold = best_f1(same, scores)
    assert value == pytest.approx(max(table.values()))
    assert threshold == next(t for t in table if table[t] == pytest.approx(value, rel=1e-12))


@settings(deadline=None)  # as above
@given(PAIRS)
def test_log_loss_is_the_textbook_one(pairs: list[tuple[bool, float]]) -> None:
    same, scores = zip(*pairs, strict=True)
    given_to_truth = [score if true else 1 - score for true, score in pairs]
    slow = sum(-math.log(min(max(p, 1e-15), 1 - 1e-15)) for p in given_to_truth) / len(pairs)
    assert log_loss(same, scores) == pytest.approx(slow, rel=1e-4)  # 1 - 1e-15 is rounded


@settings(deadline=None)  # as above
@given(PAIRS, st.integers(1, 40))
def test_calibration_error_is_the_textbook_one(pairs: list[tuple[bool, float]], bins: int) -> None:
    def share(probability: float) -> float:
        tied = [true for true, other in pairs if other == probability]
        return sum(tied) / len(tied)

    rows, total, start = sorted(p for _, p in pairs), 0.0, 0
    for bin_ in range(bins):
        size = len(rows) // bins + (bin_ < len(rows) % bins)
        members, start = rows[start : start + size], start + size
        if members:
            total += size * abs(sum(members) / size - sum(map(share, members)) / size)
    same, scores = zip(*pairs, strict=True)
    assert calibration_error(same, scores, bins) == pytest.approx(total / len(rows), abs=1e-12)


@settings(deadline=None)  # as above
@given(SOME_TRUE, st.randoms())
def test_order_of_pairs_does_not_matter(pairs: list[tuple[bool, float]], random) -> None:
    same, scores = zip(*pairs, strict=True)
    random.shuffle(pairs)
    moved, moved_scores = zip(*pairs, strict=True)
    for metric in (average_precision, log_loss, calibration_error, best_f1):
        assert metric(moved, moved_scores) == pytest.approx(metric(same, scores))


@settings(deadline=None)  # as above
@given(SOME_TRUE)
def test_scores_of_pairs_keep_their_bounds(pairs: list[tuple[bool, float]]) -> None:
    same, scores = zip(*pairs, strict=True)
    share = sum(same) / len(same)
    assert 0 <= average_precision(same, scores) <= 1 + 1e-12
    assert 0 <= log_loss(same, scores) < 35
    assert 0 <= calibration_error(same, scores) <= 1
    assert f1(share, 1.0) - 1e-12 <= best_f1(same, scores)[0] <= 1  # joining everything is among the thresholds


@settings(deadline=None)  # as above
@given(st.dictionaries(st.integers(0, 20), st.integers(1, 3), min_size=1, max_size=6), st.integers(1, 30))
def test_groups_true_as_often_as_they_say_are_calibrated(groups: dict[int, int], bins: int) -> None:
    pairs = [(k < true * times, true / 20) for true, times in groups.items() for k in range(20 * times)]
    same, scores = zip(*pairs, strict=True)
    assert calibration_error(same, scores, bins) == pytest.approx(0, abs=1e-12)


def test_a_worked_example_of_pairs() -> None:
    same, scores = [True, False, True, False], [0.9, 0.8, 0.6, 0.1]
    assert average_precision(same, scores) == pytest.approx((1 + 2 / 3) / 2)
    assert log_loss(same, scores) == pytest.approx(-math.log(0.9 * 0.2 * 0.6 * 0.9) / 4)
    assert calibration_error(same, scores, bins=2) == pytest.approx((0.15 + 0.35) / 2)
    assert best_f1(same, scores) == pytest.approx((0.8, 0.6))


def test_of_equally_good_thresholds_the_highest_is_taken() -> None:
    assert best_f1([True, False, False, True], [4, 3, 2, 1]) == pytest.approx((2 / 3, 4.0))


def test_pairs_of_one_kind_have_a_loss() -> None:
    assert log_loss([True, True], [1.0, 1.0]) == pytest.approx(0, abs=1e-12)
    assert log_loss([True], [0.0]) == pytest.approx(-math.log(1e-15))
    assert calibration_error([False, False], [0.25, 0.75]) == pytest.approx(0.5)


@pytest.mark.parametrize("metric", [average_precision, log_loss, calibration_error, best_f1])
def test_pairs_must_be_whole(metric) -> None:
    with pytest.raises(InputError, match=r"one truth and one score, but they are \(2,\) and \(1,\)"):
        metric([True, False], [0.5])
    with pytest.raises(InputError, match=r"but they are \(1, 1\) and \(1, 1\)"):
        metric([[True]], [[0.5]])
    with pytest.raises(InputError, match="no pairs to measure: give at least one"):
        metric([], [])
    with pytest.raises(InputError, match="must be finite, but one is nan: leave such pairs out"):
        metric([True, False], [0.5, math.nan])


@pytest.mark.parametrize("metric", [average_precision, best_f1])
def test_recall_needs_a_true_pair(metric) -> None:
    with pytest.raises(
        InputError, match="none of the 2 pairs is true, so there is no recall: give at least one true pair"
    ):
        metric([False, False], [0.5, 0.6])


@pytest.mark.parametrize("metric", [log_loss, calibration_error])
@pytest.mark.parametrize("wrong", [-0.5, 1.5])
def test_probabilities_are_not_just_scores(metric, wrong: float) -> None:
    with pytest.raises(InputError, match=rf"must lie in \[0, 1\], but one is {wrong}: scale the scores"):
        metric([True, False], [0.5, wrong])


def test_there_must_be_bins() -> None:
    with pytest.raises(InputError, match="bins must be 1 or more, not 0: 15 is usual"):
        calibration_error([True], [0.5], bins=0)


def test_importing_evaluation_loads_neither_scikit_learn_nor_matplotlib() -> None:
    code = "import sys, dedupe.evaluation; print({'sklearn', 'matplotlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
