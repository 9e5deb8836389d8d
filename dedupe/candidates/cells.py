"""Cells of similar rows, for joins too large to compare all with all (an inverted file, as FAISS's `IndexIVFFlat`).

Rows are put into cells around centroids, and each row is compared with the rows of the cells nearest to it. A pair is
found when either of the two looks into the other's cell. A row looks into the cells that are near enough, its own being
the nearest. How near is enough is chosen so that a sample of rows finds nearly all the pairs that comparing it with
everything finds; what another sample finds is the recall.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from dedupe.candidates.int8 import Screen
from dedupe.candidates.products import cosines, pairs_between, spread
from dedupe.embedding.vectors import Vectors
from dedupe.runtime.arrays import Ints
from dedupe.runtime.parallel import in_order

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
WANTED = 0.997  # recall aimed at on one sample, so that another does not fall under 0.995
_DEARER = 5  # times what a comparison takes through cells, where rows are gathered, against one of all with all
_CELLS = 4  # for each root of the number of rows
_SHARE = 0.25  # of how near a row is to its own cell: by so much another must be nearer
_MOST = 65_535  # cells, so that two bytes name one
_LEARNT_FROM = 12  # rows a cell, to place the centroids; more, or more rounds, cost more than they save in comparisons
_ITERATIONS = 2
_SAMPLE = 1024  # rows of a sample
_PAIRS = 30_000  # pairs of a sample that are looked at
_SEED = 0
_TOGETHER = 4096  # rows put into cells, or members of a cell that are met, at a time
_SECTION = 65_536  # rows whose looks are turned at a time; two bytes name one


@dataclass(frozen=True, slots=True)
class Cells:
    """Rows by cell, and the rows that look into each.

    `looks`: which cells each row looks into, `lookers`: which rows look into which cell. `own`: (n,), the cell of each
    row, `members`: the rows of each. `count`: cells. `recall`: the share of a sample's pairs that is found.
    """

    looks: _Lists
    lookers: _RowsOf
    own: NDArray[np.uint16]
    members: _RowsOf
    count: int
    recall: float

    def pairs(self, screen: Screen, cell: int, threshold: float) -> tuple[Ints, Ints]:
        """Return the rows (a, b) of the pairs that looking into one cell finds, each pair once over all cells."""
        lookers, members = self.lookers[cell], self.members[cell]
        found = [(members[:0], members[:0])]
        for start in range(0, len(members), _TOGETHER):  # zero rows are all in one cell, and there may be very many
            part = members[start : start + _TOGETHER]
            a, b = pairs_between(screen, lookers, part, threshold)
            mutual = self._seen(part)[np.searchsorted(part, b), self.own[a]]  # then it is found from both sides
            once = (a < b) | (~mutual & (a != b))
            found.append((a[once], b[once]))
        return np.concatenate([a for a, _ in found]), np.concatenate([b for _, b in found])

    def _seen(self, rows: Ints) -> NDArray[np.bool_]:
        """Whether each row looks into each cell, (rows, cells)."""
        seen = np.zeros((len(rows), self.count), bool)
        seen[self.looks.of(rows)] = True
        return seen


@dataclass(frozen=True, slots=True)
class _Lists:
    """A list of cells for each row: all in one, `items`, and where each begins and the last ends, `starts`."""

    items: NDArray[np.uint16]
    starts: Ints

    def __len__(self) -> int:
        return len(self.starts) - 1

    @classmethod
    def of_sizes(cls, items: NDArray[np.uint16], sizes: Ints) -> _Lists:
        """Return lists of such lengths."""
        return cls(items, np.concatenate([np.zeros(1, np.int64), sizes]).cumsum())

    @property
    def sizes(self) -> Ints:
        """How many cells each list has."""
        return np.diff(self.starts)

    def of(self, rows: Ints) -> tuple[Ints, NDArray[np.uint16]]:
        """Return what is in the lists of some rows: which of these rows, and the cell."""
        lengths = self.starts[rows + 1] - self.starts[rows]
        before = np.cumsum(lengths) - lengths
        places = np.arange(lengths.sum()) + np.repeat(self.starts[rows] - before, lengths)
        return np.repeat(np.arange(len(rows)), lengths), self.items[places]


class _RowsOf:
    """The rows that have each cell in their list, ascending; turned round in sections, since there may be very many."""

    def __init__(self, lists: _Lists, cells: int) -> None:
        self._sections = [(first, *_turned(lists, first, cells)) for first in range(0, len(lists), _SECTION)]

    def __getitem__(self, cell: int) -> Ints:
        found = [rows[starts[cell] : starts[cell + 1]] + np.int64(first) for first, starts, rows in self._sections]
        return np.concatenate(found)


def _turned(lists: _Lists, first: int, cells: int) -> tuple[NDArray[np.int32], NDArray[np.uint16]]:
    """Where each cell begins among the rows of a section that have it, and these, from the first of the section on."""
    starts = lists.starts[first : first + _SECTION + 1]
    items = lists.items[starts[0] : starts[-1]].astype(np.int32)
    shape = (len(starts) - 1, cells)
    turned = csr_matrix((np.ones(len(items), np.int8), items, starts - starts[0]), shape=shape).T.tocsr()
    return turned.indptr, turned.indices.astype(np.uint16)


def plan(vectors: Vectors, screen: Screen, threshold: float, comparisons: int) -> Cells | None:
    """Return cells through which nearly all pairs are found, or None where comparing all with all is quicker."""
    rows = len(vectors)
    centroids = _centroids(vectors, min(round(_CELLS * rows**0.5), _MOST))
    count = len(centroids)
    nearness = _Nearness(screen, centroids)
    first, second = (_of_sample(vectors, nearness, threshold, spread(rows, _SAMPLE, k)) for k in (1, 2))
    least = float(np.quantile(first, 1 - WANTED, method="lower")) if len(first) else np.inf
    if rows / count * nearness.looks(spread(rows, _SAMPLE), least)[1].sizes.mean() * rows * _DEARER > comparisons:
        return None
    own, looks = nearness.all_looks(least)
    recall = float((second >= least).mean()) if len(second) else 1.0
    members = _RowsOf(_Lists(own, np.arange(rows + 1)), count)
    return Cells(looks, _RowsOf(looks, count), own, members, count, recall)


def _centroids(vectors: Vectors, count: int) -> Floats:
    import faiss

    sample = spread(len(vectors), count * _LEARNT_FROM)
    few = {"min_points_per_centroid": 1, "max_points_per_centroid": _LEARNT_FROM}  # so that it does not warn of few
    means = faiss.Kmeans(vectors.shape[1], count, niter=_ITERATIONS, seed=_SEED, spherical=True, **few)
    means.train(vectors[sample])
    return np.asarray(means.centroids)


class _Nearness:
    """How near rows are to centroids, in numbers that are higher for nearer ones."""

    def __init__(self, screen: Screen, centroids: Floats) -> None:
        self.screen, self.centroids = screen, screen.other(centroids)

    def of(self, rows: Ints) -> NDArray[Any]:
        """Return how near each row is to each centroid, (rows, cells); valid until the next call."""
        return self.screen.product(self.screen.left(rows), self.centroids)

    def to_others(self, a: Ints, b: Ints) -> Doubles:
        """Return how near, less `_SHARE` of how near to its own, one row of each pair is to the cell of the other, (pairs,).

        That of the two for which it is more.
        """
        near_a, near_b = self.of(a).copy(), self.of(b)
        return np.maximum(_to(near_a, near_b.argmax(axis=1)), _to(near_b, near_a.argmax(axis=1)))

    def looks(self, rows: Ints, least: float) -> tuple[NDArray[np.uint16], _Lists]:
        """Return the cell of each row, (rows,), and the cells so near, ascending, its own among them.

        `least`: in the numbers of `to_others`.
        """
        near = self.of(rows)
        own = near.argmax(axis=1)
        best = near[np.arange(len(near)), own]
        enough = np.where(best > 0, np.minimum(best, best * _SHARE + least), 1)  # a zero row has no use for looking
        enough = (np.ceil(enough) if near.dtype.kind == "i" else enough).astype(near.dtype)
        row, cell = np.divmod(np.flatnonzero(near >= enough[:, None]), near.shape[1])
        return own.astype(np.uint16), _Lists.of_sizes(cell.astype(np.uint16), np.bincount(row, minlength=len(near)))

    def all_looks(self, least: float) -> tuple[NDArray[np.uint16], _Lists]:
        """Return the same for all rows."""
        blocks = np.split(np.arange(len(self.screen)), range(_TOGETHER, len(self.screen), _TOGETHER))
        own, looks = zip(*in_order(lambda rows: self.looks(rows, least), blocks), strict=True)
        items, sizes = [some.items for some in looks], [some.sizes for some in looks]
        return np.concatenate(own), _Lists.of_sizes(np.concatenate(items), np.concatenate(sizes))


def _to(near: NDArray[Any], cell: Ints) -> Doubles:
    less: Doubles = np.take_along_axis(near, cell[:, None], axis=1)[:, 0] - near.max(axis=1) * _SHARE
    return less


def _of_sample(vectors: Vectors, nearness: _Nearness, threshold: float, sample: Ints) -> Doubles:
    """Of the pairs of a sample with all, how near one of the two is to the cell of the other."""
    everything = np.arange(len(vectors))
    blocks = [everything[k : k + _TOGETHER] for k in range(0, len(everything), _TOGETHER)]

    def reaching(block: Ints) -> tuple[Ints, Ints]:
        a, b = pairs_between(nearness.screen, sample, block, threshold)
        reached = (cosines(vectors, a, b) >= np.float32(threshold)) & (a != b)
        return a[reached], b[reached]

    found = list(in_order(reaching, blocks))
    a, b = (np.concatenate([pair[k] for pair in found]) for k in (0, 1))
    chosen = spread(len(a), _PAIRS)
    parts = np.array_split(chosen, len(chosen) // _TOGETHER + 1)
    return np.concatenate(list(in_order(lambda part: nearness.to_others(a[part], b[part]), parts)))
