"""What the commands say of downloads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command_line import json_lines, one_error, run
from tests.support.headline_files import TITLES, feed
from tests.support.web_servers import response, serving

pytestmark = pytest.mark.usefixtures("fake_encoder")


@pytest.fixture
def server() -> Iterator[str]:
    """Serves a feed at /good, and half of it at any other path."""
    whole = feed("rss")

    def answer(connection, path):
        connection.sendall(
            response(whole) if path == "/good" else response(whole[: len(whole) // 2], length=len(whole))
        )

    with serving(answer) as address:
        yield address


@pytest.fixture
def feeds(server: str, tmp_path: Path) -> Path:
    path = tmp_path / "feeds.opml"
    outlines = "".join(f'<outline xmlUrl="{server}/{name}"/>' for name in ("good", "one&lt;b&gt;", "two"))
    path.write_text(f"<opml><body>{outlines}</body></opml>", "utf-8")
    return path


@pytest.mark.parametrize("command", ["cluster", "dedupe"])
def test_feeds_that_fail_are_warnings_and_in_the_report(command: str, feeds: Path, server: str, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    outcome = run(command, feeds, "--fetch", "--allow-private", "--report", report)
    assert outcome.exit_code == 0, outcome.output
    assert [row["title"] for row in json_lines(outcome.stdout)] == TITLES
    *warnings, summary = outcome.stderr.splitlines()
    assert "3 entries of 1 of 3 feeds" in summary
    assert [line.split(" cannot be fetched")[0] for line in warnings] == [
        f"headline-dedupe: warning: {server}/{name}" for name in ("one<b>", "two")
    ]
    page = report.read_text("utf-8")
    assert "<strong>Not read:</strong> 2 parts of the input" in page
    assert f"{server}/one&lt;b&gt; cannot be fetched" in page and f"{server}/two cannot be fetched" in page
    assert f"{server}/good" not in page


def test_a_report_of_everything_says_nothing_of_it(server: str, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    assert run("cluster", f"{server}/good", "--report", report, "-o", tmp_path / "o.jsonl").exit_code == 0
    assert "Not read" not in report.read_text("utf-8")


def test_the_other_commands_name_them_too(feeds: Path, server: str) -> None:
    fetch = ("--fetch", "--allow-private")
    assert run("match", feeds, "--against", feeds, *fetch).stderr.count(f"warning: {server}/two cannot") == 2
    assert f"{server}/two cannot be fetched" in run("cluster", feeds, *fetch, "--dry-run").stderr
    assert run("cluster", feeds, *fetch, "--quiet").stderr == ""
    labelling = run("label", feeds, *fetch, "-o", feeds.with_name("labels.csv"))
    assert f"warning: {server}/two cannot be fetched" in labelling.stderr


def test_an_address_that_fails_is_an_error(server: str) -> None:
    assert f"{server}/bad cannot be fetched" in one_error(run("cluster", f"{server}/bad"))


def test_listed_feeds_on_this_machine_must_be_allowed(feeds: Path) -> None:
    assert "add --allow-private" in one_error(run("cluster", feeds, "--fetch"))
