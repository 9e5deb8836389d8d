"""Which cells rows look into."""

from __future__ import annotations

import numpy as np
import pytest

from dedupe.candidates.cells import plan
from dedupe.candidates.int8 import Bytes, Floats


@pytest.mark.parametrize("screen", [Bytes, Floats])
def test_a_row_looks_into_its_own_cell_and_few_others_and_a_row_of_zeros_into_none(screen):
    rng = np.random.default_rng(7)
    rows = rng.normal(size=(300, 48))[rng.integers(300, size=6000)] + rng.normal(scale=0.6, size=(6000, 48))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    rows = np.concatenate([rows, np.zeros((700, 48), np.float32)])
    cells = plan(rows, screen(rows), 0.7, len(rows) ** 2 // 2)
    assert cells is not None
    row, cell = cells.looks.of(np.arange(6000))
    assert set(row[cell == cells.own[row]].tolist()) == set(range(6000))
    assert cells.looks.sizes.mean() < cells.count / 4
    assert (cells.looks.sizes[6000:] == 0).all()
