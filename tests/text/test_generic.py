"""Titles that say nothing by themselves, and short ones that do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe.text.decorations import undecorated
from dedupe.text.generic import is_generic
from dedupe.text.normalize import normalize

GENERIC = """Friday night open thread|[Removed]
    Open thread|Weekend open thread|Morning briefing|Evening Briefing|Sunday briefing|Letters to the editor|Corrections
    Corrections and clarifications|Obituaries|Editorial Board|Front Matter|Issue Information|Book reviews|No comment|Live|Video
    Watch live|Live updates|Latest news|Top stories|In pictures|Today's news in 10 pictures|Photos of the week|Quote of the day
    Earthquake|Budget|Weather forecast|Daily crossword|Deep Learning|Donald Trump|Ukraine|Rosen vs Lachs|Arsenal v Chelsea
    AP News|Reuters|BBC News|The Guardian|Google News|nytimes.com|Telegram: Contact @portnews|April 25, 2026|Headlines for March 4
    404 Not Found|Access denied|Just a moment...|Untitled|Home|About us|速報"""
TELLING = """Ferry sinks|Rates rise|Trump resigns|Pope dies|Suspect arrested|India wins|Israel strikes Iran|Earthquake in Chile
    Budget 2026|Episode 101|iPhone 17|Frontend 20240806.0|Will it rain?|Volcano erupts in Iceland|Sturm trifft Hafen
    日経平均終値が急落
    US withdraws from the World Health Organization|Letters to the editor of the Herald were forged, police say
    Budget 2026: what it means for pensioners|Morning briefing: Tram strike, hospital fire and a record orchid
    Wordle today: hints and answer for March 3|500 policemen seek robbers|Market falls|India's march to Mars
    Troops march on port"""


def titles(text: str) -> list[str]:
    return [title.strip() for line in text.splitlines() for title in line.split("|")]


def generic(title: str, source: str | None = None) -> bool:
    return is_generic(undecorated(normalize(title), source).core, source)


@pytest.mark.parametrize("title", titles(GENERIC))
def test_a_title_that_names_a_page_says_nothing(title: str) -> None:
    assert generic(title)


@pytest.mark.parametrize("title", titles(TELLING))
def test_a_short_title_that_reports_says_something(title: str) -> None:
    assert not generic(title)


def test_the_name_of_the_rows_own_source_says_nothing() -> None:
    assert generic("Fjord & Sound Observer", "Fjord & Sound Observer")
    assert not generic("Fjord & Sound Observer sold to rival", "Fjord & Sound Observer")


def test_an_empty_title_is_no_generic_one() -> None:
    assert not is_generic("")


@given(
    st.lists(st.sampled_from("storm ferry mayor court bridge sinks floods closes 14".split()), min_size=4, unique=True)
)
def test_four_words_that_name_no_part_of_a_site_say_something(words: list[str]) -> None:
    assert not generic(" ".join(words))
