"""What grows with the number of titles: pairs of each, components, and what cells send to whom."""

from __future__ import annotations

from time import perf_counter
from typing import Any
from unittest.mock import patch

import numpy as np
from enlarged import enlarged
from memory import apart
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from stopwatch import evenly
from stored import Settings, Store, prepared, some_rows

from dedupe.candidates import cells
from dedupe.candidates.int8 import products_of
from dedupe.clustering import collapse_copies, collapse_crowds
from dedupe.embedding.encoders import load_encoder
from dedupe.embedding.vectors import unit_rows
from dedupe.headlines import as_headlines
from dedupe.pipeline import describe
from dedupe.runtime.arrays import Ints, pairs_within
from dedupe.runtime.progress import silent
from dedupe.scoring import IDENTITY, Scorer, judge_of

SIZES = (10_000, 32_000, 100_000, 228_000, 1_000_000)
WINDOW = 72.0  # hours
CELLS = {"story": (100_000, 228_000), "wording": (100_000, 228_000, 1_000_000)}  # sizes of which cells are planned


def measure(settings: Settings, sizes: tuple[int, ...] = SIZES) -> dict[str, Any]:
    """Return the figures of each size: without a window up to the real titles, and in a window of 72 hours."""
    store = prepared(settings, "scale")
    large, made = enlarged(store, max(sizes))
    result: dict[str, Any] = {"what": WHAT, "made": made}
    for name, window, limit in (("no window", None, store.count), ("72 hours", WINDOW, large.count)):
        within = [size for size in sizes if size <= limit * 1.01]
        result[name] = {str(size): apart(_components, large, min(size, limit), window)[0] for size in within}
    for level, planned in CELLS.items():
        within = [size for size in planned if size <= max(sizes)]
        result[f"cells, {level}"] = {str(size): apart(_cells, large, size, level)[0] for size in within}
    return result


WHAT = (
    "scale: real titles, evenly spaced, in no order of time, and above their number edited copies of them. Dates are those of "
    "the rows, or else even over two years. Reader off. component: nodes of the largest set that pairs with p >= 0.02 connect, "
    "which bounds the context; linked: of the largest set that pairs at the threshold connect, which bounds the linkage. cells: "
    "own and probed cells of each vector, packed into regions of 50,000; copies: how many regions a vector is sent to."
)


def _components(store: Store, size: int, window: float | None) -> dict[str, Any]:
    began = perf_counter()
    places = evenly(store.count, size)
    rows = [{"title": row["title"], "published": row.get("date")} for row in some_rows(store.rows, places)]
    copies = collapse_copies(as_headlines(rows), window)
    encoder = load_encoder(None)
    judge = judge_of(encoder)
    vectors = unit_rows(np.load(store.vectors, mmap_mode="r")[places], len(places), copies.nodes.title_row)
    scorer = Scorer.of(judge, describe(copies), vectors, IDENTITY, "story", encoder, "off")
    crowds = collapse_crowds(copies.nodes, scorer, window, np.empty(0, np.int64))
    join = crowds.scorer.candidates(crowds.nodes.band(window), crowds.sparse)
    kept = crowds.scorer.alone(join, silent)
    pairs, _ = crowds.scorer.in_context(kept, judge.floor)
    linked = pairs.p_story >= min(judge.thresholds.values())
    nodes = len(crowds.nodes)
    return {
        "titles": nodes,
        "pairs_a_title": round(len(kept) / nodes, 3),
        "in_context_a_title": round(len(pairs) / nodes, 3),
        "component": largest(nodes, kept.i, kept.j),
        "linked": largest(nodes, pairs.i[linked], pairs.j[linked]),
        "recall": round(join.recall, 4),
        "seconds": round(perf_counter() - began, 1),
    }


def largest(nodes: int, i: Ints, j: Ints) -> int:
    """Return the number of nodes of the largest connected component."""
    graph = coo_matrix((np.ones(len(i), np.int8), (i, j)), shape=(nodes, nodes))
    return int(np.bincount(connected_components(graph, directed=False)[1]).max(initial=0))


def _cells(store: Store, size: int, level: str, region: int = 50_000) -> dict[str, Any]:
    """Return how evenly cells are filled, how many a title probes, and to how many regions it is sent."""
    judge = judge_of(load_encoder(None))
    vectors = unit_rows(np.load(store.vectors, mmap_mode="r")[evenly(store.count, size)], size)
    vectors = judge.wording_vectors(vectors) if level == "wording" else vectors
    every = pairs_within(size)
    products, floor = products_of(vectors, every), judge.candidate_floor[level]
    used = cells.plan(vectors, products, floor, every) is not None
    with patch.object(cells, "COST", 0):  # the figures of cells that would not pay tell why
        planned = cells.plan(vectors, products, floor, every)
    assert planned is not None
    filled, probes = np.bincount(planned.own, minlength=planned.count), planned.probes
    region_of = np.cumsum(filled) // region
    regions = int(region_of.max()) + 1
    row = np.repeat(np.arange(size), probes.sizes)
    sent = np.bincount(np.unique(row * regions + region_of[probes.cells]) // regions, minlength=size)
    return {
        "titles": size,
        "used": used,
        "cells": planned.count,
        "regions": regions,
        "titles_in_a_cell": _spread(filled),
        "probes_of_a_title": _spread(probes.sizes),
        "regions_of_a_title": _spread(sent),
        "comparisons_a_title": round(float(filled[probes.cells].sum()) / size, 1),
        "recall": round(planned.recall, 4),
    }


def _spread(values: Ints) -> dict[str, float]:
    return {"mean": round(float(values.mean()), 2), "p99": int(np.quantile(values, 0.99)), "max": int(values.max())}
