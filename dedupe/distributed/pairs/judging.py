"""Tables of pairs -> the same with the probability in context, as one machine computes it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from dedupe.candidates import PairTable
from dedupe.distributed.job import Job
from dedupe.distributed.nodes.encoding import scale
from dedupe.distributed.nodes.regions import count_nodes
from dedupe.runtime.arrays import Bools, Ints
from dedupe.scoring import Scorer, TitleFeatures
from dedupe.scoring.addresses import AddressPairs
from dedupe.scoring.context import Context

if TYPE_CHECKING:
    import pyarrow as pa

BY_ITSELF = ("similarity", "wording_similarity", "read_wording", "read_story", "p_pair_wording", "p_pair_story")
"""Columns that pairs have before."""
_JUDGED = ("p_pair_story", "p_wording", "p_story")  # what is known afterwards; an address raises the first


@dataclass(frozen=True)
class Judged:
    """Pairs with their probability in context, and the numbers of the nodes whose context is estimated from a sample."""

    pairs: pa.Table
    sampled: Ints

    def write(self, job: Job, unit: int) -> dict[str, int]:
        """Write what the run keeps as a unit of the step `context`; return how many pairs were judged and kept."""
        least = np.float32(job.judge.floor)
        kept = np.flatnonzero(self.pairs[f"p_{job.settings.level}"].to_numpy() >= least)
        job.store.write("context", unit, self.pairs.take(kept))
        job.store.write_array("context", unit, "sampled", self.sampled)
        return {"judged": len(self.pairs), "kept": len(kept), "sampled": len(self.sampled)}


def judge_pairs(job: Job, pairs: pa.Table, titles: TitleFeatures, wanted: Bools | None = None) -> Judged:
    """Judge pairs in context.

    `pairs`: rows of `read_pairs` in any order, all those of some components; `titles`: of their nodes, in order of number.
    `wanted`: which rows to judge, (pairs,), where the pairs are not of whole components; then all pairs of the nodes of these
    must be given. A row that is there twice counts once.
    """
    i, j = (pairs[name].to_numpy() for name in ("i", "j"))
    order, numbers = np.lexsort((j, i)), np.unique(np.concatenate([i, j]))
    order = order[(np.diff(i[order], prepend=-1) != 0) | (np.diff(j[order], prepend=-1) != 0)]
    i, j = np.searchsorted(numbers, i[order]).astype(np.int32), np.searchsorted(numbers, j[order]).astype(np.int32)
    pairs, at = pairs.take(order), None if wanted is None else np.flatnonzero(wanted[order])
    table = PairTable(i, j, **{name: pairs[name].to_numpy() for name in BY_ITSELF})
    scorer = _scorer(job, titles, table.take(np.flatnonzero(pairs["forced"].to_numpy())))
    judged, context = scorer.judged(table, partial(Context, at=at), at)
    pairs = pairs if at is None else pairs.take(at)
    for name in _JUDGED:
        pairs = _with(pairs, name, getattr(judged, name))
    return Judged(pairs, numbers[context.sampled])


def _scorer(job: Job, titles: TitleFeatures, forced: PairTable) -> Scorer:
    """Return what judges pairs of titles in context, which needs no vectors; `forced`: those of one address."""
    same_address = AddressPairs(forced.i.astype(np.int64), forced.j.astype(np.int64), [""] * len(forced))
    none = np.empty((len(titles.texts), 0), np.float32)
    run = job.judge, titles, none, none, scale(job), job.settings.level
    return Scorer(*run, same_address=same_address, among=count_nodes(job))


def _with(table: pa.Table, name: str, column: object) -> pa.Table:
    place = table.schema.get_field_index(name)
    return table.append_column(name, [column]) if place < 0 else table.set_column(place, name, [column])
