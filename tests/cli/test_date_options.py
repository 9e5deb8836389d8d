"""The options about dates, and what the commands say of dates that count as missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command_line import json_lines, one_error, refused, run

FERRY, THREE = "Ferry sinks off Oslo, 3 dead", "Three dead as ferry sinks off Oslo"


def table(path: Path, dates: list[str]) -> Path:
    lines = [f'"{FERRY if k % 2 else THREE}",{date}' for k, date in enumerate(dates)]
    path.write_text("\n".join(["title,date", *lines]), "utf-8")
    return path


def counted(*args: str | Path) -> str:
    """What a dry run counts."""
    outcome = run("cluster", *args, "--dry-run")
    assert outcome.exit_code == 0, outcome.output
    (line,) = (line for line in outcome.stdout.splitlines() if line.startswith("headlines: "))
    return line.partition("(")[2].removesuffix(")")


def test_a_dry_run_counts_dates(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", ["03/04/2026", "soon", "1970-01-01", "2026-03-04 10:00 XYZ", "2026-03-04", ""])
    rest = "1 with an ambiguous date, 1 with an unknown time zone"
    assert counted(path) == f"1 with a date, 2 with an unreadable date, {rest}"
    assert counted(path, "--now", "2026-03-02T23:59Z") == f"3 with an unreadable date, {rest}"


def test_the_order_may_be_told(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", ["03/04/2026", "04/03/2026"])
    assert counted(path) == "2 with an ambiguous date"
    assert counted(path, "--day-first") == counted(path, "--month-first") == "2 with a date"
    settings = tmp_path / "settings.toml"
    for line in ("day-first = true", "day_first = false", "date-format = '%d/%m/%Y'"):
        settings.write_text(line, "utf-8")
        assert counted(path, "--settings", settings) == "2 with a date"


def test_a_format_may_be_told(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", ["26|03|04", "26|03|05", "soon"])
    assert counted(path) == "3 with an unreadable date"
    assert counted(path, "--date-format", "%y|%m|%d") == "2 with a date, 1 with an unreadable date"
    assert "date format '%d' cannot be used (it needs a day, a month and a year)" in refused(
        "cluster", path, "--date-format", "%d"
    )
    said = "now is 'soon', which is no date: write one such as 2026-03-04T10:45:00Z"
    assert refused("cluster", path, "--now", "soon") == said


@pytest.mark.parametrize("option", [["--day-first"], ["--date-format", "%d.%m.%Y"], ["--now", "2026-03-04"]])
def test_options_about_dates_without_dates(tmp_path: Path, option: list[str]) -> None:
    path = tmp_path / "titles.txt"
    path.write_text(f"{FERRY}\n{THREE}\n", "utf-8")
    assert f"{option[0]} has no effect on lines input" in one_error(run("cluster", path, *option))


@pytest.mark.usefixtures("fake_encoder")
def test_dates_of_digits_keep_a_window(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", ["20260301044500", "20260301054500", "20260401044500", "202604010445"])
    outcome = run("cluster", path, "--window", "72h")
    stories = [row["dedupe_story"] for row in json_lines(outcome.stdout)]
    assert stories[2] not in stories[:2] and stories[3] not in stories[:2] and "warning" not in outcome.stderr


@pytest.mark.usefixtures("fake_encoder")
def test_placeholders_are_no_dates(tmp_path: Path) -> None:
    path = table(
        tmp_path / "a.csv", ["2026-03-01T08:00:00Z", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "03/04/2026"]
    )
    outcome = run("cluster", path, "--window", "72h")
    flags = [row["dedupe_flag"].split(",") for row in json_lines(outcome.stdout)]
    assert [[flag for flag in row if "date" in flag] for row in flags] == [
        [],
        ["bad-date"],
        ["bad-date"],
        ["ambiguous-date"],
    ]
    assert "2 rows with a date that cannot be read, or cannot be true, which counts as missing" in outcome.stderr
    assert "1 row with a date whose day and month cannot be told apart" in outcome.stderr
