"""How an index is read without the right to write into its folder.

SQLite keeps two files beside a database in WAL mode: what was committed last (`-wal`), and which parts of it readers use
(`-shm`). Whoever may read them reads one state while others write, but only who may write can make them, and SQLite removes
them when the last connection closes. So we leave empty ones there.

A database without them, as in a copy, is read as one that nobody changes (`immutable`). If somebody does all the same, its
`Signature` is another afterwards.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp
from typing import NamedTuple

from dedupe.errors import OutputError

_LOG, _READERS = "-wal", "-shm"


class Signature(NamedTuple):
    """Which file a database is, and when it was written last."""

    device: int
    inode: int
    size: int
    changed: int


def may_write(path: Path) -> bool:
    """Return whether this process may write a file, where it exists, and into its folder."""
    effective = os.access in os.supports_effective_ids
    return os.access(path.parent, os.W_OK | os.X_OK, effective_ids=effective) and (
        not path.exists() or os.access(path, os.W_OK, effective_ids=effective)
    )


def has_companions(path: Path) -> bool:
    """Return whether both files are beside a database. Raises `OutputError` where it cannot be read without the missing one."""
    log, readers = (_beside(path, suffix) for suffix in (_LOG, _READERS))
    if readers.is_file() or not log.is_file() or not log.stat().st_size:
        return log.is_file() and readers.is_file()
    raise OutputError(
        f"{log} holds changes that cannot be read without {readers.name} or the right to write into {path.parent}: copy the "
        "folder again while nothing writes, or let somebody open the index who has that right"
    )


def leave_companions(path: Path) -> None:
    """Leave empty files beside a database where SQLite has removed them, with its owner and mode.

    They get their names only when they are as they should be, and in place of nothing: a file with such a name may be in use,
    and to open and close it would end the locks that this process has on it.
    """
    if not hasattr(os, "fchown"):  # Windows, where rights are of another kind
        return
    with suppress(OSError):  # then who may not write has to wait
        database = path.stat()
        for suffix in (_LOG, _READERS):
            if not (companion := _beside(path, suffix)).exists():
                _leave(companion, database)


def _leave(companion: Path, database: os.stat_result) -> None:
    descriptor, temporary = mkstemp(prefix=f"{companion.name}.", dir=companion.parent)
    try:
        try:
            belongs = _belongs_to(descriptor, database)
        finally:
            os.close(descriptor)
        if belongs:  # else it would keep the owner from writing
            with suppress(FileExistsError):
                os.link(temporary, companion)
    finally:
        Path(temporary).unlink()


def _belongs_to(descriptor: int, database: os.stat_result) -> bool:
    """Give a new file the owner and mode of a database, and return whether who may write that may write this one."""
    try:
        os.fchown(descriptor, database.st_uid, database.st_gid)
    except OSError:
        with suppress(OSError):  # who is not root may give it to a group of their own
            os.fchown(descriptor, -1, database.st_gid)
    os.fchmod(descriptor, database.st_mode & 0o777)
    own, by_group = os.fstat(descriptor), database.st_mode & 0o020
    return own.st_uid == database.st_uid or bool(by_group and own.st_gid == database.st_gid)


def signature(path: Path) -> Signature | None:
    """Return the signature of a database, None where it is gone."""
    with suppress(OSError):
        status = path.stat()
        return Signature(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
    return None


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
