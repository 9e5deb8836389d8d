"""Room for vectors: plain float32 rows, or, once there are very many, packed ones in a file of the system's.

`PackedRows` answers to what is asked of vectors here: rows by place, written and read as float32.
"""

from __future__ import annotations

import mmap
from tempfile import TemporaryFile
from typing import Any

import numpy as np
from numpy.typing import NDArray

PLAIN = 1 << 29
"""Bytes up to which vectors are held as they are."""
_STEPS = 32767  # to each side of zero
_TOGETHER = 4096  # rows moved at a time


class PackedRows:
    """Rows of numbers in [-1, 1] as whole ones of two bytes, in a nameless temporary file that is mapped into memory.

    Half the room of float32. A cosine of two unit rows so packed is off by some 0.00001.
    """

    def __init__(self, rows: int, width: int) -> None:
        self.shape = (rows, width)
        with TemporaryFile(prefix="headline-dedupe-") as file:
            file.truncate(rows * width * 2)
            self._pages = mmap.mmap(file.fileno(), 0)  # stays when the file is closed, which goes when this does
        self._steps = np.frombuffer(self._pages, np.int16).reshape(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, places: Any) -> NDArray[np.float32]:
        rows: NDArray[np.float32] = np.multiply(self._steps[places], np.float32(1 / _STEPS), dtype=np.float32)
        return rows

    def __setitem__(self, places: Any, rows: NDArray[np.floating[Any]]) -> None:
        self._steps[places] = np.rint(np.clip(rows, -1, 1) * _STEPS)

    def let_go(self) -> None:
        """Give back the memory of what was read; it is read from the file again where needed."""
        _give_back(self._pages)


Vectors = NDArray[np.float32] | PackedRows
"""Rows of vectors, (n, d): what is read by place, as float32, whichever way it is held."""


def empty_rows(rows: int, width: int) -> Vectors:
    """Return room for float32 rows, (rows, width), to be filled with numbers in [-1, 1]."""
    return np.empty((rows, width), np.float32) if rows * width * 4 <= PLAIN else PackedRows(rows, width)


def rows_at(matrix: Vectors, places: NDArray[np.int64]) -> Vectors:
    """Return the rows of a matrix at some places, (places, width); zeros for the place -1."""
    found = empty_rows(len(places), matrix.shape[1])
    for start in range(0, len(places), _TOGETHER):
        part = places[start : start + _TOGETHER]
        found[start : start + len(part)] = np.where((part >= 0)[:, None], matrix[part], np.float32(0))
    return found


def let_go(matrix: Any) -> None:
    """Give back the memory of packed rows, or of a read-only map; they are read from their file again where needed."""
    if isinstance(matrix, PackedRows):
        matrix.let_go()
    elif isinstance(matrix, np.memmap) and matrix.mode == "r":
        pages: Any = matrix
        while pages is not None and not isinstance(pages, mmap.mmap):
            pages = getattr(pages, "base", None)
        _give_back(pages)


def _give_back(pages: mmap.mmap | None) -> None:
    if pages is not None and hasattr(pages, "madvise"):  # not on every system
        pages.madvise(mmap.MADV_DONTNEED)
