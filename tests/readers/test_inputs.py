"""Reading: formats, encodings, columns, and what is said of bad input."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe import InputError, read_headlines
from dedupe.readers.delimited import read_csv
from dedupe.readers.inputs import Columns


def write(tmp_path, name, content, encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def titles(source):
    return [headline.title for headline in source.headlines]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"])
def test_encodings(tmp_path, encoding):
    text = "Café owner wins prize after ten years\nMayor opens the new bridge over the río\n"
    source = read_headlines(write(tmp_path, "titles.txt", text, encoding))
    assert titles(source) == text.splitlines()
    assert source.format == "lines"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_table_without_a_telling_name(tmp_path, delimiter):
    rows = [["id", "headline", "published"], ["1", f"One{delimiter} two", "2025-08-16"], ["2", 'Say "no"', "x"]]
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    source = read_headlines(write(tmp_path, "export.txt", out.getvalue(), "utf-16"))
    assert titles(source) == [f"One{delimiter} two", 'Say "no"']
    assert source.columns == rows[0]
    assert [h.row for h in source.headlines] == [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    assert source.headlines[0].published is not None and source.headlines[1].bad_date == "x"


cell = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@settings(deadline=None, max_examples=50)
@given(table=st.lists(st.tuples(cell, cell), min_size=1, max_size=6), delimiter=st.sampled_from(",;\t|"))
def test_csv_round_trip(table, delimiter):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([("title", "note"), *table])
    rows, header = read_csv(out.getvalue(), "x.csv", delimiter, skip_bad=False)
    assert header == ["title", "note"]
    assert [tuple(row.values()) for row in rows.found] == table


def test_titles_with_commas_are_lines_and_not_a_table(tmp_path):
    text = "Fire, flood and fear in one week\nMayor, wife and dog leave town\nRates rise\n"
    assert read_headlines(write(tmp_path, "a.txt", text)).format == "lines"


def test_json_lines_keep_every_column(tmp_path):
    rows = [{"n": 1, "title": "Rates rise", "tags": ["a"]}, {"title": None, "x": {"y": 2}}, "A bare title of a line"]
    source = read_headlines(write(tmp_path, "a.jsonl", "\n".join(map(json.dumps, rows))))
    assert [h.row for h in source.headlines] == [rows[0], rows[1], {"title": rows[2]}]
    assert titles(source) == ["Rates rise", "", "A bare title of a line"]


def test_json_array(tmp_path):
    source = read_headlines(write(tmp_path, "a.json", json.dumps([{"headline": "Rates rise again"}])))
    assert titles(source) == ["Rates rise again"]


def test_asked_columns_and_case(tmp_path):
    path = write(tmp_path, "a.csv", "Kicker,Text,When\nA,Rates rise,2025-01-01\n")
    source = read_headlines(path, columns=Columns(title="kicker", date="When"))
    assert titles(source) == ["A"] and source.headlines[0].published.year == 2025


@pytest.mark.parametrize(
    ("name", "content", "options", "said"),
    [
        ("a.csv", "title,note\nOne,1\nTwo\n", {}, "line 3: 1 fields where the header has 2"),
        ("a.csv", "title,note\nOne,1\nTwo,2,3\n", {}, "line 3: 3 fields"),
        ("a.csv", "title,note\n", {}, "has no rows"),
        ("a.csv", "kicker,note\nx,y\n", {}, "no title column among kicker, note"),
        ("a.csv", "title,note\nx,y\n", {"columns": Columns(title="titel")}, "did you mean 'title'"),
        ("a.csv", "title,title\nx,y\n", {}, "more than once"),
        ("a.jsonl", '{"title": "x"}\n{"title": \n', {}, "line 2: not JSON"),
        ("a.jsonl", '{"title": "x"}\n17\n', {}, "line 2: a number"),
        ("a.json", '["x", ', {}, "not a JSON array"),
        ("a.txt", "", {}, "is empty"),
        ("a.txt", "\n \n", {}, "is empty"),
        ("a.txt", b"caf\xe9", {"encoding": "utf-8"}, "byte 3 is not utf-8"),
        ("a.txt", "x", {"encoding": "klingon"}, "no encoding is called 'klingon'"),
        ("a.txt", "x", {"input_format": "xml"}, "not one of lines, csv"),
        ("a.txt", "Home\nLog in\n", {"input_format": "page"}, "no headline found"),
    ],
)
def test_bad_input_says_what_and_where(tmp_path, name, content, options, said):
    path = write(tmp_path, name, content)
    with pytest.raises(InputError, match=said.replace("(", r"\(")) as caught:
        read_headlines(path, **options)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value) or "input_format" in options


def test_missing_file_and_directory(tmp_path):
    with pytest.raises(InputError, match="no file"):
        read_headlines(tmp_path / "nothing.csv")
    with pytest.raises(InputError, match="is a directory"):
        read_headlines(tmp_path)


def test_skip_bad_keeps_the_rest_and_the_rejects(tmp_path):
    path = write(tmp_path, "a.jsonl", '{"title": "One"}\nnonsense\n{"title": "Two"}\n')
    source = read_headlines(path, skip_bad=True)
    assert titles(source) == ["One", "Two"] and source.rejects == ["nonsense"]
    path = write(tmp_path, "a.csv", 'title,note\nOne,1\n"Two\nlines"\nThree,3\n')
    source = read_headlines(path, skip_bad=True)
    assert titles(source) == ["One", "Three"] and source.rejects == ['"Two\nlines"']


def test_a_title_of_a_megabyte_and_nul_bytes(tmp_path):
    source = read_headlines(write(tmp_path, "a.csv", f"title,note\n{'word ' * 200_000},1\nnul\0byte,2\n"))
    assert len(source.headlines[0].title) > 900_000 and source.headlines[1].title == "nul\0byte"


def test_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"Rates rise\nRain falls\n")))
    assert titles(read_headlines("-")) == ["Rates rise", "Rain falls"]


@pytest.mark.parametrize("ending", ["csv", "txt"])
def test_titles_with_commas_are_lines_whatever_the_ending(tmp_path, ending):
    text = "Fire, flood and fear in one week\nMayor, wife, son and dog leave town\nRates rise again\n"
    source = read_headlines(write(tmp_path, f"a.{ending}", text))
    assert source.format == "lines" and titles(source) == text.splitlines()


def test_one_column_with_a_header(tmp_path):
    source = read_headlines(write(tmp_path, "a.csv", 'headline\n"Fire, flood"\n""\nRates rise\n'))
    assert source.format == "csv" and titles(source) == ["Fire, flood", "", "Rates rise"]


@settings(deadline=None, max_examples=50)
@given(table=st.lists(st.tuples(cell, cell), min_size=1, max_size=6), delimiter=st.sampled_from(",;\t|"))
def test_file_round_trip_in_utf_16(tmp_path_factory, table, delimiter):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([("id", "title"), *table])
    path = write(tmp_path_factory.mktemp("csv"), "a.csv", out.getvalue(), "utf-16")
    source = read_headlines(path)
    assert [tuple(headline.columns.values()) for headline in source.headlines] == table


def test_blank_lines_of_a_table_count_for_nothing(tmp_path):
    source = read_headlines(write(tmp_path, "a.csv", "\n  \ntitle,note\n\nOne,1\n   \n,\n"))
    assert titles(source) == ["One", ""]


def test_an_open_quote_does_not_take_the_rows_after_it(tmp_path):
    path = write(tmp_path, "a.csv", 'title,note\nA,1\n"Open quote,2\nB,3\n"C\nc",4\nD\nE,5\n')
    with pytest.raises(InputError, match="line 3: a quote is opened"):
        read_headlines(path)
    source = read_headlines(path, skip_bad=True)
    assert titles(source) == ["A", "B", "C\nc", "E"] and source.rejects == ['"Open quote,2', "D"]


def test_quotes_of_a_tab_separated_file_may_be_text(tmp_path):
    text = 'title\tyear\n"Foo" says man\t2024\n"Open quote title\t2024\nThird row\t2025\n'
    source = read_headlines(write(tmp_path, "a.tsv", text))
    assert titles(source) == ['"Foo" says man', '"Open quote title', "Third row"]


def test_bare_titles_among_objects_share_their_column(tmp_path):
    source = read_headlines(write(tmp_path, "a.jsonl", '"Bare"\n{"headline": "Whole", "n": 1}\n'))
    assert titles(source) == ["Bare", "Whole"] and source.columns == ["headline", "n"]


def test_a_named_title_column_makes_a_table(tmp_path):
    path = write(tmp_path, "a", "kicker,note\nA,1\nB,2\n")
    assert titles(read_headlines(path, columns=Columns(title="Kicker"))) == ["A", "B"]
    with pytest.raises(InputError, match="no column 'when', it was read as lines"):
        read_headlines(path, columns=Columns(date="when"))


def test_spelled_tab_as_delimiter(tmp_path):
    path = write(tmp_path, "a.txt", "title\tnote\nA, b\t1\n")
    assert titles(read_headlines(path, delimiter="\\t")) == titles(read_headlines(path, delimiter="tab")) == ["A, b"]


def test_json_rejects_are_the_raw_lines(tmp_path):
    source = read_headlines(write(tmp_path, "a.jsonl", '{"title": "x"}\n[1,  2]\nnull\n'), skip_bad=True)
    assert titles(source) == ["x"] and source.rejects == ["[1,  2]", "null"]
    assert source.notes[-1] == "2 bad lines skipped"


def test_a_title_in_brackets_is_not_json(tmp_path):
    source = read_headlines(write(tmp_path, "a.txt", '["The Daily"] returns on Monday\nRates rise\n'))
    assert source.format == "lines" and len(source.headlines) == 2


@pytest.mark.parametrize(
    "text", ["Señor año niño", "Forêt brûlée à l’été, déjà vu", "“Smart” quotes – dashes", "Müller gewinnt in Köln"]
)
def test_western_text_keeps_its_accents(tmp_path, text):
    source = read_headlines(write(tmp_path, "a.txt", text, "cp1252"))
    assert titles(source) == [text] and "cp1252" in source.notes[0]


def test_stray_bytes_do_not_spoil_a_utf_8_file(tmp_path):
    source = read_headlines(write(tmp_path, "a.txt", "Café opens\nBär gefunden\n".encode() + b"caf\xe9 closes\n"))
    assert titles(source) == ["Café opens", "Bär gefunden", "café closes"] and "1 stray" in source.notes[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x1f\x8b\x08\x00", "cannot be unpacked"),
        (b"PK\x03\x04rest", "is a zip"),
        (bytes(range(256)), "is not text"),
        ("Rates rise".encode("utf-16") + b"x", "as its first bytes say"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path, content, said):
    with pytest.raises(InputError, match=said):
        read_headlines(write(tmp_path, "a.txt", content))


@pytest.mark.parametrize("encoding", ["a\0", "rot13", "idna"])
def test_an_encoding_that_cannot_be_used_is_an_input_error(tmp_path, encoding):
    with pytest.raises(InputError):
        read_headlines(write(tmp_path, "a.txt", b"\xff.a"), encoding=encoding)


def test_a_line_ends_at_line_ends_only(tmp_path):
    text = "Old title\x0bwith a tab\u2028and a separator\rSecond title\r\nThird title\n"
    assert len(read_headlines(write(tmp_path, "a.txt", text)).headlines) == 3


def test_a_title_that_has_the_word_title_between_commas_is_no_header(tmp_path):
    text = "Boxer wins, title, and hearts\nRates rise again this year\nRain falls on the coast\n"
    assert read_headlines(write(tmp_path, "a.txt", text)).format == "lines"


@pytest.mark.parametrize("filler", [".", '"', "(", " ", "word ", "by A", "more in "])
def test_a_megabyte_of_anything_is_read_in_good_time(tmp_path, filler):
    text = "Rates rise again this year\n" + filler * (1_000_000 // len(filler)) + "x\nRain falls on the coast\n"
    assert len(read_headlines(write(tmp_path, "a.txt", text)).headlines) == 3
    assert len(read_headlines(tmp_path / "a.txt", input_format="page").headlines) >= 2
