"""The numbers of titles: quantities in one notation, counters with what they count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe.text import normalize
from dedupe.text.numbers import series_of
from dedupe.text.words import facts


@pytest.mark.parametrize(
    ("titles", "quantity"),
    [
        (
            ["a $1.5bn deal", "a $1.5 billion deal", "a 1.5 billion dollars deal", "a $1,500 million deal"],
            "$1.5 billion",
        ),
        (["3m flee", "3 million flee", "3,000,000 flee", "three million flee"], "3 million"),
        (["up 4%", "up 4 percent", "up 4.0 per cent", "up four per cent"], "4%"),
        (["1,200 hurt", "1200 hurt", "1.2k hurt"], "1200"),
        (["two hurt", "2 hurt"], "2"),
        (["a $40-billion bid", "$40B", "over $40bn."], "$40 billion"),
    ],
)
def test_one_amount_in_several_notations(titles, quantity):
    for title in titles:
        assert facts(title).numbers == {quantity} and not facts(title).counters, title


@pytest.mark.parametrize(
    ("title", "counters"),
    [
        ("Tides, Episode 101: The Ebb", {"episode 101"}),
        ("Season Two of Tides", {"season 2"}),
        ("Storm No. 3", {"no 3"}),
        ("Notes from the coast #21", {"no 21"}),
        ("Zyzzo Release v0.6.0", {"release 0.6.0"}),
        ("Zyzzo 6.10 arrives", {"zyzzo 6.10"}),
        ("Zyzzo 6.9 arrives", {"zyzzo 6.9"}),
        ("Frontend 20240806.1", {"frontend 20240806.1"}),
        ("OpenMind launches GPX-5", {"gpx 5"}),
        ("iPhone 17 review", {"iphon 17"}),
        ("Llama 4 released", {"llama 4"}),
        ("S25 on sale", {"s 25"}),
        ("Acme Q1 profit", {"q 1"}),
        ("Acme first-quarter profit", {"q 1"}),
        ("F-35s for Oslo", {"f 35"}),
        ("CVE-2025-10123: router flaw", {"cve 2025-10123"}),
        ("Sparse nets (arXiv:2601.01234v2)", {"arxiv 2601.01234"}),
        ("Hints for Monday, July 14", {"date july 14"}),
        ("Hints for 14 July", {"date july 14"}),
        ("Hints for July 14th, 2026", {"date july 14", "year 2026"}),
        ("Patches of March 2026", {"month march", "year 2026"}),
        ("Log of 2026-03-01", {"date march 1", "year 2026"}),
        ("Leeds 2-1 Everton", {"score 2-1"}),
        ("Everton lose 1-2", {"score 2-1"}),
        ("the 9th Circuit rules", {"circuit 9"}),
        ("150th anniversary", {"anniversari 150"}),
        ("Crash on Highway 12 near Salem", {"highway 12"}),
        ("Third week of rain", {"week 3"}),
    ],
)
def test_counters(title, counters):
    assert facts(title).counters == counters and not facts(title).numbers


@pytest.mark.parametrize(
    ("title", "quantities"),
    [
        ("10-15 inches of rain", {"10", "15"}),
        ("Man, 34, charged", {"34"}),
        ("19-year-old charged", {"19"}),
        ("Last week, 3 hurt", {"3"}),
        ("Ferry sinks off Oslo, 3 dead", {"3"}),
        ("Oslo 3 dead", {"3"}),
        ("POLICE ARREST 14 AFTER RIOT", {"14"}),
        ("A third of all", set()),
        ("5G masts", set()),
        ("no digits", set()),
    ],
)
def test_what_counts_nothing(title, quantities):
    assert facts(title).numbers == quantities and not facts(title).counters


def test_series_are_compared_only_within_themselves():
    week, episode = facts("Tides week 3"), facts("Tides episode 3")
    assert not week.counters & episode.counters and not week.series & episode.series
    assert series_of("date july 14") == "date"


PIECES = st.sampled_from(
    "$1.2.3 1.2.3% v1 48GB people 1-2 2026-13-45 ,5, 5.5.5 #1 # $ % -3 one's per cent Rs5 ３ ² 1,2 0 k".split()
)


@given(st.one_of(st.text(), st.lists(PIECES).map(" ".join)))
def test_any_title_can_be_read(title):
    stated = facts(normalize(title))
    assert stated.series == {series_of(counter) for counter in stated.counters}
    assert all(" " in counter and counter == counter.strip() for counter in stated.counters)
