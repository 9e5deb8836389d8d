from __future__ import annotations

import pickle

import numpy as np
import pytest

import dedupe
from dedupe.candidates.join import Join, candidate_pairs
from dedupe.embedding import vectors
from dedupe.embedding.vectors import Int16Rows, release_pages, rows_at, unit_rows, zero_rows
from dedupe.errors import InputError, ModelError
from dedupe.scoring.model import load_judge
from dedupe.scoring.similarity_scale import scale_of


@pytest.fixture
def all_int16(monkeypatch):
    """Hold even small matrices as int16."""
    monkeypatch.setattr(vectors, "MAX_FLOAT32_BYTES", 0)


def units(rows, width=384, seed=0):
    matrix = np.random.default_rng(seed).normal(size=(rows, width)).astype(np.float32)
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def quantized(matrix):
    rows = Int16Rows(*matrix.shape)
    rows[:] = matrix
    return rows


def test_int16_rows_read_as_float32():
    matrix = units(60)
    rows = quantized(matrix)
    rows[np.array([3, 5])] = matrix[[3, 5]]
    assert (len(rows), rows.shape, rows[:].dtype) == (60, (60, 384), np.float32)
    np.testing.assert_allclose(rows[:], matrix, atol=1.6e-5)
    np.testing.assert_array_equal(rows[np.array([7, 1])], rows[:][[7, 1]])
    rows[0] = np.zeros(384)
    assert not rows[0].any()


@pytest.mark.parametrize("spike", [0, 5])
def test_cosines_of_int16_rows_are_off_by_less_than_a_ten_thousandth(spike):
    matrix = units(1500, seed=1)
    matrix[:, 0] += spike / 384**0.5  # makes the rows similar
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    rows = quantized(matrix)[:]
    assert np.abs(rows @ rows.T - matrix @ matrix.T).max() < 1e-4


def test_int16_rows_pickle():
    rows = quantized(units(20))
    copy = pickle.loads(pickle.dumps(rows))
    np.testing.assert_array_equal(copy[:], rows[:])
    release_pages(copy)
    np.testing.assert_array_equal(copy[:], rows[:])


def test_large_matrices_are_int16(all_int16):
    assert isinstance(zero_rows(0, 3), np.ndarray)
    assert isinstance(zero_rows(2, 3), Int16Rows)
    assert not zero_rows(2, 3)[:].any()


def test_a_join_of_int16_rows_finds_the_same_pairs(all_int16):
    matrix = units(300, seed=1)
    rows = quantized(matrix)
    exact, quantized_pairs = candidate_pairs(matrix, 0.05), candidate_pairs(rows, 0.05 - 1e-4)
    assert set(zip(exact.i, exact.j, strict=True)) <= set(zip(quantized_pairs.i, quantized_pairs.j, strict=True))
    assert sum(map(len, Join(rows, 0.05, sparse=[np.arange(0, 300, 2)]))) > 0


def test_steps_before_a_join_agree_on_int16_rows(monkeypatch):
    matrix = np.random.default_rng(0).normal(size=(5000, 384))
    places = np.random.default_rng(1).permutation(5000)[:4500]
    rows = unit_rows(matrix, 5000, places)
    wording_rows, scale = load_judge().wording_vectors(rows), scale_of(rows)
    monkeypatch.setattr(vectors, "MAX_FLOAT32_BYTES", 0)
    stored = unit_rows(matrix, 5000, places)
    assert isinstance(stored, Int16Rows)
    np.testing.assert_allclose(stored[:], rows, atol=1.6e-5)
    np.testing.assert_allclose(load_judge().wording_vectors(stored)[:], wording_rows, atol=1e-4)
    assert scale_of(stored).slope == pytest.approx(scale.slope, abs=1e-4)


def test_a_run_on_int16_rows(all_int16, fake_encoder):
    titles = (
        [f"Ferry {k} sinks off Oslo" for k in range(40)] + [f"Bank {k} raises rates again" for k in range(40)] + [""]
    )
    result = dedupe.deduplicate(titles)
    assert isinstance(result.vectors, Int16Rows)
    assert len(result) == 81 and sorted(result.kept("exact").tolist()) == list(range(81))
    assert [len(story.headlines) for story in result.stories][-1] == 1


def test_rows_at_places():
    matrix = np.arange(10, dtype=np.float32).reshape(5, 2)
    np.testing.assert_array_equal(rows_at(matrix, np.array([4, 0, 0, 2])), [[8, 9], [0, 1], [0, 1], [4, 5]])
    assert rows_at(matrix, np.array([], np.int64)).shape == (0, 2)
    places = np.random.default_rng(0).integers(0, 5, 10_000)
    np.testing.assert_array_equal(rows_at(matrix, places), matrix[places])


def test_unit_rows_stay_as_they_are():
    rows = unit_rows(np.random.default_rng(1).normal(size=(50, 384)), 50)
    np.testing.assert_array_equal(unit_rows(rows, 50), rows)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_unit_rows_of_any_size(scale):
    rows = unit_rows(np.full((1, 4), scale, dtype=np.float32), 1)
    np.testing.assert_allclose(rows, 0.5, rtol=1e-6)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([np.nan, 1], "embeddings row 3 is not finite: it holds NaN, infinity"),
        ([1, -np.inf], "embeddings row 3 is not finite"),
        (
            [0, 0],
            "embeddings row 3 is all zeros: give each headline a vector, or leave embeddings out to have them made",
        ),
    ],
)
def test_embeddings_that_a_user_may_not_give(row, message):
    matrix = np.ones((5, 2))
    matrix[3] = row
    with pytest.raises(InputError, match=message):
        unit_rows(matrix, 5, np.array([0, 4, 3]), texts=["title"] * 5)


def test_zeros_are_allowed_for_an_empty_title_and_from_an_encoder():
    matrix = np.eye(3)
    matrix[1] = 0
    np.testing.assert_array_equal(unit_rows(matrix, 3, texts=["first", "", "third"]), matrix)
    np.testing.assert_array_equal(unit_rows(matrix, 3), matrix)


def test_embeddings_without_a_row_for_each_title():
    with pytest.raises(
        InputError, match=r"embeddings must be a matrix of 2 rows, one for each title, .* shape \(3, 4\)"
    ):
        unit_rows(np.ones((3, 4)), 2, texts=["first", "second"])
    with pytest.raises(ModelError, match="vectors must be a matrix"):
        unit_rows(np.ones((3, 4)), 2)


def test_a_map_whose_pages_were_released_reads_the_same_again(tmp_path):
    np.save(tmp_path / "rows.npy", units(50))
    matrix = np.load(tmp_path / "rows.npy", mmap_mode="r")
    total = matrix.sum()
    for released in (matrix, matrix[:10], units(2), "no matrix at all"):
        release_pages(released)
    assert matrix.sum() == total
    private = np.load(tmp_path / "rows.npy", mmap_mode="c")
    private[0] = 1
    release_pages(private)
    assert (private[0] == 1).all()
    rows = quantized(units(50))
    before = rows[:]
    release_pages(rows)
    np.testing.assert_array_equal(rows[:], before)
