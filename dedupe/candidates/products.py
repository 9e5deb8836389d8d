"""Products of unit rows in tiles that stay in the processor's cache."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dedupe.candidates.int8 import MARGIN, Screen
from dedupe.embedding.vectors import Vectors
from dedupe.runtime.arrays import Ints

_TALL, _WIDE = 1024, 2048  # of a tile: large enough for the full rate of a matrix product, small enough for the cache
_NARROW, _TALLEST = 512, 8  # columns under which a tile is taller, so that it holds as much, and how many times at most
_RESCORED = 256  # pairs whose vectors are gathered at a time; more no longer stay in the nearest cache


def pairs_between(
    screen: Screen, rows: Ints, others: Ints, threshold: float, *, above_diagonal: bool = False
) -> tuple[Ints, Ints]:
    """Return the rows (a, b) of all pairs of `rows` with `others` that may be at least `threshold` similar.

    How many are less similar than that depends on the screen. With `above_diagonal`, `others` starts with `rows`, and
    only pairs with a later one are returned.
    """
    found_a, found_b = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    height = _TALL * min(max(_NARROW // max(len(others), 1), 1), _TALLEST)
    for top in range(0, len(rows), height):
        tall = rows[top : top + height]
        left = screen.left(tall)
        for start in range(top if above_diagonal else 0, len(others), _WIDE):
            wide = others[start : start + _WIDE]
            reached = screen.reaching(left, screen.right(wide), threshold)
            at, of = np.divmod(np.flatnonzero(reached), len(wide))
            if above_diagonal and start < top + height:
                later = of + start > at + top
                at, of = at[later], of[later]
            found_a.append(tall[at])
            found_b.append(wide[of])
    return np.concatenate(found_a), np.concatenate(found_b)


def how_many(vectors: Vectors, rows: Ints, others: Ints, threshold: float) -> Ints:
    """Return how many of `others` are at least `threshold` similar, or nearly, to each of `rows`."""
    product = vectors[rows] @ vectors[others].T
    counts: Ints = np.count_nonzero(product >= np.float32(threshold - MARGIN), axis=1)
    return counts


def spread(rows: int, count: int, turn: int = 0) -> Ints:
    """Return `count` of the row numbers, evenly spread; another `turn` (0 to 2) gives others."""
    if rows <= count:
        return np.arange(rows)
    return (np.arange(count) * rows + rows * turn // 3) // count % rows


def cosines(vectors: Vectors, i: Ints, j: Ints) -> NDArray[np.float32]:
    """Return the dot product of each pair of unit rows, summed in one fixed order, at most 1."""
    similarity = np.empty(len(i), dtype=np.float32)
    for start in range(0, len(i), _RESCORED):
        part = slice(start, start + _RESCORED)
        similarity[part] = np.vecdot(_rows(vectors, i[part]), _rows(vectors, j[part]))
    return np.minimum(similarity, np.float32(1), out=similarity)


def _rows(vectors: Vectors, places: Ints) -> NDArray[np.float32]:
    """The rows at some places; `take` is the quicker way where there is one."""
    return vectors.take(places, axis=0) if isinstance(vectors, np.ndarray) else vectors[places]
