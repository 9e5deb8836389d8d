"""Files that appear whole or not at all: written under another name, synced and renamed. `-` is standard output."""

from __future__ import annotations

import gzip
import io
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from dedupe.errors import OutputError

PACKED = {".gz": "gzip", ".zst": "zstd"}
"""How a file is compressed, by its ending."""


def check_output(path: str, read: Iterable[str], *, force: bool = False, binary: bool = False) -> None:
    """Raise `OutputError` if `path` cannot be written: call it before the work starts.

    `read`: the inputs, which are never overwritten; any other existing file is replaced only with `force`. `binary` output
    is not written to a terminal.
    """
    if path == "-":
        if binary and sys.stdout.isatty():
            raise OutputError("Parquet is not for a terminal: name a file with -o, or another --format")
        return
    target = Path(path)
    with _as_output_errors(path):
        if target.is_dir():
            raise OutputError(f"{path} is a folder: name a file to write")
        if not os.access(target.parent, os.W_OK | os.X_OK):
            raise OutputError(
                f"cannot write into {target.parent}: it is missing or not writable, so name another output"
            )
        inputs = [Path(source) for source in read if source != "-" and "://" not in source]
        if target.exists() and any(source.exists() and source.samefile(target) for source in inputs):
            raise OutputError(f"{path} is also the input: name another output")
        if target.is_file() and not force:
            raise OutputError(f"{path} exists: name another output, or add --force to replace it")


def write_lines(lines: Iterable[str], path: str) -> None:
    """Write `lines`, each ended by a line feed; `OutputError` if that fails."""
    with writing(path) as stream:
        stream.writelines(f"{line}\n" for line in lines)


@contextmanager
def writing(path: str) -> Iterator[TextIO]:
    """Yield a UTF-8 text stream to `path`, as `writing_bytes` does; line ends are not translated."""
    with writing_bytes(path) as raw:
        # JSON may contain a lone surrogate, which becomes its escape: in JSON, the same value.
        stream = io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", newline="")
        try:
            yield stream
            stream.flush()
        finally:
            with suppress(OSError):
                stream.detach()


@contextmanager
def writing_bytes(path: str) -> Iterator[BinaryIO]:
    """Yield a stream to `path`, which appears whole or, on any failure, not at all; compressed for .gz and .zst.

    Raises `OutputError` on failure, but `BrokenPipeError` where the reader of a pipe closes it.
    """
    opened, name = (_standard_output(), "standard output") if path == "-" else (_whole_file(Path(path)), path)
    with _as_output_errors(name), opened as stream, _compressed(stream, path) as out:
        yield out


def discard_standard_output() -> None:
    """Send what is still buffered to the null device, so that the interpreter's last flush does not fail as well."""
    with suppress(OSError):  # in tests the stream has no descriptor
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def _as_output_errors(name: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(
            f"cannot write {name} ({error.strerror or error}): check the path and the free space"
        ) from error


@contextmanager
def _standard_output() -> Iterator[BinaryIO]:
    try:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    except OSError:
        discard_standard_output()
        raise


@contextmanager
def _compressed(stream: BinaryIO, path: str) -> Iterator[BinaryIO]:
    compression = PACKED.get(Path(path).suffix.lower())
    if compression == "gzip":
        with gzip.GzipFile(filename="", fileobj=stream, mode="wb", mtime=0) as file:  # no name or time: reproducible
            yield cast(BinaryIO, file)
    elif compression == "zstd":
        import pyarrow as pa

        buffer = pa.BufferOutputStream()  # pyarrow would close our stream
        with pa.CompressedOutputStream(buffer, compression) as file:
            yield file
        stream.write(buffer.getvalue())
    else:
        yield stream


@contextmanager
def _whole_file(path: Path) -> Iterator[BinaryIO]:
    if path.exists() and not path.is_file():  # a device or a named pipe
        with path.open("wb") as raw:
            yield raw
        return
    target = path.resolve()  # so that a link stays a link
    partial = target.with_name(f".headline-dedupe-{os.getpid()}.tmp")
    try:
        with partial.open("xb") as raw:
            yield raw
            raw.flush()
            os.fsync(raw.fileno())
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
