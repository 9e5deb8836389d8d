"""`Scorer`: candidate pairs of one run -> a table with their probabilities, by themselves and in context."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from dedupe.candidates.join import Join
from dedupe.candidates.pairs import PairTable, concatenate
from dedupe.candidates.products import cosines
from dedupe.candidates.time_band import TimeBand
from dedupe.embedding.vectors import Vectors, release_pages, rows_at
from dedupe.levels import SCORED_LEVELS
from dedupe.runtime.arrays import Bools, Float32s, Floats, Ints
from dedupe.runtime.parallel import in_order
from dedupe.runtime.progress import Progress, silent
from dedupe.scoring.addresses import NO_ADDRESSES, AddressPairs, address_pairs, pairs_in_time, refuted, with_address
from dedupe.scoring.context import Context
from dedupe.scoring.layout import with_record
from dedupe.scoring.minimal_pairs import difference_log_odds, with_difference
from dedupe.scoring.model import Judge, crowdedness, sigmoid
from dedupe.scoring.pair_features import pair_features
from dedupe.scoring.prefilter import prefilter
from dedupe.scoring.reader import PairsRead, ReadingStore, pairs_to_read, reader_of
from dedupe.scoring.similarity_scale import Scale
from dedupe.scoring.title_features import TitleFeatures

MIN_CONTEXT = {"story": 0.02, "wording": 0.05}
"""Per level of a run, the lowest probability by itself of a pair that is context for others; less probable pairs are dropped."""
_CHUNK_PAIRS = 32_768  # few enough for the cache, enough that threads rarely wait


class Scored(NamedTuple):
    """The pairs of a run, how many of them were read, and the nodes whose context is estimated from a sample, ascending."""

    pairs: PairTable
    read: PairsRead
    sampled: Ints


@dataclass(frozen=True)
class Scorer:
    """Scores the pairs of one run.

    `vectors`: unit rows, (n, d); `wording_vectors`: those of the wording level. `scale`: brings the encoder's cosine to the
    judge's scale. `level`: that of the run; pairs are kept by their probability at this level. `encoder`: names the folder of
    the reader; `reading`: which pairs it reads, one of `READING`; `readings`: where it looks up what it read before.
    `same_address`, `same_record` (of a page): pairs that are scored in any case. `among`: how many titles the run has, where
    `titles` are some of these.
    """

    judge: Judge
    titles: TitleFeatures
    vectors: Vectors
    wording_vectors: Vectors
    scale: Scale
    level: str
    encoder: Any = None
    reading: str = "off"
    readings: ReadingStore | None = None
    same_address: AddressPairs = NO_ADDRESSES
    same_record: AddressPairs = NO_ADDRESSES
    among: int | None = None

    @classmethod
    def of(
        cls,
        judge: Judge,
        titles: TitleFeatures,
        vectors: Vectors,
        scale: Scale,
        level: str,
        encoder: Any = None,
        reading: str = "off",
        readings: ReadingStore | None = None,
    ) -> Scorer:
        """Return the scorer of a run; `vectors` as the encoder gave them."""
        return cls(judge, titles, vectors, judge.wording_vectors(vectors), scale, level, encoder, reading, readings)

    def take(self, nodes: Ints) -> Scorer:
        """Return the scorer of these nodes, without addresses and records."""
        vectors = rows_at(self.vectors, nodes)
        same = self.wording_vectors is self.vectors
        wording = vectors if same else rows_at(self.wording_vectors, nodes)
        titles = self.titles.take(nodes)
        bare = replace(self, same_address=NO_ADDRESSES, same_record=NO_ADDRESSES)
        return replace(bare, titles=titles, vectors=vectors, wording_vectors=wording)

    def with_addresses(
        self, addresses: Sequence[str | None], of_row: Ints, band: TimeBand | None = None, generic: Bools | None = None
    ) -> Scorer:
        """Return the scorer of a run whose rows have these cleaned addresses, (rows,), and nodes; `band` as for `Join`.

        `generic`: (nodes,), whose titles say nothing; their address counts within one day. Addresses say nothing about wordings,
        so at that level nothing changes.
        """
        if self.level != "story":
            return self
        pairs = address_pairs(addresses, of_row, self.vectors, self.scale, generic)
        spans = self.titles.first, self.titles.last
        return replace(self, same_address=pairs_in_time(pairs, *spans, band, generic))

    def with_records(self, records: Sequence[str | None], of_row: Ints, band: TimeBand | None = None) -> Scorer:
        """Return the scorer of a run whose rows stand in these items of pages, (rows,); `of_row`, `band` as above."""
        pairs = address_pairs(records, of_row, self.vectors, self.scale)
        return replace(self, same_record=pairs.take(np.flatnonzero(band.allows(pairs.i, pairs.j))) if band else pairs)

    @cached_property
    def in_any_case(self) -> AddressPairs:
        """The pairs that are scored in any case: those of one address or one record."""
        return self.same_address.union(self.same_record)

    @property
    def crowd(self) -> float:
        """The `crowdedness` of the run."""
        return crowdedness(len(self.titles.texts) if self.among is None else self.among)

    @property
    def level_vectors(self) -> Vectors:
        """The vectors in which candidates are found."""
        return self.vectors if self.level == "story" else self.wording_vectors

    @property
    def floor(self) -> float:
        """The cosine similarity from which a pair is a candidate, on the scale of the encoder."""
        return float(self.scale.inverse(self.judge.candidate_floor[self.level]))

    def keeps(self, pairs: PairTable) -> Bools:
        """Return which pairs are candidates and probable enough by themselves to be kept, (pairs,)."""
        similarity = pairs.similarity if self.level == "story" else pairs.wording_similarity
        near: Bools = similarity >= np.float32(self.floor)
        return near & (pairs.p_pair(self.level) >= MIN_CONTEXT[self.level])

    def candidates(self, band: TimeBand | None, sparse: Sequence[Ints]) -> Join:
        """Return the join that finds the candidate pairs of the run; `band` and `sparse` as for `Join`."""
        return Join(self.level_vectors, self.floor, band, sparse=sparse, wording=self.level == "wording")

    def score(self, join: Join, progress: Progress) -> Scored:
        """Return the pairs of a join, and those scored in any case, that reach the judge's floor."""
        pairs, read = self.read(self.alone(join, progress), progress)
        pairs, sampled = self.in_context(pairs, self.judge.floor)
        return Scored(pairs, read, sampled)

    def alone(self, join: Join, progress: Progress) -> PairTable:
        """Return the pairs of a join, and those scored in any case, with their probability by themselves."""
        return concatenate(self._pieces(join, progress))

    def read(
        self, pairs: PairTable, progress: Progress = silent, min_probability: float | None = None
    ) -> tuple[PairTable, PairsRead]:
        """Return pairs with what the reader says, dropping those under `min_probability`, and how many were read."""
        places, read = self.to_read(pairs)
        if len(places):
            pairs = pairs.updated(places, self.as_read(pairs.take(places), progress))
        minimum = MIN_CONTEXT[self.level] if min_probability is None else min_probability
        kept = (pairs.p_pair(self.level) >= minimum) | self.in_any_case.contain(pairs.i, pairs.j)
        return pairs.take(kept), read

    def to_read(self, pairs: PairTable) -> tuple[Ints, PairsRead]:
        """Return the places of the pairs to read, ascending, and how many these are."""
        near = self.readable(pairs)
        alone = pairs
        if len(near) < len(pairs):
            p_wording, p_story = (pairs.p_pair(level)[near] for level in SCORED_LEVELS)
            alone = PairTable(pairs.i[near], pairs.j[near], p_pair_wording=p_wording, p_pair_story=p_story)
        places = near[pairs_to_read(alone, len(self.titles.texts), self.reading)]
        left = len(near) - len(places) if self.reading == "auto" else 0
        return places, PairsRead(len(pairs), len(places), left)

    def readable(self, pairs: PairTable) -> Ints:
        """Return the places of the pairs that may be read, ascending."""
        # The reader learned from pairs that vectors bring together; of others it knows nothing.
        return np.flatnonzero(self.scale(pairs.similarity) >= self.judge.candidate_floor["story"])

    def as_read(self, pairs: PairTable, progress: Progress = silent) -> PairTable:
        """Return pairs with what the reader says of each."""
        reader = reader_of(self.encoder)
        log_odds = reader.log_odds(self.titles.texts, pairs.i, pairs.j, progress, self.readings)
        scaled = self.scale(pairs.similarity), self.scale(pairs.wording_similarity)
        features = pair_features(self.titles, pairs.i, pairs.j, *scaled)
        probability = self.judge.read_probabilities(features, pairs, log_odds, self.crowd)
        return replace(
            pairs,
            read_wording=log_odds[:, 0],
            read_story=log_odds[:, 1],
            p_pair_wording=probability["wording"].astype(np.float32),
            p_pair_story=probability["story"].astype(np.float32),
        )

    def _pieces(self, join: Join, progress: Progress) -> Iterator[PairTable]:
        progress("scoring", 0, join.pieces)
        pieces = in_order(lambda k: self.pair_probabilities(self.without_forced(join.piece(k))), range(join.pieces))
        yield self.forced_pairs()
        for done, piece in enumerate(pieces, 1):
            yield piece
            progress("scoring", done, join.pieces)
        for vectors in (self.vectors, self.wording_vectors):
            release_pages(vectors)

    def forced_pairs(self) -> PairTable:
        """Return the pairs that are scored in any case, with their probability by themselves."""
        return self.pair_probabilities(PairTable.of(self.in_any_case.i, self.in_any_case.j), min_probability=0)

    def without_forced(self, pairs: PairTable) -> PairTable:
        """Return the pairs without those that are scored once and in any case."""
        return pairs.take(~self.in_any_case.contain(pairs.i, pairs.j)) if len(self.in_any_case) else pairs

    def pair_probabilities(
        self, pairs: PairTable, min_probability: float | None = None, *, chunk_pairs: int = _CHUNK_PAIRS
    ) -> PairTable:
        """Return pairs with their probability by themselves, dropping those under `min_probability` (see `MIN_CONTEXT`)."""
        minimum = MIN_CONTEXT[self.level] if min_probability is None else min_probability
        chunks = [pairs.take(slice(k, k + chunk_pairs)) for k in range(0, len(pairs), chunk_pairs)]
        return concatenate(self._score_chunk(chunk, minimum) for chunk in chunks)

    def _score_chunk(self, pairs: PairTable, min_probability: float) -> PairTable:
        pairs = self._with_similarities(pairs)
        scaled = self.scale(pairs.similarity), self.scale(pairs.wording_similarity)
        min_log_odds = np.log(min_probability / (1 - min_probability)) if min_probability else -np.inf
        kept, features = prefilter(self.judge, self.titles, pairs.i, pairs.j, *scaled, self.level, min_log_odds)
        probability = {level: sigmoid(odds) for level, odds in self.judge.pair_log_odds(features).items()}
        p_wording, p_story = (probability[level].astype(np.float32) for level in SCORED_LEVELS)
        unread = np.full(len(kept), np.nan, np.float32)
        pairs = replace(pairs.take(kept), read_wording=unread, read_story=unread)
        pairs = replace(pairs, p_pair_wording=p_wording, p_pair_story=p_story)
        return pairs.take(probability[self.level] >= min_probability)

    def _with_similarities(self, pairs: PairTable) -> PairTable:
        same = self.wording_vectors is self.vectors
        known = pairs.wording_similarity if same and not len(pairs.similarity) else pairs.similarity
        cosine = _filled(known, self.vectors, pairs)
        wording = cosine if same else _filled(pairs.wording_similarity, self.wording_vectors, pairs)
        return replace(pairs, similarity=cosine, wording_similarity=wording)

    def context_probabilities(
        self, pairs: PairTable, floor: float, context_of: Callable[[TitleFeatures, PairTable], Context] = Context
    ) -> PairTable:
        """Return the pairs whose probability in context reaches `floor` at the level of the run, with their context."""
        return self.in_context(pairs, floor, context_of)[0]

    def in_context(
        self, pairs: PairTable, floor: float, context_of: Callable[[TitleFeatures, PairTable], Context] = Context
    ) -> tuple[PairTable, Ints]:
        """Return the same, and the nodes whose context is estimated from a sample, ascending."""
        pairs, context = self.judged(pairs, context_of)
        kept = np.flatnonzero(pairs.p(self.level) >= floor)
        return replace(pairs.take(kept), context=context.packed(kept)), context.sampled

    def judged(
        self,
        pairs: PairTable,
        context_of: Callable[[TitleFeatures, PairTable], Context] = Context,
        at: Ints | None = None,
    ) -> tuple[PairTable, Context]:
        """Return all pairs, or those at some places, with their probability in context, and this context.

        `context_of` is given all pairs, and returns the context of those at these places. Of the titles, only `texts`,
        `words` and `forms` are looked at, which their cores and labels tell.
        """
        pairs, same_address = self.addressed(pairs)
        context = context_of(self.titles, pairs)
        if at is not None:
            pairs, same_address = pairs.take(at), same_address[at]
        difference = difference_log_odds(self.titles, pairs)
        return self.judged_in(context, pairs, same_address, difference), context

    def addressed(self, pairs: PairTable) -> tuple[PairTable, Bools]:
        """Return pairs as others have them for context, and which of them count as of one address, (pairs,)."""
        same_address = self.same_address.contain(pairs.i, pairs.j)
        if same_address.any():
            same_address &= ~refuted(self.scale(pairs.similarity), pairs.p_pair_story)
        return replace(pairs, p_pair_story=with_address(pairs.p_pair_story, same_address)), same_address

    def judged_in(self, context: Context, pairs: PairTable, same_address: Bools, difference: Floats) -> PairTable:
        """Return `addressed` pairs with their probability in this context; `difference`: of `difference_log_odds`."""
        pairs = self.judge.with_context(context, pairs, self.crowd)
        pairs = replace(pairs, p_story=with_address(pairs.p_story, same_address))
        same_record = self.same_record.contain(pairs.i, pairs.j)
        p_wording, p_story = (
            with_difference(with_record(p, same_record), difference) for p in (pairs.p_wording, pairs.p_story)
        )
        return replace(pairs, p_wording=p_wording, p_story=p_story)


def _filled(column: Float32s, vectors: Vectors, pairs: PairTable) -> Float32s:
    return column if len(column) else np.maximum(cosines(vectors, pairs.i, pairs.j), -1)
