"""Names -> bytes: files, pipes, standard input and addresses. Each is opened once and read once, as pipes allow no more."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from dedupe.dates import Origin
from dedupe.errors import InputError
from dedupe.readers.names import TIMEOUT, is_address, suffix
from dedupe.readers.unpacking import SizeLimit, read_all, unpack
from dedupe.readers.visits import NOTHING_SAID, Answer, Visits
from dedupe.runtime.files import split_part

PARQUET_MAGIC, SQLITE_MAGIC = b"PAR1", b"SQLite format 3\0"
_OLDEST_FILE = datetime(1990, 1, 1, tzinfo=UTC).timestamp()  # archives without dates have 1970, 1980 or 1985


@dataclass(frozen=True, slots=True)
class Content:
    """What an input holds.

    `name`: as messages call it. `data`: its bytes, unpacked. `suffix`: that of its name, which may tell the format. `charset`:
    the encoding that its server declared. `damage`: why the rest of it is missing, "" if it is whole. `part`: the table, query
    or sheet that is meant, "" for none. `parquet`: instead of `data`, the open file whose rows can stay in it; `path`: the file
    of a database. `answer`: what its server said for the next visit. `changed`: when its file was last changed, None for what
    is no file, or where the date cannot be true.
    """

    name: str
    data: bytes = b""
    suffix: str = ""
    charset: str | None = None
    damage: str = ""
    part: str = ""
    parquet: BinaryIO | None = None
    path: Path | None = None
    answer: Answer = NOTHING_SAID
    changed: datetime | None = None

    @property
    def origin(self) -> Origin:
        """The moment at which it was taken, as far as it can be known from outside: the present one for what is no file."""
        if self.changed:
            return Origin(self.changed, "when the file was last changed")
        fetched = is_address(self.name)
        return Origin(datetime.now(UTC), "when it was fetched" if fetched else "when it was read", given=fetched)

    @property
    def size(self) -> int:
        """The number of bytes."""
        if self.path:
            return self.path.stat().st_size
        return os.fstat(self.parquet.fileno()).st_size if self.parquet else len(self.data)


def read_input(
    name: str,
    limit: SizeLimit,
    *,
    skip_bad: bool = False,
    parquet: bool = True,
    database: bool = True,
    timeout: float = TIMEOUT,
    allow_private: bool = False,
    visits: Visits | None = None,
) -> Content:
    """Return the content of a file, a pipe, an address or standard input ("-").

    Args:
        name: what to read.
        limit: the most that it may have, as it is and unpacked.
        skip_bad: return what comes before the place where a packed input is damaged or cut, instead of raising.
        parquet: whether the rows of a Parquet file may stay in it.
        database: whether a SQLite file is only named.
        timeout: seconds for a download.
        allow_private: as for `download`.
        visits: as for `download`.

    Raises `InputError` for what cannot be read or unpacked, or is too large.
    """
    shown, charset, answer, changed = _shown(name), None, NOTHING_SAID, None
    name, part = split_part(name)
    if is_address(name):
        from dedupe.readers.web import download

        received = download(name, timeout=timeout, allow_private=allow_private, visits=visits)
        data, charset, answer = received.content, received.charset, received.answer
    else:
        with _input_errors(name), ExitStack() as stack:
            file = _standard_input() if name == "-" else stack.enter_context(Path(name).open("rb"))
            start = file.read(len(SQLITE_MAGIC))
            status = os.fstat(file.fileno()) if name != "-" else None
            on_disk = status is not None and stat.S_ISREG(status.st_mode)
            changed = _changed(status) if status and on_disk else None
            if database and on_disk and start == SQLITE_MAGIC:
                return Content(shown, suffix=suffix(name), part=part, path=Path(name), changed=changed)
            if parquet and on_disk and start.startswith(PARQUET_MAGIC):
                file.seek(0)
                stack.pop_all()  # it stays open
                return Content(shown, suffix=suffix(name), part=part, parquet=file, changed=changed)
            data = read_all(file, start, shown, limit)
    data, damage = unpack(data, shown, limit, skip_bad=skip_bad)
    return Content(shown, data, suffix(name), charset, damage, part, answer=answer, changed=changed)


def check_read_once(names: Iterable[str]) -> None:
    """Raise `InputError` where names stand for one pipe or for standard input twice: the second would find nothing."""
    seen: dict[object, str] = {}
    for name in names:
        key = _stream(name)
        if key is not None and key in seen:
            both = " and ".join(dict.fromkeys(map(_shown, (seen[key], name))))
            raise InputError(
                f"{both} would be read twice, which a pipe does not allow: save it as a file and give that"
            )
        seen[key] = name


def _changed(status: os.stat_result) -> datetime | None:
    """When a file was changed, None where its date is one that programs write for none, or lies in the future."""
    if not _OLDEST_FILE <= status.st_mtime <= datetime.now(UTC).timestamp():
        return None
    return datetime.fromtimestamp(status.st_mtime, UTC)


def _shown(name: str) -> str:
    return "standard input" if name == "-" else name


def _stream(name: str) -> object:
    """What tells streams apart that can be read only once; None for any other input."""
    try:
        file = split_part(name)[0]
        status = os.fstat(_standard_input().fileno()) if file == "-" else Path(file).stat()
    except (OSError, ValueError, InputError):
        return name if name == "-" else None
    once = name == "-" or stat.S_ISFIFO(status.st_mode) or stat.S_ISSOCK(status.st_mode)
    return (status.st_dev, status.st_ino) if once else None


def _standard_input() -> BinaryIO:
    if sys.stdin is None:
        raise InputError("standard input is closed: give a file instead of -")
    return sys.stdin.buffer


@contextmanager
def _input_errors(name: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise InputError(f"no file {name}: check the path, or give - for standard input") from None
    except IsADirectoryError:
        raise InputError(f"{name} is a folder: give a file in it, or all of them as '{Path(name) / '*'}'") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"{name} cannot be read ({reason}): check the path and its permissions") from None
