"""The work files of the steps before groups are made, written from a run on one machine, and that run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from dedupe import pipeline
from dedupe.candidates import PairTable
from dedupe.clustering import Collapsed, Copies
from dedupe.distributed.job import Job, Part, Piece
from dedupe.distributed.store import arrow
from dedupe.embedding.vectors import Int16Rows
from dedupe.readers import Columns, read_headlines
from dedupe.result.deduplication import Deduplication
from dedupe.runtime.arrays import Ints


@dataclass
class Watched:
    """A run on one machine, with what it did on the way; `sampled`: nodes whose context it says is estimated."""

    result: Deduplication
    copies: Copies
    crowds: Collapsed
    pairs: PairTable
    sampled: Ints

    @classmethod
    def of(
        cls, monkeypatch: Any, paths: Sequence[Path], title: str = "title", sampled: int = 0, **options: Any
    ) -> Watched:
        """Run `deduplicate` over Parquet files. Where `sampled`, it counts every so many nodes as sampled."""
        taken: dict[str, Any] = {}
        result_of, run_cautions = pipeline.result_of, pipeline.run_cautions

        def cautions(crowds: Collapsed, skipped: int, nodes: Ints, uncorrected: Ints) -> Any:
            taken["sampled"] = np.arange(0, len(crowds.nodes), sampled) if sampled else nodes
            return run_cautions(crowds, skipped, taken["sampled"], uncorrected)

        def result(copies: Copies, *rest: Any) -> Deduplication:
            taken.update(copies=copies, crowds=rest[3], pairs=rest[5])
            return result_of(copies, *rest)

        with monkeypatch.context() as patched:
            patched.setattr(pipeline, "result_of", result)
            patched.setattr(pipeline, "run_cautions", cautions)
            rows = read_headlines(paths, columns=Columns(title=title)).headlines
            return cls(pipeline.deduplicate(rows, **options), **taken)


def parts_of(paths: Sequence[Path], groups: int) -> tuple[Part, ...]:
    """Cut files into parts of so many row groups."""
    parts, first = list[Part](), 0
    for path in paths:
        described = pq.read_metadata(path)
        numbers = range(described.num_row_groups)
        for start in range(0, len(numbers), groups):
            some = tuple(numbers[start : start + groups])
            rows = sum(described.row_group(k).num_rows for k in some)
            parts.append(Part((Piece(str(path), some, rows, str(path)),), first, rows))
            first += rows
    return tuple(parts)


def job_of(watched: Watched, work: Path, parts: tuple[Part, ...], columns: dict[str, str], seed: int, few: int) -> Job:
    """Write the files of all steps before, in about `few` parts of each kind, cut at random; return the job."""
    rng, nodes = np.random.default_rng(seed), watched.copies.nodes
    cuts = np.sort(rng.integers(0, len(nodes) + 1, few - 1))
    offsets = (0, *cuts.tolist(), len(nodes))
    job = Job(str(work), watched.result.settings, parts, columns, ranges=few, buckets=int(rng.integers(1, few + 1)))
    object.__setattr__(job, "offsets", offsets)
    job.store.finish("outlets", 0, {kind: sorted(marks) for kind, marks in watched.copies.outlets._asdict().items()})
    for number in range(few):
        _write_range(job, watched.copies, number)
    before = _crowds(job, watched)
    region = rng.integers(0, few, len(watched.crowds.nodes))
    for number in range(few):
        _write_region(job, watched, number, np.flatnonzero(region == number))
    _write_pairs(job, watched, region, rng, few)
    assert len(before) == len(watched.crowds.nodes)
    return job


def _write_range(job: Job, copies: Copies, number: int) -> None:
    start, end = job.offsets[number : number + 2]
    nodes, headlines = copies.nodes, copies.headlines
    rows = np.flatnonzero((nodes.of_row >= start) & (nodes.of_row < end))
    some = [headlines[row] for row in rows.tolist()]
    fields = {name: [getattr(row, name) for row in some] for name in ("title", "id", "source", "url", "bad_date")}
    places = {"node": nodes.of_row[rows] - start, "exact": nodes.exact_of_row[rows] - start}
    dates = [row.published and row.published.astimezone(UTC) for row in some]
    generic = copies.generic[nodes.title_row[nodes.of_row[rows]]]
    texts = {"published": dates, "text": [copies.texts[row] for row in rows.tolist()], "generic": generic}
    types = dict.fromkeys([*fields, "text"], pa.large_string())
    types |= {"published": pa.timestamp("us", "UTC"), "generic": pa.bool_()}
    job.store.write("node_rows", number, arrow({"position": rows, **places, **fields, **texts}, **types))


def _crowds(job: Job, watched: Watched) -> Ints:
    """Write which nodes became one with others; return the number before of each node after."""
    before, after = watched.copies.nodes, watched.crowds.nodes
    final = np.empty(len(before), np.int64)
    final[before.of_row] = after.of_row
    leader = before.of_row[after.title_row]
    absorbed = np.flatnonzero(leader[final] != np.arange(len(before)))
    sparse = watched.crowds.sparse
    arrays = {"absorbed": absorbed, "leader": leader[final[absorbed]], "leaders": np.unique(leader[final[absorbed]])}
    arrays |= {name: np.empty(0) for name in ("first", "last", "weight")}  # of no use in later steps
    arrays |= {"sparse_members": np.concatenate([np.empty(0, np.int64), *sparse])}
    arrays |= {"sparse_ends": np.cumsum([len(group) for group in sparse], dtype=np.int64)}
    for name, array in arrays.items():
        job.store.write_array("crowds", 0, name, array)
    return leader


def _write_region(job: Job, watched: Watched, number: int, members: Ints) -> None:
    nodes, copies, scorer = watched.crowds.nodes, watched.copies, watched.crowds.scorer
    columns = {name: getattr(nodes, name)[members] for name in ("first", "last", "weight")}
    cores = [copies.cores[row].core for row in nodes.text_row[members].tolist()]
    titles = nodes.title_row[members]
    more = {"number": members, "core": cores, "generic": copies.generic[titles], "title_position": titles}
    job.store.write("region", number, arrow(columns | more, core=pa.string(), generic=pa.bool_()))
    vectors = scorer.vectors
    stored = vectors.stored[members] if isinstance(vectors, Int16Rows) else vectors[members]
    job.store.write_array("region", number, "vectors", stored)
    job.store.finish("region", number, len(members))


def _write_pairs(job: Job, watched: Watched, region: Ints, rng: np.random.Generator, few: int) -> None:
    """Write the scored pairs, and the components of those that are probable enough."""
    pairs, settings = watched.pairs, watched.result.settings
    unit = rng.integers(0, few, len(pairs))
    for number in range(few):
        some = pairs.take(rng.permutation(np.flatnonzero(unit == number)))
        i, j = some.i.astype(np.int64), some.j.astype(np.int64)
        columns = {"i": i, "j": j, "gi": region[i].astype(np.int32), "gj": region[j].astype(np.int32)}
        columns |= {name: getattr(some, name) for name in ("similarity", "p_wording", "p_story")}
        job.store.write("context", number, arrow(columns))
        job.store.write_array("context", number, "sampled", watched.sampled[number::few])
        job.store.finish("context", number, len(some))
    linked = pairs.take(pairs.p(settings.level) >= min(settings.thresholds[level] for level in settings.levels))
    count = len(region)
    graph = csr_matrix((np.ones(len(linked)), (linked.i, linked.j)), (count, count))
    component = connected_components(graph, directed=False)[1]
    smallest = np.unique(component, return_index=True)[1][component]
    known = np.unique(np.concatenate([linked.i, linked.j])).astype(np.int64)
    write_labels(job, known, cast(Any, smallest)[known].astype(np.int64))


def write_labels(job: Job, numbers: Ints, labels: Ints) -> None:
    """Write the components of nodes."""
    job.store.write_array("forest_link", 0, "numbers", numbers)
    job.store.write_array("forest_link", 0, "labels", labels)
