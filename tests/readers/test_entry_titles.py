"""Titles of feed entries: unescaped, or made of the text where there is none."""

from __future__ import annotations

import json
import time
from html import escape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe import deduplicate, read_headlines
from dedupe.readers.entry_titles import clean_title, first_sentence
from tests.support.command_line import json_lines, run
from tests.support.headline_files import titles, write


def rss(*items: str, title: str = "Wire") -> str:
    parts = "".join(f"<item>{item}</item>" for item in items)
    return f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>{title}</title>{parts}</channel></rss>'


def atom(*entries: str) -> str:
    parts = "".join(f"<entry><id>urn:{k}</id>{entry}</entry>" for k, entry in enumerate(entries))
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Wire</title>{parts}</feed>'


def json_feed(*items: dict[str, object]) -> str:
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "Wire", "items": items})


def read(tmp_path: Path, text: str):
    return read_headlines(write(tmp_path / "feed", text))


@pytest.mark.parametrize(
    ("escaped", "meant"),
    [
        ("AT&amp;T &ndash; prices to rise", "AT&T – prices to rise"),
        ("Entertain Jahresr&uuml;ckblick 2017", "Entertain Jahresrückblick 2017"),
        ("<![CDATA[Minister quits over ferry deal]]>", "Minister quits over ferry deal"),
        ("&lt;![CDATA[Minister quits]]&gt;", "Minister quits"),
        ("<![CDATA[Cut off", "Cut off"),
        ("&amp;amp;quot;Never&amp;amp;quot;, says mayor", '"Never", says mayor'),
        ("Mayor&#8217;s &#x201C;plan&#x201D;", "Mayor’s “plan”"),
        ("&lt;b&gt;Ferry&lt;/b&gt; sinks", "Ferry sinks"),
        ("<i>Ferry</i> sinks", "Ferry sinks"),
        ("How to use &lt;b&gt; tags", "How to use <b> tags"),
        ("R&D <3 x", "R&D <3 x"),
        ("AT&notify T&T; x &bogus; y", "AT&notify T&T; x &bogus; y"),
        ("a ]]> b", "a ]]> b"),
    ],
)
def test_what_was_escaped_into_a_title_is_undone(escaped, meant):
    assert clean_title(escaped) == meant
    assert clean_title(meant) == meant or "<b>" in meant


@given(st.text(st.characters(categories=["L", "N", "P", "Sm", "Sc"]), max_size=30), st.integers(0, 3))
@settings(deadline=None)
def test_a_title_without_markup_is_the_same_however_often_it_was_escaped(title, times):
    if any(mark in title for mark in "<&"):
        title = title.translate({ord("<"): "‹", ord("&"): "+"})
    text = title
    for _ in range(times):
        text = escape(text)
    assert clean_title(text) == title.strip()


@pytest.mark.parametrize("kind", ["rss", "atom", "json"])
def test_the_readable_copy_is_the_title_in_every_kind_of_feed(tmp_path, kind):
    """One item is escaped twice, the other once; the first is earlier."""
    names = ["AT&amp;T &ndash; prices to rise in June", "AT&T – prices to rise in June"]
    if kind == "json":
        text = json_feed(*({"id": str(k), "title": name} for k, name in enumerate(names)))
    else:
        entries = [f"<title>{escape(name, quote=False)}</title>" for name in names]
        text = rss(*entries) if kind == "rss" else atom(*entries)
    source = read(tmp_path, text)
    assert titles(source) == [names[1]] * 2
    kept = run("dedupe", tmp_path / "feed")
    assert [row["title"] for row in json_lines(kept.stdout)] == [names[1]]


@pytest.mark.parametrize("keep", ["central", "complete"])
def test_of_exact_copies_in_a_table_the_readable_one_is_kept(fake_encoder, keep):
    rows = [
        {"title": "AT&amp;T prices to rise in June", "published": "2026-03-01T04:00:00Z"},
        {"title": "AT&T prices to rise in June", "published": "2026-03-01T06:00:00Z"},
        {"title": "AT&T prices to rise in June", "published": "2026-03-01T05:00:00Z"},
        {"title": "Museum &amp; cafe reopen after flood", "published": "2026-03-01T05:00:00Z"},
    ]
    result = deduplicate(rows, keep=keep)
    assert result.kept("wording").tolist() == [2, 3] and result.kept("exact").tolist() == [2, 3]
    assert deduplicate(rows, keep="earliest").kept("wording").tolist() == [0, 3], "as was asked for"
    assert [row["title"] for row in result.rows()] == [row["title"] for row in rows]


TEXTS = [
    ("<p>Tram line in Porto flooded after pipe burst</p>", "Tram line in Porto flooded after pipe burst"),
    ("Tram line in Porto flooded <b>today</b>. Two lines closed.", "Tram line in Porto flooded today."),
    ("<p>Wow!</p><p>Cat cafe opens in Turin</p><p>More</p>", "Wow! Cat cafe opens in Turin"),
    ("Mr. Smith of the U.S. Senate quits. He said so.", "Mr. Smith of the U.S. Senate quits."),
    ("Fire at St. Mary's\nin Oslo. Two hurt", "Fire at St. Mary's in Oslo."),
    ("<script>track()</script><style>p {}</style><div>A &amp;amp; B win the cup</div>", "A & B win the cup"),
    ("Inflation at 3.5 percent in May. Rates rise", "Inflation at 3.5 percent in May."),
    ("港口被洪水淹没两条线路关闭。市长辞职", "港口被洪水淹没两条线路关闭。"),
    ("First line of the post<br>Second line", "First line of the post"),
]


@pytest.mark.parametrize(("text", "title"), TEXTS)
def test_an_entry_without_a_title_has_the_first_sentence_of_its_text(tmp_path, text, title):
    description = f"<description>{escape(text, quote=False)}</description>"
    sources = [
        read(tmp_path, rss(description, "<title></title>" + description)),
        read(tmp_path, atom(f'<title/><summary type="html">{escape(text, quote=False)}</summary>')),
        read(tmp_path, atom(f'<content type="html">{escape(text, quote=False)}</content>')),
        read(tmp_path, json_feed({"id": "1", "content_html": text}, {"id": "2", "title": "", "content_html": text})),
    ]
    for source in sources:
        assert set(titles(source)) == {title}, source.headlines
        assert all(headline.columns["title"] == title and headline.title_made for headline in source.headlines)


def test_the_text_of_json_feed_is_no_html(tmp_path):
    source = read(
        tmp_path, json_feed({"id": "1", "content_text": "How <table> works in five steps. More"}, {"id": "2"})
    )
    assert titles(source) == ["How <table> works in five steps.", ""]
    assert [headline.title_made for headline in source.headlines] == [True, None]


def test_made_titles_are_flagged_and_counted(tmp_path):
    text = rss(
        "<description>Tram line in Porto flooded</description>",
        "<title>Cat cafe opens in Turin</title>",
        "<link>https://a.example/</link>",
    )
    write(tmp_path / "feed.xml", text)
    done = run("cluster", tmp_path / "feed.xml")
    assert [row["dedupe_flag"] for row in json_lines(done.stdout)] == ["made-title", "", "empty-title"]
    assert "warning: 1 row without a title, compared by the first sentence of the text\n" in done.stderr


def test_an_aggregator_s_items_name_their_own_outlets(tmp_path):
    title = "<title>Refinery fire in Oman put out - Gulf Wire</title>"
    source = read(
        tmp_path,
        rss(
            f'{title}<source url="https://gulf.example">Gulf Wire</source>',
            f"{title}<link>https://news.google.com/rss/articles/CBM?oc=5</link>",
            title,
            title="Oman - Feed Search",
        ),
    )
    assert [headline.source for headline in source.headlines] == ["Gulf Wire", "Gulf Wire", "Oman - Feed Search"]


@pytest.mark.parametrize(
    "piece", [".", "A. ", "<p ", "&amp", "&amp;", "<b>", "\n ", "! ", "<![CDATA[", "]]>", "<b", "。", "(", "<i></i>"]
)
def test_long_texts_take_no_longer_than_they_are(piece):
    start = time.process_time()
    clean_title(piece * (200_000 // len(piece)))
    first_sentence(piece * (200_000 // len(piece)), html=True)
    assert time.process_time() - start < 5
