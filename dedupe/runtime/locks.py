"""One process at a time: what is read, changed and written back may not be changed by two."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dedupe.errors import OutputError


@contextmanager
def exclusive(path: Path, patience: float = 0, busy: Callable[[], str] | None = None) -> Iterator[None]:
    """Hold the lock of a file or folder, which need not exist; it is free again when this process ends, however it ends.

    `patience`: seconds to wait for another process. Raises `OutputError` where that was not enough, with what `busy` says, or
    where the folder of `path` cannot be written.
    """
    from filelock import FileLock, Timeout

    path = path.resolve()
    lock = FileLock(path.with_name(f".headline-dedupe-{path.name}.lock"), timeout=patience)
    try:
        lock.acquire()
    except Timeout:
        message = f"another headline-dedupe is writing {path}: let it end first, or name another file"
        raise OutputError(busy() if busy else message) from None
    except OSError as error:
        raise OutputError(f"cannot write into {path.parent} ({error.strerror or error}): name another folder") from None
    try:
        yield
    finally:
        with suppress(OSError):
            Path(lock.lock_file).unlink()  # while it is held: who waits for it notices, and makes it anew
        lock.release()
