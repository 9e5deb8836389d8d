"""Cells of nodes that are too many to compare each with each, as `candidates/cells.py` has them, made range by range.

Steps: `cell_sample`/r, the rows by which cells are chosen and tried; `centroids`/0; `cell_margins`/r, the margins of pairs of a
sample; `cell_plan`/0, JSON: what probing costs and finds; `own_cells`/r: the cell of each node, and those that it probes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe.candidates.cells import (
    COST,
    ROWS_PER_CELL,
    SAMPLE_PAIRS,
    SAMPLE_ROWS,
    TARGET_RECALL,
    Prober,
    Probes,
    centroids_of,
    how_many_cells,
)
from dedupe.candidates.products import Products, cosines, pairs_between, spread
from dedupe.distributed.engine import Engine
from dedupe.distributed.job import Job
from dedupe.distributed.nodes.crowds import kept_places
from dedupe.distributed.nodes.encoding import as_vectors, floor_of, level_vectors, vectors_of
from dedupe.distributed.nodes.tables import array_of, numbers_in
from dedupe.embedding import Vectors
from dedupe.runtime.arrays import Float32s, Floats, Ints

if TYPE_CHECKING:
    import pyarrow as pa

APART = np.iinfo(np.int64).max
"""The key of nodes without a date, or in no cell: they are in regions of their own, the last."""
_CHUNK_ROWS = 1024  # whose products with all centroids fit into memory


@dataclass(frozen=True)
class Probing:
    """Nodes of other regions that probe cells of one, in order of `numbers`; arrays are (n,).

    `regions`: where each lives; `cells`: its own cell; `probes`: the cells that it probes; `table`: the columns of titles.
    """

    numbers: Ints
    regions: Ints
    cells: Ints
    probes: Probes
    vectors: Vectors
    table: pa.Table


def load_probing(job: Job, g: int) -> Probing:
    """Return the nodes of other regions that probe a cell of a region."""
    table = job.store.read("probing", g)
    vectors = as_vectors(job.store.read_array("probing", g, "vectors"))
    regions, cells = array_of(table, "region"), array_of(table, "cell")
    return Probing(numbers_in(table), regions, cells, _probes_in(table), vectors, table)


def load_cells(job: Job, g: int) -> tuple[Ints, Probes]:
    """Return the own cell of each node of a region, -1 for none, and the cells that each probes."""
    table = job.store.read("region", g, columns=["cell", "probes"])
    return array_of(table, "cell"), _probes_in(table)


def plan_cells(job: Job, engine: Engine, comparisons: float) -> bool:
    """Make cells, and return whether they cost less than so many comparisons."""
    engine.run(job, "cell_sample", take_samples, range(job.ranges))
    engine.run(job, "centroids", train_centroids, [0])
    engine.run(job, "cell_margins", find_margins, range(job.ranges))
    plan = engine.run(job, "cell_plan", plan_probes, [0])[0]
    cheaper: bool = plan["cost"] <= comparisons
    return cheaper


def take_samples(job: Job, r: int) -> int:
    """Write the vectors of a range by which cells are chosen, `train`, and those of two samples by which they are tried."""
    counts = {
        "train": (how_many_cells(job.nodes) * ROWS_PER_CELL, 0),
        "first": (SAMPLE_ROWS, 1),
        "second": (SAMPLE_ROWS, 2),
    }
    vectors, written = vectors_of(job, r), 0
    for name, (count, turn) in counts.items():
        numbers = np.sort(spread(job.nodes, count, turn))
        numbers = numbers[(numbers >= job.offsets[r]) & (numbers < job.offsets[r + 1])]
        job.store.write_array("cell_sample", r, name, level_vectors(job, vectors[numbers - job.offsets[r]])[:])
        job.store.write_array("cell_sample", r, f"{name}_numbers", numbers)
        written += len(numbers)
    return written


def train_centroids(job: Job, part: int) -> int:
    """Write the centroids of all cells, those near each other in one row, and the samples; the result: how many cells."""
    count = how_many_cells(job.nodes)
    centroids = centroids_of(_gathered(job, "train"), count)
    regions = -(-job.nodes // job.block)
    if 1 < regions <= count // 2:  # so that what a node probes lies in few regions
        coarse = centroids_of(centroids, regions)
        centroids = centroids[np.argsort((centroids @ coarse.T).argmax(axis=1), kind="stable")]
    job.store.write_array("centroids", 0, "centroids", centroids)
    for name in ("first", "first_numbers", "second", "second_numbers"):
        job.store.write_array("centroids", 0, name, _gathered(job, name))
    return len(centroids)


def find_margins(job: Job, r: int) -> dict[str, int]:
    """Write with which margin pairs of each sample and nodes of a range are found; the result is how many pairs there are."""
    own, pairs = level_vectors(job, vectors_of(job, r)), {}
    most = -(-SAMPLE_PAIRS // job.ranges)
    for name in ("first", "second"):
        sample, numbers = _sampled(job, name), _sampled(job, f"{name}_numbers")
        a, b = _near(np.concatenate([sample, own[:]]), len(sample), floor_of(job))
        other = numbers[a] != b - len(sample) + job.offsets[r]
        a, b = a[other], b[other]
        chosen = spread(len(a), most)
        rows = np.concatenate([sample, own[b[chosen] - len(sample)]])
        prober, second = _prober(job, rows), len(sample) + np.arange(len(chosen))
        parts = [slice(k, k + _CHUNK_ROWS) for k in range(0, len(chosen), _CHUNK_ROWS)]
        margins = [prober.pair_margins(a[chosen][part], second[part]) for part in parts]
        job.store.write_array("cell_margins", r, name, np.concatenate([np.empty(0), *margins]))
        pairs[name] = len(a)
    return pairs


def plan_probes(job: Job, part: int) -> dict[str, Any]:
    """Return from which margin cells are probed, `least`, which share of pairs this finds, and what it costs in comparisons."""
    pairs = job.store.finished("cell_margins")
    margins, weights = {}, {}
    for name in ("first", "second"):
        parts = [job.store.read_array("cell_margins", r, name) for r in range(job.ranges)]
        each = [np.full(len(found), pairs[r][name] / max(len(found), 1)) for r, found in enumerate(parts)]
        margins[name], weights[name] = np.concatenate(parts), np.concatenate(each)
    least = _quantile(margins["first"], weights["first"], 1 - TARGET_RECALL)
    sample = _sampled(job, "second")
    prober, count = _prober(job, sample), how_many_cells(job.nodes)
    mean = float(np.mean([len(prober.probes(rows, least)[1].cells) / len(rows) for rows in _chunks(len(sample))]))
    found, total = weights["second"] * (margins["second"] >= least), weights["second"].sum()
    recall = float(found.sum() / total) if total else 1.0
    cost = job.nodes / count * mean * job.nodes * COST
    return {"least": min(least, 2.0), "recall": recall, "probes": mean, "cells": count, "cost": cost}


def write_own_cells(job: Job, r: int) -> int:
    """Write the cell of each node of a range after crowds, the cells that it probes, and how many nodes each cell has."""
    vectors = vectors_of(job, r)
    rows = level_vectors(job, vectors[kept_places(job, r)])[:]
    prober, least = _prober(job, rows), job.store.result("cell_plan")["least"]
    found = [prober.probes(chunk, least) for chunk in _chunks(len(rows))]
    own = np.concatenate([np.empty(0, np.uint16), *(own for own, _ in found)]).astype(np.int64)
    cells = np.concatenate([np.empty(0, np.uint16), *(probes.cells for _, probes in found)])
    sizes = np.concatenate([np.empty(0, np.int64), *(probes.sizes for _, probes in found)])
    own[sizes == 0] = APART
    for name, array in (("own", own), ("probes", cells), ("sizes", sizes)):
        job.store.write_array("own_cells", r, name, array)
    key, count = np.unique(own, return_counts=True)
    job.store.write_array("own_cells", r, "counts", np.stack([key, count]).astype(np.int64))
    return len(own)


def own_cells(job: Job, r: int) -> tuple[Ints, Probes]:
    """Return what `write_own_cells` found: the cell of each node, `APART` for none, and the cells that it probes."""
    own, cells, sizes = (np.asarray(job.store.read_array("own_cells", r, name)) for name in ("own", "probes", "sizes"))
    return own, Probes(cells, sizes)


def with_cells(table: pa.Table, own: Ints, probes: Probes) -> pa.Table:
    """Return a table of nodes with the columns `cell` and `probes`."""
    import pyarrow as pa

    cell = pa.array(np.where(own == APART, -1, own).astype(np.int32))
    lists = pa.ListArray.from_arrays(pa.array(probes.starts.astype(np.int32)), pa.array(probes.cells))
    return table.append_column("cell", cell).append_column("probes", lists)


def _probes_in(table: pa.Table) -> Probes:
    lists = table["probes"].combine_chunks()
    return Probes(lists.flatten().to_numpy(), np.diff(lists.offsets.to_numpy()).astype(np.int64))


def _sampled(job: Job, name: str) -> Any:
    return np.asarray(job.store.read_array("centroids", 0, name))


def _gathered(job: Job, name: str) -> Any:
    return np.concatenate([job.store.read_array("cell_sample", r, name) for r in range(job.ranges)])


def _prober(job: Job, rows: Float32s) -> Prober:
    return Prober(Products(rows), _sampled(job, "centroids"))


def _chunks(rows: int) -> list[Ints]:
    return [np.arange(start, min(start + _CHUNK_ROWS, rows)) for start in range(0, rows, _CHUNK_ROWS)]


def _near(rows: Float32s, count: int, threshold: float) -> tuple[Ints, Ints]:
    """Return the pairs of the first `count` rows and the others whose cosine similarity reaches a threshold."""
    a, b = pairs_between(Products(rows), np.arange(count), np.arange(count, len(rows)), threshold)
    reached = cosines(rows, a, b) >= np.float32(threshold)
    return a[reached], b[reached]


def _quantile(values: Floats, weights: Floats, share: float) -> float:
    """Return the lowest value such that values below it have at most this share of all weights; 2 where there are none."""
    if not len(values):
        return 2.0
    order = np.argsort(values)
    below = np.concatenate([[0.0], weights[order].cumsum()[:-1]]) / weights.sum()
    return float(values[order][np.searchsorted(below, share, side="right") - 1])
