"""`PairTable`: pairs of nodes, from the search to the result; one array for each column."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from dedupe.runtime.arrays import Bools, Float32s, Ints


def _unfilled() -> Float32s:
    return np.empty(0, np.float32)


@dataclass(frozen=True, slots=True)
class PairTable:
    """Pairs of nodes, `i` < `j`, int32, since there may be very many. A column that no step has filled yet is empty.

    `similarity`: cosine similarity of the encoder's vectors; `wording_similarity`: of the vectors of the wording level.
    `read_wording`, `read_story`: log odds from the reader, NaN for a pair that it did not read. `p_pair_wording`,
    `p_pair_story`: probabilities of the pair by itself; `p_wording`, `p_story`: with context. All float32, (pairs,).
    `context`: float16, (pairs, features), what other pairs say about this one.
    """

    i: Ints
    j: Ints
    similarity: Float32s = field(default_factory=_unfilled)
    wording_similarity: Float32s = field(default_factory=_unfilled)
    read_wording: Float32s = field(default_factory=_unfilled)
    read_story: Float32s = field(default_factory=_unfilled)
    p_pair_wording: Float32s = field(default_factory=_unfilled)
    p_pair_story: Float32s = field(default_factory=_unfilled)
    p_wording: Float32s = field(default_factory=_unfilled)
    p_story: Float32s = field(default_factory=_unfilled)
    context: NDArray[np.float16] = field(default_factory=lambda: np.empty((0, 0), np.float16))

    def __len__(self) -> int:
        return len(self.i)

    @classmethod
    def of(cls, i: Ints, j: Ints) -> PairTable:
        """Return the pairs of nodes i and j, (pairs,) each, in either order."""
        return cls(np.minimum(i, j).astype(np.int32), np.maximum(i, j).astype(np.int32))

    def p_pair(self, level: str) -> Float32s:
        """Return the probability of each pair by itself at a level, (pairs,)."""
        return self.p_pair_story if level == "story" else self.p_pair_wording

    def p(self, level: str) -> Float32s:
        """Return the probability of each pair in context at a level, (pairs,)."""
        return self.p_story if level == "story" else self.p_wording

    def take(self, index: Bools | Ints | slice) -> PairTable:
        """Return the pairs that a mask, indices or a slice select, as in NumPy."""
        columns = (getattr(self, column.name) for column in fields(self))
        return PairTable(*(column[index] if len(column) else column for column in columns))

    def updated(self, places: Ints, part: PairTable) -> PairTable:
        """Return the pairs with those at `places` replaced by the ones of `part`, which has the same columns filled."""
        columns = [getattr(self, column.name).copy() for column in fields(self)]
        for column, values in zip(columns, (getattr(part, column.name) for column in fields(part)), strict=True):
            if len(column):
                column[places] = values
        return PairTable(*columns)


def concatenate(tables: Iterable[PairTable]) -> PairTable:
    """Return the pairs of all tables, sorted by (i, j); the tables must have the same columns filled."""
    parts = [part for part in tables if len(part)]
    if not parts:
        return PairTable.of(np.empty(0, np.int64), np.empty(0, np.int64))
    columns = {column.name: [getattr(part, column.name) for part in parts] for column in fields(PairTable)}
    del parts, tables  # to save memory, each column is dropped once it is joined
    i, j = (np.concatenate(columns.pop(name)) for name in ("i", "j"))
    order = np.lexsort((j, i))
    rest = [np.concatenate(columns.pop(name)) for name in list(columns)]
    return PairTable(i[order], j[order], *(column[order] if len(column) else column for column in rest))
