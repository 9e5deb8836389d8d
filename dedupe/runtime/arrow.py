"""Arrow tables: rows that stay in their table or Parquet file until they are asked for, and tables made of rows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_TOGETHER = 1024  # rows that become Python objects at once
_WRITTEN = 65_536  # rows that are copied from table to table at once


class StoredTable:
    """The rows of an Arrow table or a Parquet file, of which only some are ever Python objects.

    A Parquet file is read by its row groups, one at a time; what turns out damaged then is an `InputError` with its `name`.
    """

    def __init__(self, stored: pa.Table | pq.ParquetFile, name: str = "the table") -> None:
        self._name = name
        self._file: pq.ParquetFile | None = None
        if hasattr(stored, "read_row_group"):
            self._file, schema = stored, stored.schema_arrow
            sizes = [stored.metadata.row_group(k).num_rows for k in range(stored.metadata.num_row_groups)]
        else:
            self._group, schema, sizes = (0, stored), stored.schema, [len(stored)]
        self.names: tuple[str, ...] = tuple(name for name in schema.names if not name.startswith("__index_level_"))
        self._ends = np.cumsum(sizes, dtype=np.int64)
        self._first, self._rows = 0, list[dict[str, Any]]()

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def values(self, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Yield the values of some columns row by row; no other column is read."""
        for batch in self.batches(columns, _TOGETHER):
            values = [_plain(batch.column(name)).to_pylist() for name in columns]
            yield from zip(*values, strict=True)

    def row(self, place: int) -> dict[str, Any]:
        """Return one row; those around it are kept for the next call."""
        if not self._first <= place < self._first + len(self._rows):
            number = int(np.searchsorted(self._ends, place, side="right"))
            begin = int(self._ends[number - 1]) if number else 0
            start = (place - begin) // _TOGETHER * _TOGETHER
            part = self._group_at(number).slice(start, _TOGETHER).select(list(self.names))
            columns = [_plain(column).to_pylist() for column in part.columns]
            self._rows = [dict(zip(self.names, values, strict=True)) for values in zip(*columns, strict=True)]
            self._first = begin + start
        return self._rows[place - self._first]

    def batches(self, columns: Sequence[str], size: int) -> Iterator[pa.RecordBatch]:
        """Yield some columns of all rows, up to `size` rows at a time."""
        if self._file is None:
            yield from self._group[1].select(list(columns)).to_batches(max_chunksize=size)
            return
        with self._sound():
            yield from self._file.iter_batches(batch_size=size, columns=list(columns))

    def _group_at(self, number: int) -> pa.Table:
        if self._file is not None and (not hasattr(self, "_group") or self._group[0] != number):
            with self._sound():
                self._group = (number, self._file.read_row_group(number, columns=list(self.names)))
        return self._group[1]

    @contextmanager
    def _sound(self) -> Iterator[None]:
        import pyarrow as pa

        try:
            yield
        except (pa.ArrowException, OSError) as error:
            reason = " ".join(str(error).split())
            raise InputError(f"{self._name} has a damaged part ({reason}): get it anew") from None


class StoredRow(Mapping[str, Any]):
    """One row of a `StoredTable`."""

    __slots__ = ("place", "table")

    def __init__(self, table: StoredTable, place: int) -> None:
        self.table, self.place = table, place

    def __getitem__(self, name: str) -> Any:
        return self.table.row(self.place)[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.table.names)

    def __len__(self) -> int:
        return len(self.table.names)

    def __repr__(self) -> str:
        return repr(self.whole())

    def whole(self) -> dict[str, Any]:
        """Return all of it, not to be changed; quicker than value by value."""
        return self.table.row(self.place)


def is_frame(given: Any) -> bool:
    """Whether it is an Arrow table or a frame of pandas, polars or the like, which export themselves as Arrow."""
    return hasattr(given, "__arrow_c_stream__") and (hasattr(given, "columns") or hasattr(given, "schema"))


def as_table(frame: Any) -> pa.Table:
    """Return a frame as an Arrow table, without copying where its maker allows it."""
    import pyarrow as pa

    return frame if isinstance(frame, pa.Table) else pa.table(frame)


def tables_of(rows: Sequence[Mapping[str, Any]]) -> Iterator[pa.Table]:
    """Yield rows as Arrow tables of one schema, some rows at a time where all come from one stored table, in its order.

    Columns are in first-seen order; types that were read from Arrow are kept.
    """
    import pyarrow as pa

    first = rows[0] if rows else None
    if isinstance(first, StoredRow) and all(isinstance(row, StoredRow) and row.table is first.table for row in rows):
        places = np.array([row.place for row in rows if isinstance(row, StoredRow)])
        batches, begin = first.table.batches(first.table.names, _WRITTEN), 0
        if (np.diff(places) <= 0).any():
            yield _takable(pa.Table.from_batches(list(batches))).take(places)
            return
        for batch in batches:
            chosen = places[(places >= begin) & (places < begin + len(batch))] - begin
            begin += len(batch)
            yield _takable(pa.Table.from_batches([batch])).take(chosen)
    else:
        yield _made(rows)


def _takable(table: pa.Table) -> pa.Table:
    """The table without string views, as polars has them, of which rows cannot be taken."""
    import pyarrow as pa

    plain = {pa.string_view(): pa.large_string(), pa.binary_view(): pa.large_binary()}
    return table.cast(pa.schema([field.with_type(plain.get(field.type, field.type)) for field in table.schema]))


def _made(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    import pyarrow as pa

    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: [None] * len(rows) for name in names}
    for place, row in enumerate(rows):
        for name, value in row.items():
            columns[name][place] = value
    return pa.table({name: column_of(columns.pop(name)) for name in names})


def column_of(values: Sequence[Any], *, text: bool = False) -> Any:
    """Return values as an Arrow array; as text where they are of several kinds, or `text` says so."""
    import pyarrow as pa

    try:
        return pa.array(values, pa.string() if text else None)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeEncodeError):
        return pa.array([None if value is None else _text(value) for value in values], pa.string())


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else as_json(value)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def as_json(value: Any) -> str:
    """Return a value as JSON; dates as ISO 8601, what else JSON has no word for as text."""
    return json.dumps(value, ensure_ascii=False, default=for_json)


def for_json(value: Any) -> Any:
    """Return what JSON can hold in place of a value that it cannot."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return dict(value) if isinstance(value, Mapping) else str(value)


def _plain(column: Any) -> Any:
    """Timestamps in microseconds: Python has no shorter ones."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    return column.cast(pa.timestamp("us", kind.tz), safe=False) if pa.types.is_timestamp(kind) else column
