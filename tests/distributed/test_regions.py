"""Regions of nodes, against the features, vectors and numbers of one machine."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from dedupe import Headline
from dedupe.clustering.crowds import CrowdSettings, collapse_crowds
from dedupe.distributed.engine import InOrder
from dedupe.distributed.nodes.crowds import find_crowds
from dedupe.distributed.nodes.encoding import make_vectors
from dedupe.distributed.nodes.region_cells import APART, load_cells, load_probing
from dedupe.distributed.nodes.region_steps import make_regions, packed_keys
from dedupe.distributed.nodes.regions import load, nodes_of, regions_of
from dedupe.distributed.nodes.tables import titles_in
from dedupe.scoring.echoes import words_of
from dedupe.scoring.pair_features import pair_features
from tests.support.fake_encoder import FakeEncoder
from tests.support.node_ranges import Run

PARTITIONINGS = [(1, 1000), (3, 40), (20, 7)]  # ranges, and the most nodes of a region
SOURCES = [None, "Reuters", "REUTERS", "", "Le Monde", "ANSA"]


def headlines(n, dated=True):
    rng, towns = np.random.default_rng(n), "Oslo Rome Bonn Bern Kyiv Riga Lima Quito".split()
    words = "rises falls opens closes wins loses 12% 3,000 Monday storm ferry not will".split()
    rows = []
    for k in range(n):
        title = " ".join([towns[k % 8], *rng.choice(words, 5).tolist(), f"{k}?" if k % 7 == 0 else str(k)])
        label = ("Live: " if k % 11 == 0 else "") + title
        published = (490_000 + float(rng.integers(0, 60)) / 2) * 3600 if dated and k % 9 else None
        rows.append(Headline(label, published=published, source=SOURCES[k % len(SOURCES)]))
    copies = [Headline(row.title.upper(), published=1.764e9 + 1800 * k) for k, row in enumerate(rows[:20])]
    return [*rows, *copies, Headline(""), Headline("Weather"), Headline("Live")]


class Both:
    """One machine after crowds, `crowds`, and the regions of a job."""

    def __init__(self, folder, monkeypatch, rows, partitioning, *, settings=None, **options):
        ranges, block = partitioning
        self.run = Run(folder, monkeypatch, rows, FakeEncoder(), ranges, block=block, **options)
        run, self.job, self.block = self.run, self.run.job, block
        make_vectors(run.job, InOrder())
        find_crowds(run.job, InOrder(), settings)
        self.regions = make_regions(run.job, InOrder())
        none = np.empty(0, np.int64)
        self.crowds = collapse_crowds(run.copies.nodes, run.scorer, run.settings.window, none, settings)
        self.scorer, self.nodes = self.crowds.scorer, self.crowds.nodes
        self.loaded = [load(run.job, g) for g in range(len(self.regions))]


def check_same(region, both, numbers):
    """Check that a region is what one machine has at these numbers."""
    scorer, titles = both.scorer, region.titles
    assert region.numbers.tolist() == numbers.tolist()
    for name in ("texts", "mass", "moods", "forms", "words", "first", "last", "facts"):
        np.testing.assert_array_equal(getattr(titles, name), getattr(scorer.titles, name)[numbers], err_msg=name)
    np.testing.assert_array_equal(region.vectors[:], scorer.vectors[numbers])
    np.testing.assert_array_equal(region.wording_vectors[:], scorer.wording_vectors[numbers])
    check_features(titles, scorer.titles, numbers)


def check_columns(table, both):
    """Check the columns of a region that are no features."""
    numbers, nodes = table["number"].to_numpy(), both.nodes
    expected = {"weight": nodes.weight, "title_position": nodes.title_row}
    expected["generic"] = both.run.copies.generic[nodes.title_row]
    for name, column in expected.items():
        assert table[name].to_pylist() == column[numbers].tolist()


def check_features(titles, expected, numbers):
    i, j = np.triu_indices(min(len(numbers), 40), 1)
    zeros = np.zeros(len(i), np.float32)
    of_all = pair_features(expected, numbers[i], numbers[j], zeros, zeros)
    np.testing.assert_array_equal(pair_features(titles, i, j, zeros, zeros), of_all)
    words, of_all = words_of(titles), words_of(expected)[numbers]
    np.testing.assert_array_equal(words.sum(axis=1), of_all.sum(axis=1))
    products, of_all = (words @ words.T).toarray(), (of_all @ of_all.T).toarray()
    np.testing.assert_allclose(products, of_all, rtol=1e-12)  # columns have another order, which sums follow


@pytest.mark.parametrize("partitioning", PARTITIONINGS)
@pytest.mark.parametrize("window", [None, 24.0])
def test_regions_hold_each_node_once_as_one_machine_has_it(tmp_path, monkeypatch, partitioning, window):
    both = Both(tmp_path, monkeypatch, headlines(150), partitioning, window=window)
    assert both.regions == regions_of(both.job) and both.regions.nodes == len(both.nodes)
    numbers = [region.numbers for region in both.loaded]
    assert sorted(np.concatenate(numbers).tolist()) == list(range(len(both.nodes)))
    for g, (extent, region) in enumerate(zip(both.regions.extents, both.loaded, strict=True)):
        assert 0 < extent.nodes == len(region) <= both.block
        check_same(region, both, region.numbers)
        check_columns(both.job.store.read("region", g), both)
        hours = region.titles.first[~np.isnan(region.titles.first)]
        assert (extent.first, extent.last) == ((hours.min(), hours.max()) if len(hours) else (None, None))


@pytest.mark.parametrize("partitioning", PARTITIONINGS)
def test_with_a_window_regions_are_by_time(tmp_path, monkeypatch, partitioning):
    both = Both(tmp_path, monkeypatch, headlines(150), partitioning, window=24.0)
    firsts = [region.titles.first for region in both.loaded]
    undated = [bool(np.isnan(first).all()) for first in firsts]
    assert undated == sorted(undated) and undated[-1], "those without a date come last"
    assert all(np.isnan(first).all() or not np.isnan(first).any() for first in firsts), "and by themselves"
    dated = [np.floor(first) for first, alone in zip(firsts, undated, strict=True) if not alone]
    hours, counts = np.unique(np.concatenate(dated), return_counts=True)
    many = set(hours[counts > both.block].tolist())
    for before, after in pairwise(dated):
        assert before.max() < after.min() or (before.max() == after.min() and before.max() in many)


@pytest.mark.parametrize("partitioning", PARTITIONINGS)
def test_without_a_window_regions_are_by_number(tmp_path, monkeypatch, partitioning):
    both = Both(tmp_path, monkeypatch, headlines(150), partitioning)
    assert np.concatenate([region.numbers for region in both.loaded]).tolist() == list(range(len(both.nodes)))
    sizes = [len(region) for region in both.loaded]
    assert len(set(sizes[:-1])) <= 1


@pytest.mark.parametrize("window", [None, 24.0])
def test_nodes_of_several_regions_are_described_as_at_once(tmp_path, monkeypatch, window):
    both = Both(tmp_path, monkeypatch, headlines(150), (3, 40), window=window)
    numbers = np.sort(np.concatenate([both.loaded[g].numbers for g in (3, 0, 1)]))
    check_same(nodes_of(both.job, [3, 0, 1]), both, numbers)


def test_the_same_source_has_the_same_number_in_all_regions(tmp_path, monkeypatch):
    both = Both(tmp_path, monkeypatch, headlines(150), (3, 40))
    sources = np.concatenate([region.titles.sources for region in both.loaded])
    expected = both.scorer.titles.sources
    assert ((sources[:, None] == sources) == (expected[:, None] == expected)).all()


@pytest.mark.parametrize("partitioning", PARTITIONINGS)
@pytest.mark.parametrize("window", [None, 24.0])
def test_crowds_are_one_node(tmp_path, monkeypatch, partitioning, window):
    same = "the storm closes the port of Rotterdam for all ships until the end of this very week of October"
    published = [(490_000 + k / 5) * 3600 for k in range(60)]
    crowd = [Headline(f"{same} x{'abcdefghij'[k % 10]}{'klmnop'[k // 10]}", published=published[k]) for k in range(60)]
    both = Both(
        tmp_path, monkeypatch, headlines(60) + crowd, partitioning, window=window, settings=CrowdSettings(size=20)
    )
    assert len(both.nodes) < len(both.run.copies.nodes) - 10, "there is a crowd"
    for region in both.loaded:
        check_same(region, both, region.numbers)
    assert sum(map(len, both.loaded)) == len(both.nodes) == both.regions.nodes


def test_nothing_but_empty_titles(tmp_path, monkeypatch):
    both = Both(tmp_path, monkeypatch, [Headline("")] * 5, (3, 2))
    assert sum(map(len, both.loaded)) == 5 and both.loaded[0].vectors.shape[1] == 0
    both = Both(tmp_path / "none", monkeypatch, [], (1, 2))
    assert len(both.regions) == 1 and len(both.loaded[0]) == 0


def test_a_job_in_the_place_of_another_reads_its_own_regions(tmp_path, monkeypatch):
    first = Both(tmp_path, monkeypatch, headlines(50), (2, 30))
    first.job.store.remove()
    second = Both(tmp_path, monkeypatch, headlines(51), (2, 30))
    assert sum(map(len, second.loaded)) == len(second.nodes) != len(first.nodes)


@pytest.mark.parametrize("partitioning", [(1, 40), (3, 25), (12, 7)])
@pytest.mark.parametrize(("window", "level"), [(None, "story"), (24.0, "wording")])
def test_regions_of_cells_have_all_that_probes_them(tmp_path, monkeypatch, partitioning, window, level):
    monkeypatch.setattr("dedupe.distributed.nodes.region_cells.COST", 0)
    monkeypatch.setattr("dedupe.candidates.cells._CELLS_PER_ROOT", 1)
    both = Both(tmp_path, monkeypatch, headlines(150), partitioning, window=window, level=level, exact=10)
    n, job = len(both.nodes), both.job
    own, probes, home = np.empty(n, np.int64), [np.empty(0)] * n, np.empty(n, np.int64)
    for g, region in enumerate(both.loaded):
        check_same(region, both, region.numbers)
        assert len(region) <= both.block
        home[region.numbers] = g
        own[region.numbers], probed = load_cells(job, g)
        for place, number in enumerate(region.numbers.tolist()):
            probes[number] = probed.of(np.array([place]))[1]
            assert own[number] in probes[number] if own[number] >= 0 else not len(probes[number])
    zero = ~both.scorer.vectors[np.arange(n)].any(axis=1)
    assert ((own < 0) == zero).all() and zero.any()
    for g, region in enumerate(both.loaded):
        cells, found = set(own[region.numbers].tolist()), load_probing(job, g)
        expected = [k for k in range(n) if home[k] != g and cells & set(probes[k].tolist())]
        assert found.numbers.tolist() == expected
        assert found.regions.tolist() == home[expected].tolist() and found.cells.tolist() == own[expected].tolist()
        for place, number in enumerate(expected):
            assert found.probes.of(np.array([place]))[1].tolist() == probes[number].tolist()
        np.testing.assert_array_equal(found.vectors[:], both.scorer.vectors[np.array(expected, np.int64)])
        np.testing.assert_array_equal(titles_in(found.table).facts, both.scorer.titles.facts[expected])
    exact = both.scorer.level_vectors[:] @ both.scorer.level_vectors[:].T >= both.scorer.floor
    i, j = np.nonzero(np.triu(exact, 1))
    reached = [own[a] in probes[b] or own[b] in probes[a] for a, b in zip(i.tolist(), j.tolist(), strict=True)]
    assert (
        both.regions.recall is not None
        and np.mean(reached) >= 0.98
        and abs(both.regions.recall - np.mean(reached)) < 0.02
    )


def test_cells_that_cost_more_than_all_comparisons_are_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr("dedupe.distributed.nodes.region_cells.COST", 1e6)
    both = Both(tmp_path, monkeypatch, headlines(60), (3, 25), exact=10)
    assert both.regions.recall is None and both.job.store.finished("cell_plan")


def test_comparisons_in_a_window_are_about_those_of_a_join(tmp_path, monkeypatch):
    both = Both(tmp_path, monkeypatch, headlines(150), (3, 40), window=10.0)
    first = both.nodes.first
    i, j = np.triu_indices(len(first), 1)
    expected = np.count_nonzero(~(np.abs(first[i] - first[j]) > 10))
    assert abs(both.job.store.result("comparisons") - expected) < 0.1 * expected


def test_keys_are_packed_in_order():
    keys = np.array([1, 2, 3, 5, 8, APART])
    region, count = packed_keys(keys, np.array([3, 4, 5, 25, 2, 1]), 10)
    assert region.tolist() == [0, 0, 1, 2, 5, 6] and count == 7
    region, count = packed_keys(keys[-1:], np.array([21]), 10)
    assert region.tolist() == [0] and count == 3
    assert packed_keys(keys[:0], keys[:0], 10)[1] == 0


def test_hours_of_very_many_nodes_take_several_regions(tmp_path, monkeypatch):
    rows = [Headline(f"Mayor of town {k} opens bridge {k + 7}", published=1.764e9 + k) for k in range(50)]
    both = Both(tmp_path, monkeypatch, rows, (4, 8), window=24.0)
    assert [len(region) for region in both.loaded] == [8] * 6 + [2]
    assert np.concatenate([region.numbers for region in both.loaded]).tolist() == list(range(50))
