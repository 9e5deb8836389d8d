"""Scraped pages: which lines are headlines and which are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from dedupe import read_headlines
from dedupe.sources.pages import is_title, looks_like_page, titles_of_html, titles_of_text

EXAMPLE = Path(__file__).parent.parent / "examples" / "news-page.txt"

FRONT = """Search
World
Minister resigns over harbour contract
The minister said on Tuesday that she had...

Heat record falls in three northern cities
By Jane Doe
Forecasters expect the heat to last until...

Is the two-day week really coming?
5 min read
Unions and owners disagree about what the trial...
"""

HTML = """<!doctype html><html><head><title>Paper</title><style>h2 {}</style></head><body>
<nav><a href="/">All the news of the world today</a></nav>
<article><h1>Bridge over the Wend reopens after repairs</h1><p>The bridge reopened on Monday after two years.</p></article>
<ul><li><a href="/a"><h3>Two boats collide near Port Calder in fog</h3></a></li>
<li><a href="/b">Bakery chain to close forty shops by spring</a></li><li><a href="/c">More</a></li></ul>
<footer><a href="/d">Terms of the use of this page apply</a></footer></body></html>"""


def test_example_page():
    source = read_headlines(EXAMPLE)
    found = [headline.title for headline in source.headlines]
    assert source.format == "page"
    assert found[0] == "Governor tours flooded Arden valley as dam repairs begin"
    assert len(found) == 19 and found[1].startswith("Two ferries collide") and found[2].startswith("Fog Chaos at Sea")
    assert not any("…" in title or "affiliate" in title or "Volunteers" in title for title in found)
    lines = [line for line in EXAMPLE.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert source.skipped_lines == len(lines) - len(found)


def test_a_front_page_without_a_list_marker():
    assert looks_like_page(FRONT)
    assert titles_of_text(FRONT) == [
        "Minister resigns over harbour contract",
        "Heat record falls in three northern cities",
        "Is the two-day week really coming?",
    ]


def test_an_article_without_a_list_gives_its_own_headline_only():
    paragraph = "The council met on Monday evening and decided, " + "after a long debate, " * 4 + "that it stays.\n\n"
    assert titles_of_text("Old bridge stays, council decides\n\n" + paragraph * 3 + "People at the old bridge\n") == [
        "Old bridge stays, council decides"
    ]


def test_html():
    assert titles_of_html(HTML) == [
        "Bridge over the Wend reopens after repairs",
        "Two boats collide near Port Calder in fog",
        "Bakery chain to close forty shops by spring",
    ]


def test_html_by_content_and_not_by_ending(tmp_path):
    path = tmp_path / "saved"
    path.write_text(HTML, encoding="utf-8")
    source = read_headlines(path)
    assert source.format == "page" and len(source.headlines) == 3


@pytest.mark.parametrize(
    "line",
    [
        "Share and Follow", "You May Also Like", "By Jane Doe", "Posted: Dec 28, 2025 / 12:59 PM CST Updated: Dec 28, 2025…",
        "Read more about this story", "Gambling content 21+. We may receive a commission…", "Log in", "Monday, August 4 2025",
        "This content may earn us an affiliate commission today", "(Handout photo by the regional water office)",
        "Forecasters expect up to forty centimetres above…", "The office published it."
    ],
)  # fmt: skip
def test_not_a_title(line):
    assert not is_title(line)


@pytest.mark.parametrize(
    "line",
    ["Senate passes bill in the U.S.", "Who won the big race on Sunday?", "Rates rise, again, in “surprise” move"],
)
def test_a_title(line):
    assert is_title(line)


def test_a_list_of_titles_is_not_a_page():
    assert not looks_like_page(
        "Minister resigns over contract\nHeat record falls in north\nIs the two-day week coming?\n"
    )
