"""The outlets that the input makes known, as `outlets_of` finds them, but by shuffles: by text, and by mark."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe.distributed.engine import Engine
from dedupe.distributed.input.rows import buckets_of
from dedupe.distributed.job import Job
from dedupe.distributed.store import buckets
from dedupe.text.mentions import mentions
from dedupe.text.outlets import Outlets, is_topic, marks_of, outlet_key, possible_outlets

if TYPE_CHECKING:
    import pyarrow as pa

_DIGEST = 16  # bytes that stand for the rest of a title, of which only the number of different ones counts


def find_outlets(job: Job, engine: Engine) -> Outlets:
    """Find the outlets of the rows that `find_rows` has read."""
    engine.run(job, "marks", find_marks, range(job.buckets))
    engine.run(job, "carried", find_candidates, range(job.buckets))
    engine.run(job, "mentions", count_mentions, range(job.buckets))
    engine.run(job, "outlets", choose_outlets, [0])
    return outlets(job)


def outlets(job: Job) -> Outlets:
    """Return the outlets that `find_outlets` found."""
    found = job.store.result("outlets")
    return Outlets(frozenset(found["sources"]), frozenset(found["names"]))


def find_marks(job: Job, t: int) -> dict[str, int]:
    """Write the marks around the different texts of a bucket, and how many rows each outlet has; both in buckets by outlet."""
    import pyarrow as pa

    found = job.store.gather("rows", range(len(job.parts)), t, ["text", "source"])
    marks = list(marks_of(found["text"].unique().to_pylist()))
    table = pa.table(
        {
            "mark": pa.array([mark.folded for mark in marks], pa.large_string()),
            "rest": pa.array([_digest(mark.rest) for mark in marks], pa.binary(_DIGEST)),
            "is_words": pa.array([mark.is_words for mark in marks], pa.bool_()),
            "is_name": pa.array([mark.is_name for mark in marks], pa.bool_()),
        }
    )
    job.store.write("marks", t, _by_outlet(table, [outlet_key(mark.folded) for mark in marks], job.buckets))
    rows = Counter[str]()
    for count in found["source"].value_counts().to_pylist():
        if count["values"]:
            rows[outlet_key(count["values"])] += count["counts"]
    table = pa.table({"outlet": pa.array(rows.keys(), pa.large_string()), "rows": pa.array(rows.values(), pa.int64())})
    job.store.write("outlet_rows", t, _by_outlet(table, list(rows), job.buckets))
    return {"marks": len(marks), "outlets": len(rows)}


def find_candidates(job: Job, m: int) -> dict[str, int]:
    """Write the marks of a bucket that are outlets unless titles often mention them, with what that is measured by."""
    import pyarrow as pa

    counted = job.store.gather("outlet_rows", range(job.buckets), m).group_by("outlet").aggregate([("rows", "sum")])
    rows_of = Counter(dict(zip(counted["outlet"].to_pylist(), counted["rows_sum"].to_pylist(), strict=True)))
    marks = job.store.gather("marks", range(job.buckets), m).group_by("mark")
    found = marks.aggregate([("rest", "count_distinct"), ("is_words", "any"), ("is_name", "any")])
    carried = dict(zip(found["mark"].to_pylist(), found["rest_count_distinct"].to_pylist(), strict=True))
    words, named = (set(found.filter(found[f"{kind}_any"])["mark"].to_pylist()) for kind in ("is_words", "is_name"))
    of_rows, names = possible_outlets(carried, words, named, rows_of)
    chosen = sorted(of_rows | names)
    table = pa.table(
        {
            "mark": pa.array(chosen, pa.large_string()),
            "is_source": pa.array([mark in of_rows for mark in chosen], pa.bool_()),
            "carried": pa.array([carried[mark] for mark in chosen], pa.int64()),
            "rows": pa.array([rows_of[outlet_key(mark)] for mark in chosen], pa.int64()),
        }
    )
    job.store.write("carried", m, table)
    return {"candidates": len(chosen)}


def count_mentions(job: Job, t: int) -> None:
    """Write how often the different texts of a bucket mention each candidate, in their order."""
    marks = _candidates(job)["mark"].to_pylist()
    texts = job.store.gather("rows", range(len(job.parts)), t, ["text"])["text"].unique().to_pylist()
    found = mentions(set(marks), map(str.casefold, texts))
    job.store.write_array("mentions", t, "counts", np.array([found[mark] for mark in marks], np.int64))


def choose_outlets(job: Job, _: int) -> dict[str, list[str]]:
    """Return the candidates that are no topics."""
    table = _candidates(job)
    mentioned = np.zeros(len(table), np.int64)
    for t in range(job.buckets):
        mentioned += job.store.read_array("mentions", t, "counts")
    chosen: dict[str, list[str]] = {"sources": [], "names": []}
    for row, count in zip(table.to_pylist(), mentioned.tolist(), strict=True):
        if not is_topic(count, row["carried"], row["rows"]):
            chosen["sources" if row["is_source"] else "names"].append(row["mark"])
    return chosen


def _candidates(job: Job) -> Any:
    import pyarrow as pa

    return pa.concat_tables([job.store.read("carried", m) for m in range(job.buckets)])


def _by_outlet(table: pa.Table, keys: list[str], count: int) -> list[pa.Table]:
    """Return the rows of a table in buckets by outlet, so that all spellings of one are together."""
    return buckets(table, buckets_of(keys, count), count)


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).digest()
