from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe import neighbors
from dedupe.errors import InputError
from dedupe.neighbors import candidate_pairs


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
@pytest.mark.parametrize("chunk", [1, 7, 64, 2048])
def test_agrees_with_the_full_product(monkeypatch, n, chunk):
    monkeypatch.setattr(neighbors, "_CHUNK", chunk)
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


def test_chunks_and_threads_do_not_change_a_bit(monkeypatch):
    faiss = pytest.importorskip("faiss")
    rows = unit(np.random.default_rng(3), 900, d=384)
    expected = as_set(candidate_pairs(rows, 0.5))
    before = faiss.omp_get_max_threads()
    try:
        faiss.omp_set_num_threads(1)
        monkeypatch.setattr(neighbors, "_CHUNK", 33)
        monkeypatch.setattr(neighbors, "_RESCORED", 5)
        assert as_set(candidate_pairs(rows, 0.5)) == expected
    finally:
        faiss.omp_set_num_threads(before)


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
