"""Whatever the batches: the groups are those of one run, the index checks out, and no id changes without an event."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from dedupe import InputError, StoryIndex, deduplicate
from dedupe.index import Batch, Event
from tests.support.index_news import NamedEncoder, at, batches, ids, news, opened


def check_groups(index: StoryIndex) -> None:
    """The active headlines are grouped as in one run over them, also by the ids that are stored."""
    result = index.result()
    stored = [
        row for (row,) in index._store.database.rows("SELECT row FROM headlines WHERE state = 'active' ORDER BY row")
    ]
    best = dict(index._store.database.rows("SELECT id, representative FROM ids WHERE leads_to = key"))
    names, oracle = (
        ids(index),
        deduplicate(
            result.headlines,
            encoder=NamedEncoder(),
            window=index.window,
            reader="off",
            corrections=index._store.corrections(),
        ),
    )
    for place, level in enumerate(("story", "wording")):
        np.testing.assert_array_equal(result.labels(level), oracle.labels(level))
        first = {}
        for label, row in zip(oracle.labels(level).tolist(), stored, strict=True):
            assert first.setdefault(label, names[row][place]) == names[row][place]
        assert len(set(first.values())) == len(first)
        places = oracle.representatives(level)
        for label, place in enumerate(
            places.tolist()
        ):  # where a group has lost archived headlines, one of these may stay
            assert best[first[label]] == stored[place] or best[first[label]] not in stored


def check_events(before: dict[int, tuple[str, str]], after: dict[int, tuple[str, str]], events: Sequence[Event]) -> int:
    """Every id that changed has an event; return how many did."""
    told = {(event.level, event.from_id, event.to_id) for event in events if event.kind != "revision"}
    changed = [
        (level, old, new)
        for row, names in before.items()
        for level, old, new in zip(("story", "wording"), names, after[row], strict=True)
        if old != new
    ]
    assert set(changed) == told
    return len(changed)


def check_answers(batch: Batch, stored: dict[int, tuple[str, str]]) -> None:
    """What `add` returns is what is stored, and a story is new once."""
    assert all((item.story, item.wording) == stored[item.row] for item in batch)
    begun = [item.story for item in batch if item.new_story]
    assert len(set(begun)) == len(begun)
    continued = {item.story for item in batch if item.revises is not None}  # perhaps those of archived headlines
    for item in batch:
        linked = item.repeats is not None or item.story in continued or bool(batch.events)
        assert item.known or item.new_story or linked


@pytest.mark.parametrize(("seed", "ordered"), [(4, True), (6, False), (8, True), (12, False)])
def test_random_batches(tmp_path: Path, seed: int, ordered: bool):
    rows, changes, steps = news(120, seed, ordered=ordered), 0, 0
    draw, ever = random.Random(seed), set[str]()
    with opened(tmp_path / "i", window="30h") as index:
        for batch in batches(rows, seed):
            before, now = ids(index), at(draw.uniform(0, 150))
            got = index.add(batch, now=now)
            after = ids(index)
            changes += check_events(before, after, got.events)
            check_answers(got, after)
            steps += 1
            if steps % 5 == 0:
                check_groups(index)
                assert index.check() == []
                ever |= {id_ for names in after.values() for id_ in names}
            titles = sorted({row.title for row in index.result().headlines})
            if steps % 6 == 0 and len(titles) > 1:
                pair = draw.sample(titles, 2)
                with suppress(InputError):  # it contradicts another
                    events = index.correct([(*pair, draw.choice(["wording", "story", "different"]))], now=now)
                    check_events(after, ids(index), events)
            if steps % 8 == 0:
                forgotten = index.forget("100h")
                assert len(ids(index)) == len(after) - forgotten
        check_groups(index)
        assert index.check() == []
        assert all(index._store.group(id_) for id_ in ever)
    assert changes


def test_the_split_into_batches_does_not_change_the_groups(tmp_path: Path):
    rows = news(70, 5)
    results = []
    for k, seed in enumerate((1, 2)):
        with opened(tmp_path / str(k), window="40h") as index:
            for batch in batches(rows, seed):
                index.add(batch, now=at(200))
            by_title = sorted(
                (h.title, h.id or "", h.source or "", str(h.published), label)
                for h, label in zip(index.result().headlines, index.result().labels("story").tolist(), strict=True)
            )
            groups: dict[int, list[tuple[str, ...]]] = {}
            for *key, label in by_title:
                groups.setdefault(label, []).append(tuple(key))
            results.append(sorted(groups.values()))
    assert results[0] == results[1]


def test_one_process_after_another(tmp_path: Path):
    """Opening the index for each batch gives what one that stays open gives."""
    rows = news(50, 6)
    with opened(tmp_path / "open", window="30h") as index:
        for batch in batches(rows, 1):
            index.add(batch, now=at(150))
        expected = ids(index)
    for batch in batches(rows, 1):
        with opened(tmp_path / "again", window="30h" if not (tmp_path / "again").exists() else None) as index:
            index.add(batch, now=at(150))
    with opened(tmp_path / "again") as index:
        assert ids(index) == expected and index.check() == []


def test_two_objects_take_turns(tmp_path: Path):
    rows = news(50, 7)
    with opened(tmp_path / "one", window="30h") as index:
        for batch in batches(rows, 1):
            index.add(batch, now=at(150))
        expected = ids(index)
    with opened(tmp_path / "two", window="30h") as first, opened(tmp_path / "two") as second:
        for k, batch in enumerate(batches(rows, 1)):
            (first, second)[k % 2].add(batch, now=at(150))
        assert ids(first) == ids(second) == expected
        check_groups(first)
        check_groups(second)


def test_a_failed_batch_leaves_nothing(tmp_path: Path):
    class Failing(NamedEncoder):
        fails = False

        def encode(self, texts: list[str]) -> np.ndarray:
            if self.fails:
                raise MemoryError
            return super().encode(texts)

    rows, encoder = news(60, 8), Failing()
    opened(tmp_path / "i", window="30h").close()
    with StoryIndex(tmp_path / "i", encoder=encoder) as index:
        index.add(rows[:30], now=at(150))
        before = ids(index)
        encoder.fails = True
        with pytest.raises(MemoryError):
            index.add(rows[30:], now=at(150))
        assert ids(index) == before and index.check() == []
        encoder.fails = False
        index.add(rows[30:], now=at(150))
        got = ids(index)
    with opened(tmp_path / "j", window="30h") as index:
        index.add(rows[:30], now=at(150))
        index.add(rows[30:], now=at(150))
        assert ids(index) == got
