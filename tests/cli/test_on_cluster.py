"""`cluster --engine ray`: its options, its messages and its output; the tasks run in this process."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from dedupe.cli.on_cluster import Log
from dedupe.distributed import run as distributed_run
from tests.support import corpus
from tests.support.command_line import one_error, refused, run
from tests.support.fake_encoder import FakeEncoder
from tests.support.whole_jobs import NOW, damaged, one_machine, without_ray, written

RAY = ("--engine", "ray")


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    without_ray(monkeypatch, FakeEncoder())
    monkeypatch.setattr("dedupe.cli.on_cluster._SECONDS", math.inf)  # no line of the log, however slow this machine is


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return corpus.write(tmp_path, corpus.table(30, seed=5), 5)


def told(*args: str | Path) -> list[str]:
    """What a command that succeeds says."""
    outcome = run("cluster", *args)
    assert outcome.exit_code == 0, outcome.output
    assert outcome.stdout == ""
    return [line.removeprefix("headline-dedupe: ") for line in outcome.stderr.splitlines()]


@pytest.mark.parametrize(
    "options",
    [("--window", "3d", "--reader", "off"), ("--level", "wording", "--keep", "first"), ("--never-same-source",)],
)
def test_the_summary_and_the_warnings_are_those_of_one_machine(path: Path, tmp_path: Path, options: tuple[str]) -> None:
    lines = told(path, "-o", tmp_path / "out", "--rows-per-part", "8", "--now", NOW, *options, *RAY)
    alone = told(path, "-o", tmp_path / "out.parquet", "--now", NOW, *options)
    assert lines == alone and any(line.startswith("warning: ") for line in lines)
    assert "; read " in lines[0] and lines[0].endswith(", url from 'url'")
    assert told(path, "-o", tmp_path / "quiet", "--now", NOW, "--quiet", *options, *RAY) == []
    assert written(tmp_path / "out").equals(written(tmp_path / "quiet"))


def test_lists_of_sources_columns_and_pairs_are_used(tmp_path: Path) -> None:
    rows = corpus.table(30, seed=5)
    renamed = rows.rename_columns({"title": "words", "source": "who", "published": "at"})
    path = corpus.write(tmp_path, renamed.select(["words", "who", "at"]), 5)
    (tmp_path / "order.txt").write_text("Daily Wire\nThe Herald\n")
    (tmp_path / "publishers.csv").write_text("source,publisher\nDaily Wire,The Herald\n")
    files = ("--prefer-source", tmp_path / "order.txt", "--publishers", tmp_path / "publishers.csv")
    columns = ("--title-column", "words", "--source-column", "who", "--date-column", "at")
    told(path, "-o", tmp_path / "out", "--pairs", "--rows-per-part", "9", "--now", NOW, *files, *columns, *RAY)
    told(path, "-o", tmp_path / "one.parquet", "--now", NOW, *files, *columns)
    import pyarrow.parquet as pq

    assert written(tmp_path / "out").equals(pq.read_table(tmp_path / "one.parquet"))
    assert list((tmp_path / "out" / "_pairs").iterdir())


def test_corrections_are_applied_and_counted(tmp_path: Path) -> None:
    rows = corpus.table(30, seed=5)
    path = corpus.write(tmp_path, rows, 5)
    titles = [title for title in dict.fromkeys(rows["title"].to_pylist()) if title]
    pairs = [(titles[0], titles[1], "story"), (titles[2], "not there", "wording")]
    file = tmp_path / "verdicts.csv"
    file.write_text(
        "title_a,title_b,verdict\n" + "".join(",".join(f'"{part}"' for part in pair) + "\n" for pair in pairs)
    )
    options = ("--corrections", file, "--now", NOW)
    lines = told(path, "-o", tmp_path / "out", "--rows-per-part", "7", *options, *RAY)
    assert lines == told(path, "-o", tmp_path / "one.parquet", *options) and ", 1 correction applied; read " in lines[0]
    assert written(tmp_path / "out").equals(one_machine([path], corrections=pairs)[1])
    assert (
        "2 corrections" in run("cluster", path, "-o", tmp_path / "new", *options, "--dry-run", *RAY).stdout.splitlines()
    )
    file.write_text("title_a,title_b,verdict\nFerry sinks,Bank fined,same\n")
    assert f"{file}, row 1: verdict must be one of" in refused("cluster", path, "-o", tmp_path / "new", *options, *RAY)


WITHOUT_EFFECT = [
    ("--explain", "pairs.jsonl"),
    ("--report", "report.html"),
    ("--stories", "stories.csv"),
    ("--title", "News"),
    ("--cache", "vectors"),
    ("--no-cache",),
    ("--force",),
    ("--keep-formulas",),
    ("--format", "parquet"),
    ("--input-format", "parquet"),
    ("--delimiter", ";"),
    ("--no-header",),
    ("--encoding", "utf-8"),
    ("--fetch",),
    ("--allow-private",),
    ("--timeout", "3"),
    ("--prefer-feed",),
    ("--no-layout",),
    ("--max-size", "5GB"),
    ("--rejects", "bad.jsonl"),
]


@pytest.mark.parametrize("option", WITHOUT_EFFECT, ids=lambda option: option[0])
def test_an_option_without_effect_is_refused(path: Path, tmp_path: Path, option: tuple[str, ...]) -> None:
    line = refused("cluster", path, "-o", tmp_path / "out", *RAY, *option)
    assert line.startswith(f"{option[0]} has no effect with --engine ray: leave it out.")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("option", [("--address", "auto"), ("--rows-per-part", "5"), ("--pairs",)])
def test_options_of_the_cluster_have_no_effect_on_one_machine(path: Path, option: tuple[str, ...]) -> None:
    assert refused("cluster", path, *option).startswith(
        f"{option[0]} has no effect without --engine ray: leave it out."
    )


def test_threads_are_those_of_this_machine(path: Path, tmp_path: Path) -> None:
    options = ("--address", "127.0.0.1:1", "--threads", "2")
    line = refused("cluster", path, "-o", tmp_path / "out", *options, *RAY)
    assert line.startswith("--threads has no effect with --address: leave it out.")


def test_a_threshold_of_stories_has_no_effect_on_wordings(path: Path, tmp_path: Path) -> None:
    options = ("--level", "wording", "--story-threshold", "0.5")
    assert "--story-threshold has no effect with --level wording" in refused(
        "cluster", path, "-o", tmp_path / "out", *options, *RAY
    )


def test_a_settings_file_may_name_the_engine_and_hold_options_of_others(path: Path, tmp_path: Path) -> None:
    settings = tmp_path / "some.toml"
    text = "window = '3d'\n[cluster]\nengine = 'ray'\nrows_per_part = 7\nreport = 'none.html'\nstory_threshold = 0.9\n"
    settings.write_text(text)
    told(path, "-o", tmp_path / "out", "--now", NOW, "--settings", settings)
    assert written(tmp_path / "out").equals(one_machine([path], window="3d", story_threshold=0.9)[1])
    assert len(list((tmp_path / "out").iterdir())) == 6


def test_without_a_folder_the_option_is_named(path: Path) -> None:
    assert refused("cluster", path, *RAY).startswith("--engine ray writes a folder of files: name it with -o.")


def bad_inputs(folder: Path) -> list[tuple[list[str], str]]:
    (folder / "news.csv").write_text("title\nFerry sinks\n")
    (folder / "empty").mkdir()
    (folder / "cut.parquet").write_bytes(b"PAR1")
    return [
        (["news.csv"], "news.csv cannot be read as Parquet"),
        (["none.parquet"], "none.parquet"),
        (["none-*.parquet"], "none-*.parquet"),
        (["empty"], "is a folder without files that end in .parquet"),
        (["cut.parquet"], "cut.parquet cannot be read as Parquet"),
        (["news.parquet", "news.csv"], "news.csv cannot be read as Parquet"),
        (["nowhere://news.parquet"], "nowhere://news.parquet"),
        (["-"], "--engine ray reads Parquet files, not standard input"),
        (["news.parquet", "--title-column", "headline"], "no column 'headline'"),
    ]


def test_inputs_that_cannot_be_are_one_line(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(distributed_run, "connected", None)  # the cluster is not even started
    for arguments, message in bad_inputs(tmp_path):
        for more in ((), ("--dry-run",)):
            assert message in refused("cluster", *arguments, "-o", "out", *more, *RAY)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_not_empty_is_one_line(path: Path, tmp_path: Path) -> None:
    line = refused("cluster", path, "-o", tmp_path, *RAY)
    assert line == f"{tmp_path} is not empty, it holds 'news.parquet': name a new folder"
    assert f"{path} is a file" in refused("cluster", path, "-o", path, *RAY)


def test_damage_is_one_line_or_counted(path: Path, tmp_path: Path) -> None:
    rows = damaged(corpus.write(tmp_path, corpus.table(20, seed=5).drop(["dedupe_story"]), 5, "bad"), 1)
    assert "row group 1 of " in refused("cluster", rows, "-o", tmp_path / "out", "--title-column", "title", *RAY)
    lines = told(rows, "-o", tmp_path / "more", "--skip-bad", "--title-column", "title", *RAY)
    assert lines[0].startswith("15 headlines, ") and ", 5 rows skipped; read " in lines[0]
    assert any(line.startswith("warning: 5 rows skipped: row group 1 of ") for line in lines)


def test_without_ray_it_says_what_to_install(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "ray", None)
    line = refused("cluster", path, "-o", tmp_path / "out", *RAY)
    assert line == "Ray is not installed: pip install 'headline-dedupe[ray]'"
    assert not (tmp_path / "out").exists()


def test_a_dry_run_needs_no_cluster_and_says_what_would_be_done(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    other = corpus.write(tmp_path, corpus.table(7, seed=1), 7, "more")
    outcome = run("cluster", path, other, "-o", tmp_path / "out", "--rows-per-part", "10", "--dry-run", *RAY)
    assert outcome.exit_code == 0 and outcome.stderr == ""
    assert outcome.stdout.splitlines() == [
        "columns: title from 'title', date from 'published', source from 'source', id from 'id', url from 'url'",
        f"read {path}: 30 headlines",
        f"read {other}: 7 headlines",
        "headlines: 37, in 4 parts",
        "model: bundled",
        f"output: 4 Parquet files in {tmp_path / 'out'}",
        "dry run: nothing was written",
    ]
    assert not (tmp_path / "out").exists()


def test_a_dry_run_counts_a_file_as_often_as_it_is_named(path: Path, tmp_path: Path) -> None:
    arguments = ("cluster", path, path, "-o", tmp_path / "out", "--rows-per-part", "100", "--dry-run", *RAY)
    lines = run(*arguments).stdout.splitlines()
    assert lines[1:3] == [f"read {path}: 60 headlines", "headlines: 60, in 1 part"]


def test_a_dry_run_names_a_few_files_and_looks_at_the_folder(path: Path, tmp_path: Path) -> None:
    rows = corpus.table(13, seed=2)
    paths = [corpus.write(tmp_path, rows[k : k + 1], 1, f"n{k:02}") for k in range(13)]
    lines = run("cluster", *paths, "-o", tmp_path / "out", "--dry-run", *RAY).stdout.splitlines()
    assert lines[1:12] == [*(f"read {path}: 1 headline" for path in paths[:10]), "read 3 more files"]
    assert "headlines: 13, in 1 part" in lines
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").touch()
    assert "is not empty, it holds 'mine.txt'" in refused("cluster", path, "-o", tmp_path / "out", "--dry-run", *RAY)


def test_an_interrupt_is_one_line_and_the_next_start_goes_on(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    arguments = ("cluster", path, "-o", tmp_path / "out", "--now", NOW, *RAY)
    with monkeypatch.context() as patched:
        patched.setattr("dedupe.distributed.nodes.copies.copies_of", interrupt)
        outcome = run(*arguments)
    assert (outcome.exit_code, outcome.stderr) == (130, "headline-dedupe: interrupted\n")
    assert "holds a job that broke off, begun with other options (keep)" in one_error(
        run(*arguments, "--keep", "first")
    )
    assert f"in {tmp_path / 'out'}, where a job broke off" in run(*arguments, "--dry-run").stdout
    told(*arguments[1:])
    assert written(tmp_path / "out").equals(one_machine([path])[1])


def test_a_log_has_a_line_a_minute(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    times = iter([0.0, 59.0, 61.0, 100.0, 130.0])
    log = Log(lambda: next(times))
    for done in range(1, 5):
        log("vectors", done * 1000, 5000)
    assert capsys.readouterr().err.splitlines() == [
        "headline-dedupe: vectors: 2,000 of 5,000 rows",
        "headline-dedupe: vectors: 4,000 of 5,000 rows",
    ]


def test_the_columns_are_those_of_all_inputs(path: Path, tmp_path: Path) -> None:
    other = corpus.write(tmp_path, corpus.table(7, seed=1), 7, "more")
    columns = "title from 'title', date from 'published', source from 'source', id from 'id', url from 'url'"
    assert told(path, other, "-o", tmp_path / "out", *RAY)[0].endswith(f"; read 2 inputs as Parquet: {columns}")


def test_the_link_to_the_dashboard_comes_first(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from contextlib import nullcontext

    monkeypatch.setattr(distributed_run, "connected", lambda address: nullcontext("http://127.0.0.1:8265"))
    assert told(path, "-o", tmp_path / "out", *RAY)[0] == "dashboard: http://127.0.0.1:8265"
    assert told(path, "-o", tmp_path / "more", "--quiet", *RAY) == []


def test_titles_in_messages_cannot_control_the_terminal(tmp_path: Path) -> None:
    path = corpus.write(tmp_path, pa.table({"title\x1b[2J": ["Ferry sinks"]}), 1)
    assert refused("cluster", path, "-o", tmp_path / "out", *RAY).isprintable()
