"""`KeptContext`: the sums over third headlines of which context is made, which the next run takes over.

A sum changes only by the terms of third headlines that came, went, or have another probability with one of the pair. So the
next run subtracts the terms that these had, and adds those that they have. Only pairs that have such a headline themselves
are summed anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix, hstack

from dedupe.candidates import PairTable
from dedupe.levels import SCORED_LEVELS
from dedupe.runtime.arrays import Floats, Ints
from dedupe.runtime.parallel import in_order
from dedupe.scoring import TitleFeatures
from dedupe.scoring.context import Matrices, Sum, Sums, sums_of
from dedupe.scoring.echoes import words_of

_CHUNK_PAIRS = 65_536
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
    if len(now) * _MOST_CHANGED > nodes or matrices.is_estimated(matrices.matrix(table.p_pair_story)):
        return context_of(titles, table)
    is_changed = np.zeros(nodes, bool)
    is_changed[now] = True
    anew = is_changed[table.i] | is_changed[table.j]
    sums = _taken_over(before.sums, np.where(anew, -1, origin))
    kept = KeptContext(matrices, table, words_of(titles), sums)
    then, columns = np.union1d(np.flatnonzero(renumber < 0), changed), kept.words.shape[1]
    came = _thirds(kept, now, np.arange(nodes), nodes, columns)
    went = _thirds(before, then, renumber, nodes, columns)
    _change(sums, np.flatnonzero(~anew), kept, came, went)
    at = np.flatnonzero(anew)
    _put(sums, at, sums_of(titles, table, matrices, at))
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
    """Return the sums of the run before in new places, 0 where there were none."""
    known = origin >= 0

    def moved(column: Sum) -> Sum:
        values = np.zeros((len(origin), *column.shape[1:]), column.dtype)
        values[known] = column[origin[known]]
        return values

    return Sums({level: moved(values) for level, values in sums.common.items()}, moved(sums.said), moved(sums.mass))


def _put(sums: Sums, at: Ints, values: Sums) -> None:
    for level in SCORED_LEVELS:
        sums.common[level][at] = values.common[level]
    sums.said[at], sums.mass[at] = values.said, values.mass


def _change(sums: Sums, at: Ints, kept: KeptContext, came: _Thirds, went: _Thirds) -> None:
    """Add to the sums of pairs, which are at places `at`, what third headlines make of them, and take away what they made."""
    i, j = kept.table.i[at], kept.table.j[at]
    for level, ours, theirs in zip(SCORED_LEVELS, came.partners, went.partners, strict=True):
        left, right = hstack([ours, theirs], "csr"), hstack([ours, -theirs], "csr")
        some = np.flatnonzero((np.diff(left.indptr)[i] > 0) & (np.diff(left.indptr)[j] > 0))
        sums.common[level][at[some]] += _dots(left, right, i[some], j[some])
    present = kept.words.astype(bool).astype(np.float64)
    story = SCORED_LEVELS.index("story")
    said = (came.partners[story] @ came.words - went.partners[story] @ went.words).tocsr()
    said = (said - said.multiply(present)).tocsr()  # a title's own words are no echo
    said.eliminate_zeros()
    for side, (of, among) in enumerate(((i, j), (j, i))):
        some = np.flatnonzero(np.diff(said.indptr)[among] > 0)
        sums.said[at[some], side] += _dots(kept.words, said, of[some], among[some])


class _Thirds(NamedTuple):
    """Third headlines: their probability with each title, (titles, thirds), per level, and their words, 0 or 1, (thirds, n)."""

    partners: list[csr_matrix]
    words: csr_matrix


def _thirds(kept: KeptContext, thirds: Ints, renumber: Ints, nodes: int, columns: int) -> _Thirds:
    """Return nodes of a run as third headlines of titles that have the numbers `renumber`, -1 for none."""
    words = kept.words[thirds].astype(bool).astype(np.float64)
    words = csr_matrix((words.data, words.indices, words.indptr), shape=(len(thirds), columns))
    rows = kept.matrices.pair[thirds]
    title, third = renumber[rows.indices], np.repeat(np.arange(len(thirds)), np.diff(rows.indptr))
    there = title >= 0
    partners = []
    for level in SCORED_LEVELS:
        p = kept.table.p_pair(level)[rows.data[there]].astype(np.float64)
        partners.append(csr_matrix((p, (title[there], third[there])), shape=(nodes, len(thirds))))
    return _Thirds(partners, words)


def _dots(left: csr_matrix, right: csr_matrix, i: Ints, j: Ints) -> Floats:
    """Return the product of row i of `left` and row j of `right`, for each pair."""

    def of_part(part: slice) -> Floats:
        return np.asarray(left[i[part]].multiply(right[j[part]]).sum(axis=1)).ravel()

    parts = [slice(k, k + _CHUNK_PAIRS) for k in range(0, len(i), _CHUNK_PAIRS)]
    return np.concatenate([np.zeros(0), *in_order(of_part, parts)])
