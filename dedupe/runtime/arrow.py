"""Arrow tables: rows that stay in their table or Parquet file until they are needed, and tables made of rows."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe.errors import InputError
from dedupe.runtime.arrays import Ints
from dedupe.runtime.arrow_values import as_pandas, python_values, readable
from dedupe.runtime.json_text import as_json

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_CACHED_ROWS = 1024  # rows that become Python objects together
_CHUNK_ROWS = 65_536  # rows copied from table to table together


class StoredTable:
    """The rows of an Arrow table or a Parquet file; only a few at a time become Python objects.

    A Parquet file is read one row group at a time, so damage may be found late: it is an `InputError` with `name`.
    """

    def __init__(self, stored: pa.Table | pq.ParquetFile, name: str = "the table") -> None:
        self.name = name
        self._file: pq.ParquetFile | None = None
        self._group: tuple[int, pa.Table] | None = None  # the row group read last, with its number
        if hasattr(stored, "read_row_group"):
            self._file, schema = stored, stored.schema_arrow
            sizes = [stored.metadata.row_group(k).num_rows for k in range(stored.metadata.num_row_groups)]
        else:
            self._group, schema, sizes = (0, stored), stored.schema, [len(stored)]
        check_unique(schema.names, name)
        self.schema: pa.Schema = schema
        self.names: tuple[str, ...] = tuple(name for name in schema.names if not name.startswith("__index_level_"))
        self._starts = np.cumsum([0, *sizes], dtype=np.int64)
        self._first, self._rows = 0, list[dict[str, Any]]()

    def __len__(self) -> int:
        return int(self._starts[-1])

    @property
    def index_columns(self) -> list[str]:
        """The columns that are the index, if the rows were a pandas frame."""
        try:
            described = (self.schema.pandas_metadata or {})["index_columns"]
            return [column for column in described if column in self.schema.names]
        except (ValueError, TypeError, KeyError):  # not what pandas writes, or damaged
            return []

    @property
    def sizes(self) -> list[int]:
        """How many rows each row group of a Parquet file has."""
        return [int(size) for size in np.diff(self._starts)]

    def values(self, columns: Sequence[str], group: int | None = None) -> Iterator[tuple[Any, ...]]:
        """Yield the values of some columns row by row; no other column is read. `group`: the only row group that is."""
        for batch in self.batches(columns, _CACHED_ROWS, group):
            with self._damage_reported(group):
                values = [python_values(batch.column(name)) for name in columns]
            yield from zip(*values, strict=True)

    def row(self, position: int) -> dict[str, Any]:
        """Return one row; its neighbours are kept for the next call."""
        if not self._first <= position < self._first + len(self._rows):
            number = int(np.searchsorted(self._starts, position, side="right")) - 1
            group_start = int(self._starts[number])
            offset = (position - group_start) // _CACHED_ROWS * _CACHED_ROWS
            part = self._row_group(number).slice(offset, _CACHED_ROWS).select(list(self.names))
            with self._damage_reported():
                columns = [python_values(column) for column in readable(part).columns]
            self._rows = [dict(zip(self.names, values, strict=True)) for values in zip(*columns, strict=True)]
            self._first = group_start + offset
        return self._rows[position - self._first]

    def batches(self, columns: Sequence[str], size: int, group: int | None = None) -> Iterator[pa.RecordBatch]:
        """Yield some columns of all rows, or of those of a row group of a file, up to `size` rows at a time."""
        with self._damage_reported(group):
            if self._file is not None:
                groups = None if group is None else [group]
                batches = self._file.iter_batches(batch_size=size, row_groups=groups, columns=list(columns))
            else:
                batches = self._row_group(0).select(list(columns)).to_batches(max_chunksize=size)
            yield from map(readable, batches)

    def parts(self, positions: Ints, columns: Sequence[str]) -> Iterator[pa.Table]:
        """Yield some columns of the rows at some positions: part by part if the positions ascend, else as one table."""
        import pyarrow as pa

        batches, start = self.batches(columns, _CHUNK_ROWS), 0
        if (np.diff(positions) <= 0).any():
            yield without_views(pa.Table.from_batches(list(batches))).take(positions)
            return
        for batch in batches:
            inside = positions[(positions >= start) & (positions < start + len(batch))] - start
            start += len(batch)
            yield without_views(pa.Table.from_batches([batch])).take(inside)

    def index(self, positions: Ints) -> Any:
        """Return the index that the rows at some positions had in a pandas frame; None if there was none."""
        import pyarrow as pa

        if not (columns := self.index_columns):
            return None
        table = pa.concat_tables(list(self.parts(positions, columns)))
        try:
            return table.replace_schema_metadata(self.schema.metadata).to_pandas().index
        except (pa.ArrowException, ValueError, TypeError, KeyError, OverflowError):  # its description is damaged
            return as_pandas(table).set_index(columns).index

    def _row_group(self, number: int) -> pa.Table:
        if self._group is None or self._group[0] != number:
            assert self._file is not None
            with self._damage_reported():
                self._group = number, self._file.read_row_group(number, columns=list(self.names))
        return self._group[1]

    @contextmanager
    def _damage_reported(self, group: int | None = None) -> Iterator[None]:
        import pyarrow as pa

        try:
            yield
        except MemoryError:  # some of Arrow's are exceptions of both kinds
            raise
        except (pa.ArrowException, OSError) as error:
            where = self.name if group is None else f"row group {group} of {self.name}"
            raise InputError(f"{where} is damaged ({one_line(error)}): get the file again") from None


class StoredRow(Mapping[str, Any]):
    """One row of a `StoredTable`. Pickled or copied, it becomes a dict."""

    __slots__ = ("position", "table")

    def __init__(self, table: StoredTable, position: int) -> None:
        self.table, self.position = table, position

    def __getitem__(self, name: str) -> Any:
        return self.as_dict()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.table.names)

    def __len__(self) -> int:
        return len(self.table.names)

    def __repr__(self) -> str:
        return repr(self.as_dict())

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        return dict, (self.as_dict(),)

    def as_dict(self) -> dict[str, Any]:
        """Return the whole row, which must not be changed; faster than value by value."""
        return self.table.row(self.position)


def is_frame(value: Any) -> bool:
    """Return whether this is an Arrow table, or a frame that exports itself as Arrow, as pandas and polars frames do."""
    return hasattr(value, "__arrow_c_stream__") and (hasattr(value, "columns") or hasattr(value, "schema"))


def as_table(frame: Any) -> pa.Table:
    """Return a frame as an Arrow table, without a copy if possible; `InputError`, with the column, if that fails."""
    import pyarrow as pa

    if isinstance(frame, pa.Table):
        return frame
    pandas = sys.modules.get("pandas")
    try:
        if pandas and isinstance(frame, pandas.DataFrame):
            return pa.Table.from_pandas(frame, preserve_index=True)  # so that `to_pandas` can set the index again
        return pa.table(frame)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        check_unique(map(str, getattr(frame, "columns", ())), "the table")
        advice = "give the column values of one type, or leave it out"
        raise InputError(f"the table cannot be converted to Arrow ({one_line(error)}): {advice}") from None


def check_unique(columns: Iterable[str], name: str) -> None:
    """Raise `InputError` if two columns of the input `name` have the same name."""
    repeated = [column for column, count in Counter(columns).items() if count > 1]
    if repeated:
        raise InputError(f"{name}: more than one column is called {repeated[0]!r}: give each column its own name")


def one_line(error: Exception) -> str:
    """Return the message of an error of pyarrow without its line breaks."""
    return " ".join(" ".join(map(str, error.args)).split())


def single_table(rows: Sequence[Mapping[str, Any]]) -> tuple[StoredTable, Ints] | None:
    """Return the table that all rows are stored in, and their positions there; None if there is no such table."""
    stored = [row for row in rows if isinstance(row, StoredRow)]
    if not stored or len(stored) < len(rows) or any(row.table is not stored[0].table for row in stored):
        return None
    return stored[0].table, np.array([row.position for row in stored])


def tables_of(rows: Sequence[Mapping[str, Any]]) -> Iterator[pa.Table]:
    """Yield rows as Arrow tables of one schema, with columns in first-seen order.

    Rows of one `StoredTable` keep their Arrow types and, if in its order, come in parts.
    """
    import pyarrow as pa

    if stored := single_table(rows):
        table, positions = stored
        yield from table.parts(positions, table.names)
        return
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: [None] * len(rows) for name in names}
    for k, row in enumerate(rows):  # row by row: stored rows are quick to read in order
        for name, value in row.items():
            columns[name][k] = value
    yield pa.table({name: column_of(columns.pop(name)) for name in names})


def without_views(table: pa.Table) -> pa.Table:
    """Cast the string views of polars, which do not support `take`."""
    import pyarrow as pa

    plain = {pa.string_view(): pa.large_string(), pa.binary_view(): pa.large_binary()}
    return table.cast(pa.schema([field.with_type(plain.get(field.type, field.type)) for field in table.schema]))


def column_of(values: Sequence[Any], *, text: bool = False) -> Any:
    """Return values as an Arrow array; as text if they have several types or `text` is set."""
    import pyarrow as pa

    try:
        return pa.array(values, pa.string() if text else None)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeEncodeError):
        texts = (value if isinstance(value, str) or value is None else as_json(value) for value in values)
        return pa.array([text and text.encode("utf-8", "backslashreplace").decode() for text in texts], pa.string())
