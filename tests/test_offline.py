"""What "offline" means: runs in an empty environment open no socket, and leave nothing in the home folder but their own cache."""

from __future__ import annotations

import ast
import json
import re
import tomllib

import pytest

from tests.support import offline, tiny
from tests.support.offline import KILLED, ROOT

COMMAND = "from dedupe.cli import main; sys.argv[0] = 'headline-dedupe'; main()"
CACHE = ".cache/headline-dedupe/"
TITLES = ["Ferry sinks off Oslo, 3 dead", "Three dead as ferry sinks off Oslo", "Rates rise again in March"]
MODULES = {  # the modules that a run imports of each dependency that is not called like its module
    "faiss-cpu": "faiss",
    "python-dateutil": "dateutil.parser",
    "py3langid": "py3langid.langid",
    "PyStemmer": "Stemmer",
    "pyarrow": "pyarrow.parquet",
    "scikit-learn": "sklearn.calibration",
    "selectolax": "selectolax.lexbor",
    "onnxruntime": "dedupe.runtime.onnx",
    "matplotlib": "dedupe.evaluation.plots",
}
HEAVY = ("sentence-transformers", "matplotlib")


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "news.txt").write_text("\n".join(TITLES))
    return folder


def assert_offline(code, home, *arguments, made=()):
    """Run code, which must succeed, open no socket and leave only the files `made`; return its standard output."""
    before = offline.files_in(home)
    done = offline.run(code, home, *arguments)
    assert done.returncode != KILLED, f"it opened a socket: {done.stderr}"
    assert done.returncode == 0, done.stderr
    left = offline.files_in(home) - before
    assert {name for name in left if not name.startswith(CACHE)} == set(made)
    return done.stdout


def dependencies():
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    return [re.match(r"[\w-]+", need)[0] for need in needed]


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6"])
def test_a_socket_is_noticed(home, family):
    assert offline.run(f"import socket; socket.socket(socket.{family})", home).returncode == KILLED
    code = f"import socket, threading; threading.Thread(target=lambda: socket.socket(socket.{family})).start()"
    assert offline.run(code, home).returncode == KILLED


def test_a_look_up_of_a_name_is_noticed_and_a_pipe_is_none(home):
    assert offline.run("import socket; socket.getaddrinfo('example.org', 80)", home).returncode == KILLED
    assert offline.run("import socket; socket.socketpair()", home).returncode == 0


@pytest.mark.parametrize("name", [name for name in dependencies() if name not in HEAVY])
def test_a_dependency_is_offline_by_itself(home, name):
    module = MODULES.get(name, name.replace("-", "_"))
    lines = [f"import {module}"]
    if name == "onnxruntime":
        lines += ["from dedupe.candidates.int8 import session; session()", "import time; time.sleep(2)"]
    assert_offline("\n".join(lines), home)


@pytest.mark.slow
def test_sentence_transformers_is_offline_with_a_folder(home, base):
    assert_offline(f"from dedupe import load_encoder; load_encoder({str(base)!r}).encode(['Ferry sinks'])", home)


def test_runs_are_offline(home):
    made = ["out.csv", "report.html"]
    assert_offline(COMMAND, home, "cluster", "news.txt", "-o", "out.csv", "--report", "report.html", made=made)
    assert "verdict: wording" in assert_offline(COMMAND, home, "compare", *TITLES[:2])
    assert_offline(COMMAND, home, "match", "news.txt", "--against", "out.csv")
    assert_offline(COMMAND, home, "info")


@pytest.mark.slow
def test_tuning_with_its_plots_is_offline(home):
    tiny.write(home / "stories.jsonl", tiny.labelled())
    made = [
        "headline-dedupe.toml",
        *(f"headline-dedupe-story-{name}.png" for name in ("reliability", "precision-recall")),
    ]
    assert_offline(COMMAND, home, "tune", "stories.jsonl", made=made)


@pytest.mark.slow
def test_training_is_offline(home, base):
    tiny.write(home / "stories.jsonl", tiny.labelled())
    code = (
        "from pathlib import Path; from dedupe.training import train\n"
        "stories, out, base = map(Path, sys.argv[1:]); train(stories, out, base=base, epochs=1, reader_epochs=1)"
    )
    done = offline.run(code, home, "stories.jsonl", "model", base)
    assert done.returncode != KILLED, f"it opened a socket: {done.stderr}"
    assert done.returncode == 0, done.stderr
    assert json.loads((home / "model" / "model.json").read_text())
    assert {name.partition("/")[0] for name in offline.files_in(home)} == {"news.txt", "stories.jsonl", "model"}


def test_onnxruntime_is_imported_in_one_place():
    importers = {
        path.relative_to(ROOT).as_posix()
        for folder in ("dedupe", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        and "onnxruntime" in (*(alias.name.partition(".")[0] for alias in node.names), getattr(node, "module", ""))
    }
    assert importers == {"dedupe/runtime/onnx.py"}
