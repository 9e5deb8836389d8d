"""Context: what the other pairs of two headlines say about them, from the probabilities of pairs by themselves.

Two headlines that are both similar to the same others are more likely to belong together than their own words show; less
likely if one of them has a better partner; more likely if the words that one of them lacks are those of its partners. All of it
is computed from the sparse matrix of probabilities and its square, restricted to the entries that are pairs.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from dedupe.candidates.pairs import PairTable
from dedupe.levels import SCORED_LEVELS
from dedupe.runtime.arrays import Bools, Float32s, Floats, Ints
from dedupe.runtime.parallel import in_order
from dedupe.scoring.title_features import KINDS, TitleFeatures

_OF_LEVEL = (
    "share",  # common: the sum over all third headlines of the product of its probabilities with both; share: common as a
    # share of the sum of squares of the probabilities with either
    "of_fewer",  # common as a share of the sum of a headline's probabilities with third ones: of the smaller of both sums
    "of_more",  # of the larger of both sums
    "partners",  # log of the smaller sum
    "rival",  # the best probability of a headline with a third one: the lower of both
    "best_rival",  # the higher of both
)
_ECHOES = (
    "fewer_echoes",  # how far the words of one headline that the other lacks are words of the other's partners: the lower one
    "more_echoes",  # the higher of both directions
)
CONTEXT_FEATURES = (*(f"{level}_{name}" for level in SCORED_LEVELS for name in _OF_LEVEL), *_ECHOES)
_SMOOTHING = 0.05  # keeps a share of tiny sums small
_FEW = 0.3  # the same for sums of probabilities
_MOST_PARTNERS = {"wording": 2.0, "story": 10.0}
"""Per level, the largest sum of probabilities that is told from larger ones: few labelled headlines have more partners."""
_WORD_KINDS = ("stems", "numbers", "days", "opposites")  # what echoes are made of
_LIGHT = 0.1  # idf of words that count as hardly any
_DENSE = 0.025  # pairs of a component as a share of its size squared, above which a dense product is faster
_DENSE_NODES = 4096  # of a dense product, at most
_DENSE_PAIRS = 1000  # of a component, below which a dense product is not worthwhile
_CHUNK_ROWS = 16_384
_CHUNK_ECHOES = 32_768  # pairs whose echoes are computed together
_CHUNK_ENTRIES = 4_000_000  # entries of matrix rows multiplied at a time


class Context:
    """The context of pairs of titles, sorted by (i, j), from their probability by themselves.

    Its features are computed for a part of the pairs at a time, since those of all would need much memory.
    """

    def __init__(
        self,
        titles: TitleFeatures,
        pairs: PairTable,
        *,
        dense_pairs: int = _DENSE_PAIRS,
        chunk_entries: int = _CHUNK_ENTRIES,
    ) -> None:
        matrices = _Matrices(len(titles.texts), pairs.i, pairs.j, dense_pairs, chunk_entries)
        self._pairs = pairs
        self._levels = [_LevelContext(matrices, pairs.p_pair(level), level) for level in SCORED_LEVELS]
        self._echoes = _echoes(titles, matrices.matrix(pairs.p_pair_story), pairs)

    def features(self, index: slice | Ints) -> Floats:
        """Return the context of the pairs at `index`, float64, (pairs, len(CONTEXT_FEATURES))."""
        i, j = self._pairs.i[index], self._pairs.j[index]
        columns = [column for level in self._levels for column in level.columns(index, i, j)]
        return np.column_stack([*columns, self._echoes[index]])


class _LevelContext:
    def __init__(self, matrices: _Matrices, probability: Float32s, level: str) -> None:
        self.probability, self.most = probability, _MOST_PARTNERS[level]
        matrix = matrices.matrix(probability)
        self.common = matrices.products(matrix)
        self.sums, self.squares, self.best, self.second = _row_statistics(matrix)

    def columns(self, index: slice | Ints, i: Ints, j: Ints) -> list[Floats]:
        p, common = self.probability[index].astype(np.float64), self.common[index].astype(np.float64)
        either = self.squares[i] + self.squares[j] - 2 * p**2 - common
        sum_i, sum_j = (np.maximum(self.sums[rows] - p, 0) for rows in (i, j))
        fewer = np.minimum(sum_i, sum_j)
        rival_i, rival_j = (np.where(p >= self.best[rows], self.second[rows], self.best[rows]) for rows in (i, j))
        return [
            common / np.maximum(either, _SMOOTHING + common),
            common / (fewer + _FEW),
            common / (np.maximum(sum_i, sum_j) + _FEW),
            np.log1p(np.minimum(fewer, self.most)),
            np.minimum(rival_i, rival_j),
            np.maximum(rival_i, rival_j),
        ]


def _echoes(titles: TitleFeatures, matrix: csr_matrix, pairs: PairTable) -> Float32s:
    """Return the echoes of pairs in both directions, lower first, (pairs, 2); `matrix`: probabilities, (n, n)."""
    words = (
        titles.entries[:, np.isin(titles.kind, [KINDS.index(kind) for kind in _WORD_KINDS])].tocsr().astype(np.float64)
    )
    matrix = matrix.astype(np.float64)  # a title's own share is subtracted, and must leave nothing
    sums = np.asarray(matrix.sum(axis=1), np.float64).ravel()
    both = np.empty((len(pairs), 2), np.float32)
    for column, (of, among) in enumerate(((pairs.i, pairs.j), (pairs.j, pairs.i))):
        order = np.argsort(among, kind="stable")  # so that a part has few different titles
        parts = [order[k : k + _CHUNK_ECHOES] for k in range(0, len(order), _CHUNK_ECHOES)]
        found = in_order(partial(_echo, words, matrix, of, among), parts)
        for part, (said, mass) in zip(parts, found, strict=True):
            p = pairs.p_pair_story[part].astype(np.float64)
            others = np.maximum(sums[among[part]] - p, 0) + _FEW
            both[part, column] = np.maximum(said - p * mass, 0) / (others * np.maximum(mass, _LIGHT))
    return np.sort(both, axis=1)


def _echo(words: csr_matrix, matrix: csr_matrix, of: Ints, among: Ints, part: Ints) -> tuple[Floats, Floats]:
    """Return the mass of words of `of` that `among` lacks: as the partners of `among` have them, and all of it, (part,)."""
    of, among = of[part], among[part]
    present = words.astype(bool).astype(np.float64)
    titles, place = np.unique(among, return_inverse=True)
    partners = (matrix[titles] @ present).tocsr()
    lacking = (words[of] - words[of].multiply(present[among])).tocsr()
    lacking.eliminate_zeros()
    pair = np.repeat(np.arange(len(of)), np.diff(lacking.indptr))
    # Only at these words: the partners of a title in a crowd have hundreds.
    share = _entries(partners, place[pair], lacking.indices)
    said = np.asarray(np.bincount(pair, lacking.data * share, len(of)), np.float64)
    mass = np.asarray(np.bincount(pair, lacking.data, len(of)), np.float64)
    return said, mass


def _entries(matrix: csr_matrix, rows: Ints, columns: Ints) -> Floats:
    """Return the entries at these rows and columns, 0 where there is none."""
    matrix.sort_indices()
    width = matrix.shape[1]
    filled = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr)) * width + matrix.indices
    wanted = rows * width + columns
    place = np.minimum(np.searchsorted(filled, wanted), max(len(filled) - 1, 0))
    if not len(filled):
        return np.zeros(len(wanted))
    return np.where(filled[place] == wanted, matrix.data[place], 0.0)


class _Matrices:
    """Sparse symmetric matrices with a value for each pair of nodes, and the entries of their squares at these pairs."""

    def __init__(self, nodes: int, i: Ints, j: Ints, dense_pairs: int, chunk_entries: int) -> None:
        self.i, self.j, self.dense_pairs, self.chunk_entries = i, j, dense_pairs, chunk_entries
        starts = np.searchsorted(i, np.arange(nodes + 1))
        numbers = np.arange(1, len(i) + 1, dtype=np.int32)  # from 1, since adding sparse matrices drops a 0
        upper = csr_matrix((numbers, j.astype(np.int32), starts), shape=(nodes, nodes))
        self._pair = upper + upper.T.tocsr()  # the index of each entry's pair
        self._pair.data -= 1
        self._component = connected_components(upper, directed=False)[1] if nodes else np.zeros(0, np.int64)

    def matrix(self, values: Float32s) -> csr_matrix:
        pair = self._pair
        return csr_matrix((values[pair.data], pair.indices, pair.indptr), shape=pair.shape)

    def products(self, matrix: csr_matrix) -> Float32s:
        """Return entry (i, j) of the matrix squared for each pair; the diagonal is empty, so its own value adds nothing."""
        common = np.zeros(len(self.i), np.float32)
        dense = self._dense()
        for component in np.flatnonzero(dense).tolist():
            members = np.flatnonzero(self._component == component)
            pairs = np.flatnonzero(self._component[self.i] == component)
            block = matrix[members][:, members].toarray()
            i, j = np.searchsorted(members, self.i[pairs]), np.searchsorted(members, self.j[pairs])
            common[pairs] = (block @ block)[i, j]
        rest = np.flatnonzero(~dense[self._component[self.i]])
        for pairs, values in in_order(lambda part: (part, self._row_products(matrix, part)), self._parts(matrix, rest)):
            common[pairs] = values
        return common

    def _dense(self) -> Bools:
        sizes = np.bincount(self._component)
        pairs = np.bincount(self._component[self.i], minlength=len(sizes))
        return (sizes <= _DENSE_NODES) & (pairs > _DENSE * sizes.astype(float) ** 2) & (pairs > self.dense_pairs)

    def _parts(self, matrix: csr_matrix, pairs: Ints) -> list[Ints]:
        """Split indices of pairs into parts whose rows have about the same number of entries."""
        degree = np.diff(matrix.indptr)
        cost = np.cumsum(degree[self.i[pairs]] + degree[self.j[pairs]], dtype=np.int64)
        steps = np.arange(self.chunk_entries, cost[-1] if len(cost) else 0, self.chunk_entries)
        cuts = np.searchsorted(cost, steps, side="right")
        return [part for part in np.split(pairs, cuts) if len(part)]

    def _row_products(self, matrix: csr_matrix, pairs: Ints) -> Float32s:
        # Only at pairs: most entries of the matrix squared are none.
        products: Float32s = np.asarray(matrix[self.i[pairs]].multiply(matrix[self.j[pairs]]).sum(axis=1)).ravel()
        return products


def _row_statistics(matrix: csr_matrix) -> Floats:
    """Return the sum, sum of squares, largest and second largest entry of each row, (4, rows), 0 where there is none."""
    statistics = np.zeros((4, matrix.shape[0]))
    for start in range(0, matrix.shape[0], _CHUNK_ROWS):
        ends = matrix.indptr[start : start + _CHUNK_ROWS + 1].astype(np.int64)
        count, data = np.diff(ends), matrix.data[ends[0] : ends[-1]].astype(np.float64)
        filled, firsts = np.flatnonzero(count), ends[:-1][count > 0] - ends[0]
        if not len(filled):
            continue
        sums, squares = np.add.reduceat(data, firsts), np.add.reduceat(data**2, firsts)
        best = np.maximum.reduceat(data, firsts)
        row = np.repeat(np.arange(len(filled)), count[filled])
        top = np.flatnonzero(data == best[row])
        data[top[np.unique(row[top], return_index=True)[1]]] = 0  # only the first of equal entries
        statistics[:, start + filled] = sums, squares, best, np.maximum.reduceat(data, firsts)
    return statistics
