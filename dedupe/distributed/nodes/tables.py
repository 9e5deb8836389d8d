"""Nodes as tables: the columns of `nodes`/r but `text`, with `number` and `vector`, which go from task to task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dedupe.candidates.time_band import TimeBand
from dedupe.distributed.job import Job
from dedupe.distributed.nodes.encoding import as_stored, as_vectors, scale, vectors_of, wording_vectors
from dedupe.embedding import Vectors
from dedupe.runtime.arrays import Ints
from dedupe.scoring import Scorer, TitleFeatures, describe_titles
from dedupe.scoring.title_features import Vocabulary

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = ("core", "labels", "source", "first", "last", "weight", "generic", "title_position")
"""Of a node: see the step `nodes`."""


def node_table(job: Job, r: int, places: Ints | None = None) -> pa.Table:
    """Return the nodes of a range, or those at some places, with their number before crowds were collapsed."""
    import pyarrow as pa

    table, vectors = job.store.read("nodes", r, columns=COLUMNS), vectors_of(job, r)
    places = np.arange(len(vectors)) if places is None else places
    numbered = table.take(places).append_column("number", pa.array(job.offsets[r] + places))
    return numbered.append_column("vector", packed(as_stored(job, vectors[places])))


def packed(rows: NDArray[Any]) -> pa.Array:
    """Return the rows of a matrix as a column of bytes."""
    import pyarrow as pa

    data = np.ascontiguousarray(rows)
    kind = pa.binary(data.shape[1] * data.itemsize)
    return pa.FixedSizeBinaryArray.from_buffers(kind, len(data), [None, pa.py_buffer(data)])


def stored_rows(job: Job, table: pa.Table) -> NDArray[Any]:
    """Return the vectors of a table of nodes as `as_stored` made them, (n, d)."""
    column = table["vector"].combine_chunks()
    width = job.store.result("width")
    kind = as_stored(job, np.empty((0, width), np.float32)).dtype
    start, end = (place * width * kind.itemsize for place in (column.offset, column.offset + len(column)))
    data = column.buffers()[1]
    flat = np.frombuffer(data, np.uint8)[start:end].view(kind) if data and width else np.empty(0, kind)
    return flat.reshape(len(column), width)


def vectors_in(job: Job, table: pa.Table) -> Vectors:
    """Return the vectors of a table of nodes."""
    return as_vectors(stored_rows(job, table))


def numbers_in(table: pa.Table) -> Ints:
    """Return the number of each node of a table."""
    return array_of(table, "number")


def array_of(table: pa.Table, name: str) -> NDArray[Any]:
    """Return a column of numbers of a table."""
    return np.asarray(table[name].to_numpy())


def labels_in(table: pa.Table) -> list[frozenset[str]]:
    """Return the labels of each node of a table."""
    return list(map(frozenset, table["labels"].to_pylist()))


def titles_in(table: pa.Table, vocabulary: Vocabulary | None = None) -> TitleFeatures:
    """Return the features of the nodes of a table; their columns are those of the vocabulary, if there is one."""
    spans = array_of(table, "first"), array_of(table, "last")
    cores, sources = table["core"].to_pylist(), table["source"].to_pylist()
    return describe_titles(cores, *spans, sources, labels_in(table), vocabulary)


def band_of(job: Job, table: pa.Table) -> TimeBand | None:
    """Return which nodes of a table fit into the window."""
    window = job.settings.window
    return None if window is None else TimeBand(array_of(table, "first"), array_of(table, "last"), window)


def scorer_of(job: Job, titles: TitleFeatures, vectors: Vectors, wording: Vectors | None = None) -> Scorer:
    """Return the scorer of some nodes of the run, without reader; `wording`: default: made from `vectors`."""
    wording = wording_vectors(job, vectors) if wording is None else wording
    return Scorer(job.judge, titles, vectors, wording, scale(job), job.settings.level)
