"""`VectorCache`: vectors of earlier runs, kept on disk so that only new titles are encoded.

It is one SQLite file in a folder:

| table | columns |
|---|---|
| `entries` | key (a hash of the encoder's identity and the text), id, day of last use, checksum of key and row |
| `vectors` | id, row: the bytes of float32 numbers |

With two tables, marking an entry as used rewrites none of the vectors. Every call opens and closes the file, so any number
of threads and processes share it, and one that is killed leaves nothing half done.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar
from zlib import crc32

import numpy as np
from platformdirs import user_cache_path

from dedupe.runtime.arrays import Float32s

_Result = TypeVar("_Result")
_Entry = tuple[bytes, int, int, bytes | None]  # key, day of last use, checksum, row

LIMIT = 2 * 1024**3  # bytes
FILE = "headline-dedupe-vectors.sqlite"
DAMAGED = "damaged-"  # put before the name of a file that cannot be read; only the last one is kept
_MARK_TIMEOUT = 1.0  # seconds to wait for other writers before `used` is not updated: it is not worth more
_FORMAT = 1  # of the tables and of the keys
_KEYS_PER_QUERY = 500  # older builds of SQLite allow 999 parameters
_UNIT = 1e-3  # rows whose norm is this close to 1 are kept
_CREATE = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS entries (
    key BLOB PRIMARY KEY, id INTEGER NOT NULL, used INTEGER NOT NULL, checksum INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS vectors (id INTEGER PRIMARY KEY, row BLOB NOT NULL);
PRAGMA user_version = {_FORMAT};
COMMIT;
"""
_NO_DAMAGE = {  # what the system says of a sound file
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_AUTH,
}
_CORRUPT_FILE_SYSTEM = 8458  # SQLITE_IOERR_CORRUPTFS, which older builds do not name
_CUT_SHORT = {sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ, _CORRUPT_FILE_SYSTEM}
_BEGIN = "BEGIN IMMEDIATE"  # waits for its turn before it reads what another process may be changing
_COUNT = "SELECT count(*) FROM entries"
_BYTES_USED = (
    "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
)


class VectorCache:
    """A cache of vectors by encoder and text, in a file in the folder `path`.

    `limit`: its approximate size in bytes; beyond it, the least recently used vectors are removed. `timeout`: seconds to wait
    while another process writes. A damaged file, or one of another version, is moved aside and made anew; `note` says so. A
    cache that cannot be used (no permission, disk full, locked too long) raises nothing: it stops reading and writing, and
    `trouble` says why and what to do.
    """

    def __init__(self, path: str | Path, limit: int = LIMIT, timeout: float = 15.0) -> None:
        self.path, self.limit, self.timeout = Path(os.path.expanduser(path)), limit, timeout  # noqa: PTH111 - never raises
        self.trouble: str | None = None
        self.note: str | None = None

    def __repr__(self) -> str:
        return f"VectorCache({str(self.path)!r}, limit={self.limit})"

    def read(self, identity: str, texts: Sequence[str]) -> tuple[list[int], Float32s]:
        """Return the positions of the cached `texts`, and their unit vectors: float32, (positions, d).

        `identity` names the encoder that made them. A vector whose checksum is wrong counts as missing.
        """
        keys = _keys(identity, texts)
        entries: list[_Entry] = self._attempt(lambda db: _look_up(db, keys), [])
        rows = {key: row for key, _, checksum, row in entries if isinstance(row, bytes) and checksum == _crc(key, row)}
        width = len(next(iter(rows.values()), b""))
        rows = {key: row for key, row in rows.items() if len(row) == width}
        self._mark(entries, rows)
        positions = [k for k, key in enumerate(keys) if key in rows]
        matrix = np.frombuffer(b"".join([rows[keys[k]] for k in positions]), np.float32)
        return positions, matrix.reshape(len(positions), width // 4)

    def write(self, identity: str, texts: Sequence[str], rows: Float32s) -> None:
        """Store the vectors of `texts`, (n, d), all or none, except vectors not of length 1 and texts already stored."""
        rows = np.ascontiguousarray(rows, np.float32)
        is_unit = np.abs(np.sqrt(np.einsum("nd,nd->n", rows, rows)) - 1) < _UNIT  # false for NaN
        keys = _keys(identity, texts)
        if entries := [(keys[k], rows[k].tobytes()) for k in np.flatnonzero(is_unit)]:
            self._attempt(lambda db: self._insert(db, entries), None)

    def clear(self) -> int:
        """Delete the cache, also what was moved aside, and return the number of bytes freed."""
        files = [*self._files, *self._moved]
        before = _bytes_in(files)
        try:
            for file in files:
                file.unlink(missing_ok=True)
        except OSError as error:
            self._give_up(error)
        return before - _bytes_in(files)

    def count(self) -> int:
        """Return the number of stored vectors, without creating a cache that does not exist."""
        return self._attempt(lambda db: _value(db, _COUNT), 0) if os.path.lexists(self._files[0]) else 0

    def size(self) -> int:
        """Return the size of the cache on disk, in bytes."""
        return _bytes_in(self._files)

    def _attempt(self, action: Callable[[sqlite3.Connection], _Result], default: _Result) -> _Result:
        """Return what `action` returns, or set `trouble` and return `default`.

        It is tried again: a damaged file is moved aside in between, and one that another process just cleared is made anew.
        """
        for is_first, is_last in ((True, False), (False, False), (False, True)):
            if self.trouble:
                break
            opened = list(map(_inode, self._files))
            try:
                with self._open(self.timeout) as db:
                    return action(db)
            except (OSError, sqlite3.Error, OverflowError) as error:
                if _is_damage(error) and not is_last:
                    self._move_aside(opened)
                elif not is_first:
                    self._give_up(error)
        return default

    @contextmanager
    def _open(self, timeout: float) -> Iterator[sqlite3.Connection]:
        self.path.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._files[0], timeout=timeout, isolation_level=None)) as db:
            db.text_factory = bytes  # in a broken file a row may pass for text, which need not be UTF-8
            db.execute("PRAGMA synchronous = NORMAL")  # with a write-ahead log, a crash costs the last rows at most
            if not _value(db, "PRAGMA user_version") and not _value(db, "SELECT count(*) FROM sqlite_master"):
                db.execute("PRAGMA page_size = 16384")  # fits ten rows of 384 numbers, five of 768 or three of 1,024
                db.execute("PRAGMA auto_vacuum = INCREMENTAL")
                db.execute("PRAGMA journal_mode = WAL")
                db.executescript(_CREATE)  # does nothing where another process was quicker
            if (version := _value(db, "PRAGMA user_version")) != _FORMAT:
                raise sqlite3.DatabaseError(f"{self._files[0]} is of version {version}, not {_FORMAT}")
            yield db

    def _insert(self, db: sqlite3.Connection, entries: list[tuple[bytes, bytes]]) -> None:
        with db:
            db.execute(_BEGIN)
            first = 1 + _value(db, "SELECT coalesce(max(id), 0) FROM vectors")
            numbered = [(key, first + k, row) for k, (key, row) in enumerate(entries)]
            checked = [(key, id, _today(), _crc(key, row)) for key, id, row in numbered]
            db.executemany("INSERT OR IGNORE INTO entries (key, id, used, checksum) VALUES (?, ?, ?, ?)", checked)
            db.executemany("INSERT INTO vectors SELECT id, ?3 FROM entries WHERE key = ?1 AND id = ?2", numbered)
        self._shrink(db)

    def _shrink(self, db: sqlite3.Connection) -> None:
        """Drop the least recently used entries above the limit, a tenth at a time so that few writes have to."""
        if _value(db, _BYTES_USED) <= self.limit:
            return
        while _value(db, _BYTES_USED) > self.limit and (entries := _value(db, _COUNT)):
            changes = db.total_changes
            with db:
                db.execute(_BEGIN)
                for table, column in (("vectors", "id"), ("entries", "key")):
                    oldest = f"SELECT {column} FROM entries ORDER BY used, id LIMIT {entries // 10 + 1}"
                    db.execute(f"DELETE FROM {table} WHERE {column} IN ({oldest})")
            if db.total_changes == changes and _value(db, _COUNT):
                raise sqlite3.DatabaseError(f"no entry of {self._files[0]} can be deleted")
        db.executescript("PRAGMA incremental_vacuum")  # `execute` would free one page only

    def _mark(self, entries: list[_Entry], sound: Container[bytes]) -> None:
        """Note what was used today, and remove broken rows so that they are written again; skip it if others write."""
        today = _today()
        used = [(today, key) for key, day, *_ in entries if day != today and key in sound]
        broken = [(key,) for key, *_ in entries if key not in sound]
        if not used and not broken:
            return
        with suppress(OSError, sqlite3.Error), self._open(min(self.timeout, _MARK_TIMEOUT)) as db, db:
            db.execute(_BEGIN)
            db.executemany("UPDATE entries SET used = ? WHERE key = ?", used)
            db.executemany("DELETE FROM vectors WHERE id = (SELECT id FROM entries WHERE key = ?)", broken)
            db.executemany("DELETE FROM entries WHERE key = ?", broken)

    @property
    def _files(self) -> list[Path]:
        """The database, then its logs: a log without its database is ignored, but a database may need its log."""
        return [self.path / (FILE + suffix) for suffix in ("", "-wal", "-shm", "-journal")]

    @property
    def _moved(self) -> list[Path]:
        """Where each of these files is moved if it is damaged."""
        return [file.with_name(DAMAGED + file.name) for file in self._files]

    def _move_aside(self, opened: list[int | None]) -> None:
        """Rename the files that were opened, unless another process has done so."""
        if _inode(self._files[0]) != opened[0]:
            return
        try:
            for file, moved, inode in zip(self._files, self._moved, opened, strict=True):
                if _inode(file) is None:
                    moved.unlink(missing_ok=True)
                elif _inode(file) == inode:
                    file.replace(moved)
        except OSError as error:
            self._give_up(error)
        else:
            self.note = f"the vector cache in {self.path} was damaged and is made anew: the old one is {self._moved[0]}"

    def _give_up(self, error: Exception) -> None:
        advice = {
            sqlite3.SQLITE_BUSY: "let the other run finish first, or use --no-cache",
            sqlite3.SQLITE_FULL: "free space on the disk, or name another folder with --cache",
        }.get(
            _code(error) & 0xFF,
            "name a folder that can be written to with --cache or HEADLINE_DEDUPE_CACHE, or use --no-cache",
        )
        self.trouble = f"the vector cache in {self.path} cannot be used ({error}): {advice}"


def default_folder() -> Path:
    """Return the folder that HEADLINE_DEDUPE_CACHE names, or this program's folder among the user's caches."""
    folder = os.environ.get("HEADLINE_DEDUPE_CACHE")
    return Path(folder) if folder else user_cache_path("headline-dedupe", appauthor=False)


def _code(error: Exception) -> int:
    """What SQLite says; the lower eight bits are the kind of an error."""
    return int(getattr(error, "sqlite_errorcode", 0))


def _is_damage(error: Exception) -> bool:
    return not isinstance(error, OSError) and (_code(error) in _CUT_SHORT or _code(error) & 0xFF not in _NO_DAMAGE)


def _inode(file: Path) -> int | None:
    try:
        return file.lstat().st_ino
    except OSError:
        return None


def _bytes_in(files: Iterable[Path]) -> int:
    with suppress(OSError):
        return sum(file.stat().st_size for file in files if os.path.lexists(file))
    return 0


def _look_up(db: sqlite3.Connection, keys: list[bytes]) -> list[_Entry]:
    """The entries of the keys that are cached; a row is None where it is missing."""
    query = "SELECT key, used, checksum, row FROM entries LEFT JOIN vectors USING (id) WHERE key IN ({})"
    entries: list[_Entry] = []
    for start in range(0, len(keys), _KEYS_PER_QUERY):
        part = keys[start : start + _KEYS_PER_QUERY]
        entries += db.execute(query.format(",".join("?" * len(part))), part)
    return entries


def _keys(identity: str, texts: Sequence[str]) -> list[bytes]:
    prefix = blake2b(identity.encode()).digest()
    return [blake2b(prefix + text.encode("utf-8", "surrogatepass"), digest_size=16).digest() for text in texts]


def _crc(key: bytes, row: bytes) -> int:
    """A checksum of both, so that a row never passes for that of another text."""
    return crc32(row, crc32(key))


def _value(db: sqlite3.Connection, query: str) -> int:
    value: int = db.execute(query).fetchone()[0]
    return value


def _today() -> int:
    return int(time.time() // 86_400)
