"""Pairs of one address by shuffles, against those of one machine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dedupe import Headline
from dedupe.distributed.pairs.addresses import address_pairs_among, find_addresses
from tests.support.scored_runs import ENGINE, PARTITIONINGS, SMALL, ScoredRun, crowds, news

PAGE = "https://herald.example/a/17x"


def found_by(run):
    count = find_addresses(run.job, ENGINE)
    found = address_pairs_among(run.job, np.arange(len(run.crowds.nodes)))
    assert len(found) == count
    return list(zip(found.i.tolist(), found.j.tolist(), found.address, strict=True))


def expected_of(run):
    pairs = run.scorer.same_address
    return list(zip(pairs.i.tolist(), pairs.j.tolist(), pairs.address, strict=True))


@pytest.mark.parametrize("partitioning", PARTITIONINGS)
@pytest.mark.parametrize("window", [None, 24.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_pairs_are_those_of_one_machine(tmp_path, monkeypatch, partitioning, window, seed):
    run = ScoredRun(tmp_path, monkeypatch, news(160, seed=seed), partitioning, window=window)
    assert found_by(run) == expected_of(run) and len(run.scorer.same_address) > 5


@pytest.mark.parametrize("partitioning", PARTITIONINGS)
def test_addresses_of_many_titles_and_of_several(tmp_path, monkeypatch, partitioning):
    """An address of more than twenty titles says nothing, one of more than eight if these are alike; the first is named."""
    many = [Headline(f"alpha{k} beta{k} gamma{k}", url="https://herald.example/a/1x") for k in range(21)]
    several = [Headline(f"delta{k} eta{k} zeta{k}", url="https://herald.example/a/2x") for k in range(9)]
    alike = [Headline(f"Ferry sinks off Oslo, {k} dead", url="https://herald.example/a/3x") for k in range(2, 14)]
    copies = [Headline(row.title.upper(), url="https://herald.example/a/0x") for row in alike[:3]]
    empty = [Headline("", url=PAGE), Headline("Mayor resigns", url=PAGE), Headline("Storm nears", url=f"{PAGE}?rss=1")]
    generic = [Headline("Weather", str(k), 1.764e9 + 43_200 * k, url=PAGE) for k in range(3)]
    rows = [*many, *several, *alike, *copies, *empty, *generic, Headline("Bakery burns")]
    run = ScoredRun(tmp_path, monkeypatch, rows, partitioning)
    pairs = found_by(run)
    assert pairs == expected_of(run)
    assert {address.rpartition("/")[2] for *_, address in pairs} == {"0x", "3x", "17x"}


@pytest.mark.parametrize("partitioning", PARTITIONINGS)
def test_rows_of_a_crowd_have_the_address_of_one_node(tmp_path, monkeypatch, partitioning):
    rows, encoder = crowds(dated=True)
    run = ScoredRun(tmp_path, monkeypatch, rows, partitioning, crowds=SMALL, encoder=encoder, window=40.0)
    assert len(run.crowds.nodes) < len(run.run.copies.nodes) - 20
    assert found_by(run) == expected_of(run) != []


@pytest.mark.parametrize("level", ["story", "wording"])
def test_without_addresses_nothing_is_done(tmp_path, monkeypatch, level):
    run = ScoredRun(tmp_path, monkeypatch, news(20), (2, 8), level=level)
    job = replace(run.job, columns={"title": "title"}) if level == "story" else run.job
    assert find_addresses(job, ENGINE) == 0
    assert not (tmp_path / "addressed").exists() and not (tmp_path / "addresses").exists()
    assert not len(address_pairs_among(job, np.arange(20)))


def test_pairs_among_some_nodes(tmp_path, monkeypatch):
    run = ScoredRun(tmp_path, monkeypatch, news(160), (3, 40))
    find_addresses(run.job, ENGINE)
    numbers = np.arange(0, len(run.crowds.nodes), 2)
    pairs = run.scorer.same_address
    inside = np.isin(pairs.i, numbers) & np.isin(pairs.j, numbers)
    found = address_pairs_among(run.job, numbers, range(len(run.regions)))
    assert 0 < inside.sum() < len(pairs)
    assert numbers[found.i].tolist() == pairs.i[inside].tolist()
    assert numbers[found.j].tolist() == pairs.j[inside].tolist()
    assert not len(address_pairs_among(run.job, numbers, []))
