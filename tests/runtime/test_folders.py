"""Folders that take each other's place, and locks."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dedupe.errors import OutputError
from dedupe.runtime import folders
from dedupe.runtime.folders import put_in_place
from dedupe.runtime.locks import exclusive

ROOT = Path(__file__).parents[2]


def folder(path: Path, text: str) -> Path:
    path.mkdir()
    for name in "abc":
        (path / name).write_text(text)
    return path


def texts(path: Path) -> set[str]:
    return {(path / name).read_text() for name in "abc"}


@pytest.mark.parametrize("exchange", [True, False])
def test_a_folder_takes_the_place_of_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchange: bool) -> None:
    if not exchange:  # as on some file systems
        monkeypatch.setattr(folders, "_exchanged", lambda first, second: False)
    out = tmp_path / "model"
    put_in_place(folder(tmp_path / "new", "first"), out)
    put_in_place(folder(tmp_path / "new", "second"), out)
    assert texts(out) == {"second"} and [path.name for path in tmp_path.iterdir()] == ["model"]


REPLACE_FOREVER = """
import itertools, sys, shutil
from pathlib import Path
from dedupe.runtime.folders import put_in_place
out, new = Path(sys.argv[1]), Path(sys.argv[1] + ".part")
for number in itertools.count():
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    for name in "abc":
        (new / name).write_text(str(number))
    put_in_place(new, out)
    if not number:
        print("begun", flush=True)
"""


@pytest.mark.slow
def test_a_killed_process_leaves_the_old_folder_or_the_new_one(tmp_path: Path) -> None:
    draw, out = random.Random(0), tmp_path / "model"
    for _ in range(12):
        command = [sys.executable, "-c", REPLACE_FOREVER, str(out)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None and process.stdout.readline() == "begun\n"
            time.sleep(draw.uniform(0, 0.02))
            process.kill()
        assert len(texts(out)) == 1


def test_a_lock_keeps_others_out_and_leaves_nothing(tmp_path: Path) -> None:
    with exclusive(tmp_path / "labels.csv"):
        message = r"another headline-dedupe is writing .*labels\.csv: let it end first"
        with pytest.raises(OutputError, match=message), exclusive(tmp_path / "labels.csv"):
            pass
        with exclusive(tmp_path / "others.csv"):
            pass
    with exclusive(tmp_path / "labels.csv"):
        pass
    assert not list(tmp_path.iterdir())


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    code = "import os, signal, sys; from pathlib import Path; from dedupe.runtime.locks import exclusive\n"
    code += "with exclusive(Path(sys.argv[1])): os.kill(os.getpid(), signal.SIGKILL)"
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "labels.csv")], cwd=ROOT)
    assert done.returncode == -signal.SIGKILL
    with exclusive(tmp_path / "labels.csv"):
        pass
    assert not list(tmp_path.iterdir())


def test_a_lock_in_a_folder_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="name another folder"), exclusive(tmp_path / "file" / "labels.csv"):
        pass
