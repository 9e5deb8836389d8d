"""An inverted file, as FAISS's `IndexIVFFlat`, for joins too large to compare all rows with all.

Each row belongs to the cell of its nearest centroid and probes the cells near it: it is compared with their rows only. So
a pair is found if either row probes the cell of the other. How near is near is chosen so that probing finds nearly all
pairs of a sample of rows; the share it finds of a second sample is the recall.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from dedupe.candidates.products import Products, cosines, pairs_between, spread
from dedupe.embedding.vectors import Vectors
from dedupe.runtime.arrays import Float32s, Floats, Ints
from dedupe.runtime.parallel import in_order

TARGET_RECALL = 0.997  # on the first sample, so that the second does not fall under 0.995
COST = 5  # of a comparison through cells, where rows are gathered, relative to one in a join of all with all
_CELLS_PER_ROOT = 4  # cells per square root of the number of rows
_MAX_CELLS = 65_535  # the number of a cell is a uint16
_OWN_SHARE = 0.25  # of a row's product with its own centroid, which a margin subtracts
ROWS_PER_CELL, _ITERATIONS = 12, 2  # for k-means; more cost more than they save in comparisons
_SEED = 0
SAMPLE_ROWS, SAMPLE_PAIRS = 1024, 30_000
_CHUNK_ROWS = 4096
_SECTION_ROWS = 65_536  # the number of a row in its section is a uint16


class Probes:
    """The cells that each row probes, ascending: the lists of all rows in `cells`, (probes,), their lengths in `sizes`, (n,)."""

    def __init__(self, cells: NDArray[np.uint16], sizes: Ints) -> None:
        self.cells, self.sizes = cells, sizes
        self.starts = np.concatenate([np.zeros(1, np.int64), sizes]).cumsum()

    def of(self, rows: Ints) -> tuple[Ints, NDArray[np.uint16]]:
        """Return the probes of `rows`: an index into `rows`, and a cell, for each probe."""
        sizes = self.sizes[rows]
        probes = np.arange(sizes.sum()) + np.repeat(self.starts[rows] - (sizes.cumsum() - sizes), sizes)
        return np.repeat(np.arange(len(rows)), sizes), self.cells[probes]


class InvertedLists:
    """The rows that probe each cell, ascending; in sections, so that a row takes two bytes."""

    def __init__(self, probes: Probes, count: int, section_rows: int = _SECTION_ROWS) -> None:
        self._sections = []
        for first in range(0, len(probes.sizes), section_rows):
            starts = probes.starts[first : first + section_rows + 1]
            cells = probes.cells[starts[0] : starts[-1]].astype(np.int32)
            by_row = csr_matrix((np.ones(len(cells), np.int8), cells, starts - starts[0]), (len(starts) - 1, count))
            by_cell = by_row.T.tocsr()
            self._sections.append((np.int64(first), by_cell.indptr, by_cell.indices.astype(np.uint16)))

    def __getitem__(self, cell: int) -> Ints:
        return np.concatenate([rows[starts[cell] : starts[cell + 1]] + first for first, starts, rows in self._sections])


@dataclass(frozen=True, slots=True)
class Cells:
    """`own`: (n,), the cell of each row; `members`: the rows of each cell; `recall`: the share of a sample's pairs found."""

    probes: Probes
    probing: InvertedLists
    own: NDArray[np.uint16]
    members: InvertedLists
    count: int
    recall: float

    def pairs(self, products: Products, cell: int, threshold: float) -> tuple[Ints, Ints]:
        """Return the pairs (a, b) found by probing one cell; each pair is returned for one cell only."""
        probing, members = self.probing[cell], self.members[cell]
        pairs = [(members[:0], members[:0])]
        for start in range(0, len(members), _CHUNK_ROWS):  # zero rows share one cell, which may be very large
            part = members[start : start + _CHUNK_ROWS]
            a, b = pairs_between(products, probing, part, threshold)
            probed = np.zeros((len(part), self.count), bool)
            probed[self.probes.of(part)] = True
            mutual = probed[np.searchsorted(part, b), self.own[a]]  # the pair is found from both sides
            once = (a < b) | (~mutual & (a != b))
            pairs.append((a[once], b[once]))
        return np.concatenate([a for a, _ in pairs]), np.concatenate([b for _, b in pairs])


def plan(vectors: Vectors, products: Products, threshold: float, comparisons: int) -> Cells | None:
    """Return cells that find nearly all pairs, or None where the `comparisons` of a join without cells are faster."""
    rows = len(vectors)
    count = how_many_cells(rows)
    prober = Prober(products, centroids_of(vectors[spread(rows, count * ROWS_PER_CELL)], count))
    first, second = (_sample_margins(vectors, prober, threshold, spread(rows, SAMPLE_ROWS, k)) for k in (1, 2))
    least = float(np.quantile(first, 1 - TARGET_RECALL, method="lower")) if len(first) else np.inf
    mean = prober.probes(spread(rows, SAMPLE_ROWS), least)[1].sizes.mean()
    if rows / count * mean * rows * COST > comparisons:
        return None
    owns, parts = zip(*in_order(lambda chunk: prober.probes(chunk, least), _chunks(rows)), strict=True)
    own = np.concatenate(owns)
    probes = Probes(np.concatenate([part.cells for part in parts]), np.concatenate([part.sizes for part in parts]))
    members = InvertedLists(Probes(own, np.ones(rows, np.int64)), count)
    recall = float((second >= least).mean()) if len(second) else 1.0
    return Cells(probes, InvertedLists(probes, count), own, members, count, recall)


def how_many_cells(rows: int) -> int:
    """Return into how many cells so many rows go."""
    return min(round(_CELLS_PER_ROOT * float(rows**0.5)), _MAX_CELLS)


def centroids_of(sample: Float32s, count: int) -> Float32s:
    """Return the centroids of so many cells, (count, d), from a sample of at least as many rows."""
    import faiss

    limits = {"min_points_per_centroid": 1, "max_points_per_centroid": ROWS_PER_CELL}  # without them it warns
    kmeans = faiss.Kmeans(sample.shape[1], count, niter=_ITERATIONS, seed=_SEED, spherical=True, **limits)
    kmeans.train(sample)
    return np.asarray(kmeans.centroids)


class Prober:
    """Chooses the cells that a row probes: those with a margin of at least `least`.

    The margin of a cell is the product of row and centroid, less `_OWN_SHARE` of the product with the row's own centroid.
    """

    def __init__(self, products: Products, centroids: Float32s) -> None:
        self.products = products
        self.centroids = type(products)(centroids).right(np.arange(len(centroids)))

    def _nearness(self, rows: Ints) -> NDArray[Any]:
        return self.products.product(self.products.left(rows), self.centroids)

    def probes(self, rows: Ints, least: float) -> tuple[NDArray[np.uint16], Probes]:
        """Return the cell of each row, (rows,), and the cells it probes."""
        near = self._nearness(rows)
        own = near.argmax(axis=1)
        best = near[np.arange(len(near)), own]
        enough = np.where(best > 0, np.minimum(best, best * _OWN_SHARE + least), 1)  # a zero row probes no cell
        enough = (np.ceil(enough) if near.dtype.kind == "i" else enough).astype(near.dtype)
        row, cell = np.divmod(np.flatnonzero(near >= enough[:, None]), near.shape[1])
        return own.astype(np.uint16), Probes(cell.astype(np.uint16), np.bincount(row, minlength=len(near)))

    def pair_margins(self, a: Ints, b: Ints) -> Floats:
        """Return the margin with which each pair is found, (pairs,): the larger of both rows' for the other's cell."""
        near_a, near_b, pairs = self._nearness(a).copy(), self._nearness(b), np.arange(len(a))
        of_a = near_a[pairs, near_b.argmax(axis=1)] - near_a.max(axis=1) * _OWN_SHARE
        of_b = near_b[pairs, near_a.argmax(axis=1)] - near_b.max(axis=1) * _OWN_SHARE
        return np.asarray(np.maximum(of_a, of_b))


def _sample_margins(vectors: Vectors, prober: Prober, threshold: float, sample: Ints) -> Floats:
    def pairs_with(chunk: Ints) -> tuple[Ints, Ints]:
        a, b = pairs_between(prober.products, sample, chunk, threshold)
        reached = (cosines(vectors, a, b) >= np.float32(threshold)) & (a != b)
        return a[reached], b[reached]

    pairs = list(in_order(pairs_with, _chunks(len(vectors))))
    a, b = (np.concatenate([pair[k] for pair in pairs]) for k in (0, 1))
    chosen = spread(len(a), SAMPLE_PAIRS)
    parts = np.array_split(chosen, len(chosen) // _CHUNK_ROWS + 1)
    return np.concatenate(list(in_order(lambda part: prober.pair_margins(a[part], b[part]), parts)))


def _chunks(rows: int) -> list[Ints]:
    return [np.arange(start, min(start + _CHUNK_ROWS, rows)) for start in range(0, rows, _CHUNK_ROWS)]
