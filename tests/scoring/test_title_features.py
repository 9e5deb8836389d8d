"""What is described of titles, against the sets of `facts`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe.scoring.title_features import KINDS, describe
from dedupe.text.words import facts, other_side, rarity

TITLES = [
    "",
    "Ferry sinks off Oslo, 3 dead",
    "Three dead as ferry sinks off Oslo",
    "FERRY SINKS OFF OSLO, THREE DEAD",
    "Shares rise 1,200 points; Oslo's shares rise again",
    "Shares fall 1200 points on Monday",
    "Will shares rise or fall on Tues., Oct. 3?",
    'Why Zyzzogeton "isn\'t" ready: 19th win, $14.99 a month, F16 jets',
    "zyzzogeton, ready",
    "Élan naïf à São Paulo: ３ und ² straße",
    "- ' … ?",
    "x" * 1000,
]
PIECES = """
    Oslo oslo Oslo, rise Fall "falling up down first more two 2 2nd #2 1,200 3.5m F16 Mon. june isn't no Will ready ?' É -
"""


def weight(kind, member):
    """The mass of one thing said, rounded as it is kept."""
    if kind not in ("stems", "names"):
        return 1.0
    return float(np.float32(max(rarity().idf(member), 0.1) / rarity().highest))


def mass_of(kind, members):
    return sum(weight(kind, member) for member in members)


def shared_mass(described, one, i, other, j):
    """The mass of the columns that two rows share, by kind, column by column."""
    a, b = (
        dict(zip(rows[k].indices.tolist(), rows[k].data.tolist(), strict=True)) for rows, k in ((one, i), (other, j))
    )
    common = a.keys() & b.keys()
    assert all(a[column] == b[column] for column in common)
    return [sum(a[column] for column in common if described.kind[column] == k) for k in range(len(KINDS))]


def check(titles):
    described, found = describe(titles), [facts(title) for title in titles]
    for i, one in enumerate(found):
        assert described.mass[i].tolist() == [mass_of(kind, getattr(one, kind)) for kind in KINDS]
        assert described.moods[i].tolist() == [one.negated, one.asks, one.foresees]
        assert described.facts[i] == len(one.stems) + len(one.numbers)
        assert described.words[i] == max(len(titles[i].split()), 1)
        for j, other in enumerate(found):
            shared = [mass_of(kind, getattr(one, kind) & getattr(other, kind)) for kind in KINDS]
            assert shared_mass(described, described.entries, i, described.entries, j) == shared
            opposed = float(len(one.sides & set(map(other_side, other.sides))))
            assert shared_mass(described, described.entries, i, described.mirrored, j) == [*shared[:-1], opposed]


def test_titles_are_described_by_their_facts():
    check(TITLES)


@given(st.lists(st.lists(st.sampled_from(PIECES.split())).map(" ".join), min_size=1, max_size=4))
def test_any_titles_are_described_by_their_facts(titles):
    check(titles)


def test_the_order_of_titles_changes_no_bit():
    assert describe(TITLES[::-1]).mass[::-1].tobytes() == describe(TITLES).mass.tobytes()


def test_rows_are_small_and_sorted():
    described = describe(TITLES)
    for rows in (described.entries, described.mirrored):
        assert rows.data.dtype == np.float32 and rows.indices.dtype == np.int32
        assert all((np.diff(rows[k].indices) > 0).all() for k in range(len(TITLES)))
    assert np.shares_memory(described.entries.data, described.mirrored.data)


@pytest.mark.parametrize("titles", [[], [""], ["", "-"]])
def test_titles_that_say_nothing(titles):
    described = describe(titles)
    assert described.entries.nnz == described.mirrored.nnz == described.mass.sum() == described.moods.sum() == 0
    assert described.mass.shape == (len(titles), len(KINDS)) and described.moods.shape == (len(titles), 3)
    assert len(described.texts) == len(described.facts) == len(described.sources) == len(titles)


def test_texts_times_and_sources():
    times = np.array([1.0, np.nan, 3.0, 4.0])
    described = describe(["Straße", "b", "c", "d"], times, times + 1, ["CNN", "cnn", None, ""])
    assert described.texts.tolist() == ["strasse", "b", "c", "d"]
    assert described.first is times and described.last[0] == 2
    assert described.sources[0] == described.sources[1] and len(set(described.sources.tolist())) == 3
    assert np.isnan(describe(["a"]).first).all() and np.isnan(describe(["a"]).last).all()
