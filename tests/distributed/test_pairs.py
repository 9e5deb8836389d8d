"""Candidate pairs in blocks, scored by themselves, against those of one machine."""

from __future__ import annotations

import numpy as np
import pytest

from dedupe.candidates.pairs import PairTable, concatenate
from dedupe.distributed.nodes.region_cells import load_cells
from dedupe.distributed.nodes.regions import load
from dedupe.distributed.pairs.addresses import find_addresses
from dedupe.distributed.pairs.blocks import blocks_of
from dedupe.distributed.pairs.located_pairs import LocatedPairs
from dedupe.distributed.pairs.scored import find_pairs
from tests.support.scored_runs import ENGINE, PARTITIONINGS, SMALL, ScoredRun, crowds, news

COLUMNS = [
    *("i", "j", "similarity", "wording_similarity", "read_wording", "read_story", "p_pair_wording", "p_pair_story")
]


def pairs_of(job, blocks):
    """Return all pairs of the blocks, each of which must be there once, where it says that it is."""
    parts = [LocatedPairs.read(job, "pairs", part) for part in range(blocks)]
    for part in parts:
        for numbers, homes in ((part.pairs.i, part.gi), (part.pairs.j, part.gj)):
            for home in np.unique(homes).tolist():
                assert np.isin(numbers[homes == home], load(job, home).numbers).all()
    found = concatenate([part.pairs for part in parts])
    assert (found.i < found.j).all() and len(np.unique([found.i, found.j], axis=1).T) == len(found)
    forced = np.concatenate([part.forced for part in parts])
    i, j = (np.concatenate([getattr(part.pairs, name) for part in parts]) for name in "ij")
    return found, sorted(zip(i[forced].tolist(), j[forced].tolist(), strict=True))


def check(run):
    find_addresses(run.job, ENGINE)
    counts = find_pairs(run.job, ENGINE)
    found, forced = pairs_of(run.job, counts.blocks)
    expected, join = run.alone()
    assert_equal(found, expected)
    candidates = sum(map(len, join))
    assert counts == (candidates, len(expected), join.skipped, join.recall, counts.blocks)
    same = run.scorer.same_address
    assert forced == list(zip(same.i.tolist(), same.j.tolist(), strict=True))
    return found


def assert_equal(found: PairTable, expected: PairTable):
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), name)


@pytest.mark.parametrize("partitioning", PARTITIONINGS)
@pytest.mark.parametrize("window", [None, 24.0])
@pytest.mark.parametrize("level", ["story", "wording"])
def test_pairs_are_those_of_one_machine(tmp_path, monkeypatch, partitioning, window, level):
    run = ScoredRun(tmp_path, monkeypatch, news(160), partitioning, window=window, level=level)
    assert len(check(run)) > 300


@pytest.mark.parametrize("partitioning", [(1, 1000), (3, 150), (7, 60)])
@pytest.mark.parametrize(("level", "window"), [("story", None), ("story", 40.0), ("wording", None)])
def test_crowds_are_compared_sparsely(tmp_path, monkeypatch, partitioning, level, window):
    rows, encoder = crowds(dated=window is not None)
    options = {"level": level, "window": window, "encoder": encoder, "crowds": SMALL}
    run = ScoredRun(tmp_path, monkeypatch, rows, partitioning, **options)
    check(run)
    kinds = [block.kind for block in blocks_of(run.job)]
    assert kinds.count("sparse") >= (4 if partitioning[1] < 100 else 2)


@pytest.mark.parametrize("count", [0, 1, 2, 61])
def test_runs_of_few_titles(tmp_path, monkeypatch, count):
    check(ScoredRun(tmp_path, monkeypatch, news(count), (1, 10)))


def test_a_window_leaves_out_blocks(tmp_path, monkeypatch):
    run = ScoredRun(tmp_path, monkeypatch, news(160), (3, 10), window=3.0)
    check(run)
    blocks, regions = blocks_of(run.job), len(run.regions)
    across = [block.of for block in blocks if block.kind == "across"]
    assert 0 < len(across) < regions * (regions - 1) // 4
    undated = [g for g, extent in enumerate(run.regions.extents) if extent.first is None]
    assert undated and all(sum(g in pair for pair in across) == regions - 1 for g in undated)


def by_cells(folder, monkeypatch, rows, partitioning, **options):
    monkeypatch.setattr("dedupe.distributed.nodes.region_cells.COST", 0)
    monkeypatch.setattr("dedupe.candidates.cells._CELLS_PER_ROOT", 1)
    return ScoredRun(folder, monkeypatch, rows, partitioning, exact=10, **options)


def probed(run, i, j):
    """Return which pairs of nodes are found by probing, (pairs,)."""
    own, probes = {}, {}
    for region in range(len(run.regions)):
        cells, of_region = load_cells(run.job, region)
        for place, number in enumerate(load(run.job, region).numbers.tolist()):
            own[number], probes[number] = int(cells[place]), set(of_region.of(np.array([place]))[1].tolist())
    return np.array([own[a] in probes[b] or own[b] in probes[a] for a, b in zip(i.tolist(), j.tolist(), strict=True)])


@pytest.mark.parametrize("partitioning", [(1, 1000), (3, 30), (7, 9)])
@pytest.mark.parametrize(("window", "level"), [(None, "story"), (24.0, "story"), (None, "wording")])
def test_cells_find_the_pairs_that_are_probed(tmp_path, monkeypatch, partitioning, window, level):
    run = by_cells(tmp_path, monkeypatch, news(160), partitioning, window=window, level=level)
    find_addresses(run.job, ENGINE)
    counts = find_pairs(run.job, ENGINE)
    found, forced = pairs_of(run.job, counts.blocks)
    everything, join = run.alone()
    reached = probed(run, everything.i, everything.j)
    kinds = {block.kind for block in blocks_of(run.job)}
    assert kinds == ({"cells", "forced"} if level == "story" else {"cells"})
    share = counts.candidates / sum(map(len, join))
    assert share >= 0.995 and abs(counts.recall - share) < 0.005
    assert_equal(found, everything.take(reached | run.scorer.same_address.contain(everything.i, everything.j)))
    assert len(forced) == len(run.scorer.same_address)


@pytest.mark.parametrize("partitioning", [(1, 150), (7, 60)])
def test_cells_leave_out_what_is_compared_sparsely(tmp_path, monkeypatch, partitioning):
    rows, encoder = crowds()
    run = by_cells(tmp_path, monkeypatch, rows, partitioning, encoder=encoder, crowds=SMALL)
    find_addresses(run.job, ENGINE)
    counts = find_pairs(run.job, ENGINE)
    found = pairs_of(run.job, counts.blocks)[0]
    everything, join = run.alone()
    of_group = np.full(len(run.crowds.nodes), -1)
    for group, members in enumerate(run.crowds.sparse):
        of_group[members] = group
    dense = (of_group[everything.i] < 0) & ~run.scorer.same_address.contain(everything.i, everything.j)
    kept = ~dense | probed(run, everything.i, everything.j)
    assert_equal(found, everything.take(kept))
    assert counts.skipped == join.skipped and kept[dense].sum() > 100
