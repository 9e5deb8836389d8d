from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest

from dedupe import __version__, cli
from dedupe.cli.shared import time_span
from dedupe.errors import OutputError
from tests.support.command_line import ROOT, json_lines, one_error, run
from tests.support.fake_encoder import FakeEncoder

TITLES = [
    "Ferry sinks off Oslo, three dead",
    "Central bank raises rates to 4.5 percent",
    "FERRY SINKS OFF OSLO, THREE DEAD",
    "Three dead, ferry sinks off Oslo",
    "Museum of Lisbon reopens after flood",
]
pytestmark = pytest.mark.usefixtures("fake_encoder")


@pytest.fixture
def titles(tmp_path: Path) -> Path:
    path = tmp_path / "titles.txt"
    path.write_text("\n".join(TITLES) + "\n", "utf-8")
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "news.csv"
    rows = [f'{k};"{title}";2024-05-0{k + 1}T08:00:00Z;paper {k};007' for k, title in enumerate(TITLES)]
    path.write_text("\n".join(["nr;headline;date;outlet;code", *rows]) + "\n", "utf-8")
    return path


def test_cluster_writes_one_row_per_input_row_into_a_pipe(titles: Path) -> None:
    outcome = run("cluster", titles)
    rows = json_lines(outcome.stdout)
    assert outcome.exit_code == 0
    assert [row["title"] for row in rows] == TITLES
    assert rows[0]["dedupe_story"] == rows[2]["dedupe_story"] == rows[3]["dedupe_story"] == 0
    assert rows[4]["dedupe_probability"] == 1.0
    summary = outcome.stderr.splitlines()[0]
    assert summary.startswith("headline-dedupe: 5 headlines, 3 stories, ")
    assert "1 exact copy" in summary


def test_quiet_prints_nothing(titles: Path) -> None:
    assert run("cluster", titles, "--quiet").stderr == ""


def test_cluster_reads_standard_input() -> None:
    outcome = run("cluster", "-", "--input-format", "lines", input="\n".join(TITLES))
    assert [row["title"] for row in json_lines(outcome.stdout)] == TITLES


def test_cluster_draws_a_table(titles: Path) -> None:
    outcome = run("cluster", titles, "--format", "table")
    assert "★ " in outcome.stdout
    assert "×2" in outcome.stdout
    assert "2 headlines in no group, after the number of each:" in outcome.stdout
    assert "★ represents the story  = same wording as above  ×2 two exact copies" in outcome.stdout  # no • here
    assert "source" not in outcome.stdout  # nobody named one


def test_the_report_has_the_title_that_is_given(titles: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    for options, title in (([], "titles.txt"), (["--title", "Overnight & more"], "Overnight &amp; more")):
        assert run("cluster", titles, "--report", report, "--force", *options).exit_code == 0
        assert f"<h1>{title}</h1>" in report.read_text("utf-8")
    assert "--title has no effect without --report" in one_error(run("cluster", titles, "--title", "Overnight"))


def test_a_table_shows_sources_and_no_control_characters(tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl"
    rows = [{"title": "Storm \x1b[2J hits [bold]Porto[/bold]", "source": name} for name in ("Herald", "Gazette")]
    path.write_text("\n".join(map(json.dumps, rows)))
    outcome = run("cluster", path, "--format", "table")
    assert "[bold]Porto[/bold]" in outcome.stdout
    assert "\x1b" not in outcome.stdout
    assert "Gazette, Herald" in outcome.stdout


@pytest.mark.parametrize(("ending", "first"), [("csv", "title,"), ("tsv", "title\t"), ("jsonl", "{"), ("txt", " ")])
def test_the_output_ending_picks_the_format(titles: Path, tmp_path: Path, ending: str, first: str) -> None:
    outcome = run("cluster", titles, "-o", tmp_path / f"out.{ending}")
    assert outcome.exit_code == 0
    assert outcome.stdout == ""
    assert (tmp_path / f"out.{ending}").read_text("utf-8").startswith(first)


def test_dedupe_keeps_rows_untouched_and_in_order(table: Path) -> None:
    columns = ("--title-column", "headline", "--date-column", "date")
    outcome = run("dedupe", table, *columns, "--keep", "earliest", "--level", "exact")
    rows = list(csv.reader(io.StringIO(outcome.stdout)))
    assert rows[0] == ["nr", "headline", "date", "outlet", "code"]
    assert [row[0] for row in rows[1:]] == ["0", "1", "3", "4"]
    assert rows[1] == ["0", TITLES[0], "2024-05-01T08:00:00Z", "paper 0", "007"]
    assert "kept 4 at level exact" in outcome.stderr


def test_dedupe_of_lines_gives_lines(titles: Path) -> None:
    outcome = run("dedupe", titles, "--level", "story", "--quiet")
    assert len(outcome.stdout.splitlines()) == 3
    assert set(outcome.stdout.splitlines()) < set(TITLES)


def test_dedupe_of_json_keeps_nested_values(tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl"
    path.write_text('{"id": 7, "title": "Port closes", "tags": {"a": [1, null]}}\n')
    assert json_lines(run("dedupe", path).stdout) == [{"id": 7, "title": "Port closes", "tags": {"a": [1, None]}}]


def test_a_window_cuts_copies_far_apart(table: Path) -> None:
    options = ("--title-column", "headline", "--date-column", "date", "--level", "story", "--quiet")
    wide, narrow = run("dedupe", table, *options), run("dedupe", table, *options, "--window", "12h")
    assert len(wide.stdout.splitlines()) == 1 + 3
    assert len(narrow.stdout.splitlines()) == 1 + 5


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("72h", timedelta(hours=72)),
        ("3d", timedelta(days=3)),
        ("90m", timedelta(minutes=90)),
        ("1.5", timedelta(hours=1.5)),
        ("2 W", timedelta(weeks=2)),
    ],
)
def test_time_spans(text: str, span: timedelta) -> None:
    assert time_span(text) == span


@pytest.mark.parametrize("text", ["", "0", "h", "-3h", "3y", "nan", "9" * 30 + "d"])
def test_bad_time_spans(text: str) -> None:
    with pytest.raises(click.BadParameter, match="write 72h, 3d, 90m"):
        time_span(text)


def test_compare_gives_reasons() -> None:
    outcome = run("compare", TITLES[0], TITLES[3])
    assert outcome.exit_code == 0
    verdict, chances, head, *reasons = outcome.stdout.splitlines()
    assert verdict in {"verdict: wording", "verdict: story"}
    assert chances.startswith("probability: wording ")
    assert any("cosine" in reason for reason in reasons)
    assert head == "what speaks for and against one story, with its share:"
    shares = [re.match(r"- (\d+) % (?:for|against): .", reason) for reason in reasons]
    assert sum(int(share[1]) for share in shares if share) == 100 and all(shares)


def test_compare_knows_copies() -> None:
    assert run("compare", TITLES[0], TITLES[2]).stdout.startswith("verdict: exact\n")


def test_missing_input(tmp_path: Path) -> None:
    assert "absent.csv" in one_error(run("cluster", tmp_path / "absent.csv"))


def test_a_column_that_is_not_there_names_those_that_are(table: Path) -> None:
    line = one_error(run("cluster", table, "--title-column", "titel"))
    assert "titel" in line
    assert "headline" in line


def test_an_existing_output_stops_the_run_early(titles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("precious")
    with monkeypatch.context() as patched:
        patched.setattr("dedupe.readers.read_headlines", None)
        assert "--force" in one_error(run("cluster", titles, "-o", out))
    assert out.read_text() == "precious"
    assert run("cluster", titles, "-o", out, "--force").exit_code == 0
    assert len(json_lines(out.read_text("utf-8"))) == 5


FILES = ("out.csv", "pairs.jsonl", "report.html")


def beside(folder: Path) -> list[str]:
    output, explain, report = (str(folder / name) for name in FILES)
    return ["-o", output, "--explain", explain, "--report", report]


@pytest.mark.parametrize("command", ["cluster", "dedupe"])
@pytest.mark.parametrize("failing", ["cluster.write_rows", "grouping.write_pairs", "grouping._write_report"])
def test_the_files_of_a_run_appear_together_or_not_at_all(
    titles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, failing: str
) -> None:
    def fail(*args: object, **options: object) -> None:
        raise OutputError("no space is left")

    with monkeypatch.context() as patched:
        module, name = failing.split(".")
        patched.setattr(import_module(f"dedupe.cli.{module}"), name, fail)
        assert "no space is left" in one_error(run(command, titles, *beside(tmp_path)))
    assert [path.name for path in tmp_path.iterdir()] == ["titles.txt"]
    assert run(command, titles, *beside(tmp_path)).exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted((*FILES, "titles.txt"))


@pytest.mark.parametrize("appearing", FILES)
def test_a_file_that_appears_during_the_run_stays(
    titles: Path, tmp_path: Path, fake_encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch, appearing: str
) -> None:
    encode = fake_encoder.encode

    def slowly(texts: list[str]) -> Any:
        (tmp_path / appearing).write_text("theirs")
        return encode(texts)

    monkeypatch.setattr(fake_encoder, "encode", slowly)
    assert f"{tmp_path / appearing} was made by somebody else" in one_error(run("cluster", titles, *beside(tmp_path)))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted((appearing, "titles.txt"))
    assert (tmp_path / appearing).read_text() == "theirs"
    assert run("cluster", titles, *beside(tmp_path), "--force").exit_code == 0


def test_the_input_is_never_overwritten(titles: Path) -> None:
    assert "is also the input" in one_error(run("dedupe", titles, "-o", titles, "--force"))
    assert titles.read_text("utf-8").splitlines() == TITLES


def test_skipped_rows_are_counted_and_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl"
    path.write_text('{"title": "Port closes"}\n{"title": "Port\n{"title": "Rates rise"}\n')
    assert "2" in one_error(run("cluster", path))
    outcome = run("cluster", path, "--skip-bad", "-o", tmp_path / "out.jsonl")
    assert outcome.exit_code == 0
    assert (tmp_path / "out.jsonl.rejects").read_text() == '{"title": "Port\n'
    assert f"1 bad row in {tmp_path / 'out.jsonl.rejects'}" in outcome.stderr
    matched = run("match", path, "--against", tmp_path / "out.jsonl", "--skip-bad", "-o", tmp_path / "m.csv")
    assert f"1 bad row in {tmp_path / 'm.csv.rejects'}" in matched.stderr
    assert "exists" in one_error(run("cluster", path, "--skip-bad", "--rejects", tmp_path / "out.jsonl.rejects"))


def test_rejects_need_skip_bad(titles: Path) -> None:
    outcome = run("cluster", titles, "--rejects", "x")
    assert outcome.exit_code == 2
    assert "--skip-bad" in outcome.stderr


def test_a_threshold_out_of_range_is_refused(titles: Path) -> None:
    assert run("cluster", titles, "--story-threshold", "1.5").exit_code == 2
    assert "story" in one_error(run("cluster", titles, "--story-threshold", "0.0"))
    assert "story" in one_error(run("cluster", titles, "--story-threshold", "nan"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("cluster", "--level", "wording", "--story-threshold", "0.5"),
            "--story-threshold has no effect with --level wording",
        ),
        (("dedupe", "--story-threshold", "0.5"), "--story-threshold has no effect with --level wording"),
        (
            ("dedupe", "--level", "exact", "--wording-threshold", "0.5"),
            "--wording-threshold has no effect with --level exact",
        ),
        (("cluster", "--keep-formulas"), "--keep-formulas has no effect on jsonl output"),
        (("dedupe", "--keep-formulas"), "--keep-formulas has no effect on lines output"),
        (("match", "--against", "x", "--keep-formulas"), "--keep-formulas has no effect on jsonl output"),
        (("cluster", "--delimiter", ";", "--input-format", "lines"), "--delimiter has no effect on lines input"),
        (("match", "--against", "-", "--fetch"), "--fetch has no effect on lines input"),
        (("match", "-", "--against", "-"), "standard input would be read twice"),
        (("cluster", "--timeout", "5"), "--timeout has no effect where nothing is fetched"),
        (("match", "--against", "x", "--allow-private"), "--allow-private has no effect where nothing is fetched"),
        (("cluster", "--cache", "x", "--no-cache"), "--cache and --no-cache contradict each other"),
    ],
)
def test_an_option_without_effect_is_refused(titles: Path, arguments: tuple[str, ...], message: str) -> None:
    command, *options = arguments
    assert message in one_error(run(command, titles, *options))


def test_a_window_without_dates_is_a_warning(titles: Path) -> None:
    (warning,) = run("cluster", titles, "--window", "1d").stderr.splitlines()[1:]
    assert "warning: no row has a readable date, so the window has no effect" in warning


def test_a_settings_file_may_hold_options_for_other_runs(titles: Path, tmp_path: Path) -> None:
    (tmp_path / "all.toml").write_text("story_threshold = 0.9\nkeep_formulas = true\n")
    assert run("dedupe", titles, "--settings", tmp_path / "all.toml").exit_code == 0


def test_a_settings_value_in_place_of_a_table_is_refused(titles: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("cluster = 3\n")
    message = one_error(run("cluster", titles, "--settings", tmp_path / "bad.toml"))
    assert "cluster = 3 is not a table: put its options below [cluster]" in message


def test_an_interrupt_leaves_no_file(
    titles: Path, tmp_path: Path, fake_encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(texts: list[str]) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(fake_encoder, "encode", interrupt)
    outcome = run("cluster", titles, "-o", tmp_path / "out.jsonl")
    assert outcome.exit_code == 130
    assert outcome.stderr == "headline-dedupe: interrupted\n"
    assert [p.name for p in tmp_path.iterdir()] == ["titles.txt"]


@pytest.mark.parametrize("command", sorted(cli.cli.commands))
def test_every_command_helps_with_an_example(command: str) -> None:
    outcome = run(command, "-h")
    assert outcome.exit_code == 0
    assert re.search(rf"Examples?:\s+headline-dedupe\s+{command}\b", outcome.stdout)


def test_version() -> None:
    assert run("--version").stdout == f"headline-dedupe, version {__version__}\n"


PROGRAM = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job starts with it ignored
sys.path.insert(0, "tests")
import dedupe.embedding.encoders
from tests.support.fake_encoder import FakeEncoder
from dedupe.cli import main
dedupe.embedding.encoders.load_encoder = lambda name=None: FakeEncoder()
"""


def start(*args: str, more: str = "", **options: Any) -> subprocess.Popen[str]:
    """Start the command line with a fake model in a process of its own, which runs `more` first."""
    command = [sys.executable, "-c", f"{PROGRAM}{more}\nmain()", *args]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, **options)


def test_a_closed_pipe_is_no_error(titles: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = start("cluster", str(titles), "--quiet", stdout=writing)
    os.close(writing)
    assert process.communicate(timeout=60)[1] == ""
    assert process.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_is_one_line(titles: Path) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device, opened as the shell would
        process = start("cluster", str(titles), stdout=full)
        errors = process.communicate(timeout=60)[1]
    assert (
        errors
        == "headline-dedupe: error: cannot write standard output (No space left on device): check the path and the free space\n"
    )
    assert process.returncode == 2


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_ends_with_130_and_no_file(titles: Path, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    code = f"FakeEncoder.encode = lambda self, texts: (open({str(ready)!r}, 'w').close(), time.sleep(30))"
    process = start("cluster", str(titles), "-o", str(tmp_path / "out.jsonl"), more=code)
    deadline = time.monotonic() + 60
    while not ready.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60)[1] == "headline-dedupe: interrupted\n"
    assert process.returncode == 130
    assert sorted(p.name for p in tmp_path.iterdir()) == ["ready", "titles.txt"]


def test_help_loads_nothing_heavy() -> None:
    heavy = {"torch", "faiss", "transformers", "scipy", "rapidfuzz", "ftfy", "selectolax", "httpx2", "anyio"}
    code = f"import sys, dedupe.cli; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
