from __future__ import annotations

import numpy as np
import pytest

from dedupe.candidates.cells import InvertedLists, Probes, plan
from dedupe.candidates.int8 import Int8Products
from dedupe.candidates.products import Products, cosines, pairs_between


@pytest.fixture
def probes():
    """1,500 rows that probe up to 19 of 300 cells, and the same as lists."""
    rng = np.random.default_rng(0)
    lists = [np.sort(rng.choice(300, size, replace=False)) for size in rng.integers(0, 20, 1500)]
    return Probes(np.concatenate(lists).astype(np.uint16), np.array([len(cells) for cells in lists])), lists


def test_probes_of_some_rows(probes):
    lists, expected = probes
    rows = np.array([3, 700, 3, 1499])
    place, cell = lists.of(rows)
    for k, row in enumerate(rows):
        np.testing.assert_array_equal(cell[place == k], expected[row])


@pytest.mark.parametrize("section_rows", [1, 400, 65_536])
def test_an_inverted_list_holds_the_rows_that_probe_a_cell(probes, section_rows):
    lists, expected = probes
    inverted = InvertedLists(lists, 300, section_rows)
    for cell in (0, 17, 299):
        assert inverted[cell].tolist() == [row for row, cells in enumerate(expected) if cell in cells]


@pytest.mark.parametrize("kind", [Products, Int8Products])
def test_a_row_probes_its_own_cell_and_few_others_and_a_row_of_zeros_none(kind):
    rng = np.random.default_rng(7)
    rows = rng.normal(size=(300, 48))[rng.integers(300, size=6000)] + rng.normal(scale=0.6, size=(6000, 48))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    matrix = np.concatenate([rows, np.zeros((700, 48), np.float32)])
    products = kind(matrix)
    cells = plan(matrix, products, 0.7, 10**12)
    assert cells is not None
    place, cell = cells.probes.of(np.arange(6000))
    assert set(place[cell == cells.own[place]].tolist()) == set(range(6000))
    assert cells.probes.sizes.mean() < cells.count / 4
    assert (cells.probes.sizes[6000:] == 0).all()

    pairs = [pair for cell in range(cells.count) for pair in zip(*cells.pairs(products, cell, 0.7), strict=True)]
    assert len(pairs) == len({frozenset(pair) for pair in pairs})
    everything = np.arange(len(matrix))
    a, b = pairs_between(Products(matrix), everything, everything, 0.7, above_diagonal=True)
    reached = cosines(matrix, a, b) >= np.float32(0.7)
    expected = set(zip(a[reached], b[reached], strict=True))
    found = {(min(pair), max(pair)) for pair in pairs} & expected
    assert len(found) >= 0.995 * len(expected)
    assert abs(len(found) / len(expected) - cells.recall) < 0.01
