"""The commands on an index: what they write, say and refuse."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dedupe import StoryIndex
from dedupe.runtime.locks import exclusive
from tests.support.browser import chromium, opened
from tests.support.command_line import json_lines, one_error, refused, run
from tests.support.fake_encoder import FakeEncoder
from tests.support.headline_files import TITLES, feed
from tests.support.web_servers import FeedServer, feed_server

FIRST = [
    ("Ferry sinks off Oslo, three dead", "Fjord Herald", "2026-03-01T08:00Z"),
    ("Three dead as ferry sinks off Oslo", "Nordic Wire", "2026-03-01T09:00Z"),
    ("Museum of Lisbon reopens after flood", "Harbour Times", "2026-03-01T10:00Z"),
]
LATER = [
    ("FERRY SINKS OFF OSLO, THREE DEAD", "Coast Daily", "2026-03-01T11:00Z"),
    ("Orchids bloom in Kew", "Coast Daily", "2026-03-02T08:00Z"),
]
ID = "2026-03-01-0001"


@pytest.fixture(autouse=True)
def known_encoder(fake_encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeEncoder, "identity", "fake", raising=False)


def table(path: Path, rows: list[tuple[str, str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("title", "source", "published"), *rows])
    return path


@pytest.fixture
def first(tmp_path: Path) -> Path:
    return table(tmp_path / "first.csv", FIRST)


@pytest.fixture
def later(tmp_path: Path) -> Path:
    return table(tmp_path / "later.csv", LATER)


@pytest.fixture
def desk(tmp_path: Path, first: Path) -> Path:
    assert run("index", "add", tmp_path / "desk.index", first, "--window", "7d").exit_code == 0
    return tmp_path / "desk.index"


def test_adding_says_which_story_each_headline_belongs_to(tmp_path: Path, desk: Path, later: Path) -> None:
    outcome = run("index", "add", desk, later)
    assert outcome.exit_code == 0, outcome.output
    rows = json_lines(outcome.stdout)
    assert [(row["dedupe_story"], row["dedupe_new"], row["dedupe_match"]) for row in rows] == [
        (ID, False, "exact"),
        ("2026-03-02-0001", True, ""),
    ]
    assert rows[0]["dedupe_repeats_title"] == FIRST[0][0] and rows[0]["source"] == "Coast Daily"
    assert "2 headlines, 2 new, 1 new story; read" in outcome.stderr


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet", "table"])
def test_formats_are_those_of_other_commands(tmp_path: Path, later: Path, desk: Path, format: str) -> None:
    output = tmp_path / f"out.{format}"
    assert run("index", "add", desk, later, "--format", format, "-o", output).exit_code == 0
    assert output.stat().st_size
    if format == "table":
        assert ID in output.read_text("utf-8")
    assert "exists" in refused("index", "add", desk, later, "--format", format, "-o", output)


def test_what_an_index_wrote_is_a_reference_for_match(tmp_path: Path, later: Path, desk: Path) -> None:
    archive = tmp_path / "archive.jsonl"
    run("index", "add", desk, later, "-o", archive)
    rows = json_lines(run("match", table(tmp_path / "new.csv", [*LATER, *FIRST[2:]]), "--against", archive).stdout)
    assert [row["dedupe_story"] for row in rows] == [ID, "2026-03-02-0001", "new-1"]


def test_nothing_is_stored_twice_and_nothing_new_is_no_error(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"title": "Ferry sinks off Oslo", "id": "1", "source": "A"}) + "\n", "utf-8")
    index = tmp_path / "desk.index"
    assert len(json_lines(run("index", "add", index, rows).stdout)) == 1
    again = run("index", "add", index, rows)
    assert json_lines(again.stdout)[0]["dedupe_flag"] == "undated,known"
    assert "1 headline, 0 new, 0 new stories" in again.stderr
    assert "warning: flagged in dedupe_flag: 1 undated" in again.stderr
    only_new = run("index", "add", index, rows, "--only-new", "--quiet")
    assert (only_new.exit_code, only_new.stdout, only_new.stderr) == (0, "", "")
    for name, text in (("empty.csv", ""), ("header.csv", "title,published\n")):
        (tmp_path / name).write_text(text, "utf-8")
        outcome = run("index", "add", index, tmp_path / name)
        assert (outcome.exit_code, outcome.stdout) == (0, ""), outcome.output
        assert f"{name} " in outcome.stderr
        beside = run("index", "add", index, tmp_path / name, rows)
        assert len(json_lines(beside.stdout)) == 1, "what is beside it is not lost"


def test_a_table_shows_titles_whatever_their_column_is_called(tmp_path: Path, desk: Path) -> None:
    path = tmp_path / "new.csv"
    path.write_text("headline,published\nOrchids bloom in Kew,2026-03-02\n", "utf-8")
    for command in ("add", "match"):
        table = run("index", command, desk, path, "--format", "table").stdout
        assert "Orchids bloom in Kew" in table.splitlines()[3]


# Output that fails


@pytest.fixture
def expected(tmp_path: Path, first: Path, later: Path) -> list[dict[str, Any]]:
    """What is said of the later rows where nothing fails."""
    run("index", "add", tmp_path / "twin.index", first)
    return json_lines(run("index", "add", tmp_path / "twin.index", later).stdout)


def test_what_cannot_be_written_is_not_stored(
    tmp_path: Path, desk: Path, later: Path, expected: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted(path.name for path in tmp_path.iterdir())
    with monkeypatch.context() as patch:

        def fill(descriptor: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        patch.setattr("dedupe.runtime.whole_files.os.fsync", fill)
        assert "No space left on device" in refused("index", "add", desk, later, "-o", tmp_path / "new.jsonl")
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert len(rows_of("headlines", desk)) == len(FIRST)
    assert json_lines(run("index", "add", desk, later).stdout) == expected


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has it")
def test_what_did_not_come_out_whole_is_said_again(
    tmp_path: Path, desk: Path, later: Path, expected: list[dict[str, Any]]
) -> None:
    """A device, like a pipe, takes nothing back, so it is written when the batch is stored."""
    assert "No space left on device" in refused("index", "add", desk, later, "-o", "/dev/full")
    assert len(rows_of("headlines", desk)) == len(FIRST + LATER)
    other = table(tmp_path / "other.csv", [("Chess club of Reykjavik wins cup", "Coast Daily", "2026-03-02T09:00Z")])
    assert json_lines(run("index", "add", desk, other, "--only-new").stdout)[0]["dedupe_new"]
    assert run("index", "match", desk, later).exit_code == 0, "which tells nobody of what was added"
    assert json_lines(run("index", "add", desk, later, "--only-new").stdout) == expected
    again = json_lines(run("index", "add", desk, later).stdout)
    assert [(row["dedupe_story"], row["dedupe_flag"]) for row in again] == [
        (row["dedupe_story"], "known") for row in expected
    ]


def test_an_output_that_gets_no_name_is_written_again(
    tmp_path: Path, desk: Path, later: Path, expected: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a kill between storing and naming leaves, too."""
    output = tmp_path / "new.jsonl"

    def gone(*_: object, **__: object) -> None:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")

    with monkeypatch.context() as patch:
        patch.setattr("dedupe.runtime.whole_files._Partial.publish", gone)
        assert "No such file" in refused("index", "add", desk, later, "-o", output)
    assert len(rows_of("headlines", desk)) == len(FIRST + LATER) and not output.exists()
    assert run("index", "add", desk, later, "-o", output).exit_code == 0
    assert json_lines(output.read_text("utf-8")) == expected
    assert run("index", "check", desk).exit_code == 0


def test_a_dry_run_makes_nothing(tmp_path: Path, first: Path) -> None:
    outcome = run("index", "add", tmp_path / "desk.index", first, "--window", "3d", "--dry-run")
    assert "which would be made, window 72 hours" in outcome.stdout and "headlines: 3 (3 with a date" in outcome.stdout
    assert outcome.stdout.endswith("dry run: nothing was written\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first.csv"]


def test_now_is_the_date_of_what_has_none(tmp_path: Path, desk: Path) -> None:
    titles = tmp_path / "titles.txt"
    titles.write_text("Orchids bloom in Kew\nOrchids wilt in Ghent\n", "utf-8")
    rows = json_lines(run("index", "add", desk, titles, "--now", "2026-03-03").stdout)
    assert [row["dedupe_story"] for row in rows] == ["2026-03-03-0001", "2026-03-03-0002"]
    with closing(sqlite3.connect(desk / "index.sqlite")) as database:
        (added,) = database.execute("SELECT min(first_seen) FROM headlines WHERE time LIKE '2026-03-03%'").fetchone()
    assert added > "2026-03-04", "history does not run backwards"
    titles.write_text("Orchids are gone\n", "utf-8")
    outcome = run("index", "add", desk, titles)
    assert "warning: 1 headline without a usable date" in outcome.stderr and "moved the window" in outcome.stderr
    assert "no date" in refused("index", "add", desk, titles, "--now", "soon")


def test_settings_are_fixed_and_may_be_left_out(tmp_path: Path, desk: Path, later: Path) -> None:
    assert "was made with window 168 hours, not 72" in refused("index", "add", desk, later, "--window", "3d")
    assert "reader" in refused("index", "add", desk, later, "--reader", "all")
    (tmp_path / "desk.toml").write_text("[index]\nonly_new = true\n[index.add]\nwindow = '7d'\n")
    assert run("index", "add", desk, later, "--settings", tmp_path / "desk.toml").exit_code == 0
    (tmp_path / "bad.toml").write_text("[index.add]\nwindwo = '7d'\n")
    message = refused("index", "add", desk, later, "--settings", tmp_path / "bad.toml")
    assert "index add has no option 'windwo', did you mean 'window'?" in message
    assert run("index", "stories", desk, "--settings", tmp_path / "desk.toml").exit_code == 0


def test_matching_stores_nothing(desk: Path, later: Path) -> None:
    before = run("index", "stories", desk).stdout
    outcome = run("index", "match", desk, later)
    assert [row["dedupe_story"] for row in json_lines(outcome.stdout)] == [ID, "new-1"]
    assert "2 headlines, 1 of known stories, 1 new story; read" in outcome.stderr
    assert len(json_lines(run("index", "match", desk, later, "--all").stdout)) == 2
    assert run("index", "stories", desk).stdout == before


def test_stories_in_every_format(tmp_path: Path, desk: Path) -> None:
    rows = json_lines(run("index", "stories", desk).stdout)
    assert [(row["story"], row["size"], row["sources"]) for row in rows] == [(ID, 2, 2), ("2026-03-01-0002", 1, 1)]
    nested = json.loads(run("index", "stories", desk, "--format", "json").stdout)["stories"]
    assert [headline["title"] for headline in nested[0]["headlines"]] == [title for title, _, _ in FIRST[:2]]
    assert nested[0]["headlines"][0]["published"] == "2026-03-01T08:00:00Z"
    for format in ("csv", "tsv", "parquet", "table"):
        assert run("index", "stories", desk, "--format", format, "-o", tmp_path / f"out.{format}").exit_code == 0
    (header, *lines) = csv.reader(io.StringIO((tmp_path / "out.csv").read_text("utf-8")))
    assert header[0] == "story" and [line[0] for line in lines] == [ID, "2026-03-01-0002"]
    assert run("index", "stories", desk, "-o", tmp_path / "morning.md").exit_code == 0
    first, second, _ = (tmp_path / "morning.md").read_text("utf-8").splitlines()
    assert first.startswith("- **") and f"(2 headlines, 2 sources, {ID})" in first and second.startswith("  - ")


def test_titles_and_addresses_do_no_harm_in_markdown(tmp_path: Path) -> None:
    rows = [
        {"title": "<img src=x> [a](javascript:b) *c* `d`\n# e", "url": "https://x.example/a) <b> c"},
        {"title": "Ferry sinks", "url": "javascript:alert(1)"},
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    run("index", "add", tmp_path / "desk.index", path)
    lines = run("index", "stories", tmp_path / "desk.index", "--format", "markdown").stdout.splitlines()
    assert len(lines) == 2
    assert any(
        line.startswith(
            r"- **[\<img src=x\> \[a\](javascript:b) \*c\* \`d\` \# e](<https://x.example/a)%20%3Cb%3E%20c>)**"
        )
        for line in lines
    )
    assert any(line.startswith("- **Ferry sinks** (") for line in lines)


def test_stories_are_chosen(desk: Path, later: Path) -> None:
    run("index", "add", desk, later)

    def ids(*options: str) -> list[str]:
        return [row["story"] for row in json_lines(run("index", "stories", desk, *options).stdout)]

    assert ids("--min-size", "2") == [ID]
    assert ids("--since", "12h") == ids("--since", "2026-03-02") == ["2026-03-02-0001"]
    assert ids("--order", "latest", "--number", "1") == ids("--order", "newest", "--number", "1") == ["2026-03-02-0001"]
    assert ids("--order", "first") == ids("--order", "newest")[::-1] == [ID, "2026-03-01-0002", "2026-03-02-0001"]
    assert "neither a date nor a time span" in refused("index", "stories", desk, "--since", "soon")
    nothing = run("index", "stories", desk, "--since", "2026-04-01")
    assert (nothing.exit_code, nothing.stdout) == (0, "") and "has no such stories" in nothing.stderr


def test_history_tells_of_a_story_and_of_ids_that_ended(tmp_path: Path, desk: Path) -> None:
    corrections = tmp_path / "corrections.csv"
    corrections.write_text(f'title_a,title_b,verdict\n"{FIRST[0][0]}","{FIRST[2][0]}",story\n', "utf-8")
    outcome = run("index", "correct", desk, corrections)
    assert outcome.exit_code == 0 and "1 correction kept" in outcome.stderr
    assert "; applied to active headlines: 1 in all" in outcome.stderr
    assert "2026-03-01-0002" in outcome.stderr.splitlines()[1]
    retired = "2026-03-01-0002"
    lines = run("index", "history", desk, retired).stdout.splitlines()
    assert lines[:2] == [f"{retired} leads on to {ID}", lines[1]] and lines[1].startswith(f"{ID}: ")
    assert any("2026-03-01 10:00  Museum of Lisbon" in line and "(Harbour Times)" in line for line in lines)
    document = json.loads(run("index", "history", desk, retired, "--format", "json").stdout)
    assert document["story"]["story"] == ID and [event["kind"] for event in document["events"]][-1] == "merged"
    wording = document["story"]["wordings"][0]
    assert wording in run("index", "history", desk, wording).stdout
    assert "no story or wording 'x'" in refused("index", "history", desk, "x")


def test_corrections_that_contradict_each_other_are_refused_and_later_ones_replace_earlier(
    tmp_path: Path, desk: Path
) -> None:
    path = tmp_path / "corrections.csv"
    pair = f'"{FIRST[0][0]}","{FIRST[2][0]}"'
    path.write_text(f"title_a,title_b,verdict\n{pair},story\n{pair},different\n", "utf-8")
    assert "are one story: change one of these" in refused("index", "correct", desk, path)
    for verdict, stories in (("story", 1), ("different", 2)):
        path.write_text(f"title_a,title_b,verdict\n{pair},{verdict}\n", "utf-8")
        assert run("index", "correct", desk, path).exit_code == 0
        assert len(json_lines(run("index", "stories", desk).stdout)) == stories
    assert "no column 'title_a'" in refused("index", "correct", desk, table(tmp_path / "none.csv", FIRST))


def test_forgetting_leaves_the_window(tmp_path: Path, desk: Path) -> None:
    assert "0 headlines deleted" in run("index", "forget", desk, "--before", "1h").stderr
    new = table(tmp_path / "new.csv", [("Orchids bloom in Kew", "Coast Daily", "2026-04-02T08:00Z")])
    run("index", "add", desk, new)
    assert "3 headlines deleted" in run("index", "forget", desk, "--before", "20d").stderr
    assert len(json_lines(run("index", "stories", desk).stdout)) == 1
    first, *events = run("index", "history", desk, ID).stdout.splitlines()
    assert first == f"{ID}: its headlines were forgotten" and len(events) == 1


def test_a_check_ends_with_2_where_something_is_wrong(desk: Path) -> None:
    assert run("index", "check", desk).exit_code == 0
    with closing(sqlite3.connect(desk / "index.sqlite")) as database, database:
        database.execute("UPDATE headline_rows SET wording = (SELECT max(wording) FROM headline_rows)")
    outcome = run("index", "check", desk)
    assert outcome.exit_code == 2 and outcome.stdout.splitlines()
    assert "add --repair" in outcome.stderr


def test_no_index_and_other_folders(tmp_path: Path, first: Path) -> None:
    for command in ("stories", "report --report x.html", "check", "history x"):
        name, *options = command.split()
        words = (tmp_path / "none", *options) if name != "history" else (tmp_path / "none", "x")
        assert "holds no index" in refused("index", name, *words)
    assert "is a file" in refused("index", "add", first, first)
    assert "other files" in refused("index", "add", tmp_path, first)
    assert not (tmp_path / "none").exists()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path, first: Path) -> None:
    tmp_path.chmod(0o500)
    assert "cannot write" in refused("index", "add", tmp_path / "desk.index", first)


def test_a_second_writer_says_who_is_writing(desk: Path, later: Path) -> None:
    with exclusive(desk / "index.sqlite"):
        assert "is being written by" in refused("index", "add", desk, later, "--wait", "0")
        assert run("index", "stories", desk).exit_code == 0, "readers need not wait"


@pytest.mark.parametrize("option", ["--since", "--format", "-o"])
def test_an_empty_value_is_one_line(desk: Path, option: str) -> None:
    assert "empty" in refused("index", "stories", desk, option, "") or option == "--format"


# Feeds


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with feed_server() as server:
        server.feeds = {"/a": feed("rss")}
        yield server


def test_only_what_is_new_is_fetched(tmp_path: Path, server: FeedServer) -> None:
    opml, index = tmp_path / "feeds.opml", tmp_path / "desk.index"
    opml.write_text(server.opml(), "utf-8")
    command = ("index", "add", index, opml, "--fetch", "--allow-private")
    assert [row["title"] for row in json_lines(run(*command).stdout)] == TITLES
    second = run(*command)
    assert (second.exit_code, second.stdout) == (0, "") and "1 without anything new" in second.stderr
    assert server.statuses() == [200, 304]
    (index / "feeds.json").write_text("damaged")
    assert len(json_lines(run(*command).stdout)) == len(TITLES)


def test_what_was_fetched_and_not_stored_is_fetched_again(
    tmp_path: Path, server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    opml, index = tmp_path / "feeds.opml", tmp_path / "desk.index"
    opml.write_text(server.opml(), "utf-8")
    command = ("index", "add", index, opml, "--fetch", "--allow-private")
    with monkeypatch.context() as patch:
        patch.setattr(FakeEncoder, "encode", lambda self, texts: 1 / 0)
        assert isinstance(run(*command).exception, ZeroDivisionError)
    assert len(json_lines(run(*command).stdout)) == len(TITLES)


def test_a_feed_that_fails_is_a_warning_and_all_of_them_an_error(tmp_path: Path, server: FeedServer) -> None:
    server.feeds["/b"], server.broken = b"", {"/b": 500}
    opml = tmp_path / "feeds.opml"
    opml.write_text(server.opml(), "utf-8")
    command = ("index", "add", tmp_path / "desk.index", opml, "--fetch", "--allow-private")
    outcome = run(*command)
    assert outcome.exit_code == 0 and f"warning: {server.address}/b cannot be fetched (HTTP 500" in outcome.stderr
    server.broken["/a"] = 503
    assert "none of 2 feeds could be read" in one_error(run(*command))


# In a browser


@pytest.mark.slow
def test_the_report_of_an_index_opens_in_a_browser(tmp_path: Path, desk: Path, later: Path) -> None:
    run("index", "add", desk, later)
    page = tmp_path / "today.html"
    outcome = run("index", "report", desk, "--report", page)
    assert "<h1>Morning</h1>" in run("index", "report", desk, "--report", "-", "--title", "Morning").stdout
    assert outcome.exit_code == 0 and "5 headlines, 3 stories in" in outcome.stderr
    assert "exists" in refused("index", "report", desk, "--report", page)
    with chromium() as browser, opened(browser, page) as tab:
        assert tab.page.title().startswith("desk.index")
        assert FIRST[2][0] in tab.page.inner_text("body")
        listed = [row["story"] for row in json_lines(run("index", "stories", desk).stdout)]
        shown = [
            line.split(" · ")[0] for line in tab.page.locator("#stories > .story .line .facts").all_text_contents()
        ]
        assert sorted(shown) == sorted(listed)
        tab.page.click(".story summary")
        told = tab.page.inner_text(".story .known")
        assert told.startswith("Began 1 Mar") and "last changed" in told and "Coast Daily" in told
        tab.page.evaluate("headlineDedupe.regroup({story: 0.9})")
        assert "story 0" in tab.page.inner_text("#stories")
        assert (tab.errors, [request for request in tab.requests if not request.startswith("file:")]) == ([], [])


@pytest.mark.slow
def test_the_report_finds_a_story_by_any_of_its_ids(tmp_path: Path, desk: Path) -> None:
    corrections = tmp_path / "corrections.csv"
    corrections.write_text(f'title_a,title_b,verdict\n"{FIRST[0][0]}","{FIRST[2][0]}",story\n', "utf-8")
    assert run("index", "correct", desk, corrections).exit_code == 0
    page, retired = tmp_path / "today.html", "2026-03-01-0002"
    assert run("index", "report", desk, "--report", page).exit_code == 0
    with chromium() as browser, opened(browser, page, f"#stories&q={retired}") as tab:
        (line,) = tab.page.locator("#stories > .story .line .facts").all_text_contents()
        assert line.startswith(f"{ID} · ") and f"also {retired}" in line
        tab.page.select_option("#sort", "changed")
        tab.page.click(".story summary")
        tab.page.click(".why summary")
        tab.page.select_option("select[data-pair] >> nth=0", "different")
        assert "index correct INDEX corrections.jsonl" in tab.page.inner_text(".verdicts")
        assert tab.errors == []


@pytest.mark.slow
def test_the_report_finds_a_whole_id_alone_and_a_part_in_all(tmp_path: Path, desk: Path) -> None:
    """After 9,999 stories of a day, an id is the head of another."""
    with closing(sqlite3.connect(desk / "index.sqlite")) as database, database:
        database.execute("UPDATE ids SET id = ? WHERE id = '2026-03-01-0002'", [f"{ID}0"])
    page = tmp_path / "today.html"
    assert run("index", "report", desk, "--report", page).exit_code == 0
    with chromium() as browser, opened(browser, page) as tab:
        for query, ids in (
            (ID, {ID}),
            (f"{ID}0", {f"{ID}0"}),
            ("2026-03-01", {ID, f"{ID}0"}),
            (f"{ID} ferry", {ID}),
            (f"{ID} museum", set()),
        ):
            tab.page.fill("#q", query)
            lines = tab.page.locator("#stories > .story .line .facts").all_text_contents()
            assert {line.split(" · ")[0] for line in lines} == ids, query
        assert tab.errors == []


def test_the_report_says_what_the_index_says(tmp_path: Path, desk: Path) -> None:
    with StoryIndex(desk) as index:
        assert len(index.result().kept("story")) == len(index.stories())
    assert run("index", "report", desk, "--report", "-").stdout.startswith("<!doctype html>")


def rows_of(view: str, desk: Path) -> list[Any]:
    with closing(sqlite3.connect(f"file:{desk}/index.sqlite?mode=ro", uri=True)) as database:
        return database.execute(f"SELECT * FROM {view}").fetchall()


def test_any_sqlite_tool_can_read_it(desk: Path) -> None:
    assert [len(rows_of(view, desk)) for view in ("headlines", "stories", "events", "retired")] == [3, 2, 0, 0]
