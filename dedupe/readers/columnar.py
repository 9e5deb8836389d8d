"""Parquet files and frames -> headlines. Only the columns of a headline are read; the rows stay where they are."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dedupe.errors import InputError
from dedupe.headlines import Headline, Row, as_headlines, from_fields
from dedupe.readers.delimited import FIELDS, Columns, find_columns
from dedupe.runtime.arrow import StoredRow, StoredTable, as_table, is_frame, one_line

MAGIC = b"PAR1"


def read_table(frame: Any, columns: Columns | None = None) -> list[Headline]:
    """Return the rows of a frame as headlines, which keep all its columns for the output.

    Args:
        frame: an Arrow table, or a frame of pandas, polars or another library that exports Arrow.
        columns: the columns to read; a column that is not named is found by its usual names.
    """
    table = StoredTable(as_table(frame))
    return headlines_of(table, find_columns(list(table.names), columns or Columns(), "the table", "Columns(title=...)"))


def rows_of(headlines: Iterable[Row] | Any) -> list[Headline]:
    """Return rows, or the rows of a frame, as headlines."""
    return read_table(headlines) if is_frame(headlines) else as_headlines(headlines)


def open_parquet(name: str, content: bytes | None = None) -> StoredTable:
    """Return the rows of the Parquet file `name`, or of its `content` where that was read already."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return StoredTable(pq.ParquetFile(name if content is None else io.BytesIO(content)), name)
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:  # damage also gives text that is not UTF-8
        advice = "get it again, or name its format"
        raise InputError(f"{name} cannot be read as Parquet ({one_line(error)}): {advice}") from None


def is_parquet_file(name: str) -> bool:
    """Return whether a file starts as Parquet does; False if it cannot be read."""
    try:
        with Path(name).open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except (OSError, ValueError):
        return False


def headlines_of(table: StoredTable, columns: dict[str, str]) -> list[Headline]:
    """Return the rows of a table as headlines; `columns` as `find_columns` returns them."""
    fields = [FIELDS[key] for key in columns]
    rows = table.values(list(columns.values()))
    return [
        from_fields(dict(zip(fields, values, strict=True)), row=StoredRow(table, position))
        for position, values in enumerate(rows)
    ]
