"""A run that goes on, against one from nothing."""

from __future__ import annotations

import random
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from dedupe.candidates import how_many
from dedupe.clustering import Correction
from dedupe.clustering.crowds import CrowdSettings
from dedupe.headlines import Headline
from dedupe.index import kept_context, kept_crowds
from dedupe.index.active_run import ActiveRun
from dedupe.pipeline import grouped
from dedupe.result.settings import Settings
from dedupe.scoring import Judge, judge_of, reader
from dedupe.scoring.context import Matrices
from tests.support.fake_encoder import FakeEncoder
from tests.support.stores import MemoryReadings, MemoryVectors

SUBJECTS = "ferry mayor storm bridge school union dam court museum bakery".split()
EVENTS = "sinks resigns floods reopens strikes burns wins closes rises falls".split()
PLACES = "Oslo Bergen Ghent Porto Malmo Turku".split()
ENDS = ["", " on Monday", " with 14 hurt", " after 3 days", " - Harbour Times", " | Fjord Herald", " - Lofoten Courier"]
ODD = ["", "Corrections", "Morning briefing", "Open thread"]
START = datetime(2026, 3, 1, tzinfo=UTC)


class Identified(FakeEncoder):
    """An encoder whose vectors can be stored; it counts what it encodes."""

    identity = "words"

    def __init__(self):
        self.encoded = 0

    def encode(self, texts):
        self.encoded += len(texts)
        return super().encode(texts)


class QuickReader:
    """A reader whose verdict is a hash of both titles."""

    def log_odds(self, texts, i, j, progress=None, store=None):
        pairs = [sorted((texts[a], texts[b])) for a, b in zip(i.tolist(), j.tolist(), strict=True)]
        return np.array([_verdict(a + b) for a, b in pairs], np.float32).reshape(-1, 2)


def _verdict(text):
    story = zlib.crc32(text.encode()) % 80 / 10 - 4
    return story - 1, story


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """A reader that takes no time, and that reads only some of the pairs."""
    monkeypatch.setattr("dedupe.scoring.scorer.reader_of", lambda encoder: QuickReader())
    few = partial(reader.pairs_to_read, at_least=60, per_node=0.4)
    monkeypatch.setattr("dedupe.scoring.scorer.pairs_to_read", few)


def headlines(count, seed=0):
    """Titles of few words, some with marks, dates, sources, addresses, items of pages; some are copies, empty, or say nothing."""
    rng, rows = random.Random(seed), []
    for k in range(count):
        words = [rng.choice(SUBJECTS), rng.choice(EVENTS), "in", rng.choice(PLACES)]
        title = " ".join(words) + rng.choice(ENDS) if rng.random() < 0.92 else rng.choice([*ODD, "Live: " + words[0]])
        published = START + timedelta(hours=rng.uniform(0, 100)) if rng.random() < 0.9 else None
        url = f"https://example.org/2026/story-{rng.randrange(30)}-of-the-day" if rng.random() < 0.2 else None
        record = f"item{rng.randrange(20)}" if rng.random() < 0.1 else None
        source = rng.choice([None, "Harbour Times", "lofoten-courier.no", "A"])
        rows.append(Headline(title, str(k), published, source, url, record=record))
    return rows


def settings_of(level="story", window=48.0, reader="auto"):
    return Settings.of(judge_of(Identified()), level, window, None, None, reader=reader)


def assert_same(run, rows, settings, corrections=()):
    """Compare with a run from nothing."""
    expected = grouped(rows, judge_of(run.encoder), settings, FakeEncoder(), corrections=corrections)
    result = run.last
    assert result.headlines == tuple(rows)
    for level in ("exact", "wording", "story"):
        np.testing.assert_array_equal(result.labels(level), expected.labels(level))
    ours, theirs = result.pair_table, expected.pair_table
    np.testing.assert_array_equal(np.stack([ours.i, ours.j]), np.stack([theirs.i, theirs.j]))
    for name in (
        "similarity",
        "wording_similarity",
        "read_story",
        "p_pair_story",
        "p_pair_wording",
        "p_wording",
        "p_story",
    ):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), atol=2e-5)
    np.testing.assert_allclose(ours.context, theirs.context, atol=2e-3)
    assert (result.outlets, result.pairs_read, result.flags()) == (
        expected.outlets,
        expected.pairs_read,
        expected.flags(),
    )
    assert result.cautions == expected.cautions
    np.testing.assert_array_equal(result.kept("wording"), expected.kept("wording"))
    return expected


def counted(monkeypatch):
    """Count the runs that take nothing over, and the sums that are made of nothing."""
    counts = {"full": 0, "anew": 0}
    full, anew = ActiveRun._in_full, kept_context.context_of

    def in_full(self, *arguments):
        counts["full"] += 1
        return full(self, *arguments)

    def context_of(*arguments):
        counts["anew"] += 1
        return anew(*arguments)

    monkeypatch.setattr(ActiveRun, "_in_full", in_full)
    monkeypatch.setattr(kept_context, "context_of", context_of)
    return counts


@pytest.mark.parametrize("seed", range(6))
def test_after_any_additions_and_removals_it_is_a_run_from_nothing(seed, monkeypatch):
    monkeypatch.setattr(kept_context, "_MOST_CHANGED", 1)
    counts, rng = counted(monkeypatch), random.Random(seed)
    settings = settings_of(window=rng.choice([None, 24.0, 48.0]), reader=rng.choice(["auto", "all", "off"]))
    run = ActiveRun(Identified(), settings, vectors=MemoryVectors(), readings=MemoryReadings())
    pool = headlines(260, seed)
    rows = pool[:150]
    run.run(rows)
    assert_same(run, rows, settings)
    for _ in range(5):
        gone = set(rng.sample(range(len(rows)), rng.choice([0, 5, 15])))
        rows = [row for k, row in enumerate(rows) if k not in gone] + rng.sample(pool[150:], rng.choice([0, 1, 12]))
        rng.shuffle(rows)
        run.run(rows)
        assert_same(run, rows, settings)
    assert counts == {"full": 0, "anew": 1}, "it took over what it could"


@pytest.mark.parametrize("seed", range(2))
def test_titles_of_very_many_words(seed):
    """Words of a third headline are looked up sixteen at a time."""
    rng, words = random.Random(seed), [*SUBJECTS, *EVENTS, *PLACES, *(f"place{k} count{k}" for k in range(12))]
    pool = [
        Headline(
            " ".join(rng.sample(words, rng.choice([5, 18, 30]))), str(k), START + timedelta(hours=rng.uniform(0, 40))
        )
        for k in range(140)
    ]
    settings = settings_of()
    run = ActiveRun(Identified(), settings, vectors=MemoryVectors(), readings=MemoryReadings())
    for first in (0, 4, 9):
        rows = pool[first : first + 130]
        run.run(rows)
        assert_same(run, rows, settings)


def active(count=150, seed=3, **options):
    settings = settings_of(**options)
    run = ActiveRun(Identified(), settings, vectors=MemoryVectors(), readings=MemoryReadings())
    rows = headlines(count, seed)
    run.run(rows)
    return run, rows


@pytest.mark.slow
def test_a_match_says_what_a_run_with_the_headline_would():
    """Nearly always: a run may also change what the stories around a new title are."""
    same = asked = 0
    for seed in range(4):
        run, rows = active(seed=seed)
        for new in headlines(60, seed + 50):
            match = run.match([new])
            expected = grouped([*rows, new], judge_of(run.encoder), run.settings, FakeEncoder())
            labels = expected.labels("story")
            known = set(np.flatnonzero(labels[:-1] == labels[-1]).tolist())
            found = match.matches[0]
            same += (found is None) == (not known) and (found is None or found.row in known)
            asked += 1
            assert found is None or found.headline is rows[found.row]
    assert same >= 0.95 * asked


def test_a_run_goes_on_from_what_another_process_kept(tmp_path, monkeypatch):
    run, rows = active()
    run.save(tmp_path / "active.run")
    counts = counted(monkeypatch)
    again = ActiveRun.load(tmp_path / "active.run", run.encoder, run.settings, vectors=run.vectors)
    rows = [*rows[4:], *headlines(6, 9)]
    again.run(rows)
    assert_same(again, rows, run.settings)
    again.run(rows[3:])
    assert_same(again, rows[3:], run.settings)
    assert counts == {"full": 0, "anew": 0}, "it took over what was kept"


def test_only_pairs_near_a_change_are_judged_again(monkeypatch):
    judged, with_context = [], Judge.with_context

    def counting(judge, context, pairs, crowd):
        judged.append(len(pairs))
        return with_context(judge, context, pairs, crowd)

    run, rows = active(window=None, reader="off")
    monkeypatch.setattr(Judge, "with_context", counting)
    run.run(rows)
    assert judged.pop() <= np.count_nonzero(run._kept.pairs.forced), "nothing changed"
    alone = Headline("Quiet orchard harvest", published=START)
    run.run([*rows, alone])
    assert judged.pop() < len(run._kept.pairs) / 2
    assert_same(run, [*rows, alone], run.settings)


def forbidden(*arguments, **options):
    raise AssertionError("there is no need for it")


def test_another_process_that_asks_the_same_gets_it_without_a_run(tmp_path, monkeypatch):
    run, rows = active()
    new = headlines(5, 12)
    expected = [run.match([row]).matches for row in new]
    run.save(tmp_path / "active.run")
    load = partial(ActiveRun.load, tmp_path / "active.run", run.encoder, run.settings, vectors=run.vectors)
    again, copied = load(), [replace(row) for row in rows]
    with monkeypatch.context() as patch:
        patch.setattr(ActiveRun, "_renewed", forbidden)
        patch.setattr(ActiveRun, "_in_full", forbidden)
        again.run(copied)
        assert [again.match([row]).matches for row in new] == expected
    assert_same(again, copied, run.settings)
    again.run([*copied[3:], *new])
    assert_same(again, [*copied[3:], *new], run.settings)
    again.save(tmp_path / "active.run")
    third = load()
    third.run([*copied[3:], *new])
    assert_same(third, [*copied[3:], *new], run.settings)


@pytest.mark.parametrize("change", ["row", "date", "order", "correction"])
def test_what_was_kept_of_other_rows_is_no_answer(change, tmp_path):
    run, rows = active()
    run.save(tmp_path / "active.run")
    titles = [row.title for row in rows if row.title]
    corrections = [Correction(titles[0], titles[7], "story")] if change == "correction" else []
    rows = {
        "row": rows[1:],
        "date": [replace(rows[0], published=START + timedelta(hours=99)), *rows[1:]],
        "order": rows[::-1],
        "correction": rows,
    }[change]
    again = ActiveRun.load(
        tmp_path / "active.run", run.encoder, run.settings, vectors=run.vectors, corrections=corrections
    )
    again.run(rows)
    assert_same(again, rows, run.settings, corrections)


def _cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _changed(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("damage", [_cut, _changed, Path.unlink], ids=["cut", "changed", "gone"])
def test_a_damaged_file_counts_as_missing(damage, tmp_path, monkeypatch):
    run, rows = active()
    run.save(tmp_path / "active.run")
    damage(tmp_path / "active.run")
    counts = counted(monkeypatch)
    again = ActiveRun.load(tmp_path / "active.run", run.encoder, run.settings)
    again.run(rows)
    assert_same(again, rows, run.settings)
    assert counts == {"full": 0, "anew": 1}, "it began anew"


def test_what_was_kept_of_another_window_or_encoder_counts_as_missing(tmp_path):
    run, _ = active()
    run.save(tmp_path / "active.run")
    other = Identified()
    other.identity = "others"
    assert ActiveRun.load(tmp_path / "active.run", run.encoder, run.settings)._kept is not None
    assert ActiveRun.load(tmp_path / "active.run", run.encoder, settings_of(window=24.0))._kept is None
    assert ActiveRun.load(tmp_path / "active.run", other, run.settings)._kept is None


def test_corrections_may_change_between_runs():
    run, rows = active()
    labels, titles = run.last.labels("story"), [row.title for row in rows]
    together = next((a, b) for a in range(60) for b in range(a) if labels[a] == labels[b] and titles[a] != titles[b])
    apart = next((a, b) for a in range(60) for b in range(a) if labels[a] != labels[b] and titles[a] and titles[b])
    run.corrections = [
        Correction(titles[together[0]], titles[together[1]], "different"),
        Correction(titles[apart[0]], titles[apart[1]], "story"),
    ]
    run.run(rows)
    assert_same(run, rows, run.settings, run.corrections)
    run.corrections = []
    run.run(rows)
    assert_same(run, rows, run.settings)


def test_at_the_level_of_wordings():
    run, rows = active(level="wording", reader="all")
    rows = [*rows[10:], *headlines(10, 8)]
    run.run(rows)
    assert_same(run, rows, run.settings)


def test_few_headlines_none_and_crowds_are_run_in_full(monkeypatch):
    counts = counted(monkeypatch)
    run, rows = active()
    few = rows[:20]
    run.run(few)
    assert_same(run, few, run.settings)
    assert len(run.run([])) == 0
    crowd = [Headline(f"{SUBJECTS[0]} sinks in Oslo with {k} hurt", str(k), START) for k in range(1200)]
    run.run(rows + crowd)
    assert any(caution.code in ("collapsed", "sparse") for caution in run.last.cautions), "there is a crowd"
    assert_same(run, rows + crowd, run.settings)
    run.run(rows)
    assert_same(run, rows, run.settings)
    assert counts["full"] == 3


def test_a_crowd_that_grows_is_noticed(monkeypatch):
    few = partial(CrowdSettings, size=60)
    monkeypatch.setattr("dedupe.clustering.crowds.CrowdSettings", few)
    counts, settings = counted(monkeypatch), settings_of()
    run = ActiveRun(Identified(), settings, vectors=MemoryVectors(), readings=MemoryReadings())
    crowd = [Headline(f"{SUBJECTS[0]} sinks in Oslo with {k} hurt", str(k), START) for k in range(90)]
    rows = headlines(150, 3) + crowd[:50]
    for more in range(50, 91, 5):
        rows = [*rows, *crowd[more : more + 5]]
        run.run(rows)
        assert_same(run, rows, settings)
    assert counts["full"] > 0, "there is a crowd in the end"
    assert any(caution.code in ("collapsed", "sparse") for caution in run.last.cautions)


@pytest.mark.parametrize("window", [None, 24.0, 200.0])
def test_it_is_known_how_many_titles_are_similar_at_most(window):
    run, rows = active(window=window)
    for first in (0, 10, 25):
        rows = rows[first:] + headlines(12, first + 40)
        run.run(rows)
        pairs, nodes = run._kept.pairs, run._kept.nodes
        scorer, band = run._scorer(nodes), run._kept.outcome.copies.nodes.band(window)
        exact = how_many(nodes.vectors, nodes.vectors, CrowdSettings().near)
        bound = kept_crowds.at_most(pairs.similar, scorer, band)
        assert (bound >= exact).all()
        if window != 24.0 and not first:
            assert (bound <= exact + 1).all(), "nothing has gone, and all are within the window"


def test_vectors_and_readings_are_made_once(monkeypatch):
    run, rows = active()
    encoded = run.encoder.encoded
    run.run(rows[5:])
    assert run.encoder.encoded == encoded
    anew = ActiveRun(Identified(), run.settings, vectors=run.vectors)
    anew.run(rows)
    assert anew.encoder.encoded == 0


def test_a_match_groups_the_new_headlines_and_knows_addresses_copies_and_corrections():
    run, rows = active()
    copy = Headline(rows[0].title.upper(), published=rows[0].published)
    same_page = Headline(
        "Nobody knows what this is about",
        published=rows[1].published,
        url="https://example.org/2026/harbour-bridge-opens",
    )
    two = [
        Headline("A quiet harvest in the north", published=START),
        Headline("Quiet harvest in the north", published=START),
    ]
    run.run(
        [
            *rows,
            Headline(
                "Something else altogether",
                published=rows[1].published,
                url="https://example.org/2026/harbour-bridge-opens",
            ),
        ]
    )
    matches = run.match([copy, same_page, *two])
    assert matches.matches[0].level == "exact" and run.last.headlines[matches.matches[0].row].title == rows[0].title
    assert matches.matches[1].level == "story" and matches.matches[1].row == len(rows)
    assert matches.matches[2:] == (None, None)
    labels = matches.run.labels("story")[-2:]
    assert labels[0] == labels[1], "they repeat nothing known, but each other"
    run.corrections = [Correction(two[0].title, rows[2].title, "story")]
    assert run.match(two[:1]).matches[0].headline.title == rows[2].title


def test_sums_that_are_estimated_are_made_anew(monkeypatch):
    estimated = iter([False, True, True])  # asked of the run before first; what it says decides
    run, rows = active()
    counts = counted(monkeypatch)
    monkeypatch.setattr(Matrices, "is_estimated", property(lambda matrices: next(estimated)))
    run.run(rows[2:])
    run.run(rows[4:])
    assert_same(run, rows[4:], run.settings)
    assert counts["anew"] == 2
