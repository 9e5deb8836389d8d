"""The pairs that cells find, region by region: nodes of a region with all that probe a cell of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dedupe.candidates.cells import Cells, InvertedLists, Probes
from dedupe.candidates.int8 import products_of
from dedupe.candidates.join import near_pairs
from dedupe.candidates.pairs import PairTable
from dedupe.candidates.time_band import TimeBand
from dedupe.distributed.job import Job
from dedupe.distributed.nodes.local_nodes import LocalNodes, local_scorer
from dedupe.distributed.nodes.region_cells import load_cells, load_probing
from dedupe.distributed.nodes.regions import load, source_numbers
from dedupe.distributed.nodes.tables import numbers_in, titles_in
from dedupe.embedding.vectors import Vectors
from dedupe.runtime.arrays import Bools, Ints
from dedupe.scoring.title_features import Vocabulary, stacked

_BLOCK_CELLS = 8  # of one piece


@dataclass(frozen=True)
class CellNodes:
    """Nodes of a region and those that probe its cells: their own cell, -1 for none, which they probe, and which live there."""

    nodes: LocalNodes
    own: Ints
    probes: Probes
    inside: Bools

    def without(self, places: Ints) -> CellNodes:
        """Return the same where some nodes are in no cell and probe none."""
        kept = np.ones(len(self.own), bool)
        kept[places] = False
        cells = self.probes.of(np.flatnonzero(kept))[1]
        return replace(self, probes=Probes(cells, self.probes.sizes * kept), inside=self.inside & kept)


def cell_nodes(job: Job, region: int) -> CellNodes:
    """Return the nodes of the block of a region."""
    home, probing = load(job, region), load_probing(job, region)
    vocabulary = Vocabulary.of(
        np.array([kind for kind, _ in home.members], np.uint8), [member for _, member in home.members]
    )
    titles, table = titles_in(probing.table, vocabulary), probing.table
    sources = source_numbers(table["source"].to_pylist(), numbers_in(table))
    own, probes = load_cells(job, region)
    numbers = np.concatenate([home.numbers, probing.numbers])
    order = np.argsort(numbers)
    scorer = local_scorer(
        job,
        stacked(home.titles, replace(titles, sources=sources)).take(order),
        np.concatenate([home.vectors[:], probing.vectors[:]])[order],
    )
    every = Probes(np.concatenate([probes.cells, probing.probes.cells]), np.append(probes.sizes, probing.probes.sizes))
    return CellNodes(
        LocalNodes(numbers[order], np.append(np.full(len(home), region, np.int32), probing.regions)[order], scorer),
        np.append(own, probing.cells)[order],
        Probes(every.of(order)[1], every.sizes[order]),
        order < len(home),
    )


class CellJoin:
    """The pairs that probing the cells of a region finds, each in one piece; `vectors`, `band`, `wording`: as for `Join`."""

    def __init__(
        self,
        vectors: Vectors,
        found: CellNodes,
        threshold: float,
        band: TimeBand | None = None,
        *,
        wording: bool = False,
    ) -> None:
        self._vectors, self._threshold, self._band, self._wording = vectors, threshold, band, wording
        # Cells are numbered anew, since a table of all of them would be large.
        known, numbered = np.unique(np.append(found.own, found.probes.cells), return_inverse=True)
        own, cells = numbered[: len(found.own)].astype(np.uint16), numbered[len(found.own) :].astype(np.uint16)
        probes = Probes(cells, found.probes.sizes)
        members = InvertedLists(Probes(own[found.inside], found.inside.astype(np.int64)), len(known))
        self._cells = Cells(probes, InvertedLists(probes, len(known)), own, members, len(known), recall=1.0)
        held = np.bincount(own[found.inside], minlength=len(known))
        self._searched = np.flatnonzero(held)
        self._products = products_of(vectors, int(held @ np.bincount(cells, minlength=len(known))))

    @property
    def pieces(self) -> int:
        """How many pieces there are."""
        return -(-len(self._searched) // _BLOCK_CELLS)

    def piece(self, number: int) -> PairTable:
        """Return the pairs of one piece, sorted by (i, j)."""
        cells = self._searched[number * _BLOCK_CELLS : (number + 1) * _BLOCK_CELLS].tolist()
        pairs = [self._cells.pairs(self._products, cell, self._threshold) for cell in cells]
        a, b = (np.concatenate([pair[k] for pair in pairs]) for k in (0, 1))
        return near_pairs(self._vectors, a, b, self._threshold, self._band, self._wording)
