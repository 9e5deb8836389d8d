"""Names -> bytes: files, globs, standard input and addresses. gzip and zstd are recognised by content and unpacked."""

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
_PACKED_SUFFIXES = (".gz", ".gzip", ".zst", ".zstd")
_TIMEOUT = 30  # seconds
_MAX_BYTES = 200_000_000  # read from an address
_USER_AGENT = "headline-dedupe (+feed reader)"


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


def read_bytes(name: str) -> bytes:
    """Return the unpacked content of a file, an address or standard input ("-"); `InputError` if that fails."""
    read = _fetch if is_address(name) else _read_file
    content = sys.stdin.buffer.read() if name == "-" else read(name)
    try:
        if content.startswith(_GZIP):
            return gzip.decompress(content)
        if content.startswith(_ZSTD):
            import pyarrow as pa

            return bytes(pa.CompressedInputStream(io.BytesIO(content), "zstd").read())
    except (OSError, EOFError, zlib.error) as error:
        source = "standard input" if name == "-" else name
        raise InputError(
            f"{source} cannot be unpacked ({error}): it is damaged or incomplete, so get it again"
        ) from None
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


def _fetch(address: str) -> bytes:
    request = Request(address, headers={"User-Agent": _USER_AGENT, "Accept-Encoding": "gzip"})
    try:
        with urlopen(request, timeout=_TIMEOUT) as response:
            content: bytes = response.read(_MAX_BYTES + 1)
    except (URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        if isinstance(error, HTTPError):
            error.close()
            reason = error
        raise InputError(f"{address} cannot be fetched ({reason}): check the address and the network") from None
    if len(content) > _MAX_BYTES:
        raise InputError(f"{address} is larger than {_MAX_BYTES // 10**6} MB: download it and give the file")
    return content
