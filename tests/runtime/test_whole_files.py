"""Files appear whole or not at all, whoever else writes into the folder, and whatever was there before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dedupe.errors import OutputError
from dedupe.runtime import whole_files
from dedupe.runtime.files import check_output, write_lines, writing
from dedupe.runtime.whole_files import together

ROOT = Path(__file__).parents[2]
_ORPHAN = ".headline-dedupe-{}.tmp"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def age(path: Path, seconds: float) -> None:
    os.utime(path, (time.time() - seconds,) * 2)


def test_writers_of_one_folder_do_not_meet(tmp_path: Path) -> None:
    """Also not those of one process, whose number is the same."""

    def write(k: int) -> None:
        for _ in range(10):
            with writing(str(tmp_path / f"{k}.txt")) as stream:
                stream.write(f"{k} begins\n")
                time.sleep(0)
                stream.write(f"{k} ends\n")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    assert names(tmp_path) == [f"{k}.txt" for k in range(8)]
    assert all((tmp_path / f"{k}.txt").read_text() == f"{k} begins\n{k} ends\n" for k in range(8))


def test_a_file_left_by_a_process_of_the_same_number_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / _ORPHAN.format(os.getpid())).write_text("left over")
    write_lines(["new"], str(tmp_path / "o"))
    assert names(tmp_path) == ["o"]


def test_what_another_process_is_writing_stays(tmp_path: Path) -> None:
    code = """
import sys
from dedupe.runtime.files import writing
with writing(sys.argv[1]) as stream:
    stream.write("slow\\n")
    print("begun", flush=True)
    sys.stdin.readline()
"""
    command = [sys.executable, "-c", code, str(tmp_path / "slow")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as process:
        assert process.stdout.readline() == "begun\n"
        (partial,) = names(tmp_path)
        age(tmp_path / partial, 10 * 24 * 3600)
        write_lines(["quick"], str(tmp_path / "quick"))
        assert names(tmp_path) == [partial, "quick"]
        process.communicate("\n", timeout=60)
    assert names(tmp_path) == ["quick", "slow"]
    assert (tmp_path / "slow").read_text() == "slow\n"


def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    code = "import os, sys, signal; from dedupe.runtime.files import writing\n"
    code += "with writing(sys.argv[1]) as stream: os.kill(os.getpid(), signal.SIGKILL)"
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "never")], cwd=ROOT)
    assert done.returncode == -signal.SIGKILL and len(names(tmp_path)) == 1
    (tmp_path / "mine.tmp").write_text("not ours")
    (tmp_path / _ORPHAN.format("folder")).mkdir()
    write_lines(["new"], str(tmp_path / "o"))
    assert names(tmp_path) == [_ORPHAN.format("folder"), "mine.tmp", "o"]


def test_without_locks_only_what_is_older_than_a_day_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole_files, "fcntl", None)
    for name, seconds in (("old", 25 * 3600), ("new", 23 * 3600)):
        (tmp_path / _ORPHAN.format(name)).write_text("")
        age(tmp_path / _ORPHAN.format(name), seconds)
    write_lines(["x"], str(tmp_path / "o"))
    assert names(tmp_path) == [_ORPHAN.format("new"), "o"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o444])
def test_a_replaced_file_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    target = tmp_path / "o"
    target.write_text("secret")
    target.chmod(mode)
    with writing(str(target)) as stream:
        (partial,) = (path for path in tmp_path.iterdir() if path != target)
        assert partial.stat().st_mode & 0o777 & ~mode == 0, "nobody else may read it meanwhile"
        stream.write("new")
    assert target.stat().st_mode & 0o777 == mode
    assert target.read_text() == "new"


def test_a_new_file_has_the_usual_mode(tmp_path: Path) -> None:
    write_lines(["new"], str(tmp_path / "o"))
    (tmp_path / "usual").write_text("")
    assert (tmp_path / "o").stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_appears_meanwhile_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    if not links:  # as on some file systems
        monkeypatch.setattr(os, "link", lambda *paths: (_ for _ in ()).throw(PermissionError("no links here")))
    target = tmp_path / "o"
    check_output(str(target), [])
    message = "was made by somebody else meanwhile: name another output"
    with pytest.raises(OutputError, match=message), together(replace=False), writing(str(target)) as stream:
        stream.write("ours")
        target.write_text("theirs")
    assert names(tmp_path) == ["o"] and target.read_text() == "theirs"
    with together(replace=False):
        write_lines(["ours"], str(tmp_path / "free"))
    assert names(tmp_path) == ["free", "o"]


def test_a_dangling_link_is_followed_with_force_alone(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(
        OutputError, match="is a link to a file that does not exist: name another output, or add --force"
    ):
        check_output(str(tmp_path / "link"), [])
    check_output(str(tmp_path / "link"), [], force=True)
    with pytest.raises(OutputError, match="meanwhile"), together(replace=False):
        write_lines(["x"], str(tmp_path / "link"))
    assert names(tmp_path) == ["link"]
    write_lines(["x"], str(tmp_path / "link"))
    assert (tmp_path / "link").is_symlink() and (tmp_path / "elsewhere").read_text() == "x\n"


def test_links_in_a_circle_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OutputError):
        check_output(str(tmp_path / "a"), [])


class Stop(Exception):
    pass


def test_files_written_together_appear_together(tmp_path: Path) -> None:
    with together():
        for name in "abc":
            write_lines([name], str(tmp_path / name))
        assert not any((tmp_path / name).exists() for name in "abc")
    assert names(tmp_path) == ["a", "b", "c"]


def test_none_of_them_appears_where_the_last_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    with pytest.raises(Stop), together():
        write_lines(["new"], str(tmp_path / "a"))
        write_lines(["new"], str(tmp_path / "b"))
        with writing(str(tmp_path / "c")) as stream:
            stream.write("half")
            raise Stop
    assert names(tmp_path) == ["a"] and (tmp_path / "a").read_text() == "old"


@pytest.mark.parametrize("failing", [0, 1, 2])
@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_none_of_them_appears_where_one_cannot_be_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int, failure: BaseException
) -> None:
    (tmp_path / "a").write_text("old a")
    (tmp_path / "c").write_text("old c")
    rename, done = Path.replace, []

    def replace(path: Path, target: Path) -> Path:
        if not str(target.name).startswith(".") and len(done) == failing:
            done.append(target)
            raise failure
        done.append(target)
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises((OutputError, KeyboardInterrupt)), together():
        for name in "abc":
            write_lines([f"new {name}"], str(tmp_path / name))
    assert names(tmp_path) == ["a", "c"]
    assert [(tmp_path / name).read_text() for name in "ac"] == ["old a", "old c"]


def test_a_reader_who_has_seen_enough_of_standard_output_loses_no_file(tmp_path: Path) -> None:
    with pytest.raises(BrokenPipeError), together():
        write_lines(["report"], str(tmp_path / "report"))
        raise BrokenPipeError
    assert (tmp_path / "report").read_text() == "report\n"
