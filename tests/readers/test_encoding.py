"""Text in every encoding, and bytes that are not text."""

from __future__ import annotations

import pytest

from dedupe import InputError, read_headlines
from tests.support.headline_files import titles, write


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"])
def test_encodings(tmp_path, encoding):
    text = "Café owner wins prize after ten years\nMayor opens the new bridge over the río\n"
    source = read_headlines(write(tmp_path / "titles.txt", text, encoding))
    assert titles(source) == text.splitlines()
    assert source.format == "lines"


@pytest.mark.parametrize(
    "text", ["Señor año niño", "Forêt brûlée à l’été, déjà vu", "“Smart” quotes – dashes", "Müller gewinnt in Köln"]
)
def test_western_text_keeps_its_accents(tmp_path, text):
    source = read_headlines(write(tmp_path / "a.txt", text, "cp1252"))
    assert titles(source) == [text] and "cp1252" in source.notes[0]


def test_stray_bytes_do_not_spoil_a_utf_8_file(tmp_path):
    source = read_headlines(write(tmp_path / "a.txt", "Café opens\nBär gefunden\n".encode() + b"caf\xe9 closes\n"))
    assert titles(source) == ["Café opens", "Bär gefunden", "café closes"] and "1 stray" in source.notes[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x1f\x8b\x08\x00", "cannot be unpacked"),
        (b"PK\x03\x04rest", "is a zip"),
        (bytes(range(256)), "is not text"),
        ("Rates rise".encode("utf-16") + b"x", "as its first bytes say"),
    ],
)
def test_bytes_that_are_not_text_are_refused(tmp_path, content, message):
    with pytest.raises(InputError, match=message):
        read_headlines(write(tmp_path / "a.txt", content))


@pytest.mark.parametrize("encoding", ["a\0", "rot13", "idna"])
def test_an_encoding_that_cannot_be_used_is_an_input_error(tmp_path, encoding):
    with pytest.raises(InputError):
        read_headlines(write(tmp_path / "a.txt", b"\xff.a"), encoding=encoding)
