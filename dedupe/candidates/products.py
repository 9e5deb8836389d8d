"""Products of unit rows, in tiles that fit the processor's cache: which pairs may reach a cosine, and their cosines."""

from __future__ import annotations

from threading import local
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedupe.embedding.vectors import Vectors
from dedupe.runtime.arrays import Bools, Float32s, Ints

ROUNDING_ERROR = 1e-5
"""How much a float32 cosine may vary, since the order of summation depends on the shape of the matrices."""
_TILE_ROWS, _TILE_COLUMNS = 1024, 2048  # large enough for the full rate of a matrix product, small enough for the cache
_NARROW, _TALLEST = 512, 8  # a tile of fewer columns gets more rows, up to this factor, to hold as much
_CHUNK_PAIRS = 256  # their vectors fit into the L1 or L2 cache
_buffers = local()


class Products:
    """Products of unit rows in float32: cosines, except for rounding."""

    def __init__(self, vectors: Vectors) -> None:
        self.vectors = vectors

    def left(self, rows: Ints) -> NDArray[Any]:
        """Return rows as the left side of a product, (rows, d); valid until the next call."""
        return self.vectors[rows]

    def right(self, rows: Ints) -> NDArray[Any]:
        """Return rows as the right side of a product, (rows, d)."""
        return self.vectors[rows]

    def product(self, left: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
        """Return a number for each pair, (left, right), that rises with the cosine; valid until the next call."""
        return np.matmul(left, right.T, out=buffer("product", np.float32, (len(left), len(right))))

    def least(self, threshold: float) -> np.generic:
        """Return a lower bound on the product of two rows whose cosine reaches a threshold."""
        return np.float32(threshold - ROUNDING_ERROR)


def pairs_between(
    products: Products, rows: Ints, others: Ints, threshold: float, *, above_diagonal: bool = False
) -> tuple[Ints, Ints]:
    """Return all pairs (a, b) of `rows` and `others` whose cosine reaches `threshold`, and a few below it.

    With `above_diagonal`, `others` starts with `rows`, and b comes after a in it.
    """
    a, b = [rows[:0]], [others[:0]]
    least = products.least(threshold)
    height = _TILE_ROWS * min(max(_NARROW // max(len(others), 1), 1), _TALLEST)
    for top in range(0, len(rows), height):
        tile_rows = rows[top : top + height]
        left = products.left(tile_rows)
        for start in range(top if above_diagonal else 0, len(others), _TILE_COLUMNS):
            columns = others[start : start + _TILE_COLUMNS]
            product = products.product(left, products.right(columns))
            reached: Bools = np.greater_equal(product, least, out=buffer("reached", np.bool_, product.shape))
            row, column = np.divmod(np.flatnonzero(reached), len(columns))
            if above_diagonal and start < top + height:
                later = column + start > row + top
                row, column = row[later], column[later]
            a.append(tile_rows[row])
            b.append(columns[column])
    return np.concatenate(a), np.concatenate(b)


def how_many(rows: Float32s, others: Float32s, threshold: float) -> Ints:
    """Return how many of the unit rows `others` have a cosine of at least `threshold`, less rounding, to each of `rows`."""
    return np.asarray(np.count_nonzero(rows @ others.T >= np.float32(threshold - ROUNDING_ERROR), axis=1))


def spread(rows: int, count: int, turn: int = 0) -> Ints:
    """Return `count` evenly spaced row numbers; each `turn`, 0 to 2, gives different ones."""
    if rows <= count:
        return np.arange(rows)
    return (np.arange(count) * rows + rows * turn // 3) // count % rows


def cosines(vectors: Vectors, i: Ints, j: Ints) -> Float32s:
    """Return the dot product of each pair of unit rows, at most 1, always summed in the same order."""
    similarity = np.empty(len(i), np.float32)
    for start in range(0, len(i), _CHUNK_PAIRS):
        pairs = slice(start, start + _CHUNK_PAIRS)
        similarity[pairs] = np.vecdot(_take(vectors, i[pairs]), _take(vectors, j[pairs]))
    return np.minimum(similarity, np.float32(1), out=similarity)


def _take(vectors: Vectors, rows: Ints) -> Float32s:
    return vectors.take(rows, axis=0) if isinstance(vectors, np.ndarray) else vectors[rows]  # `take` is faster


def buffer(name: str, dtype: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    """Return this thread's buffer with that name, since allocating one takes as long as filling it."""
    size = shape[0] * shape[1]
    memory = getattr(_buffers, name, None)
    if memory is None or memory.size < size:
        memory = np.empty(size, dtype)
        setattr(_buffers, name, memory)
    return memory[:size].reshape(shape)
