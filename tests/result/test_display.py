"""A result prints short, on a terminal and in a notebook, whatever its titles hold."""

from __future__ import annotations

from typing import Any

from selectolax.lexbor import LexborHTMLParser

from dedupe import Deduplication, deduplicate
from dedupe.scoring.model import load_fallback
from tests.support.fake_encoder import FakeEncoder

HOSTILE = [
    "<script>alert(1)</script> ferry sinks & burns",
    '"><img src=x onerror=alert(1)> mayor resigns',
    "{{ 7 * 7 }} {% include 'x' %} bakery closes",
    "\x1b[2J\nStorm\tcloses\r\nport",
    "word " * 400,
    "",
]


def run(rows: Any, **options: Any) -> Deduplication:
    return deduplicate(rows, encoder=FakeEncoder(), **options)


def test_a_result_prints_three_lines() -> None:
    threshold = f"wording_threshold {load_fallback().thresholds['wording']:g}"
    rows = ["Two ferries collide in fog", "TWO FERRIES COLLIDE IN FOG", {"title": "Rates rise", "published": "soon"}]
    assert repr(run(rows, window="72h", story_threshold=0.5)).splitlines() == [
        "3 headlines: 2 stories, 2 wordings, 1 exact copy",
        f"story_threshold 0.5, {threshold}, window 72 h, level story",
        "2 warnings; largest story: 2 headlines, 'Two ferries collide in fog'",
    ]
    assert repr(run(["Rates rise"], level="wording")).splitlines()[1:] == [
        f"{threshold}, no window, level wording",
        "0 warnings; largest story: 1 headline, 'Rates rise'",
    ]
    assert repr(run([])).splitlines()[::2] == [
        "0 headlines: 0 stories, 0 wordings, 0 exact copies",
        "0 warnings; no story",
    ]


def test_nothing_printed_is_long() -> None:
    result = run([*HOSTILE, *(f"{'x' * k} reopens after flood {k}" for k in range(100))])
    for thing in (result, result.stories, result.stories[0].headlines, result.stories[0].wordings, result.pairs[:]):
        assert len(repr(thing).splitlines()) <= 11 and len(repr(thing)) < 12_000
    lines = [repr(result.pairs), *map(repr, result.stories), *(repr(w) for s in result.stories for w in s.wordings)]
    assert all(
        "\n" not in line and "\x1b" not in line and len(line) < 170 for line in [*lines, *map(repr, result.pairs)]
    )
    assert "\x1b" not in repr(result)


def test_groups_and_pairs_print_on_one_line() -> None:
    result = run(["Two ferries collide in fog off Port Calder", "Ferries collide off Port Calder in fog, 14 hurt"])
    (story,) = result.stories
    assert repr(story) == "Story(0: 2 headlines, 2 wordings, 'Ferries collide off Port Calder in fog, 14 hurt')"
    assert repr(story.wordings[0]) == "Wording(0: 1 headline, 'Two ferries collide in fog off Port Calder')"
    assert repr(result.pairs) == "ScoredPairs(1 pair of 2 headlines)"
    assert repr(result.pairs[0]).startswith("ScoredPair(0, 1, 'story', similarity=0.82, p_wording=")
    assert repr(story.wordings) == f"[{story.wordings[0]!r},\n {story.wordings[1]!r}]"


def test_a_notebook_shows_a_table_in_which_titles_are_text() -> None:
    museums = [f"Museum number {'x' * k} reopens" for k in range(20)]
    page = LexborHTMLParser(run([*HOSTILE, *museums], story_threshold=1)._repr_html_())
    assert page.css_first("script, img, b *") is None
    assert "1 row without a title" in page.css_first("ul").text()
    rows = page.css("tbody tr")
    assert len(rows) == 10 and all(len(row.css("td")) == 4 for row in rows)
    page = LexborHTMLParser(run(HOSTILE)._repr_html_())
    titles = [row.css("td")[-1].text() for row in page.css("tbody tr")]
    assert HOSTILE[0] in titles and HOSTILE[1] in titles and HOSTILE[2] in titles and "" in titles
    assert LexborHTMLParser(run([])._repr_html_()).css("tbody tr") == []
