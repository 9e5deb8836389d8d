"""The columns that the input has itself: read again, part by part, for the output, with their Arrow types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from dedupe.distributed.input.files import opened
from dedupe.distributed.job import Job, Part, Piece
from dedupe.distributed.store import OPENED_TOGETHER
from dedupe.errors import InputError, one_line
from dedupe.runtime.arrays import Ints
from dedupe.runtime.arrow import StoredTable, column_of, without_views
from dedupe.runtime.arrow_values import python_values

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH_ROWS = 65_536


def own_rows(part: Part, positions: Ints, columns: Sequence[str] | None = None) -> Iterator[tuple[str, pa.Table]]:
    """Yield for each file of a part its name and its rows at some positions in all inputs, ascending.

    `columns`: only those of these that the file has. Row groups without any of the rows are not read, so they may be damaged.
    """
    first = part.first
    for piece in part.pieces:
        inside = positions[(positions >= first) & (positions < first + piece.rows)] - first
        yield piece.name, _rows_of(piece, inside, columns)
        first += piece.rows


def _rows_of(piece: Piece, places: Ints, columns: Sequence[str] | None) -> pa.Table:
    """Return the rows at some places among those of a piece, ascending."""
    import pyarrow as pa

    with opened(piece.path, piece.name) as table:
        names = [name for name in table.names if columns is None or name in columns]
        first, tables = 0, [_empty(table, names)]
        for group in piece.groups:
            size = table.sizes[group]
            inside = places[(places >= first) & (places < first + size)] - first
            if len(inside):
                read = pa.Table.from_batches(list(table.batches(names, _BATCH_ROWS, group)))
                tables += StoredTable(read, piece.name).parts(inside, names)
            first += size
        return pa.concat_tables(tables)


def joined_schema(job: Job) -> pa.Schema:
    """Return one schema for all files: theirs where it is the same, else of each column a type that holds the values of all."""
    with ThreadPoolExecutor(OPENED_TOGETHER) as pool:
        return joined(list(pool.map(_schema_of, job.files.items())))


def joined(schemas: Sequence[pa.Schema]) -> pa.Schema:
    """Return a schema with the columns of all schemas, of types that hold the values of all; text where no other type does."""
    import pyarrow as pa

    if all(schema == schemas[0] for schema in schemas):
        return schemas[0]
    names = dict.fromkeys(name for schema in schemas for name in schema.names)
    types = {name: [schema.field(name).type for schema in schemas if name in schema.names] for name in names}
    return pa.schema([(name, _common(of_name)) for name, of_name in types.items()])


def as_schema(table: pa.Table, schema: pa.Schema, name: str) -> pa.Table:
    """Return a table with the columns of a schema, null where it lacks one; values that become text are JSON.

    `name`: what messages call the table. Raises `InputError` where the type of a column cannot hold a value of it.
    """
    import pyarrow as pa

    if table.schema == schema:
        return table
    columns = dict[str, Any]()
    for field in schema:
        try:
            columns[field.name] = _as_type(table, field.name, field.type)
        except pa.ArrowException as error:
            problem = f"{name}: column {field.name!r} does not fit that of other files ({one_line(error)})"
            raise InputError(f"{problem}: give it one type in all files") from None
    return pa.table(columns, schema=schema)


def _as_type(table: pa.Table, column: str, kind: pa.DataType) -> pa.Array | pa.ChunkedArray:
    import pyarrow as pa

    if column not in table.column_names:
        return pa.nulls(len(table), kind)
    values = table[column]
    if values.type != kind and kind == pa.string():
        return column_of(python_values(values), text=True)
    return values.cast(kind)


def _common(types: Iterable[pa.DataType]) -> pa.DataType:
    import pyarrow as pa

    schemas = [pa.schema([("column", kind)]) for kind in types]
    try:
        return pa.unify_schemas(schemas, promote_options="permissive").field(0).type
    except pa.ArrowException:
        return pa.string()


def _schema_of(file: tuple[str, str]) -> pa.Schema:
    with opened(*file) as table:
        return _empty(table, table.names).schema


def _empty(table: StoredTable, names: Sequence[str]) -> pa.Table:
    """Return no rows of a table, with the types that `StoredTable.parts` gives."""
    empty = without_views(table.schema.empty_table().select(list(names)))
    return empty.replace_schema_metadata()
