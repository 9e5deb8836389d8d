"""`KeptPairs`: the pairs of a run by themselves and what the reader said of them, which the next run takes over."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from dedupe.candidates import PairTable, TimeBand, concatenate, pairs_with
from dedupe.index.kept_crowds import CountingJoin
from dedupe.levels import SCORED_LEVELS
from dedupe.runtime.arrays import Bools, Float32s, Ints
from dedupe.runtime.parallel import in_order
from dedupe.runtime.progress import Progress
from dedupe.scoring import PairsRead, Scorer
from dedupe.scoring.minimal_pairs import difference_log_odds
from dedupe.scoring.scorer import MIN_CONTEXT

_CHUNK_PAIRS = 32_768
OF_READINGS = ("read_wording", "read_story", "p_pair_wording", "p_pair_story")


@dataclass(frozen=True)
class KeptPairs:
    """The pairs of a run, sorted by (i, j), before the reader read any.

    `forced`: which are scored in any case, (pairs,). `difference`: of `difference_log_odds`, (pairs,). `read`: the places of
    those that were read in this run or one before; `readings`: what came of it, as a table of these pairs. `least_doubt`: from
    which a pair was read: the least product of probability and complement, 0 where all were, infinity where none was.
    `similar`: how many nodes each node of this run or one before was so similar to that they may be a crowd, (nodes,).
    """

    table: PairTable
    forced: Bools
    difference: Float32s
    read: Ints
    readings: PairTable
    similar: Ints
    least_doubt: float = np.inf

    def __len__(self) -> int:
        return len(self.table)


def pairs_of(scorer: Scorer, band: TimeBand | None, progress: Progress) -> KeptPairs:
    """Return the pairs of a first run."""
    nothing, join = np.empty(0, np.int64), CountingJoin(scorer, band)
    table = scorer.alone(join, progress)
    forced, difference = scorer.in_any_case.contain(table.i, table.j), _difference(scorer, table)
    return KeptPairs(table, forced, difference, nothing, table.take(nothing), join.similar)


def _difference(scorer: Scorer, table: PairTable) -> Float32s:
    return difference_log_odds(scorer.titles, table).astype(np.float32)  # of a few whole numbers


def renewed(
    before: KeptPairs, renumber: Ints, found: PairTable, similar: Ints, scorer: Scorer
) -> tuple[KeptPairs, Ints]:
    """Return the pairs of a run, and the place of each in the run before, -1 where it is new.

    `renumber`: the node of each node of the run before, -1 where it has gone, else ascending. `found`: the candidate pairs of
    the other nodes. `similar`: as in `KeptPairs`.
    """
    nodes, number = len(scorer.titles.texts), renumber.astype(np.int32)
    i, j = number.take(before.table.i), number.take(before.table.j)
    alive = np.flatnonzero((i >= 0) & (j >= 0))
    i, j, was_forced = i[alive], j[alive], before.forced[alive]
    is_forced = scorer.in_any_case.contain(i, j)
    lapsed = np.flatnonzero(was_forced & ~is_forced)
    added = _scored(found, PairTable.of(i[lapsed], j[lapsed]), scorer)
    keys, wanted, stays = _keys(i, j, nodes), _keys(added.i, added.j, nodes), ~(was_forced | is_forced)
    at = np.searchsorted(keys[stays], wanted) + np.arange(len(wanted))
    origin = np.full(len(at) + np.count_nonzero(stays), -1)
    is_old = np.ones(len(origin), bool)
    is_old[at] = False
    origin[is_old] = alive[stays]
    table = _merged(before.table, added, at, origin)
    table.i[is_old], table.j[is_old] = i[stays], j[stays]
    difference = _merged_column(before.difference, _difference(scorer, added), at, origin)
    origin[at] = _find(keys, alive, wanted)
    read, readings = _moved_readings(before, origin)
    readings = replace(readings, i=table.i[read], j=table.j[read])
    forced = scorer.in_any_case.contain(table.i, table.j)
    return KeptPairs(table, forced, difference, read, readings, similar), origin


def _moved_readings(before: KeptPairs, origin: Ints) -> tuple[Ints, PairTable]:
    """Return the new places of the pairs that were read, as far as they are still there, and the readings."""
    place = np.full(len(before), -1, np.int32)
    there = np.flatnonzero(origin >= 0)
    place[origin[there]] = there
    read = place[before.read].astype(np.int64)
    return read[read >= 0], before.readings.take(read >= 0)


def pairs_with_new(new: Ints, scorer: Scorer, band: TimeBand | None) -> PairTable:
    """Return the candidate pairs of new nodes with all."""
    return pairs_with(scorer.level_vectors, new, scorer.floor, band, wording=scorer.level == "wording")


def _scored(found: PairTable, lapsed: PairTable, scorer: Scorer) -> PairTable:
    """Return candidate pairs, those scored in any case, and those that no longer are, by themselves."""
    found = scorer.without_forced(found)
    parts = [found.take(slice(k, k + _CHUNK_PAIRS)) for k in range(0, len(found), _CHUNK_PAIRS)]
    lapsed = scorer.pair_probabilities(lapsed)
    lapsed = lapsed.take(scorer.keeps(lapsed)) if len(lapsed) else lapsed
    return concatenate([*in_order(scorer.pair_probabilities, parts), scorer.forced_pairs(), lapsed])


def _merged(before: PairTable, added: PairTable, at: Ints, origin: Ints) -> PairTable:
    """Return a table with the pairs of the run before at their `origin`, and the added ones `at` some places."""
    if not len(before):
        return added
    columns = [(getattr(before, column.name), getattr(added, column.name)) for column in fields(PairTable)]
    return PairTable(*(_merged_column(values, more, at, origin) for values, more in columns))


def _merged_column(before: Any, added: Any, at: Ints, origin: Ints) -> Any:
    """Return a column of `_merged`."""
    if not len(before):
        return added
    values = before.take(origin, mode="clip")
    values[at] = added
    return values


def _find(keys: Ints, places: Ints, wanted: Ints) -> Ints:
    """Return the place of each wanted key among the sorted keys, which have these places; -1 where it is none."""
    if not len(keys):
        return np.full(len(wanted), -1)
    found = np.searchsorted(keys, wanted).clip(max=len(keys) - 1)
    return np.where(keys[found] == wanted, places[found], -1)


def _keys(i: Ints, j: Ints, nodes: int) -> Ints:
    return i.astype(np.int64) * nodes + j


def as_read(pairs: KeptPairs, scorer: Scorer, progress: Progress) -> tuple[KeptPairs, PairTable, PairsRead]:
    """Return the pairs, with what the reader says of those that it has not read before; and the same as `Scorer.read`.

    Pairs that this would drop have probability 0 instead, so that all keep their places.
    """
    table = pairs.table
    places, read = scorer.to_read(table)
    is_read = np.zeros(len(table), bool)
    is_read[pairs.read] = True
    missing = places[~is_read[places]]
    if len(missing):
        more = scorer.as_read(table.take(missing), progress)
        pairs = replace(
            pairs,
            read=np.sort(np.concatenate([pairs.read, missing])),
            readings=concatenate([pairs.readings, more]),
        )
    doubt = (
        np.maximum(*(p[places] * (1 - p[places]) for p in map(table.p_pair, SCORED_LEVELS))) if len(table) else places
    )
    least = np.inf if scorer.reading == "off" else float(doubt.min(initial=np.inf)) if read.left else 0.0
    pairs = replace(pairs, least_doubt=least)
    table = _with_readings(pairs, places, scorer.level) if len(places) else table
    return pairs, table, read


def _with_readings(pairs: KeptPairs, places: Ints, level: str) -> PairTable:
    """Return all pairs with what the reader says of those at some places; others have none to drop."""
    readings = pairs.readings.take(np.searchsorted(pairs.read, places))
    table = replace(pairs.table, **{name: getattr(pairs.table, name).copy() for name in OF_READINGS})
    for name in OF_READINGS:
        getattr(table, name)[places] = getattr(readings, name)
    dropped = places[~((readings.p_pair(level) >= MIN_CONTEXT[level]) | pairs.forced[places])]
    for other in SCORED_LEVELS:
        table.p_pair(other)[dropped] = 0
    return table
