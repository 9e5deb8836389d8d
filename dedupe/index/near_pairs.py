"""`NearPairs`: new headlines, the active ones that may be partners of them, and the pairs of the new ones by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dedupe.candidates import ROUNDING_ERROR, PairTable, TimeBand, concatenate, pairs_with
from dedupe.clustering import Copies, Nodes, collapse_copies
from dedupe.embedding import Vectors, VectorStore, embed
from dedupe.headlines import Headline
from dedupe.index.kept_nodes import KeptNodes, described, encoded
from dedupe.pipeline import cleaned_addresses
from dedupe.result.deduplication import Deduplication
from dedupe.runtime.arrays import Bools, Float32s, Ints
from dedupe.runtime.progress import silent
from dedupe.scoring import Scorer, TitleFeatures
from dedupe.scoring.addresses import rows_at_addresses
from dedupe.scoring.title_features import numbered_sources, stacked

_CHUNK_ROWS = 8192


@dataclass(frozen=True)
class NewNodes:
    """New headlines as nodes with features and vectors, also of the wording level."""

    copies: Copies
    titles: TitleFeatures
    vectors: Float32s
    wording: Float32s

    def __len__(self) -> int:
        return len(self.copies.nodes)

    @classmethod
    def of(
        cls,
        headlines: Sequence[Headline],
        last: Deduplication,
        nodes: KeptNodes,
        scorer: Scorer,
        store: VectorStore | None,
    ) -> NewNodes:
        """Return new headlines as nodes of a run with what makes them comparable with those of the last one."""
        copies = collapse_copies(headlines, last.settings.window, last.outlets)
        titles = described(copies, np.arange(len(copies.nodes)), nodes.vocabulary)
        vectors = embed(scorer.encoder, encoded(copies), silent, store)[:]
        if not vectors.shape[1]:  # all titles are empty
            vectors = np.zeros((len(vectors), last.vectors.shape[1]), np.float32)
        wording = vectors if scorer.judge.head is None else scorer.judge.wording_vectors(vectors)[:]
        return cls(copies, titles, vectors, wording)


@dataclass(frozen=True)
class NearPairs:
    """`near`: the active nodes, ascending. `scorer`: of these and then the new ones; `pairs`: those with a new one."""

    near: Ints
    scorer: Scorer
    pairs: PairTable

    @classmethod
    def of(
        cls,
        new: NewNodes,
        last: Deduplication,
        nodes: KeptNodes,
        generic: Bools,
        scorer: Scorer,
        addresses: Sequence[str | None],
    ) -> NearPairs:
        """Score new nodes. `scorer`, `nodes`: of the last run, and which of these say nothing; `addresses`: of its rows."""
        of_row, own = last.nodes.of_row, cleaned_addresses(new.copies.headlines)
        vectors = new.vectors if scorer.level == "story" else new.wording
        old, of_new = _near(scorer.level_vectors, vectors, scorer.floor)
        addressed = rows_at_addresses([*addresses, *own], of_row, len(last)) if any(own) else old[:0]
        near = np.unique(np.concatenate([old, of_row[addressed]]))
        local = _scorer(new, near, last, nodes, scorer)
        titles, window = local.titles, last.settings.window
        band = None if window is None else TimeBand(titles.first, titles.last, window)
        numbers = np.concatenate([np.searchsorted(near, of_row[addressed]), len(near) + new.copies.nodes.of_row])
        generic = np.concatenate([generic[near], new.copies.generic[new.copies.nodes.title_row]])
        local = local.with_addresses([*(addresses[row] for row in addressed.tolist()), *own], numbers, band, generic)
        records = [headline.record for headline in new.copies.headlines]
        local = local.with_records([*[None] * len(addressed), *records], numbers, band)
        among = pairs_with(vectors, np.arange(len(new)), scorer.floor)
        pairs = PairTable.of(
            np.concatenate([np.searchsorted(near, old), among.i + len(near)]),
            np.concatenate([of_new, among.j]) + len(near),
        )
        pairs = local.without_forced(pairs if band is None else pairs.take(band.allows(pairs.i, pairs.j)))
        pairs = local.pair_probabilities(pairs)
        forced = local.forced_pairs()
        parts = [pairs.take(local.keeps(pairs)) if len(pairs) else pairs, forced.take(forced.j >= len(near))]
        return cls(near, local, concatenate(parts))


def _near(vectors: Vectors, new: Float32s, floor: float) -> tuple[Ints, Ints]:
    """Return the places of active vectors and of new ones that may have a cosine of at least `floor`."""
    places, of_new, least = list[Ints](), list[Ints](), np.float32(floor - ROUNDING_ERROR)
    for start in range(0, len(vectors), _CHUNK_ROWS):
        place, k = np.nonzero(vectors[start : start + _CHUNK_ROWS] @ new.T >= least)
        places.append(place + start)
        of_new.append(k)
    return np.concatenate(places), np.concatenate(of_new)


def _scorer(new: NewNodes, near: Ints, last: Deduplication, nodes: KeptNodes, scorer: Scorer) -> Scorer:
    """Return the scorer of some active nodes and then the new ones, as among all of them."""
    vectors = np.concatenate([scorer.vectors[near], new.vectors])
    same = scorer.wording_vectors is scorer.vectors
    wording = vectors if same else np.concatenate([scorer.wording_vectors[near], new.wording])
    sources = [*_sources(last.headlines, last.nodes, near), *_sources(new.copies.headlines, new.copies.nodes)]
    titles = replace(stacked(nodes.titles.take(near), new.titles), sources=numbered_sources(sources))
    return replace(
        scorer.take(near[:0]),
        titles=titles,
        vectors=vectors,
        wording_vectors=wording,
        among=len(nodes) + len(new),
    )


def _sources(headlines: Sequence[Headline], nodes: Nodes, some: Ints | slice = slice(None)) -> list[str | None]:
    """Return the source of the title of each node, or of some."""
    return [headlines[row].source for row in nodes.title_row[some].tolist()]
