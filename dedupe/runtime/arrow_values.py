"""Arrow values -> Python values, also those that Python lacks, such as dates after 9999 and unknown time zones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


def python_values(column: pa.Array | pa.ChunkedArray) -> list[Any]:
    """Return the values of an Arrow column; times in microseconds, as Python has no finer ones.

    What Python cannot hold becomes text, and a time in an unknown zone one in UTC. Raises `pyarrow.ArrowIndexError` for a
    category that the column lacks.
    """
    import pyarrow as pa

    kinds = pa.types
    # The categories of polars are string views, which cannot be cast.
    if kinds.is_dictionary(column.type) and column.type.value_type != pa.string_view():
        column = column.cast(column.type.value_type)
    if kinds.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    elif kinds.is_time64(column.type):
        column = column.cast(pa.time64("us"), safe=False)
    try:
        return list(column.to_pylist())
    except pa.ArrowIndexError:
        raise
    except (pa.ArrowException, ValueError, OverflowError):  # because of one of the values
        return [_python_value(value) for value in column]


def _python_value(value: pa.Scalar) -> Any:
    import pyarrow as pa

    try:
        return value.as_py()
    except pa.ArrowIndexError:
        raise
    except (pa.ArrowException, ValueError, OverflowError):
        kinds, kind = pa.types, value.type
    if kinds.is_timestamp(kind) and kind.tz not in (None, "UTC"):
        return _python_value(value.cast(pa.timestamp(kind.unit, "UTC")))
    if kinds.is_struct(kind):
        return [[name, _python_value(inner)] for name, inner in value.items()]  # not a dict: a name may be repeated
    if kinds.is_nested(kind):
        return [_python_value(inner) for inner in value.values]
    if kinds.is_dictionary(kind):
        return _python_value(value.value)
    return f"{value.value} {kind.unit}" if kinds.is_duration(kind) else str(value.cast(pa.string()))


def readable(batch: pa.RecordBatch | pa.Table) -> Any:
    """Return the same with columns of text in which bytes that are not UTF-8 are escaped.

    Raises `pyarrow.ArrowInvalid` where text inside other values is not UTF-8, a time of day lies beyond it, or a value names
    a category that its column lacks, on which other calls may crash.
    """
    import pyarrow as pa

    for k, column in enumerate(batch.columns):
        if not _is_checked(column.type):
            continue
        try:
            column.validate(full=True)
        except pa.ArrowInvalid:
            if not _is_text(column.type):
                raise
            batch = batch.set_column(k, batch.schema.field(k), pa.array(map(_escaped, column), column.type))
    return batch


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return kind in (pa.string(), pa.large_string(), pa.string_view())


def _is_checked(kind: pa.DataType) -> bool:
    import pyarrow as pa

    of_day = pa.types.is_time(kind) or pa.types.is_date64(kind)
    inner = any(_is_checked(kind.field(k).type) for k in range(kind.num_fields))
    return bool(of_day or inner or _is_text(kind) or pa.types.is_dictionary(kind))


def _escaped(value: pa.Scalar) -> str | None:
    return value.as_buffer().to_pybytes().decode("utf-8", "backslashreplace") if value.is_valid else None


def as_pandas(table: pa.Table) -> pd.DataFrame:
    """Return a table as a pandas frame. Columns that pandas cannot hold are of Python values, see `python_values`."""
    import pandas as pd
    import pyarrow as pa

    failures = (pa.ArrowException, ValueError, TypeError, KeyError, OverflowError)
    try:
        return table.to_pandas()
    except failures:  # also where the description that pandas left in the table is damaged
        table = table.replace_schema_metadata(None)
    columns = {}
    for name in table.column_names:
        try:
            columns[name] = table.column(name).to_pandas()
        except failures:
            columns[name] = pd.Series(python_values(table.column(name)), dtype=object)
    return pd.DataFrame(columns)
