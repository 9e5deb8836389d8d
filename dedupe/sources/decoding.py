"""Bytes -> text: byte-order marks, UTF-8, UTF-16 without a mark, and what charset-normalizer makes of the rest."""

from __future__ import annotations

import codecs

from dedupe.errors import InputError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 4096


def decode(raw: bytes, name: str, encoding: str | None = None) -> tuple[str, str]:
    """Return the text and the encoding it was in; `InputError` where a given `encoding` does not fit."""
    try:
        if encoding is not None:
            return raw.decode(encoding).removeprefix("\ufeff"), encoding
        found = _marked(raw) or _unmarked_utf16(raw) or "utf-8"
        return raw.decode(found), found
    except LookupError:
        raise InputError(f"{name}: no encoding is called {encoding!r}: try utf-8, utf-16 or latin-1") from None
    except UnicodeDecodeError as error:
        if encoding is not None:
            what = f"byte {error.start:,} is not {encoding}"
            raise InputError(f"{name}: {what}: leave --encoding out to have it detected") from None
    return _guess(raw)


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


def _guess(raw: bytes) -> tuple[str, str]:
    """Detect a legacy encoding; Windows-1252, then Latin-1, which every byte is, where nothing better is found."""
    from charset_normalizer import from_bytes

    western = ("cp1252", "latin_1")
    best = from_bytes(raw[:200_000], cp_isolation=[*western, "cp1250", "cp1251", "mac_roman"]).best()
    for encoding in (*([best.encoding] if best else []), *western):
        try:
            return raw.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise AssertionError("Latin-1 decodes every byte")
