"""Crowds that no task sees as a whole, against those of one machine."""

from __future__ import annotations

import numpy as np
import pytest

from dedupe import Headline
from dedupe.clustering.crowds import CrowdSettings, collapse_crowds
from dedupe.distributed.engine import InOrder
from dedupe.distributed.nodes.crowds import crowds_of, find_crowds
from dedupe.distributed.nodes.encoding import make_vectors
from tests.support.crowds import crowd_of, few_words, other_numbers, same_news
from tests.support.node_ranges import Known, Run

SMALL = CrowdSettings(size=40)
WIDE = 0.8
RANGES = [1, 3, 20]
HOURS = [None if k < 5 else 490_000.0 + k / 2 for k in range(400)]


class Both:
    """The crowds of one machine, `expected`, and those that a job finds."""

    def __init__(self, folder, monkeypatch, crowd, ranges, *, hours=None, settings=SMALL, **options):
        titles, vectors = crowd
        dates = [hour and hour * 3600 for hour in (hours or [None] * len(titles))[: len(titles)]]
        rows = [Headline(title, published=date) for title, date in zip(titles, dates, strict=True)]
        run = Run(folder, monkeypatch, rows, _encoder(rows, vectors), ranges, **options)
        self.nodes, self.job = run.copies.nodes, run.job
        exempt = np.arange(len(self.nodes)) if run.settings.sources.never_same else np.empty(0, np.int64)
        self.expected = collapse_crowds(self.nodes, run.scorer, run.settings.window, exempt, settings)
        make_vectors(run.job, InOrder())
        self.result = find_crowds(run.job, InOrder(), settings)
        self.crowds = crowds_of(run.job)

    def check(self):
        found, expected, n = self.crowds, self.expected.nodes, len(self.nodes)
        number = np.empty(n, np.int64)
        number[self.nodes.of_row] = expected.of_row
        assert found.final_of_all(np.arange(n)).tolist() == number.tolist()
        assert len(found.absorbed) == n - len(expected) == self.result["absorbed"]
        assert self.result["nodes"] == len(expected) and self.result["sparse"] == sum(map(len, self.expected.sparse))
        kept = np.setdiff1d(np.arange(n), found.absorbed)
        first, last, weight = self.nodes.first.copy(), self.nodes.last.copy(), self.nodes.weight.copy()
        first[found.leaders], last[found.leaders], weight[found.leaders] = found.first, found.last, found.weight
        np.testing.assert_array_equal(first[kept], expected.first)
        np.testing.assert_array_equal(last[kept], expected.last)
        assert weight[kept].tolist() == expected.weight.tolist()
        assert [group.tolist() for group in found.sparse] == [group.tolist() for group in self.expected.sparse]


def _encoder(rows, vectors):
    """Return what gives the core of each title its vector."""
    from dedupe.clustering.collapse import collapse_copies

    return Known([core.core for core in collapse_copies(rows, None).cores], vectors)


def mixed():
    """Near-copies that say the same, others that cannot be settled, and a dense crowd."""
    parts = [crowd_of(same_news(90), 0, 1), crowd_of(other_numbers(90), 0, 2), crowd_of(few_words(110), 60, 3, WIDE)]
    return [title for titles, _ in parts for title in titles], np.concatenate([rows for _, rows in parts])


@pytest.mark.parametrize("ranges", RANGES)
@pytest.mark.parametrize("level", ["story", "wording"])
def test_crowds_are_those_of_one_machine(tmp_path, monkeypatch, ranges, level):
    both = Both(tmp_path, monkeypatch, mixed(), ranges, level=level)
    both.check()
    assert both.result["absorbed"] >= 80 and len(both.crowds.sparse) >= 2


@pytest.mark.parametrize("ranges", RANGES)
def test_crowds_keep_their_window(tmp_path, monkeypatch, ranges):
    both = Both(tmp_path, monkeypatch, mixed(), ranges, hours=HOURS, window=40.0)
    both.check()
    assert both.result["absorbed"] >= 40


@pytest.mark.parametrize("ranges", RANGES)
def test_a_dense_crowd_alone(tmp_path, monkeypatch, ranges):
    both = Both(tmp_path, monkeypatch, crowd_of(few_words(120), cosine=WIDE), ranges)
    both.check()
    assert not both.result["absorbed"] and both.result["sparse"] >= 115


@pytest.mark.parametrize("ranges", RANGES)
def test_samples_of_more_nodes_than_they_hold(tmp_path, monkeypatch, ranges):
    for name, count in (("SAMPLE", 32), ("REFERENCE", 96), ("CHUNK_ROWS", 50)):
        for module in ("clustering", "distributed.nodes"):
            monkeypatch.setattr(f"dedupe.{module}.crowds.{name}", count)
    both = Both(tmp_path, monkeypatch, mixed(), ranges)
    both.check()
    assert both.result["absorbed"] and both.result["sparse"]


def test_few_titles_are_no_crowd(tmp_path, monkeypatch):
    both = Both(tmp_path, monkeypatch, mixed(), 3, settings=CrowdSettings())
    both.check()
    assert both.result["absorbed"] == both.result["sparse"] == 0
    assert not both.job.store.finished("near_counts"), "nothing is counted"


def test_where_sources_are_kept_apart_there_is_no_crowd(tmp_path, monkeypatch):
    both = Both(tmp_path, monkeypatch, mixed(), 3, never_same=True)
    both.check()
    assert both.result["absorbed"] == both.result["sparse"] == 0
