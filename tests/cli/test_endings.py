"""How the program ends: one line and the right exit code, whatever its streams are and whenever it is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dedupe.cli.shared import Commands
from tests.support.command_line import ROOT, json_lines, refused, run

INTERRUPTED = "headline-dedupe: interrupted\n"


@pytest.fixture
def titles(tmp_path: Path) -> Path:
    path = tmp_path / "titles.txt"
    path.write_text("Ferry sinks off Oslo\nRates rise\n", "utf-8")
    return path


def program(code: str, *args: str | Path, redirected: str = "", **options: object) -> subprocess.CompletedProcess[str]:
    """Run the entry point in a process of its own after some code, its streams redirected as a shell would."""
    start = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    script = f"{start}{code}\nfrom dedupe.__main__ import main\nmain()"
    command = ["sh", "-c", f'exec "$@" {redirected}', "sh", sys.executable, "-c", script, *map(str, args)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


FAKE = """
import sys
import dedupe.embedding.encoders
sys.path.insert(0, "tests")
from tests.support.fake_encoder import FakeEncoder
dedupe.embedding.encoders.load_encoder = lambda name=None: FakeEncoder()
"""


def test_a_closed_standard_output_is_one_line(titles: Path) -> None:
    done = program(FAKE, "cluster", titles, redirected=">&-")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "headline-dedupe: error: standard output is closed: name a file with -o\n"


def test_a_closed_standard_output_is_not_missed_where_a_file_is_named(titles: Path, tmp_path: Path) -> None:
    done = program(FAKE, "cluster", titles, "-o", tmp_path / "o.jsonl", redirected=">&- <&-")
    assert done.returncode == 0 and len(json_lines((tmp_path / "o.jsonl").read_text("utf-8"))) == 2
    assert "2 headlines" in done.stderr and "2 headlines" not in (tmp_path / "o.jsonl").read_text("utf-8")


def test_a_closed_standard_input_is_empty(titles: Path) -> None:
    done = program(FAKE, "cluster", "-", redirected="<&-")
    assert done.returncode == 2 and done.stderr.startswith("headline-dedupe: error: standard input is empty")
    assert len(done.stderr.splitlines()) == 1


def test_a_closed_standard_error_changes_nothing_else(titles: Path, tmp_path: Path) -> None:
    done = program(FAKE, "cluster", titles, redirected="2>&-")
    assert done.returncode == 0 and len(json_lines(done.stdout)) == 2
    assert program(FAKE, "cluster", tmp_path / "absent", redirected="2>&-").returncode == 2


INTERRUPT_IN_AN_IMPORT = """
import importlib.abc, signal, sys
class Interrupter(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == {name!r}:
            sys.meta_path.remove(self)
            {do}
sys.meta_path.insert(0, Interrupter())
"""


@pytest.mark.parametrize("name", ["dedupe.cli", "click", "dedupe.pipeline", "numpy", "onnxruntime", "sqlite3", "scipy"])
@pytest.mark.parametrize(
    "do",
    [
        "signal.raise_signal(signal.SIGINT)",
        # as extension modules do
        "try: signal.raise_signal(signal.SIGINT)\n            except KeyboardInterrupt: raise ImportError('cannot') from None",
    ],
)
def test_an_interrupt_during_an_import_is_one_line(titles: Path, tmp_path: Path, name: str, do: str) -> None:
    done = program(INTERRUPT_IN_AN_IMPORT.format(name=name, do=do), "cluster", titles, "-o", tmp_path / "o.csv")
    assert (done.stderr, done.returncode) == (INTERRUPTED, 130)
    assert not (tmp_path / "o.csv").exists()


def test_an_interrupt_in_a_finalizer_is_not_lost(titles: Path) -> None:
    code = """
import signal
class Last:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)
import dedupe.pipeline
group = dedupe.pipeline.deduplicate
def deduplicate(*args, **options):
    last = Last()
    del last
    return group(*args, **options)
dedupe.pipeline.deduplicate = deduplicate
"""
    done = program(FAKE + code, "cluster", titles)
    assert (done.stdout, done.stderr, done.returncode) == ("", INTERRUPTED, 130)


def test_an_interrupt_while_options_are_read_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(self: Commands, context: object, args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Commands, "parse_args", interrupt)
    outcome = run("cluster")
    assert (outcome.stderr, outcome.exit_code) == (INTERRUPTED, 130)


def test_a_program_started_to_ignore_interrupts_does(titles: Path) -> None:
    code = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); signal.raise_signal(signal.SIGINT)\n"
    assert program(FAKE + code, "cluster", titles).returncode == 0


def test_an_error_that_is_no_interrupt_keeps_its_traceback(titles: Path) -> None:
    code = "import dedupe.pipeline; dedupe.pipeline.deduplicate = lambda *args, **options: 1 / 0"
    done = program(FAKE + code, "cluster", titles)
    assert done.returncode == 1 and "ZeroDivisionError" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--title-column", ""),
        ("--date-column", ""),
        ("--id-column", ""),
        ("-o", ""),
        ("--model", ""),
        ("--cache", ""),
        ("--corrections", ""),
        ("--explain", ""),
        ("--report", ""),
        ("--encoding", ""),
        ("--delimiter", ""),
        ("--settings", ""),
        ("--window", ""),
        ("",),
    ],
)
def test_an_empty_value_is_one_line(fake_encoder: object, titles: Path, arguments: tuple[str, ...]) -> None:
    line = refused("cluster", titles, *arguments)
    assert arguments[0].lstrip("-").split("-")[0] in line and "empty" in line


@pytest.mark.parametrize("folder", ["~nobody-of-this-name/x", "x" * 300, "/proc/none/x", "/dev/null", "/dev/null/x"])
@pytest.mark.parametrize("given", ["option", "environment"])
def test_a_bad_place_for_the_cache_is_one_line(
    fake_encoder: object, titles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, given: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(type(fake_encoder), "identity", "fake", raising=False)
    options = ("--cache", folder) if given == "option" else ()
    if given == "environment":
        monkeypatch.setenv("HEADLINE_DEDUPE_CACHE", folder)
    outcome = run("cluster", titles, *options)
    assert outcome.exit_code == 0 and len(json_lines(outcome.stdout)) == 2
    warnings = [line for line in outcome.stderr.splitlines() if "warning" in line]
    assert all("the vector cache in " in line for line in warnings) and len(warnings) == (not folder.startswith("~"))
    shown = run("cache", *options)
    assert shown.exit_code in (0, 2) and not isinstance(shown.exception, OSError | ValueError | RuntimeError)


@pytest.mark.parametrize(("option", "number"), [("--threads", "0"), ("--threads", "99999999999999999999")])
def test_a_number_of_threads_that_cannot_be_is_one_line(titles: Path, option: str, number: str) -> None:
    assert "--threads" in refused("cluster", titles, option, number)


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.slow
def test_ctrl_c_at_any_moment_of_the_start(titles: Path) -> None:
    """From the first line of ours on; before it, Python itself may be interrupted."""
    code = "import sys, os; os.write(1, b'x'); import dedupe.__main__; dedupe.__main__.main()"
    for delay in range(10):
        command = [sys.executable, "-c", code, "cluster", str(titles), "-o", os.devnull, "--no-cache"]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None and process.stdout.read(1) == "x"
            try:
                process.wait(timeout=0.05 + 0.1 * delay)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGINT)
            errors = process.communicate(timeout=60)[1]
        assert (errors, process.returncode) == (INTERRUPTED, 130) or process.returncode == 0, errors
