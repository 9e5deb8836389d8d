"""What each bucket of components gets: its nodes, rows and pairs, and what it cannot know by itself.

A component, and so every group, lies in one bucket whole. Steps and their files:

- `group_nodes`/g (regions), a bucket for each bucket of components: number, first, last, weight, generic, title_position as in
  `region`; `sparse` and `sampled` (bool). Where facts decide what represents a group, `core`; where closeness does, `vector`.
- `group_rows`/r (ranges), a bucket for each: the columns of `node_rows`, with `node` (final) and `exact` as numbers of nodes;
  `generic` and `absorbed` (bool).
- `names`/r, a table: `name`, those of the publishers of its rows. `ids`/r, where rows have ids, in buckets by id: `position`,
  `id`, and `bucket`, that of the component.
- `shared`/0, a table: `name`, those of the publishers of all rows; array `sampled`: the nodes whose context is estimated.
- `group_pairs`/u (units), a bucket for each: i, j, p_wording, p_story of the pairs inside components. The result counts all.
- `repeated`/t (buckets of ids), a bucket for each bucket of components: `position` of the rows with the id of another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dedupe.distributed.engine import Engine
from dedupe.distributed.input.rows import buckets_of
from dedupe.distributed.job import Job
from dedupe.distributed.nodes.crowds import crowds_of
from dedupe.distributed.pairs.components import LINKS, found_labels, labels_of
from dedupe.distributed.store import arrow, buckets
from dedupe.result.publishers import name_of
from dedupe.runtime.arrays import Bools

if TYPE_CHECKING:
    import pyarrow as pa

_NODE = ("number", "first", "last", "weight", "generic", "title_position")
_ROW = ("position", "title", "id", "source", "url", "published", "bad_date", "text", "generic")


@dataclass(frozen=True)
class Senders:
    """The parts of the steps whose files are sent to buckets: regions of nodes, and units of pairs in context."""

    regions: Sequence[int]
    units: Sequence[int]


def send(job: Job, engine: Engine) -> Senders:
    """Send nodes, rows and pairs to the buckets of their components."""
    senders = Senders(list(job.store.finished("region")), list(job.store.finished("context")))
    engine.run(job, "group_rows", send_rows, range(job.ranges))
    engine.run(job, "shared", partial(gather_shared, units=senders.units), [0])
    engine.run(job, "group_nodes", send_nodes, senders.regions)
    engine.run(job, "group_pairs", send_pairs, senders.units)
    if has_ids(job):
        engine.run(job, "repeated", find_repeated_ids, range(job.buckets))
    return senders


def has_ids(job: Job) -> bool:
    """Return whether rows have ids."""
    return "id" in job.columns


def send_nodes(job: Job, region: int) -> int:
    """Send the nodes of a region; return how many there are."""
    columns = [*_NODE, "core"] if job.settings.keep == "complete" else list(_NODE)
    table = job.store.read("region", region, columns=columns)
    numbers = table["number"].to_numpy()
    labels, linked = found_labels(job, LINKS, numbers)
    marked = job.store.read_array("crowds", 0, "sparse_members"), job.store.read_array("shared", 0, "sampled")
    for name, some in zip(("sparse", "sampled"), marked, strict=True):
        table = table.append_column(name, [np.isin(numbers, some)])
    if job.settings.keep == "central":
        vectors = job.store.read_array("region", region, "vectors")
        table = table.append_column("vector", _lists(vectors, linked))
    job.store.write("group_nodes", region, buckets(table, labels % job.buckets, job.buckets))
    return len(numbers)


def send_rows(job: Job, part: int) -> int:
    """Send the rows of a range of nodes, and the names of their publishers and their ids; return how many there are."""
    rows = job.store.read("node_rows", part)
    place, offset = rows["node"].to_numpy(), job.offsets[part]
    crowds = crowds_of(job)
    node, absorbed = crowds.final_of_all(place + offset), np.isin(place + offset, crowds.absorbed)
    bucket = labels_of(job, LINKS, node) % job.buckets
    table = rows.select(list(_ROW))
    numbers = {"node": node, "exact": rows["exact"].to_numpy() + offset, "absorbed": absorbed}
    for name, column in numbers.items():
        table = table.append_column(name, [column])
    job.store.write("group_rows", part, buckets(table, bucket, job.buckets))
    named = zip(rows["source"].to_pylist(), rows["url"].to_pylist(), strict=True)
    job.store.write("names", part, _names(name_of(source, url) for source, url in named))
    if has_ids(job):
        known = np.flatnonzero(rows["id"].is_valid().to_numpy())
        ids = arrow({"position": rows["position"].to_numpy()[known], "bucket": bucket[known]})
        ids = ids.append_column("id", rows["id"].take(known))
        job.store.write("ids", part, buckets(ids, buckets_of(ids["id"].to_pylist(), job.buckets), job.buckets))
    return len(rows)


def send_pairs(job: Job, unit: int) -> int:
    """Send the pairs of a unit that lie in one component; return how many pairs there are at all."""
    pairs = job.store.read("context", unit, columns=["i", "j", "p_wording", "p_story"])
    first, second = (labels_of(job, LINKS, pairs[name].to_numpy()) for name in ("i", "j"))
    inside = np.flatnonzero(first == second)
    job.store.write("group_pairs", unit, buckets(pairs.take(inside), first[inside] % job.buckets, job.buckets))
    return len(pairs)


def gather_shared(job: Job, part: int, *, units: Sequence[int]) -> int:
    """Gather the names of publishers, and the nodes whose context is estimated; return how many names there are."""
    found = (job.store.read("names", k)["name"].to_pylist() for k in range(job.ranges))
    names = _names(name for part in found for name in part)
    job.store.write("shared", part, names)
    sampled = [job.store.read_array("context", unit, "sampled") for unit in units]
    job.store.write_array("shared", part, "sampled", np.unique(np.concatenate([np.empty(0, np.int64), *sampled])))
    return len(names)


def find_repeated_ids(job: Job, part: int) -> int:
    """Find the rows that have the id of another one; return how many there are."""
    rows = job.store.gather("ids", range(job.ranges), part)
    counts = rows["id"].combine_chunks().dictionary_encode()
    of_row = counts.indices.to_numpy()
    repeated = np.flatnonzero(np.bincount(of_row)[of_row] > 1) if len(rows) else np.empty(0, np.int64)
    found = rows.take(repeated)
    job.store.write("repeated", part, buckets(found.select(["position"]), found["bucket"].to_numpy(), job.buckets))
    return len(found)


def _lists(vectors: NDArray[Any], linked: Bools) -> pa.Array:
    """Return vectors, (n, d), as Arrow lists; an empty one for each node that is not linked to any other."""
    import pyarrow as pa

    ends = np.cumsum(np.append(0, np.where(linked, vectors.shape[1], 0)))
    return pa.LargeListArray.from_arrays(pa.array(ends), pa.array(vectors[linked].reshape(-1)))


def _names(names: Iterable[str]) -> pa.Table:
    import pyarrow as pa

    return arrow({"name": sorted(set(names) - {""})}, name=pa.string())
