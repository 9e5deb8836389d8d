"""`Across`: the pairs of a join whose nodes lie on two sides, such as in two regions."""

from __future__ import annotations

import numpy as np

from dedupe.candidates.int8 import products_of
from dedupe.candidates.join import near_pairs
from dedupe.candidates.pairs import PairTable
from dedupe.candidates.products import pairs_between
from dedupe.candidates.time_band import TimeBand
from dedupe.embedding.vectors import Vectors
from dedupe.runtime.arrays import Ints

_BLOCK_ROWS = 1024  # of one piece
SLACK = 1e-3
"""Hours, more than their rounding errors; `near_pairs` decides which pairs the window allows."""


class Across:
    """The pairs of one node of `rows` and one of `others` that an exact `Join` of all nodes finds, each in one piece.

    `rows`, `others`: nodes, none in both; the other arguments are those of `Join`.
    """

    def __init__(
        self,
        vectors: Vectors,
        rows: Ints,
        others: Ints,
        threshold: float,
        band: TimeBand | None = None,
        *,
        wording: bool = False,
        block_rows: int = _BLOCK_ROWS,
    ) -> None:
        self._vectors, self._threshold, self._band, self._wording = vectors, threshold, band, wording
        self._rows, self._others = (nodes if band is None else _in_time(band, nodes) for nodes in (rows, others))
        blocks = [self._rows[start : start + block_rows] for start in range(0, len(rows), block_rows)]
        self._blocks = [(block, near) for block in blocks if len(near := self._near(block))]
        self._products = products_of(vectors, sum(len(block) * len(near) for block, near in self._blocks))

    @property
    def pieces(self) -> int:
        """How many pieces there are."""
        return len(self._blocks)

    def piece(self, number: int) -> PairTable:
        """Return the pairs of one piece, sorted by (i, j)."""
        a, b = pairs_between(self._products, *self._blocks[number], self._threshold)
        return near_pairs(self._vectors, a, b, self._threshold, self._band, self._wording)

    def _near(self, block: Ints) -> Ints:
        """Return the other nodes that could be in the window of any of a block; both are in order of time."""
        if self._band is None:
            return self._others
        hours, first = self._band.first[self._others], self._band.first[block]
        if np.isnan(first).any():
            return self._others
        undated = int(np.count_nonzero(np.isnan(hours)))
        reach = self._band.window + SLACK
        start, end = np.searchsorted(hours[: len(hours) - undated], [first[0] - reach, first[-1] + reach])
        return np.concatenate([self._others[start:end], self._others[len(hours) - undated :]])


def _in_time(band: TimeBand, nodes: Ints) -> Ints:
    return nodes[np.argsort(band.first[nodes], kind="stable")]  # undated ones come last
