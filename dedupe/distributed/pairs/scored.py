"""The candidate pairs of a run, block by block, scored by themselves: all together, those that `Scorer.alone` returns.

Step `pairs`/k: the `LocatedPairs` of block k that are probable enough to be context, and those of one address in any case.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

import numpy as np

from dedupe.candidates.join import NEIGHBORS, Join, adjacent, near_pairs
from dedupe.candidates.pairs import PairTable, concatenate
from dedupe.distributed.engine import Engine
from dedupe.distributed.job import Job
from dedupe.distributed.nodes.crowds import crowds_of
from dedupe.distributed.nodes.local_nodes import (
    LocalNodes,
    nodes_at_home,
    nodes_of_regions,
    sparse_nodes,
    write_sparse_nodes,
)
from dedupe.distributed.nodes.regions import regions_of
from dedupe.distributed.pairs.across import Across
from dedupe.distributed.pairs.addresses import address_pairs_among
from dedupe.distributed.pairs.blocks import blocks_of, plan_blocks
from dedupe.distributed.pairs.cell_join import CellJoin, cell_nodes
from dedupe.runtime.arrays import Ints
from dedupe.runtime.parallel import in_order

_ALL = np.iinfo(np.int64).max  # comparisons: a block is always compared exactly


class Pieces(Protocol):
    """Candidate pairs of places in the nodes of a block, in pieces, such as a `Join`."""

    @property
    def pieces(self) -> int:
        """How many pieces there are."""

    def piece(self, number: int, /) -> PairTable:
        """Return the pairs of a piece."""


class PairsFound(NamedTuple):
    """How many pairs a join found, how many were kept, with those of one address, and how many sparse groups skipped.

    `recall`: the share of all candidate pairs that cells find, 1 without them. `blocks`: how many parts `pairs` has.
    """

    candidates: int
    kept: int
    skipped: int
    recall: float
    blocks: int


def find_pairs(job: Job, engine: Engine) -> PairsFound:
    """Find and score the candidate pairs of a run, whose regions and pairs of one address are known."""
    blocks = engine.run(job, "blocks", plan_blocks, [0])[0]
    if job.store.result("crowds")["sparse"]:
        engine.run(job, "sparse_nodes", write_sparse_nodes, range(job.ranges))
    counts = engine.run(job, "pairs", score, range(len(blocks))).values()
    candidates, kept, skipped = (sum(count[name] for count in counts) for name in ("candidates", "kept", "skipped"))
    recall = regions_of(job).recall
    return PairsFound(candidates, kept, skipped, 1.0 if recall is None else recall, len(blocks))


def score(job: Job, part: int) -> dict[str, int]:
    """Write the scored pairs of a block; return how many candidates it has, were kept, and were skipped."""
    kind, of = blocks_of(job)[part]
    return _KINDS[kind](job, part, *of)


def _within(job: Job, part: int, region: int) -> dict[str, int]:
    nodes = nodes_of_regions(job, [region])
    left_out = _sparse_places(job, nodes)
    sparse = [left_out] if len(left_out) else []
    join = Join(nodes.scorer.level_vectors, **_options(job, nodes), sparse=sparse, neighbors=0, exact=_ALL)
    return _write(job, part, nodes, join)


def _across(job: Job, part: int, region: int, other: int) -> dict[str, int]:
    nodes = nodes_of_regions(job, [region, other])
    dense = np.ones(len(nodes.numbers), bool)
    dense[_sparse_places(job, nodes)] = False
    rows, others = (np.flatnonzero(dense & (nodes.homes == home)) for home in (region, other))
    return _write(job, part, nodes, Across(nodes.scorer.level_vectors, rows, others, **_options(job, nodes)))


def _cells(job: Job, part: int, region: int) -> dict[str, int]:
    found = cell_nodes(job, region)
    nodes, dense = found.nodes, found.without(_sparse_places(job, found.nodes))
    return _write(job, part, nodes, CellJoin(nodes.scorer.level_vectors, dense, **_options(job, nodes)))


def _sparse(job: Job, part: int, group: int, start: int, end: int) -> dict[str, int]:
    members = crowds_of(job).sparse[group]
    nodes = sparse_nodes(job, members[start : end + NEIGHBORS])
    a, b = adjacent(np.arange(len(nodes.numbers)))
    own = a < end - start
    pairs = near_pairs(nodes.scorer.level_vectors, a[own], b[own], **_options(job, nodes))
    later = len(members) - 1 - np.arange(start, end)  # of each node, how many come after it
    skipped = int(later.sum()) - int(own.sum())
    return _write(job, part, nodes, _OnePiece(pairs)) | {"skipped": skipped}


def _forced(job: Job, part: int, region: int) -> dict[str, int]:
    table = job.store.read("forced", region)
    i, j, first, second = (table[name].to_numpy() for name in ("i", "j", "gi", "gj"))
    nodes = nodes_at_home(job, np.unique([i, j]), np.unique([first, second]).tolist(), vectors=True)
    pairs = nodes.scorer.pair_probabilities(PairTable.of(nodes.places(i), nodes.places(j)), min_probability=0)
    nodes.located(pairs, forced=True).write(job, "pairs", part, read=False)
    return {"candidates": 0, "kept": len(pairs), "skipped": 0}


_KINDS: dict[str, Callable[..., dict[str, int]]] = {
    "within": _within,
    "across": _across,
    "cells": _cells,
    "sparse": _sparse,
    "forced": _forced,
}


@dataclass(frozen=True)
class _OnePiece:
    pairs: PairTable
    pieces = 1

    def piece(self, _: int) -> PairTable:
        return self.pairs


def _write(job: Job, part: int, nodes: LocalNodes, join: Pieces) -> dict[str, int]:
    """Score and write candidate pairs, but for those of one address, which have blocks of their own."""
    forced = address_pairs_among(job, nodes.numbers, np.unique(nodes.homes).tolist())
    scorer = replace(nodes.scorer, same_address=forced)

    def scored(number: int) -> tuple[int, PairTable]:
        pairs = join.piece(number)
        return len(pairs), scorer.pair_probabilities(scorer.without_forced(pairs))

    counts, tables = zip(*in_order(scored, range(join.pieces)), strict=True) if join.pieces else ((), ())
    kept = concatenate(tables)
    nodes.located(kept, forced=False).write(job, "pairs", part, read=False)
    return {"candidates": sum(counts), "kept": len(kept), "skipped": 0}


def _options(job: Job, nodes: LocalNodes) -> dict[str, Any]:
    """Return what all joins of a block are told."""
    scorer = nodes.scorer
    return {
        "threshold": scorer.floor,
        "band": nodes.band(job.settings.window),
        "wording": scorer.level == "wording",
    }


def _sparse_places(job: Job, nodes: LocalNodes) -> Ints:
    """Return the places of nodes that are in a sparse group, ascending."""
    return np.flatnonzero(np.isin(nodes.numbers, crowds_of(job).sparse_members))
