"""Titles that say nothing join nothing, at every entry."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe import Headline, compare, deduplicate, match
from tests.support.fake_encoder import FakeEncoder

DAYS = [f"2026-03-0{k}T06:00Z" for k in (1, 2, 3)]
RECURRENT = [Headline(title, published=day) for title in ("Open thread", "Morning briefing") for day in DAYS]
PLACES = [Headline("Obituaries", published=DAYS[0], source=source) for source in ("Hill Gazette", "Daily Post")]
ADDRESSES = [Headline("Google News", url=f"https://news.example/a/{k}") for k in range(3)]
SHORT = [Headline(title) for title in ("Earthquake", "Budget", "Live", "Reuters")]
LONG = [
    Headline("Earthquake of magnitude 6.1 strikes off Fiji, no tsunami warning"),
    Headline("Budget 2026: what it means for pensioners"),
    Headline("Live: voters head to polls in Portugal"),
]
NEWS = [Headline("Ferry sinks off Oslo, 3 dead"), Headline("Three dead as ferry sinks off Oslo")]


@pytest.mark.parametrize("window", [None, "72h"])
def test_each_stays_alone_and_is_flagged(window: str | None) -> None:
    rows = [*RECURRENT, *PLACES, *ADDRESSES, *SHORT, *LONG, *NEWS]
    with pytest.warns(match="say"):
        result = deduplicate(rows, window=window)
    flagged = [row.title for row, flag in zip(rows, result.flags(), strict=True) if "generic-title" in flag]
    assert flagged == [row.title for row in (*RECURRENT, *PLACES, *ADDRESSES, *SHORT)]
    for level in ("exact", "wording", "story"):
        labels = result.labels(level).tolist()
        alone = labels[: -len(NEWS)]
        assert len(set(alone)) == len(alone)
    assert result.labels("wording")[-1] == result.labels("wording")[-2]


def test_copies_of_one_day_and_place_are_one(fake_encoder: FakeEncoder) -> None:
    rows = [
        Headline("Open thread", published=f"2026-03-01T{hour}:00Z", source="Hill Gazette")
        for hour in ("06", "09", "22")
    ]
    assert set(deduplicate([*rows, *NEWS]).labels("exact")[:3].tolist()) == {0}
    assert len(set(deduplicate(["Open thread", "OPEN THREAD", "Rates rise"]).labels("exact")[:2].tolist())) == 1


@pytest.mark.filterwarnings("ignore::dedupe.DedupeWarning")
def test_a_generic_title_changes_nothing_among_the_others() -> None:
    plain = deduplicate([*LONG, *NEWS])
    mixed = deduplicate([*LONG, *NEWS, *SHORT, *RECURRENT])
    assert mixed.labels("story")[: len(LONG) + len(NEWS)].tolist() == plain.labels("story").tolist()
    assert mixed.pairs.p_story.tolist() == pytest.approx(
        plain.pairs.p_story.tolist(), abs=0.02
    )  # runs are of other sizes
    assert (mixed.pairs.i.tolist(), mixed.pairs.j.tolist()) == (plain.pairs.i.tolist(), plain.pairs.j.tolist())


def test_a_thousand_of_them_are_no_crowd(fake_encoder: FakeEncoder) -> None:
    rows = [Headline("Google News", url=f"https://news.example/a/{k}") for k in range(1200)]
    with pytest.warns(match="says nothing"):
        result = deduplicate(rows)
    assert len(result.stories) == len(rows) and len(result.pairs) == 0


def test_vectors_of_the_user_do_not_join_them() -> None:
    vectors = np.ones((len(RECURRENT), 8))
    with pytest.warns(match="says nothing"):
        result = deduplicate(RECURRENT, embeddings=vectors)
    assert len(result.stories) == len(RECURRENT)
    assert (vectors == 1).all()


def test_corrections_still_join_them(fake_encoder: FakeEncoder) -> None:
    with pytest.warns(match="says nothing"):
        result = deduplicate([*LONG, *SHORT], corrections=[("Budget", LONG[1].title, "story")])
    assert result.labels("story")[1] == result.labels("story")[len(LONG) + 1]


def test_a_new_one_matches_only_its_copy() -> None:
    known = [*RECURRENT, *LONG]
    new = [RECURRENT[1], Headline("Open thread", published="2026-03-09"), *SHORT]
    with pytest.warns(match="say"):
        matches = match(new, reference=known)
    assert [found and (found.level, found.row) for found in matches] == [("exact", 1), *[None] * 5]


PAGE = "https://news.example.net/a/88123"
PAGES = [
    Headline("Suspect held", published="2026-03-01T11:00Z", url=PAGE),
    Headline(
        "Germany: man arrested after deadly blaze at bakery", published="2026-03-01T15:00Z", url=f"{PAGE}?utm_source=x"
    ),
    Headline("Mayor promises answers after deadly blaze at bakery", published="2026-03-01T16:00Z", url=PAGE),
]


@pytest.mark.filterwarnings("ignore::dedupe.DedupeWarning")
def test_one_page_on_one_day_is_one_story_whatever_its_title() -> None:
    result = deduplicate(PAGES)
    assert result.labels("story").tolist() == [0, 0, 0]
    assert "generic-title" in result.flags()[0]
    (pair,) = [pair for pair in result.pairs if {pair.i, pair.j} == {0, 1}]
    assert any("the same address" in reason for reason in pair.reasons)
    pair = compare(PAGES[0], PAGES[1])
    assert pair.verdict == "story" and any("says nothing" in reason for reason in pair.reasons)


@pytest.mark.filterwarnings("ignore::dedupe.DedupeWarning")
@pytest.mark.parametrize("threshold", [0.05, 0.35])
def test_no_page_brings_two_of_them_together(threshold: float) -> None:
    next_day = replace(PAGES[0], published="2026-03-02T11:00Z")
    undated = replace(PAGES[1], published=None)
    elsewhere = [replace(PAGES[0], url="https://other.example/b/1"), replace(PAGES[1], url="https://other.example/b/1")]
    for rows in ([PAGES[0], next_day, undated], [PAGES[0], next_day, *PAGES[1:]], [*PAGES, *elsewhere]):
        labels = deduplicate(rows, story_threshold=threshold).labels("story").tolist()
        says_nothing = [label for label, row in zip(labels, rows, strict=True) if row.title == "Suspect held"]
        assert len(set(says_nothing)) == len(says_nothing) == 2


mixed = st.builds(
    Headline,
    st.sampled_from(
        ["Live", "LIVE", "Weather", "Storm floods port of Vigo", "Port of Vigo floods after storm", "Storm Vigo port"]
    ),
    published=st.sampled_from([None, "2026-03-01T08:00Z", "2026-03-02T00:30Z"]),
    source=st.sampled_from([None, "Fjord Herald"]),
    url=st.sampled_from([None, "https://fjord.example/a/1", "https://harbour.example/b/2"]),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(mixed, max_size=12), st.sampled_from([0.05, 0.35]), st.sampled_from([None, 12]))
@pytest.mark.filterwarnings("ignore::dedupe.DedupeWarning")
def test_two_in_one_story_are_copies_of_one_day_and_place(
    rows: list[Headline], threshold: float, window: int | None
) -> None:
    result = deduplicate(rows, encoder=FakeEncoder(), reader="off", story_threshold=threshold, window=window)
    story = result.labels("story").tolist()
    generic = [k for k, row in enumerate(rows) if row.title.lower() in ("live", "weather")]
    assert generic == [k for k, flag in enumerate(result.flags()) if "generic-title" in flag]
    for a, b in combinations(generic, 2):
        day = [rows[k].published and rows[k].published.date() for k in (a, b)]
        place = [rows[k].url or rows[k].source for k in (a, b)]
        same = rows[a].title.lower() == rows[b].title.lower() and day[0] == day[1] and place[0] == place[1]
        assert (story[a] == story[b]) == same
    for a in generic:
        for b in range(len(rows)):
            if b not in generic and story[a] == story[b]:  # by an address that some titles of the story share
                assert rows[a].url and any(rows[k].url == rows[a].url for k in range(len(rows)) if k not in generic)


def test_compare_says_so() -> None:
    for first, second in combinations([SHORT[0], LONG[0], RECURRENT[0], RECURRENT[1]], 2):
        pair = compare(first, second)
        assert (pair.verdict, pair.p_wording, pair.p_story) == ("different", 0.0, 0.0)
        assert "nothing by" in pair.reasons[0]
    assert compare("Open thread", "Open Thread").verdict == "exact"
    assert "both titles say nothing" in compare("Open thread", "Open Thread").reasons[1]
    assert not any("nothing by" in reason for reason in compare(NEWS[0], NEWS[1]).reasons)
