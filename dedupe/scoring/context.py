"""What the other headlines say about a pair: the evidence of company, from the probabilities of pairs judged alone.

Two headlines that go with the same others belong together more surely than their own words show; a headline that goes
better with somebody else less surely. All from the sparse matrix of probabilities and its product with itself, of which only
the entries that are pairs are made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from dedupe.levels import SCORED_LEVELS
from dedupe.runtime.parallel import in_order

Floats = NDArray[np.float64]
Chances = NDArray[np.floating[Any]]
Ints = NDArray[np.signedinteger[Any]]

OF_LEVEL = (
    "common",  # log of the summed products of both probabilities, over all others
    "share",  # that sum as a share of what either has
    "fewer",  # log of the summed probabilities with others, of the headline that has fewer
    "more",  # likewise of the one that has more
    "rival",  # the best probability with another, of the headline where it is lower
    "best_rival",  # likewise where it is higher
)
CONTEXT = tuple(f"{level}_{name}" for level in SCORED_LEVELS for name in OF_LEVEL)
_LEAST = 0.05  # keeps a share of next to nothing small
_DENSE = 0.025  # pairs of a component, as a share of the square of its size, from which dense products take less time
_WIDEST = 4096  # nodes of a dense product
_WORTH = 1000  # pairs from which the choice matters
_ROWS = 16_384  # of a matrix that are summed at a time
_COST = 4_000_000  # entries of the rows of pairs that are multiplied at a time


class Company:
    """The context of pairs, some at a time, since that of all would need much room.

    `i`, `j`: (pairs,), each unordered pair of nodes once, sorted by (i, j). `probability`: of each level, judged alone,
    (pairs,); taken as float32, which halves the room for sums that need no more.
    """

    def __init__(self, nodes: int, i: Ints, j: Ints, probability: Mapping[str, Chances]) -> None:
        links = _Links(nodes, i, j)
        self._i, self._j = i, j
        self._levels = [_Level(links, probability[level]) for level in SCORED_LEVELS]

    def of(self, which: slice | Ints) -> Floats:
        """Return the context of some pairs, float64, (pairs, len(CONTEXT)), columns as in `CONTEXT`."""
        i, j = self._i[which], self._j[which]
        return np.stack([column for level in self._levels for column in level.columns(which, i, j)], axis=1)


class _Level:
    """What a level's probabilities say of each node, and of each pair's common company."""

    def __init__(self, links: _Links, chance: Chances) -> None:
        self.chance = chance.astype(np.float32, copy=False)
        matrix = links.matrix(self.chance)
        self.common = links.products(matrix)
        self.sums, self.squares, self.best, self.second = _of_rows(matrix)

    def columns(self, which: slice | Ints, i: Ints, j: Ints) -> list[Floats]:
        """The columns `OF_LEVEL` of some pairs."""
        chance, common = self.chance[which].astype(np.float64), self.common[which].astype(np.float64)
        either = self.squares[i] + self.squares[j] - 2 * chance**2 - common
        mass_i, mass_j = (np.maximum(self.sums[rows] - chance, 0) for rows in (i, j))
        rival_i, rival_j = (np.where(chance >= self.best[rows], self.second[rows], self.best[rows]) for rows in (i, j))
        return [
            np.log1p(common),
            common / np.maximum(either, _LEAST + common),
            np.log1p(np.minimum(mass_i, mass_j)),
            np.log1p(np.maximum(mass_i, mass_j)),
            np.minimum(rival_i, rival_j),
            np.maximum(rival_i, rival_j),
        ]


class _Links:
    """Which nodes are pairs, as a sparse symmetric matrix, and how to multiply such a matrix with itself in parts."""

    def __init__(self, nodes: int, i: Ints, j: Ints) -> None:
        """`i`, `j`: sorted by (i, j)."""
        self.i, self.j = i, j
        starts = np.searchsorted(i, np.arange(nodes + 1))
        places = np.arange(1, len(i) + 1, dtype=np.int32)  # from 1, as sums of matrices drop a 0
        upper = csr_matrix((places, j.astype(np.int32), starts), shape=(nodes, nodes))
        self._places = upper + upper.T.tocsr()
        self._places.data -= 1
        self._component = connected_components(upper, directed=False)[1] if nodes else np.zeros(0, np.int64)

    def matrix(self, values: NDArray[np.float32]) -> csr_matrix:
        """The matrix with a value for each pair."""
        links = self._places
        return csr_matrix((values[links.data], links.indices, links.indptr), shape=links.shape)

    def products(self, matrix: csr_matrix) -> NDArray[np.float32]:
        """The entries (i, j) of the matrix times itself; a pair's own value adds nothing, as the diagonal is empty."""
        common = np.zeros(len(self.i), np.float32)
        dense = self._dense()
        for component in np.flatnonzero(dense).tolist():
            members = np.flatnonzero(self._component == component)
            pairs = np.flatnonzero(self._component[self.i] == component)
            block = matrix[members][:, members].toarray()
            at, of = np.searchsorted(members, self.i[pairs]), np.searchsorted(members, self.j[pairs])
            common[pairs] = (block @ block)[at, of]
        rest = np.flatnonzero(~dense[self._component[self.i]])
        for pairs, values in in_order(lambda part: (part, self._shared(matrix, part)), self._parts(matrix, rest)):
            common[pairs] = values
        return common

    def _dense(self) -> NDArray[np.bool_]:
        """Which components are so dense, and so small, that their product is made as one of dense matrices."""
        sizes = np.bincount(self._component)
        pairs = np.bincount(self._component[self.i], minlength=len(sizes))
        return (sizes <= _WIDEST) & (pairs > _DENSE * sizes.astype(float) ** 2) & (pairs > _WORTH)

    def _parts(self, matrix: csr_matrix, pairs: Ints) -> list[Ints]:
        """The places of pairs in parts whose rows have about the same number of entries."""
        degree = np.diff(matrix.indptr)
        cost = np.cumsum(degree[self.i[pairs]] + degree[self.j[pairs]], dtype=np.int64)
        cuts = np.searchsorted(cost, np.arange(_COST, cost[-1] if len(cost) else 0, _COST), side="right")
        return [part for part in np.split(pairs, cuts) if len(part)]

    def _shared(self, matrix: csr_matrix, pairs: Ints) -> Chances:
        """The same entries for some pairs: products of both rows where these meet, which takes less time than a product of
        matrices of which most entries are no pair.
        """
        found: Chances = np.asarray(matrix[self.i[pairs]].multiply(matrix[self.j[pairs]]).sum(axis=1)).ravel()
        return found


def _of_rows(matrix: csr_matrix) -> Floats:
    """The sum of each row, of its squares, its largest entry and the one after it, (4, rows), 0 where there is none."""
    found = np.zeros((4, matrix.shape[0]))
    for start in range(0, matrix.shape[0], _ROWS):
        ends = matrix.indptr[start : start + _ROWS + 1].astype(np.int64)
        count, data = np.diff(ends), matrix.data[ends[0] : ends[-1]].astype(np.float64)
        some, firsts = np.flatnonzero(count), ends[:-1][count > 0] - ends[0]
        if not len(some):
            continue
        sums, squares, best = (
            np.add.reduceat(data, firsts),
            np.add.reduceat(data**2, firsts),
            np.maximum.reduceat(data, firsts),
        )
        row = np.repeat(np.arange(len(some)), count[some])
        top = np.flatnonzero(data == best[row])
        data[top[np.unique(row[top], return_index=True)[1]]] = 0  # one of equals only
        found[:, start + some] = sums, squares, best, np.maximum.reduceat(data, firsts)
    return found
