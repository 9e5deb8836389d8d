from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dedupe import StoryIndex
from tests.support.index_news import at, batches, headline, ids, news, opened


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound") / "i"
    with opened(folder, window="30h") as index:
        for batch in batches(news(60, 21, days=8), 2):
            index.add(batch, now=at(24 * 9))
        index.add([headline("Bank fined in Turin", 24 * 9)], now=at(24 * 9))
        assert index.check() == []
    return folder


@pytest.fixture
def index(sound: Path, tmp_path: Path) -> Iterator[StoryIndex]:
    shutil.copytree(sound, tmp_path / "i")
    with opened(tmp_path / "i") as index:
        index._store.database.execute("PRAGMA foreign_keys = OFF")
        yield index


DAMAGE = {
    "leads on to one that has ended": "UPDATE ids SET leads_to = (SELECT max(key) FROM ids WHERE level = 'story') WHERE key = 1",
    "lies in several stories": "UPDATE headline_rows SET wording = (SELECT wording FROM headline_rows WHERE row = 1) WHERE row = "
    "(SELECT row FROM headline_rows WHERE story != (SELECT story FROM headline_rows WHERE row = 1) LIMIT 1)",
    "the id of a wording as its story": "UPDATE headline_rows SET story = wording WHERE row = 1",
    "ended without an event": "UPDATE ids SET leads_to = 1 WHERE key = (SELECT max(key) FROM ids WHERE level = 'story')",
    "goes on as if it had ended": "INSERT INTO event_rows VALUES (99, 1, 0, 'merged', 'story', 1, 2, 1, NULL, NULL, NULL)",
    "the next number of a kind was given before: row": "UPDATE counters SET next = 3 WHERE name = 'row'",
    "given before: story 2026": "UPDATE counters SET next = 1 WHERE name LIKE 'story 2026%'",
    "what represents a story": "UPDATE ids SET representative = 9999 WHERE key = 1",
    "what represents a story or wording is not in it": "UPDATE ids SET representative = (SELECT max(row) FROM headline_rows) "
    "WHERE key = (SELECT story FROM headline_rows WHERE row = 1)",
    "two headlines are one item": "UPDATE headline_rows SET id = 'x', source = NULL, title = 'y' WHERE row < 3",
    "a new title of one that is a new title": "UPDATE headline_rows SET revises = row - 1 WHERE row IN (2, 3)",
    "outside the window": "UPDATE headline_rows SET place = NULL, vector = NULL WHERE place = 1",
    "inside the window": "UPDATE headline_rows SET place = 9999 WHERE row = (SELECT max(row) FROM headline_rows)",
    "names a row of ids that is not there": "UPDATE headline_rows SET story = 9999 WHERE row = 1",
    "of another length than 1": "UPDATE vectors SET numbers = zeroblob(1024) WHERE key = 1",
    "or another width": "UPDATE vectors SET numbers = x'0000803f' WHERE key = 1",
    "archived headline without a vector": "UPDATE headline_rows SET vector = NULL WHERE place = 1",
}


@pytest.mark.parametrize("problem", DAMAGE)
def test_a_broken_promise_is_found(index: StoryIndex, problem: str):
    assert index._store.database.execute(DAMAGE[problem])
    index._store.count_on("state")
    assert any(problem in line for line in index.check())


def test_groups_that_are_not_those_of_a_run(index: StoryIndex):
    merged = "(SELECT story FROM headline_rows WHERE place IS NULL ORDER BY row LIMIT 1)"
    index._store.database.execute(f"UPDATE headline_rows SET story = {merged} WHERE place IS NULL")
    index._store.count_on("state")
    assert any("in another story than `deduplicate` gives" in line for line in index.check())
    before = {row: names for row, names in ids(index).items()}
    assert index.repair()
    assert index.check() == []
    changed = {row for row, names in ids(index).items() if names != before[row]}
    assert changed  # and events tell of it
    assert index._store.database.value("SELECT count(*) FROM events WHERE kind = 'split'")


@pytest.mark.parametrize(
    "problem", ["of another length than 1", "or another width", "archived headline without a vector"]
)
def test_vectors_are_made_again(index: StoryIndex, problem: str):
    before = ids(index)
    index._store.database.execute(DAMAGE[problem])
    assert any(problem in line for line in index.repair())
    assert index.check() == [] and ids(index) == before


def test_a_sound_index_is_left_alone(index: StoryIndex):
    before = index._store.database.rows("SELECT * FROM headline_rows"), index._store.state
    assert index.repair() == []
    assert (index._store.database.rows("SELECT * FROM headline_rows"), index._store.state) == before
