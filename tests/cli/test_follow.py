"""`follow`: rounds that go on whatever feeds do, and end when they are told to."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from dedupe import StoryIndex
from dedupe.errors import OutputError
from tests.support.command_line import ROOT, refused, run
from tests.support.fake_encoder import FakeEncoder
from tests.support.headline_files import TITLES, feed
from tests.support.web_servers import FeedServer, feed_server

FAKE = """
import sys
sys.path.insert(0, "tests")
import dedupe.embedding.encoders
from tests.support.fake_encoder import FakeEncoder
FakeEncoder.identity = "fake"
dedupe.embedding.encoders.load_encoder = lambda name=None: FakeEncoder()
"""


@pytest.fixture(autouse=True)
def known_encoder(fake_encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeEncoder, "identity", "fake", raising=False)


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with feed_server() as server:
        other = feed("atom").replace(b"Oslo", b"Bergen").replace(b"urn:", b"urn:b").replace(b"daily.", b"nightly.")
        server.feeds = {"/a": feed("rss"), "/b": other}
        yield server


@pytest.fixture
def opml(server: FeedServer, tmp_path: Path) -> Path:
    path = tmp_path / "feeds.opml"
    path.write_text(server.opml(), "utf-8")
    return path


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What to do between rounds, instead of waiting: one call each."""
    steps: list[Any] = []

    def pause(end: float) -> None:
        assert 0 < end - time.monotonic() <= 600
        if steps:
            steps.pop(0)()

    monkeypatch.setattr(import_module("dedupe.cli.follow"), "_pause", pause)
    return steps


def rounds(stderr: str) -> list[str]:
    """What is said of each round, without times."""
    found = re.findall(r"^headline-dedupe: \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ round \d+:? (.*)$", stderr, re.MULTILINE)
    return [re.sub(r"; \d+\.\d s$", "", line) for line in found]


def follow(index: Path, *words: str | Path) -> Any:
    return run("follow", index, *words, "--allow-private", "--every", "10m")


def test_each_round_adds_what_is_new_and_says_so_on_one_line(
    tmp_path: Path, opml: Path, server: FeedServer, between: list[Any]
) -> None:
    between.append(lambda: None)
    between.append(lambda: server.feeds.update({"/a": server.feeds["/a"].replace(b"Museum", b"Library")}))
    outcome = follow(tmp_path / "desk.index", opml, "--rounds", "3")
    assert (outcome.exit_code, outcome.stdout) == (0, "")
    _, second, third = outcome.stderr.splitlines()
    assert rounds(outcome.stderr)[0].startswith("feeds 2 read; 6 headlines, ")
    assert rounds(second) == ["feeds 2 unchanged; nothing new"]
    assert rounds(third)[0].startswith("feeds 1 read, 1 unchanged; 3 headlines, 1 new")
    assert server.statuses() == [200, 200, 304, 200, 304, 304]
    with StoryIndex(tmp_path / "desk.index") as index:
        assert {row.title for row in index.result().headlines} >= {*TITLES, TITLES[2].replace("Museum", "Library")}


def test_one_round_from_cron_says_nothing_and_goes_on_from_the_last(
    tmp_path: Path, opml: Path, server: FeedServer
) -> None:
    for _ in range(2):
        outcome = follow(tmp_path / "desk.index", opml, "--rounds", "1", "--quiet")
        assert (outcome.exit_code, outcome.output) == (0, "")
    assert server.statuses() == [200, 304, 200, 304]


def test_feeds_that_fail_stop_nothing_and_are_named_once(
    tmp_path: Path, opml: Path, server: FeedServer, between: list[Any]
) -> None:
    server.broken["/b"] = 500
    outcome = follow(tmp_path / "desk.index", opml, "--rounds", "4")
    assert outcome.exit_code == 0
    assert outcome.stderr.count("/b cannot be fetched (HTTP 500") == 1
    assert [line.partition(";")[0] for line in rounds(outcome.stderr)] == [
        "feeds 1 read, 1 failed",
        *["feeds 1 unchanged, 1 waiting"] * 3,
    ]


def test_all_feeds_may_fail_from_the_start(tmp_path: Path, opml: Path, server: FeedServer) -> None:
    """The network may come up later than the program."""
    server.broken |= {"/a": 503, "/b": 503}
    outcome = follow(tmp_path / "desk.index", f"{server.address}/a", opml, "--rounds", "1")
    assert outcome.exit_code == 0
    assert rounds(outcome.stderr) == ["feeds 1 waiting, 2 failed; nothing new"]


def test_the_list_may_change_or_break_in_between(
    tmp_path: Path, opml: Path, server: FeedServer, between: list[Any]
) -> None:
    whole = opml.read_text("utf-8")
    between.append(lambda: opml.write_text(whole[:30], "utf-8"))
    between.append(lambda: opml.write_text(whole.replace('/b"', '/c"'), "utf-8"))
    server.feeds["/c"] = feed("rss").replace(b"Oslo", b"Riga")
    outcome = follow(tmp_path / "desk.index", opml, "--rounds", "3")
    assert outcome.exit_code == 0
    _, broken, mended = rounds(outcome.stderr)
    assert broken.startswith("failed: ") and mended.startswith("feeds 1 read, 1 unchanged; 3 headlines, ")


def test_what_could_not_be_stored_is_fetched_again(
    tmp_path: Path, opml: Path, server: FeedServer, between: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    add = StoryIndex.add

    def fail(*_: object, **__: object) -> None:
        raise OutputError("cannot write it (No space left on device): free some")

    def change() -> None:
        server.feeds["/a"] = server.feeds["/a"].replace(b"Museum", b"Library")
        monkeypatch.setattr(StoryIndex, "add", fail)

    between += [change, lambda: monkeypatch.setattr(StoryIndex, "add", add)]
    outcome = follow(tmp_path / "desk.index", opml, "--rounds", "3")
    assert outcome.exit_code == 0
    _, failed, third = rounds(outcome.stderr)
    assert failed.startswith("failed: cannot write it") and ", 1 new" in third


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nowhere.opml",), "no file nowhere.opml"),
        (("--every", "soon"), "not a positive time span"),
        (("--rounds", "0"), "--rounds"),
        (("--now", "2026-03-01"), "--now has no effect on `follow`, which goes by the clock"),
        (("--skip-bad", "--rejects", "x"), "--rejects has no effect"),
    ],
)
def test_a_mistake_ends_it_at_once(tmp_path: Path, opml: Path, words: tuple[str, ...], message: str) -> None:
    inputs = words if words[0].endswith("opml") else (opml, *words)
    assert message in refused("follow", tmp_path / "desk.index", *inputs)


def test_another_window_is_refused(tmp_path: Path, opml: Path) -> None:
    assert follow(tmp_path / "desk.index", opml, "--rounds", "1", "--window", "3d").exit_code == 0
    assert follow(tmp_path / "desk.index", opml, "--rounds", "1").exit_code == 0
    outcome = follow(tmp_path / "desk.index", opml, "--rounds", "1", "--window", "2d")
    assert outcome.exit_code == 2 and "was made with window 72 hours" in outcome.stderr


# Signals


def start(tmp_path: Path, opml: Path, code: str = "") -> subprocess.Popen[str]:
    """Follow in a process of its own."""
    begin = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    script = f"{begin}{FAKE}{code}\nfrom dedupe.__main__ import main\nmain()"
    words = ["follow", tmp_path / "desk.index", opml, "--allow-private", "--every", "1h"]
    command = [sys.executable, "-c", script, *map(str, words)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("moment", ["waiting", "fetching", "adding"])
def test_a_signal_ends_it_cleanly(
    tmp_path: Path, opml: Path, server: FeedServer, number: signal.Signals, moment: str
) -> None:
    code = {"adding": "FakeEncoder.encode = lambda *_: print('now', flush=True) or __import__('time').sleep(60)"}
    if moment == "fetching":
        answer, reached = server.answer, []
        server.answer = lambda request: (reached.append(1), time.sleep(3), answer(request))  # type: ignore[method-assign]
    process = start(tmp_path, opml, code.get(moment, ""))
    try:
        if moment == "adding":
            assert process.stdout.readline() == "now\n"
        elif moment == "waiting":
            assert " round 1: " in process.stderr.readline()
        else:
            deadline = time.monotonic() + 60
            while not reached and time.monotonic() < deadline:
                time.sleep(0.01)
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    if number == signal.SIGTERM:
        assert (process.returncode, errors.count("\n")) == (0, 1) and errors.endswith("ended by SIGTERM\n")
    else:
        assert (process.returncode, errors) == (130, "headline-dedupe: interrupted\n")
    with StoryIndex(tmp_path / "desk.index") as index:
        assert len(index.result()) == (6 if moment == "waiting" else 0)
        assert index.check() == []


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_signal_that_comes_while_python_cleans_up_is_not_lost(tmp_path: Path, opml: Path) -> None:
    code = """
class Last:
    def __del__(self):
        print("now", flush=True)
        time.sleep(1)
import gc, time
collect = gc.collect
def leave_something():
    last = Last()
    last.itself = last
    del last
    collect()
gc.collect = leave_something
"""
    process = start(tmp_path, opml, code)
    try:
        assert process.stdout.readline() == "now\n"
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0 and errors.endswith("ended by SIGTERM\n")


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_two_of_them_share_an_index(tmp_path: Path, opml: Path, server: FeedServer) -> None:
    processes = [start(tmp_path, opml) for _ in range(2)]
    try:
        assert all(" round 1: " in process.stderr.readline() for process in processes)
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
    assert [process.wait(timeout=60) for process in processes] == [0, 0]
    for process in processes:
        process.communicate()
    with StoryIndex(tmp_path / "desk.index") as index:
        assert len(index.result()) == 6
        assert index.check() == []
