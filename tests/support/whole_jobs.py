"""Whole jobs over Parquet files beside the same run on one machine."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import dedupe
from dedupe.distributed import JobSummary, run
from dedupe.distributed.engine import InOrder
from dedupe.readers import read_headlines
from dedupe.result.deduplication import Deduplication

NOW = "2026-03-04T12:00:00Z"


def without_ray(monkeypatch: pytest.MonkeyPatch, encoder: Any = None) -> None:
    """Run all tasks in this process; with an encoder in the place of the bundled model, if one is given."""
    monkeypatch.setattr(run, "connected", lambda address: nullcontext(""))
    monkeypatch.setattr(run, "OnRay", InOrder)
    if encoder is not None:
        for module in ("job", "plan", "run"):
            monkeypatch.setattr(f"dedupe.distributed.{module}.load_encoder", lambda name=None: encoder)
        monkeypatch.setattr("dedupe.embedding.encoders.load_encoder", lambda name=None: encoder)


def one_machine(paths: Sequence[Path], **options: Any) -> tuple[Deduplication, pa.Table]:
    """Return the result of one machine, and its output."""
    result = dedupe.deduplicate(read_headlines(list(paths), now=NOW).headlines, **options)
    return result, result.to_arrow()


def written(out: Path) -> pa.Table:
    """Return the rows that a job wrote, which are all files of the folder and have no work files beside them."""
    files = sorted(path for path in out.iterdir() if path.name != "_pairs")
    assert [path.name for path in files] == [f"part-{k:05}.parquet" for k in range(len(files))]
    return pa.concat_tables([pq.read_table(path) for path in files])


def check_summary(summary: JobSummary, result: Deduplication) -> None:
    """A summary has the counts and warnings of one machine."""
    levels = {level: int(result.labels(level).max()) + 1 for level in ("exact", "wording", "story")}
    assert summary.rows == len(result)
    assert (summary.copies, summary.wordings) == (len(result) - levels["exact"], levels["wording"])
    if result.level == "story":
        assert summary.stories == levels["story"]
    assert (summary.scored, summary.read) == tuple(result.pairs_read)[:2]
    assert summary.messages == tuple(caution.message for caution in result.warnings)


def damaged(path: Path, group: int) -> Path:
    """Overwrite the first column of a row group."""
    column = pq.read_metadata(path).row_group(group).column(0)
    data = bytearray(path.read_bytes())
    start = column.dictionary_page_offset or column.data_page_offset
    data[start : start + column.total_compressed_size] = b"\xff" * column.total_compressed_size
    path.write_bytes(data)
    return path
