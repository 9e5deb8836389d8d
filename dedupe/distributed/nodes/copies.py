"""Rows -> weighted nodes: a shuffle brings all copies of a title into one range of fingerprints, where they become a node.

Nodes are numbered as on one machine: ranges ascend, and so do the fingerprints in each. Empty titles are in the last. One task
makes the nodes of a range, with about 2 kB of memory for each of its rows; so a title that a large part of all rows have, or that
they lack, takes a large machine.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe.candidates.products import spread
from dedupe.clustering.collapse import Copies, copies_of, hour_of
from dedupe.distributed.engine import Engine
from dedupe.distributed.input.outlets import outlets
from dedupe.distributed.input.rows import headlines_of_rows
from dedupe.distributed.job import Job
from dedupe.distributed.nodes.corrected import named_nodes
from dedupe.distributed.store import buckets
from dedupe.headlines import tie_key
from dedupe.runtime.arrays import Ints
from dedupe.text.decorations import Undecorated, undecorated_all
from dedupe.text.normalize import key_of_core

if TYPE_CHECKING:
    import pyarrow as pa

_SAMPLED = 100  # rows for each range
_BOUNDARY_LENGTH = 100  # characters
_CARRIED = ("position", "title", "id", "source", "url", "published", "bad_date")


def find_copies(job: Job, engine: Engine) -> Job:
    """Make nodes of the rows; return the job with the numbers of nodes, and with as many ranges as there came to be."""
    parts = range(len(job.parts))
    sampled = engine.run(job, "sample", sample, parts, job.part_rows)
    boundaries = _boundaries([start for part in parts for start in sampled[part]], job.ranges)
    job.store.finish("boundaries", 0, boundaries)
    job = replace(job, ranges=len(boundaries) + 1)
    engine.run(job, "keyed", key, parts, job.part_rows)
    counts = engine.run(job, "nodes", nodes, range(job.ranges))
    sizes, rows = ([counts[r][name] for r in range(job.ranges)] for name in ("nodes", "rows"))
    return replace(job, offsets=tuple(accumulate(sizes, initial=0)), range_rows=tuple(rows))


def sample(job: Job, p: int) -> list[str]:
    """Return the start of the fingerprints of some rows of a part: its share of rows that are evenly spread over the input."""
    part, last = job.parts[p], job.parts[-1]
    rows = job.store.read("rows", p, columns=["position", "text", "source"])
    chosen = spread(last.first + last.rows, _SAMPLED * job.ranges)
    chosen = chosen[(chosen >= part.first) & (chosen < part.first + part.rows)]
    cores = _cores(job, rows.filter(np.isin(rows["position"].to_numpy(), chosen)))
    return [start for core in cores if (start := key_of_core(core.core)[:_BOUNDARY_LENGTH])]


def key(job: Job, p: int) -> int:
    """Write the rows of a part with their cores and fingerprints, in buckets by range; return how many there are."""
    import pyarrow as pa

    rows = job.store.read("rows", p).sort_by("position")
    cores, boundaries = _cores(job, rows), job.store.result("boundaries")
    fingerprints = [key_of_core(title.core) for title in cores]
    rows = _with_cores(rows, cores).append_column("fingerprint", pa.array(fingerprints, pa.large_string()))
    job.store.write("keyed", p, buckets(rows, ranges_of(fingerprints, boundaries), job.ranges))
    return len(rows)


def ranges_of(fingerprints: Sequence[str], boundaries: Sequence[str]) -> Ints:
    """Return the range of each fingerprint, (n,): the number of boundaries up to it; of an empty one the last."""
    last = len(boundaries)
    of_row = (bisect_right(boundaries, fingerprint) if fingerprint else last for fingerprint in fingerprints)
    return np.fromiter(of_row, np.int64, len(fingerprints))


def nodes(job: Job, r: int) -> dict[str, Any]:
    """Write the nodes of a range, and its rows with their nodes; return how many there are, and which corrections name."""
    import pyarrow as pa

    rows = job.store.gather("keyed", range(len(job.parts)), r)
    headlines, texts = headlines_of_rows(rows), rows["text"].to_pylist()
    written = zip(rows["core"].to_pylist(), rows["labels"].to_pylist(), strict=True)
    cores = [Undecorated(core, frozenset(labels)) for core, labels in written]
    ties, hours = list(map(tie_key, headlines)), list(map(hour_of, headlines))
    fingerprints, known = rows["fingerprint"].to_pylist(), outlets(job)
    copies = copies_of(headlines, job.settings.window, texts, cores, fingerprints, known, ties, hours)
    positions = rows["position"].to_numpy()
    job.store.write("nodes", r, _node_table(copies, positions))
    table = _with_cores(rows.select(_CARRIED), copies.cores)
    of_row, generic = copies.nodes.of_row, copies.generic[copies.nodes.title_row]
    for place, (name, numbers) in enumerate({"node": of_row, "exact": copies.nodes.exact_of_row}.items(), 1):
        table = table.add_column(place, name, pa.array(numbers, pa.int64()))
    table = table.append_column("generic", pa.array(generic[of_row], pa.bool_()))
    job.store.write("node_rows", r, table.append_column("text", pa.array(copies.texts, pa.large_string())))
    return {"nodes": len(copies.nodes), "rows": len(rows), "named": named_nodes(job, copies, positions)}


def _boundaries(fingerprints: list[str], ranges: int) -> list[str]:
    """Return fingerprints at which ranges of about the same number of rows start, but the first: all different."""
    ordered = sorted(fingerprints)
    starts = {ordered[len(ordered) * r // ranges] for r in range(1, ranges)} if ordered else set[str]()
    return sorted(starts - {min(ordered, default="")})


def _cores(job: Job, rows: pa.Table) -> list[Undecorated]:
    return undecorated_all(rows["text"].to_pylist(), rows["source"].to_pylist(), outlets(job))


def _with_cores(rows: pa.Table, cores: Sequence[Undecorated]) -> pa.Table:
    for name, column in _core_columns(cores).items():
        rows = rows.append_column(name, column)
    return rows


def _core_columns(cores: Sequence[Undecorated]) -> dict[str, Any]:
    import pyarrow as pa

    return {
        "core": pa.array([title.core for title in cores], pa.large_string()),
        "labels": pa.array([sorted(title.labels) for title in cores], pa.list_(pa.string())),
    }


def _node_table(copies: Copies, positions: Ints) -> pa.Table:
    """Return what later steps need of the nodes. `positions`: of the rows, in all inputs."""
    import pyarrow as pa

    found, title_row = copies.nodes, copies.nodes.title_row
    encoded = copies.encoded
    return pa.table(
        {
            "text": pa.array([encoded[row] for row in found.text_row.tolist()], pa.large_string()),
            **_core_columns(copies.node_titles),
            "source": pa.array([copies.headlines[row].source for row in title_row.tolist()], pa.large_string()),
            "first": pa.array(found.first, pa.float64()),
            "last": pa.array(found.last, pa.float64()),
            "weight": pa.array(found.weight, pa.int64()),
            "generic": pa.array(copies.generic[title_row], pa.bool_()),
            "title_position": pa.array(positions[title_row], pa.int64()),
        }
    )
