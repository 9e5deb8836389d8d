"""What is kept and dropped: every row once, each dropped one beside the kept row that it repeats."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe import Headline, deduplicate, load_result
from dedupe.levels import LEVELS
from dedupe.result import keeping
from dedupe.text.contradictions import contradictions
from tests.support.fake_encoder import FakeEncoder

ROWS = [
    Headline("Ferry sinks off Oslo, 3 dead", "a", "2026-03-01T08:00Z", "Fjord Herald"),
    Headline("Three dead as ferry sinks off Oslo", "b", "2026-03-01T09:00Z", "BBC News"),
    Headline("FERRY SINKS OFF OSLO, 3 DEAD", "c", "2026-03-01T07:00Z", "BBC"),
    Headline("Ferry sinks off Oslo, 5 dead", "d", "2026-03-01T12:00Z", "Harbour Times"),
    Headline("Five dead as ferry sinks off Oslo", "e", "2026-03-01T13:00Z", "Fjord Herald"),
    Headline("Bakery chain to close 40 shops by spring", "f", None, "Harbour Times"),
]
ONE_WORDING = [
    (ROWS[0].title, ROWS[3].title, "wording"),
    (ROWS[0].title, ROWS[1].title, "wording"),
    (ROWS[3].title, ROWS[4].title, "wording"),
]


def run(rows=ROWS, **options):
    return deduplicate(rows, encoder=FakeEncoder(), corrections=ONE_WORDING, reader="off", **options)


def test_titles_of_one_wording_that_contradict_each_other_are_both_kept():
    result = run(keep="earliest")
    assert len(set(result.labels("wording")[:5].tolist())) == 1
    assert result.kept().tolist() == [2, 3, 5]
    assert [(row.row, row.kept, row.level) for row in result.dropped()] == [
        (0, 2, "exact"),
        (1, 2, "wording"),
        (4, 3, "wording"),
    ]
    assert result.kept(drop_contradictions=True).tolist() == [2, 5]
    assert result.kept("exact").tolist() == [1, 2, 3, 4, 5]
    assert [flag for flag in result.flags() if "contradiction" in flag] == ["contradiction"] * 2
    assert [k for k, flag in enumerate(result.flags()) if flag] == [3, 4]


@pytest.mark.parametrize("keep", ["central", "earliest", "complete"])
def test_flags_of_some_rows_are_those_of_all(keep):
    odd = [Headline("", "x"), Headline("Corrections", "x"), Headline("Nothing else\0 happened")]
    result = run([*ROWS, *odd], keep=keep)
    flags, rng = result.flags(), np.random.default_rng(0)
    for count in (0, 1, 2, 5):
        some = np.sort(rng.permutation(len(flags))[:count])
        assert run([*ROWS, *odd], keep=keep).flags(some) == [flags[row] for row in some.tolist()]
    assert any(flags)


def test_a_dropped_row_says_what_it_repeats_and_why():
    result = run(keep="earliest")
    copy, reworded, _ = result.dropped()
    assert (copy.headline, copy.kept_headline, copy.probability) == (ROWS[0], ROWS[2], 1.0)
    assert copy.reasons == ("the same title after normalization",)
    assert reworded.headline is ROWS[1] and 0 < reworded.probability <= 1
    assert "a correction says so" in reworded.reasons
    assert "only the first says" not in " ".join(reworded.reasons)
    assert repr(reworded).startswith("Dropped(1 -> 2, wording, ")
    contrary = next(row for row in result.dropped(drop_contradictions=True) if row.row == 3)
    assert contrary.reasons[0] == "contradiction: other numbers: 5 and 3"


def test_the_first_title_of_the_reasons_is_the_dropped_one():
    rows = ["Ferry sinks off Oslo in heavy fog", "Ferry sinks off Oslo in heavy fog, captain says"]
    for keep, order in (("first", rows), ("first", rows[::-1])):
        result = deduplicate(order, encoder=FakeEncoder(), corrections=[(*rows, "wording")], keep=keep)
        (dropped,) = result.dropped()
        said = " ".join(dropped.reasons)
        longer_first = "captain" in dropped.headline.title
        assert (f"only the {'first' if longer_first else 'second'} says captain") in said


def test_strict_keeps_what_is_not_surely_the_same(monkeypatch):
    result = run()
    loose = set(result.kept(drop_contradictions=True).tolist())
    strict = set(result.kept(drop_contradictions=True, strict=True).tolist())
    assert loose <= strict
    for row in result.dropped(strict=True):
        assert row.level == "exact" or row.probability >= keeping.STRICT
    monkeypatch.setattr(keeping, "STRICT", 1.01)
    assert all(row.level == "exact" for row in result.dropped(strict=True))


def test_one_row_of_each_publisher():
    result = run(keep="earliest")
    kept = result.kept(one_per_source=True).tolist()
    assert kept == [0, 2, 3, 4, 5]  # BBC and BBC News are one publisher
    assert result.kept("story", one_per_source=True).tolist() == [0, 2, 3, 5]


def test_rows_of_preferred_sources_come_first():
    assert run(prefer_sources=["harbourtimes", "BBC"]).kept(drop_contradictions=True).tolist() == [3, 5]
    assert run(prefer_sources=["The Fjord Herald"], keep="latest").representatives("story").tolist()[0] == 4
    assert run(prefer_sources=["Nobody"], keep="first").kept(drop_contradictions=True).tolist() == [0, 5]


def test_latest_and_first():
    assert run(keep="latest").kept(drop_contradictions=True).tolist() == [4, 5]
    assert run(keep="first").kept(drop_contradictions=True).tolist() == [0, 5]
    undated = [replace(ROWS[4], published=None), *ROWS[:4]]
    assert run(undated, keep="latest").kept(drop_contradictions=True).tolist() == [4]


def test_many_that_contradict_are_compared_with_few():
    rows = [f"Powerball jackpot grows to {k} dollars" for k in range(2, 90)]
    pairs = [(rows[0], title, "wording") for title in rows[1:]]
    result = deduplicate(rows, encoder=FakeEncoder(), corrections=pairs, reader="off")
    assert len(result.kept()) == len(rows) and len(result.kept(drop_contradictions=True)) == 1


def test_an_empty_result_drops_nothing():
    result = deduplicate([], encoder=FakeEncoder())
    assert result.kept().tolist() == [] and result.dropped() == []


def test_a_saved_result_keeps_the_same(tmp_path):
    result = run(prefer_sources=["BBC"], publishers={"Fjord Herald": "Nordic Group"}, never_same_source=True)
    result.save(tmp_path / "result")
    again = load_result(tmp_path / "result")
    assert again.settings == result.settings
    assert again.kept().tolist() == result.kept().tolist()
    assert [(row.row, row.kept, row.reasons) for row in again.dropped()] == [
        (row.row, row.kept, row.reasons) for row in result.dropped()
    ]


words = st.sampled_from("ferry fog port mayor resigns bakery closes opens 40 14 not storm monday tuesday".split())
titles = st.lists(st.lists(words, min_size=1, max_size=5).map(" ".join), max_size=10)
rules = st.fixed_dictionaries(
    {}, optional={name: st.booleans() for name in ("drop_contradictions", "strict", "one_per_source")}
)


@settings(deadline=None, max_examples=40)
@given(titles, rules, st.sampled_from(LEVELS), st.integers(0, 99))
@pytest.mark.filterwarnings("ignore::dedupe.DedupeWarning")
def test_every_row_is_kept_or_repeats_a_kept_row_of_its_group(rows, rules, level, seed):
    draw = random.Random(seed)
    rows = [Headline(title, id=str(k), source=draw.choice([None, "A", "B"])) for k, title in enumerate(rows)]
    result = deduplicate(rows, encoder=FakeEncoder(), reader="off")
    kept, dropped = set(result.kept(level, **rules).tolist()), result.dropped(level, **rules)
    repeats = dict(enumerate(result.repeats(level, **rules).tolist()))
    assert repeats == {row: row for row in kept} | {row.row: row.kept for row in dropped}
    assert sorted([*kept, *(row.row for row in dropped)]) == list(range(len(rows)))
    labels = {name: result.labels(name) for name in LEVELS}
    assert set(labels[level].tolist()) == {int(labels[level][row]) for row in kept}
    for row in dropped:
        assert row.kept in kept and labels[level][row.row] == labels[level][row.kept]
        assert row.level == next(name for name in LEVELS if labels[name][row.row] == labels[name][row.kept])
        assert 0 <= row.probability <= 1 and row.reasons
        if level == "wording" and not rules.get("drop_contradictions") and row.level != "exact":
            assert not contradictions(rows[row.row].title, rows[row.kept].title)
    order = draw.sample(range(len(rows)), len(rows))
    shuffled = deduplicate([rows[k] for k in order], encoder=FakeEncoder(), reader="off")
    assert {order[k] for k in shuffled.kept(level, **rules).tolist()} == kept


def test_never_one_source_twice():
    result = run(never_same_source=True)
    assert result.labels("story")[1] == result.labels("story")[0]  # corrections come first
    rows = [replace(row, source=source) for row, source in zip(ROWS[:2], ("BBC News", "bbc.co.uk"), strict=True)]
    plain = deduplicate(rows, encoder=FakeEncoder(), reader="off")
    apart = deduplicate(rows, encoder=FakeEncoder(), reader="off", never_same_source=True)
    assert plain.labels("story").tolist() == [0, 0]
    assert apart.labels("story").tolist() == [0, 1]
    copies = [rows[0], replace(rows[0], id="z")]
    assert deduplicate(copies, encoder=FakeEncoder(), never_same_source=True).labels("exact").tolist() == [0, 0]
    other = [rows[0], replace(rows[1], source="Sky")]
    sisters = {"BBC News": "Group", "Sky": "Group"}
    kept_apart = deduplicate(other, encoder=FakeEncoder(), reader="off", never_same_source=True, publishers=sisters)
    assert kept_apart.labels("story").tolist() == [0, 1]


def test_rows_count_publishers():
    rows = run().rows()
    assert [row["dedupe_size"] for row in rows] == [5, 5, 5, 5, 5, 1]
    assert [row["dedupe_publishers"] for row in rows] == [3, 3, 3, 3, 3, 1]
    sisters = run(publishers={"BBC": "Group", "Harbour Times": "Group"})
    assert [row["dedupe_publishers"] for row in sisters.rows()] == [2, 2, 2, 2, 2, 1]
    assert np.unique(sisters.publishers).size == 2
