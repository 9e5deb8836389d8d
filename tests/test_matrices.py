from __future__ import annotations

import numpy as np

from dedupe import encoders, matrices
from dedupe.encoders import unit_rows
from dedupe.judging import load_judge
from dedupe.matrices import empty_rows, rows_at


def test_many_rows_go_to_a_file_and_hold_the_same(monkeypatch):
    small = empty_rows(7, 3)
    monkeypatch.setattr(matrices, "IN_MEMORY", 0)
    large = empty_rows(7, 3)
    for rows in (small, large):
        assert rows.shape == (7, 3) and rows.dtype == np.float32 and rows.flags.writeable
        rows[:] = np.arange(21).reshape(7, 3)
    assert small.base is None and large.base is not None
    np.testing.assert_array_equal(small, large)
    assert empty_rows(0, 3).shape == (0, 3)


def test_vectors_are_the_same_wherever_they_are_held(monkeypatch):
    given = np.random.default_rng(0).normal(size=(50, 384))
    at = np.random.default_rng(1).permutation(50)[:30]
    expected = unit_rows(given, 50)[at]
    turned = load_judge().wording_rows(expected)
    monkeypatch.setattr(matrices, "IN_MEMORY", 0)
    monkeypatch.setattr(encoders, "_SCALED_TOGETHER", 7)
    np.testing.assert_array_equal(unit_rows(given, 50, at), expected)
    np.testing.assert_array_equal(load_judge().wording_rows(expected), turned)


def test_rows_at_places(monkeypatch):
    monkeypatch.setattr(matrices, "_TOGETHER", 3)
    matrix = np.arange(10, dtype=np.float32).reshape(5, 2)
    np.testing.assert_array_equal(rows_at(matrix, np.array([4, -1, 0, 0, 2])), [[8, 9], [0, 0], [0, 1], [0, 1], [4, 5]])
    assert rows_at(matrix, np.array([], np.int64)).shape == (0, 2)
