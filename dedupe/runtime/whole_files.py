"""Files that appear whole or not at all, alone or several together, whoever else writes into the same folder.

A file is written under a random name beside its own, which it takes at the end. While it is written it is locked. A process
that is killed leaves such a file behind without its lock, and the next one that writes into the folder removes it.
"""

from __future__ import annotations

import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from dedupe.errors import OutputError

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]  # elsewhere it is a module

_PREFIX, _SUFFIX = ".headline-dedupe-", ".tmp"
_ORPHANED = 24 * 3600  # seconds after which a file is an orphan where locks do not work


@contextmanager
def together(*, replace: bool = True) -> Iterator[None]:
    """Let the files written inside appear when the block ends, all of them, or none if it fails.

    Without `replace`, a file that somebody else made meanwhile stays, and none of ours appears: `OutputError`.
    """
    batch = _Batch(replace)
    token = _batch.set(batch)
    try:
        yield
    except BrokenPipeError:  # who reads standard output has seen enough: the files are complete
        batch.publish()
        raise
    except BaseException:
        batch.discard()
        raise
    else:
        batch.publish()
    finally:
        _batch.reset(token)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Yield a stream to a file that appears at the end of this block, or of the block of `together` around it."""
    batch = _batch.get()
    if batch is None:
        with together(), whole_file(path) as stream:
            yield stream
        return
    partial = _Partial.create(path, batch.replace)
    batch.partials.append(partial)
    try:
        yield partial.stream
        partial.stream.flush()
        os.fsync(partial.stream.fileno())
    except BaseException:
        batch.partials.remove(partial)
        partial.close()
        raise


@contextmanager
def as_output_errors(name: str) -> Iterator[None]:
    """Turn what the system says of a file into an `OutputError`, except that the reader of a pipe has closed it."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(
            f"cannot write {name} ({error.strerror or error}): check the path and the free space"
        ) from error


@dataclass
class _Partial:
    """A file being written: under `path`, in the end `target`. `backup`: what it replaced, which `replaced` says."""

    path: Path
    target: Path
    stream: BinaryIO
    replaced: bool = False
    backup: _Partial | None = None

    @classmethod
    def create(cls, path: Path, replace: bool) -> _Partial:
        """Open a new file; it has the mode and, where possible, the owner of the one that it will replace."""
        # A link stays a link where it may be replaced; else whatever has the name by then stays as it is.
        target = Path(os.path.realpath(path)) if replace else Path(os.path.realpath(path.parent), path.name)
        _sweep(target.parent)
        before = target.stat() if replace and target.is_file() else None
        while True:
            name = _random_name(target.parent)
            stream = os.fdopen(os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600 if before else 0o666), "wb")
            if _lock(stream.fileno()) is not False and os.fstat(stream.fileno()).st_nlink:
                break
            stream.close()  # another process took it for an orphan, and has removed it
        if before:
            for owner, group in ((-1, before.st_gid), (before.st_uid, -1)):
                with suppress(OSError):
                    os.chown(name, owner, group)
            name.chmod(stat.S_IMODE(before.st_mode))
        return cls(name, target, stream)

    def publish(self, replace: bool, keep_backup: bool) -> None:
        """Give the file its own name."""
        if fcntl is None:
            self.stream.close()  # Windows renames no open file
        if not replace:
            self._take_free_name()
            return
        self.replaced = self.target.exists()
        if keep_backup and self.replaced:
            self.backup = _linked(self.target)
        self.path.replace(self.target)

    def _take_free_name(self) -> None:
        try:
            os.link(self.path, self.target)
        except FileExistsError:
            raise _appeared(self.target) from None
        except OSError:  # a file system without hard links
            if os.path.lexists(self.target):
                raise _appeared(self.target) from None
            self.path.rename(self.target)
        else:
            self.path.unlink()

    def take_back(self) -> None:
        """Undo `publish`, also one that was interrupted."""
        with suppress(OSError):
            if self.backup:
                self.backup.path.replace(self.target)
            elif not self.replaced and os.path.samestat(os.fstat(self.stream.fileno()), self.target.lstat()):
                self.target.unlink()

    def close(self) -> None:
        """Remove what is left under a name of ours."""
        for part in filter(None, (self.backup, self)):
            with suppress(OSError):
                part.path.unlink(missing_ok=True)
            with suppress(OSError):
                part.stream.close()


@dataclass
class _Batch:
    replace: bool
    partials: list[_Partial] = field(default_factory=list)

    def publish(self) -> None:
        try:
            for partial in self.partials:
                with as_output_errors(str(partial.target)):
                    partial.publish(self.replace, keep_backup=len(self.partials) > 1)
        except BaseException:
            for partial in self.partials:
                partial.take_back()
            raise
        finally:
            self.discard()

    def discard(self) -> None:
        for partial in self.partials:
            partial.close()


_batch: ContextVar[_Batch | None] = ContextVar("_batch", default=None)


def _random_name(folder: Path) -> Path:
    return folder / f"{_PREFIX}{secrets.token_hex(8)}{_SUFFIX}"


def _linked(target: Path) -> _Partial | None:
    """Another name for a file, locked like one that is being written; None where that is not possible."""
    name = _random_name(target.parent)
    try:
        stream = target.open("rb")
        _lock(stream.fileno())
        os.link(target, name)
    except OSError:
        return None
    return _Partial(name, target, stream)


def _appeared(target: Path) -> OutputError:
    return OutputError(
        f"{target} was made by somebody else meanwhile: name another output, or add --force to replace it"
    )


def _lock(descriptor: int) -> bool | None:
    """Lock an open file; False where another process holds the lock, None where there are no locks."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _sweep(folder: Path) -> None:
    """Remove the files that killed processes left in a folder."""
    for path in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
        with suppress(OSError):
            before = path.lstat()
            if not stat.S_ISREG(before.st_mode):
                continue
            with path.open("rb") as file:
                locked = _lock(file.fileno())
                if locked or (locked is None and time.time() - before.st_mtime > _ORPHANED):
                    path.unlink()
