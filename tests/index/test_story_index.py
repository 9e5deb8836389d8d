from __future__ import annotations

import decimal
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import dedupe
from dedupe import InputError, StoryIndex
from dedupe.index import Batch
from dedupe.index.arrivals import Times
from dedupe.index.stored_headlines import microseconds
from tests.support.index_news import NamedEncoder, at, headline, ids, opened

FERRY = "Ferry sinks off Oslo, three dead"
FERRY_AGAIN = "Three dead as ferry sinks off Oslo"
MUSEUM = "Museum reopens in Porto"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "desk.index"


def test_ids_copies_and_wordings(folder):
    with opened(folder) as index:
        first = index.add([headline(FERRY, source="a"), headline(FERRY, 1, source="b"), headline(MUSEUM, 2)], now=at(3))
        second = index.add([headline(FERRY_AGAIN, 4)], now=at(5))
    assert [(item.story, item.wording, item.new_story) for item in [*first, *second]] == [
        ("2026-02-14-0001", "2026-02-14-w0001", True),
        ("2026-02-14-0001", "2026-02-14-w0001", False),
        ("2026-02-14-0002", "2026-02-14-w0002", True),
        ("2026-02-14-0001", "2026-02-14-w0001", False),
    ]
    assert first[0].repeats is None and first[2].repeats is None
    copy, wording = first[1].repeats, second[0].repeats
    assert (copy.level, copy.row, copy.probability) == ("exact", 1, 1.0)
    assert (wording.level, wording.row, wording.headline.title) == ("wording", 1, FERRY)
    assert any(reason.endswith("same number: 3") for reason in wording.reasons)
    assert (first.number, second.number, first.events) == (1, 2, ())


def test_a_file_without_ids_and_addresses_can_be_added_twice(folder):
    rows = [headline(FERRY, source="a"), headline(MUSEUM, 2), dedupe.Headline(FERRY_AGAIN, source="b")]
    with opened(folder) as index:
        first, again = index.add(rows, now=at(3)), index.add(rows, now=at(4))
        assert not any(item.known for item in first) and all(item.known for item in again)
        assert [(item.row, item.story) for item in again] == [(item.row, item.story) for item in first]
        other = [
            headline(FERRY, source="b"),
            headline(FERRY, 24, source="a"),
            headline(MUSEUM, 26),
            dedupe.Headline(FERRY_AGAIN),
        ]
        assert not any(item.known for item in index.add(other, now=at(5)))
        twice = index.add([headline("Storm closes port", 5), headline("Storm closes port", 5)], now=at(6))
        assert [item.known for item in twice] == [False, True] and twice[0].row == twice[1].row


def test_a_page_with_relative_dates_can_be_read_again_and_again(folder):
    """What it says of an item is another date each time: less than a day away, and never twice the same."""
    titles = [FERRY, MUSEUM, "Storm closes port"]

    def read(now: float, *ages: str) -> Batch:
        rows = [{"title": title, "published": age} for title, age in zip(titles, ages, strict=True)]
        return index.add(rows, now=at(now))

    with opened(folder) as index:
        first = read(20.75, "5 h ago", "yesterday", "a minute ago")
        assert not any(item.known for item in first)
        for now, ages in ((21.8, ("6 h ago", "yesterday", "1 h ago")), (39, ("23 h ago", "1 day ago", "18 h ago"))):
            assert [(item.known, item.row) for item in read(now, *ages)] == [(True, item.row) for item in first]
        assert len(index.result()) == 3 and index.check() == []


def test_what_is_known_by_its_title_does_not_depend_on_the_order_of_a_batch(tmp_path):
    hours, stored, seen = [0, 10, 20, 33.5, 34, 34, 57.9, 58], [34, 100], set[tuple[object, ...]]()
    for k, order in enumerate((hours, hours[::-1], [34, 58, 0, 20, 57.9, 34, 10, 33.5])):
        with opened(tmp_path / str(k)) as index:
            index.add([headline(FERRY, hour) for hour in stored], now=at(100))
            batch = index.add([headline(FERRY, hour) for hour in order], now=at(100))
            new = sorted(hour for hour, item in zip(order, batch, strict=True) if not item.known)
            seen.add((*new, *{item.row for item in batch if item.known}))
    assert seen == {(0, 10, 58, 1)}  # those at 0 and 10 are of one batch, and far from 34


def test_the_exact_date_counts_first(folder):
    with opened(folder) as index:
        index.add([headline(FERRY, hour) for hour in (0, 5, 7)], now=at(8))
        rows = [index.add([headline(FERRY, hour)], now=at(9))[0].row for hour in (7, 6.5, 5, 0.1, 6)]
        assert rows == [3, 3, 2, 1, 2]


def test_ids_are_named_after_the_day_of_the_earliest_headline(folder):
    with opened(folder) as index:
        late_evening, next_day = headline(FERRY_AGAIN, 15.9), headline(FERRY, 16.1)
        (batch,) = {item.story for item in index.add([next_day, late_evening], now=at(20))}
        assert batch == "2026-02-14-0001"
        assert index.add([headline(MUSEUM, 17)], now=at(20))[0].story == "2026-02-15-0001"


def test_known_items_are_not_stored_twice(folder):
    item = {"id": "7", "source": "Morning Post"}
    with opened(folder) as index:
        first = index.add([headline(FERRY, **item), headline(FERRY, **item)], now=at(1))
        again = index.add([headline(FERRY, 2, **item)], now=at(2))
        assert [(i.known, i.row, i.flags) for i in first] == [(False, 1, ()), (True, 1, ("known",))]
        assert (again[0].known, again[0].row, again[0].story) == (True, 1, first[0].story)
        assert not again[0].new_story and again[0].repeats.row == 1
        seen = index._store.database.rows("SELECT first_seen, last_seen FROM headlines")
        assert seen == [("2026-02-14T09:00:00Z", "2026-02-14T10:00:00Z")]


@pytest.mark.parametrize(
    ("first", "second", "known"),
    [
        ({"url": "https://a.example/2026/x-1?utm_source=feed"}, {"url": "http://www.a.example/2026/x-1"}, True),
        ({"url": "https://a.example/2026/x-1", "id": "1"}, {"url": "https://a.example/2026/x-1", "id": "2"}, True),
        ({"url": "https://a.example/world"}, {"url": "https://a.example/world"}, False),
        ({"id": "1"}, {"id": "1"}, True),
        ({"id": "1", "source": "a"}, {"id": "1", "source": "b"}, False),
        ({}, {}, False),
    ],
)
def test_what_makes_an_item_known(folder, first, second, known):
    with opened(folder) as index:
        index.add([headline(FERRY, **first)], now=at(1))
        assert index.add([headline(f" {FERRY} ", **second)], now=at(1))[0].known is known


@pytest.mark.parametrize("item", [{"id": "7", "source": "a"}, {"url": "https://a.example/2026/x-1"}])
def test_a_new_title_of_a_known_item_is_a_revision(folder, item):
    with opened(folder) as index:
        index.add([headline("Storm near Ghent", **item), headline(FERRY)], now=at(1))
        batch = index.add([headline("Roofs damaged, trains late", 2, **item)], now=at(2))
        assert (batch[0].revises, batch[0].known, batch[0].flags) == (1, False, ("revision",))
        assert batch[0].story == "2026-02-14-0001" and not batch[0].new_story
        story = index.story(batch[0].story)
        assert [h.title for h in story.headlines] == ["Storm near Ghent", "Roofs damaged, trains late"]
        third = index.add([headline("Storm over, Ghent counts costs", 3, **item)], now=at(3))
        assert third[0].revises == 1 and third[0].story == batch[0].story
        assert index.add([headline("Roofs damaged, trains late", 4, **item)], now=at(4))[0].row == batch[0].row
        assert index.check() == []
        assert {row.get("url") for row in index.result().rows()} <= {None, item.get("url")}


def test_an_id_without_a_source_makes_no_revision(folder):
    with opened(folder) as index:
        index.add([headline(FERRY, id="1")], now=at(1))
        item = index.add([headline(MUSEUM, id="1")], now=at(1))[0]
        assert (item.known, item.revises, item.new_story) == (False, None, True)


def test_an_address_of_many_titles_makes_no_revisions(folder):
    url = "https://a.example/2026/the-day-in-news"
    with opened(folder) as index:
        rows = [headline(f"{word} {k}", k / 10, url=url) for k, word in enumerate("abcdefghijklmnopqrstuvwx")]
        index.add(rows[:21], now=at(3))
        assert [item.revises for item in index.add(rows[21:], now=at(4))] == [None] * 3


def test_a_revision_of_an_archived_item_joins_its_story(folder):
    item = {"id": "7", "source": "a"}
    with opened(folder) as index:
        index.add([headline("Storm near Ghent", **item)], now=at(1))
        index.add([headline(MUSEUM, 100)], now=at(100))
        batch = index.add([headline("Roofs damaged, trains late", 101, **item)], now=at(101))
        assert batch[0].story == "2026-02-14-0001" and not batch[0].new_story
        assert [h.title for h in index.story("2026-02-14-0001").headlines][1:] == ["Roofs damaged, trains late"]
        assert index.check() == []


def test_a_revision_of_an_archived_item_stays_in_an_active_story_that_it_repeats(folder):
    item = {"id": "7", "source": "a"}
    with opened(folder) as index:
        index.add([headline("Storm near Ghent", **item)], now=at(1))
        index.add([headline(MUSEUM, 100)], now=at(100))
        moved = index.add([headline(MUSEUM, 102, **item)], now=at(102))
        assert moved[0].story == "2026-02-18-0001"
        assert [(e.kind, e.from_id, e.to_id) for e in moved.events] == [
            ("revision", "2026-02-14-0001", "2026-02-18-0001")
        ]
        assert index.check() == []


def test_a_revision_takes_no_id_from_active_headlines(folder):
    """The story of the revised headline goes on without it, and has the older right to its id."""
    item = {"id": "7", "source": "a"}
    with opened(folder) as index:
        index.add([headline(FERRY, **item), headline(FERRY_AGAIN, 50)], now=at(50))
        index.add([headline(MUSEUM, 100)], now=at(100))
        batch = index.add([headline("Roofs damaged, trains late", 40, **item)], now=at(100))
        assert batch[0].story == "2026-02-16-0001" and not batch[0].flags.count("late")
        assert [(e.kind, e.from_id, e.to_id) for e in batch.events] == [
            ("revision", "2026-02-14-0001", "2026-02-16-0001")
        ]
        assert index.story("2026-02-14-0001").rows == (1, 2)


def test_late_headlines_join_the_archive(folder):
    with opened(folder) as index:
        index.add([headline(FERRY), headline(MUSEUM, 1)], now=at(1))
        index.add([headline("Bank fined in Turin", 99), headline("Storm hits Oslo", 100)], now=at(100))
        before = ids(index)
        late = [
            headline(FERRY_AGAIN, 2),
            headline("Orchid show opens in Ghent", 3),
            headline("In Ghent, orchid show opens", 4),
            headline("Bank fined in Turin", 27.5),
        ]
        batch = index.add(late, now=at(101))
        assert [item.flags for item in batch] == [("late",)] * 4
        assert [item.story for item in batch[:3]] == ["2026-02-14-0001", "2026-02-14-0003", "2026-02-14-0003"]
        assert [item.new_story for item in batch[:3]] == [False, True, False]
        assert batch[0].repeats.headline.title == FERRY and batch[2].repeats.headline.title == late[1].title
        assert batch[3].story == "2026-02-18-0001" and batch[3].repeats.row == 3  # within three days of it
        assert {row: ids(index)[row] for row in before} == before
        assert index.check() == []


def test_a_late_headline_is_not_joined_over_more_than_the_window(folder):
    with opened(folder) as index:
        index.add([headline(FERRY)], now=at(1))
        index.add([headline(MUSEUM, 24 * 20)], now=at(24 * 20))
        item = index.add([headline(FERRY, 24 * 5)], now=at(24 * 20))[0]
        assert item.new_story and item.repeats is None


def test_headlines_without_a_usable_date(folder):
    rows = [
        {"title": FERRY},
        {"title": MUSEUM, "published": "soon"},
        {"title": "Bank fined in Turin", "published": at(100).isoformat()},
        {"title": "Storm hits Ghent", "published": at(20).isoformat()},
    ]
    with opened(folder) as index:
        batch = index.add(rows, now=at(5))
        assert [item.flags for item in batch] == [("undated",), ("bad-date", "undated"), ("future-date",), ()]
        assert [item.story[:10] for item in batch] == ["2026-02-14"] * 3 + ["2026-02-15"]
        out = index.result().rows()
        assert [row.get("published") for row in out] == [None, None, at(100), at(20)]
        assert index.check() == []


def test_corrections_join_and_separate(folder):
    with opened(folder) as index:
        index.add([headline(FERRY), headline(MUSEUM, 1), headline(FERRY_AGAIN, 2)], now=at(3))
        joined = index.correct([(FERRY, MUSEUM, "story")], now=at(4))
        assert [(e.kind, e.level, e.from_id, e.to_id) for e in joined] == [
            ("merged", "story", "2026-02-14-0002", "2026-02-14-0001")
        ]
        assert len(index.story("2026-02-14-0002")) == 3
        assert index.story("2026-02-14-0002").id == "2026-02-14-0001"
        assert index.add([headline(MUSEUM, 5)], now=at(5))[0].story == "2026-02-14-0001"
    with opened(folder) as index:
        apart = index.correct([(MUSEUM, FERRY, "different"), (FERRY, FERRY_AGAIN, "different")], now=at(6))
        assert {(e.kind, e.level, e.from_id, e.to_id) for e in apart} >= {
            ("split", "story", "2026-02-14-0001", "2026-02-14-0003"),
            ("split", "story", "2026-02-14-0001", "2026-02-14-0004"),
        }
        kinds = [event.kind for event in index.history("2026-02-14-0002")]
        assert kinds == ["created", "created", "merged", "split", "split"]
        assert index.check() == []


def test_contradicting_corrections_change_nothing(folder):
    with opened(folder) as index:
        index.add([headline(FERRY), headline(MUSEUM), headline("Storm hits Ghent")], now=at(1))
        index.correct([(FERRY, MUSEUM, "story"), (MUSEUM, "Storm hits Ghent", "story")], now=at(2))
        before = ids(index)
        with pytest.raises(InputError, match="imply that they are"):
            index.correct([(FERRY, "Storm hits Ghent", "different")], now=at(3))
        assert ids(index) == before
        assert index.add([headline("Storm hits Ghent", 4)], now=at(4))[0].story == "2026-02-14-0001"


def test_an_index_without_headlines(folder):
    with opened(folder) as index:
        assert isinstance(index.add([], now=at(1)), Batch) and len(index.add([])) == 0
        assert len(index.match([])) == 0 and index.stories() == [] and len(index.result()) == 0
        assert index.correct([(FERRY, MUSEUM, "story")]) == ()
        assert index.match([headline(FERRY)])[0].story == "new-1"
        assert index.forget("1d") == 0 and index.check() == []
        assert index.add([headline(FERRY), headline(MUSEUM)], now=at(1))[1].story == "2026-02-14-0001"


def test_match_stores_nothing(folder):
    with opened(folder) as index:
        index.add([headline(FERRY, id="7", source="a"), headline(MUSEUM)], now=at(1))
        before = list(index._store.database.rows("SELECT * FROM headline_rows")), index._store.state
        vectors = index._store.database.value("SELECT count(*) FROM vectors")
        rows = [
            headline(FERRY_AGAIN, 2),
            headline(FERRY, 2, id="7", source="a"),
            headline("Bank fined in Turin", 2),
            headline("In Turin, bank is fined", 3),
            headline("Storm hits Ghent", 3),
            headline("New title of the ferry story", 3, id="7", source="a"),
        ]
        batch = index.match(rows, now=at(4))
        assert [item.story for item in batch] == [
            *("2026-02-14-0001", "2026-02-14-0001", "new-1", "new-1", "new-2", "2026-02-14-0001")
        ]
        assert [item.wording for item in batch][:3] == ["2026-02-14-w0001", "2026-02-14-w0001", "new-w1"]
        assert [item.new_story for item in batch] == [False, False, True, False, True, False]
        assert [item.known for item in batch] == [False, True, False, False, False, False]
        assert {item.row for item in batch} == {None} and batch.number is None
        assert batch[0].repeats.reasons and batch[3].repeats.headline is not None
        after = list(index._store.database.rows("SELECT * FROM headline_rows")), index._store.state
        assert after == before
        assert index._store.database.value("SELECT count(*) FROM vectors") == vectors


def test_match_asks_the_archive(folder):
    with opened(folder) as index:
        index.add([headline(FERRY)], now=at(1))
        index.add([headline(MUSEUM, 24 * 30)], now=at(24 * 30))
        asked = [headline(FERRY_AGAIN, None), headline(MUSEUM, 24 * 30)]
        assert [item.story for item in index.match(asked, now=at(24 * 30))] == ["new-1", "2026-03-16-0001"]
        found = index.match(asked, all=True, now=at(24 * 30))
        assert [item.story for item in found] == ["2026-02-14-0001", "2026-03-16-0001"]
        assert found[0].repeats.row == 1
        # dated near the archived one
        assert index.match([headline(FERRY_AGAIN, 3)], now=at(24 * 30))[0].story == "2026-02-14-0001"


def test_stories(folder):
    with opened(folder) as index:
        index.add(
            [
                headline(FERRY, 0, source="a"),
                headline(FERRY, 1, source="a"),
                headline(FERRY_AGAIN, 2, source="a"),
                headline(MUSEUM, 3, source="a"),
                headline(MUSEUM, 4, url="https://www.b.example/2026/museum-1"),
                headline("Bank fined in Turin", 30),
            ],
            now=at(30),
        )
        ferry, museum, bank = "2026-02-14-0001", "2026-02-14-0002", "2026-02-15-0001"
        assert [story.id for story in index.stories()] == [museum, ferry, bank]
        assert [story.id for story in index.stories(order="size")] == [ferry, museum, bank]
        assert [story.id for story in index.stories(order="latest")] == [bank, museum, ferry]
        assert [story.id for story in index.stories(order="first", limit=2)] == [ferry, museum]
        assert [story.id for story in index.stories(since="27h")] == [museum, bank]
        assert [story.id for story in index.stories(since=at(3.5), min_size=2)] == [museum]
        story = index.story(museum)
        assert (story.first, story.last, story.rows) == (at(3), at(4), (4, 5))
        assert sorted(story.sources) == ["a", "www.b.example"] and story.representative.title == MUSEUM
        assert "2 headlines, 2 sources" in repr(story)
        with pytest.raises(InputError, match="no story or wording '2026-02-14-0009'"):
            index.story("2026-02-14-0009")
        with pytest.raises(InputError, match="is the id of a wording"):
            index.story("2026-02-14-w0001")
        for wrong in (
            {"order": "name"},
            {"min_size": 0},
            {"limit": -1},
            {"since": "soon"},
            {"since": datetime(2026, 2, 14)},
        ):
            with pytest.raises(InputError):
                index.stories(**wrong)
        assert index.history("2026-02-14-w0001")[0].kind == "created"


def test_forget(folder):
    with opened(folder) as index:
        index.add([headline(FERRY, id="7", source="a"), headline(MUSEUM, 30)], now=at(30))
        index.add([headline("Bank fined in Turin", 101)], now=at(101))
        assert index._store.database.value("SELECT count(*) FROM headlines WHERE state = 'archived'") == 1
        assert index.forget("101h") == 0  # strictly older
        assert index.forget(at(90)) == 1  # the museum is active
        assert index.check() == []
        assert [story.id for story in index.stories(order="first")] == ["2026-02-15-0001", "2026-02-18-0001"]
        assert index._store.database.value("SELECT count(*) FROM vectors") == 2
        with pytest.raises(InputError, match="were forgotten"):
            index.story("2026-02-14-0001")
        assert [event.kind for event in index.history("2026-02-14-0001")] == ["created"]
        item = index.add([headline(FERRY, 0, id="7", source="a")], now=at(102))[0]
        assert (item.known, item.row, item.story) == (False, 4, "2026-02-14-0002")


def test_settings_are_fixed(folder):
    opened(folder, window="2d", story_threshold=0.5).close()
    opened(folder, window=timedelta(days=2), reader="off", story_threshold=0.5).close()
    for setting, words in (
        ({"window": "7d"}, "made with window 48 hours, not 168 hours"),
        ({"story_threshold": 0.4}, "made with story_threshold 0.5, not 0.4"),
        ({"wording_threshold": 0.9}, "made with wording_threshold 0.35, not 0.9"),
        ({"reader": "all"}, "made with reader off, not all"),
    ):
        with pytest.raises(InputError, match=words):
            opened(folder, **setting)
    with opened(folder) as index:
        assert index.window == 48


@pytest.mark.parametrize("window", ["20m", "100min", timedelta(seconds=1), 1 / 3, 1e4])
def test_a_window_is_the_same_when_it_is_given_again(folder, window):
    opened(folder, window=window).close()
    opened(folder, window=window).close()


@pytest.mark.parametrize("when", ["soon", -3, date(2026, 2, 14), datetime(2026, 2, 14)])
def test_what_is_no_time_is_refused_by_its_name(folder, when):
    with opened(folder) as index:
        with pytest.raises(InputError, match=r"^since "):
            index.stories(since=when)
        with pytest.raises(InputError, match=r"^before "):
            index.forget(when)


def test_a_closed_index_says_so(folder):
    with opened(folder) as index:
        index.add([headline(FERRY)], now=at(1))
    for call in (index.stories, index.result, lambda: index.add([headline(FERRY)]), lambda: index.forget("1d")):
        with pytest.raises(InputError, match="was closed: open it again"):
            call()
    index.close()


def test_a_window_of_no_time_is_refused(folder):
    for window in (0, "0h", "soon", -1):
        with pytest.raises(InputError, match="must be a positive time"):
            opened(folder, window=window)
    assert not folder.exists()


def test_another_model_is_refused(folder):
    class Other(NamedEncoder):
        identity = "other words"

    opened(folder).close()
    with pytest.raises(InputError, match=r"made with another model, .*hashed .*, not .*other wo"):
        StoryIndex(folder, encoder=Other())

    class Nameless:
        encode = NamedEncoder().encode

    with pytest.raises(InputError, match="has no `identity`"):
        StoryIndex(folder.with_name("new"), encoder=Nameless())
    assert not folder.with_name("new").exists()


def test_a_newer_format_is_refused(folder):
    with opened(folder) as index:
        index._store.database.execute("PRAGMA user_version = 2")
    with pytest.raises(InputError, match=r"made by a newer headline-dedupe .*: update headline-dedupe"):
        opened(folder)


def test_what_is_no_index(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="is a file: name a folder"):
        opened(tmp_path / "file")
    with pytest.raises(InputError, match="holds other files and no index"):
        opened(tmp_path)
    with pytest.raises(InputError, match="holds no index: check the path"):
        StoryIndex(tmp_path / "absent", create=False)
    assert not (tmp_path / "absent").exists()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "index.sqlite").write_text("not a database" * 100)
    with pytest.raises(InputError, match=r"is damaged|no index"):
        opened(tmp_path / "other")
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "index.sqlite").touch()  # as a process leaves it that is killed at once
    with pytest.raises(InputError, match="holds no index"):
        StoryIndex(tmp_path / "cut", create=False)
    with opened(tmp_path / "cut") as index:
        assert index.add([headline(FERRY)], now=at(1))[0].new_story


ODD_TITLES = ["\ud83d broken", "nul \x00 inside", "", "   ", "Ünïcode 新聞", "x" * 5000, "=1+1", "tab\there\nline"]


def test_odd_text_and_values(folder):
    class Own:
        def __str__(self) -> str:
            return "own text"

    values: dict[str, Any] = {
        "when": datetime(2026, 2, 1, tzinfo=UTC),
        "price": decimal.Decimal("1.50"),
        "tags": ["a", {"b": (1, 2)}],
        "none": None,
        "odd": "\udc80",
    }
    rows = [headline(title, k, id=title or None, source="\ud83d", extra=values) for k, title in enumerate(ODD_TITLES)]
    with opened(folder) as index:
        index.add(rows, now=at(9))
        index.add([headline(FERRY, 9, extra={"own": Own()})], now=at(9))
    with opened(folder) as index:
        stored = index.result().headlines
        assert list(stored[: len(rows)]) == rows
        assert stored[-1].extra == {"own": "own text"}
        assert index.check() == []
        assert [item.known for item in index.add(rows, now=at(10))] == [title != "" for title in ODD_TITLES]


def test_frames_and_output_rows(folder):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {"Headline": [FERRY, MUSEUM], "date": ["2026-02-14T08:00Z"] * 2, "desk": [1, 2]}, index=[10, 20]
    )
    with opened(folder) as index:
        out = index.add(frame, now=at(1)).to_pandas()
        assert out.index.tolist() == [10, 20] and out["desk"].tolist() == [1, 2]
        again = index.add([headline(FERRY_AGAIN, 1, id="x")], now=at(2))
        assert again.rows() == [
            {
                "title": FERRY_AGAIN,
                "id": "x",
                "published": at(1),
                "dedupe_story": "2026-02-14-0001",
                "dedupe_wording": "2026-02-14-w0001",
                "dedupe_new": False,
                "dedupe_repeats": "1",
                "dedupe_repeats_title": FERRY,
                "dedupe_match": "wording",
                "dedupe_probability": round(again[0].repeats.probability, 4),
                "dedupe_flag": "",
            }
        ]
        assert index.result().rows()[0]["desk"] == 1
        assert again.to_arrow().num_rows == 1 and Batch().rows() == []


def test_the_columns_are_documented(folder):
    text = (Path(__file__).parents[2] / "docs" / "index-tables.md").read_text(encoding="utf-8")
    documented = [line.split("`")[1] for line in text.splitlines() if line.startswith("| `")]
    with opened(folder) as index:
        columns = index.add([FERRY], now=at(1)).output.columns
    assert (documented[0], columns[0]) == ("dedupe_title", "title")  # the row has its title in a column of that name
    assert documented[1 : len(columns)] == columns[1:]
    assert documented[len(columns) :][:5] == ["known", "revision", "late", "undated", "future-date"]


def test_now_needs_a_time_zone(folder):
    with opened(folder) as index, pytest.raises(InputError, match="time zone"):
        index.add([FERRY], now=datetime(2026, 2, 14))


def test_the_front_door():
    assert dedupe.StoryIndex is StoryIndex and "StoryIndex" in dedupe.__all__


# Headlines without a date, as old news is added


def test_old_news_without_a_date_leaves_the_window_where_it_is(tmp_path):
    """Beside dated headlines it is as old as the latest of them; the clock is that of today."""
    with opened(tmp_path / "i") as index:
        index.add([headline(FERRY, 0), headline("Bank fined in Turin", 5), headline(f"{FERRY} at night", None)])
        batch = index.add([headline("Museum of Lisbon reopens", 10), headline("Orchid of Ghent fined", None)])
        late = index.add([headline("Tunnel in Porto closes", 2), headline("Storm in Porto closes", None)])
        for (warning,) in (batch.warnings, late.warnings):
            assert warning.startswith("1 headline without a usable date counts as of 2026-02-14, the latest date: ")
        times = index._store.database.rows(
            "SELECT title, time FROM headlines WHERE flags LIKE '%undated%' ORDER BY row"
        )
        assert [time for _, time in times] == [f"2026-02-14T{8 + hour:02d}:00:00Z" for hour in (5, 10, 10)]
        assert len(index.result()) == 7 and index.check() == []
        assert index.match([headline(FERRY, 3), headline(FERRY, None)])[1].story == index.stories(order="first")[0].id


@pytest.mark.parametrize(
    ("dates", "latest", "undated"),
    [
        ([None], None, 1000),  # nothing has a date
        ([None], 100, 1000),  # nor has anything of the batch, after a pause
        ([990, None], 100, 1000),  # news of today
        ([2, None], 990, 1000),  # an old item among it
        ([2, None], 927, 927),  # old news
        ([2, None], 928, 1000),  # just a window old
        ([30, 20, None], None, 30),
        ([30, 20, 2000, None], None, 30),  # a date that lies in the future is none
        ([2000, None], 30, 1000),
        ([30, None, None], None, 1000),  # an old item among headlines of a page without dates
    ],
)
def test_when_headlines_without_a_date_count_as_published(dates, latest, undated):
    """In hours; the window is of 72, and it is hour 1000."""
    hour = 3_600_000_000
    now, stored = microseconds(at(1000)), None if latest is None else microseconds(at(latest))
    times = Times.by_clock([headline("Ferry sinks", hours) for hours in dates], now, stored, 72 * hour)
    assert (times.now, times.undated) == (now, microseconds(at(undated)))


def test_a_single_old_date_does_not_age_a_page_of_headlines_without_one(folder):
    live = [headline(f"{subject} of Ghent fined", None) for subject in ("Orchid", "Bank", "Museum", "Tunnel")]
    with opened(folder) as index:
        batch = index.add([*live, headline("Guide to taxes", 0)])
        assert [item.flags for item in batch] == [
            *[("undated",)] * 4,
            ("late", "generic-title"),
        ] and batch.warnings == ()
        dates = "SELECT min(time) > '2026-03' FROM headlines WHERE state = 'active'"
        assert index._store.database.value(dates) == 1


def test_when_headlines_were_taken_is_not_when_they_are_added(folder):
    dates = (None, "5 h ago", "1 h ago", at(30))
    titles = (FERRY, MUSEUM, "Tunnel in Porto closes", "Bank fined in Turin")
    rows = [{"title": title, "published": date} for title, date in zip(titles, dates, strict=True)]
    with opened(folder) as index:
        index.add([headline("Storm closes port", 1)], now=at(200))
        batch = index.add(rows, now=at(201), taken=at(5))
        assert [item.flags for item in batch] == [("undated",), (), (), ("future-date",)]
        assert batch.warnings == ()
        index.correct([(FERRY, MUSEUM, "story")], now=at(202))
        times = index._store.database.rows("SELECT time, first_seen, last_seen FROM headline_rows WHERE batch = 2")
        assert times == [tuple(microseconds(at(hour)) for hour in (date, 201, 201)) for date in (5, 0, 4, 5)]
        added = [time for (time,) in index._store.database.rows("SELECT time FROM batches ORDER BY batch")]
        assert added == [microseconds(at(hour)) for hour in (200, 201, 202)]
        with pytest.raises(InputError, match="taken is 2026-01-01 00:00:00, without a time zone"):
            index.add([], taken=datetime(2026, 1, 1))


def test_a_window_that_only_undated_headlines_move_is_a_warning(tmp_path):
    with opened(tmp_path / "i") as index:
        index.add([headline(FERRY, 0), headline("Bank fined in Turin", 5)])
        (warning,) = index.add([headline("Orchid of Ghent fined", None)]).warnings
        assert re.match(r"1 headline without a usable date, added as of \S+ \S+, moved the window past all 2", warning)
        assert index.add([headline("Museum of Lisbon reopens", None)]).warnings == ()
    with opened(tmp_path / "given") as index:
        index.add([headline(FERRY, 0), headline("Bank fined in Turin", 5)])
        index.add([headline("Orchid of Ghent fined", None)], now=at(6))
        assert len(index.result()) == 3
