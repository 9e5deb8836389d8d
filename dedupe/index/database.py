"""`Database`: the SQLite file of an index: opening it, transactions, and what goes wrong in words."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dedupe.errors import InputError, OutputError
from dedupe.index import beside
from dedupe.index.schema import APPLICATION_ID, FORMAT, PAGE_SIZE, TABLES, VIEWS

FILE = "index.sqlite"
_PATIENCE = 10.0  # seconds in which a reader that starts may lock the file
_PER_QUERY = 500  # parameters; older builds of SQLite allow 999
_NO_SPACE = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM}
_NO_RIGHT = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}


class Database:
    """A connection to the file in a folder, which threads may share.

    Who has no right to write into the folder can read all the same; see `beside.py`. Raises `InputError` where the folder
    holds no index, a damaged one, or one of a newer program; `OutputError` where the system does not let us read or write,
    and then nothing of the transaction is left.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / FILE
        self._lock = threading.RLock()
        self._is_index = False
        self._frozen: beside.Signature | None = None  # of a file that nobody changes, we hope
        with reported(folder):
            self._db = self._connected()

    def _connected(self) -> sqlite3.Connection:
        address, self._frozen = self.path.resolve().as_uri(), None
        if self.path.exists() and not beside.may_write(self.path):
            if not beside.has_companions(self.path):
                self._frozen = beside.signature(self.path)
            address += "?immutable=1" if self._frozen else "?mode=ro"
        connection = sqlite3.connect(
            address, timeout=_PATIENCE, isolation_level=None, check_same_thread=False, cached_statements=256, uri=True
        )
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")  # what was added survives a power cut
        connection.execute("PRAGMA secure_delete = FAST")  # pages of what is forgotten are given back by `shrink`
        connection.execute("PRAGMA cache_size = -32768")  # KiB
        return connection

    @property
    def is_new(self) -> bool:
        """Whether the file has no tables yet."""
        return not self.value("SELECT count(*) FROM sqlite_master")

    def create(self, fill: Callable[[], None]) -> None:
        """Make the tables, and let `fill` fill them, in one transaction."""
        with reported(self.folder):
            self._db.execute(f"PRAGMA page_size = {PAGE_SIZE}")
            self._db.execute("PRAGMA auto_vacuum = INCREMENTAL")
            self._db.execute("PRAGMA journal_mode = WAL")
        self._is_index = True
        with self.writing():
            for statement in (TABLES + VIEWS).split(";\n"):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            self._db.execute(f"PRAGMA user_version = {FORMAT}")
            fill()

    def verify(self) -> None:
        """Raise `InputError` where the file is no index, or one that this program cannot use."""
        if self.value("PRAGMA application_id") != APPLICATION_ID:
            raise InputError(f"{self.path} is no index of headline-dedupe: name another folder")
        if (version := self.value("PRAGMA user_version")) > FORMAT:
            known = f"its format is {version}, and this program knows those up to {FORMAT}"
            raise InputError(f"{self.folder} was made by a newer headline-dedupe ({known}): update headline-dedupe")
        self._is_index = True

    def close(self) -> None:
        """Close the connection; what was not committed is lost."""
        self._db.close()
        if self._is_index and beside.may_write(self.path):
            beside.leave_companions(self.path)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Let what is read inside be of one state, whoever writes meanwhile."""
        with self._transaction("BEGIN"):
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Let what is written inside be kept as a whole or, on any failure, not at all."""
        with self._transaction("BEGIN IMMEDIATE"):
            yield

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        with self._lock, reported(self.folder):
            if self._db.in_transaction:  # part of a larger one
                yield
                return
            with self._unchanged():
                self._db.execute(begin)
                try:
                    yield
                    self._db.execute("COMMIT")
                except BaseException:
                    if self._db.in_transaction:  # SQLite has ended it itself where the disk is full
                        self._db.execute("ROLLBACK")
                    raise

    @contextmanager
    def _unchanged(self) -> Iterator[None]:
        """Of a file that is read without locks, read what it is now; raise `OutputError` where it is another afterwards."""
        if self._frozen and (beside.signature(self.path) != self._frozen or beside.has_companions(self.path)):
            self._db.close()
            self._db = self._connected()
        try:
            yield
        finally:
            if self._frozen and beside.signature(self.path) != self._frozen:
                raise OutputError(f"{self.path} was changed while it was read: call again")

    def shrink(self) -> None:
        """Give room that is no longer needed back to the system, as far as no reader needs it."""
        with self._lock, reported(self.folder):
            self._db.execute("PRAGMA incremental_vacuum").fetchall()
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def rows(self, query: str, values: Sequence[Any] | dict[str, Any] = ()) -> list[Any]:
        """Return what a query finds."""
        with self._lock, reported(self.folder):
            return self._db.execute(query, values).fetchall()

    def each(self, query: str, values: Sequence[Any] = ()) -> Iterator[Any]:
        """Yield what a query finds, without holding it all; inside `reading`."""
        with reported(self.folder):
            yield from self._db.execute(query, values)

    def value(self, query: str, values: Sequence[Any] = ()) -> Any:
        """Return the first column of the first row that a query finds, None if there is none."""
        found = self.rows(query, values)
        return found[0][0] if found else None

    def rows_in(self, query: str, values: Sequence[Any]) -> list[Any]:
        """Return what a query with `IN ({})` finds for any number of values."""
        found: list[Any] = []
        for start in range(0, len(values), _PER_QUERY):
            part = values[start : start + _PER_QUERY]
            found += self.rows(query.format(",".join("?" * len(part))), part)
        return found

    def execute(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Run a statement, and return how many rows it changed."""
        with self._lock, reported(self.folder):
            return self._db.execute(statement, values).rowcount

    def execute_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement for many rows."""
        with self._lock, reported(self.folder):
            self._db.executemany(statement, rows)


@contextmanager
def reported(folder: Path) -> Iterator[None]:
    """Turn what SQLite says of a file into one clear line."""
    try:
        yield
    except sqlite3.Error as error:
        if isinstance(error, sqlite3.ProgrammingError) and "closed database" in str(error):
            raise InputError(f"the index in {folder} was closed: open it again") from error
        code = int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
        name = str(getattr(error, "sqlite_errorname", ""))
        if name.startswith("SQLITE_IOERR") and ("READ" in name or "LOCK" in name):
            raise OutputError(
                f"cannot read {folder / FILE} ({error}): copy the index to a disk of this machine"
            ) from error
        if code in _NO_SPACE:
            raise OutputError(
                f"cannot write {folder} ({error}): nothing of this call was kept, so free space on the disk and call again"
            ) from error
        if code in _NO_RIGHT:
            raise OutputError(
                f"cannot open {folder / FILE} ({error}): reading needs the right to read all files named index.sqlite, and "
                "writing that to write into the folder"
            ) from error
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise OutputError(f"{folder / FILE} is locked by another program: close it, and call again") from error
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise InputError(f"{folder / FILE} is damaged ({error}): restore it from a copy") from error
        raise
