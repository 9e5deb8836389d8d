"""Names -> bytes: files, globs, standard input and addresses; gzip and zstd are unpacked, by what the bytes say."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterable
from glob import glob, has_magic
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from dedupe.errors import InputError

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_PACKED = (".gz", ".gzip", ".zst", ".zstd")
_TIMEOUT = 30  # seconds
_LARGEST = 200_000_000  # bytes taken from an address
_AGENT = "headline-dedupe (+feed reader)"


def expanded(names: Iterable[str | Path]) -> list[str]:
    """Return the inputs that names and globs stand for, in order; `InputError` for a glob that no file matches."""
    found: list[str] = []
    for name in map(str, names):
        if has_magic(name) and not is_address(name) and not Path(name).exists():
            matches = sorted(match for match in glob(name, recursive=True) if Path(match).is_file())
            if not matches:
                raise InputError(f"no file matches {name}: check the pattern")
            found += matches
        else:
            found.append(name)
    return found


def is_address(name: str) -> bool:
    """Whether it is to be fetched."""
    return name.lower().startswith(("http://", "https://"))


def ending(name: str) -> str:
    """Return the ending that says what a file holds, in small letters: that under .gz or .zst."""
    path = Path(name.split("?")[0]) if is_address(name) else Path(name)
    return Path(path.stem).suffix.lower() if path.suffix.lower() in _PACKED else path.suffix.lower()


def contents(name: str) -> bytes:
    """Return what a file, standard input ("-") or an address holds, unpacked."""
    take = _fetched if is_address(name) else _read
    return _unpacked(sys.stdin.buffer.read() if name == "-" else take(name), shown(name))


def shown(name: str) -> str:
    """Return the name for messages."""
    return "standard input" if name == "-" else name


def _read(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except FileNotFoundError:
        raise InputError(f"no file {name}: check the path, or give - for standard input") from None
    except IsADirectoryError:
        raise InputError(f"{name} is a directory: give a file in it, or all by '{Path(name) / '*'}'") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"{name} cannot be read ({why}): check the path and its permissions") from None


def _fetched(address: str) -> bytes:
    request = Request(address, headers={"User-Agent": _AGENT, "Accept-Encoding": "gzip"})
    try:
        with urlopen(request, timeout=_TIMEOUT) as response:
            raw: bytes = response.read(_LARGEST + 1)
    except (URLError, OSError, ValueError) as error:
        if isinstance(error, HTTPError):
            error.close()
        why = error if isinstance(error, HTTPError) else getattr(error, "reason", error)
        raise InputError(f"{address} cannot be fetched ({why}): check the address and the network") from None
    if len(raw) > _LARGEST:
        raise InputError(f"{address} is larger than {_LARGEST // 10**6} MB: fetch it to a file and give that")
    return raw


def _unpacked(raw: bytes, name: str) -> bytes:
    try:
        if raw.startswith(_GZIP):
            return gzip.decompress(raw)
        if raw.startswith(_ZSTD):
            import pyarrow as pa

            return bytes(pa.CompressedInputStream(io.BytesIO(raw), "zstd").read())
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{name} cannot be unpacked ({error}): it is damaged or cut short, fetch it again") from None
    return raw
