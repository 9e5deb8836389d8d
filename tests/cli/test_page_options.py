"""What the commands do with news pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command_line import json_lines, one_error, run
from tests.support.page_layouts import ITEMS

TITLES = [item.title for item in ITEMS]


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.txt"
    listed = "".join(f"{item.title}\n{item.rewording}\n{item.teaser}…\n" for item in ITEMS)
    path.write_text(f"Home\nStories for you\n{listed}", "utf-8")
    return path


@pytest.mark.parametrize("command", ["cluster", "dedupe"])
def test_a_dry_run_lists_what_was_taken_and_what_was_left_out(command: str, page: Path) -> None:
    outcome = run(command, page, "--dry-run")
    assert outcome.exit_code == 0, outcome.output
    lines = outcome.stdout.splitlines()
    assert "page: 12 taken; left out: 6 teaser, 1 button or notice, 1 heading of a list" in lines
    assert f"  headline: {TITLES[0]}" in lines and "  button or notice: Home" in lines
    assert f"  teaser: {ITEMS[5].teaser}…" in lines


def test_a_dry_run_of_a_table_lists_nothing(tmp_path: Path) -> None:
    path = tmp_path / "news.csv"
    path.write_text("title\nBell of Tilbrook rings again\n", "utf-8")
    assert "page:" not in run("cluster", path, "--dry-run").stdout
    assert "--no-layout has no effect on csv input" in one_error(run("cluster", path, "--no-layout"))
    assert "--prefer-feed has no effect on csv input" in one_error(run("cluster", path, "--prefer-feed"))


@pytest.mark.usefixtures("fake_encoder")
def test_rows_of_a_page_have_position_and_group(page: Path) -> None:
    rows = json_lines(run("cluster", page, "--no-layout").stdout)
    assert [row["title"] for row in rows[::2]] == TITLES
    assert (rows[0]["position"], rows[0]["group"]) == (3, "Stories for you")
