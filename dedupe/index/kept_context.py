"""`KeptContext`: the sums over third headlines of which context is made, which the next run takes over.

A sum changes only by the terms of third headlines that came, went, or have another probability with one of the pair. So the
next run subtracts the terms that these had, and adds those that they have. Only pairs that have such a headline themselves
are summed anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from dedupe.candidates import PairTable
from dedupe.levels import SCORED_LEVELS
from dedupe.runtime.arrays import Floats, Ints
from dedupe.runtime.parallel import in_order
from dedupe.scoring import TitleFeatures
from dedupe.scoring.context import Matrices, Sum, Sums, sums_of
from dedupe.scoring.echoes import words_of

_BLOCK = 16  # third headlines whose terms are made at a time: their tables fit into the processor's cache
_MOST_CHANGED = 8  # a run in which more than one in so many headlines changed is summed anew
_BITS = 64  # words of a title looked up at a time


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
    to = np.full(len(before.table), -1)
    to[origin[~anew]] = np.flatnonzero(~anew)
    _add(sums, -1.0, before, np.union1d(np.flatnonzero(renumber < 0), changed), to)
    kept = KeptContext(matrices, table, words_of(titles), sums)
    _add(sums, 1.0, kept, now, np.where(anew, -1, np.arange(len(table))))
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


def _add(sums: Sums, sign: float, kept: KeptContext, thirds: Ints, place: Ints) -> None:
    """Add the terms of third headlines, in place. `place`: where the sums of a pair of `kept` are, -1 for nowhere."""
    for terms in _terms(kept, thirds):
        at = place[terms.pair]
        there = at >= 0
        for level, values in zip(SCORED_LEVELS, terms.common.T, strict=True):
            np.add.at(sums.common[level], at[there], sign * values[there])
        at = place[terms.saying]
        there = at >= 0
        np.add.at(sums.said, (at[there], terms.side[there]), sign * terms.said[there])


class _Terms(NamedTuple):
    """`pair`, `common`: pairs and what they have in common, (k,) and (k, levels); `saying`, `side`, `said`: of echoes, (m,)."""

    pair: Ints
    common: Floats
    saying: Ints
    side: Ints
    said: Floats


def _terms(kept: KeptContext, thirds: Ints) -> Iterator[_Terms]:
    by_word = kept.words.T.tocsr()
    blocks = [thirds[k : k + _BLOCK] for k in range(0, len(thirds), _BLOCK)]
    return in_order(lambda block: _terms_of(kept, by_word, block), blocks)


def _terms_of(kept: KeptContext, by_word: csr_matrix, block: Ints) -> _Terms:
    """Return the terms of a block of third headlines, k, with the pairs (a, b) of whose titles a is a partner of k."""
    nodes, pair = kept.words.shape[0], kept.matrices.pair
    k, a, pair_ka = _entries(pair, block)
    p = np.stack([kept.table.p_pair(level)[pair_ka] for level in SCORED_LEVELS])
    partners = np.zeros((len(SCORED_LEVELS), len(block) * nodes), np.float32)
    partners[:, k * nodes + a] = p
    e, b, pair_ab = _entries(pair, a)
    k_e, a_e = k[e], a[e]
    p_kb = partners[:, k_e * nodes + b]
    both = np.flatnonzero(p_kb.any(axis=0) & (a_e < b))
    common = p[:, e[both]].astype(np.float64) * p_kb[:, both]
    said = np.zeros(len(e))
    for words, mass in _word_bits(kept.words, by_word, block):
        lacking = words[k_e * nodes + b] & ~words[k_e * nodes + a_e]
        some = np.flatnonzero(lacking)
        said[some] += _mass(lacking[some], k_e[some], mass)
    said[b == block[k_e]] = 0  # a title does not echo itself
    saying = np.flatnonzero(said)
    story = SCORED_LEVELS.index("story")
    side = (b > a_e)[saying].astype(np.int64)  # 0: the words of i, which is a's partner b
    return _Terms(pair_ab[both], common.T, pair_ab[saying], side, said[saying] * p[story, e[saying]])


def _entries(matrix: csr_matrix, rows: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the entries of some rows: the place of the row among them, the column and the value."""
    starts, sizes = matrix.indptr[rows].astype(np.int64), np.diff(matrix.indptr)[rows].astype(np.int64)
    at = np.arange(sizes.sum()) + np.repeat(starts - (sizes.cumsum() - sizes), sizes)
    return np.repeat(np.arange(len(rows)), sizes), matrix.indices[at].astype(np.int64), matrix.data[at]


def _word_bits(words: csr_matrix, by_word: csr_matrix, block: Ints) -> Iterator[tuple[NDArray[np.uint64], Floats]]:
    """Yield which words of a title of the block each title has, as bits, (block * n,), and the mass of a word, (block, bits)."""
    k, word, mass = _entries(words, block)
    number = np.arange(len(k)) - np.searchsorted(k, k)
    for first in range(0, int(number.max(initial=-1)) + 1, _BITS):
        part = np.flatnonzero((number >= first) & (number < first + _BITS))
        bit = (number[part] - first).astype(np.uint64)
        e, title, _ = _entries(by_word, word[part])
        bits = np.zeros(len(block) * words.shape[0], np.uint64)
        np.add.at(bits, k[part][e] * words.shape[0] + title, np.left_shift(np.uint64(1), bit[e]))
        masses = np.zeros((len(block), _BITS))
        masses[k[part], bit.astype(np.int64)] = mass[part]
        yield bits, masses


_BYTES = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little").astype(np.float64)


def _mass(bits: NDArray[np.uint64], k: Ints, masses: Floats) -> Floats:
    """Return the mass of the words that are set, (k,), of the title k of a block."""
    of_byte = masses.reshape(len(masses), -1, 8) @ _BYTES.T  # (block, bytes, 256)
    total = np.zeros(len(bits))
    for byte in range(of_byte.shape[1]):
        if of_byte[:, byte].any():
            total += of_byte[k, byte, (bits >> np.uint64(8 * byte)) & np.uint64(255)]
    return total
