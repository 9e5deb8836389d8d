"""The features of titles, against the sets of `facts`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.scoring.title_features import KINDS, Vocabulary, describe_titles, stacked
from dedupe.text.document_frequencies import document_frequencies
from dedupe.text.words import facts, opposite_of

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
    "Season Two, Episode 101: v1.2.0 (S25) against Brindle 6.10 on July 14, 2026 - 2-1 or 10-15?",
    "twelve million dollars or 4 per cent of $1.5bn. Week 3: third week",
    "Élan naïf à São Paulo: ３ und ² straße",
    "- ' … ?",
    "x" * 1000,
]
PIECES = """
    Oslo oslo Oslo, rise Fall "falling up down first more two 2 2nd #2 1,200 3.5m F16 Mon. june isn't no Will ready ?' É -
    week 3: July 14 v1.2 S25 $4 million per cent 2-1 one's third % (7 No. # ²
"""


def weight(kind, member):
    """The mass of a member, rounded as it is kept."""
    if kind not in ("stems", "names"):
        return 1.0
    frequencies = document_frequencies()
    return float(np.float32(max(frequencies.idf(member), 0.1) / frequencies.max_idf))


def mass_of(kind, members):
    return sum(weight(kind, member) for member in members)


def shared_mass(titles, first, i, second, j):
    """The mass of the columns that two rows share, by kind, column by column."""
    a, b = (
        dict(zip(rows[k].indices.tolist(), rows[k].data.tolist(), strict=True)) for rows, k in ((first, i), (second, j))
    )
    shared = a.keys() & b.keys()
    assert all(a[column] == b[column] for column in shared)
    return [sum(a[column] for column in shared if titles.kind[column] == k) for k in range(len(KINDS))]


def check(texts):
    titles, stated = describe_titles(texts), [facts(text) for text in texts]
    for i, a in enumerate(stated):
        assert titles.mass[i].tolist() == [mass_of(kind, getattr(a, kind)) for kind in KINDS]
        assert titles.moods[i].tolist() == [a.negated, a.is_question, a.looks_ahead]
        assert titles.facts[i] == len(a.stems) + len(a.numbers) + len(a.counters)
        assert titles.words[i] == max(len(texts[i].split()), 1)
        for j, b in enumerate(stated):
            shared = [mass_of(kind, getattr(a, kind) & getattr(b, kind)) for kind in KINDS]
            assert shared_mass(titles, titles.entries, i, titles.entries, j) == shared
            opposed = float(len(a.opposites & set(map(opposite_of, b.opposites))))
            assert shared_mass(titles, titles.entries, i, titles.mirrored, j) == [*shared[:-1], opposed]


def test_titles_are_described_by_their_facts():
    check(TITLES)


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from(PIECES.split())).map(" ".join), min_size=1, max_size=4))
def test_any_titles_are_described_by_their_facts(titles):
    check(titles)


def test_the_order_of_titles_changes_no_bit():
    assert describe_titles(TITLES[::-1]).mass[::-1].tobytes() == describe_titles(TITLES).mass.tobytes()


def test_rows_are_small_and_sorted():
    described = describe_titles(TITLES)
    for rows in (described.entries, described.mirrored):
        assert rows.data.dtype == np.float32 and rows.indices.dtype == np.int32
        assert all((np.diff(rows[k].indices) > 0).all() for k in range(len(TITLES)))
    assert np.shares_memory(described.entries.data, described.mirrored.data)


@pytest.mark.parametrize("titles", [[], [""], ["", "-"]])
def test_titles_that_say_nothing(titles):
    described = describe_titles(titles)
    assert described.entries.nnz == described.mirrored.nnz == described.mass.sum() == described.moods.sum() == 0
    assert described.mass.shape == (len(titles), len(KINDS)) and described.moods.shape == (len(titles), 3)
    assert len(described.texts) == len(described.facts) == len(described.sources) == len(titles)


def test_texts_times_and_sources():
    times = np.array([1.0, np.nan, 3.0, 4.0])
    described = describe_titles(["Straße", "b", "c", "d"], times, times + 1, ["CNN", "cnn", None, ""])
    assert described.texts.tolist() == ["strasse", "b", "c", "d"]
    assert described.first is times and described.last[0] == 2
    assert described.sources[0] == described.sources[1] and len(set(described.sources.tolist())) == 3
    assert np.isnan(describe_titles(["a"]).first).all() and np.isnan(describe_titles(["a"]).last).all()


def test_the_features_of_some_titles():
    hours = np.arange(len(TITLES), dtype=float)
    titles, places = describe_titles(TITLES, hours, hours + 1), np.array([5, 2, 7])
    some, expected = titles.take(places), describe_titles([TITLES[k] for k in places], hours[places], hours[places] + 1)
    for name in ("texts", "mass", "moods", "words", "first", "last", "facts"):
        np.testing.assert_array_equal(getattr(some, name), getattr(expected, name), name)
    assert some.kind is titles.kind and (some.entries != titles.entries[places]).nnz == 0


def test_titles_described_one_after_another_are_those_described_together():
    known, together = Vocabulary(), describe_titles(TITLES)
    first = describe_titles(TITLES[:5], known=known)
    both = stacked(first, describe_titles(TITLES[5:], known=known))
    again = Vocabulary.of(*known.content())
    for described in (both, describe_titles(TITLES, known=again)):
        for kind in range(len(KINDS)):
            for ours, theirs in ((described.entries, together.entries), (described.mirrored, together.mirrored)):
                masses = [
                    np.sort(m[:, d.kind == kind].toarray(), axis=1) for m, d in ((ours, described), (theirs, together))
                ]
                width = min(m.shape[1] for m in masses)
                np.testing.assert_array_equal(*(m[:, m.shape[1] - width :] for m in masses))
            overlap = [d.entries @ d.mirrored.T for d in (described, together)]
            np.testing.assert_allclose(overlap[0].toarray(), overlap[1].toarray())
        np.testing.assert_array_equal(described.mass, together.mass)
        np.testing.assert_array_equal(described.facts, together.facts)
    assert len(again) == len(known)


def test_columns_of_another_vocabulary_leave_features_as_they_are():
    known = Vocabulary()
    described, before = describe_titles(TITLES, known=known), describe_titles(TITLES, known=Vocabulary())
    kinds, members = known.content()
    other = Vocabulary.of(kinds[::-1], members[::-1])
    other.aligned(described.entries, list(zip(kinds.tolist(), members, strict=True)))
    np.testing.assert_array_equal(described.entries.toarray(), before.entries.toarray())
