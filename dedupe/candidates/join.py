"""`Join`: every pair of nodes whose cosine similarity reaches a threshold, in pieces.

A self-join is the upper triangle of a matrix product. It is computed in tiles that are filtered while they are in the
processor's cache, so memory is bounded by the pairs found. With a window, only a band of it is computed. With very many
nodes, only similar cells are compared, see `cells.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from dedupe.candidates import cells
from dedupe.candidates.int8 import products_of
from dedupe.candidates.pairs import PairTable, concatenate
from dedupe.candidates.products import Products, cosines, pairs_between
from dedupe.candidates.time_band import TimeBand
from dedupe.embedding.vectors import Int16Rows, Vectors, rows_at
from dedupe.errors import InputError
from dedupe.runtime.arrays import Ints, pairs_within
from dedupe.runtime.parallel import in_order

EXACT = 5_000_000_000
"""Comparisons up to which a join is exact: 100,000 rows. There, at cosine 0.5, cells took 0.85 of the time of the exact join; at
140,000 rows 0.6, in one measurement by hand."""
NEIGHBORS = 20
"""With how many nodes of a sparse group a node of it is compared, on one side."""
_BLOCK_ROWS = 1024  # of one piece
_BLOCK_CELLS = 8  # of one piece, so that the fixed costs of a piece are shared
_CHUNK_ROWS = 8192


class Join:
    """The pairs of nodes whose cosine similarity is at least `threshold`, each in one piece.

    `vectors`: unit rows, (n, d); an all-zero row has no pairs. `threshold`: in (0, 1], compared as float32. `band`: pairs
    only nodes close enough in time. `sparse`: groups of nodes, each ascending, whose nodes are compared only with the next
    `neighbors` nodes of the group. `exact`: comparisons above which cells are used. `wording`: fill the column
    `wording_similarity` instead of `similarity`. `block_rows`, `block_cells`: of one piece; the pairs do not depend on
    them. Raises `InputError` for another threshold or shape.
    """

    def __init__(
        self,
        vectors: Vectors,
        threshold: float,
        band: TimeBand | None = None,
        *,
        sparse: Sequence[Ints] = (),
        neighbors: int = NEIGHBORS,
        exact: int = EXACT,
        wording: bool = False,
        block_rows: int = _BLOCK_ROWS,
        block_cells: int = _BLOCK_CELLS,
    ) -> None:
        self._vectors, self._threshold = _checked(vectors, threshold), threshold
        self._band, self._wording = band, wording
        self._block_rows, self._block_cells = block_rows, block_cells
        self._sparse = [adjacent(group, neighbors) for group in sparse]
        self.skipped = sum(pairs_within(len(g)) - len(i) for g, (i, _) in zip(sparse, self._sparse, strict=True))
        self._nodes = np.setdiff1d(np.arange(len(vectors)), np.concatenate(sparse)) if len(sparse) else None
        dense = self._vectors if self._nodes is None else rows_at(self._vectors, self._nodes)
        dense_band = band if band is None or self._nodes is None else band.take(self._nodes)
        everything: tuple[Ints, Ints] = np.arange(len(dense)), np.full(len(dense), len(dense))
        self._order, self._ends = everything if dense_band is None else dense_band.order()
        comparisons = int((self._ends - np.arange(len(self._ends))).sum())
        self._products = products_of(dense, comparisons)
        self._cells = cells.plan(dense, self._products, threshold, comparisons) if comparisons > exact else None

    @property
    def recall(self) -> float:
        """The share of the pairs that are found."""
        return 1.0 if self._cells is None else self._cells.recall

    @property
    def pieces(self) -> int:
        """How many pieces there are."""
        return len(self._sparse) + self._dense_pieces

    @property
    def _dense_pieces(self) -> int:
        if self._cells is not None:
            return -(-self._cells.count // self._block_cells)
        return -(-len(self._order) // self._block_rows) if self._vectors.shape[1] else 0

    def __iter__(self) -> Iterator[PairTable]:
        """Yield each piece."""
        return in_order(self.piece, range(self.pieces))

    def piece(self, number: int) -> PairTable:
        """Return the pairs of one piece, sorted by (i, j)."""
        if number >= self._dense_pieces:
            return self._table(*self._sparse[number - self._dense_pieces])
        a, b = self._of_cells(number) if self._cells is not None else self._of_block(number)
        return self._table(a, b) if self._nodes is None else self._table(self._nodes[a], self._nodes[b])

    def _of_cells(self, number: int) -> tuple[Ints, Ints]:
        assert self._cells is not None
        numbers = range(self._cells.count)[number * self._block_cells : (number + 1) * self._block_cells]
        pairs = [self._cells.pairs(self._products, cell, self._threshold) for cell in numbers]
        return np.concatenate([a for a, _ in pairs]), np.concatenate([b for _, b in pairs])

    def _of_block(self, number: int) -> tuple[Ints, Ints]:
        start, end = number * self._block_rows, (number + 1) * self._block_rows
        rows, others = self._order[start:end], self._order[start : self._ends[start:end].max()]
        return pairs_between(self._products, rows, others, self._threshold, above_diagonal=True)

    def _table(self, a: Ints, b: Ints) -> PairTable:
        return near_pairs(self._vectors, a, b, self._threshold, self._band, self._wording)


def near_pairs(vectors: Vectors, a: Ints, b: Ints, threshold: float, band: TimeBand | None, wording: bool) -> PairTable:
    """Return the pairs (a, b) that the band allows and whose similarity, summed in a fixed order, reaches the threshold."""
    if band is not None:
        allowed = band.allows(a, b)
        a, b = a[allowed], b[allowed]
    i, j = np.minimum(a, b), np.maximum(a, b)
    similarity = cosines(vectors, i, j)
    reached = np.flatnonzero(similarity >= np.float32(threshold))
    reached = reached[np.lexsort((j[reached], i[reached]))]
    i, j, similarity = i[reached].astype(np.int32), j[reached].astype(np.int32), similarity[reached]
    return PairTable(i, j, wording_similarity=similarity) if wording else PairTable(i, j, similarity)


def candidate_pairs(vectors: Vectors, threshold: float, band: TimeBand | None = None) -> PairTable:
    """Return all pairs of rows whose cosine similarity is at least `threshold`, each once, sorted by (i, j).

    Arguments are those of `Join`; exact for any number of rows.
    """
    return concatenate(Join(vectors, threshold, band, exact=np.iinfo(np.int64).max))


def pairs_with(
    vectors: Vectors, rows: Ints, threshold: float, band: TimeBand | None = None, *, wording: bool = False
) -> PairTable:
    """Return the pairs with one of `rows` that an exact `Join` with these arguments finds, sorted by (i, j)."""
    products, chosen = Products(vectors), np.zeros(len(vectors), bool)
    chosen[rows] = True

    def with_block(block: Ints) -> PairTable:
        a, b = pairs_between(products, rows, block, threshold)
        once = np.flatnonzero((a < b) | ~chosen[b])
        return near_pairs(vectors, a[once], b[once], threshold, band, wording)

    blocks = [np.arange(k, min(k + _CHUNK_ROWS, len(vectors))) for k in range(0, len(vectors), _CHUNK_ROWS)]
    return concatenate(in_order(with_block, blocks))


def rows_near(vectors: Vectors, rows: Ints, others: Ints, threshold: float) -> Ints:
    """Return those of `others`, ascending, whose cosine similarity to any of `rows` is at least `threshold`."""
    products = Products(vectors)

    def near(block: Ints) -> Ints:
        a, b = pairs_between(products, rows, block, threshold)
        return np.unique(b[cosines(vectors, a, b) >= np.float32(threshold)])

    blocks = [others[k : k + _CHUNK_ROWS] for k in range(0, len(others), _CHUNK_ROWS)]
    return np.concatenate(list(in_order(near, blocks)))


def adjacent(group: Ints, neighbors: int = NEIGHBORS) -> tuple[Ints, Ints]:
    """Return the pairs of each node of a group and the next `neighbors` nodes of it."""
    gaps = range(1, min(neighbors, len(group) - 1) + 1)
    pairs = [(group[:-gap], group[gap:]) for gap in gaps] or [(group[:0], group[:0])]
    return np.concatenate([a for a, _ in pairs]), np.concatenate([b for _, b in pairs])


def _checked(vectors: Vectors, threshold: float) -> Vectors:
    if not 0 < threshold <= 1:
        raise InputError(
            f"the similarity threshold must be above 0 and at most 1, not {threshold}: give one such as 0.5"
        )
    if isinstance(vectors, Int16Rows):
        return vectors
    if vectors.ndim != 2:
        raise InputError(f"vectors must be a matrix with one row per headline, not an array of shape {vectors.shape}")
    return np.ascontiguousarray(vectors, dtype=np.float32)
