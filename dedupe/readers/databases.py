"""SQLite databases -> the rows of a table or a query. A stranger's database is only ever read, and nothing in it is run."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from dedupe.errors import InputError
from dedupe.readers.delimited import Rows, listed
from dedupe.readers.opening import Content
from dedupe.readers.unpacking import SizeLimit
from dedupe.readers.usual_names import usual_columns
from dedupe.runtime.arrow import check_unique

_QUERY = re.compile(r"\s*(?:select|with|values)\b", re.IGNORECASE)
_READING = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION)
_VERSIONS = slice(18, 20)  # bytes that say whether changes may wait in a second file
_MAX_VALUE = 1_000_000_000  # bytes; the most that SQLite allows
_STEPS = 100_000  # of SQLite, between two looks at whether the user has interrupted it
_ROW_BYTES = 8  # that the other values of a row have at least


def read_database(content: Content, limit: SizeLimit) -> tuple[Rows, str]:
    """Return the rows of a table or query, and what it is, for a note.

    `content.part`: the name of a table or view, or a query that starts with SELECT, WITH or VALUES; "" for the only table, or the
    only one with a title column. `limit`: on the rows in memory. Raises `InputError` for what cannot be read.
    """
    name = content.name
    with closing(_connection(content)) as connection, _errors(name):
        query, how = _query(connection, content.part, name)
        _allow_reading_only(connection, limit)
        cursor = connection.execute(query)
        rows = Rows(name, skip_bad=False, columns=[column[0] for column in cursor.description])
        check_unique(rows.columns, name)
        size = 0
        for values in cursor:
            rows.records.append(dict(zip(rows.columns, values, strict=True)))
            size += _ROW_BYTES * len(values) + sum(len(value) for value in values if isinstance(value, (str, bytes)))
            limit.check(size, content.size, name)
    return rows, how


def _connection(content: Content) -> sqlite3.Connection:
    """A connection that cannot write, and leaves no files beside the database."""
    with _errors(content.name), ExitStack() as stack:
        if content.path is None:
            connection = stack.enter_context(closing(sqlite3.connect(":memory:")))
            data = bytearray(content.data)
            data[_VERSIONS] = b"\1\1"  # a database in memory has no second file
            connection.deserialize(bytes(data))
        else:
            path = content.path.resolve()
            waiting = any(_has_bytes(path.with_name(path.name + ending)) for ending in ("-wal", "-journal"))
            # One that is not in use is opened as if nobody else could change it: no lock, no files beside it.
            mode = "mode=ro" if waiting else "mode=ro&immutable=1"
            connection = stack.enter_context(closing(sqlite3.connect(f"{path.as_uri()}?{mode}", uri=True)))
        connection.text_factory = lambda text: text.decode("utf-8", "backslashreplace")
        for setting in ("trusted_schema = off", "cell_size_check = on", "query_only = on", "mmap_size = 0"):
            connection.execute(f"PRAGMA {setting}")
        stack.pop_all()  # it stays open
    return connection


def _allow_reading_only(connection: sqlite3.Connection, limit: SizeLimit) -> None:
    """Refuse whatever is no plain SELECT. Recursion is none: a view that counts may never end."""

    def authorize(action: int, _: str | None, function: str | None, *__: str | None) -> int:
        loads_code = action == sqlite3.SQLITE_FUNCTION and function == "load_extension"
        return sqlite3.SQLITE_OK if action in _READING and not loads_code else sqlite3.SQLITE_DENY

    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, min(limit.size, _MAX_VALUE))
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.set_authorizer(authorize)
    connection.set_progress_handler(lambda: 0, _STEPS)  # lets Ctrl-C in


def _query(connection: sqlite3.Connection, part: str, name: str) -> tuple[str, str]:
    """The query to run, and what it reads, for a note."""
    of_kind = connection.execute(
        "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    ).fetchall()
    names = {table.casefold(): table for table, _ in of_kind}
    if part:
        if part.casefold().strip() in names:
            return _whole(names[part.casefold().strip()])
        if _QUERY.match(part):
            return part, "a query"
        raise InputError(f"{name}: no such table: name one of {listed(list(names.values()))}, or give a query")
    tables = [table for table, kind in of_kind if kind == "table"]
    with_titles = [table for table in tables if usual_columns(_columns(connection, table), "title")]
    for choice in (tables, with_titles):
        if len(choice) == 1:
            return _whole(choice[0])
    if not tables:
        raise InputError(f"{name} has no tables: give another database")
    raise InputError(
        f"{name} has several tables: give one of {listed(tables)}, as {name}::{(with_titles or tables)[0]}"
    )


def _whole(table: str) -> tuple[str, str]:
    quoted = table.replace('"', '""')
    return f'SELECT * FROM "{quoted}"', f"table {table!r}"


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    rows: list[Any] = connection.execute("SELECT name FROM pragma_table_info(?)", (table,)).fetchall()
    return [name for (name,) in rows]


def _has_bytes(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


@contextmanager
def _errors(name: str) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning, UnicodeError) as error:  # a warning: of a second statement
        if str(error) == "interrupted":
            raise KeyboardInterrupt from None
        reason = " ".join(str(error).split())
        raise InputError(
            f"{name} cannot be read as SQLite ({reason}): check the query, or get the file again"
        ) from None
