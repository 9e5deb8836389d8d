"""What happens where something goes wrong: kills, full disks, missing rights, several processes, damaged files."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
import time
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

import numpy as np
import pytest

from dedupe import InputError, OutputError, StoryIndex
from dedupe.index import archive
from tests.support.index_news import at, batches, headline, ids, news, opened

ROOT = Path(__file__).parents[2]
FERRY = "Ferry sinks off Oslo, three dead"


def started(code: str, folder: Path) -> subprocess.Popen[str]:
    """A process that runs code with `folder`, and the helpers of these tests."""
    preamble = f"import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom tests.support.index_news import *\n"
    preamble += f"folder = Path({str(folder)!r})\n"
    return subprocess.Popen(
        [sys.executable, "-c", preamble + textwrap.dedent(code)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def lines(process: subprocess.Popen[str]) -> str:
    out, errors = process.communicate(timeout=100)
    assert process.returncode == 0, errors
    return out


def test_the_second_writer_says_who_writes(tmp_path):
    opened(tmp_path / "i").close()
    writer = started(
        """
        from dedupe.index.opening import writing
        with writing(folder, 0):
            print("writing", flush=True)
            sys.stdin.read()
        """,
        tmp_path / "i",
    )
    assert writer.stdout.readline() == "writing\n"
    try:
        with opened(tmp_path / "i") as index:
            with pytest.raises(OutputError, match=rf"is being written by process {writer.pid} on .*, since 20.*--wait"):
                index.add([headline(FERRY)], now=at(1))
            assert len(index.match([headline(FERRY)])) == 1 and index.stories() == []
    finally:
        writer.kill()
        writer.communicate()
    with opened(tmp_path / "i") as index:  # the lock died with its process
        assert index.add([headline(FERRY)], now=at(1))[0].new_story


def test_a_writer_waits(tmp_path):
    opened(tmp_path / "i").close()
    code = """
        import time
        from dedupe.index.opening import writing
        with writing(folder, 0):
            print("writing", flush=True)
            time.sleep(1)
    """
    writer = started(code, tmp_path / "i")
    assert writer.stdout.readline() == "writing\n"
    with opened(tmp_path / "i", wait=60) as index:
        assert index.add([headline(FERRY)], now=at(1))[0].new_story
    lines(writer)


def test_a_reader_sees_one_state(tmp_path):
    """A reader in another process counts headlines and ids while batches come; each answer is that of one batch."""
    rows = news(60, 11)
    with opened(tmp_path / "i", window="30h") as index:
        index.add(rows[:5], now=at(150))
        reader = started(
            """
            import json
            seen = set()
            with opened(folder) as index:
                print("reading", flush=True)
                while True:
                    rows = {row for story in index.stories() for row in story.rows}
                    given = len(index.result()), len(rows)
                    seen.add(given[1])
                    assert rows == set(range(1, len(rows) + 1)), rows
                    if len(rows) == 60:
                        break
            print(json.dumps(sorted(seen)))
            """,
            tmp_path / "i",
        )
        assert reader.stdout.readline() == "reading\n"
        # nothing in these rows is known, so that the number of headlines tells the batch
        for k in range(5, 60, 5):
            index.add([headline(f"{row.title} {k}", place) for place, row in enumerate(rows[k : k + 5])], now=at(150))
    assert set(json.loads(lines(reader))) <= set(range(5, 61, 5))


def test_a_full_disk(tmp_path):
    resource = pytest.importorskip("resource")
    rows = news(200, 12)
    with opened(tmp_path / "i") as index:
        index.add(rows[:50], now=at(150))
        before = ids(index)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        size = max(path.stat().st_size for path in (tmp_path / "i").iterdir())
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20_000, hard))
        try:
            with pytest.raises(OutputError, match="nothing of this call was kept, so free space"):
                index.add(rows[50:], now=at(150))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert ids(index) == before and index.check() == []
        index.add(rows[50:], now=at(150))
        assert index.check() == []


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises((OutputError, InputError)) as caught:
        opened(tmp_path / "file" / "below")
    assert "\n" not in str(caught.value)


def test_a_damaged_database(tmp_path):
    with opened(tmp_path / "i") as index:
        index.add(news(50, 13), now=at(150))
    path = tmp_path / "i" / "index.sqlite"
    content = bytearray(path.read_bytes())
    content[20_000:] = os.urandom(len(content) - 20_000)
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"index\.sqlite is damaged"), opened(tmp_path / "i") as index:
        index.add(news(10, 14), now=at(150))


@pytest.fixture
def archived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An index with FAISS files, which a hundred thousand headlines would need otherwise."""
    monkeypatch.setattr(archive, "_MIN_ROWS", 10)
    with opened(tmp_path / "i", window="10h") as index:
        for batch in batches(news(100, 15, days=20), 1):
            index.add(batch, now=at(24 * 30))
        assert index.check() == []
    assert len(list((tmp_path / "i").glob("archive-*.faiss"))) >= 1
    return tmp_path / "i"


@pytest.mark.parametrize("damage", ["changed", "missing", "left over"])
def test_damaged_faiss_files(archived, damage):
    file = sorted(archived.glob("archive-*.faiss"))[0]
    with opened(archived) as index:
        title = index._store.database.value(
            "SELECT title FROM headlines WHERE state = 'archived' AND title LIKE '%Oslo%'"
        )
        asked = [headline(title, None)]
        expected = index.match(asked, all=True, now=at(24 * 60))
        assert expected[0].repeats.headline.title == title
    if damage == "changed":
        file.write_bytes(file.read_bytes()[:-1] + b"?")
    elif damage == "missing":
        file.unlink()
    else:
        shutil.copy(file, archived / "archive-999999.faiss")
    with opened(archived) as index:
        found = index.match(asked, all=True, now=at(24 * 60))  # the database answers
        assert (found[0].story, found[0].repeats.row) == (expected[0].story, expected[0].repeats.row)
        problems = index.check()
        assert len(problems) == (damage != "left over") and all("is damaged" in line for line in problems)
        assert index.repair() == problems
        assert index.check() == []
        if damage != "left over":
            assert index.match(asked, all=True, now=at(24 * 60))[0].story == expected[0].story
        else:
            index.add([headline("Orchid of Ghent fined", 24 * 31)], now=at(24 * 31))


def test_what_is_forgotten_leaves_the_faiss_files(archived):
    with opened(archived) as index:
        segments = index._store.archived.segments()
        assert index.forget(at(100)) > 10
        assert index.check() == []
        assert index._store.archived.segments() != segments
        assert {path.name for path in archived.glob("*.faiss")} == {s.name for s in index._store.archived.segments()}
        index.forget(at(10_000))
        assert index._store.archived.segments() == [] and not list(archived.glob("*.faiss")) and index.check() == []


def test_an_archive_finds_what_all_vectors_find(archived):
    """The search by files and database beside one through all vectors."""
    with opened(archived) as index:
        places = index._store.archived.places(0)
        vectors = index._store.archived.vectors_at(places)
        rows = index._store.archived.rows_at(places.tolist())
        queries = vectors[::7]
        nearest = (vectors @ queries.T).max(axis=1)
        found = set(index._archived.near(queries, 0.8))
        surely, perhaps = ({rows[place] for place in places[nearest >= floor].tolist()} for floor in (0.81, 0.79))
        assert surely <= found <= perhaps and len(surely) > len(queries)  # the files hold float16


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before it is stored", "before its output is complete"])
def test_a_kill_beside_the_output(tmp_path, moment):
    """Adding the same again says the same as what was killed would have."""
    rows = news(40, 18)
    with opened(tmp_path / "twin") as index:
        index.add(rows[:30], now=at(150))
        expected = index.add(rows[30:], now=at(151)).rows()
    with opened(tmp_path / "i") as index:
        index.add(rows[:30], now=at(150))
    code = f"""
        import os, signal
        from contextlib import contextmanager
        @contextmanager
        def output(batch):
            if {moment == "before it is stored"}:
                os.kill(os.getpid(), signal.SIGKILL)
            yield
            os.kill(os.getpid(), signal.SIGKILL)
        with opened(folder) as index:
            index.add(news(40, 18)[30:], now=at(151), output=output)
    """
    process = started(code, tmp_path / "i")
    process.communicate(timeout=100)
    assert process.returncode < 0
    with opened(tmp_path / "i") as index:
        assert len(ids(index)) == (30 if moment == "before it is stored" else 40)
        assert index.add(rows[30:], now=at(152), output=lambda _: nullcontext()).rows() == expected
        assert all(item.known for item in index.add(rows[30:], now=at(153), output=lambda _: nullcontext()))
        assert index.check() == []


def test_an_output_is_taken_back_where_the_batch_cannot_be_stored(tmp_path):
    steps = []

    @contextmanager
    def output(batch):
        index._store.database._db.execute("ROLLBACK")  # so that there is nothing to commit
        try:
            yield
        except BaseException:
            steps.append("taken back")
            raise
        steps.append("complete")

    with opened(tmp_path / "i") as index:
        with pytest.raises(sqlite3.OperationalError, match="cannot commit"):
            index.add([headline(FERRY)], now=at(1), output=output)
        assert steps == ["taken back"] and ids(index) == {}
        assert index.add([headline(FERRY)], now=at(1), output=lambda _: nullcontext())[0].new_story
        assert index.check() == []


@pytest.mark.slow
def test_kills_lose_nothing(tmp_path):
    """Killed at any moment, the index holds whole batches, and going on gives what a run without kills gives."""
    rows = [headline(f"{row.title} {k}", 24 * k / 5) for k, row in enumerate(news(90, 16, days=20))]
    parts = [batch for batch in batches(rows, 3) if batch]

    def add(index: StoryIndex, number: int) -> None:
        index.add(parts[number], now=at(24 * 30 + number))
        if number % 3 == 2:
            index.forget(at(24 * number))

    with opened(tmp_path / "whole", window="30h") as index:
        states = [ids(index)]
        for number in range(len(parts)):
            add(index, number)
            states.append(ids(index))
    opened(tmp_path / "i", window="30h").close()
    draw = np.random.default_rng(0)
    code = """
        rows = [headline(f"{row.title} {k}", 24 * k / 5) for k, row in enumerate(news(90, 16, days=20))]
        parts = [batch for batch in batches(rows, 3) if batch]
        with opened(folder, wait=10) as index:
            print("ready", flush=True)
            done = index._store.counter("batch") - 1
            for number in range(done, len(parts)):
                index.add(parts[number], now=at(24 * 30 + number))
                if number % 3 == 2:
                    index.forget(at(24 * number))
            print("done", flush=True)
    """
    for _ in range(8):
        process = started(code, tmp_path / "i")
        assert process.stdout.readline() == "ready\n"
        time.sleep(draw.uniform(0, 0.6))
        process.kill()
        process.communicate()
        with opened(tmp_path / "i") as index:
            stored = index._store.counter("batch") - 1
            before_forgetting = {row: names for row, names in ids(index).items() if row in states[stored]}
            assert before_forgetting == states[stored]
            assert index.check() == []
            if stored and stored % 3 == 0:
                index.forget(at(24 * (stored - 1)))  # it may have been killed before it forgot
                assert ids(index) == states[stored]
            else:
                assert ids(index) == states[stored]
    lines(started(code, tmp_path / "i"))
    with opened(tmp_path / "i") as index:
        assert ids(index) == states[-1] and index.check() == []


def test_any_sqlite_tool_reads_the_views(tmp_path):
    with opened(tmp_path / "i") as index:
        index.add([headline(FERRY, 0, source="a", id="7"), headline("Bank fined in Turin", 1)], now=at(2))
        index.correct([(FERRY, "Bank fined in Turin", "story")], now=at(3))
    with closing(sqlite3.connect(f"file:{tmp_path / 'i' / 'index.sqlite'}?mode=ro", uri=True)) as db:
        db.row_factory = sqlite3.Row
        found = {view: [dict(row) for row in db.execute(f"SELECT * FROM {view}")] for view in VIEWS}
    assert {view: list(rows[0]) for view, rows in found.items()} == VIEWS
    assert found["stories"][0]["headlines"] == 2 and found["stories"][0]["sources"] == 1
    assert found["retired"] == [{"id": "2026-02-14-0002", "level": "story", "leads_to": "2026-02-14-0001"}]
    assert found["headlines"][0]["published"] == found["headlines"][0]["time"] == "2026-02-14T08:00:00Z"


VIEWS = {
    "headlines": "row story wording title published time source url id first_seen last_seen batch state revises flags".split(),
    "stories": "story first last headlines wordings sources title".split(),
    "events": "event time kind level from_id to_id headlines title_a title_b probability batch".split(),
    "retired": "id level leads_to".split(),
}


def test_the_views_are_documented():
    text = (ROOT / "docs" / "index-tables.md").read_text(encoding="utf-8")
    lines = {line.split("`")[1]: line for line in text.splitlines() if line.startswith("| `")}
    for view, columns in VIEWS.items():
        assert lines[view].rstrip(" |").split(" | ")[-1] == ", ".join(f"`{column}`" for column in columns)


def test_the_encoder_is_not_needed_to_read(tmp_path):
    with opened(tmp_path / "i") as index:
        index.add([headline(FERRY)], now=at(1))
    with StoryIndex(tmp_path / "i", create=False) as index:  # by default the bundled model, which is not the one
        assert index.stories()[0].id == "2026-02-14-0001" and len(index.history("2026-02-14-0001")) == 1


@pytest.mark.slow
def test_the_bundled_model_is_not_the_one(tmp_path):
    opened(tmp_path / "i").close()
    with StoryIndex(tmp_path / "i") as index, pytest.raises(InputError, match="not the bundled model"):
        index.add([FERRY])


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["none", "missing", "cut", "changed", "older"])
def test_what_a_run_left_may_be_damaged(tmp_path, damage):
    """The file that the next process goes on from, with the model that ships: without it the ids are the same."""
    rows = [headline(f"{row.title} after {k} days", k / 4) for k, row in enumerate(news(90, 17))]
    with StoryIndex(tmp_path / "open", window="3d", reader="off") as index:
        for part in (rows[:70], rows[70:80], rows[80:]):
            index.add(part, now=at(150))
        expected = ids(index)
    path = tmp_path / "i" / "active.run"
    with StoryIndex(tmp_path / "i", window="3d", reader="off") as index:
        index.add(rows[:70], now=at(150))
    older = path.read_bytes()
    with StoryIndex(tmp_path / "i") as index:
        index.add(rows[70:80], now=at(150))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    changes = {"none": path.read_bytes(), "cut": older[:5000], "changed": bytes(content), "older": older}
    path.unlink()
    if damage in changes:
        path.write_bytes(changes[damage])
    with StoryIndex(tmp_path / "i") as index:
        index.add(rows[80:], now=at(150))
        assert ids(index) == expected and index.check() == []
    assert path.stat().st_size > 5000
