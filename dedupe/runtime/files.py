"""Streams to files, which appear whole or not at all, and to standard output, which is `-`."""

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
from dedupe.runtime.terminal import printable
from dedupe.runtime.whole_files import as_output_errors, whole_file

PACKED = {".gz": "gzip", ".zst": "zstd"}
"""How a file is compressed, by its ending."""


def split_part(name: str) -> tuple[str, str]:
    """Return the file that an input names and the part of it, "" for the whole: "news.db::headlines" is a table of a database.

    A part may also be a sheet of a workbook, or a query. Addresses have no parts.
    """
    pieces = name.split("::")
    if len(pieces) == 1 or "://" in pieces[0]:
        return name, ""
    for count in range(len(pieces), 0, -1):  # the name of a file may have colons, too
        with suppress(OSError, ValueError):  # a name that is too long for a file, as a query may be
            if Path("::".join(pieces[:count])).exists():
                return "::".join(pieces[:count]), "::".join(pieces[count:])
    return pieces[0], "::".join(pieces[1:])


def check_output(path: str, read: Iterable[str], *, force: bool = False, binary: bool = False) -> None:
    """Raise `OutputError` if `path` cannot be written: call it before the work starts.

    `read`: the inputs, which are never overwritten; any other existing file is replaced only with `force`. `binary` output
    is not written to a terminal.
    """
    if path == "-":
        if _open_standard_output().isatty() and binary:
            raise OutputError("this format is not for a terminal: name a file with -o, or another --format")
        return
    target = Path(path)
    with as_output_errors(path):
        if target.is_dir():
            raise OutputError(f"{path} is a folder: name a file to write")
        if not os.access(target.parent, os.W_OK | os.X_OK):
            raise OutputError(
                f"cannot write into {target.parent}: it is missing or not writable, so name another output"
            )
        inputs = [Path(split_part(source)[0]) for source in read if source != "-" and "://" not in source]
        if target.exists() and any(source.exists() and source.samefile(target) for source in inputs):
            raise OutputError(f"{path} is also the input: name another output")
        if target.is_file() and not force:
            raise OutputError(f"{path} exists: name another output, or add --force to replace it")
        if target.is_symlink() and not target.exists() and not force:
            raise OutputError(f"{path} is a link to a file that does not exist: name another output, or add --force")


def is_whole_file(path: str) -> bool:
    """Return whether what is written to `path` appears as a whole: not on standard output, a device or a named pipe."""
    return path != "-" and (not Path(path).exists() or Path(path).is_file())


def write_lines(lines: Iterable[str], path: str) -> None:
    """Write `lines`, each ended by a line feed; `OutputError` if that fails."""
    with writing(path) as stream:
        stream.writelines(f"{line}\n" for line in lines)


@contextmanager
def writing(path: str, *, styled: bool = False) -> Iterator[TextIO]:
    """Yield a UTF-8 text stream to `path`, as `writing_bytes` does; line ends are not translated.

    What could control a terminal is not written to one. `styled`: what is written is `printable` already, and has colours.
    """
    with writing_bytes(path) as raw:
        kind = io.TextIOWrapper if styled or path != "-" or not raw.isatty() else _TerminalText
        # JSON may contain a lone surrogate, which becomes its escape: in JSON, the same value.
        stream = kind(raw, encoding="utf-8", errors="backslashreplace", newline="")
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
    opened, name = (_standard_output(), "standard output") if path == "-" else (_file(Path(path)), path)
    with as_output_errors(name), opened as stream, _compressed(stream, path) as out:
        yield out


def discard_standard_output() -> None:
    """Send what is still buffered to the null device, so that the interpreter's last flush does not fail as well."""
    with suppress(OSError):  # in tests the stream has no descriptor
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _TerminalText(io.TextIOWrapper):
    def write(self, text: str, /) -> int:
        return super().write(printable(text, keep="\n\t"))


def _open_standard_output() -> TextIO:
    if sys.stdout is None:  # as the interpreter leaves it where the stream was closed
        raise OutputError("standard output is closed: name a file with -o")
    return sys.stdout


@contextmanager
def _standard_output() -> Iterator[BinaryIO]:
    stream = _open_standard_output().buffer
    try:
        yield stream
        stream.flush()
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
def _file(path: Path) -> Iterator[BinaryIO]:
    if is_whole_file(str(path)):
        with whole_file(path) as raw:
            yield raw
    else:
        with path.open("wb") as raw:
            yield raw
