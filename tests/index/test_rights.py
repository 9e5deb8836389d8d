"""Indexes that are read without the right to write: of another user, read-only, or copied."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dedupe import InputError, OutputError
from dedupe.index import beside
from dedupe.index.database import Database
from tests.support.index_news import at, headline, news, opened

ROOT = Path(__file__).parents[2]
ASKED = headline("Ferry closes in Oslo", 140)
ASK = """
import json, os, sys, tempfile
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from dedupe import StoryIndex
from dedupe.errors import DedupeError
from tests.support.fake_encoder import FakeEncoder
from tests.support.index_news import NamedEncoder, at, headline, news, opened
from tests.index.test_rights import answers
with tempfile.TemporaryDirectory() as folder, opened(Path(folder) / "w") as index:
    index.add(news(20, 1), now=at(150))
    answers(index)  # imports whatever it takes: another user may not read the libraries
FakeEncoder.folder.chmod(0o755)
if os.geteuid() == 0:
    os.setegid(65534)
    os.seteuid(65534)
try:
    with StoryIndex(sys.argv[1], encoder=NamedEncoder()) as index:
        print(json.dumps(answers(index)))
        index.add([headline("Bank fined in Turin")], now=at(151))
except DedupeError as error:
    print(error)
if os.getuid() == 0:
    os.seteuid(0)  # to remove what is temporary
"""

pytestmark = pytest.mark.skipif(os.name == "nt", reason="rights are of another kind there")


def answers(index):
    """What every command that reads says."""
    known, *_ = index.stories()
    return [
        [(story.id, list(story.rows)) for story in index.stories(order="first")],
        [event.sentence for event in index.history(known.id)],
        [item.story for item in index.match([ASKED], all=True, now=at(150))],
        index.result().labels("story").tolist(),
        index.check(),
    ]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not in the folder of pytest, which each of its sessions closes to other users."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name) / "i"
        for path in (path for path in Path(name).iterdir() if path.is_dir()):
            path.chmod(0o755)


def closed(folder: Path) -> Path:
    with opened(folder) as index:
        index.add(news(40, 3), now=at(150))
    return folder


def copied(folder: Path) -> Path:
    """The database alone, as a backup has it."""
    target = folder.parent / "copy"
    target.mkdir()
    shutil.copy(closed(folder) / "index.sqlite", target)
    return target


def killed(folder: Path) -> Path:
    """What was added last is in no file but the log."""
    code = """
        import os
        with opened(folder) as index:
            index.add(news(40, 3), now=at(150))
            os._exit(0)
    """
    preamble = f"import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom tests.support.index_news import *\n"
    preamble += f"folder = Path({str(folder)!r})\n"
    subprocess.run([sys.executable, "-c", preamble + textwrap.dedent(code)], check=True, cwd=ROOT, timeout=100)
    assert (folder / "index.sqlite-wal").stat().st_size > 100_000
    return folder


def asked_by_another(index: Path) -> list[str]:
    """What another user gets to see, who may only read; line by line."""
    for path in index.iterdir():
        path.chmod(0o444 if path.stat().st_mode & 0o444 else 0)
    index.chmod(0o555 if index.stat().st_mode & 0o444 else 0)
    run = subprocess.run(
        [sys.executable, "-c", ASK, str(index), str(ROOT)], capture_output=True, text=True, cwd=ROOT, timeout=100
    )
    assert run.returncode == 0, run.stderr
    index.chmod(0o755)
    for path in index.iterdir():
        path.chmod(0o644)
    return run.stdout.splitlines()


@pytest.mark.parametrize("made", [closed, copied, killed])
def test_who_may_only_read_gets_every_answer(folder: Path, made: Callable[[Path], Path]):
    index = made(folder)
    read, refused = asked_by_another(index)
    assert "cannot write into" in refused and str(index) in refused
    with opened(index) as again:
        assert json.loads(read) == json.loads(json.dumps(answers(again)))


def test_who_may_only_read_sees_what_a_writer_has_stored(folder: Path):
    closed(folder)
    with opened(folder) as writer:
        (added,) = writer.add([headline("Chess club of Reykjavik wins cup", 141)], now=at(151))
        read, _ = asked_by_another(folder)
        assert json.loads(read) == json.loads(json.dumps(answers(writer))) and added.story in read
        assert (folder / "index.sqlite-wal").stat().st_size


def test_a_folder_that_may_not_be_looked_into_is_one_line(folder: Path):
    index = closed(folder)
    for path in (index / "index.sqlite", index):
        path.chmod(0)
        (line,) = asked_by_another(index)
        assert "right to read" in line and str(index) in line


@pytest.fixture
def reading_only(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Let connections that are opened from then on be those of who may not write."""

    def only(reads: bool) -> None:
        monkeypatch.setattr(beside, "may_write", lambda path: not reads)

    return only


def test_one_state_is_read_while_others_write(folder: Path, reading_only: Callable[[bool], None]):
    """Also where a writer begins, writes all of its log into the database, and ends, in between."""
    closed(folder)
    reading_only(True)
    reader = Database(folder)
    assert reader.path.with_name("index.sqlite-wal").stat().st_size == 0
    reading_only(False)
    count = "SELECT count(*) FROM headline_rows"
    with reader.reading():
        before = reader.value(count)
        with opened(folder) as index:
            index.add([headline("Orchid of Ghent fined", 140)], now=at(151))
            index._store.database.shrink()
        assert reader.value(count) == before
    assert reader.value(count) == before + 1
    reader.close()


def test_a_copy_that_is_changed_all_the_same(folder: Path, reading_only: Callable[[bool], None]):
    index = copied(folder)
    reading_only(True)
    reader = Database(index)
    count, later = "SELECT count(*) FROM headline_rows", headline("Orchid of Ghent fined", 140)
    with reader.reading():
        before = reader.value(count)
    with pytest.raises(OutputError, match="was changed while it was read: call again"), reader.reading():
        reader.value(count)
        reading_only(False)
        with opened(index) as writer:
            writer.add([later], now=at(151))
    reading_only(True)
    with reader.reading():
        assert reader.value(count) == before + 1
    reader.close()


def test_a_log_that_cannot_be_read_is_not_passed_over(folder: Path, reading_only: Callable[[bool], None]):
    index = killed(folder)
    (index / "index.sqlite-shm").unlink()
    reading_only(True)
    with pytest.raises(OutputError, match=r"-wal holds changes that cannot be read without index\.sqlite-shm"):
        opened(index)
    reading_only(False)
    closed(index)
    reading_only(True)
    with opened(index) as again:
        assert again.check() == []


def test_files_that_are_left_belong_to_the_owner_of_the_database(folder: Path):
    (closed(folder) / "index.sqlite").chmod(0o640)
    if os.geteuid() == 0:
        os.chown(folder / "index.sqlite", 65534, 65534)
    for name in ("index.sqlite-wal", "index.sqlite-shm"):
        (folder / name).unlink()
    with opened(folder) as index:
        index.stories()
    database = (folder / "index.sqlite").stat()
    for name in ("index.sqlite-wal", "index.sqlite-shm"):
        left = (folder / name).stat()
        assert (left.st_size, left.st_uid, left.st_mode) == (0, database.st_uid, database.st_mode)


def test_a_file_that_appears_meanwhile_is_left_alone(folder: Path, monkeypatch: pytest.MonkeyPatch):
    """Another process makes it between the question whether it is there and the answer."""
    path, link = folder.parent / "index.sqlite", os.link
    path.write_bytes(b"")

    def late(temporary: str, companion: Path) -> None:
        companion.write_text("in use")
        link(temporary, companion)

    monkeypatch.setattr(os, "link", late)
    beside.leave_companions(path)
    assert {file.name: file.read_text() for file in folder.parent.iterdir()} == {
        "index.sqlite": "",
        "index.sqlite-wal": "in use",
        "index.sqlite-shm": "in use",
    }


@pytest.mark.parametrize("failing", ["fchown", "fchmod", "link"])
def test_nothing_is_left_where_it_cannot_be_made(folder: Path, monkeypatch: pytest.MonkeyPatch, failing: str):
    """Of a database of another owner, whose group may only read."""
    path = folder.parent / "index.sqlite"
    path.write_bytes(b"")
    path.chmod(0o640)
    database = path.stat()

    def refused(*arguments: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, failing, refused)
    if failing == "fchown":
        values = [*database]
        values[4] += 1  # the owner
        monkeypatch.setattr(Path, "stat", lambda self, **_: os.stat_result(values))
        monkeypatch.setattr(Path, "exists", lambda self: False)
    beside.leave_companions(path)
    assert [file.name for file in folder.parent.iterdir()] == ["index.sqlite"]


def test_a_file_gets_the_group_where_it_cannot_get_the_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path, given = tmp_path / "index.sqlite", list[tuple[int, int]]()
    path.write_bytes(b"")
    path.chmod(0o660)

    def only_groups(descriptor: int, owner: int, group: int) -> None:
        given.append((owner, group))
        if owner != -1:
            raise PermissionError

    monkeypatch.setattr(os, "fchown", only_groups)
    beside.leave_companions(path)
    assert given == [(os.geteuid(), path.stat().st_gid), (-1, path.stat().st_gid)] * 2
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o660} and len([*tmp_path.iterdir()]) == 3


def test_nothing_is_left_beside_what_is_no_index(tmp_path: Path):
    (tmp_path / "index.sqlite").write_bytes(b"")
    for options in ({"create": False}, {}):
        with pytest.raises(InputError):
            opened(tmp_path, **options, reader="none")
    assert [path.name for path in tmp_path.iterdir()] == ["index.sqlite"]
