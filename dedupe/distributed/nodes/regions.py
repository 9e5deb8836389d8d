"""Regions: the nodes in parts of at most `job.block`, such that the pairs of a run lie in one region or between two.

With a window, a region holds the nodes of some hours, those without a date in regions of their own at the end; without one, the
nodes of some numbers; where there are too many to compare, those of some cells (see `region_cells.py`). Steps and their files:

- `regions`/0, JSON: what `regions_of(job)` returns.
- `spread_nodes`/r (ranges), a bucket for each region: the table of `tables.py` after crowds; for cells also `cell`
  (int32) and `probes` (list<uint16>, ascending).
- `region`/g: a table in order of `number` (int64, final): core, labels (list<string>), source, first, last (float64 hours, NaN
  undated), weight, generic (bool), title_position, as in `nodes`; for cells also `cell` and `probes`. Arrays: `vectors`,
  float32 or int16 as in the step `vectors`, and the features of titles (`titles`, `indptr`, `indices`, `data`), whose columns are
  in `region_words`/g. `load(job, g)` reads it; `load_cells(job, g)` of `region_cells.py` the cells.
- `probing`/g, for cells only: the nodes of other regions that probe a cell of this one: the columns of `region`/g, without
  features, and `region` (int32), where each lives; array `vectors`. `load_probing(job, g)` of `region_cells.py` reads it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from dedupe.distributed.job import Job
from dedupe.distributed.nodes.encoding import as_vectors, wording_vectors
from dedupe.distributed.nodes.tables import array_of, numbers_in, stored_rows, titles_in
from dedupe.distributed.store import arrow
from dedupe.embedding import Vectors
from dedupe.runtime.arrays import Ints
from dedupe.scoring import TitleFeatures
from dedupe.scoring.title_features import Member, Vocabulary, stacked

if TYPE_CHECKING:
    import pyarrow as pa

_OF_TITLES = ("mass", "moods", "forms", "words", "facts", "sources", "first", "last")
_OF_ENTRIES = ("data", "indices", "indptr")
_LOADED = 4  # regions that a process holds in memory


@dataclass(frozen=True)
class Extent:
    """How many nodes a region has, and the hours of the earliest and latest `first` among them, None where all are undated."""

    nodes: int
    first: float | None
    last: float | None


@dataclass(frozen=True)
class Regions:
    """The regions of a run, and how many nodes they have together. `recall`: share of the pairs that cells find; None without."""

    extents: tuple[Extent, ...]
    nodes: int
    recall: float | None

    def __len__(self) -> int:
        return len(self.extents)


@dataclass(frozen=True)
class Region:
    """Nodes of a region, or of several, in order of `numbers`, (n,).

    `titles`, `vectors`, `wording_vectors`: as a `Scorer` has them; sources of equal number are equal in all regions.
    `members`: what the columns of `titles` stand for.
    """

    numbers: Ints
    titles: TitleFeatures
    vectors: Vectors
    wording_vectors: Vectors
    members: list[Member]

    def __len__(self) -> int:
        return len(self.numbers)

    def take(self, places: Ints) -> Region:
        """Return these nodes; their numbers must ascend."""
        vectors = self.vectors[places]
        wording = vectors if self.wording_vectors is self.vectors else self.wording_vectors[places]
        return Region(self.numbers[places], self.titles.take(places), vectors, wording, self.members)


def count_nodes(job: Job) -> int:
    """Return how many nodes the run has, those of a crowd being one."""
    return int(job.store.result("crowds")["nodes"])


def regions_of(job: Job) -> Regions:
    """Return the regions of a run."""
    found = job.store.result("regions")
    return Regions(tuple(Extent(*extent) for extent in found["extents"]), found["nodes"], found["recall"])


def load(job: Job, g: int) -> Region:
    """Return a region; a process holds the last few in memory."""
    return _loaded(_Made(job.store.uri, g, job.store.result("region", g)["made"], job))


def nodes_of(job: Job, wanted: Sequence[int]) -> Region:
    """Return the nodes of several regions, all different, in one vocabulary."""
    regions = [load(job, g) for g in wanted]
    if len(regions) == 1:
        return regions[0]

    def joined(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(region, name)[:] for region in regions])

    numbers, vectors, vocabulary = joined("numbers"), joined("vectors"), Vocabulary()
    wording = vectors if job.judge.head is None else joined("wording_vectors")
    titles = stacked(*(region.titles.aligned(region.members, vocabulary) for region in regions))
    kinds, members = vocabulary.content()
    every = Region(numbers, titles, vectors, wording, list(zip(kinds.tolist(), members, strict=True)))
    return every if (np.diff(numbers) > 0).all() else every.take(np.argsort(numbers))


def write_region(job: Job, g: int, table: pa.Table) -> dict[str, Any]:
    """Write a region from a table of its nodes, ascending, with the features of their titles; return its extent."""
    import pyarrow as pa

    vocabulary, stored = Vocabulary(), stored_rows(job, table)
    titles = replace(
        titles_in(table, vocabulary), sources=source_numbers(table["source"].to_pylist(), numbers_in(table))
    )
    kinds, members = vocabulary.content()
    job.store.write("region_words", g, arrow({"kind": kinds, "member": members}, member=pa.string()))
    arrays = {"vectors": stored, "titles": _packed(titles)}
    arrays |= {name: getattr(titles.entries, name) for name in _OF_ENTRIES}
    for name, array in arrays.items():
        job.store.write_array("region", g, name, array)
    job.store.write("region", g, table.drop_columns("vector"))
    dated = titles.first[~np.isnan(titles.first)]
    hours = [float(dated.min()), float(dated.max())] if len(dated) else [None, None]
    return {"extent": [len(table), *hours], "made": secrets.token_hex(8)}


@dataclass(frozen=True)
class _Made:
    """A region of a job; `made`: tells it from another that was at the same place."""

    uri: str
    region: int
    made: str
    job: Job = field(compare=False)


@lru_cache(maxsize=_LOADED)
def _loaded(key: _Made) -> Region:
    """Return a region. Vectors of the wording level are made again for each process, since files of them would be large."""
    job, store, g = key.job, key.job.store, key.region
    table, words = store.read("region", g), store.read("region_words", g)
    data, indices, indptr = (np.array(store.read_array("region", g, name)) for name in _OF_ENTRIES)
    kinds = array_of(words, "kind")
    entries = csr_matrix((data, indices, indptr), (len(table), len(kinds)))
    entries.has_sorted_indices = True
    packed = store.read_array("region", g, "titles")
    columns = {name: np.ascontiguousarray(packed[name]) for name in packed.dtype.names or ()}
    titles = TitleFeatures.of(table["core"].to_pylist(), entries, kinds, columns, columns.pop("sources"))
    vectors = as_vectors(store.read_array("region", g, "vectors"))
    wording = wording_vectors(job, vectors)
    members = list(zip(kinds.tolist(), words["member"].to_pylist(), strict=True))
    return Region(numbers_in(table), titles, vectors, wording, members)


def _packed(titles: TitleFeatures) -> NDArray[np.void]:
    """Return the columns of titles as one array."""
    columns = {name: getattr(titles, name) for name in _OF_TITLES}
    packed = np.empty(len(titles.texts), [(name, column.dtype, column.shape[1:]) for name, column in columns.items()])
    for name, column in columns.items():
        packed[name] = column
    return packed


def source_numbers(sources: Sequence[str | None], numbers: Ints) -> Ints:
    """Return a number for each source that is the same in all regions, (n,); nodes without one share none.

    `numbers`: of the nodes.
    """
    names = {name: name.casefold() for name in set(sources) if name}
    hashed = {
        name: int.from_bytes(blake2b(folded.encode(), digest_size=8).digest()) >> 1 for name, folded in names.items()
    }
    return np.array(
        [hashed.get(name or "", -1 - number) for name, number in zip(sources, numbers.tolist(), strict=True)], np.int64
    )
