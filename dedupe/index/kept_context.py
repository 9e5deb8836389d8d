"""`KeptContext`: the sums over third headlines of which context is made, which the next run takes over.

A sum changes only by the terms of third headlines that came, went, or have another probability with one of the pair. So the
next run subtracts the terms that these had, and adds those that they have. Only pairs that have such a headline themselves
are summed anew.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from dedupe.candidates import PairTable
from dedupe.index.third_terms import Own, Terms, terms_of
from dedupe.levels import SCORED_LEVELS
from dedupe.runtime.arrays import Ints
from dedupe.scoring import TitleFeatures
from dedupe.scoring.context import Matrices, Sum, Sums, sums_of
from dedupe.scoring.echoes import words_of

_MOST_CHANGED = 8  # a run in which more than one in so many headlines changed is summed anew


@dataclass(frozen=True)
class KeptContext:
    """The sums of a run, and what they are made of: float64, so that terms can be taken away again."""

    matrices: Matrices
    table: PairTable
    words: csr_matrix
    sums: Sums


def context_of(titles: TitleFeatures, table: PairTable) -> KeptContext:
    """Return the sums of a first run."""
    matrices = Matrices(len(titles.texts), table.i, table.j)
    return KeptContext(matrices, table, words_of(titles), _wide(sums_of(titles, table, matrices)))


def renewed(
    before: KeptContext, titles: TitleFeatures, table: PairTable, origin: Ints, renumber: Ints, place: Ints
) -> KeptContext:
    """Return the sums of a run.

    `origin`: the place of each pair in the run before, -1 where it is new; `place`: that of each node; `renumber`: the node
    of each node of the run before, -1 where it has gone.
    """
    matrices, nodes = Matrices(len(titles.texts), table.i, table.j), len(titles.texts)
    changed = _changed(before, table, origin, renumber, place)
    now = np.union1d(np.flatnonzero(place < 0), renumber[changed])
    if len(now) * _MOST_CHANGED > nodes or before.matrices.is_estimated or matrices.is_estimated:
        return context_of(titles, table)
    is_changed = np.zeros(nodes, bool)
    is_changed[now] = True
    anew = is_changed[table.i] | is_changed[table.j]
    kept = KeptContext(matrices, table, words_of(titles), _taken_over(before.sums, origin))
    to = np.full(len(before.table), -1)
    to[origin[~anew]] = np.flatnonzero(~anew)
    went = np.union1d(np.flatnonzero(renumber < 0), changed)
    for terms in terms_of(before.matrices, before.table, before.words, went, own=False):
        _add(kept.sums, -1.0, terms, to)
    to = np.where(anew, -1, np.arange(len(table)))
    for terms in terms_of(matrices, table, kept.words, now, own=True):
        _add(kept.sums, 1.0, terms, to)
        _put(kept.sums, terms.own)
    return kept


def _changed(before: KeptContext, table: PairTable, origin: Ints, renumber: Ints, place: Ints) -> Ints:
    """Return nodes of the run before, still there, so that every pair with another probability now has one of them."""
    known, is_gone = np.flatnonzero(origin >= 0), np.ones(len(before.table), bool)
    is_gone[origin[known]] = False
    is_gone &= (renumber[before.table.i] >= 0) & (renumber[before.table.j] >= 0)
    differs = np.zeros(len(known), bool)
    for level in SCORED_LEVELS:
        differs |= table.p_pair(level)[known] != before.table.p_pair(level)[origin[known]]
    i, j = (place[nodes[origin < 0]] for nodes in (table.i, table.j))
    between = (i >= 0) & (j >= 0)
    return np.unique(np.concatenate([before.table.i[is_gone], before.table.i[origin[known[differs]]], i[between]]))


def _wide(sums: Sums) -> Sums:
    common: dict[str, Sum] = {level: values.astype(np.float64) for level, values in sums.common.items()}
    return Sums(common, sums.said.astype(np.float64), sums.mass)


def _taken_over(sums: Sums, origin: Ints) -> Sums:
    """Return the sums of the run before in new places; those of new pairs (-1) are to be set."""

    def moved(column: Sum) -> Sum:
        if not len(column):
            return np.zeros((len(origin), *column.shape[1:]), column.dtype)
        return column.take(origin, axis=0, mode="clip")

    return Sums({level: moved(values) for level, values in sums.common.items()}, moved(sums.said), moved(sums.mass))


def _add(sums: Sums, sign: float, terms: Terms, to: Ints) -> None:
    """Add what third headlines make of pairs, in place. `to`: where the sums of each pair are, -1 for nowhere."""
    at = to[terms.pair]
    there = at >= 0
    for level, values in zip(SCORED_LEVELS, terms.common, strict=True):
        np.add.at(sums.common[level], at[there], sign * values[there])
    at = to[terms.saying]
    there = at >= 0
    np.add.at(sums.said.reshape(-1), at[there] * 2 + terms.side[there], sign * terms.said[there])


def _put(sums: Sums, own: Own | None) -> None:
    """Set the sums of the pairs of third headlines themselves, in place."""
    if own is None:
        return
    for level, values in zip(SCORED_LEVELS, own.common, strict=True):
        sums.common[level][own.pair] = values
    for side, said, mass in ((own.side, own.said, own.mass), (1 - own.side, own.echoed, own.echoed_mass)):
        sums.said[own.pair, side], sums.mass[own.pair, side] = said, mass
