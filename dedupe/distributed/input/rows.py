"""The rows of the input: each part becomes a table of fields and normalized texts, in buckets by text."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dedupe.dates import Evidence, evidence_of
from dedupe.distributed.engine import Engine
from dedupe.distributed.input.files import opened
from dedupe.distributed.job import Job, Piece
from dedupe.distributed.store import buckets
from dedupe.errors import EmptyInput, InputError
from dedupe.headlines import Headline, from_fields
from dedupe.readers.columnar import read_fields
from dedupe.runtime.arrays import Ints
from dedupe.runtime.arrow import StoredTable
from dedupe.text.normalize import normalize

if TYPE_CHECKING:
    import pyarrow as pa

_CHECKED_ROWS = 8192  # read together, only to see whether they can be
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIELDS = ("title", "id", "source", "url", "bad_date")


class BadGroup(NamedTuple):
    """A row group that could not be read: its file, its number and rows, and why."""

    file: str
    group: int
    rows: int
    reason: str


class RowsRead(NamedTuple):
    """How many rows were read, and which row groups were left out."""

    rows: int
    bad: tuple[BadGroup, ...]


def find_rows(job: Job, engine: Engine) -> RowsRead:
    """Read all parts. Raises `InputError` for a row group that cannot be read unless it is skipped; `EmptyInput` without rows."""
    parts = range(len(job.parts))
    if "date" in job.columns:
        _store_evidence(job, engine.run(job, "dates", read_evidence, parts, job.part_rows))
    results = engine.run(job, "rows", read_rows, parts, job.part_rows)
    bad = tuple(BadGroup(*group) for part in parts for group in results[part]["bad"])
    rows = sum(results[part]["rows"] for part in parts)
    if not rows:
        raise EmptyInput(f"no row group can be read, such as the first ({bad[0].reason}): get the files again")
    return RowsRead(rows, bad)


def read_evidence(job: Job, p: int) -> list[Evidence | None]:
    """Return for each file of a part what dates there tell of those of the whole file; None if their type tells all."""
    return [_evidence(job, piece) for piece in job.parts[p].pieces]


def _evidence(job: Job, piece: Piece) -> Evidence | None:
    import pyarrow as pa

    column = job.columns["date"]
    with opened(piece.path, piece.name) as table:
        if column not in table.names:
            return None
        kind = table.schema.field(column).type
        if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
            return None
        counts = []
        for group in piece.groups:
            try:
                counts.append(evidence_of((value for (value,) in table.values([column], group)), job.dates))
            except InputError:
                if not job.skip_bad:
                    raise
        return _total(counts)


def read_rows(job: Job, p: int) -> dict[str, Any]:
    """Write the rows of a part; return how many they are, and the row groups that were left out."""
    known = job.store.result("evidence") if "date" in job.columns else {}
    headlines, positions, bad, position = list[Headline](), list[int](), list[BadGroup](), job.parts[p].first
    for piece in job.parts[p].pieces:
        evidence = Evidence(*known[piece.path]) if piece.path in known else None
        with opened(piece.path, piece.name) as table:
            for group in piece.groups:
                size = table.sizes[group]
                try:
                    headlines += _headlines(job, table, group, evidence)
                    positions += range(position, position + size)
                except InputError as error:
                    if not job.skip_bad:
                        raise
                    bad.append(BadGroup(piece.name, group, size, str(error)))
                position += size
    rows = _table_of(headlines, positions)
    job.store.write("rows", p, buckets(rows, buckets_of(rows["text"].to_pylist(), job.buckets), job.buckets))
    return {"rows": len(rows), "bad": bad}


def headlines_of_rows(rows: pa.Table) -> list[Headline]:
    """Return headlines of a table with the columns that `read_rows` writes; they have no columns of their own."""
    import pyarrow as pa

    fields = [rows[name].to_pylist() for name in _FIELDS]
    published = [
        None if since is None else _EPOCH + timedelta(microseconds=since)
        for since in rows["published"].cast(pa.int64()).to_pylist()
    ]
    own = dict[str, Any]()
    return [
        Headline(title, id_, when, source, url, row=own, bad_date=bad)
        for title, id_, source, url, bad, when in zip(*fields, published, strict=True)
    ]


def buckets_of(texts: Iterable[str], count: int) -> Ints:
    """Return the bucket of each text, (n,): the same on every machine."""
    return np.fromiter((zlib.crc32(text.encode("utf-8", "surrogatepass")) % count for text in texts), np.int64)


def _store_evidence(job: Job, found: dict[int, Any]) -> None:
    """Store the evidence of each file: as on one machine, its dates are one column."""
    of_file = defaultdict[str, list[Evidence]](list)
    for p, part in enumerate(job.parts):
        for piece, counts in zip(part.pieces, found[p], strict=True):
            if counts is not None:
                of_file[piece.path].append(Evidence(*counts))
    job.store.finish("evidence", 0, {path: _total(counts) for path, counts in of_file.items()})


def _total(counts: list[Evidence]) -> Evidence:
    return Evidence(*map(sum, zip(*counts, strict=True)))


def _headlines(job: Job, table: StoredTable, group: int, evidence: Evidence | None) -> list[Headline]:
    """Return the headlines of a row group; where damage is skipped, only if all of it can be read, as the output needs it."""
    if job.skip_bad:
        for _ in table.batches(table.names, _CHECKED_ROWS, group):
            pass
    columns = {field: column for field, column in job.columns.items() if column in table.names}
    rows = read_fields(table, columns, job.dates, group=group, evidence=evidence)
    headlines = [from_fields(fields, date) for fields, date in rows]
    if len(headlines) != table.sizes[group]:
        raise InputError(f"row group {group} of {table.name} ends after {len(headlines):,} rows: get the file again")
    return headlines


def _table_of(headlines: list[Headline], positions: list[int]) -> pa.Table:
    """Return the rows of headlines. Texts are large strings, as those of one bucket may have more than 2 GB."""
    import pyarrow as pa

    texts = {name: pa.array([getattr(h, name) for h in headlines], pa.large_string()) for name in _FIELDS}
    return pa.table(
        {
            "position": pa.array(positions, pa.int64()),
            **texts,
            "published": pa.array([h.published for h in headlines], pa.timestamp("us", "UTC")),
            "text": pa.array([normalize(h.title) for h in headlines], pa.large_string()),
        }
    )
