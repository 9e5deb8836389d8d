"""The same rows on one machine and on a cluster of two nodes, in several partitionings: labels, seconds, memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from pathlib import Path
from shutil import rmtree
from time import perf_counter, process_time
from typing import Any
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from cluster_nodes import two_nodes
from enlarged import LAST, YEARS
from memory import apart
from records import read_rows

import dedupe
from dedupe.candidates import join
from dedupe.embedding import load_encoder
from dedupe.runtime.parallel import set_threads
from dedupe.scoring.reader import reader_of

WINDOW = "72h"
PARTITIONINGS = (100_000, 20_000, 7_000)  # rows of a part
SCALE_PARTITIONINGS = (100_000, 50_000, 20_000)  # the same, for all of `scale`
SIZES = (20_000, 60_000, 228_852)  # at which the memory of the driver is measured
NOW = "2026-09-01"
_LABELS = ("dedupe_story", "dedupe_wording")
_RATED = 3_000  # titles that are encoded for the rates
_GROUP = 1_000  # rows of a row group


def stream(data: Path, cache: Path) -> dict[str, Any]:
    """Return how runs over `stream` in a window of 72 hours compare."""
    path = parquet(data, cache, "stream", None)
    return _compared(path, cache, {"window": WINDOW, "reader": "off"}, PARTITIONINGS) | {"window": WINDOW}


def scale(data: Path, cache: Path, rows: int, everything: int) -> dict[str, Any]:
    """Return how runs over `scale` compare: `rows` without a window, all compared with all, and `everything` in a window."""
    alone, dated = (parquet(data, cache, "scale", count) for count in (rows, everything))
    return {
        "no window": _compared(alone, cache, {"reader": "off"}, PARTITIONINGS[1:2]),
        "72 hours": _compared(dated, cache, {"reader": "off", "window": WINDOW}, SCALE_PARTITIONINGS),
    }


def memory(data: Path, cache: Path) -> dict[str, Any]:
    """Return the peak memory of the driver at three sizes, in a window of 72 hours."""
    result: dict[str, Any] = {}
    for rows in SIZES:
        path = parquet(data, cache, "scale", rows)
        made, peak = apart(_on_cluster, path, cache / "job-memory", {"window": WINDOW, "reader": "off"}, cache, 20_000)
        result[str(rows)] = {"driver_gb": peak, "seconds": made["seconds"]}
    return result


def rates(data: Path) -> dict[str, Any]:
    """Return how many milliseconds of one processor a title takes to encode, and a pair to read."""
    return dict(apart(_rates, data)[0])


def _rates(data: Path) -> dict[str, Any]:
    set_threads(1)
    titles = [row["title"] for row in islice(read_rows(data / "stream" / "headlines.jsonl.gz"), _RATED)]
    encoder, first = load_encoder(), np.arange(_RATED // 2)
    reader = reader_of(encoder)
    work = {
        "encode_a_title": (lambda: encoder.encode(sorted(titles, key=len)), len(titles)),
        "read_a_pair": (lambda: reader.log_odds(titles, first, first + len(first)), len(first)),
    }
    result: dict[str, Any] = {"what": "milliseconds of one processor, models loaded", "titles": len(titles)}
    encoder.encode(titles[:64])
    for name, (call, count) in work.items():
        began = process_time()
        call()
        result[name] = round((process_time() - began) / count * 1000, 2)
    return result


def parquet(data: Path, cache: Path, name: str, limit: int | None) -> Path:
    """Return a Parquet file of the first rows of a data set, in groups of 1,000; without dates they get some, over two years."""
    path = cache / f"{name}-{limit or 'all'}.dated.parquet"
    if not path.exists():
        rows = [
            row for k, row in enumerate(read_rows(data / name / "headlines.jsonl.gz")) if limit is None or k < limit
        ]
        columns = {key: [row.get(key) for row in rows] for key in ("title", "source", "published", "date")}
        if not any(columns["published"]):
            even = (LAST - timedelta(days=365 * YEARS) * (1 - k / len(rows)) for k in range(len(rows)))
            columns["date"] = [date or moment.isoformat() for date, moment in zip(columns["date"], even, strict=True)]
        kept = {key: values for key, values in columns.items() if any(values)}
        pq.write_table(pa.table(kept), path, row_group_size=_GROUP)
    return path


def _compared(path: Path, cache: Path, options: dict[str, Any], partitionings: tuple[int, ...]) -> dict[str, Any]:
    plain, peak = apart(_plain, path, options, cache)
    table = plain.pop("table")
    result: dict[str, Any] = {"rows": len(table), "one_machine": plain | {"memory_gb": peak}}
    for rows in partitionings:
        made, peak = apart(_on_cluster, path, cache / "job", options, cache, rows)
        ours = made.pop("table")
        same = {name: ours[name].equals(table[name]) for name in table.column_names if name.startswith("dedupe_")}
        ratio = round(made["seconds"]["total"] / plain["seconds"]["total"], 3)
        result[f"{rows} rows a part"] = made | {"driver_gb": peak, "equal": same, "times_one_machine": ratio}
    return result


def _plain(path: Path, options: dict[str, Any], cache: Path) -> dict[str, Any]:
    """One machine, with two threads, and exact joins."""
    clock = _Clock()
    with exact_joins():
        source = dedupe.read_headlines(path, now=NOW)
        result = dedupe.deduplicate(source.headlines, cache=dedupe.VectorCache(cache), progress=clock, **options)
        table = result.to_arrow()
    read = result.pairs_read
    return {"table": table, "pairs": {"scored": read.scored, "read": read.read}, "seconds": clock.seconds()}


def _on_cluster(path: Path, out: Path, options: dict[str, Any], cache: Path, rows: int) -> dict[str, Any]:
    """Two nodes with one processor each."""
    from dedupe.distributed import deduplicate

    rmtree(out, ignore_errors=True)
    with two_nodes() as nodes:
        clock = _Clock()
        summary = deduplicate(
            path,
            out,
            address=nodes.address,
            cache=cache,
            now=NOW,
            rows_per_part=rows,
            exact=True,
            progress=clock,
            **options,
        )
        seconds = clock.seconds()
    table = pa.concat_tables([pq.read_table(part) for part in sorted(out.glob("part-*.parquet"))])
    return {"table": table, "summary": summary.__dict__, "seconds": seconds}


@contextmanager
def exact_joins() -> Iterator[None]:
    """Let one machine compare all with all, whatever their number."""
    made = join.Join.__init__

    def exact(self: Any, *args: Any, **options: Any) -> None:
        made(self, *args, **options | {"exact": 10**15})

    with patch.object(join.Join, "__init__", exact):
        yield


class _Clock:
    """A `Progress` that notes how long each step took, from the end of the one before."""

    def __init__(self) -> None:
        self._began = self._last = perf_counter()
        self._seconds: dict[str, float] = defaultdict(float)
        self._step = ""

    def __call__(self, step: str, done: int, total: int) -> None:
        now = perf_counter()
        self._seconds[step if done else self._step or step] += now - self._last
        self._last, self._step = now, step

    def seconds(self) -> dict[str, float]:
        """Return seconds by step, and in total."""
        steps = {name: round(value, 2) for name, value in self._seconds.items()}
        return {"total": round(perf_counter() - self._began, 2), **steps}
