"""The folder of a job: what it may be, and going on where a job broke off."""

from __future__ import annotations

import shutil
from datetime import datetime

import pyarrow as pa
import pytest

from dedupe.clustering.corrections import Correction
from dedupe.distributed import deduplicate, engine
from dedupe.distributed.plan import JOB, WORK
from dedupe.distributed.store import Store
from dedupe.errors import InputError, OutputError
from tests.support import corpus
from tests.support.fake_encoder import FakeEncoder
from tests.support.whole_jobs import NOW, one_machine, without_ray, written


class Stopped(Exception):
    """What ends a job in these tests."""


@pytest.fixture(autouse=True)
def fake(monkeypatch):
    without_ray(monkeypatch, FakeEncoder())


@pytest.fixture
def path(tmp_path):
    return corpus.write(tmp_path, corpus.table(20, seed=8), 4)


@pytest.fixture
def performed(monkeypatch):
    """The tasks that ran to their end, in order."""
    done, perform = [], engine.perform

    def note(job, step, task, part):
        result = perform(job, step, task, part)
        done.append((step, part))
        return result

    monkeypatch.setattr(engine, "perform", note)
    return done


def start(path, out, **options):
    return deduplicate(path, out, **{"rows_per_part": 7, "now": NOW, "pairs": True} | options)


def stop_in(step):
    def stop(current, done, total):
        if current == step and 2 * done >= total:
            raise Stopped

    return stop


def test_a_job_stopped_in_every_step_goes_on_and_does_nothing_twice(path, tmp_path, performed):
    steps = []
    whole = start(path, tmp_path / "whole", progress=lambda step, *_: steps.append(step))
    once, performed[:] = list(performed), []
    for step in dict.fromkeys(steps):
        with pytest.raises(Stopped):
            start(path, tmp_path / "out", progress=stop_in(step))
    assert start(path, tmp_path / "out") == whole
    assert sorted(performed) == sorted(once) and len(set(once)) == len(once)
    assert written(tmp_path / "out").equals(one_machine([path])[1])
    for name in files_below(tmp_path / "whole"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert files_below(tmp_path / "out") == files_below(tmp_path / "whole")


def files_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_job_that_a_task_ended_goes_on(path, tmp_path, performed, monkeypatch):
    def fail(*_):
        raise MemoryError

    with monkeypatch.context() as patched, pytest.raises(MemoryError):
        patched.setattr("dedupe.distributed.nodes.copies.copies_of", fail)
        start(path, tmp_path / "out")
    before = list(performed)
    start(path, tmp_path / "out")
    assert before and len(set(performed)) == len(performed)
    assert written(tmp_path / "out").equals(one_machine([path])[1])


@pytest.mark.parametrize("removed", [0, 1, 5, 1000])
def test_a_job_that_broke_off_while_work_files_were_removed_only_goes_on_with_that(
    path, tmp_path, performed, monkeypatch, removed
):
    def remove(store, last):
        steps = sorted(folder for folder in (tmp_path / "out" / WORK).iterdir() if folder.name != last)
        for folder in steps[:removed]:
            shutil.rmtree(folder)
        raise Stopped

    with monkeypatch.context() as patched, pytest.raises(Stopped):
        patched.setattr(Store, "remove", remove)
        start(path, tmp_path / "out")
    done = list(performed)
    summary = start(path, tmp_path / "out")
    assert performed == done and summary == start(path, tmp_path / "again")
    assert written(tmp_path / "out").equals(written(tmp_path / "again"))


def test_a_finished_job_leaves_its_output_alone(path, tmp_path):
    start(path, tmp_path / "out")
    before = files_below(tmp_path / "out")
    with pytest.raises(OutputError, match="is not empty"):
        start(path, tmp_path / "out")
    assert files_below(tmp_path / "out") == before and not any(WORK in name for name in before)


OTHERS = [
    ({"window": "3d"}, "window"),
    ({"rows_per_part": 8}, "rows_per_part"),
    ({"level": "wording"}, "level"),
    ({"keep": "first"}, "keep"),
    ({"pairs": False}, "pairs"),
    ({"now": "2026-03-05"}, "now"),
    ({"day_first": True}, "day_first"),
    ({"skip_bad": True}, "skip_bad"),
    ({"story_threshold": 0.4}, "story_threshold"),
    ({"wording_threshold": 0.4}, "wording_threshold"),
    ({"publishers": {"Daily Wire": "The Herald"}}, "publishers"),
    ({"prefer_sources": ["Daily Wire"]}, "prefer_sources"),
    ({"never_same_source": True}, "never_same_source"),
    ({"exact": True}, "exact"),
    ({"corrections": [("Ferry sinks", "Bank fined", "story")]}, "corrections"),
]


@pytest.mark.parametrize(("other", "named"), OTHERS, ids=[named for _, named in OTHERS])
def test_another_job_in_its_folder_is_refused(path, tmp_path, other, named):
    with pytest.raises(Stopped):
        start(path, tmp_path / "out", progress=stop_in("nodes"))
    before = files_below(tmp_path / "out")
    begun = (
        rf"holds a job that broke off, begun with other options \({named}\): go on with the same files, options and "
    )
    with pytest.raises(InputError, match=begun):
        start(path, tmp_path / "out", **other)
    assert files_below(tmp_path / "out") == before


def test_other_rows_in_the_same_file_are_another_job(path, tmp_path):
    with pytest.raises(Stopped):
        start(path, tmp_path / "out", progress=stop_in("nodes"))
    corpus.write(tmp_path, corpus.table(20, seed=8).set_column(1, "title", pa.array(["Ferry sinks"] * 20)), 4)
    with pytest.raises(InputError, match=f"holds a job that broke off, begun before {path} was changed: "):
        start(path, tmp_path / "out")


def broken_off(paths, out, **options):
    with pytest.raises(Stopped):
        start(paths, out, progress=stop_in("nodes"), **options)


def test_other_files_are_another_job(path, tmp_path):
    other = corpus.write(tmp_path, corpus.table(20, seed=8), 4, "other")
    broken_off([path, other], tmp_path / "out")
    for paths, told in (
        ([path], "with other files: "),
        ([path, other, path], "with other files: "),
        ([path, other, other], "with other files: "),
        ([other, path], "with these files in another order: "),
    ):
        with pytest.raises(InputError, match=f"holds a job that broke off, begun {told}"):
            start(paths, tmp_path / "out")


def test_other_names_of_the_files_are_another_job(path, tmp_path, monkeypatch):
    broken_off([path], tmp_path / "out")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="begun with other names for these files: "):
        start(path.name, tmp_path / "out")


def test_another_model_is_another_job(path, tmp_path, monkeypatch):
    broken_off(path, tmp_path / "out")
    for name, identity in (("some/model", None), (None, "other weights")):
        monkeypatch.setattr(FakeEncoder, "identity", identity, raising=False)
        with pytest.raises(InputError, match="holds a job that broke off, begun with another model: "):
            start(path, tmp_path / "out", encoder=name)


def test_a_job_of_another_version_is_told_whatever_it_holds(path, tmp_path, monkeypatch):
    broken_off(path, tmp_path / "out")
    monkeypatch.setattr("dedupe.__version__", "9.9")
    with pytest.raises(InputError, match=r"holds a job that broke off, begun by version \d.*: "):
        start(path, tmp_path / "out")
    Store(str(tmp_path / "out" / WORK)).finish(JOB, 0, {"version": "0.0", "job": {"parts": [{}]}})
    with pytest.raises(InputError, match=r"holds a job that broke off, begun by version 0\.0: "):
        start(path, tmp_path / "out")


def test_the_file_of_corrections_may_lie_elsewhere(path, tmp_path):
    titles = dict.fromkeys(title for title in corpus.table(20, seed=8)["title"].to_pylist() if title)
    one, two = [Correction(*list(titles)[:2], "story", where) for where in ("a.csv, row 1", "b.csv, row 2")]
    broken_off(path, tmp_path / "out", corrections=[one])
    assert start(path, tmp_path / "out", corrections=[two]).corrections == 1


def test_the_folder_may_be_named_in_another_way_and_lie_in_that_of_the_input(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Stopped):
        start(tmp_path, "out", progress=stop_in("output"))
    assert list((tmp_path / "out").glob("part-*.parquet"))
    start(tmp_path, f"{tmp_path}/out/")
    assert written(tmp_path / "out").equals(one_machine([path])[1])


def test_the_cache_of_vectors_may_be_another(path, tmp_path):
    with pytest.raises(Stopped):
        start(path, tmp_path / "out", progress=stop_in("nodes"))
    start(path, tmp_path / "out", cache=tmp_path / "vectors")


@pytest.mark.parametrize("name", ["notes.txt", "part-00000.parquet", "deep/er/notes.txt", f"{WORK}/mine.txt"])
def test_a_folder_that_holds_something_is_refused(path, tmp_path, name):
    (tmp_path / "out" / name).parent.mkdir(parents=True)
    (tmp_path / "out" / name).write_text("mine")
    with pytest.raises(OutputError, match=f"is not empty, it holds '{name}': name a new folder"):
        start(path, tmp_path / "out")
    assert files_below(tmp_path / "out") == [name]


@pytest.mark.parametrize("left", ["", WORK, f"{WORK}/{JOB}"])
def test_an_empty_folder_is_used(path, tmp_path, left):
    (tmp_path / "out" / left).mkdir(parents=True)
    if left.endswith(JOB):
        (tmp_path / "out" / left / "0.json.0123.tmp").write_text("{")  # where the first start broke off
    start(path, tmp_path / "out")
    assert written(tmp_path / "out").num_rows == 20


@pytest.mark.parametrize("below", ["", "/out"])
def test_a_file_in_place_of_the_folder_is_refused(path, tmp_path, below):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match=r"file.*: (name|check) ") as error:
        start(path, f"{tmp_path / 'file'}{below}")
    assert "\n" not in str(error.value) and (tmp_path / "file").read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_refused(path):
    with pytest.raises(OutputError, match="/proc/none"):
        start(path, "/proc/none")


def test_the_moment_of_the_first_start_counts(tmp_path, monkeypatch):
    clock = [datetime.fromisoformat("2026-02-15T00:00Z"), datetime.fromisoformat("2030-01-01T00:00Z")]

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return clock.pop(0)

    monkeypatch.setattr("dedupe.distributed.input.parts.datetime", Clock)
    rows = {"title": ["Ferry sinks", "Bank fined"], "published": ["2026-02-14", "2027-02-14"]}
    path = corpus.write(tmp_path, pa.table(rows), 1)
    with pytest.raises(Stopped):
        start(path, tmp_path / "out", now=None, progress=stop_in("dates"))
    summary = start(path, tmp_path / "out", now=None)
    assert len(clock) == 1 and written(tmp_path / "out")["dedupe_flag"].to_pylist() == ["", "bad-date"]
    assert summary.flags == {"bad-date": 1}
