"""Parquet files and frames -> headlines. Only the columns of a headline are read; rows stay where they are."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dedupe.errors import InputError
from dedupe.headlines import Headline, Row, as_headlines, of_fields
from dedupe.readers.delimited import FIELDS, Columns, find_columns
from dedupe.runtime.arrow import StoredRow, StoredTable, as_table, is_frame

MARK = b"PAR1"


def read_table(frame: Any, columns: Columns | None = None) -> list[Headline]:
    """Return the rows of a frame as headlines: of pandas, polars, or any that exports Arrow, or an Arrow table.

    Columns are found by their usual names where `columns` does not say. What comes out again has all columns.
    """
    stored = StoredTable(as_table(frame))
    return headlines_of(
        stored, find_columns(list(stored.names), columns or Columns(), "the table", "Columns(title=...)")
    )


def rows_of(headlines: Iterable[Row] | Any) -> list[Headline]:
    """Return titles, mappings, headlines, or the rows of a frame, as headlines."""
    return read_table(headlines) if is_frame(headlines) else as_headlines(headlines)


def open_parquet(name: str, raw: bytes | None) -> StoredTable:
    """Return the rows of a Parquet file, from its name or, where they are at hand, its bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return StoredTable(pq.ParquetFile(name if raw is None else io.BytesIO(raw)), name)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{name} is no Parquet file that can be read ({error}): it is damaged or cut short") from None


def is_parquet_file(name: str) -> bool:
    """Whether a file begins as Parquet does; not where it cannot be read."""
    try:
        with Path(name).open("rb") as file:
            return file.read(len(MARK)) == MARK
    except (OSError, ValueError):
        return False


def headlines_of(stored: StoredTable, columns: dict[str, str]) -> list[Headline]:
    """Return the rows of a table as headlines; `columns`: the column of each field that there is one for."""
    names = [FIELDS[wanted] for wanted in columns]
    rows = stored.values(list(columns.values()))
    return [
        of_fields(dict(zip(names, values, strict=True)), row=StoredRow(stored, place))
        for place, values in enumerate(rows)
    ]
