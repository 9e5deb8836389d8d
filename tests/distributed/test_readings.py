"""The reader over the pairs of blocks, against that of one machine."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from dedupe.candidates.pairs import concatenate
from dedupe.distributed.pairs.addresses import find_addresses
from dedupe.distributed.pairs.located_pairs import LocatedPairs
from dedupe.distributed.pairs.reader import places_to_read, read_pairs
from dedupe.distributed.pairs.scored import find_pairs
from dedupe.scoring.reader import pairs_to_read, reading_budget
from tests.support.scored_runs import ENGINE, PARTITIONINGS, ScoredRun, news

COLUMNS = "i j similarity wording_similarity read_wording read_story p_pair_wording p_pair_story".split()


class Read:
    """A run whose pairs are scored by themselves."""

    def __init__(self, folder, monkeypatch, rows, partitioning, **options):
        self.folder = folder
        self.run = ScoredRun(folder, monkeypatch, rows, partitioning, **options)
        find_addresses(self.run.job, ENGINE)
        self.parts = range(find_pairs(self.run.job, ENGINE).blocks)
        self.alone = self.run.alone()[0]

    def read(self, budget=reading_budget):
        for step in self.folder.glob("*"):
            if step.name.startswith(("doubt", "read_pairs")):
                shutil.rmtree(step)
        return read_pairs(self.run.job, ENGINE, self.parts, budget)

    def pairs(self):
        return concatenate([LocatedPairs.read(self.run.job, "read_pairs", part).pairs for part in self.parts])

    def check(self, budget=reading_budget):
        counts, (expected, of_one) = self.read(budget), self.run.scorer.read(self.alone)
        assert counts == of_one
        found = self.pairs()
        for name in COLUMNS:
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), name)
        return counts


@pytest.mark.parametrize("partitioning", PARTITIONINGS)
@pytest.mark.parametrize(
    ("reader", "level"), [("all", "story"), ("all", "wording"), ("auto", "story"), ("off", "story")]
)
def test_pairs_are_read_as_on_one_machine(tmp_path, monkeypatch, partitioning, reader, level):
    both = Read(tmp_path, monkeypatch, news(90), partitioning, reader=reader, level=level)
    counts = both.check()
    assert (counts.read > 100) == (reader != "off") and counts.left == 0


@pytest.mark.parametrize("partitioning", PARTITIONINGS)
def test_a_large_run_reads_what_is_least_certain(tmp_path, monkeypatch, partitioning):
    both = Read(tmp_path, monkeypatch, news(90), partitioning, reader="auto", window=24.0)
    few = {"at_least": 7, "per_node": 0.5}
    monkeypatch.setattr("dedupe.scoring.scorer.pairs_to_read", partial(pairs_to_read, **few))
    counts = both.check(partial(reading_budget, **few))
    assert counts.read == len(both.run.crowds.nodes) // 2 and counts.left > 50


@pytest.mark.parametrize("partitioning", PARTITIONINGS[1:])
def test_of_equally_doubtful_pairs_the_first_are_read(tmp_path, monkeypatch, partitioning):
    """Probabilities are rounded, so that many are equal."""
    both = Read(tmp_path, monkeypatch, news(60), partitioning, reader="auto")
    job, near = both.run.job, both.run.scorer.readable(both.alone)
    for part in both.parts:
        found = LocatedPairs.read(job, "pairs", part)
        found.with_pairs(rounded(found.pairs)).write(job, "pairs", part, read=False)
    alone = rounded(both.alone.take(near))
    monkeypatch.setattr("dedupe.distributed.pairs.reader.read", lambda job, part: {"scored": 0, "read": 0})
    cuts = [0, 1, 2, *range(3, len(near), 11), len(near) - 1, len(near), len(near) + 1]
    for count in cuts:
        both.read(partial(reading_budget, at_least=count, per_node=0))
        chosen = []
        for part in both.parts:
            found = LocatedPairs.read(job, "pairs", part)
            places = places_to_read(job, found)
            chosen += zip(found.pairs.i[places].tolist(), found.pairs.j[places].tolist(), strict=True)
        expected = pairs_to_read(alone, 1, "auto", at_least=count, per_node=0)
        assert sorted(chosen) == list(zip(alone.i[expected].tolist(), alone.j[expected].tolist(), strict=True)), count


def rounded(pairs):
    story, wording = (np.round(column, 1) for column in (pairs.p_pair_story, pairs.p_pair_wording))
    return replace(pairs, p_pair_story=story, p_pair_wording=wording)


def test_a_run_without_pairs(tmp_path, monkeypatch):
    both = Read(tmp_path, monkeypatch, news(1), (1, 5), reader="all")
    assert both.check() == (0, 0, 0)
