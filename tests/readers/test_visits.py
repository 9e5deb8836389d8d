"""Addresses that are read again: only what is new is sent, and servers are left alone as long as they ask."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import formatdate
from itertools import pairwise
from pathlib import Path

import pytest

from dedupe import InputError, read_headlines
from dedupe.readers.source import Source
from dedupe.readers.visits import (
    LONGEST_BACKOFF,
    LONGEST_FRESH,
    LONGEST_RETRY,
    Answer,
    Unreachable,
    Visit,
    Visits,
    answer_of,
    load_visits,
)
from tests.support.headline_files import TITLES, feed, titles
from tests.support.web_servers import FeedServer, feed_server

NOW = 1_770_000_000.0


class Clock:
    now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with feed_server() as server:
        server.feeds = {"/a": feed("rss"), "/b": feed("atom")}
        yield server


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def visits(clock: Clock) -> Visits:
    return Visits(clock=clock)


def read(server: FeedServer, tmp_path: Path, visits: Visits | None, *more: str) -> Source:
    path = tmp_path / "feeds.opml"
    path.write_text(server.opml(), "utf-8")
    if visits:
        visits.start()
    return read_headlines([path, *more], fetch=True, allow_private=True, visits=visits)


def test_only_what_has_changed_is_sent_again(server: FeedServer, tmp_path: Path, visits: Visits) -> None:
    assert titles(read(server, tmp_path, visits)) == TITLES * 2
    visits.confirm()
    server.feeds["/b"] = feed("atom").replace(b"Oslo", b"Bergen")
    source = read(server, tmp_path, visits)
    assert titles(source) == [title.replace("Oslo", "Bergen") for title in TITLES]
    assert server.statuses() == [200, 304, 200, 200]
    assert visits.outcomes == {"read": 1, "unchanged": 1}
    assert source.warnings == [] and "1 of 2 feeds, 1 without anything new" in source.notes[0]
    visits.confirm()
    assert titles(read(server, tmp_path, visits)) == []
    assert server.statuses() == [304, 304]


def test_without_visits_everything_is_sent_each_time(server: FeedServer, tmp_path: Path) -> None:
    for _ in range(2):
        assert titles(read(server, tmp_path, None)) == TITLES * 2
    assert server.statuses() == [200] * 4


def test_what_was_not_confirmed_is_sent_again(server: FeedServer, tmp_path: Path, visits: Visits) -> None:
    """Else headlines would be lost where they could not be stored."""
    read(server, tmp_path, visits)
    assert titles(read(server, tmp_path, visits)) == TITLES * 2
    assert visits.known == {}


def test_a_feed_that_cannot_be_parsed_is_not_taken_for_read(server: FeedServer, tmp_path: Path, visits: Visits) -> None:
    whole, server.feeds["/b"] = server.feeds["/b"], server.feeds["/b"][:-40]
    assert len(read(server, tmp_path, visits).warnings) == 1
    visits.confirm()
    server.statuses()
    read(server, tmp_path, visits)
    assert server.statuses() == [304, 200]
    server.feeds["/b"] = whole
    assert titles(read(server, tmp_path, visits)) == TITLES


def test_the_start_of_a_cut_feed_is_used_and_the_rest_fetched_later(server: FeedServer, visits: Visits) -> None:
    server.feeds["/b"] = server.feeds["/b"][:-40]
    for _ in range(2):
        assert read_headlines(f"{server.address}/b", skip_bad=True, visits=visits).warnings
        visits.confirm()
    assert server.statuses() == [200, 200]


def test_an_address_that_is_given_and_a_list_at_an_address(server: FeedServer, visits: Visits) -> None:
    """The list may be unchanged while its feeds are not."""
    server.feeds["/list"] = server.opml().encode()
    names = [f"{server.address}/a", f"{server.address}/list"]
    for expected in (TITLES * 3, TITLES):
        visits.start()
        assert titles(read_headlines(names, fetch=True, allow_private=True, visits=visits)) == expected
        visits.confirm()
        server.feeds["/b"] += b"\n"
        server.feeds["/a"] += b""
    assert server.statuses() == [200, 200, 304, 304, 200, 200, 200, 200]


def test_the_feed_of_a_page_is_asked_although_the_page_is_unchanged(server: FeedServer, visits: Visits) -> None:
    link = f'<link rel="alternate" type="application/rss+xml" href="{server.address}/a">'
    server.feeds["/page"] = f"<!doctype html><html><head>{link}</head><body><h2>x</h2></body></html>".encode()
    options = {"prefer_feed": True, "allow_private": True, "visits": visits}
    assert titles(read_headlines(f"{server.address}/page", **options)) == TITLES
    visits.confirm()
    assert titles(read_headlines(f"{server.address}/page", **options)) == []
    assert server.statuses() == [200, 304, 200, 200]


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, 0),
        ({"cache-control": "public, max-age=600"}, 600),
        ({"cache-control": 'MAX-AGE="600"', "age": "200"}, 400),
        ({"cache-control": "max-age=600", "age": "900"}, 0),
        ({"cache-control": "s-maxage=600"}, 0),
        ({"cache-control": "no-cache, max-age=600"}, 0),
        ({"cache-control": "max-age=31536000"}, LONGEST_FRESH),
        ({"cache-control": "max-age=99999999999999999999"}, LONGEST_FRESH),
        ({"cache-control": "max-age=soon", "age": "x"}, 0),
        ({"retry-after": "120"}, 120),
        ({"retry-after": "9" * 400}, LONGEST_RETRY),
        ({"retry-after": formatdate(NOW + 300, usegmt=True)}, 300),
        ({"retry-after": formatdate(NOW - 300, usegmt=True)}, 0),
        ({"retry-after": "Thu, 99 Foo 2026 25:61:00 GMT"}, 0),
        ({"retry-after": "-5"}, 0),
        ({"retry-after": "²"}, 0),
        ({"retry-after": "60", "cache-control": "max-age=30"}, 60),
    ],
)
def test_how_long_a_server_wants_to_be_left_alone(headers: dict[str, str], wait: float) -> None:
    assert answer_of(headers, NOW).wait == wait


@pytest.mark.parametrize(
    ("sent", "kept"), [('W/"a b"', 'W/"a b"'), ("é", ""), ("a\x00b", ""), ("x" * 1025, ""), ("", "")]
)
def test_only_a_validator_that_can_be_sent_back_is_kept(sent: str, kept: str) -> None:
    assert answer_of({"etag": sent, "last-modified": sent}, NOW) == Answer(kept, kept)


def test_dates_serve_where_there_is_no_etag(server: FeedServer, tmp_path: Path, visits: Visits) -> None:
    server.etags, server.headers = False, {"Last-Modified": "Sun, 01 Mar 2026 08:00:00 GMT"}
    read(server, tmp_path, visits)
    visits.confirm()
    assert visits.headers(f"{server.address}/a") == {"If-Modified-Since": "Sun, 01 Mar 2026 08:00:00 GMT"}


def test_what_is_fresh_is_not_asked_for(server: FeedServer, tmp_path: Path, visits: Visits, clock: Clock) -> None:
    server.headers["Cache-Control"] = "max-age=900"
    read(server, tmp_path, visits)
    visits.confirm()
    server.statuses()
    clock.now += 860
    assert titles(read(server, tmp_path, visits)) == [] and visits.outcomes == {"waiting": 2}
    assert server.statuses() == []
    clock.now += 15  # a little early counts as in time
    read(server, tmp_path, visits)
    assert server.statuses() == [304, 304]


def test_a_server_that_is_busy_is_left_alone(server: FeedServer, tmp_path: Path, visits: Visits, clock: Clock) -> None:
    server.broken, server.headers = {"/a": 503, "/b": 429}, {"Retry-After": "1200"}
    with pytest.raises(Unreachable, match=r"none of 2 feeds could be read; .*HTTP 503"):
        read(server, tmp_path, visits)
    clock.now += 1100
    server.broken.clear()
    assert titles(read(server, tmp_path, visits)) == []
    assert server.statuses() == [503, 429]
    clock.now += 100
    assert titles(read(server, tmp_path, visits)) == TITLES * 2


def test_an_address_that_fails_again_and_again_is_asked_ever_less_often(clock: Clock) -> None:
    visits, asked = Visits(backoff=300, clock=clock), []
    for _ in range(200):
        if not visits.waits("http://x"):
            asked.append(clock.now)
            visits.note("http://x", Unreachable("no"))
        clock.now += 300
    pauses = [int(later - earlier) for earlier, later in pairwise(asked)]
    assert pauses[:4] == [300, 600, 1200, 2400] and set(pauses[7:]) == {int(LONGEST_BACKOFF)}
    visits.note("http://x", Answer())
    visits.confirm()
    assert visits.known["http://x"].failures == 0 and not visits.waits("http://x")


def test_a_failure_leaves_the_validators(clock: Clock) -> None:
    visits = Visits({"http://x": Visit("e", "m")}, clock=clock)
    visits.note("http://x", Unreachable("no"))
    assert visits.headers("http://x") == {"If-None-Match": "e", "If-Modified-Since": "m"}


def test_going_on_makes_every_failure_a_warning(server: FeedServer, tmp_path: Path, clock: Clock) -> None:
    server.broken = {"/a": 500, "/b": 404}
    visits = Visits(go_on=True, clock=clock)
    source = read(server, tmp_path, visits, f"{server.address}/a")
    assert source.headlines == [] and len(source.warnings) == 3
    with pytest.raises(InputError, match="no file"):
        read(server, tmp_path, visits, "nowhere.csv")


def test_what_is_known_is_kept_in_a_file(tmp_path: Path, visits: Visits) -> None:
    visits.note("http://x/å", Answer('"é"', "m", 5))
    visits.confirm()
    path = tmp_path / "feeds.json"
    visits.save(path)
    assert load_visits(path) == visits.known == {"http://x/å": Visit('"é"', "m", NOW + 5)}
    for damaged in (b"", b"[]", b'{"http://x": {"etag": 3}}', b"\xff"):
        path.write_bytes(damaged)
        assert load_visits(path) == {}
    assert load_visits(tmp_path / "none.json") == {}
