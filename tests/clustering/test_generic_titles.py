"""Copies of a title that says nothing are one where day and place agree."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe.clustering.collapse import collapse_copies
from dedupe.headlines import Headline

rows = st.builds(
    Headline,
    st.sampled_from(["Open thread", "OPEN THREAD", "Corrections", "Ferry sinks off Oslo", "FERRY SINKS OFF OSLO"]),
    published=st.sampled_from([None, "2026-03-01T08:00Z", "2026-03-01T23:00Z", "2026-03-02T00:30Z"]),
    source=st.sampled_from([None, "Fjord Herald", "fjord herald", "Harbour Times"]),
    url=st.sampled_from(
        [None, "https://fjord.example/a/1", "http://www.fjord.example/a/1?utm_source=x", "https://harbour.example/2"]
    ),
)


def place(row: Headline) -> tuple[object, ...]:
    """Day and place, written out another way than the program does."""
    day = row.published and datetime.fromtimestamp(row.published.timestamp(), UTC).strftime("%d %m %y")
    where = ("at", "fjord" in row.url) if row.url else ("from", row.source and row.source.lower())
    return day, where


@given(st.lists(rows, max_size=14), st.sampled_from([None, 72.0]))
def test_generic_copies_share_day_and_place_and_other_copies_need_not(
    headlines: list[Headline], window: float | None
) -> None:
    copies = collapse_copies(headlines, window)
    node = copies.nodes.of_row
    assert copies.generic.tolist() == ["ferry" not in row.title.lower() for row in headlines]
    for a, first in enumerate(headlines):
        for b, second in enumerate(headlines):
            same_title = first.title.lower() == second.title.lower()
            expected = same_title and (not copies.generic[a] or place(first) == place(second))
            assert (node[a] == node[b]) == expected


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 1, 0, 2)])
def test_one_spelling_that_says_nothing_decides_for_all(order: tuple[int, ...]) -> None:
    days = ["2026-03-01", "2026-03-02", "2026-03-01", "2026-03-02"]
    titles = ["Rosen vs Lachs", "Rosen vs Lachs", "rosen vs lachs", "rosen vs lachs"]
    copies = collapse_copies([Headline(titles[k], published=days[k]) for k in order], None)
    back = np.empty(4, int)
    back[list(order)] = copies.nodes.of_row
    assert back[0] == back[2] != back[1] == back[3] and copies.generic.all()
