"""`candidate_pairs`: every two vectors at least so similar, exactly and without a cap; `Join` finds them in parts.

A self-join is the upper triangle of a matrix product. It is made in tiles, each filtered while it is in the processor's
cache, so that memory is bounded by the pairs found. Where dates and a window are given only a band of it is made. A
join of very many rows looks into cells of similar rows instead, see `cells.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dedupe.candidates import cells as cells
from dedupe.candidates.int8 import products_of
from dedupe.candidates.products import cosines, pairs_between
from dedupe.embedding.vectors import Int16Rows, Vectors, rows_at
from dedupe.errors import InputError
from dedupe.runtime.parallel import in_order

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
EXACT = 5_000_000_000
"""Comparisons up to which a join is exact. At 100,000 rows and cosine 0.5, so many, cells took 0.85 of the time of the exact
join, at 140,000 rows 0.6, as measured once by hand."""
_BLOCK = 1024  # rows of one piece of work
_CELLS = 8  # cells of one piece: what each step costs besides its pairs is paid once for all of them


@dataclass(frozen=True, slots=True)
class CandidatePairs:
    """Parallel arrays, one element a pair: `i` < `j` int64, `similarity` float32 in (0, 1]."""

    i: Ints
    j: Ints
    similarity: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.i)

    def where(self, kept: NDArray[np.bool_]) -> CandidatePairs:
        """Return the pairs that `kept`, (pairs,), marks."""
        return CandidatePairs(self.i[kept], self.j[kept], self.similarity[kept])


@dataclass(frozen=True, slots=True)
class Times:
    """The earliest and latest hour of each row, (n,), NaN where undated, and the most hours that a pair may span."""

    first: Floats
    last: Floats
    window: float

    def of(self, rows: Ints) -> Times:
        """Return the times of some rows."""
        return Times(self.first[rows], self.last[rows], self.window)

    def meet(self, i: Ints, j: Ints) -> NDArray[np.bool_]:
        """Whether two rows together stay within the window; a row without a date meets everybody."""
        span = np.maximum(self.last[i], self.last[j]) - np.minimum(self.first[i], self.first[j])
        return ~(span > self.window)


class Join:
    """The pairs of rows whose cosine similarity is at least `threshold`, each once, in parts.

    `vectors`: float32, (n, d), unit rows (an all-zero row meets nobody). `threshold`: in (0, 1], compared as float32.
    `times`: let only such rows meet as fit into a window. `only`: the rows to join, ascending, all if not given.
    `exact`: how many comparisons are made at most before cells are used. The pairs do not depend on tiles or threads.
    Raises `InputError` for another threshold or shape.
    """

    def __init__(
        self,
        vectors: Vectors,
        threshold: float,
        times: Times | None = None,
        *,
        only: Ints | None = None,
        exact: int = EXACT,
    ) -> None:
        vectors = _checked(vectors, threshold)
        self.vectors = vectors if only is None else rows_at(vectors, only)
        self.threshold, self.only = threshold, only
        self.times = times if times is None or only is None else times.of(only)
        self.order, self.ends = _band(len(self.vectors), self.times)
        self.cells: cells.Cells | None = None
        comparisons = int((self.ends - np.arange(len(self.ends))).sum())
        self.products = products_of(self.vectors, comparisons)
        if comparisons > exact:
            self.cells = cells.plan(self.vectors, self.products, threshold, comparisons)

    @property
    def recall(self) -> float:
        """The share of the pairs that is found."""
        return 1.0 if self.cells is None else self.cells.recall

    @property
    def pieces(self) -> int:
        """How many parts there will be."""
        if self.cells is not None:
            return -(-self.cells.count // _CELLS)
        return -(-len(self.order) // _BLOCK) if self.vectors.shape[1] else 0

    def __iter__(self) -> Iterator[CandidatePairs]:
        """Yield the pairs of each piece."""
        return in_order(self.piece, range(self.pieces))

    def piece(self, number: int) -> CandidatePairs:
        """Return one part of the pairs, sorted by (i, j); a pair is in one part only."""
        if self.cells is not None:
            some = range(number * _CELLS, min((number + 1) * _CELLS, self.cells.count))
            found = [self.cells.pairs(self.products, cell, self.threshold) for cell in some]
            return self._finished(np.concatenate([a for a, _ in found]), np.concatenate([b for _, b in found]))
        start = number * _BLOCK
        rows = self.order[start : start + _BLOCK]
        others = self.order[start : self.ends[start : start + _BLOCK].max()]
        return self._finished(*pairs_between(self.products, rows, others, self.threshold, above_diagonal=True))

    def _finished(self, a: Ints, b: Ints) -> CandidatePairs:
        """Decide about each pair by its similarity summed in one fixed order, and name it by its rows."""
        if self.times is not None:
            meet = self.times.meet(a, b)
            a, b = a[meet], b[meet]
        i, j = np.minimum(a, b), np.maximum(a, b)
        similarity = cosines(self.vectors, i, j)
        reached = np.flatnonzero(similarity >= np.float32(self.threshold))
        reached = reached[np.lexsort((j[reached], i[reached]))]
        pairs = CandidatePairs(i[reached], j[reached], similarity[reached])
        return pairs if self.only is None else replace(pairs, i=self.only[pairs.i], j=self.only[pairs.j])


def candidate_pairs(vectors: Vectors, threshold: float, times: Times | None = None) -> CandidatePairs:
    """Return all pairs of rows whose cosine similarity is at least `threshold`, each once, sorted by (i, j).

    As `Join`, exact for any number of rows.
    """
    parts = [part for part in Join(vectors, threshold, times, exact=np.iinfo(np.int64).max) if len(part)]
    i = np.concatenate([np.empty(0, np.int64), *(part.i for part in parts)])
    j = np.concatenate([np.empty(0, np.int64), *(part.j for part in parts)])
    similarity = np.concatenate([np.empty(0, np.float32), *(part.similarity for part in parts)])
    order = np.lexsort((j, i))
    return CandidatePairs(i[order], j[order], similarity[order])


def _band(rows: int, times: Times | None) -> tuple[Ints, Ints]:
    """An order of the rows, and the place in it up to which each may meet those after it."""
    if times is None:
        return np.arange(rows), np.full(rows, rows)
    hours = np.where(np.isnan(times.first), -np.inf, times.first)  # without a date: first, and with a band to the end
    order = np.argsort(hours, kind="stable")
    ends = np.searchsorted(hours[order], hours[order] + times.window, side="right")
    return order, np.where(np.isinf(hours[order]), rows, ends)


def _checked(vectors: Vectors, threshold: float) -> Vectors:
    if not 0 < threshold <= 1:
        raise InputError(
            f"the similarity threshold must be above 0 and at most 1, not {threshold}: give one such as 0.5"
        )
    if isinstance(vectors, Int16Rows):
        return vectors
    if vectors.ndim != 2:
        raise InputError(f"vectors must be a matrix with one row a headline, not an array of shape {vectors.shape}")
    return np.ascontiguousarray(vectors, dtype=np.float32)
