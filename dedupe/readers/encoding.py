"""Bytes -> text: byte-order marks, declared encodings, UTF-8, UTF-16 without a mark, and a guess for the rest."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

from dedupe.errors import InputError
from dedupe.readers.declared import Declared, declared_encodings, same_encoding

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BINARY = {
    b"PK\x03\x04": "a zip or Office file",
    b"\xd0\xcf\x11\xe0": "an old or password-protected Excel file",
    b"%PDF": "PDF",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"SQLite format 3": "an SQLite database",
}
_HIGH_BYTES = bytes(range(128, 256))
_SURELY_UTF8 = 8  # characters beyond ASCII; of Chinese as GBK, each looks like UTF-8 with a chance of 0.2
_MAX_UNREADABLE = 0.05  # share of the characters that are not ASCII
_SAMPLE = 4096  # bytes that show UTF-16
_GUESS_SAMPLE = 200_000  # bytes
_NON_LATIN = 0.4  # share of non-ASCII bytes: text in Latin alphabets has far fewer, other text far more
_STRAY = re.compile("[\udc80-\udcff]")  # bytes that are not UTF-8, as "surrogateescape" decodes them
_STRAY_AS_CP1252 = {0xDC00 + b: bytes([b]).decode("cp1252", "ignore") or chr(b) for b in range(128, 256)}


class Text(NamedTuple):
    """Decoded text, its encoding, and a note for people where a declared encoding is not the one that was used."""

    text: str
    encoding: str
    notes: list[str]


def decode(
    content: bytes, name: str, encoding: str | None = None, charset: str | None = None, *, cut: bool = False
) -> Text:
    """Return the text, in the first of these encodings: the named one, that of its byte-order mark, the declared ones
    (`charset`: by its server), and the detected one. `cut`: whether the end is missing; a character without its end is dropped.

    Raises `InputError` for content that is not text, or not in the named `encoding`.
    """
    for magic, kind in _BINARY.items():
        if content.startswith(magic):
            raise InputError(f"{name} is {kind} and not text: unpack it, or export it as CSV or JSON Lines")
    mark = next((marked for mark, marked in _BYTE_ORDER_MARKS if content.startswith(mark)), None)
    declared = declared_encodings(content, charset, mark)
    if cut:
        likely = encoding or mark or next((name for name, _ in declared), None) or _unmarked_utf16(content) or "utf-8"
        content = _whole_characters(content, likely)
    if encoding is not None:
        return Text(_decode_as(encoding, content, name, ": leave --encoding out to have it detected"), encoding, [])
    if mark:
        advice = ", as its first bytes say: it is damaged, or name another with --encoding"
        text, used = _decode_as(mark, content, name, advice), mark
    else:
        text, used = _declared(content, declared) or _detected(content, name)
    return Text(text, used, _disagreements(name, declared, used) if mark or not content.isascii() else [])


def _whole_characters(content: bytes, encoding: str) -> bytes:
    """Content without the bytes at its end that only begin a character."""
    try:
        decoder = codecs.getincrementaldecoder(encoding)("replace")
    except LookupError:  # said when it is decoded
        return content
    decoder.decode(content)
    return content[: len(content) - len(decoder.getstate()[0])]


def _declared(content: bytes, declared: list[Declared]) -> tuple[str, str] | None:
    """The text in the first declared encoding that the bytes do not contradict."""
    for encoding, _ in declared:
        if _contradicts(content, encoding):
            continue
        for candidate in (encoding, "latin-1") if encoding == "cp1252" else (encoding,):
            try:
                return content.decode(candidate).removeprefix("\ufeff"), candidate
            except UnicodeError:
                continue
        text = "" if encoding == "utf-8" else content.decode(encoding, "replace")
        bad = text.count("\ufffd")
        if text and bad <= _MAX_UNREADABLE * sum(character > "\x7f" for character in text):
            return text, f"{encoding} ({bad:,} unreadable byte{'s' * (bad > 1)})"
    return None


def _contradicts(content: bytes, encoding: str) -> bool:
    """Whether bytes are UTF-8, which text in another encoding hardly ever is by chance."""
    if encoding == "utf-8" or content.isascii():
        return False
    try:
        others = sum(character > "\x7f" for character in content.decode("utf-8"))
    except UnicodeDecodeError:
        return False
    one_byte_each = len(_HIGH_BYTES.decode(encoding, "replace")) == len(_HIGH_BYTES)
    return others >= (1 if one_byte_each else _SURELY_UTF8)


def _disagreements(name: str, declared: list[Declared], used: str) -> list[str]:
    others = [
        f"{where} says {encoding}" for encoding, where in declared if not same_encoding(encoding, used.split()[0])
    ]
    return [f"{name}: {' and '.join(others)}, but it was read as {used}"] if others else []


def _detected(content: bytes, name: str) -> tuple[str, str]:
    for candidate in (_unmarked_utf16(content), "utf-8"):
        try:
            if candidate:
                return content.decode(candidate), candidate
        except UnicodeDecodeError:
            continue
    return _utf8_with_stray_bytes(content) or _guess(content, name)


def _decode_as(encoding: str, content: bytes, name: str, advice: str) -> str:
    try:
        return content.decode(encoding).removeprefix("\ufeff")
    except UnicodeError as error:
        place = f"byte {error.start:,}" if isinstance(error, UnicodeDecodeError) else "the text"
        raise InputError(f"{name}: {place} is not {encoding}{advice}") from None
    except (LookupError, ValueError):
        raise InputError(f"{name}: no encoding is called {encoding!r}: try utf-8, utf-16 or latin-1") from None


def _unmarked_utf16(content: bytes) -> str | None:
    """Return the byte order of UTF-16 as an encoding: mostly Latin text has a NUL in every second byte."""
    sample = content[:_SAMPLE]
    half = len(sample) // 2
    for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        nuls, others = sample[offset::2].count(0), sample[1 - offset :: 2].count(0)
        if half >= 4 and nuls > 0.8 * half and others < 0.2 * half:
            return encoding
    return None


def _utf8_with_stray_bytes(content: bytes) -> tuple[str, str] | None:
    """UTF-8 with a few bytes of Windows-1252, as after two feeds were joined."""
    text = content.decode("utf-8", "surrogateescape")
    stray = len(_STRAY.findall(text))
    if 2 * stray > sum(character > "\x7f" for character in text):
        return None
    return text.translate(_STRAY_AS_CP1252), f"utf-8 ({stray:,} stray bytes read as cp1252)"


def _guess(content: bytes, name: str) -> tuple[str, str]:
    """Windows-1252, or else Latin-1, which has every byte; charset-normalizer for text that is mostly not ASCII."""
    sample = content[:_GUESS_SAMPLE]
    if sum(byte < 9 or 13 < byte < 32 for byte in sample) > 0.02 * len(sample):
        advice = "give CSV, JSON Lines, plain lines or a page, or name its encoding with --encoding"
        raise InputError(f"{name} is not text: {advice}")
    candidates = ["cp1252"]
    if sum(byte > 127 for byte in sample) > _NON_LATIN * len(sample):
        from charset_normalizer import from_bytes

        # Only for other scripts: on short Western text it prefers cp1250, whose accents are wrong.
        candidates[:0] = [match.encoding for match in [from_bytes(sample).best()] if match]
    for encoding in candidates:
        try:
            return content.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1"), "latin-1"
