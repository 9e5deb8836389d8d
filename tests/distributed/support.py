"""Invented headlines in Parquet files, and jobs that have read them, for tests of steps against those of one machine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from dedupe.dates import DateRules
from dedupe.distributed.engine import InOrder
from dedupe.distributed.input.parts import columns_of, plan
from dedupe.distributed.input.rows import find_rows
from dedupe.distributed.job import Job
from dedupe.headlines import Headline
from dedupe.readers import read_headlines
from dedupe.readers.delimited import Columns
from dedupe.result.settings import Settings

NOW = "2026-03-04T12:00:00Z"
DAY = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
COLUMNS = ("title", "source", "published", "url", "id")
EVENTS = (
    "Dam closes after flood",
    "Ferry sinks off Oslo",
    "Mayor resigns over harbour deal",
    "dam closes after flood.",
)
FRAMES = ("{}", "{} - Fjord Radio", "Pebble: {}", "{} | Fjord Radio", "LIVE: {}", "{} (video)", "{} - Anna Berg")
SAYING_NOTHING = ("Corrections", "corrections", "Morning briefing", "Fjord Radio", "", " ", None)
TITLES = st.one_of(
    st.builds(str.format, st.sampled_from(FRAMES), st.sampled_from(EVENTS)),
    st.sampled_from(SAYING_NOTHING),
    st.text("ab:-| é\u2019", max_size=6),
)
SOURCES = st.sampled_from([None, "Fjord Radio", "pebble.com", "The Pebble", "Norsk Oil"])
DATES = st.one_of(st.none(), st.integers(0, 60).map(lambda hours: DAY + timedelta(hours=hours)))
URLS = st.sampled_from([None, "https://pebble.example/a?utm_source=x", "https://www.pebble.example/a", "fjord"])
ROWS = st.lists(st.tuples(TITLES, SOURCES, DATES, URLS, st.sampled_from([None, "x"])), min_size=1, max_size=14)
"""Rows of `COLUMNS`."""
SPLITS = st.sampled_from([1, 3, 100])
"""Rows of a row group and of a part."""


def write_rows(path: Path, rows: Sequence[Sequence[Any]], group: int = 100, columns: Sequence[str] = COLUMNS) -> Path:
    """Write rows as a Parquet file, with `group` rows in each row group; times as timestamps."""
    kinds = {"published": pa.timestamp("us", "UTC")}
    values = {name: [row[k] for row in rows] for k, name in enumerate(columns)}
    table = pa.table({name: pa.array(values[name], kinds.get(name, pa.string())) for name in columns})
    pq.write_table(table, path, row_group_size=group)
    return path


def job_of(
    paths: Sequence[Path],
    work: Path,
    *,
    rows_per_part: int = 100,
    ranges: int = 1,
    buckets: int = 1,
    window: float | None = None,
    **options: Any,
) -> Job:
    """Return a job over files."""
    read = plan(paths, rows_per_part)
    columns, _ = columns_of(read, Columns(), skip_bad=options.get("skip_bad", False))
    settings = Settings("story", {}, 0.05, window)
    options = {"dates": DateRules(now=NOW)} | options
    return Job(str(work), settings, read.parts, columns, ranges=ranges, buckets=buckets, **options)


def job_with_rows(
    folder: Path, rows: Sequence[Sequence[Any]], split: int, **options: Any
) -> tuple[Job, list[Headline]]:
    """Return a job that has read rows, in parts of up to `split`, and the same rows as one machine reads them."""
    path = write_rows(folder / "news.parquet", rows, split)
    job = job_of([path], folder / "work", rows_per_part=split, **options)
    assert find_rows(job, InOrder()).rows == len(rows)
    return job, read_headlines(path, now=NOW).headlines
