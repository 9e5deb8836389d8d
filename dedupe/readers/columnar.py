"""Parquet files, frames and mappings -> headlines. Of tables only the columns of a headline are read; the rows stay there."""

from __future__ import annotations

import io
import warnings
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import repeat
from typing import Any

from dedupe.dates import NO_RULES, DateRules, Evidence, Origin, Reading, read_dates
from dedupe.errors import DedupeWarning, InputError
from dedupe.headlines import Headline, Row, as_headlines, from_fields
from dedupe.readers.delimited import FIELDS, Columns, find_columns, headlines_of
from dedupe.readers.opening import Content
from dedupe.readers.title_column import Values
from dedupe.runtime.arrow import StoredRow, StoredTable, as_table, is_frame, one_line

_ROW_BYTES = 8  # that the other values of a row have at least
_CHECKED_ROWS = 1024


def read_table(
    frame: Any,
    columns: Columns | None = None,
    *,
    day_first: bool | None = None,
    date_format: str | None = None,
    now: datetime | str | None = None,
) -> list[Headline]:
    """Return the rows of a frame, or mappings, as headlines, which keep all their columns for the output.

    Args:
        frame: an Arrow table, a frame of pandas, polars or another library that exports Arrow, or a list of mappings.
        columns: the columns to read; a column that is not named is found by its usual names, that of the titles also by its
            values. Where another may be meant, a `DedupeWarning` says so.
        day_first: whether dates such as 03/04/2026 have the day first, where the other rows of the column do not tell; by
            default such dates then count as missing.
        date_format: the format of the dates, as for `datetime.strptime`. Others are then read only if they have the year first,
            or the name of a month.
        now: the moment from which dates lie in the future, and count as missing, and from which relative dates such as "5 h ago"
            count; by default the clock's, and a `DedupeWarning` tells of relative dates.
    """
    return _read_table(frame, columns or Columns(), DateRules(day_first, date_format, now), depth=3)


def rows_of(headlines: Iterable[Row] | Any, taken: datetime | None = None) -> list[Headline]:
    """Return rows, or the rows of a frame, as headlines.

    `taken`: the moment that relative dates count from; by default the clock's, and a `DedupeWarning` tells of such dates.
    """
    rules = DateRules(origin=Origin(taken, "as given", given=True)) if taken else NO_RULES
    if is_frame(headlines):
        return _read_table(headlines, Columns(), rules, depth=4)
    rules = rules if taken else _counted_from_now(rules)
    rows = as_headlines(headlines, rules)
    _tell_origin(rules, "the headlines", depth=4)
    return rows


def open_parquet(content: Content) -> StoredTable:
    """Return the rows of Parquet, which stay in its file if `content` has one."""
    with ExitStack() as stack:
        file = stack.enter_context(content.parquet or io.BytesIO(content.data))
        table = parquet_table(file, content.name, "get it again, or name its format")
        weakref.finalize(table, stack.pop_all().close)
    return table


def parquet_table(file: Any, name: str, advice: str) -> StoredTable:
    """Return the rows of an open Parquet file. `name`: what messages call it; `advice`: for a file that is none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return StoredTable(pq.ParquetFile(file), name)
    except MemoryError:
        raise
    except (
        pa.ArrowException,
        OSError,
        ValueError,
        OverflowError,
    ) as error:  # damage also gives text that is not UTF-8
        raise InputError(f"{name} cannot be read as Parquet ({one_line(error)}): {advice}") from None


def _read_table(frame: Any, columns: Columns, rules: DateRules, depth: int) -> list[Headline]:
    """The rows of a frame, or mappings. The line `depth` calls above is warned of what is in doubt."""
    rules = rules if rules.origin else _counted_from_now(rules)
    if isinstance(frame, (list, tuple)) and all(isinstance(row, Mapping) for row in frame):
        names = list(dict.fromkeys(key for row in frame for key in row))
        found = _found(names, columns, lambda column: (row.get(column) for row in frame), depth + 1)
        headlines = headlines_of(frame, found, rules)
    else:
        table = StoredTable(as_table(frame))
        headlines = stored_headlines(table, _found(list(table.names), columns, values_of(table), depth + 1), rules)
    _tell_origin(rules, "the table", depth + 1)
    return headlines


def _counted_from_now(rules: DateRules) -> DateRules:
    """The rules with relative dates counted from the present moment, unless they name another."""
    return rules.counted_from(Origin(datetime.now(UTC), "when it was read"))


def _tell_origin(rules: DateRules, name: str, depth: int) -> None:
    """Warn of relative dates that count from the clock, so that another day they would be others."""
    if rules.origin and not rules.origin.given:
        for line in rules.origin.said(name, "now= to read_table"):
            warnings.warn(line, DedupeWarning, stacklevel=depth)


def _found(names: list[str], columns: Columns, values: Values, depth: int) -> dict[str, str]:
    found, doubts = find_columns(names, columns, "the table", values, option="Columns(title=...)")
    for doubt in doubts:
        warnings.warn(doubt, DedupeWarning, stacklevel=depth)
    return found


def values_of(table: StoredTable) -> Values:
    """Return a function that yields the values of a column, so that the title column can be told."""
    return lambda column: (value for (value,) in table.values([column]))


def stored_headlines(
    table: StoredTable,
    columns: dict[str, str],
    rules: DateRules = NO_RULES,
    check: Callable[[int], None] | None = None,
) -> list[Headline]:
    """Return the rows of a table as headlines.

    `columns`: as `find_columns` returns them. `rules`: for their dates, which are read first, since all of them tell how.
    `check` is called now and then with the size so far in bytes, and may raise.
    """
    rows = read_fields(table, columns, rules, check)
    return [from_fields(fields, date, row=StoredRow(table, k)) for k, (fields, date) in enumerate(rows)]


def read_fields(
    table: StoredTable,
    columns: Mapping[str, str],
    rules: DateRules = NO_RULES,
    check: Callable[[int], None] | None = None,
    *,
    group: int | None = None,
    evidence: Evidence | None = None,
) -> Iterator[tuple[dict[str, Any], Reading | None]]:
    """Yield the values of the fields of each row but its date, and what is known of its date, if there is such a column.

    `group`: the only row group that is read; `evidence`: what the whole column says of its dates. The rest as for
    `stored_headlines`.
    """
    others = {FIELDS[key]: column for key, column in columns.items() if key != "date"}
    dates: Iterable[Reading | None] = repeat(None)
    if "date" in columns:
        values = _checked(table.values([columns["date"]], group), check)
        dates = read_dates((value for (value,) in values), rules, evidence)
    rows = _checked(table.values(list(others.values()), group), check)
    for row, date in zip(rows, dates, strict=False):
        yield dict(zip(others, row, strict=True)), date


def _checked(rows: Iterable[tuple[Any, ...]], check: Callable[[int], None] | None) -> Iterator[tuple[Any, ...]]:
    """Yield rows, and call `check` now and then with the size of those so far."""
    size = 0
    for position, values in enumerate(rows):
        size += _ROW_BYTES + sum(len(value) for value in values if isinstance(value, str))
        if check and position % _CHECKED_ROWS == 0:
            check(size)
        yield values
