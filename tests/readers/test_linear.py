"""Hostile inputs of 300 KB, which took minutes to years when their readers were not linear: they end."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.worst_inputs import INPUTS, read
from dedupe import read_headlines
from dedupe.readers import delimited, read_page
from dedupe.readers.pages import looks_like_html, shallow
from dedupe.text.normalize import MAX_READ, fingerprint, normalize


def titles_of(page):
    return [headline.title for headline in read_page(page).headlines]


SIZE = 300_000
pytestmark = pytest.mark.usefixtures("an_end")


ROWS = {"columns": 8, "marks": 2, "words of one character": 2, "ampersands": 2, "address": 1, "line ends": 1}


@pytest.mark.parametrize("name", INPUTS)
def test_a_hostile_input_ends(tmp_path, name):
    path = tmp_path / INPUTS[name][0]
    path.write_text(INPUTS[name][1](SIZE), encoding="utf-8", newline="")
    rows = read(path, name)
    if name in ROWS:
        assert rows == ROWS[name]


def test_each_line_of_csv_is_looked_at_a_few_times(monkeypatch):
    looks = []
    original = delimited._leaves_quote_open
    monkeypatch.setattr(
        delimited, "_leaves_quote_open", lambda *line, **strict: looks.append(line) or original(*line, **strict)
    )
    for lines in (500, 1000):
        looks.clear()
        rows = delimited.read_csv("title,b,c\n" + '",x"y,"z\n' * lines, "news.csv", ",", skip_bad=True)
        assert len(rows.records) + len(rows.rejects) == lines
        assert len(looks) <= 3 * lines


@pytest.mark.parametrize("end", ["", '"'])
def test_records_with_line_breaks_end_where_csv_says(end):
    text = f'title,b\n"Ferry\nsinks","a ""b"""\n\n"Rates\nrise",x\n"Dam{end}'
    rows = delimited.read_csv(text, "news.csv", ",", skip_bad=True)
    assert [row["title"] for row in rows.records] == ["Ferry\nsinks", "Rates\nrise"]
    assert rows.rejects == [f'"Dam{end}']


def test_elements_nested_deeply_are_read_to_a_depth():
    title = "Ferry sinks off Oslo today"
    deep = "<div>" * 100_000 + f"{title}</div>" + "</div>" * 99_999
    assert titles_of(f"<html>{deep}<h2>Rates rise again in March</h2>") == ["Rates rise again in March"]
    nested = "<div>" * (shallow._MAX_DEPTH - 20)
    assert titles_of(f"<html>{nested}<h2>{title}</h2>") == [title]


def test_comments_before_html():
    assert looks_like_html("<!-- a --> <!-- <p> -->\n<?xml version='1.0'?><!-- --><html>")
    assert not looks_like_html("<!-- a -->" * 400 + "Ferry sinks")


@settings(deadline=None, max_examples=30)
@given(st.text(st.sampled_from("aé \u0301\u0316\ufdfa—&;#1-\u2019\u200b"), min_size=1, max_size=9))
def test_a_long_title_is_cut_before_it_is_normalized_and_then_stays_as_it_is(piece):
    title = normalize(piece * (2 * MAX_READ // len(piece) + 1))
    assert len(title) <= MAX_READ
    assert normalize(title) == title


def test_titles_that_differ_where_they_are_read_are_no_copies():
    long = "Ferry sinks off Oslo " * 100
    assert len(long) < MAX_READ and fingerprint(long + "a") != fingerprint(long + "b")


def test_a_title_of_a_megabyte_is_one_row(tmp_path):
    (tmp_path / "news.txt").write_text("Ferry \u0301\u0316" + "\u0301\u0316" * 500_000 + "\nRates rise\n")
    assert len(read_headlines(tmp_path / "news.txt").headlines) == 2
