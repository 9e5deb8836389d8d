"""Dates of every kind of input: read by column, flagged where they count as missing, never changed unseen."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe import Columns, InputError, deduplicate, read_headlines, read_table
from dedupe.clustering import collapse_copies
from dedupe.readers import read_page, rows_of
from dedupe.result.cautions import input_cautions
from tests.support.headline_files import write

NOW = datetime(2026, 11, 1, tzinfo=UTC)
OPEN = ["03/04/2026 10:45", "02/02/2026", "04/05/2026"]
SETTLED = [*OPEN, "28/03/2026"]


def rows(dates):
    return [{"title": f"Storm {k}", "published": date} for k, date in enumerate(dates)]


def as_csv(path, dates):
    lines = [f"Storm {k},{date}" for k, date in enumerate(dates)]
    return write(path / "news.csv", "\n".join(["title,published", *lines]))


def as_feed(path, dates):
    items = "".join(f"<item><title>Storm {k}</title><pubDate>{date}</pubDate></item>" for k, date in enumerate(dates))
    return write(path / "news.rss", f'<rss version="2.0"><channel><title>T</title>{items}</channel></rss>')


def as_json_feed(path, dates):
    items = [{"title": f"Storm {k}", "date_published": date} for k, date in enumerate(dates)]
    return write(path / "news.json", json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}))


def as_parquet(path, dates):
    pq.write_table(pa.Table.from_pylist(rows(dates)), path / "news.parquet")
    return path / "news.parquet"


INPUTS = {
    "csv": as_csv,
    "jsonl": lambda path, dates: write(path / "news.jsonl", "\n".join(map(json.dumps, rows(dates)))),
    "parquet": as_parquet,
    "feed": as_feed,
    "json feed": as_json_feed,
}
TABLES = {"arrow": pa.Table.from_pylist, "pandas": pd.DataFrame, "polars": pl.DataFrame, "mappings": list}


def days(headlines):
    return [headline.published and f"{headline.published:%m-%d}" for headline in headlines]


@pytest.mark.parametrize("kind", [*INPUTS, *TABLES])
def test_day_and_month_of_every_input(tmp_path, kind):
    def read(dates, **options):
        if kind in TABLES:
            return read_table(TABLES[kind](rows(dates)), now=NOW, **options)
        return read_headlines(INPUTS[kind](tmp_path, dates), now=NOW, **options).headlines

    assert days(read(SETTLED)) == ["04-03", "02-02", "05-04", "03-28"]
    assert days(read(OPEN)) == [None, "02-02", None]
    assert [headline.date_problem for headline in read(OPEN)] == ["ambiguous-date", None, "ambiguous-date"]
    assert days(read(OPEN, day_first=True)) == ["04-03", "02-02", "05-04"]
    assert days(read(OPEN, day_first=False)) == ["03-04", "02-02", "04-05"]
    assert days(read(["2026.04-03", "2026-05-04"], date_format="%Y.%m-%d")) == ["04-03", "05-04"]
    assert [headline.bad_date for headline in read(["2126-04-03", "2026-11-01"])] == ["2126-04-03", None]


@pytest.mark.parametrize("kind", TABLES)
def test_what_deduplicate_takes_is_read_by_column(fake_encoder, kind):
    result = deduplicate(TABLES[kind](rows(SETTLED)))
    assert days(result.headlines) == ["04-03", "02-02", "05-04", "03-28"]


def test_mappings_with_names_of_their_own():
    table = [{"kop": "Storm", "seen": "28/03/2026", "n": 1}, {"kop": "Ferry"}, {"kop": "Bank", "seen": "03/04/2026"}]
    headlines = read_table(table, Columns(title="kop", date="seen"))
    assert days(headlines) == ["03-28", None, "04-03"]
    assert [headline.columns for headline in headlines] == table
    with pytest.raises(InputError, match=r"the table: no title column among kop, seen, n: name it with Columns"):
        read_table(table)


FEED = {
    "Sat, 28 Mar 2020 22:30:00 IST": "2020-03-28T17:00:00+00:00",
    "Sat, 28 Mar 2020 22:30:00 CEST": "2020-03-28T20:30:00+00:00",
    "Sat, 28 Mar 2020 22:30:00 AEST": "2020-03-28T12:30:00+00:00",
    "Sat, 28 Mar 2020 22:30:00 JST": "2020-03-28T13:30:00+00:00",
    "2020/03/28 10:00:00": "2020-03-28T10:00:00+00:00",
    "28/03/2020 10:00": "2020-03-28T10:00:00+00:00",
    "Sat 28 Mar 2020 10:30 PM": "2020-03-28T22:30:00+00:00",
    "20200328103000": "2020-03-28T10:30:00+00:00",
    "Sat, 28 Mar 2020 24:15:00 GMT": "2020-03-29T00:15:00+00:00",
    "Mon, 01 Jan 0001 00:00:00 +0000": None,
    "Thu, 01 Jan 1970 00:00:00 GMT": None,
    "Sat, 28 Mar 2020 22:30:00 XYZ": None,
    "": None,
}


@pytest.mark.filterwarnings("error")
def test_dates_of_a_feed_are_read_as_they_are_written(tmp_path):
    headlines = read_headlines(as_feed(tmp_path, FEED)).headlines
    assert [headline.published and headline.published.isoformat() for headline in headlines] == list(FEED.values())
    assert [headline.columns["published"] for headline in headlines] == [
        read or text or None for text, read in FEED.items()
    ]
    assert [headline.date_problem for headline in headlines[-4:]] == ["bad-date", "bad-date", "unknown-zone", None]


def test_an_entry_without_a_published_date_has_that_of_its_update(tmp_path):
    entries = "<entry><title>Storm</title><updated>2026-03-04T10:45:00+01:00</updated></entry>"
    path = write(tmp_path / "a.atom", f'<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title>{entries}</feed>')
    assert read_headlines(path).headlines[0].published == datetime(2026, 3, 4, 9, 45, tzinfo=UTC)


def test_dates_of_a_page():
    items = "".join(
        f'<li><a href="/{k}">Storm {k} closes the harbour of Rotterdam</a> <time datetime="{date}"></time></li>'
        for k, date in enumerate(["03/04/2026", "28/03/2026", "2126-01-01", "soon", "March 4, 2026"])
    )
    source = read_page(f"<html><body><ul>{items}</ul></body></html>", "https://news.example/")
    assert days(source.headlines) == ["04-03", "03-28", None, None, "03-04"]
    assert [headline.bad_date for headline in source.headlines] == [None, None, "2126-01-01", "soon", None]


ODD = [
    "",
    "soon",
    "03/04/2026",
    "28/03/2026",
    "46085",
    "2026",
    "0",
    "1970-01-01",
    "2026-03-04 10:00 XYZ",
    "2126-03-04",
    "2026-03-04",
]


@settings(max_examples=40)
@given(st.lists(st.sampled_from(ODD) | st.text(max_size=8), min_size=1), st.sampled_from([None, True, False]))
def test_no_row_of_a_table_is_dropped_or_dated_unseen(tmp_path_factory, dates, day_first):
    path = tmp_path_factory.getbasetemp() / "odd.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerows([["title", "published"], *([f"Storm {k}", date] for k, date in enumerate(dates))])
    headlines = read_headlines(path, day_first=day_first, now=NOW, encoding="utf-8").headlines
    assert [headline.columns["published"] for headline in headlines] == dates
    cautions = {caution.code: caution for caution in input_cautions(collapse_copies(headlines, None), False, None)}
    flagged = [
        k
        for code in ("bad-date", "ambiguous-date", "unknown-zone")
        if code in cautions
        for k in cautions[code].positions
    ]
    assert sorted(flagged) == [
        k for k, headline in enumerate(headlines) if headline.published is None and dates[k].strip()
    ]
    for code in ("bad-date", "ambiguous-date", "unknown-zone"):
        if code in cautions:
            assert cautions[code].message.startswith(f"{len(cautions[code].positions)} row")
    assert rows_of(headlines) == headlines
