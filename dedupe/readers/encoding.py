"""Bytes -> text: byte-order marks, UTF-8, UTF-16 without a mark, and a guess for what is left."""

from __future__ import annotations

import codecs
import re

from dedupe.errors import InputError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BINARY = {
    b"PK\x03\x04": "a zip or Office file",
    b"%PDF": "PDF",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"SQLite format 3": "an SQLite database",
}
_SAMPLE = 4096
_MANY = 0.4  # share of bytes that are not ASCII: Latin alphabets stay far below, others far above


def decode(raw: bytes, name: str, encoding: str | None = None) -> tuple[str, str]:
    """Return the text and the encoding it was in; `InputError` for what is no text, or not in the given `encoding`."""
    kind = next((kind for mark, kind in _BINARY.items() if raw.startswith(mark)), None)
    if kind is not None:
        raise InputError(f"{name} is {kind} and not text: give it unpacked, or exported as CSV or JSON Lines")
    wanted = encoding or _marked(raw)
    if wanted is not None:
        return _strictly(raw, name, wanted, given=encoding is not None), wanted
    for candidate in (_unmarked_utf16(raw), "utf-8"):
        try:
            if candidate:
                return raw.decode(candidate), candidate
        except UnicodeDecodeError:
            continue
    return _mixed(raw) or _guess(raw, name)


def _strictly(raw: bytes, name: str, encoding: str, *, given: bool) -> str:
    try:
        return raw.decode(encoding).removeprefix("\ufeff")
    except UnicodeError as error:
        at = f"byte {error.start:,}" if isinstance(error, UnicodeDecodeError) else "the text"
        advice = "leave --encoding out to have it detected" if given else "it is damaged, or name another by --encoding"
        raise InputError(
            f"{name}: {at} is not {encoding}{'' if given else ', as its first bytes say'}: {advice}"
        ) from None
    except (LookupError, ValueError):
        raise InputError(f"{name}: no encoding is called {encoding!r}: try utf-8, utf-16 or latin-1") from None


def _marked(raw: bytes) -> str | None:
    return next((encoding for mark, encoding in _MARKS if raw.startswith(mark)), None)


def _unmarked_utf16(raw: bytes) -> str | None:
    """UTF-16 of mostly Latin text has a NUL in every other byte."""
    sample = raw[:_SAMPLE]
    half = len(sample) // 2
    if half < 4:
        return None
    for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if sample[offset::2].count(0) > 0.8 * half and sample[1 - offset :: 2].count(0) < 0.2 * half:
            return encoding
    return None


def _mixed(raw: bytes) -> tuple[str, str] | None:
    """UTF-8 with some stray Windows-1252 bytes, as where two feeds were joined: each byte is read for what it is."""
    text = raw.decode("utf-8", "surrogateescape")
    stray = len(re.findall("[\udc80-\udcff]", text))
    if stray > sum(character > "\x7f" for character in text) - stray:
        return None
    return re.sub("[\udc80-\udcff]", _western, text), f"utf-8 ({stray:,} stray bytes read as cp1252)"


def _western(stray: re.Match[str]) -> str:
    byte = bytes([ord(stray[0]) - 0xDC00])
    try:
        return byte.decode("cp1252")
    except UnicodeDecodeError:
        return byte.decode("latin-1")


def _guess(raw: bytes, name: str) -> tuple[str, str]:
    """Windows-1252, then Latin-1, which every byte is; text mostly not ASCII is left to charset-normalizer."""
    sample = raw[:200_000]
    if sum(byte < 9 or 13 < byte < 32 for byte in sample) > 0.02 * len(sample):
        raise InputError(f"{name} is not text: give CSV, JSON Lines, plain lines or a page, or name its --encoding")
    best = None
    if sum(byte > 127 for byte in sample) > _MANY * len(sample):
        from charset_normalizer import from_bytes

        best = from_bytes(sample).best()
    # On short Western text the detector prefers cp1250, whose accents are wrong, so it is asked only for other scripts.
    for encoding in (*([best.encoding] if best else []), "cp1252"):
        try:
            return raw.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1"), "latin-1"
