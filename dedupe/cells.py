"""Cells of similar rows, for joins too large to compare all with all (an inverted file, as FAISS's `IndexIVFFlat`).

Rows are put into cells around centroids, and each row is compared with the rows of the cells nearest to it. A pair is
found when either of the two looks into the other's cell. How many cells are looked into is chosen so that a sample of
rows finds nearly all the pairs that comparing it with everything finds; what another sample finds is the recall.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from dedupe.matrices import Vectors
from dedupe.parallel import in_order
from dedupe.tiles import Ints, pairs_between, spread

Floats = NDArray[np.float32]
WANTED = 0.997  # recall aimed at on one sample, so that another does not fall under 0.995
_CELLS = 6  # for each root of the number of rows
_MOST = 65_535  # cells, so that two bytes name one
_LEARNT_FROM = 12  # rows a cell, to place the centroids; more, or more rounds, cost more than they save in comparisons
_ITERATIONS = 2
_SAMPLE = 1024  # rows of a sample
_PAIRS = 100_000  # pairs of a sample that are looked at
_SEED = 0
_TOGETHER = 4096  # rows put into cells at a time
_SECTION = 65_536  # rows whose looks are turned at a time


@dataclass(frozen=True, slots=True)
class Cells:
    """Rows by cell, and the rows that look into each.

    `looks`: (n, looked into), the cells a row looks into, its own first. `lookers`: which rows look into which cell,
    `members`: which have it for their own. `count`: cells. `recall`: the share of a sample's pairs that is found.
    """

    looks: NDArray[np.uint16]
    lookers: _RowsOf
    members: _RowsOf
    count: int
    recall: float

    def pairs(self, vectors: Vectors, cell: int, threshold: float) -> tuple[Ints, Ints]:
        """Return the rows (a, b) of the pairs that looking into one cell finds, each pair once over all cells."""
        a, b = pairs_between(vectors, self.lookers[cell], self.members[cell], threshold)
        mutual = (self.looks[b] == self.looks[a, :1]).any(axis=1)  # then this pair is found from both sides
        once = (a < b) | (~mutual & (a != b))
        return a[once], b[once]


class _RowsOf:
    """The rows that have each cell among theirs, ascending; turned round in sections, since there may be very many."""

    def __init__(self, looks: NDArray[np.uint16], cells: int) -> None:
        starts = range(0, len(looks), _SECTION)
        self._sections = [(start, *_turned(looks[start : start + _SECTION], cells)) for start in starts]

    def __getitem__(self, cell: int) -> Ints:
        found = [rows[starts[cell] : starts[cell + 1]] + np.int64(first) for first, starts, rows in self._sections]
        return np.concatenate(found)


def _turned(looks: NDArray[np.uint16], cells: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Where each cell begins among the rows that look into it, and these."""
    starts = np.arange(len(looks) + 1) * looks.shape[1]
    marks = np.ones(looks.size, np.int8)
    turned = csr_matrix((marks, looks.ravel().astype(np.int32), starts), shape=(len(looks), cells)).T.tocsr()
    return turned.indptr, turned.indices


def plan(vectors: Vectors, threshold: float, comparisons: int) -> Cells | None:
    """Return cells through which nearly all pairs are found, or None where it would take more than all comparisons."""
    rows = len(vectors)
    centroids = _centroids(vectors, min(round(_CELLS * rows**0.5), _MOST))
    count = len(centroids)
    first, second = _samples(vectors, centroids, threshold)
    needed = int(np.quantile(first, WANTED, method="higher")) + 1 if len(first) else 1
    if rows / count * needed * rows > comparisons:
        return None
    looks = _nearest(vectors, centroids, needed)
    recall = float((second < needed).mean()) if len(second) else 1.0
    return Cells(looks, _RowsOf(looks, count), _RowsOf(looks[:, :1], count), count, recall)


def _centroids(vectors: Vectors, count: int) -> Floats:
    import faiss

    sample = spread(len(vectors), count * _LEARNT_FROM)
    few = {"min_points_per_centroid": 1, "max_points_per_centroid": _LEARNT_FROM}  # so that it does not warn of few
    means = faiss.Kmeans(vectors.shape[1], count, niter=_ITERATIONS, seed=_SEED, spherical=True, **few)
    means.train(vectors[sample])
    return np.asarray(means.centroids)


def _samples(vectors: Vectors, centroids: Floats, threshold: float) -> tuple[Ints, Ints]:
    """Of the pairs of two samples of rows, how many cells one of the two has to look into to find the other."""
    one, other = (_ranks(vectors, centroids, threshold, spread(len(vectors), _SAMPLE, k)) for k in (1, 2))
    return one, other


def _ranks(vectors: Vectors, centroids: Floats, threshold: float, sample: Ints) -> Ints:
    everything = np.arange(len(vectors))
    blocks = [everything[k : k + _TOGETHER] for k in range(0, len(everything), _TOGETHER)]
    found = list(in_order(lambda block: pairs_between(vectors, sample, block, threshold), blocks))
    a, b = (np.concatenate([pair[k] for pair in found]) for k in (0, 1))
    chosen = np.flatnonzero(a != b)
    chosen = chosen[spread(len(chosen), _PAIRS)]
    parts = np.array_split(chosen, len(chosen) // _TOGETHER + 1)
    return np.concatenate(list(in_order(lambda part: _closest(vectors, centroids, a[part], b[part]), parts)))


def _closest(vectors: Vectors, centroids: Floats, a: Ints, b: Ints) -> Ints:
    near_a, near_b = vectors[a] @ centroids.T, vectors[b] @ centroids.T
    return np.minimum(_rank(near_a, near_b.argmax(axis=1)), _rank(near_b, near_a.argmax(axis=1)))


def _rank(near: Floats, cell: Ints) -> Ints:
    nearer: Ints = np.count_nonzero(near > np.take_along_axis(near, cell[:, None], axis=1), axis=1)
    return nearer


def _nearest(vectors: Vectors, centroids: Floats, count: int) -> NDArray[np.uint16]:
    """The `count` nearest cells of each row, nearest first."""

    def of(start: int) -> NDArray[np.uint16]:
        near = vectors[start : start + _TOGETHER] @ centroids.T
        some = np.argpartition(-near, count - 1, axis=1)[:, :count]
        order = np.argsort(-np.take_along_axis(near, some, axis=1), axis=1, kind="stable")
        return np.take_along_axis(some, order, axis=1).astype(np.uint16)

    return np.concatenate(list(in_order(of, range(0, len(vectors), _TOGETHER))))
