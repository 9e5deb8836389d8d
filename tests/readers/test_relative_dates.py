"""Dates that count from the moment at which an input was taken: which moment that is, and where they stand on pages."""

from __future__ import annotations

import io
import os
import sys
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe import DedupeWarning, deduplicate, read_headlines, read_table
from dedupe.readers import read_page
from dedupe.readers.pages.lines import kind_of
from dedupe.readers.pages.times import relative_in
from tests.support.headline_files import write
from tests.support.index_news import opened

NOW = datetime(2026, 3, 4, 10, 45, tzinfo=UTC)  # a Wednesday
TITLES = [
    "Ferry sinks off Arden with three dead",
    "Judge blocks sale of Wend shipyard to foreign group",
    "Finance minister Osei resigns after row over budget",
    "Teen sets record for solo flight around the world",
]
AGES = ["5 h ago", "20 min ago", "Yesterday, 14:05", "2 days ago"]
READ = [
    NOW - timedelta(hours=5),
    NOW - timedelta(minutes=20),
    NOW - timedelta(hours=20, minutes=40),
    datetime(2026, 3, 2, tzinfo=UTC),
]
CSV = "title,published\n" + "".join(f'"{title}","{age}"\n' for title, age in zip(TITLES, AGES, strict=True))


def dates(source):
    return [headline.published for headline in source.headlines]


def dated(path, when):
    """A file that was last changed then."""
    os.utime(path, (when.timestamp(), when.timestamp()))
    return path


def from_now(source):
    """How long before the first date each is."""
    first, *others = dates(source)
    return [first - other for other in others]


def html(dates, head="", own=""):
    items = "".join(
        f"<li><a href='/{k}'>{title}</a><div class='when'>{date}</div></li>"
        for k, (title, date) in enumerate(zip(TITLES, dates, strict=True))
    )
    return f"<!DOCTYPE html><html><head>{head}</head><body><main>{own}<ul>{items}</ul></main></body></html>"


def page(ages):
    return "\n".join(["Latest news", *(line for pair in zip(TITLES, ages, strict=True) for line in pair)])


INPUTS = {"news.csv": CSV, "page.html": html(AGES), "page.txt": page(AGES)}


@pytest.mark.parametrize("name", INPUTS)
def test_now_comes_first_then_the_date_of_the_file(tmp_path, name):
    path = dated(write(tmp_path / name, INPUTS[name]), NOW)
    source = read_headlines(path)
    assert dates(source) == READ
    assert source.notes[-1].startswith(
        f"{path}: dates such as '5 h ago' count from 2026-03-04 10:45Z, when the file was"
    )
    later = read_headlines(path, now=NOW + timedelta(minutes=5))
    assert dates(later)[:2] == [when + timedelta(minutes=5) for when in READ[:2]]
    assert later.notes[-1].endswith("count from 2026-03-04 10:50Z, as given")
    copy = write(tmp_path / f"copy-{name}", INPUTS[name])
    assert read_headlines([path, copy]).headlines[0].published == READ[0]


def test_only_what_is_relative_is_told(tmp_path):
    source = read_headlines(
        write(tmp_path / "news.csv", "title,published\nA storm,2026-03-04\nA flood,5 h ago\n"), now=NOW
    )
    assert [headline.bad_date for headline in source.headlines] == [None, "5 h ago"]
    assert len(source.notes) == 1


@pytest.mark.parametrize("year", [1970, 1980, 2999])
def test_a_date_that_a_file_cannot_have_is_the_present(tmp_path, year):
    path = dated(write(tmp_path / "news.csv", CSV), datetime(year, 1, 2, tzinfo=UTC))
    before = datetime.now(UTC)
    source = read_headlines(path)
    assert timedelta(seconds=-1) <= dates(source)[0] + timedelta(hours=5) - before <= timedelta(minutes=5)
    assert "Z, when it was read: give --now" in source.notes[-1]


def test_standard_input_and_addresses_count_from_the_present(tmp_path, monkeypatch, server):
    folder, address = server
    dated(write(folder / "page.html", html(AGES, "<meta property='article:published_time' content='2019-01-01'>")), NOW)
    before = datetime.now(UTC).replace(microsecond=0)
    fetched = read_headlines(f"{address}/page.html")
    assert before <= dates(fetched)[0] + timedelta(hours=5) <= before + timedelta(minutes=5)
    assert fetched.notes[-1].endswith("Z, when it was fetched")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CSV.encode())))
    assert "Z, when it was read" in read_headlines("-").notes[-1]


def mhtml(text):
    message = EmailMessage()
    message["Date"] = "Wed, 04 Mar 2026 11:45:00 +0100"
    message.set_content(text, subtype="html")
    message.make_related()
    return message.as_bytes()


SAVED = {
    "mhtml": mhtml(html(AGES)),
    "SingleFile": html(AGES).replace(
        "<html>",
        "<html><!-- Page saved with SingleFile \n url: https://news.example/ \n saved date: Wed Mar 04 2026 11:45:00 GMT+0100 "
        "(Central European Standard Time)\n-->",
    ),
    "archive": html(AGES)
    + "<!--\n     FILE ARCHIVED ON 10:45:00 Mar 04, 2026 AND RETRIEVED FROM THE\n     INTERNET ARCHIVE -->",
}


@pytest.mark.parametrize("kind", SAVED)
def test_a_page_tells_when_it_was_saved(tmp_path, kind, server):
    path = dated(write(tmp_path / "page", SAVED[kind]), NOW + timedelta(days=3))
    source = read_headlines(path)
    assert dates(source) == READ and "10:45Z, when the page was saved" in source.notes[-1]
    folder, address = server
    write(folder / "page", SAVED[kind])
    assert dates(read_headlines(f"{address}/page")) == READ
    assert dates(read_headlines(path, now="2026-03-04T11:45Z"))[0] == READ[0] + timedelta(hours=1)


@pytest.mark.parametrize(
    ("changed", "counted"),
    [("2026-03-04T09:00Z", 0), ("2026-04-03T09:00Z", 0), ("2026-04-09T09:00Z", 1), ("2026-02-28T09:00Z", 1)],
)
@pytest.mark.parametrize("kind", ["html", "txt"])
def test_a_file_whose_date_does_not_go_with_the_page_counts_from_its_newest_date(tmp_path, kind, changed, counted):
    ages = ["5 h ago", "20 min ago", "March 4, 2026", "March 1, 2026"]
    path = write(tmp_path / f"page.{kind}", html(ages) if kind == "html" else page(ages))
    source = read_headlines(dated(path, datetime.fromisoformat(changed)))
    start = [datetime.fromisoformat(changed), datetime(2026, 3, 4, tzinfo=UTC)][counted]
    assert dates(source)[:2] == [start - timedelta(hours=5), start - timedelta(minutes=20)]
    assert ("the latest date in it" in source.notes[-1]) == bool(counted)


def test_a_time_that_a_page_gives_twice_tells_when_it_was_shown(tmp_path):
    twice = "<time datetime='2026-03-04T05:45Z'>5 hours ago</time>"
    path = write(tmp_path / "page.html", html([twice, *AGES[1:]]))
    near, far = NOW + timedelta(hours=9), NOW + timedelta(days=2)
    assert dates(read_headlines(dated(path, near)))[:2] == [READ[0], near - timedelta(minutes=20)]
    source = read_headlines(dated(path, far))
    assert dates(source) == READ and "by the times that it gives twice" in source.notes[-1]


def test_frames_and_rows_count_from_the_present_with_a_warning(fake_encoder):
    rows = [{"title": title, "published": age} for title, age in zip(TITLES, AGES, strict=True)]
    assert [row.published for row in read_table(rows, now=NOW)] == READ
    for table, name in ((rows, "headlines"), (pd.DataFrame(rows), "table")):
        with pytest.warns(
            DedupeWarning, match="the table: dates such as '5 h ago' count from .*: give now= to read_table"
        ) as seen:
            found = read_table(table)
        assert found[0].published - found[1].published == READ[0] - READ[1] and seen[0].filename == __file__
        with pytest.warns(DedupeWarning, match=f"the {name}: dates such as '5 h ago'") as seen:
            deduplicate(table)
        assert seen[0].filename == __file__


@pytest.mark.filterwarnings("error")
def test_an_index_counts_from_when_rows_are_added(tmp_path):
    rows = [{"title": title, "published": age} for title, age in zip(TITLES, AGES, strict=True)]
    with opened(tmp_path / "desk.index") as index:
        index.add(rows, now=NOW)
        (match,) = index.match([{"title": TITLES[0], "published": "5 h ago"}], now=NOW)
        assert match.repeats.headline.published == READ[0]


LAYOUTS = {
    "in the record": "<li><span class='when'>{date}</span><h3><a href='/{k}'>{title}</a></h3><p>Nobody knows why.</p></li>",
    "time": "<li><h3><a href='/{k}'>{title}</a></h3><time>{date}</time></li>",
    "labelled": "<li><h3><a href='/{k}'>{title}</a></h3><p>Updated: {date}</p></li>",
    "section": "<li><h3><a href='/{k}'>{title}</a></h3><p>World / {date}</p></li>",
    "behind": "<h3><a href='/{k}'>{title}</a></h3><p>{date}</p>",
    "before": "<p>{date}</p><h3><a href='/{k}'>{title}</a></h3>",
    "rows": "<tr><td><a href='/{k}'>{title}</a></td></tr><tr><td>8 points by ada <a href='#'>{date}</a></td></tr>",
    "times behind": "<h3><a href='/{k}'>{title}</a></h3><p><time datetime='{date}'>x</time></p>",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_where_a_date_stands_in_html(layout):
    items = "".join(LAYOUTS[layout].format(k=k, title=title, date=AGES[k]) for k, title in enumerate(TITLES))
    items = f"<table>{items}</table>" if layout == "rows" else items
    source = read_page(f"<html><body><div>{items}</div></body></html>", "https://news.example/", now=NOW)
    assert [headline.title for headline in source.headlines] == TITLES and dates(source) == READ


def test_one_date_beside_headlines_may_be_that_of_something_else():
    items = "".join(f"<h3><a href='/{k}'>{title}</a></h3>" for k, title in enumerate(TITLES))
    assert dates(read_page(f"<body><p>5 h ago</p>{items}</body>", "https://news.example/", now=NOW)) == [None] * 4


@pytest.mark.parametrize("order", ["above", "below"])
@pytest.mark.parametrize("top", ["Tuesday 4 March, 9:15 am", "March 4, 2026", "Home"])
def test_the_date_of_a_page_is_none_of_its_titles(order, top):
    pairs = [(age, title) if order == "above" else (title, age) for age, title in zip(AGES, TITLES, strict=True)]
    source = read_page("\n".join([top, *(line for pair in pairs for line in pair)]), now=NOW)
    assert [headline.title for headline in source.headlines] == TITLES and dates(source) == READ


def test_an_older_item_with_its_date_does_not_hide_where_dates_stand():
    ages = ["5 h ago", "March 3, 2026", "20 min ago", "March 1, 2026"]
    for lines in (zip(TITLES, ages, strict=True), zip(ages, TITLES, strict=True)):
        found = dates(read_page("\n".join(line for pair in lines for line in pair), now=NOW))
        assert found[0] == READ[0] and [f"{when:%d}" for when in found] == ["04", "03", "04", "01"]


LINES = {
    "5 h ago": "5 h ago",
    "Malaysia / 5 h ago": "5 h ago",
    "32 related · 41 min ago": "41 min ago",
    "By Ada Marsh, yesterday at 14:05": "yesterday at 14:05",
    "Politik | gestern, 14:05 Uhr": "gestern, 14:05 Uhr",
    "Mon 14:05": "Mon 14:05",
    "Updated 3 hrs ago": "3 hrs ago",
    "il y a 3 heures": "il y a 3 heures",
    "vor 5 Stunden": "vor 5 Stunden",
    "hace 2 horas": "hace 2 horas",
    "Sport · 5h": "5h",
    "just now": "just now",
    "Today 09:30": "Today 09:30",
}


@pytest.mark.parametrize("line", LINES)
def test_lines_that_say_when(line):
    assert kind_of(line) == "meta" and relative_in(line) == LINES[line]


TITLE_LINES = """
5 hours ago in Paris
2 days ago in Arden, a bridge fell
Hier soir à Paris, un pont est tombé
Gestern im Landtag: Streit über Haushalt
Vor 30 Jahren fiel die alte Brücke
Il y a 10 ans mourait Jean Marsh
Hace 5 años murió la reina Lena
Monday night football draws record crowd
What happened 5 hours ago on the bridge
24 hours in Arden: where to eat
Yesterday is gone, says Marsh
"""


@pytest.mark.parametrize("line", TITLE_LINES.strip().splitlines())
def test_titles_that_speak_of_time_stay_titles(line):
    assert kind_of(line) == "title"


def test_several_lines_of_one_form_are_datelines():
    ages = ["5 hours ago in Politics", "20 min ago in World", "2 days ago in Sport", "1 hour ago in Local News"]
    source = read_page(page(ages), now=NOW)
    assert [headline.title for headline in source.headlines] == TITLES and None not in dates(source)
    alone = read_page(page(["5 h ago", "5 hours ago in Paris", "20 min ago", "2 days ago"]), now=NOW)
    assert "5 hours ago in Paris" in [headline.title for headline in alone.headlines]


@given(st.lists(st.integers(0, 999), min_size=4, max_size=4), st.sampled_from(["min", "hours"]), st.booleans())
def test_pages_keep_the_time_between_dates_and_none_is_after_now(numbers, unit, as_html):
    ages = [f"{number} {unit} ago" for number in numbers]
    found = dates(read_page(html(ages) if as_html else page(ages), "https://news.example/", now=NOW))
    size = timedelta(minutes=1) if unit == "min" else timedelta(hours=1)
    assert [NOW - when for when in found] == [number * size for number in numbers]
