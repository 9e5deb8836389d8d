"""Detection of the format, and errors that name the place."""

from __future__ import annotations

import csv
import io
import re

import pytest

from dedupe import Columns, InputError, read_headlines
from dedupe.readers import FORMATS
from tests.support.headline_files import feed, titles, write


def test_the_format_can_be_named(tmp_path):
    (tmp_path / "a").write_bytes(feed("rss"))
    assert set(FORMATS) == {"lines", "csv", "tsv", "jsonl", "parquet", "xlsx", "sqlite", "feed", "opml", "page"}
    assert titles(read_headlines(tmp_path / "a", input_format="lines"))[0].startswith("<?xml")
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        read_headlines(tmp_path / "a", input_format="parquet")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_table_without_a_telling_name(tmp_path, delimiter):
    rows = [["id", "headline", "published"], ["1", f"One{delimiter} two", "2025-08-16"], ["2", 'Say "no"', "x"]]
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    source = read_headlines(write(tmp_path / "export.txt", out.getvalue(), "utf-16"))
    assert titles(source) == [f"One{delimiter} two", 'Say "no"']
    assert source.columns == rows[0]
    assert [h.row for h in source.headlines] == [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    assert source.headlines[0].published is not None and source.headlines[1].bad_date == "x"


@pytest.mark.parametrize("ending", ["csv", "txt"])
def test_titles_with_commas_are_lines_whatever_the_ending(tmp_path, ending):
    text = "Fire, flood and fear in one week\nMayor, wife, son and dog leave town\nRates rise again\n"
    source = read_headlines(write(tmp_path / f"a.{ending}", text))
    assert source.format == "lines" and titles(source) == text.splitlines()


def test_a_title_that_has_the_word_title_between_commas_is_no_header(tmp_path):
    text = "Boxer wins, title, and hearts\nRates rise again this year\nRain falls on the coast\n"
    assert read_headlines(write(tmp_path / "a.txt", text)).format == "lines"


def test_a_title_in_brackets_is_not_json(tmp_path):
    source = read_headlines(write(tmp_path / "a.txt", '["The Daily"] returns on Monday\nRates rise\n'))
    assert source.format == "lines" and len(source.headlines) == 2


def test_a_line_ends_at_line_ends_only(tmp_path):
    text = "Old title\x0bwith a tab\u2028and a separator\rSecond title\r\nThird title\n"
    assert len(read_headlines(write(tmp_path / "a.txt", text)).headlines) == 3


@pytest.mark.slow
@pytest.mark.parametrize("filler", [".", '"', "(", " ", "word ", "by A", "more in "])
def test_a_megabyte_of_anything_is_read(tmp_path, filler):
    text = "Rates rise again this year\n" + filler * (1_000_000 // len(filler)) + "x\nRain falls on the coast\n"
    assert len(read_headlines(write(tmp_path / "a.txt", text)).headlines) == 3
    assert len(read_headlines(tmp_path / "a.txt", input_format="page").headlines) >= 2


@pytest.mark.parametrize(
    ("name", "content", "options", "message"),
    [
        ("a.csv", "title,note\nOne,1\nTwo\n", {}, "line 3: 1 fields where the header has 2"),
        ("a.csv", "title,note\nOne,1\nTwo,2,3\n", {}, "line 3: 3 fields"),
        ("a.csv", "title,note\n", {}, "has no rows"),
        ("a.csv", "kicker,note\nx,y\n", {}, "no title column among kicker, note"),
        ("a.csv", "title,note\nx,y\n", {"columns": Columns(title="titel")}, "did you mean 'title'"),
        ("a.csv", "title,title\nx,y\n", {}, "more than one column is called 'title'"),
        ("a.jsonl", '{"title": "x"}\n{"title": \n', {}, "line 2: not JSON"),
        ("a.jsonl", '{"title": "x"}\n17\n', {}, "line 2: 17 where an object or a title is expected"),
        ("a.json", '["x", ', {}, "not a JSON array"),
        ("a.txt", "", {}, "is empty"),
        ("a.txt", "\n \n", {}, "is empty"),
        ("a.txt", b"caf\xe9", {"encoding": "utf-8"}, "byte 3 is not utf-8"),
        ("a.txt", "x", {"encoding": "klingon"}, "no encoding is called 'klingon'"),
        ("a.txt", "x", {"input_format": "xml"}, "not one of lines, csv"),
        ("a.txt", "Home\nLog in\n", {"input_format": "page"}, "no headline found"),
    ],
)
def test_errors_name_the_problem_and_the_place(tmp_path, name, content, options, message):
    path = write(tmp_path / name, content)
    with pytest.raises(InputError, match=re.escape(message)) as error:
        read_headlines(path, **options)
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value) or "input_format" in options
