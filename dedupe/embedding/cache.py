"""`VectorCache`: the vectors of titles met before, on disk, so that only new titles are encoded.

One SQLite file in the folder given:

| table | what |
|---|---|
| `entries` | key (a hash of the encoder's identity and the text), id, day of last use, checksum of key and row |
| `vectors` | id, row: the bytes of float32 numbers |

Marking an entry as used rewrites a little of `entries` and none of the vectors. Every call opens and closes the file, so
any number of threads and processes share it, and one that is killed leaves nothing half done.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path

_Found = TypeVar("_Found")
_Entry = tuple[bytes, int, int, bytes | None]  # key, day of last use, checksum, row

LIMIT = 2 * 1024**3  # bytes
FILE = "headline-dedupe-vectors.sqlite"  # no name that another program is likely to use: one we cannot read is replaced
_FORMAT = 1  # of the tables and of what a key hashes
_PATIENCE, _SHORT_PATIENCE = 15.0, 1.0  # seconds to wait for another process that writes, each time it is tried
_TOGETHER = 500  # keys in one query; old builds of SQLite take 999
_NEAR_UNIT = 1e-3
_SHARE_DROPPED = 10  # over the limit, a tenth of the entries goes at a time, so that it is not each write that drops
_CREATE = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS entries (
    key BLOB PRIMARY KEY, id INTEGER NOT NULL, used INTEGER NOT NULL, checksum INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS vectors (id INTEGER PRIMARY KEY, row BLOB NOT NULL);
PRAGMA user_version = {_FORMAT};
COMMIT;
"""
_OLDEST = "FROM entries ORDER BY used, id LIMIT ?"


@dataclass(frozen=True, slots=True)
class CacheSummary:
    """What a cache holds: the folder, the number of vectors, and its size on disk and the limit of it in bytes."""

    path: Path
    entries: int
    size: int
    limit: int


class VectorCache:
    """The vectors of texts by encoder, in a file in the folder `path`, of at most about `limit` bytes.

    Over the limit, what was not used for longest goes. A file that is broken or of another version is begun anew. Where
    the cache cannot be used (no right to write, no room, locked for too long), nothing raises: nothing more is found
    or kept, and `trouble` says why and what to do.
    """

    def __init__(self, path: str | Path, limit: int = LIMIT) -> None:
        self.path = Path(path).expanduser()
        self.limit = limit
        self.trouble: str | None = None

    def __repr__(self) -> str:
        return f"VectorCache({str(self.path)!r}, limit={self.limit})"

    def read(self, identity: str, texts: Sequence[str]) -> tuple[list[int], NDArray[np.float32]]:
        """Return the positions in `texts` of those that are known, and their rows: float32, (found, d), unit rows.

        `identity` says which encoder made them. A row that is not as it was written counts as unknown.
        """
        keys = _keys(identity, texts)
        found: list[_Entry] = self._attempt(lambda db: _look_up(db, keys), [])
        place, rows = _sound(found)
        self._mark(found, place)
        positions = [k for k, key in enumerate(keys) if key in place]
        return positions, rows[[place[keys[k]] for k in positions]]

    def write(self, identity: str, texts: Sequence[str], rows: NDArray[np.float32]) -> None:
        """Keep the vectors of `texts`, (n, d), all or none of them; what is no unit row, or known, is passed over."""
        rows = np.ascontiguousarray(rows, np.float32)
        keys, unit = _keys(identity, texts), _are_unit(rows)
        entries = [(key, row.tobytes()) for key, row, fit in zip(keys, rows, unit, strict=True) if fit]
        if entries:
            self._attempt(lambda db: self._insert(db, entries), None)

    def clear(self) -> int:
        """Remove everything, whatever state it is in, and return how many bytes that freed."""
        before = self._size()
        self._remove()
        return before - self._size()

    def summary(self) -> CacheSummary:
        """Count what there is; a cache never written to is not made by looking at it."""
        entries = self._attempt(_count, 0) if self._file().exists() else 0
        return CacheSummary(self.path, entries, self._size(), self.limit)

    def _attempt(self, action: Callable[[sqlite3.Connection], _Found], otherwise: _Found) -> _Found:
        """Return what `action` does, or `otherwise` and note the trouble.

        It is tried twice: a broken file is removed in between, and one that another process just cleared is made again.
        """
        for last in (False, True):
            if self.trouble:
                break
            try:
                with self._open(_PATIENCE) as db:
                    return action(db)
            except (OSError, sqlite3.Error) as error:
                if last:
                    self._give_up(error)
                elif _means_broken(error):
                    self._remove()
        return otherwise

    @contextmanager
    def _open(self, patience: float) -> Iterator[sqlite3.Connection]:
        self.path.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._file(), timeout=patience, isolation_level=None)) as db:
            db.text_factory = bytes  # in a broken file a row may pass for text, which need not be UTF-8
            db.execute("PRAGMA synchronous = NORMAL")  # with a write-ahead log, a crash costs the last rows at most
            if not _value(db, "PRAGMA user_version") and not _value(db, "SELECT count(*) FROM sqlite_master"):
                _create(db)
            if (version := _value(db, "PRAGMA user_version")) != _FORMAT:
                raise sqlite3.DatabaseError(f"{self._file()} is of version {version}, not {_FORMAT}")
            yield db

    def _insert(self, db: sqlite3.Connection, entries: list[tuple[bytes, bytes]]) -> None:
        with _transaction(db):
            first = 1 + _value(db, "SELECT coalesce(max(id), 0) FROM vectors")
            numbered = [(key, first + k, row) for k, (key, row) in enumerate(entries)]
            today = _today()
            db.executemany(
                "INSERT OR IGNORE INTO entries (key, id, used, checksum) VALUES (?, ?, ?, ?)",
                ((key, id, today, _checksum(key, row)) for key, id, row in numbered),
            )
            db.executemany(
                "INSERT INTO vectors (id, row) SELECT id, ?3 FROM entries WHERE key = ?1 AND id = ?2", numbered
            )
        self._shrink(db)

    def _shrink(self, db: sqlite3.Connection) -> None:
        """Drop the entries that were not used for longest, down to the limit, and give the space back."""
        if _bytes_used(db) <= self.limit:
            return
        while _bytes_used(db) > self.limit and (entries := _count(db)):
            number = (entries // _SHARE_DROPPED + 1,)
            with _transaction(db):
                db.execute(f"DELETE FROM vectors WHERE id IN (SELECT id {_OLDEST})", number)
                db.execute(f"DELETE FROM entries WHERE key IN (SELECT key {_OLDEST})", number)
        db.executescript("PRAGMA incremental_vacuum")  # frees a page a step, and `execute` would take one step only

    def _mark(self, found: list[_Entry], sound: Container[bytes]) -> None:
        """Note what was used today, and remove what was broken, so that it is written again.

        If that cannot be done now, nothing is lost, so there is no trouble and no long wait.
        """
        today = _today()
        used = [(today, key) for key, day, *_ in found if day != today and key in sound]
        broken = [(key,) for key, *_ in found if key not in sound]
        if not used and not broken:
            return
        with suppress(OSError, sqlite3.Error), self._open(_SHORT_PATIENCE) as db, _transaction(db):
            db.executemany("UPDATE entries SET used = ? WHERE key = ?", used)
            db.executemany("DELETE FROM vectors WHERE id = (SELECT id FROM entries WHERE key = ?)", broken)
            db.executemany("DELETE FROM entries WHERE key = ?", broken)

    def _file(self) -> Path:
        return self.path / FILE

    def _files(self) -> list[Path]:
        """The database, then its logs: a log without its database is ignored, but a database may need its log."""
        return [self.path / (FILE + ending) for ending in ("", "-wal", "-shm", "-journal")]

    def _remove(self) -> None:
        try:
            for file in self._files():
                file.unlink(missing_ok=True)
        except OSError as error:
            self._give_up(error)

    def _size(self) -> int:
        with suppress(OSError):
            return sum(file.stat().st_size for file in self._files() if file.exists())
        return 0

    def _give_up(self, error: Exception) -> None:
        self.trouble = f"the vector cache in {self.path} cannot be used ({error}): {_advice(error)}"


def default_folder() -> Path:
    """Return the folder that HEADLINE_DEDUPE_CACHE names, or that of this program among the user's caches."""
    named = os.environ.get("HEADLINE_DEDUPE_CACHE")
    return Path(named) if named else user_cache_path("headline-dedupe", appauthor=False)


def _create(db: sqlite3.Connection) -> None:
    """Make the tables, unless another process just did."""
    db.execute("PRAGMA page_size = 16384")  # ten rows of 384 numbers, five of 768 or three of 1,024 fit a page
    db.execute("PRAGMA auto_vacuum = INCREMENTAL")
    db.execute("PRAGMA journal_mode = WAL")
    db.executescript(_CREATE)


def _look_up(db: sqlite3.Connection, keys: list[bytes]) -> list[_Entry]:
    """The entries of those keys that have one; the row is None where it is missing."""
    found: list[_Entry] = []
    for start in range(0, len(keys), _TOGETHER):
        part = keys[start : start + _TOGETHER]
        marks = ",".join("?" * len(part))
        found += db.execute(
            f"SELECT key, used, checksum, row FROM entries LEFT JOIN vectors USING (id) WHERE key IN ({marks})", part
        )
    return found


def _sound(found: list[_Entry]) -> tuple[dict[bytes, int], NDArray[np.float32]]:
    """Some rows, and which of them belongs to a key, where it is as it was written and as long as the first of them."""
    whole = [
        (key, row) for key, _, checksum, row in found if isinstance(row, bytes) and checksum == _checksum(key, row)
    ]
    whole = [(key, row) for key, row in whole if len(row) == len(whole[0][1])]
    rows = np.frombuffer(b"".join([row for _, row in whole]), np.float32).reshape(len(whole), -1 if whole else 0)
    unit = _are_unit(rows).tolist()
    return {key: k for k, ((key, _), fit) in enumerate(zip(whole, unit, strict=True)) if fit}, rows


def _are_unit(rows: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether each row is finite and its length about 1."""
    norms = np.sqrt(np.einsum("nd,nd->n", rows, rows))
    near: NDArray[np.bool_] = np.abs(norms - 1) < _NEAR_UNIT  # also no for what is not a number
    return near


def _keys(identity: str, texts: Sequence[str]) -> list[bytes]:
    start = blake2b(identity.encode()).digest()
    return [blake2b(start + text.encode("utf-8", "surrogatepass"), digest_size=16).digest() for text in texts]


def _checksum(key: bytes, row: bytes) -> int:
    """Of both, so that a row never passes for that of another text."""
    return crc32(row, crc32(key))


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All or nothing; waits for its turn before it has read anything that could be out of date."""
    db.execute("BEGIN IMMEDIATE")
    with db:
        yield


def _value(db: sqlite3.Connection, query: str) -> int:
    found: int = db.execute(query).fetchone()[0]
    return found


def _count(db: sqlite3.Connection) -> int:
    return _value(db, "SELECT count(*) FROM entries")


def _bytes_used(db: sqlite3.Connection) -> int:
    pages = _value(db, "PRAGMA page_count") - _value(db, "PRAGMA freelist_count")
    return pages * _value(db, "PRAGMA page_size")


def _today() -> int:
    return int(time.time() // 86_400)


def _means_broken(error: Exception) -> bool:
    """Whether the file is no database, malformed or of another version: all else in SQLite is operational."""
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)


def _advice(error: Exception) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the upper bits tell kinds of one error apart
    if code == sqlite3.SQLITE_BUSY:
        return "let the other run finish first, or go without with --no-cache"
    if code == sqlite3.SQLITE_FULL:
        return "make room on the disk, or name another folder with --cache"
    return "name a folder that can be written to with --cache or HEADLINE_DEDUPE_CACHE, or go without with --no-cache"
