"""`empty_rows`, `rows_at`: room for vectors, in memory, or in a file of the system's once there are very many."""

from __future__ import annotations

from tempfile import TemporaryFile

import numpy as np
from numpy.typing import NDArray

IN_MEMORY = 1 << 29
"""Bytes up to which vectors are held in memory; more go to a nameless temporary file, which the system may page out."""

_TOGETHER = 4096  # rows moved at a time


def empty_rows(rows: int, width: int) -> NDArray[np.float32]:
    """Return a float32 matrix, (rows, width), to be filled."""
    if rows * width * 4 <= IN_MEMORY:
        return np.empty((rows, width), np.float32)
    with TemporaryFile(prefix="headline-dedupe-") as file:  # the map stays when its file is closed, and goes with it
        return np.asarray(np.memmap(file, np.float32, "w+", shape=(rows, width)))


def rows_at(matrix: NDArray[np.float32], places: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the rows of a matrix at some places, (places, width); zeros for the place -1."""
    found = empty_rows(len(places), matrix.shape[1])
    for start in range(0, len(places), _TOGETHER):
        part = places[start : start + _TOGETHER]
        found[start : start + len(part)] = np.where((part >= 0)[:, None], matrix[part], np.float32(0))
    return found
