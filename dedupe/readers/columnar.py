"""Parquet files and frames -> headlines. Only the columns of a headline are read; the rows stay where they are."""

from __future__ import annotations

import io
import warnings
import weakref
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any

from dedupe.errors import DedupeWarning, InputError
from dedupe.headlines import Headline, Row, as_headlines, from_fields
from dedupe.readers.delimited import FIELDS, Columns, find_columns
from dedupe.readers.opening import Content
from dedupe.readers.title_column import Values
from dedupe.runtime.arrow import StoredRow, StoredTable, as_table, is_frame, one_line

_ROW_BYTES = 8  # that the other values of a row have at least
_CHECKED_ROWS = 1024


def read_table(frame: Any, columns: Columns | None = None) -> list[Headline]:
    """Return the rows of a frame as headlines, which keep all its columns for the output.

    Args:
        frame: an Arrow table, or a frame of pandas, polars or another library that exports Arrow.
        columns: the columns to read; a column that is not named is found by its usual names, that of the titles also by its
            values. Where another may be meant, a `DedupeWarning` says so.
    """
    return _read_table(frame, columns or Columns(), depth=3)


def rows_of(headlines: Iterable[Row] | Any) -> list[Headline]:
    """Return rows, or the rows of a frame, as headlines."""
    return _read_table(headlines, Columns(), depth=4) if is_frame(headlines) else as_headlines(headlines)


def open_parquet(content: Content) -> StoredTable:
    """Return the rows of Parquet, which stay in its file if `content` has one."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with ExitStack() as stack:
        file = stack.enter_context(content.parquet or io.BytesIO(content.data))
        try:
            table = StoredTable(pq.ParquetFile(file), content.name)
        except MemoryError:
            raise
        except (
            pa.ArrowException,
            OSError,
            ValueError,
            OverflowError,
        ) as error:  # damage also gives text that is not UTF-8
            advice = "get it again, or name its format"
            raise InputError(f"{content.name} cannot be read as Parquet ({one_line(error)}): {advice}") from None
        weakref.finalize(table, stack.pop_all().close)
    return table


def _read_table(frame: Any, columns: Columns, depth: int) -> list[Headline]:
    """The rows of a frame. Where its column of titles is in doubt, the line `depth` calls above is warned."""
    table = StoredTable(as_table(frame))
    names, values = list(table.names), values_of(table)
    found, doubts = find_columns(names, columns, "the table", values, option="Columns(title=...)")
    for doubt in doubts:
        warnings.warn(doubt, DedupeWarning, stacklevel=depth)
    return headlines_of(table, found)


def values_of(table: StoredTable) -> Values:
    """Return a function that yields the values of a column, so that the title column can be told."""
    return lambda column: (value for (value,) in table.values([column]))


def headlines_of(
    table: StoredTable, columns: dict[str, str], check: Callable[[int], None] | None = None
) -> list[Headline]:
    """Return the rows of a table as headlines.

    `columns`: as `find_columns` returns them. `check` is called now and then with the size so far in bytes, and may raise.
    """
    fields, headlines, size = [FIELDS[key] for key in columns], list[Headline](), 0
    for position, values in enumerate(table.values(list(columns.values()))):
        headlines.append(from_fields(dict(zip(fields, values, strict=True)), row=StoredRow(table, position)))
        size += _ROW_BYTES + sum(len(value) for value in values if isinstance(value, str))
        if check and position % _CHECKED_ROWS == 0:
            check(size)
    return headlines
