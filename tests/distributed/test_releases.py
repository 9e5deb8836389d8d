"""Work files are deleted when no step reads them any more, and a job goes on wherever it broke off."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fsspec.implementations.local import LocalFileSystem
from pyarrow.fs import FSSpecHandler, PyFileSystem

from dedupe.clustering.crowds import CrowdSettings
from dedupe.distributed import deduplicate, run
from dedupe.distributed.engine import InOrder
from dedupe.distributed.job import Job
from dedupe.distributed.nodes import regions
from dedupe.distributed.nodes.crowds import find_crowds
from dedupe.distributed.pairs.context import run_contexts
from dedupe.distributed.pairs.reader import read_pairs
from dedupe.distributed.plan import WORK
from dedupe.distributed.releases import RELEASED
from dedupe.distributed.store import Store
from dedupe.errors import OutputError
from dedupe.pipeline import collapse_crowds
from dedupe.scoring.reader import pairs_to_read, reading_budget
from tests.support import corpus
from tests.support.crowds import other_numbers, same_news
from tests.support.fake_encoder import FakeEncoder
from tests.support.whole_jobs import NOW, one_machine, without_ray, written

SMALL = CrowdSettings(size=20)
CORRECTIONS = [(same_news(60)[5], other_numbers(60)[7], "story"), (same_news(60)[3], same_news(60)[20], "different")]


LARGE = {
    *(
        "rows",
        "keyed",
        "nodes",
        "node_rows",
        "vectors.vectors",
        "region",
        "region.vectors",
        "region.titles",
        "region.data",
    ),
    *(
        "own_cells.probes",
        "spread_probing",
        "probing",
        "probing.vectors",
        "pairs",
        "read_pairs",
        "context_pairs",
        "large_pairs",
    ),
    *("lent_pairs", "context", "group_rows", "group_nodes", "group_pairs", "groups"),
}
"""Files with something of every title or pair; `spread_nodes`, which few steps keep waiting, is left out."""


class Bare:
    """The fake without a model folder: one on which no judge was fitted."""

    encode = FakeEncoder.encode


class Stopped(Exception):
    """What ends a job in these tests."""


class Watching(InOrder):
    """Notes the work files at the start of each step, and which the steps read."""

    starts: list[tuple[str, set[str]]]
    reads: list[tuple[int, str]]
    work: Path

    def run(self, job, step, task, parts, rows=None):
        regions._loaded.cache_clear()  # so that the step reads what it needs
        self.starts.append((step, {name_of(path) for path in self.work.glob("*/*") if path.suffix != ".json"}))
        return super().run(job, step, task, parts, rows)

    @classmethod
    def kept(cls) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
        """Pairs of a step and files that were there at its start: those that it or a later one read, and the others."""
        last = {name: number for number, name in cls.reads}  # reads are in order
        found = {True: set(), False: set()}
        for number, (step, names) in enumerate(cls.starts):
            for name in names:
                found[last.get(name, -1) >= number].add((step, name))
        return found[True], found[False]


def name_of(path: Path) -> str:
    """The step of a work file, with the name of its array."""
    return path.parent.name if path.suffix == ".arrow" else f"{path.parent.name}.{path.name.split('.')[1]}"


def watch(patch, work: Path) -> None:
    Watching.starts, Watching.reads, Watching.work = [], [], work
    patch.setattr(run, "OnRay", Watching)
    read, read_array = Store.read, Store.read_array

    def noted(store, step, *rest, **options):
        Watching.reads.append((len(Watching.starts) - 1, step))
        return read(store, step, *rest, **options)

    def noted_array(store, step, part, name):
        Watching.reads.append((len(Watching.starts) - 1, f"{step}.{name}"))
        return read_array(store, step, part, name)

    patch.setattr(Store, "read", noted)
    patch.setattr(Store, "read_array", noted_array)


def crowded() -> pa.Table:
    rows = corpus.table(40, seed=3).select(["title"])
    return pa.concat_tables([rows, pa.table({"title": [*same_news(60), *other_numbers(60)]})])


def addressed() -> pa.Table:
    draw = random.Random(5)
    titles = [
        draw.choice(["Ferry sinks off Oslo", "Bank of Ghent fined"]) + draw.choice(["", " today"]) for _ in range(24)
    ]
    return pa.table(
        {"title": titles, "link": [f"https://news.example/2026/{draw.randint(0, 4)}-ferry" for _ in titles]}
    )


def small_crowds(patch):
    patch.setattr(run, "find_crowds", partial(find_crowds, settings=SMALL))
    patch.setattr("dedupe.pipeline.collapse_crowds", partial(collapse_crowds, settings=SMALL))


def cells(patch):
    patch.setattr("dedupe.distributed.plan.Job", partial(Job, exact=0))
    patch.setattr("dedupe.distributed.nodes.region_cells.COST", 0)


def few_read(patch):
    few = partial(reading_budget, at_least=7, per_node=0.1)
    patch.setattr(run, "read_pairs", partial(read_pairs, budget=few))
    patch.setattr("dedupe.scoring.scorer.pairs_to_read", partial(pairs_to_read, at_least=7, per_node=0.1))


def large_components(patch):
    patch.setattr(run, "run_contexts", partial(run_contexts, large=3))


def nothing(patch):
    pass


KINDS = {
    "plain": (corpus.table(60, seed=1), nothing, {"pairs": True}),
    "window": (corpus.table(60, seed=2), nothing, {"window": "30h", "keep": "complete", "reader": "off"}),
    "addresses": (addressed(), nothing, {}),
    "crowds": (crowded(), small_crowds, {"reader": "off"}),
    "cells": (corpus.table(150, seed=4), cells, {"reader": "off"}),
    "few are read": (corpus.table(60, seed=6), few_read, {"window": "3d"}),
    "large components": (corpus.table(60, seed=1), large_components, {}),
    "corrections": (crowded(), small_crowds, {"reader": "off", "corrections": CORRECTIONS}),
    "an encoder of others": (corpus.table(60, seed=7), nothing, {"reader": "off"}),
}


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """Whole jobs of all kinds: the files that were needed at the start of each step, and those that were not."""
    found = {}
    for kind, (rows, patched, options) in KINDS.items():
        folder = tmp_path_factory.mktemp("job")
        path = corpus.write(folder, rows, 6)
        with pytest.MonkeyPatch.context() as patch:
            without_ray(patch, Bare() if kind == "an encoder of others" else FakeEncoder())
            patched(patch)
            watch(patch, folder / "out" / WORK)
            deduplicate(path, folder / "out", now=NOW, rows_per_part=17, **options)
            found[kind] = Watching.kept()
            if kind != "cells":  # which may miss pairs
                expected = one_machine([path], **{name: value for name, value in options.items() if name != "pairs"})
                assert written(folder / "out").equals(expected[1]), kind
    return found


@pytest.mark.slow
def test_all_steps_that_may_run_were_watched(watched):
    steps = {step for needed, idle in watched.values() for step, _ in needed | idle}
    assert set(RELEASED) - steps == set()


@pytest.mark.slow
def test_no_large_file_is_there_when_a_step_starts_that_never_needs_it_later(watched):
    """A file that this kind of job needs no more may stay where another kind still needs it."""
    needed = set.union(*(needed for needed, _ in watched.values()))
    idle = {
        kind: sorted((step, name) for step, name in idle - needed if name in LARGE)
        for kind, (_, idle) in watched.items()
    }
    assert not any(idle.values()), idle
    assert {name for _, name in needed} >= LARGE


def start(path, out, **options):
    return deduplicate(path, out, **{"rows_per_part": 7, "now": NOW, "pairs": True} | options)


@pytest.fixture
def fake(monkeypatch):
    without_ray(monkeypatch, FakeEncoder())
    large_components(monkeypatch)


@pytest.mark.slow
def test_a_job_stopped_at_every_report_of_progress_goes_on_to_the_same_output(fake, tmp_path):
    path = corpus.write(tmp_path, corpus.table(20, seed=8), 4)
    seen = set()

    def stop(step, done, total):
        if (step, done) not in seen:
            seen.add((step, done))
            raise Stopped

    for _ in range(1000):
        try:
            summary = start(path, tmp_path / "out", progress=stop)
            break
        except Stopped:
            pass
    assert len(seen) > 100 and summary == start(path, tmp_path / "whole")
    assert written(tmp_path / "out").equals(one_machine([path])[1])
    pairs = [pq.read_table(tmp_path / name / "_pairs") for name in ("out", "whole")]
    assert pairs[0].equals(pairs[1])


@pytest.mark.slow
def test_a_job_killed_while_it_deletes_goes_on(fake, tmp_path, monkeypatch):
    path = corpus.write(tmp_path, corpus.table(20, seed=8), 4)
    release, broken = Store.release, set()

    def some(store, steps, array=""):
        """Delete some of the files, and break off."""
        if (steps, array) not in broken:
            broken.add((steps, array))
            files = sorted(file for file in (tmp_path / "out" / WORK).glob(f"{steps}/*") if file.suffix != ".json")
            for file in files[::2]:
                if f".{array}." in file.name or not array:
                    file.unlink()
            raise Stopped
        release(store, steps, array)

    monkeypatch.setattr(Store, "release", some)
    for _ in range(1000):
        try:
            start(path, tmp_path / "out")
            break
        except Stopped:
            pass
    assert len(broken) > 30
    assert written(tmp_path / "out").equals(one_machine([path])[1])


def test_files_are_deleted_on_a_store_that_is_not_local(fake, tmp_path):
    path, there = corpus.write(tmp_path, corpus.table(20, seed=8), 4), fsspec.filesystem("memory")
    kept = {}

    def note(step, done, total):
        files = there.find(f"/{tmp_path.name}/{WORK}")
        kept[step] = {file.split("/")[-2] for file in files if not file.endswith(".json")}

    try:
        start(path, f"memory://{tmp_path.name}", progress=note)
        parts = [pq.read_table(there.open(file)) for file in there.glob(f"/{tmp_path.name}/part-*")]
        assert pa.concat_tables(parts).equals(one_machine([path])[1]) and not there.exists(f"/{tmp_path.name}/{WORK}")
    finally:
        there.rm(f"/{tmp_path.name}", recursive=True)
    assert kept["keyed"] == {"rows", "keyed"} and kept["output"] == {"groups", "firsts", "schema"}


def test_what_tasks_returned_is_never_deleted(tmp_path):
    store = Store(str(tmp_path / "work"))
    for step in ("some", "some_1", "other"):
        store.write(step, 0, pa.table({"x": [1]}))
        store.write_array(step, 0, "x", pa.array([1]).to_numpy())
        store.write_array(step, 0, "y", pa.array([1]).to_numpy())
        store.finish(step, 0, {"x": 1})
    store.release("other", "x")
    store.release("other", "json")
    assert names(tmp_path) == [
        *(f"other/0.{end}" for end in ("arrow", "json", "y.npy")),
        *(f"{step}/0.{end}" for step in ("some", "some_1") for end in ("arrow", "json", "x.npy", "y.npy")),
    ]
    store.release("some*")
    store.release("some*")
    store.release("none")
    assert names(tmp_path) == ["other/0.arrow", "other/0.json", "other/0.y.npy", "some/0.json", "some_1/0.json"]
    assert store.finished("some") == {0: {"x": 1}}


class Refusing(LocalFileSystem):
    """A store whose files may be written, but not deleted."""

    def rm(self, path, recursive=False, maxdepth=None):
        raise PermissionError(13, "it is locked", path)


@pytest.mark.parametrize(
    "delete", [lambda store: store.release("some"), lambda store: store.remove()], ids=["some", "all"]
)
def test_a_deletion_that_is_refused_is_one_line(tmp_path, delete):
    store = Store(str(tmp_path / "work"))
    store.write("some", 0, pa.table({"x": [1]}))
    store.__dict__["_place"] = PyFileSystem(FSSpecHandler(Refusing())), str(tmp_path / "work")
    with pytest.raises(
        OutputError, match=r"some.* cannot be deleted \(.*it is locked.*\): allow it, and start"
    ) as error:
        delete(store)
    assert "\n" not in str(error.value) and names(tmp_path) == ["some/0.arrow"]


def names(folder):
    return sorted(str(path.relative_to(folder / "work")) for path in folder.rglob("*") if path.is_file())
