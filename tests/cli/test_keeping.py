"""What the commands keep, drop and say of it."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.support.command_line import json_lines, refused, run

ROWS = [
    ("a", "Ferry sinks off Oslo, 3 dead", "2026-03-01T08:00Z", "Fjord Herald"),
    ("b", "Three dead as ferry sinks off Oslo", "2026-03-01T09:00Z", "BBC News"),
    ("c", "FERRY SINKS OFF OSLO, 3 DEAD", "2026-03-01T07:00Z", "bbc.com"),
    ("d", "Ferry sinks off Oslo, 5 dead", "2026-03-01T12:00Z", "Harbour Times"),
    ("e", "=Bakery chain to close 40 shops by spring", "2026-03-01T12:00Z", "Harbour Times"),
]
pytestmark = pytest.mark.usefixtures("fake_encoder")


@pytest.fixture
def news(tmp_path: Path) -> Path:
    path = tmp_path / "news.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("id", "headline", "published", "outlet"), *ROWS])
    return path


@pytest.fixture
def corrections(tmp_path: Path) -> Path:
    path = tmp_path / "corrections.csv"
    pairs = [(ROWS[0][1], ROWS[1][1], "wording"), (ROWS[0][1], ROWS[3][1], "wording")]
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("title_a", "title_b", "verdict"), *pairs])
    return path


def ids(text: str) -> list[str]:
    return [row["id"] for row in csv.DictReader(text.splitlines())]


def test_dedupe_says_what_it_dropped(news: Path, corrections: Path, tmp_path: Path) -> None:
    out, dropped = tmp_path / "kept.csv", tmp_path / "dropped.jsonl"
    outcome = run("dedupe", news, "--corrections", corrections, "--keep", "first", "-o", out, "--dropped", dropped)
    assert outcome.exit_code == 0, outcome.output
    assert ids(out.read_text("utf-8")) == ["a", "d", "e"]
    summary, warning = outcome.stderr.splitlines()
    assert "kept 3 at level wording (1 more than one per group), dropped 2 (1 exact copy, 1 reworded)" in summary
    assert "1 row that contradicts the headline of its wording" in warning
    reworded, copy = json_lines(dropped.read_text("utf-8"))
    assert list(reworded)[:4] == ["id", "headline", "published", "outlet"]
    assert (reworded["dedupe_row"], reworded["dedupe_kept_row"], reworded["dedupe_kept_id"]) == (1, 0, "a")
    assert (reworded["dedupe_kept_title"], reworded["dedupe_level"]) == (ROWS[0][1], "wording")
    assert 0 < reworded["dedupe_probability"] <= 1 and "a correction says so" in reworded["dedupe_reasons"]
    assert (copy["dedupe_row"], copy["dedupe_level"], copy["dedupe_probability"]) == (2, "exact", 1.0)


def test_contradictions_are_dropped_on_demand(news: Path, corrections: Path) -> None:
    outcome = run("dedupe", news, "--corrections", corrections, "--keep", "first", "--drop-contradictions")
    assert ids(outcome.stdout) == ["a", "e"]


def test_the_kept_and_the_dropped_are_all(news: Path, tmp_path: Path) -> None:
    for format in ("csv", "tsv", "jsonl", "parquet"):
        kept, dropped = tmp_path / f"kept.{format}", tmp_path / f"dropped.{format}"
        outcome = run("dedupe", news, "--level", "story", "--strict", "-o", kept, "--dropped", dropped)
        assert outcome.exit_code == 0, outcome.output
    rows = [pq.read_table(path).column("id").to_pylist() for path in (kept, dropped)]
    assert sorted(rows[0] + rows[1]) == [row[0] for row in ROWS]
    assert set(pq.read_table(dropped).column_names) >= {"dedupe_row", "dedupe_kept_row", "dedupe_reasons"}


def test_nothing_dropped_is_an_empty_file(tmp_path: Path) -> None:
    titles = tmp_path / "titles.txt"
    titles.write_text("Ferry sinks off Oslo, 3 dead\nBank of Norway raises rates to four\n", "utf-8")
    outcome = run("dedupe", titles, "-o", tmp_path / "kept.txt", "--dropped", tmp_path / "dropped.csv")
    assert outcome.exit_code == 0, outcome.output
    assert "kept 2 at level wording, dropped 0" in outcome.stderr
    assert len((tmp_path / "dropped.csv").read_text("utf-8").splitlines()) == 1


def test_which_row_is_kept(news: Path, corrections: Path, tmp_path: Path) -> None:
    order = tmp_path / "order.txt"
    order.write_text("\ufeffThe Guardian\n\n  bbc  \n", "utf-8")
    start = ("dedupe", news, "--corrections", corrections, "--drop-contradictions", "--keep")
    assert ids(run(*start, "first").stdout) == ["a", "e"]
    assert ids(run(*start, "latest").stdout) == ["d", "e"]
    assert ids(run(*start, "earliest").stdout) == ["c", "e"]
    assert ids(run(*start, "first", "--prefer-source", order).stdout) == ["c", "e"]
    assert ids(run(*start, "first", "--one-per-source").stdout) == ["a", "b", "d", "e"]


def test_sister_outlets_and_publishers(news: Path, tmp_path: Path) -> None:
    sisters = tmp_path / "publishers.csv"
    sisters.write_text("source,publisher\nFjord Herald,Nordic Group\nBBC,Nordic Group\n", "utf-8")
    alone, together = (
        json_lines(run("cluster", news, "--format", "jsonl", *more).stdout) for more in ((), ("--publishers", sisters))
    )
    size = alone[0]["dedupe_size"]
    assert size >= 3 and [row["dedupe_size"] for row in together] == [row["dedupe_size"] for row in alone]
    assert alone[0]["dedupe_publishers"] > together[0]["dedupe_publishers"]
    apart = json_lines(run("cluster", news, "--format", "jsonl", "--publishers", sisters, "--never-same-source").stdout)
    assert apart[0]["dedupe_story"] != apart[1]["dedupe_story"] and apart[0]["dedupe_story"] == apart[2]["dedupe_story"]


def test_options_come_from_a_settings_file(news: Path, tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text(
        '[dedupe]\nkeep = "latest"\none_per_source = true\nstrict = true\n', "utf-8"
    )
    plan = run("dedupe", news, "--settings", tmp_path / "settings.toml", "--dry-run").stdout
    assert "keep latest" in plan and "one per source True" in plan and "strict True" in plan


def test_mistakes_are_told_in_one_line(news: Path, tmp_path: Path) -> None:
    empty, bad, twice, titles = (tmp_path / name for name in ("empty.txt", "bad.csv", "twice.csv", "titles.txt"))
    empty.write_text(" \n", "utf-8")
    bad.write_text("source,owner\nBBC,Group\n", "utf-8")
    twice.write_text("source,publisher\nBBC,Group\nBBC,Other\n", "utf-8")
    titles.write_text("Ferry sinks off Oslo\nFerry sinks\n", "utf-8")
    assert "names no source" in refused("dedupe", news, "--prefer-source", empty)
    assert "cannot be read" in refused("dedupe", news, "--prefer-source", tmp_path / "nowhere.txt")
    assert "no column 'publisher'" in refused("cluster", news, "--publishers", bad)
    assert "row 2: 'BBC' has two publishers" in refused("cluster", news, "--publishers", twice)
    for option in (("--one-per-source",), ("--never-same-source",), ("--prefer-source", bad)):
        assert "no row has one: name their column with --source-column" in refused("dedupe", titles, *option)
    assert "named twice" in refused("dedupe", news, "-o", tmp_path / "x.csv", "--dropped", tmp_path / "x.csv")
    assert "exists" in refused("dedupe", news, "--dropped", bad)
    assert "cannot be written" in refused("dedupe", news, "--dropped", tmp_path / "x.txt")
    assert bad.read_text("utf-8").startswith("source,owner")
