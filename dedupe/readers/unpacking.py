"""Bytes -> unpacked bytes: gzip and zstd, recognised by content, a piece at a time and up to a limit."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from dedupe.errors import InputError, one_line

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_PIECE = 16_384  # bytes unpacked at a time; where an input is damaged, at most so many before the damage are lost
_READ = 1 << 20  # bytes read at a time
_MAX_SIZE = 2_000_000_000  # bytes
_MAX_RATIO = 200  # text is packed to a fifth or a tenth
_SMALL = 64_000_000  # bytes that any input may unpack to
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)B?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SizeLimit:
    """The most bytes that an input may have in memory, and how many times its packed size from 64 MB on."""

    size: int = _MAX_SIZE
    ratio: int | None = _MAX_RATIO

    @classmethod
    def of(cls, size: int | str | None) -> SizeLimit:
        """Return the limit of a size in bytes, or such as "5 GB", whatever the ratio; None is the default."""
        if size is None:
            return cls()
        match = _SIZE.fullmatch(str(size).strip())
        bytes_ = int(float(match[1]) * _UNITS[match[2].upper()]) if match else 0
        if bytes_ < 1:
            raise InputError(f"max_size {size!r} is not a size: write a number of bytes, or one such as 500MB or 5GB")
        return cls(bytes_, None)

    def check(self, size: int, packed: int, name: str) -> None:
        """Raise `InputError` where an input that has `packed` bytes has `size` bytes unpacked, and that is too much."""
        if size > self.size:
            much = f"is larger than {_shown(self.size)}"
        elif self.ratio and size > max(_SMALL, self.ratio * packed):
            much = f"unpacks to over {self.ratio} times its size"
        else:
            return
        raise InputError(f"{name} {much}, which is refused: split it, or raise the limit with --max-size")


def read_all(file: BinaryIO, start: bytes, name: str, limit: SizeLimit) -> bytes:
    """Return `start` and the rest of the file; `InputError` as soon as it exceeds the limit."""
    parts, size = [start], len(start)
    while part := file.read(_READ):
        parts.append(part)
        size += len(part)
        limit.check(size, size, name)
    return b"".join(parts)


def unpack(data: bytes, name: str, limit: SizeLimit, *, skip_bad: bool = False) -> tuple[bytes, str]:
    """Return data unpacked, or as it is, and why its end is missing ("" if nothing is).

    Raises `InputError` for more than the limit, and for data that are damaged or cut; with `skip_bad`, only if nothing comes
    before the damage.
    """
    if not data.startswith((_GZIP, _ZSTD)):
        return data, ""
    parts, size, damage = list[bytes](), 0, ""
    try:
        for part in _gunzipped(data) if data.startswith(_GZIP) else _from_zstd(data):
            parts.append(part)
            size += len(part)
            limit.check(size, len(data), name)
    except (OSError, EOFError, zlib.error) as error:
        damage = one_line(error)
        if not (skip_bad and size):
            advice = "it is damaged or incomplete, so get it again" + ", or add --skip-bad to read its start" * (
                size > 0
            )
            raise InputError(f"{name} cannot be unpacked ({damage}): {advice}") from None
    return b"".join(parts), damage


def _gunzipped(data: bytes) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
        while part := file.read1(_PIECE):  # `read` would lose what comes before damage
            yield part


def _from_zstd(data: bytes) -> Iterator[bytes]:
    import pyarrow as pa

    with pa.CompressedInputStream(pa.BufferReader(data), "zstd") as stream:
        while part := stream.read(_PIECE):
            yield part


def _shown(size: int) -> str:
    unit = max((unit for unit, factor in _UNITS.items() if size >= factor), key=_UNITS.__getitem__)
    return f"{size / _UNITS[unit]:g} {unit}B" if unit else f"{size} bytes"
