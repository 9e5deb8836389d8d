from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.candidates.join import Join, candidate_pairs
from dedupe.candidates.products import Products
from dedupe.candidates.time_band import TimeBand
from dedupe.errors import InputError
from dedupe.runtime.parallel import set_threads


def unit(rng, n, d=16, groups=5):
    centres = rng.normal(size=(groups, d))
    rows = centres[rng.integers(groups, size=n)] + rng.normal(scale=0.6, size=(n, d))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def oracle(rows, threshold):
    i, j = np.triu_indices(len(rows), 1)
    keep = (rows @ rows.T)[i, j] >= np.float32(threshold)
    return i[keep], j[keep]


def as_set(pairs):
    return set(zip(pairs.i.tolist(), pairs.j.tolist(), pairs.similarity.tolist(), strict=True))


@pytest.fixture
def one_thread():
    set_threads(1)
    yield
    set_threads(None)


@pytest.mark.parametrize("n", [2, 3, 50, 400, 1024, 2500])
def test_agrees_with_the_full_product(n):
    rows = unit(np.random.default_rng(n), n)
    pairs = candidate_pairs(rows, 0.6)
    i, j = oracle(rows, 0.6)
    np.testing.assert_array_equal(pairs.i, i)
    np.testing.assert_array_equal(pairs.j, j)
    np.testing.assert_allclose(pairs.similarity, (rows @ rows.T)[i, j], atol=1e-6)
    assert (pairs.i.dtype, pairs.j.dtype, pairs.similarity.dtype) == (np.int32, np.int32, np.float32)


def test_hundreds_of_copies_lose_no_pair():
    row = unit(np.random.default_rng(0), 1, d=384)
    pairs = candidate_pairs(np.repeat(row, 700, axis=0), 0.99)
    assert len(pairs) == 700 * 699 // 2
    assert pairs.similarity.max() <= 1


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(2, 120))
def test_a_permutation_finds_the_same_pairs(seed, n):
    rng = np.random.default_rng(seed)
    rows, order = unit(rng, n), rng.permutation(n)
    shuffled = candidate_pairs(rows[order], 0.5)
    back = {(*sorted((order[i], order[j])), s) for i, j, s in as_set(shuffled)}
    assert back == as_set(candidate_pairs(rows, 0.5))


def test_threads_do_not_change_a_bit(one_thread):
    rows = unit(np.random.default_rng(3), 1500, d=384)
    pairs = as_set(candidate_pairs(rows, 0.5))
    set_threads(None)
    assert as_set(candidate_pairs(rows, 0.5)) == pairs


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(2, 90), st.sampled_from([0.5, 10.0, 200.0]))
def test_a_window_lets_those_meet_that_fit_into_it(seed, n, window):
    rng = np.random.default_rng(seed)
    rows = unit(rng, n)
    first = np.where(rng.random(n) < 0.2, np.nan, rng.uniform(0, 100, n).round())
    band = TimeBand(first, first + rng.integers(0, 3, n), window)
    i, j = oracle(rows, 0.5)
    spans = np.maximum(band.last[i], band.last[j]) - np.minimum(band.first[i], band.first[j])
    expected = {
        pair for pair, span in zip(zip(i.tolist(), j.tolist(), strict=True), spans, strict=True) if not span > window
    }
    assert {(i, j) for i, j, _ in as_set(candidate_pairs(rows, 0.5, band))} == expected


def test_a_window_saves_comparisons(monkeypatch):
    seen = []
    real = Products.product
    monkeypatch.setattr(Products, "product", lambda self, a, b: seen.append(len(a) * len(b)) or real(self, a, b))
    rows, hours = unit(np.random.default_rng(0), 20_000), np.arange(20_000.0)
    candidate_pairs(rows, 0.9, TimeBand(hours, hours, 20))
    assert sum(seen) < 20_000 * 1100


def test_nodes_of_a_sparse_group_are_compared_with_their_neighbors_alone():
    rows = unit(np.random.default_rng(1), 80)
    group = np.flatnonzero(np.arange(80) % 3 == 0)
    hours = np.random.default_rng(2).uniform(0, 50, 80)
    band = TimeBand(hours, hours, 20)
    join = Join(rows, 0.5, band, sparse=[group], neighbors=2)
    place = {node: k for k, node in enumerate(group.tolist())}
    expected = {
        (i, j, similarity)
        for i, j, similarity in as_set(candidate_pairs(rows, 0.5, band))
        if (i not in place and j not in place) or (i in place and j in place and place[j] - place[i] <= 2)
    }
    assert {pair for part in join for pair in as_set(part)} == expected
    assert join.skipped == len(group) * (len(group) - 1) // 2 - (len(group) - 1) - (len(group) - 2)


@pytest.fixture(scope="module")
def many():
    return unit(np.random.default_rng(7), 6000, d=48, groups=300)


def test_cells_find_nearly_all_pairs_once_and_say_how_many(many):
    join = Join(many, 0.7, exact=1)
    assert join.recall < 1 and join.pieces < len(many) / 8
    found = [pair for part in join for pair in as_set(part)]
    expected = as_set(candidate_pairs(many, 0.7))
    assert len(set(found)) == len(found)
    assert set(found) <= expected
    recall = len(found) / len(expected)
    assert recall >= 0.995
    assert abs(join.recall - recall) < 0.01


def test_cells_do_not_depend_on_threads(many, one_thread):
    rows = np.concatenate([many, np.zeros((700, 48), np.float32)])  # zero rows share one cell
    pairs = [as_set(part) for part in Join(rows, 0.7, exact=1)]
    set_threads(None)
    assert [as_set(part) for part in Join(rows, 0.7, exact=1)] == pairs


def test_cells_are_left_out_where_they_would_not_pay(many):
    join = Join(many[:2000], 0.01, exact=1)
    assert join.recall == 1
    assert sum(map(len, join)) == len(oracle(many[:2000], 0.01)[0])


def test_cells_and_a_window(many):
    hours = np.random.default_rng(0).uniform(0, 500, len(many))
    band = TimeBand(hours, hours, 72)
    found = {pair for part in Join(many, 0.7, band, exact=1) for pair in as_set(part)}
    expected = as_set(candidate_pairs(many, 0.7, band))
    assert found <= expected and len(found) >= 0.99 * len(expected)


@pytest.mark.parametrize("threshold", [0.6, 0.7, 0.8])
def test_a_similarity_equal_to_the_threshold_counts(threshold):
    rows = np.array([[1, 0], [threshold, (1 - threshold**2) ** 0.5]], dtype=np.float32)
    assert len(candidate_pairs(rows, threshold)) == 1
    assert len(candidate_pairs(rows, float(np.nextafter(np.float32(threshold), np.float32(1))))) == 0


def test_every_found_similarity_is_a_threshold_that_finds_it():
    rows = unit(np.random.default_rng(5), 60, d=384)
    pairs = candidate_pairs(rows, 0.3)
    for similarity in pairs.similarity[:40]:
        assert len(candidate_pairs(rows, float(similarity))) == np.sum(pairs.similarity >= similarity)


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_rows_make_no_pair(n):
    assert len(candidate_pairs(np.ones((n, 4), dtype=np.float32), 0.5)) == 0
    assert len(candidate_pairs(np.ones((n, 0), dtype=np.float32), 0.5)) == 0


def test_zero_rows_meet_nobody():
    assert len(candidate_pairs(np.zeros((5, 4), dtype=np.float32), 0.01)) == 0
    assert len(candidate_pairs(np.zeros((5, 4), dtype=np.float32), 1e-7)) == 0


@pytest.mark.parametrize("threshold", [0, -0.5, 1.01, float("nan")])
def test_a_threshold_that_is_none(threshold):
    with pytest.raises(InputError, match=r"above 0 and at most 1"):
        candidate_pairs(np.eye(2, dtype=np.float32), threshold)


def test_a_vector_is_no_matrix():
    with pytest.raises(InputError, match=r"shape \(3,\)"):
        candidate_pairs(np.ones(3, dtype=np.float32), 0.5)
