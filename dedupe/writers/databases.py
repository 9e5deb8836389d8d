"""Rows -> a SQLite database of one table."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any

from dedupe.errors import OutputError
from dedupe.runtime.files import writing_bytes
from dedupe.writers.cells import text_of

_MAX_INTEGER = 2**63


def write_database(columns: Sequence[str], rows: Iterable[Sequence[Any]], path: str, table: str) -> None:
    """Write rows of values in the order of `columns`. Numbers, text and bytes stay what they are, all else is text.

    Raises `OutputError` where SQLite cannot have the columns, as it ignores their case, or the file cannot be written.
    """
    import sqlite3

    names = ", ".join(map(_quoted, columns))
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute(f"CREATE TABLE {_quoted(table)} ({names})")
            places = ", ".join("?" * len(columns))
            connection.executemany(f"INSERT INTO {_quoted(table)} VALUES ({places})", _stored(rows))
            connection.commit()
        except sqlite3.Error as error:
            advice = "rename columns, or write another format"
            raise OutputError(f"{path} cannot be written as SQLite ({error}): {advice}") from None
        with writing_bytes(path) as stream:
            stream.write(connection.serialize())


def _stored(rows: Iterable[Sequence[Any]]) -> Iterator[list[Any]]:
    for row in rows:
        yield [_value(value) for value in row]


def _value(value: Any) -> Any:
    if value is None or isinstance(value, (bool, bytes)):
        return value
    if isinstance(value, int) and -_MAX_INTEGER <= value < _MAX_INTEGER:
        return value
    if isinstance(value, float):
        return value if not math.isnan(value) else None
    return text_of(value).encode("utf-8", "backslashreplace").decode()


def _quoted(name: str) -> str:
    plain = name.encode("utf-8", "backslashreplace").decode()
    return '"' + plain.replace('"', '""').replace("\0", "\\0") + '"'
