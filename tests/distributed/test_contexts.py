"""Pairs judged in context in parts, against one machine that has them all."""

from __future__ import annotations

from functools import partial

import numpy as np
import pyarrow as pa
import pytest

from dedupe.distributed.engine import InOrder
from dedupe.distributed.job import Job
from dedupe.distributed.nodes.regions import write_region
from dedupe.distributed.nodes.tables import packed
from dedupe.distributed.pairs.components import find_links, labels_of
from dedupe.distributed.pairs.context import run_contexts
from dedupe.distributed.pairs.judging import BY_ITSELF
from dedupe.distributed.store import arrow
from dedupe.embedding import embed
from dedupe.result.settings import Settings
from dedupe.runtime.progress import silent
from dedupe.scoring import Scorer, describe_titles, judge_of
from dedupe.scoring.context import Matrices
from tests.support.fake_encoder import FakeEncoder

COLUMNS = ("p_pair_story", "p_wording", "p_story")


def some_titles(seed):
    """Titles about many things: some stand alone, some make chains of partners' partners; and a crowd of which all are alike."""
    rng = np.random.default_rng(seed)
    titles = [
        f"Shares of maker {chr(97 + k % 26)}{chr(97 + k // 26)} rise after strong quarter in Oslo" for k in range(50)
    ]
    for topic in range(24):
        words = ["".join(rng.choice(list("bdfgklmnprstvaeiou"), 7)) for _ in range(9)]
        for place in range(rng.integers(1, 12)):
            start = 0 if topic % 2 else place % 5  # those of even topics drift from one half of the words to the other
            titles.append(" ".join(rng.permutation(words[start : start + 5])[: rng.integers(3, 6)]))
    return [titles[k] for k in rng.permutation(len(titles))]


class Run:
    """A run of one machine up to the pairs by themselves."""

    def __init__(self, titles: list[str], level: str) -> None:
        self.titles, judge = titles, judge_of(FakeEncoder())
        vectors = embed(FakeEncoder(), self.titles)
        scale = judge.scale(vectors)
        scorer = Scorer.of(judge, describe_titles(self.titles), vectors, scale, level)
        addresses = [f"example.org/{k % 8}" if k < 16 else None for k in range(len(self.titles))]
        self.scorer = scorer.with_addresses(addresses, np.arange(len(self.titles)))
        self.settings = Settings(level, dict(judge.thresholds), judge.floor, reader="off")
        self.pairs = self.scorer.read(self.scorer.alone(scorer.candidates(None, ()), silent))[0]

    def in_parts(self, work: str, regions: int, buckets: int, blocks: int) -> Job:
        """Write the pairs and the nodes of the run as the steps before do."""
        job = Job(work, self.settings, (), {}, buckets=buckets, offsets=(0, len(self.titles)))
        rng, n, pairs = np.random.default_rng(regions), len(self.titles), self.pairs
        home = rng.integers(0, regions, n)
        job.store.finish("regions", 0, {"extents": [[0, None, None]] * regions, "nodes": n, "recall": None})
        job.store.finish("scale", 0, [self.scorer.scale.slope, self.scorer.scale.offset])
        job.store.finish("crowds", 0, {"nodes": n})
        job.store.finish("width", 0, self.scorer.vectors.shape[1])
        for region in range(regions):
            nodes = node_table(self.titles, self.scorer.vectors).filter(home == region)
            job.store.finish("region", region, write_region(job, region, nodes))
        i, j, block = pairs.i.astype(np.int64), pairs.j.astype(np.int64), rng.integers(0, blocks, len(pairs))
        columns = {"i": i, "j": j, "gi": home[i].astype(np.int32), "gj": home[j].astype(np.int32)}
        columns |= {name: getattr(pairs, name) for name in BY_ITSELF}
        columns["forced"] = self.scorer.in_any_case.contain(pairs.i, pairs.j)
        for k in range(blocks):
            part = rng.permutation(np.flatnonzero(block == k))
            job.store.write("read_pairs", k, arrow({name: column[part] for name, column in columns.items()}))
            job.store.finish("read_pairs", k, {})
        return job


def node_table(titles: list[str], vectors) -> pa.Table:
    """The table of all nodes that regions are made of, undated and without sources."""
    n = len(titles)
    undated, none = np.full(n, np.nan), pa.nulls(n, pa.string())
    columns = {"core": titles, "labels": [[]] * n, "source": none, "first": undated, "last": undated}
    columns |= {"weight": np.ones(n, np.int64), "generic": np.zeros(n, bool), "title_position": np.arange(n)}
    columns |= {"number": np.arange(n), "vector": packed(vectors)}
    return arrow(columns, labels=pa.list_(pa.string()), core=pa.string())


def in_context(job: Job) -> tuple[pa.Table, list[int]]:
    """All that `run_contexts` wrote: pairs by number, and nodes with an estimated context."""
    units = list(job.store.finished("context"))
    table = pa.concat_tables([job.store.read("context", unit) for unit in units])
    sampled = [job.store.read_array("context", unit, "sampled") for unit in units]
    return table.sort_by([("i", "ascending"), ("j", "ascending")]), sorted({*np.concatenate(sampled).tolist()})


@pytest.fixture(autouse=True)
def fake_encoder(monkeypatch):
    monkeypatch.setattr("dedupe.distributed.job.load_encoder", lambda name: FakeEncoder())


@pytest.mark.parametrize("level", ["story", "wording"])
@pytest.mark.parametrize(("regions", "buckets", "blocks"), [(1, 1, 1), (3, 4, 5), (7, 300, 40)])
def test_whole_components_are_judged_as_on_one_machine(tmp_path, level, regions, buckets, blocks):
    run = Run(some_titles(regions), level)
    job = run.in_parts(str(tmp_path), regions, buckets, blocks)
    counts = run_contexts(job, InOrder())
    expected, sampled = run.scorer.in_context(run.pairs, run.settings.floor)
    found, estimated = in_context(job)
    assert found["i"].to_pylist() == expected.i.tolist() and found["j"].to_pylist() == expected.j.tolist()
    for name in (*BY_ITSELF, *COLUMNS):
        np.testing.assert_array_equal(found[name].to_numpy(), getattr(expected, name), err_msg=name)
    assert estimated == sampled.tolist() == []
    assert counts["judged"] == len(run.pairs) and counts["kept"] == len(expected) < len(run.pairs)
    assert counts["largest"] >= 50


@pytest.mark.parametrize("level", ["story", "wording"])
@pytest.mark.parametrize("large", [3, 49])
@pytest.mark.parametrize(("regions", "buckets", "blocks"), [(1, 1, 1), (3, 4, 5), (9, 2, 20)])
def test_large_components_are_judged_by_neighborhood(tmp_path, level, large, regions, buckets, blocks):
    run = Run(some_titles(regions), level)
    job = run.in_parts(str(tmp_path), regions, buckets, blocks)
    counts = run_contexts(job, InOrder(), large)
    expected, _ = run.scorer.in_context(run.pairs, run.settings.floor)
    found, _ = in_context(job)
    assert found["i"].to_pylist() == expected.i.tolist() and found["j"].to_pylist() == expected.j.tolist()
    for name in COLUMNS:
        np.testing.assert_allclose(found[name].to_numpy(), getattr(expected, name), rtol=0, atol=1e-6)
    assert counts["judged"] == len(run.pairs) and counts["kept"] == len(expected)
    assert job.store.result("dense"), "the crowd is judged in one task, as a dense product"


def test_nodes_whose_context_is_estimated_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr("dedupe.scoring.context.Matrices", partial(Matrices, dense_nodes=20))
    run = Run(some_titles(0), "story")
    expected, sampled = run.scorer.in_context(run.pairs, run.settings.floor)
    assert len(sampled) >= 50
    for large in (10, 1000):
        job = run.in_parts(str(tmp_path / str(large)), 3, 4, 5)
        run_contexts(job, InOrder(), large)
        found, estimated = in_context(job)
        assert estimated == sampled.tolist()
        np.testing.assert_allclose(found["p_story"].to_numpy(), expected.p_story, rtol=0, atol=1e-6)


def test_links_are_components_of_pairs_at_the_lowest_threshold(tmp_path):
    run = Run(some_titles(5), "story")
    job = run.in_parts(str(tmp_path), 3, 4, 5)
    run_contexts(job, InOrder())
    find_links(job, InOrder(), list(job.store.finished("context")))
    found, _ = in_context(job)
    strong = found["p_story"].to_numpy() >= min(run.settings.thresholds.values())
    labels = labels_of(job, "link", np.arange(len(run.titles)))
    i, j = found["i"].to_numpy(), found["j"].to_numpy()
    assert (labels[i[strong]] == labels[j[strong]]).all() and (labels[i] != labels[j]).any()


@pytest.mark.parametrize("large", [0, 100])
def test_there_may_be_no_pairs(tmp_path, large):
    run = Run(["Glacier melts", "Ferry sinks in harbour", "Museum of trains opens"], "wording")
    job = run.in_parts(str(tmp_path), 2, 3, 2)
    assert not any(run_contexts(job, InOrder(), large).values())
    links = find_links(job, InOrder(), list(job.store.finished("context")))
    assert links == {"nodes": 0, "components": 0, "largest": 0}
    assert labels_of(job, "link", np.arange(3)).tolist() == [0, 1, 2]
