"""Context: what the other pairs of two headlines say about them, from the probabilities of pairs by themselves.

Two headlines that are both similar to the same others are more likely to belong together than their own words show; less
likely if one of them has a better partner; more likely if partners say the words that one of them lacks (`echoes.py`). All of
it is computed from the sparse matrix of probabilities and its square, restricted to the entries that are pairs.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from dedupe.candidates.pairs import PairTable
from dedupe.candidates.products import spread
from dedupe.levels import SCORED_LEVELS
from dedupe.runtime.arrays import Bools, Float32s, Floats, Ints
from dedupe.runtime.parallel import in_order
from dedupe.scoring.echoes import ECHOES, echo_sums, echoes
from dedupe.scoring.title_features import TitleFeatures

_OF_LEVEL = (
    "share",  # common: the sum over all third headlines of the product of its probabilities with both; share: common as a
    # share of the sum of squares of the probabilities with either
    "of_fewer",  # common as a share of the sum of a headline's probabilities with third ones: of the smaller of both sums
    "of_more",  # of the larger of both sums
    "partners",  # log of the smaller sum
    "rival",  # the best probability of a headline with a third one: the lower of both
    "best_rival",  # the higher of both
)
CONTEXT_FEATURES = (*(f"{level}_{name}" for level in SCORED_LEVELS for name in _OF_LEVEL), *ECHOES)
_SMOOTHING = 0.05  # keeps a share of tiny sums small
_FEW = 0.3  # the same for sums of probabilities
_MOST_PARTNERS = {"wording": 2.0, "story": 10.0}
"""Per level, the largest sum of probabilities that is told from larger ones: few labelled headlines have more partners."""
_DENSE_GAIN = 400  # how many multiplications of a dense product take as long as one of sparse rows
_DENSE_NODES = 4096  # third headlines of a dense product; a sample where a component has more
_DENSE_PAIRS = 1000  # of a component, below which a dense product is not worthwhile
_BLOCK_ROWS = 512  # of a dense product at a time
_CHUNK_ROWS = 16_384
_CHUNK_PAIRS = 65_536  # whose features are made at a time
_CHUNK_ENTRIES = 4_000_000  # entries of matrix rows multiplied at a time


Sum = NDArray[np.floating[Any]]  # float32, or float64 where terms are to be taken away again


class Sums(NamedTuple):
    """Sums over third headlines, for each pair: with the statistics of the rows of the matrices, all that context is made of.

    `common`: per level, of the products of both probabilities, (pairs,). `said`, `mass`: see `echo_sums`, (pairs, 2).
    """

    common: dict[str, Sum]
    said: Sum
    mass: Sum


class Context:
    """The context of pairs of titles, sorted by (i, j), from their probability by themselves.

    Its features are computed for a part of the pairs at a time, since those of all would need much memory. `sums`: where they
    are known already; `statistics`: the same, of `row_statistics` of each level. `at`: the places of the pairs whose context it
    is, ascending; all pairs of both nodes of these must be given, unless sums and statistics are. Default: all.
    """

    def __init__(
        self,
        titles: TitleFeatures,
        pairs: PairTable,
        matrices: Matrices | None = None,
        sums: Sums | None = None,
        at: Ints | None = None,
        statistics: Mapping[str, Floats] | None = None,
    ) -> None:
        matrices = matrices or Matrices(len(titles.texts), pairs.i, pairs.j)
        self._pairs = pairs if at is None else pairs.take(at)
        self._sums = sums or sums_of(titles, pairs, matrices, at)
        if statistics is None:
            statistics = {level: row_statistics(matrices.matrix(pairs.p_pair(level))) for level in SCORED_LEVELS}
        self._levels = [
            _LevelContext(statistics[level], self._pairs.p_pair(level), level, self._sums.common[level])
            for level in SCORED_LEVELS
        ]
        self.sampled = np.flatnonzero(matrices.sampled)
        """The nodes whose common partners are estimated from a sample, since they have so many."""

    def features(self, index: slice | Ints) -> Floats:
        """Return the context of the pairs at `index`, float64, (pairs, len(CONTEXT_FEATURES))."""
        i, j = (
            nodes[index].astype(np.intp) for nodes in (self._pairs.i, self._pairs.j)
        )  # once, not at each of many uses
        features = np.empty((len(CONTEXT_FEATURES), len(i)))  # so that each column is contiguous
        for k, level in enumerate(self._levels):
            level.fill(features[k * len(_OF_LEVEL) : (k + 1) * len(_OF_LEVEL)], index, i, j)
        partners, p = self._levels[SCORED_LEVELS.index("story")].sums, self._pairs.p_pair_story[index]
        around = partners.take(j) - p, partners.take(i) - p
        features[-len(ECHOES) :] = echoes(self._sums.said[index], self._sums.mass[index], around)
        return features.T

    def packed(self, places: Ints) -> NDArray[np.float16]:
        """Return the same of the pairs at some places, as tables hold it."""
        features = np.empty((len(places), len(CONTEXT_FEATURES)), np.float16)
        for start in range(0, len(places), _CHUNK_PAIRS):
            part = slice(start, start + _CHUNK_PAIRS)
            features[part] = self.features(places[part])
        return features


def sums_of(titles: TitleFeatures, pairs: PairTable, matrices: Matrices, at: Ints | None = None) -> Sums:
    """Return the sums of all pairs, or of those at some places."""
    common = {level: matrices.products(matrices.matrix(pairs.p_pair(level)), at) for level in SCORED_LEVELS}
    return Sums(
        common, *echo_sums(titles, matrices.matrix(pairs.p_pair_story), pairs if at is None else pairs.take(at))
    )


class _LevelContext:
    def __init__(self, statistics: Floats, probability: Float32s, level: str, common: Sum) -> None:
        self.probability, self.common, self.most = probability, common, _MOST_PARTNERS[level]
        self.sums, self.squares, self.best, self.second = statistics

    def fill(self, columns: Floats, index: slice | Ints, i: Ints, j: Ints) -> None:
        """Set the features `_OF_LEVEL` of the pairs (i, j) at `index`, (features, pairs), in place."""
        p, common = self.probability[index].astype(np.float64), self.common[index].astype(np.float64)
        either = self.squares.take(i) + self.squares.take(j) - 2 * p**2 - common
        sum_i, sum_j = (np.maximum(self.sums.take(rows) - p, 0) for rows in (i, j))
        fewer = np.minimum(sum_i, sum_j)
        rival_i, rival_j = (self._rival(p, rows) for rows in (i, j))
        np.divide(common, np.maximum(either, _SMOOTHING + common), out=columns[0])
        np.divide(common, fewer + _FEW, out=columns[1])
        np.divide(common, np.maximum(sum_i, sum_j) + _FEW, out=columns[2])
        np.log1p(np.minimum(fewer, self.most), out=columns[3])
        np.minimum(rival_i, rival_j, out=columns[4])
        np.maximum(rival_i, rival_j, out=columns[5])

    def _rival(self, p: Floats, rows: Ints) -> Floats:
        best = self.best.take(rows)
        rival: Floats = np.where(p >= best, self.second.take(rows), best)
        return rival


class Matrices:
    """Sparse symmetric matrices with a value for each pair of nodes, and the entries of their squares at these pairs.

    `i`, `j`: sorted pairs of so many nodes. The other arguments decide which components are multiplied densely.
    """

    def __init__(
        self,
        nodes: int,
        i: Ints,
        j: Ints,
        *,
        dense_pairs: int = _DENSE_PAIRS,
        dense_nodes: int = _DENSE_NODES,
        chunk_entries: int = _CHUNK_ENTRIES,
    ) -> None:
        self.i, self.j, self.dense_pairs, self.chunk_entries = i, j, dense_pairs, chunk_entries
        self.dense_nodes, self.sampled = dense_nodes, np.zeros(nodes, bool)
        self.pair = _symmetric(nodes, i, j)  # the index of each entry's pair

    @cached_property
    def _component(self) -> Ints:
        """The component of each node."""
        nodes = len(self.sampled)
        starts, ones = np.searchsorted(self.i, np.arange(nodes + 1)), np.ones(len(self.i))
        upper = csr_matrix((ones, self.j, starts), shape=(nodes, nodes))
        return np.asarray(connected_components(upper, directed=False)[1] if nodes else np.zeros(0, np.int64))

    def matrix(self, values: Float32s) -> csr_matrix:
        """Return the matrix that has the value of its pair at each entry."""
        pair = self.pair
        return csr_matrix((values.take(pair.data), pair.indices, pair.indptr), shape=pair.shape)

    def products(self, matrix: csr_matrix, at: Ints | None = None) -> Float32s:
        """Return entry (i, j) of the matrix squared for each pair, or for those at some places, ascending.

        The diagonal is empty, so a pair's own value adds nothing. In a dense component of very many nodes the sum over all of
        them is estimated from an evenly spread sample, unless it is asked for some pairs only.
        """
        if at is not None:
            return self._sparse_products(matrix, at, np.zeros(len(self.i), np.float32))[at]
        common = np.zeros(len(self.i), np.float32)
        dense, of_pair = self._dense(matrix), self._component[self.i]
        for members, pairs in zip(_places(self._component, dense), _places(of_pair, dense), strict=True):
            self._dense_products(matrix, members, pairs, common)
        return self._sparse_products(matrix, np.flatnonzero(~dense[of_pair]), common)

    def _sparse_products(self, matrix: csr_matrix, pairs: Ints, common: Float32s) -> Float32s:
        """Return `common`, set at some pairs."""
        for part, values in in_order(lambda part: (part, self._row_products(matrix, part)), self._parts(matrix, pairs)):
            common[part] = values
        return common

    @property
    def is_estimated(self) -> bool:
        """Whether products are estimated from a sample anywhere."""
        sizes = np.bincount(self._component, minlength=1)
        return bool(sizes.max() > self.dense_nodes and (sizes[self._dense(self.pair)] > self.dense_nodes).any())

    def _dense(self, matrix: csr_matrix) -> Bools:
        """Return which components a dense product multiplies faster than sparse rows do."""
        degree = np.diff(matrix.indptr)
        sizes = np.bincount(self._component).astype(float)
        pairs = np.bincount(self._component, degree, minlength=len(sizes)).astype(np.int64) // 2
        sparse = np.bincount(self._component, degree.astype(float) ** 2, minlength=len(sizes))
        return multiplied_densely(sizes, pairs, sparse, dense_pairs=self.dense_pairs, dense_nodes=self.dense_nodes)

    def _dense_products(self, matrix: csr_matrix, members: Ints, pairs: Ints, common: Float32s) -> None:
        """Set `common` at the pairs of a component, whose nodes are `members`, both ascending."""
        sample = members[spread(len(members), self.dense_nodes)]
        self.sampled[members] |= len(sample) < len(members)
        values = matrix[members][:, sample].toarray()
        i, j = np.searchsorted(members, self.i[pairs]), np.searchsorted(members, self.j[pairs])
        starts = range(0, len(members), _BLOCK_ROWS)

        def block(start: int) -> Float32s:  # only columns from `start` on, since j is above i
            part = slice(*np.searchsorted(i, [start, start + _BLOCK_ROWS]))
            product = values[start : start + _BLOCK_ROWS] @ values[start:].T
            return np.asarray(product[i[part] - start, j[part] - start])

        common[pairs] = np.concatenate(list(in_order(block, starts)))
        common[pairs] *= len(members) / len(sample)

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


def _symmetric(nodes: int, i: Ints, j: Ints) -> csr_matrix:
    """Return the matrix that has the index of its pair at each entry, and at the mirrored one; the pairs are sorted."""
    number, place = np.arange(len(i), dtype=np.int32), np.arange(len(i))
    ends = np.searchsorted(i, np.arange(nodes + 1))
    lower = csr_matrix((number, j, ends), shape=(nodes, nodes)).T.tocsr()
    data, columns = np.empty((2, 2 * len(i)), np.int32)
    for at, values, others in (  # in each row, the entries before the diagonal come first
        (place + np.repeat(ends[:-1], np.diff(lower.indptr)), lower.data, lower.indices),
        (place + lower.indptr[1:].take(i), number, j),
    ):
        data[at], columns[at] = values, others
    matrix = csr_matrix((data, columns, ends + lower.indptr), shape=(nodes, nodes))
    matrix.has_sorted_indices = True
    return matrix


def multiplied_densely(
    nodes: Floats, pairs: Ints, squares: Ints, *, dense_pairs: int = _DENSE_PAIRS, dense_nodes: int = _DENSE_NODES
) -> Bools:
    """Return which components a dense product multiplies faster than sparse rows do, (components,).

    `nodes`, `pairs`: how many each has; `squares`: the sum of the squares of how many pairs each of its nodes has.
    """
    faster: Bools = squares * _DENSE_GAIN > nodes**2 * np.minimum(nodes, dense_nodes)
    return faster & (pairs > dense_pairs)


def _places(labels: Ints, wanted: Bools) -> list[Ints]:
    """Return the places of each wanted label, (labels,), ascending."""
    places = np.flatnonzero(wanted[labels])
    places = places[np.argsort(labels[places], kind="stable")]
    return np.split(places, np.flatnonzero(np.diff(labels[places])) + 1) if len(places) else []


def row_statistics(matrix: csr_matrix) -> Floats:
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
