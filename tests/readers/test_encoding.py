"""Text in every encoding, and bytes that are not text."""

from __future__ import annotations

import http.server
from contextlib import contextmanager

import pytest

from dedupe import InputError, read_headlines
from dedupe.readers.encoding import decode
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


RUSSIAN, JAPANESE, CHINESE = "Мэр открыл новый мост через реку", "市長が新しい橋を開通させた", "市长开放新桥并发表讲话"
DECLARED = [  # the label, what browsers take it for, text
    ("windows-1251", "cp1251", RUSSIAN),
    ("koi8-r", "koi8-r", RUSSIAN),
    ("Shift_JIS", "cp932", JAPANESE + "①"),
    ("EUC-JP", "euc_jp", JAPANESE),
    ("iso-2022-jp", "iso2022_jp", JAPANESE),
    ("gb2312", "gb18030", CHINESE + "镕"),
    ("big5", "big5hkscs", "市長開放新橋並發表講話"),
    ("ks_c_5601-1987", "cp949", "시장이 새 다리를 개통했다"),
    ("iso-8859-1", "cp1252", "Café “owner” wins prize – at last"),
    ("iso-8859-2", "iso8859-2", "Łódź otwiera nowe źródło"),
    ("iso-8859-15", "iso8859-15", "Œuvre à 5 € vendue"),
    ("iso-8859-7", "iso8859-7", "Ο δήμαρχος άνοιξε τη γέφυρα"),
    ("tis-620", "cp874", "นายกเทศมนตรีเปิดสะพานใหม่"),
    ("utf-8", "utf-8", JAPANESE),
]
FEED = '<?xml version="1.0" encoding="{}"?>\n'
FEED += '<rss version="2.0"><channel><item><title>{} again today, says the mayor</title></item></channel></rss>'
PAGE = "<!doctype html><html><head>{}</head><body><h1>{} again today, says the mayor</h1></body></html>"
METAS = (
    '<meta charset="{}">',
    "<META CHARSET={}>",
    '<!-- <meta charset="utf-16"> --><meta http-equiv="Content-Type" content="text/html; charset={}">',
)


@pytest.mark.parametrize(("label", "encoding", "text"), DECLARED)
def test_declared_encodings(tmp_path, label, encoding, text):
    documents = [FEED.format(label, text), *(PAGE.format(meta.format(label), text) for meta in METAS)]
    for document in documents:
        source = read_headlines(write(tmp_path / "a", document, encoding))
        assert titles(source) == [f"{text} again today, says the mayor"], document
        assert source.format == ("feed" if "<rss" in document else "page")
        assert not any("but it was read as" in note for note in source.notes)


@pytest.mark.parametrize(("label", "encoding", "text"), DECLARED)
def test_an_encoding_that_a_server_declares(label, encoding, text):
    for plain in (f"{text}\n", f"title\n{text}\n", PAGE.format("", text)):
        decoded = decode(plain.encode(encoding), "x", charset=label)
        assert decoded.text == plain and decoded.notes == []


def test_the_header_of_a_server_is_used(server):
    folder, address = server
    (folder / "news.txt").write_bytes(f"{RUSSIAN}\n".encode("koi8-r"))
    (folder / "news.html").write_bytes(PAGE.format('<meta charset="windows-1251">', RUSSIAN).encode("cp1251"))
    with charset_of_all("koi8-r"):
        assert titles(read_headlines(f"{address}/news.txt")) == [RUSSIAN]
        source = read_headlines(f"{address}/news.html")
    assert titles(source) == [f"{RUSSIAN} again today, says the mayor"]
    assert "its server says koi8-r, but it was read as cp1251" in source.notes[-1]


@contextmanager
def charset_of_all(charset):
    types = http.server.SimpleHTTPRequestHandler.extensions_map
    before = dict(types)
    types.update({".txt": f"text/plain; charset={charset}", ".html": f"text/html; charset={charset}"})
    yield
    types.clear()
    types.update(before)


@pytest.mark.parametrize(
    ("content", "charset", "encoding", "said"),
    [
        (FEED.format("windows-1251", RUSSIAN).encode("cp1251"), "utf-8", "cp1251", "its server says utf-8"),
        (FEED.format("iso-8859-1", RUSSIAN).encode(), None, "utf-8", "its XML declaration says cp1252"),
        (FEED.format("gb2312", RUSSIAN).encode(), None, "utf-8", "its XML declaration says gb18030"),
        (FEED.format("utf-8", "Café").encode("cp1252"), None, "cp1252", "its XML declaration says utf-8"),
        (FEED.format("utf-8", RUSSIAN).encode("utf-16"), None, "utf-16", "its XML declaration says utf-8"),
        (FEED.format("koi8-r", RUSSIAN).encode("utf-8-sig"), "utf-8", "utf-8-sig", "its XML declaration says koi8-r"),
        (
            PAGE.format('<meta charset="big5">', RUSSIAN).encode("cp1251"),
            "cp1251",
            "cp1251",
            "its <meta> says big5hkscs",
        ),
    ],
)
def test_a_note_tells_of_declarations_that_disagree(content, charset, encoding, said):
    decoded = decode(content, "feed.xml", charset=charset)
    assert decoded.encoding == encoding
    (note,) = decoded.notes
    assert note.startswith("feed.xml: ") and said in note and note.endswith(f"but it was read as {decoded.encoding}")


@pytest.mark.parametrize(
    "label", ["rot13", "hex", "zlib", "punycode", "idna", "utf-7", "unicode_escape", "no-such", "x" * 999]
)
def test_a_declaration_chooses_no_codec_that_is_not_for_text(tmp_path, label):
    text = "Café +AGE- \\u0041 opens"
    source = read_headlines(write(tmp_path / "a", FEED.format(label, text)))
    assert titles(source) == [f"{text} again today, says the mayor"]


def test_text_that_is_ascii_needs_no_note(tmp_path):
    for label in ("windows-1251", "utf-16", "us-ascii", "shift_jis"):
        source = read_headlines(write(tmp_path / "a", FEED.format(label, "Rates rise")))
        assert titles(source) == ["Rates rise again today, says the mayor"] and len(source.notes) == 1


def test_a_few_bytes_that_a_declared_encoding_lacks_do_not_spoil_the_rest(tmp_path):
    content = FEED.format("Shift_JIS", JAPANESE * 9).encode("cp932").replace(b" again", b"\x81 again")
    source = read_headlines(write(tmp_path / "a", content))
    assert titles(source) == [f"{JAPANESE * 9}\ufffd again today, says the mayor"]


def test_a_title_that_speaks_of_a_declaration_declares_nothing(tmp_path):
    text = 'Café says <meta charset="windows-1251"> is old\nWhy <?xml encoding="koi8-r"?> fails\n'
    assert titles(read_headlines(write(tmp_path / "a.txt", text))) == text.splitlines()


def test_the_named_encoding_wins(tmp_path):
    path = write(tmp_path / "a", FEED.format("utf-8", RUSSIAN), "cp1251")
    assert titles(read_headlines(path, encoding="windows-1251")) == [f"{RUSSIAN} again today, says the mayor"]
