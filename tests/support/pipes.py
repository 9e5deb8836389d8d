"""Pipes, as a shell makes them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def pipe(content: bytes) -> Iterator[str]:
    """Yield the name of a pipe with this content, such as <(command) gives."""
    read, write = os.pipe()

    def feed() -> None:
        with os.fdopen(write, "wb") as stream:
            stream.write(content)

    with _written(feed):
        yield f"/dev/fd/{read}"
        os.close(read)


@contextmanager
def fifo(path: Path, content: bytes) -> Iterator[str]:
    """Yield the name of a named pipe with this content, made at `path`."""
    os.mkfifo(path)
    with _written(lambda: path.write_bytes(content)):
        yield str(path)


@contextmanager
def _written(feed: Callable[[], object]) -> Iterator[None]:
    def run() -> None:
        with suppress(BrokenPipeError):  # the reader stopped early
            feed()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield
    thread.join(10)
    assert not thread.is_alive(), "the pipe was not read"
