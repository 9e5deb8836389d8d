"""`KeptContext`: the context of all pairs of a run and what it is made of, which the next run takes over.

A sum over third headlines changes only by the terms of those that came, went, or have another probability with one of the pair.
So the next run subtracts the terms that these had, and adds those that they have; only pairs that have such a headline
themselves are summed anew. Where no headline of a pair has such a one as a partner, nothing changes, and the pair is not judged
again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from dedupe.candidates import PairTable
from dedupe.index.third_terms import Own, Terms, terms_of
from dedupe.levels import SCORED_LEVELS
from dedupe.runtime.arrays import Bools, Float32s, Floats, Ints
from dedupe.scoring import Scorer
from dedupe.scoring.context import CONTEXT_FEATURES, Context, Matrices, Sum, Sums, row_statistics, sums_of
from dedupe.scoring.echoes import words_of

_MOST_CHANGED = 8  # a run in which more than one in so many headlines changed is summed anew


@dataclass(frozen=True)
class KeptContext:
    """The context of a run.

    `table`: all pairs; `probability`: theirs in context, per level. `sums`: float64, so that terms can be taken away again, but
    float32 in a file. `statistics`: per level, of `row_statistics`; None: not made yet. `places`: of the pairs that the run
    keeps, ascending; `features`: their context.
    """

    matrices: Matrices
    table: PairTable
    words: csr_matrix
    sums: Sums
    statistics: Mapping[str, Floats] | None
    probability: Mapping[str, Float32s]
    places: Ints
    features: NDArray[np.float16]

    @property
    def sampled(self) -> Ints:
        """The nodes whose context is estimated from a sample, ascending."""
        return np.flatnonzero(self.matrices.sampled)

    @property
    def scored(self) -> PairTable:
        """The pairs that the run keeps."""
        p_wording, p_story = (self.probability[level][self.places] for level in SCORED_LEVELS)
        return replace(self.table.take(self.places), p_wording=p_wording, p_story=p_story, context=self.features)


@dataclass(frozen=True)
class Since:
    """What changed since the run before.

    `origin`: the place of each pair in the run before, -1 where it is new; `place`: that of each node; `renumber`: the node
    of each node of the run before, -1 where it has gone.
    """

    before: KeptContext
    origin: Ints
    renumber: Ints
    place: Ints


def context_of(scorer: Scorer, table: PairTable, difference: Float32s, floor: float) -> KeptContext:
    """Return the context of the pairs of a first run, of which those are kept whose probability reaches the floor.

    `difference`: of `difference_log_odds`, (pairs,).
    """
    table, same_address = scorer.addressed(table)
    matrices = Matrices(len(scorer.titles.texts), table.i, table.j)
    sums, statistics = sums_of(scorer.titles, table, matrices), statistics_of(matrices, table)
    context = Context(scorer.titles, table, matrices, sums, None, statistics)
    judged = scorer.judged_in(context, table, same_address, difference.astype(np.float64))
    probability = {level: judged.p(level) for level in SCORED_LEVELS}
    places = _kept(table, probability, scorer.level, floor)
    features = context.packed(places)
    return KeptContext(matrices, table, words_of(scorer.titles), _wide(sums), statistics, probability, places, features)


def renewed(
    scorer: Scorer, table: PairTable, forced: Bools, difference: Float32s, floor: float, since: Since
) -> KeptContext:
    """Return the context of a later run; `forced`: which pairs are scored in any case, now or before, (pairs,)."""
    bare = table
    table, same_address = scorer.addressed(table)
    before, nodes = since.before, len(scorer.titles.texts)
    matrices, changed = Matrices(nodes, table.i, table.j), _changed(table, since)
    now = np.union1d(np.flatnonzero(since.place < 0), since.renumber[changed])
    if len(now) * _MOST_CHANGED > nodes or before.matrices.is_estimated or matrices.is_estimated:
        return context_of(scorer, bare, difference, floor)
    went = np.union1d(np.flatnonzero(since.renumber < 0), changed)
    words = words_of(scorer.titles)
    sums = _renewed_sums(since, matrices, table, words, now, went)
    touched = _touched(since, matrices, now, went)
    then = before.statistics or statistics_of(before.matrices, before.table)
    statistics = {level: values.take(since.place, axis=1, mode="clip") for level, values in then.items()}
    for level, values in statistics_of(matrices, table, touched).items():
        statistics[level][:, touched] = values
    is_again = forced.copy()
    is_again[matrices.pair[touched].data] = True
    again = np.flatnonzero(is_again)
    part = _without_similarity(table).take(again)
    context = Context(scorer.titles, part, matrices, _taken(sums, again), None, statistics)
    judged = scorer.judged_in(context, part, same_address[again], difference[again].astype(np.float64))
    probability = _renewed_probability(judged, again, since)
    places = _kept(table, probability, scorer.level, floor)
    features = _renewed_features(context, again, places, since)
    return KeptContext(matrices, table, words, sums, statistics, probability, places, features)


def _changed(table: PairTable, since: Since) -> Ints:
    """Return nodes of the run before, still there, so that every pair with another probability now has one of them."""
    then, origin, is_gone = since.before.table, since.origin, np.ones(len(since.before.table), bool)
    known = origin >= 0
    is_gone[origin[known]] = False
    gone = np.flatnonzero(is_gone)
    gone = then.i[gone[(since.renumber[then.i[gone]] >= 0) & (since.renumber[then.j[gone]] >= 0)]]
    for level in SCORED_LEVELS if len(then) else ():
        known &= table.p_pair(level) == then.p_pair(level).take(origin, mode="clip")
    other = np.flatnonzero(~known)
    i, j = since.place[table.i[other]], since.place[table.j[other]]
    return np.unique(np.concatenate([gone, i[(i >= 0) & (j >= 0)]]))


def _renewed_sums(since: Since, matrices: Matrices, table: PairTable, words: csr_matrix, now: Ints, went: Ints) -> Sums:
    """Return the sums of a run. `now`: the third headlines whose terms are added; `went`: of the run before, subtracted."""
    before, anew = since.before, matrices.pair[now].data
    sums = _moved(before.sums, since.origin)
    stay = since.origin >= 0
    stay[anew] = False
    there = np.flatnonzero(stay)
    to = np.full(len(before.table), -1, np.int32)
    to[since.origin[there]] = there
    for thirds, _ in terms_of(before.matrices, before.table, before.words, went, to, own=False):
        for terms in thirds:
            _add(sums, -1.0, terms)
    to = np.arange(len(table), dtype=np.int32)
    to[anew] = -1
    for thirds, own in terms_of(matrices, table, words, now, to, own=True):
        for terms in thirds:
            _add(sums, 1.0, terms)
        _put(sums, own)
    return sums


def _touched(since: Since, matrices: Matrices, now: Ints, went: Ints) -> Ints:
    """Return the nodes that came, changed, or have a partner that did or went, ascending."""
    of_before = since.renumber[since.before.matrices.pair[went].indices]
    return np.unique(np.concatenate([now, matrices.pair[now].indices, of_before[of_before >= 0]]))


def statistics_of(matrices: Matrices, table: PairTable, nodes: Ints | None = None) -> dict[str, Floats]:
    """Return the statistics of the rows of all nodes, or of some, (4, nodes) per level."""
    pair = matrices.pair if nodes is None else matrices.pair[nodes]
    return {
        level: row_statistics(csr_matrix((table.p_pair(level).take(pair.data), pair.indices, pair.indptr), pair.shape))
        for level in SCORED_LEVELS
    }


def _renewed_probability(judged: PairTable, again: Ints, since: Since) -> dict[str, Float32s]:
    """Return the probability in context of all pairs: of those judged `again`, and of the others as in the run before."""
    probability = {}
    for level in SCORED_LEVELS:
        then = since.before.probability[level]
        values = then.take(since.origin, mode="clip") if len(then) else np.zeros(len(since.origin), np.float32)
        values[again] = judged.p(level)
        probability[level] = values
    return probability


def _kept(table: PairTable, probability: Mapping[str, Float32s], level: str, floor: float) -> Ints:
    return np.flatnonzero((probability[level] >= floor) & (table.p_pair(level) > 0))


def _renewed_features(context: Context, again: Ints, places: Ints, since: Since) -> NDArray[np.float16]:
    """Return the features of the pairs at some places; `context`: of those judged `again`."""
    at = np.searchsorted(again, places).clip(max=max(len(again) - 1, 0))
    is_again = again[at] == places if len(again) else np.zeros(len(places), bool)
    features = np.empty((len(places), len(CONTEXT_FEATURES)), np.float16)
    features[is_again] = context.packed(at[is_again])
    before = np.searchsorted(since.before.places, since.origin[places[~is_again]])
    features[~is_again] = since.before.features.take(before, axis=0)
    return features


def _wide(sums: Sums) -> Sums:
    common: dict[str, Sum] = {level: values.astype(np.float64, copy=False) for level, values in sums.common.items()}
    return Sums(common, sums.said.astype(np.float64, copy=False), sums.mass)


def _without_similarity(table: PairTable) -> PairTable:
    nothing = np.empty(0, np.float32)
    return replace(table, similarity=nothing, wording_similarity=nothing)


def _taken(sums: Sums, places: Ints) -> Sums:
    """Return the sums of the pairs at some places."""
    common = {level: values.take(places) for level, values in sums.common.items()}
    return Sums(common, sums.said.take(places, axis=0), sums.mass.take(places, axis=0))


def _moved(sums: Sums, origin: Ints) -> Sums:
    """Return the sums of the run before in new places; those of new pairs (-1) are to be set."""

    def moved(column: Sum) -> Sum:
        if not len(column):
            return np.zeros((len(origin), *column.shape[1:]), column.dtype)
        return column.take(origin, axis=0, mode="clip")

    common, said, mass = sums
    return _wide(Sums({level: moved(values) for level, values in common.items()}, moved(said), moved(mass)))


def _add(sums: Sums, sign: float, terms: Terms) -> None:
    """Add what a third headline makes of pairs, in place."""
    for level, values in zip(SCORED_LEVELS, terms.common, strict=True):
        sums.common[level][terms.pair] += sign * values
    sums.said.reshape(-1)[terms.saying] += sign * terms.said


def _put(sums: Sums, own: Own | None) -> None:
    """Set the sums of the pairs of third headlines themselves, in place."""
    if own is None:
        return
    for level, values in zip(SCORED_LEVELS, own.common, strict=True):
        sums.common[level][own.pair] = values
    for side, said, mass in ((own.side, own.said, own.mass), (1 - own.side, own.echoed, own.echoed_mass)):
        sums.said[own.pair, side], sums.mass[own.pair, side] = said, mass
