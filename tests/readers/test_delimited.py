"""CSV, TSV and JSON Lines: rows, columns, and bad lines."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe import Columns, InputError, read_headlines
from dedupe.readers.delimited import read_csv
from tests.support.command_line import run
from tests.support.headline_files import TITLES, titles, write

SPREADSHEET = Path(__file__).parents[1] / "fixtures" / "spreadsheet.csv"


cell = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@settings(deadline=None, max_examples=50)
@given(table=st.lists(st.tuples(cell, cell), min_size=1, max_size=6), delimiter=st.sampled_from(",;\t|"))
def test_csv_round_trip(table, delimiter):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([("title", "note"), *table])
    rows = read_csv(out.getvalue(), "x.csv", delimiter, skip_bad=False)
    assert rows.columns == ["title", "note"]
    assert [tuple(row.values()) for row in rows.records] == table


@settings(deadline=None, max_examples=50)
@given(table=st.lists(st.tuples(cell, cell), min_size=1, max_size=6), delimiter=st.sampled_from(",;\t|"))
def test_file_round_trip_in_utf_16(tmp_path_factory, table, delimiter):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([("id", "title"), *table])
    path = write(tmp_path_factory.mktemp("csv") / "a.csv", out.getvalue(), "utf-16")
    source = read_headlines(path)
    assert [tuple(headline.columns.values()) for headline in source.headlines] == table


def test_one_column_with_a_header(tmp_path):
    source = read_headlines(write(tmp_path / "a.csv", 'headline\n"Fire, flood"\n""\nRates rise\n'))
    assert source.format == "csv" and titles(source) == ["Fire, flood", "", "Rates rise"]


def test_blank_lines_of_a_table_are_ignored(tmp_path):
    source = read_headlines(write(tmp_path / "a.csv", "\n  \ntitle,note\n\nOne,1\n   \n,\n"))
    assert titles(source) == ["One", ""]


def test_an_open_quote_does_not_swallow_the_rows_after_it(tmp_path):
    path = write(tmp_path / "a.csv", 'title,note\nA,1\n"Open quote,2\nB,3\n"C\nc",4\nD\nE,5\n')
    with pytest.raises(InputError, match="line 3: a quote is opened"):
        read_headlines(path)
    source = read_headlines(path, skip_bad=True)
    assert titles(source) == ["A", "B", "C\nc", "E"] and source.rejects == ['"Open quote,2', "D"]


def test_quotes_of_a_tab_separated_file_may_be_text(tmp_path):
    text = 'title\tyear\n"Foo" says man\t2024\n"Open quote title\t2024\nThird row\t2025\n'
    source = read_headlines(write(tmp_path / "a.tsv", text))
    assert titles(source) == ['"Foo" says man', '"Open quote title', "Third row"]


def test_skip_bad_keeps_the_rest_and_the_rejects(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"title": "One"}\nnonsense\n{"title": "Two"}\n')
    source = read_headlines(path, skip_bad=True)
    assert titles(source) == ["One", "Two"] and source.rejects == ["nonsense"]
    path = write(tmp_path / "a.csv", 'title,note\nOne,1\n"Two\nlines"\nThree,3\n')
    source = read_headlines(path, skip_bad=True)
    assert titles(source) == ["One", "Three"] and source.rejects == ['"Two\nlines"']


def test_a_title_of_a_megabyte_and_nul_bytes(tmp_path):
    source = read_headlines(write(tmp_path / "a.csv", f"title,note\n{'word ' * 200_000},1\nnul\0byte,2\n"))
    assert len(source.headlines[0].title) > 900_000 and source.headlines[1].title == "nul\0byte"


def test_a_spreadsheet_s_export_with_semicolons_in_utf_16(fake_encoder):
    """Written by Gnumeric: ssconvert -T Gnumeric_stf:stf_assistant -O 'separator=; charset=UTF-16 eol=windows'."""
    source = read_headlines(SPREADSHEET, columns=Columns(date="Datum", source="quelle"))
    assert titles(source) == ["Fähre sinkt; drei Tote", 'Bank says "no" to cut', "=Museum reopens"]
    assert [h.published.day for h in source.headlines] == [16, 17, 18]
    assert source.headlines[0].source == "Küstenblatt"
    assert "delimiter ';'" in source.notes[0] and "utf-16" in source.notes[0]


def test_json_lines_keep_every_column(tmp_path):
    rows = [{"n": 1, "title": "Rates rise", "tags": ["a"]}, {"title": None, "x": {"y": 2}}, "A bare title of a line"]
    source = read_headlines(write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, rows))))
    assert [h.row for h in source.headlines] == [rows[0], rows[1], {"title": rows[2]}]
    assert titles(source) == ["Rates rise", "", "A bare title of a line"]


def test_json_array(tmp_path):
    source = read_headlines(write(tmp_path / "a.json", json.dumps([{"headline": "Rates rise again"}])))
    assert titles(source) == ["Rates rise again"]


def test_json_rejects_are_the_raw_lines(tmp_path):
    source = read_headlines(write(tmp_path / "a.jsonl", '{"title": "x"}\n[1,  2]\nnull\n'), skip_bad=True)
    assert titles(source) == ["x"] and source.rejects == ["[1,  2]", "null"]
    assert source.notes[-1] == "2 bad lines skipped"


def test_bare_titles_among_objects_share_their_column(tmp_path):
    source = read_headlines(write(tmp_path / "a.jsonl", '"Bare"\n{"headline": "Whole", "n": 1}\n'))
    assert titles(source) == ["Bare", "Whole"] and source.columns == ["headline", "n"]


def test_nested_stories_of_cluster_can_be_read(tmp_path, fake_encoder):
    (tmp_path / "a.txt").write_text("\n".join([*TITLES, TITLES[0].upper()]), "utf-8")
    assert run("cluster", tmp_path / "a.txt", "-o", tmp_path / "stories.json").exit_code == 0
    source = read_headlines(tmp_path / "stories.json")
    assert titles(source) == [*TITLES, TITLES[0].upper()] and source.columns[:2] == ["title", "dedupe_story"]
    (tmp_path / "bad.json").write_text('{"stories": [{"a": 1}]}', "utf-8")
    with pytest.raises(InputError, match="not stories as"):
        read_headlines(tmp_path / "bad.json")


def test_named_columns_are_found_whatever_their_case(tmp_path):
    path = write(tmp_path / "a.csv", "Kicker,Text,When\nA,Rates rise,2025-01-01\n")
    source = read_headlines(path, columns=Columns(title="kicker", date="When"))
    assert titles(source) == ["A"] and source.headlines[0].published.year == 2025


def test_a_named_title_column_makes_a_table(tmp_path):
    path = write(tmp_path / "a", "kicker,note\nA,1\nB,2\n")
    assert titles(read_headlines(path, columns=Columns(title="Kicker"))) == ["A", "B"]
    with pytest.raises(InputError, match="no column 'when', it was read as lines"):
        read_headlines(path, columns=Columns(date="when"))


def test_spelled_tab_as_delimiter(tmp_path):
    path = write(tmp_path / "a.txt", "title\tnote\nA, b\t1\n")
    assert titles(read_headlines(path, delimiter="\\t")) == titles(read_headlines(path, delimiter="tab")) == ["A, b"]
