"""Names -> bytes: files, globs, standard input and addresses. gzip and zstd are recognised by content and unpacked."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterable
from glob import glob, has_magic
from pathlib import Path

from dedupe.errors import InputError

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_PACKED_SUFFIXES = (".gz", ".gzip", ".zst", ".zstd")
TIMEOUT = 60.0
"""Seconds for one download, unless the user says otherwise."""


def expand(names: Iterable[str | Path]) -> list[str]:
    """Return names with each glob replaced by its files, sorted; `InputError` for a glob without any."""
    inputs: list[str] = []
    for name in map(str, names):
        if has_magic(name) and not is_address(name) and not Path(name).exists():
            matches = sorted(match for match in glob(name, recursive=True) if Path(match).is_file())
            if not matches:
                raise InputError(f"no file matches {name}: check the pattern")
            inputs += matches
        else:
            inputs.append(name)
    return inputs


def is_address(name: str) -> bool:
    """Return whether a name is to be fetched."""
    return name.lower().startswith(("http://", "https://"))


def suffix(name: str) -> str:
    """Return the suffix that tells the format, in lower case: of "news.CSV.gz" it is ".csv"."""
    path = Path(name.split("?")[0] if is_address(name) else name)
    return Path(path.stem if path.suffix.lower() in _PACKED_SUFFIXES else path).suffix.lower()


def read_bytes(name: str, *, timeout: float = TIMEOUT, allow_private: bool = False) -> bytes:
    """Return the unpacked content of a file, an address or standard input ("-"); `InputError` if that fails.

    `timeout`, `allow_private`: of an address, as for `download`.
    """
    if name == "-":
        return unpack(sys.stdin.buffer.read(), "standard input")
    if not is_address(name):
        return unpack(_read_file(name), name)
    from dedupe.readers.web import download

    return unpack(download(name, timeout=timeout, allow_private=allow_private).content, name)


def unpack(content: bytes, name: str) -> bytes:
    """Return content without its compression, if it has any; `InputError` where it is damaged or incomplete."""
    try:
        if content.startswith(_GZIP):
            return gzip.decompress(content)
        if content.startswith(_ZSTD):
            import pyarrow as pa

            return bytes(pa.CompressedInputStream(io.BytesIO(content), "zstd").read())
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{name} cannot be unpacked ({error}): it is damaged or incomplete, so get it again") from None
    return content


def _read_file(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except FileNotFoundError:
        raise InputError(f"no file {name}: check the path, or give - for standard input") from None
    except IsADirectoryError:
        raise InputError(f"{name} is a folder: give a file in it, or all of them as '{Path(name) / '*'}'") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"{name} cannot be read ({reason}): check the path and its permissions") from None
