"""Names of inputs: globs, suffixes, and addresses, which are fetched."""

from __future__ import annotations

from collections.abc import Iterable
from glob import glob, has_magic
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from dedupe.errors import InputError

_PACKED_SUFFIXES = (".gz", ".gzip", ".zst", ".zstd")
_TIMEOUT = 30  # seconds
_MAX_BYTES = 200_000_000  # read from an address
_USER_AGENT = "headline-dedupe (+feed reader)"


def expand(names: Iterable[str | Path]) -> list[str]:
    """Return names with each glob replaced by what it matches but folders, sorted; `InputError` for a glob without any."""
    inputs: list[str] = []
    for name in map(str, names):
        if has_magic(name) and not is_address(name) and not Path(name).exists():
            matches = sorted(match for match in glob(name, recursive=True) if not Path(match).is_dir())
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


def fetch(address: str) -> tuple[bytes, str | None]:
    """Return what an address holds, still packed, and the encoding that its server declares, if any."""
    request = Request(address, headers={"User-Agent": _USER_AGENT, "Accept-Encoding": "gzip"})
    try:
        with urlopen(request, timeout=_TIMEOUT) as response:
            content: bytes = response.read(_MAX_BYTES + 1)
            charset = response.headers.get_content_charset()
    except (URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        if isinstance(error, HTTPError):
            error.close()
            reason = error
        raise InputError(f"{address} cannot be fetched ({reason}): check the address and the network") from None
    if len(content) > _MAX_BYTES:
        raise InputError(f"{address} is larger than {_MAX_BYTES // 10**6} MB: download it and give the file")
    return content, charset
