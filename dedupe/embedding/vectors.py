"""Unit rows: float32 in memory, or, above half a gigabyte, int16 in a temporary file."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from tempfile import TemporaryFile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedupe.errors import InputError, ModelError
from dedupe.runtime.arrays import Float32s, Ints

MAX_FLOAT32_BYTES = 1 << 29
"""Largest matrix that is held as float32."""
_CHUNK_ROWS = 4096
_LARGEST = 32_767
_UNIT = 1e-6  # a norm this close to 1 counts as 1, so that unit rows stay as they are, bit for bit


class Int16Rows:
    """Rows of numbers in [-1, 1], quantized to int16 in an unnamed temporary file and read as float32.

    They take half the room of float32, and the system may drop their pages from memory; pickling copies them. Cosines of
    unit rows are off by less than 0.0001. With float16 they would be off by up to 0.00014, and as NumPy reads it seven
    times more slowly, a run after encoding would take 1.5 times the processor time.
    """

    def __init__(self, rows: int, width: int) -> None:
        self.shape = (rows, width)
        with TemporaryFile(prefix="headline-dedupe-") as file:  # the map outlives the file object
            self.stored: NDArray[np.int16] = np.memmap(file, np.int16, "w+", shape=self.shape)

    @classmethod
    def of(cls, stored: NDArray[np.int16]) -> Int16Rows:
        """Return rows that are stored elsewhere, quantized, (n, d)."""
        rows = cls.__new__(cls)
        rows.shape, rows.stored = (stored.shape[0], stored.shape[1]), stored
        return rows

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, places: Any) -> Float32s:
        rows: Float32s = np.multiply(self.stored[places], np.float32(1 / _LARGEST), dtype=np.float32)
        return rows

    def __setitem__(self, places: Any, rows: NDArray[np.floating[Any]]) -> None:
        self.stored[places] = quantized(rows)


def quantized(rows: NDArray[np.floating[Any]]) -> NDArray[np.int16]:
    """Return how `Int16Rows` stores rows of numbers."""
    codes: NDArray[np.int16] = np.rint(np.clip(rows, -1, 1) * _LARGEST).astype(np.int16)
    return codes


Vectors = Float32s | Int16Rows
"""A matrix of vectors, (n, d): indexed by row, it gives float32 whichever way it is held."""


def zero_rows(rows: int, width: int) -> Vectors:
    """Return zeros, (rows, width), to be filled with numbers in [-1, 1]."""
    return Int16Rows(rows, width) if too_large(rows, width) else np.zeros((rows, width), np.float32)


def too_large(rows: int, width: int) -> bool:
    """Return whether a matrix is too large to be held as float32."""
    return rows * width * 4 > MAX_FLOAT32_BYTES


def rows_at(matrix: Vectors, places: Ints) -> Vectors:
    """Return a copy of the rows at `places`, (places, d)."""
    rows = zero_rows(len(places), matrix.shape[1])
    for start in range(0, len(places), _CHUNK_ROWS):
        chunk = slice(start, start + _CHUNK_ROWS)
        rows[chunk] = matrix[places[chunk]]
    return rows


def unit_rows(matrix: Any, rows: int, places: Ints | None = None, texts: Sequence[str] | None = None) -> Vectors:
    """Return `matrix`, (rows, d), or its rows at `places`, scaled to length 1.

    `texts`: the normalized titles, (rows,), where a user gave the matrix: then only an empty title may have a row of
    zeros, and errors are `InputError`. An encoder's rows of zeros stay zeros, and errors are `ModelError`: for anything
    but a matrix of finite numbers with that many rows.
    """
    name, error = ("vectors", ModelError) if texts is None else ("embeddings", InputError)
    try:
        values = np.asarray(matrix)
    except (ValueError, TypeError, RuntimeError) as reason:
        raise error(f"{name} must be a matrix of numbers, not a {type(matrix).__name__} ({reason})") from reason
    if values.dtype.kind not in "fiu":
        raise error(f"{name} must be a matrix of numbers, not a {type(matrix).__name__} of {values.dtype}")
    if values.ndim != 2 or len(values) != rows or (rows and not values.shape[1]):
        raise error(f"{name} must be a matrix of {rows} rows, one for each title, not an array of shape {values.shape}")
    places = np.arange(rows) if places is None else places
    units = zero_rows(len(places), values.shape[1])
    for start in range(0, len(places), _CHUNK_ROWS):
        part = places[start : start + _CHUNK_ROWS]
        chunk = values[part].astype(values.dtype if values.dtype.kind == "f" else np.float32, copy=False)
        norms = np.sqrt(np.einsum("nd,nd->n", chunk, chunk, dtype=np.float64))
        if not np.isfinite(norms).all():
            row = part[~np.isfinite(norms)][0]
            raise error(f"{name} row {row} is not finite: it holds NaN, infinity or numbers too large, so correct it")
        if texts and (empty := [row for row in part[norms == 0] if texts[row]]):
            remedy = "give each headline a vector, or leave embeddings out to have them made"
            raise error(f"{name} row {empty[0]} is all zeros: {remedy}")
        norms[(norms == 0) | (np.abs(norms - 1) < _UNIT)] = 1
        units[start : start + len(part)] = chunk if (norms == 1).all() else chunk / norms[:, None]
    release_pages(matrix)
    return units


def release_pages(matrix: Any) -> None:
    """Drop the pages of a memory-mapped matrix from memory; they are read from its file again when needed."""
    mapped = matrix.stored if isinstance(matrix, Int16Rows) else matrix
    if isinstance(mapped, np.memmap) and mapped.mode in ("r", "w+"):  # those of "c" may hold changes
        pages: Any = getattr(mapped, "_mmap", None)
        if hasattr(pages, "madvise"):  # not on every system
            pages.madvise(mmap.MADV_DONTNEED)
