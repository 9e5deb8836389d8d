"""Context: what the other pairs of two headlines say about them, from the probabilities of pairs by themselves.

Two headlines that both go with the same others belong together more surely than their own words show; a headline that goes
better with another one less surely. All of it comes from the sparse matrix of probabilities and its product with itself,
of which only the entries that are pairs are computed.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from dedupe.candidates.pairs import PairTable
from dedupe.levels import SCORED_LEVELS
from dedupe.runtime.arrays import Bools, Float32s, Floats, Ints
from dedupe.runtime.parallel import in_order

_OF_LEVEL = (
    "common",  # log of the summed products of both probabilities, over all others
    "share",  # that sum as a share of what either headline has
    "fewer",  # log of the summed probabilities with others, of the headline that has fewer
    "more",  # likewise of the one that has more
    "rival",  # the best probability with another headline, for the end of the pair where it is lower
    "best_rival",  # likewise for the end where it is higher
)
CONTEXT_FEATURES = tuple(f"{level}_{name}" for level in SCORED_LEVELS for name in _OF_LEVEL)
_SMOOTHING = 0.05  # keeps a share of next to nothing small
_DENSE = 0.025  # pairs of a component, as a share of its size squared, from which a dense product takes less time
_DENSE_NODES = 4096  # of a dense product, at most
_DENSE_PAIRS = 1000  # from which the choice matters
_CHUNK_ROWS = 16_384  # of a matrix that are summed at a time
_CHUNK_ENTRIES = 4_000_000  # of the rows of pairs that are multiplied at a time


class Context:
    """The context of a table of pairs, made for some of them at a time, since that of all would need much memory.

    `pairs`: each unordered pair of `nodes` nodes once, sorted by (i, j), with its probability by itself.
    """

    def __init__(
        self, nodes: int, pairs: PairTable, *, dense_pairs: int = _DENSE_PAIRS, chunk_entries: int = _CHUNK_ENTRIES
    ) -> None:
        self._pairs, matrices = pairs, _Matrices(nodes, pairs.i, pairs.j, dense_pairs, chunk_entries)
        self._levels = [_LevelContext(matrices, pairs.p_pair(level)) for level in SCORED_LEVELS]

    def features(self, places: slice | Ints) -> Floats:
        """Return the context of some pairs, float64, (places, len(CONTEXT_FEATURES))."""
        i, j = self._pairs.i[places], self._pairs.j[places]
        return np.stack([column for level in self._levels for column in level.columns(places, i, j)], axis=1)


class _LevelContext:
    def __init__(self, matrices: _Matrices, probability: Float32s) -> None:
        self.probability = probability
        matrix = matrices.matrix(probability)
        self.common = matrices.products(matrix)
        self.sums, self.squares, self.best, self.second = _row_statistics(matrix)

    def columns(self, places: slice | Ints, i: Ints, j: Ints) -> list[Floats]:
        """Return the columns `_OF_LEVEL` of some pairs."""
        p, common = self.probability[places].astype(np.float64), self.common[places].astype(np.float64)
        either = self.squares[i] + self.squares[j] - 2 * p**2 - common
        mass_i, mass_j = (np.maximum(self.sums[rows] - p, 0) for rows in (i, j))
        rival_i, rival_j = (np.where(p >= self.best[rows], self.second[rows], self.best[rows]) for rows in (i, j))
        return [
            np.log1p(common),
            common / np.maximum(either, _SMOOTHING + common),
            np.log1p(np.minimum(mass_i, mass_j)),
            np.log1p(np.maximum(mass_i, mass_j)),
            np.minimum(rival_i, rival_j),
            np.maximum(rival_i, rival_j),
        ]


class _Matrices:
    """Sparse symmetric matrices with a value for each pair of nodes, and the parts of their squares that are pairs."""

    def __init__(self, nodes: int, i: Ints, j: Ints, dense_pairs: int, chunk_entries: int) -> None:
        self.i, self.j, self.dense_pairs, self.chunk_entries = i, j, dense_pairs, chunk_entries
        starts = np.searchsorted(i, np.arange(nodes + 1))
        places = np.arange(1, len(i) + 1, dtype=np.int32)  # from 1, since adding sparse matrices drops a 0
        upper = csr_matrix((places, j.astype(np.int32), starts), shape=(nodes, nodes))
        self._places = upper + upper.T.tocsr()
        self._places.data -= 1
        self._component = connected_components(upper, directed=False)[1] if nodes else np.zeros(0, np.int64)

    def matrix(self, values: Float32s) -> csr_matrix:
        places = self._places
        return csr_matrix((values[places.data], places.indices, places.indptr), shape=places.shape)

    def products(self, matrix: csr_matrix) -> Float32s:
        """Return entry (i, j) of the matrix squared for each pair; its own value adds nothing, as the diagonal is empty."""
        common = np.zeros(len(self.i), np.float32)
        dense = self._dense()
        for component in np.flatnonzero(dense).tolist():
            members = np.flatnonzero(self._component == component)
            pairs = np.flatnonzero(self._component[self.i] == component)
            block = matrix[members][:, members].toarray()
            at, of = np.searchsorted(members, self.i[pairs]), np.searchsorted(members, self.j[pairs])
            common[pairs] = (block @ block)[at, of]
        rest = np.flatnonzero(~dense[self._component[self.i]])
        for pairs, values in in_order(lambda part: (part, self._row_products(matrix, part)), self._parts(matrix, rest)):
            common[pairs] = values
        return common

    def _dense(self) -> Bools:
        """Return which components are so dense and so small that a dense product is quicker."""
        sizes = np.bincount(self._component)
        pairs = np.bincount(self._component[self.i], minlength=len(sizes))
        return (sizes <= _DENSE_NODES) & (pairs > _DENSE * sizes.astype(float) ** 2) & (pairs > self.dense_pairs)

    def _parts(self, matrix: csr_matrix, pairs: Ints) -> list[Ints]:
        """Split places of pairs into parts whose rows have about the same number of entries."""
        degree = np.diff(matrix.indptr)
        cost = np.cumsum(degree[self.i[pairs]] + degree[self.j[pairs]], dtype=np.int64)
        steps = np.arange(self.chunk_entries, cost[-1] if len(cost) else 0, self.chunk_entries)
        cuts = np.searchsorted(cost, steps, side="right")
        return [part for part in np.split(pairs, cuts) if len(part)]

    def _row_products(self, matrix: csr_matrix, pairs: Ints) -> Float32s:
        # Most entries of the product of both matrices would be no pair.
        products: Float32s = np.asarray(matrix[self.i[pairs]].multiply(matrix[self.j[pairs]]).sum(axis=1)).ravel()
        return products


def _row_statistics(matrix: csr_matrix) -> Floats:
    """Return the sum of each row, of its squares, its largest entry and the next, (4, rows), 0 where there is none."""
    statistics = np.zeros((4, matrix.shape[0]))
    for start in range(0, matrix.shape[0], _CHUNK_ROWS):
        ends = matrix.indptr[start : start + _CHUNK_ROWS + 1].astype(np.int64)
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
        statistics[:, start + some] = sums, squares, best, np.maximum.reduceat(data, firsts)
    return statistics
