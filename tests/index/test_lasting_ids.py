"""`StoryIndex.result`: the groups of a run under the ids of the index."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from dedupe import load_result
from dedupe.index.lasting_ids import _CHANGES
from dedupe.result.lasting import LastingStory
from tests.support.index_news import at, batches, headline, ids, news, opened

FERRY = "Ferry sinks off Oslo, three dead"
MUSEUM = "Museum of Lisbon reopens"


def test_groups_are_called_as_the_index_calls_them(tmp_path: Path):
    """After many batches, with ids that ended and headlines that are archived."""
    with opened(tmp_path / "i", window="40h") as index:
        for batch in batches(news(120, 31, days=8), 5):
            index.add(batch, now=at(24 * 9))
        first, *_, last = index.result().stories
        index.correct([(first.representative.title, last.representative.title, "story")])
        result, stored = index.result(), ids(index)
        rows = [
            row
            for (row,) in index._store.database.rows("SELECT row FROM headlines WHERE state = 'active' ORDER BY row")
        ]
        expected = [stored[row] for row in rows]
        assert [(row["dedupe_story"], row["dedupe_wording"]) for row in result.rows()] == expected
        assert {(story.id, wording.id) for story in result.stories for wording in story.wordings} == set(expected)
        assert {row["id"] for row in result.stories_table()} == {story for story, _ in expected}
        for story in result.lasting.stories:
            whole = index.story(story.id)
            assert (story.first, story.headlines) == (whole.first, len(whole))
            assert sorted(story.publishers) == sorted(whole.sources)
            assert all(index.story(id_).id == story.id for id_ in story.former)
        assert any(story.former for story in result.lasting.stories)
        assert any(story.headlines > 1 for story in result.lasting.stories)
        retired = {id_ for (id_,) in index._store.database.rows("SELECT id FROM retired WHERE level = 'story'")}
        assert {id_ for story in result.lasting.stories for id_ in story.former} <= retired


def test_what_an_index_knows_of_a_story(tmp_path: Path):
    with opened(tmp_path / "i", window="10h") as index:
        index.add([headline(FERRY, 0, source="a"), headline(MUSEUM, 1, url="https://lisbon.example/1")], now=at(2))
        index.add([headline(FERRY, 8, source="b"), headline(f"{FERRY} at night", 8, source="b")], now=at(9))
        index.add([headline(MUSEUM, 9)], now=at(10))
        first, second = "2026-02-14-0001", "2026-02-14-0002"
        ferry = LastingStory(first, (), at(0), at(9), 3, ("b", "a"))
        museum = LastingStory(second, (), at(1), at(10), 2, ("lisbon.example",))
        assert index.result().lasting.stories == (ferry, museum)
        index.add([headline("Orchid of Ghent fined", 15)], now=at(16))  # archives what was first
        assert index.result().lasting.stories[:2] == (ferry, museum) and len(index.result()) == 4
        index.correct([(FERRY, MUSEUM, "story")], now=at(17))
        story, _ = index.result().lasting.stories
        assert story == LastingStory(first, (second,), at(0), at(17), 5, ("b", "a", "lisbon.example"))


def test_when_stories_changed_is_asked_from_the_active_ids(tmp_path: Path):
    """However long the history is, and with the answer of all of it."""
    with opened(tmp_path / "i", window="20h") as index:
        for k, batch in enumerate(batches(news(150, 7, days=8), 9)):
            index.add(batch, now=at(24 * 9 + k))
        database = index._store.database
        latest = dict[int, int]()
        active = {story for (story,) in database.rows("SELECT story FROM headlines WHERE state = 'active'")}
        names = {id_: key for key, id_ in database.rows("SELECT key, id FROM ids WHERE level = 'story'")}
        leads = dict(database.rows("SELECT key, leads_to FROM ids"))
        for time, *ends in database.rows("SELECT time, from_key, to_key FROM event_rows WHERE level = 'story'"):
            for key in (leads[end] for end in ends):
                latest[key] = max(time, latest.get(key, 0))
        expected = {key: latest[key] for key in map(names.__getitem__, active) if key in latest}
        assert dict(database.rows(_CHANGES)) == expected and 0 < len(expected) < len(latest)
        plan = [step for *_, step in database.rows(f"EXPLAIN QUERY PLAN {_CHANGES}")]
        assert [step for step in plan if step.startswith(("SCAN e", "SCAN g", "SCAN o"))] == [], plan


def test_other_thresholds_and_saved_results_have_numbers(tmp_path: Path):
    with opened(tmp_path / "i") as index:
        assert index.result().rows() == [] and index.result().lasting.stories == ()
        index.add([headline(FERRY), headline(MUSEUM, 1)], now=at(2))
        result = index.result()
    assert "2026-02-14-0002" in result._repr_html_()
    assert result.to_arrow().schema.field("dedupe_story").type == pa.string()
    same = result.regroup(story_threshold=result.thresholds["story"])
    lower = result.regroup(story_threshold=0.2)
    assert [row["dedupe_story"] for row in same.rows()] == ["2026-02-14-0001", "2026-02-14-0002"]
    assert [row["dedupe_story"] for row in lower.rows()] == [0, 1]
    result.save(tmp_path / "saved")
    assert [row["dedupe_story"] for row in load_result(tmp_path / "saved").rows()] == [0, 1]
