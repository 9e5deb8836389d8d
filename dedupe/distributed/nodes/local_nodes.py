"""`LocalNodes`: the nodes that one task compares, wherever they live, with the scorer of these.

Step `sparse_nodes`/r (ranges): the nodes of sparse groups, in the columns that comparing them takes, and `home` (int32), the
region where each lives.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dedupe.candidates.pairs import PairTable
from dedupe.candidates.time_band import TimeBand
from dedupe.distributed.job import Job
from dedupe.distributed.nodes import regions
from dedupe.distributed.nodes.crowds import crowds_of
from dedupe.distributed.nodes.encoding import as_vectors, range_of
from dedupe.distributed.nodes.tables import array_of, numbers_in, scorer_of, titles_in, vectors_in
from dedupe.distributed.pairs.located_pairs import LocatedPairs
from dedupe.embedding.vectors import Vectors
from dedupe.runtime.arrays import Float32s, Ints
from dedupe.scoring.scorer import Scorer
from dedupe.scoring.title_features import TitleFeatures, describe_titles

if TYPE_CHECKING:
    import pyarrow as pa

_TITLES = ("core", "labels", "source", "first", "last", "number")  # by which titles are described


@dataclass(frozen=True)
class LocalNodes:
    """Nodes by ascending number, so that pairs have the same order as on one machine; `homes`: the regions where they live."""

    numbers: Ints
    homes: Ints
    scorer: Scorer

    def places(self, numbers: Ints) -> Ints:
        """Return the places of nodes by number."""
        return np.searchsorted(self.numbers, numbers)

    def band(self, window: float | None) -> TimeBand | None:
        """Return which nodes fit into a window, in hours."""
        titles = self.scorer.titles
        return None if window is None else TimeBand(titles.first, titles.last, window)

    def located(self, pairs: PairTable, *, forced: bool) -> LocatedPairs:
        """Return pairs of places as pairs of numbers."""
        numbered = replace(pairs, i=self.numbers[pairs.i], j=self.numbers[pairs.j])
        return LocatedPairs(numbered, self.homes[pairs.i], self.homes[pairs.j], np.full(len(pairs), forced))


def local_scorer(job: Job, titles: TitleFeatures, vectors: Vectors, wording: Vectors | None = None) -> Scorer:
    """Return the scorer of some of the nodes of the run."""
    return replace(scorer_of(job, titles, vectors, wording), encoder=job.loaded_encoder, among=regions.count_nodes(job))


def scorer_without_nodes(job: Job) -> Scorer:
    """Return a scorer for what asks for no node."""
    return local_scorer(job, describe_titles([]), _no_vectors(0), _no_vectors(0))


def nodes_of_regions(job: Job, homes: Sequence[int]) -> LocalNodes:
    """Return all nodes of some regions."""
    found = regions.nodes_of(job, homes)
    home = np.full(len(found), homes[0], np.int32)
    for other in homes[1:]:
        home[np.searchsorted(found.numbers, regions.load(job, other).numbers)] = other
    scorer = local_scorer(job, found.titles, found.vectors, found.wording_vectors)
    return LocalNodes(found.numbers, home, scorer)


def write_sparse_nodes(job: Job, r: int) -> int:
    """Write the nodes of a range that are in sparse groups; return how many there are."""
    table, home = spread_nodes(job, r, (*_TITLES, "vector"))
    table = table.append_column("home", [home]).filter(np.isin(numbers_in(table), crowds_of(job).sparse_members))
    job.store.write("sparse_nodes", r, table)
    return len(table)


def sparse_nodes(job: Job, numbers: Ints) -> LocalNodes:
    """Return nodes of sparse groups by their numbers, ascending."""
    import pyarrow as pa

    tables = [job.store.read("sparse_nodes", r) for r in np.unique(range_of_final(job, numbers)).tolist()]
    table = pa.concat_tables(tables).combine_chunks()
    table = table.take(np.argsort(numbers_in(table)))
    table = table.filter(np.isin(numbers_in(table), numbers))
    home = array_of(table, "home")
    return LocalNodes(numbers_in(table), home, local_scorer(job, titles_in(table), vectors_in(job, table)))


def nodes_at_home(job: Job, numbers: Ints, homes: Iterable[int], *, vectors: bool) -> LocalNodes:
    """Return nodes by their numbers, ascending, which live in these regions; `vectors`: with theirs, else without any."""
    import pyarrow as pa

    tables, home, stored = list[pa.Table](), list[Ints](), list[NDArray[Any]]()
    for region in sorted(set(homes)):
        table = job.store.read("region", region, columns=_TITLES)
        places = np.flatnonzero(np.isin(numbers_in(table), numbers))
        tables.append(table.take(places))
        home.append(np.full(len(places), region, np.int32))
        stored.append(
            job.store.read_array("region", region, "vectors")[places] if vectors else _no_vectors(len(places))
        )
    table = pa.concat_tables(tables).combine_chunks()
    order = np.argsort(numbers_in(table))
    table, rows = table.take(order), as_vectors(np.concatenate(stored)[order])
    scorer = local_scorer(job, titles_in(table), rows, None if vectors else rows)
    return LocalNodes(numbers_in(table), np.concatenate(home)[order], scorer)


def spread_nodes(job: Job, r: int, columns: Sequence[str]) -> tuple[pa.Table, Ints]:
    """Return the nodes of a range after crowds became one, and the region where each lives."""
    table = job.store.read("spread_nodes", r, columns=columns)
    sizes = [len(bucket) for bucket in table.column(0).chunks]
    return table, np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)


def range_of_final(job: Job, numbers: Ints) -> Ints:
    """Return the range of nodes by their final number, (numbers,)."""
    absorbed = crowds_of(job).absorbed
    before = numbers + np.searchsorted(absorbed - np.arange(len(absorbed)), numbers, side="right")
    return range_of(job, before)


def _no_vectors(rows: int) -> Float32s:
    return np.empty((rows, 0), np.float32)
