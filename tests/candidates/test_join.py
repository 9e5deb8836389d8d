from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.candidates import join as neighbors
from dedupe.candidates import products as tiles
from dedupe.candidates.int8 import Floats
from dedupe.candidates.join import Join, Times, candidate_pairs
from dedupe.errors import InputError
from dedupe.runtime import threads as threads


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


@pytest.mark.parametrize("n", [2, 3, 50, 400])
@pytest.mark.parametrize("block", [1, 7, 64, 1024])
def test_agrees_with_the_full_product(monkeypatch, n, block):
    monkeypatch.setattr(neighbors, "_BLOCK", block)
    rows = unit(np.random.default_rng(n), n)
    pairs = candidate_pairs(rows, 0.6)
    i, j = oracle(rows, 0.6)
    np.testing.assert_array_equal(pairs.i, i)
    np.testing.assert_array_equal(pairs.j, j)
    np.testing.assert_allclose(pairs.similarity, (rows @ rows.T)[i, j], atol=1e-6)
    assert (pairs.i.dtype, pairs.j.dtype, pairs.similarity.dtype) == (np.int64, np.int64, np.float32)


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


def test_tiles_and_threads_do_not_change_a_bit(monkeypatch):
    rows = unit(np.random.default_rng(3), 900, d=384)
    expected = as_set(candidate_pairs(rows, 0.5))
    monkeypatch.setattr(threads, "_limit", 1)
    monkeypatch.setattr(neighbors, "_BLOCK", 33)
    monkeypatch.setattr(tiles, "_WIDE", 50)
    monkeypatch.setattr(tiles, "_TALL", 20)
    monkeypatch.setattr(tiles, "_RESCORED", 5)
    assert as_set(candidate_pairs(rows, 0.5)) == expected


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(2, 90), st.sampled_from([0.5, 10.0, 200.0]))
def test_a_window_lets_those_meet_that_fit_into_it(seed, n, window):
    rng = np.random.default_rng(seed)
    rows = unit(rng, n)
    first = np.where(rng.random(n) < 0.2, np.nan, rng.uniform(0, 100, n).round())
    times = Times(first, first + rng.integers(0, 3, n), window)
    i, j = oracle(rows, 0.5)
    spans = np.maximum(times.last[i], times.last[j]) - np.minimum(times.first[i], times.first[j])
    expected = {
        pair for pair, span in zip(zip(i.tolist(), j.tolist(), strict=True), spans, strict=True) if not span > window
    }
    assert {(i, j) for i, j, _ in as_set(candidate_pairs(rows, 0.5, times))} == expected


def test_a_window_saves_comparisons(monkeypatch):
    seen = []
    real = Floats.reaching
    monkeypatch.setattr(
        Floats, "reaching", lambda self, a, b, least: seen.append(len(a) * len(b)) or real(self, a, b, least)
    )
    monkeypatch.setattr(neighbors, "_BLOCK", 50)
    rows, hours = unit(np.random.default_rng(0), 2000), np.arange(2000.0)
    candidate_pairs(rows, 0.5, Times(hours, hours, 20))
    assert sum(seen) < 2000 * 150


def test_only_some_rows_are_joined_under_their_own_numbers():
    rows = unit(np.random.default_rng(1), 80)
    only = np.flatnonzero(np.arange(80) % 3 > 0)
    hours = np.random.default_rng(2).uniform(0, 50, 80)
    found = {pair for part in Join(rows, 0.5, Times(hours, hours, 20), only=only) for pair in as_set(part)}
    inside = set(only.tolist())
    everything = as_set(candidate_pairs(rows, 0.5, Times(hours, hours, 20)))
    assert found == {pair for pair in everything if {pair[0], pair[1]} <= inside}


@pytest.fixture(scope="module")
def many():
    return unit(np.random.default_rng(7), 6000, d=48, groups=300)


def test_cells_find_nearly_all_pairs_once_and_say_how_many(many):
    join = Join(many, 0.7, exact=1)
    assert join.cells is not None
    found = [pair for part in join for pair in as_set(part)]
    expected = as_set(candidate_pairs(many, 0.7))
    assert len(set(found)) == len(found)
    assert set(found) <= expected
    recall = len(found) / len(expected)
    assert recall >= 0.995
    assert abs(join.recall - recall) < 0.01


def test_cells_do_not_depend_on_how_much_is_done_at_once(many, monkeypatch):
    rows = np.concatenate([many, np.zeros((700, 48), np.float32)])  # rows without a direction share one cell
    expected = {pair for part in Join(rows, 0.7, exact=1) for pair in as_set(part)}
    monkeypatch.setattr("dedupe.candidates.cells._TOGETHER", 100)
    monkeypatch.setattr("dedupe.candidates.cells._SECTION", 1000)
    monkeypatch.setattr(neighbors, "_CELLS", 1)
    found = [pair for part in Join(rows, 0.7, exact=1) for pair in as_set(part)]
    assert len(found) == len(set(found))
    assert set(found) == expected


@pytest.mark.parametrize("worth", [0, 10**12], ids=["bytes", "floats"])
def test_a_row_looks_into_its_own_cell_and_few_others_and_a_row_of_zeros_into_none(many, monkeypatch, worth):
    monkeypatch.setattr("dedupe.candidates.int8.WORTH", worth)
    cells = Join(np.concatenate([many, np.zeros((700, 48), np.float32)]), 0.7, exact=1).cells
    assert cells is not None
    row, cell = cells.looks.of(np.arange(len(many)))
    assert set(row[cell == cells.own[row]].tolist()) == set(range(len(many)))
    assert cells.looks.sizes.mean() < cells.count / 4
    assert (cells.looks.sizes[len(many) :] == 0).all()


def test_cells_do_not_depend_on_threads(many, monkeypatch):
    faiss = pytest.importorskip("faiss")
    expected = [as_set(part) for part in Join(many, 0.7, exact=1)]
    before = faiss.omp_get_max_threads()
    try:
        threads.set_threads(1)
        assert [as_set(part) for part in Join(many, 0.7, exact=1)] == expected
    finally:
        faiss.omp_set_num_threads(before)
        monkeypatch.setattr(threads, "_limit", 0)


def test_cells_are_left_out_where_they_would_not_pay(many):
    join = Join(many, 0.01, exact=1)
    assert join.cells is None and join.recall == 1
    assert sum(map(len, join)) == len(oracle(many, 0.01)[0])


def test_cells_and_a_window(many):
    hours = np.random.default_rng(0).uniform(0, 500, len(many))
    times = Times(hours, hours, 72)
    found = {pair for part in Join(many, 0.7, times, exact=1) for pair in as_set(part)}
    expected = as_set(candidate_pairs(many, 0.7, times))
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
