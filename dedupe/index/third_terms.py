"""`Terms`: what third headlines add to the sums of which the context of other pairs is made, and these sums of their own pairs.

For each third headline k, each of its partners a, and each partner b of that one, the pair (a, b) has k in common if b is a
partner of k, and the words of b that a lacks echo in k. And the other way round: the pair (k, a) has b in common, and the words
of k that a lacks echo in b. So one look at all (k, a, b) gives both.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from dedupe.candidates import PairTable
from dedupe.levels import SCORED_LEVELS
from dedupe.runtime.arrays import Floats, Ints
from dedupe.runtime.parallel import in_order
from dedupe.scoring.context import Matrices

_BLOCK = 16  # third headlines looked at together: their tables fit into the processor's cache
_BITS = 64  # words of a title looked up together
_BYTES = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little").astype(np.float64)
_STORY = SCORED_LEVELS.index("story")


class Own(NamedTuple):
    """The sums of the pairs of third headlines themselves, (pairs,); `common`: per level.

    `side`: 0 where the third headline is i, else 1. `said`, `mass`: see `dedupe.scoring.echoes.echo_sums`, of its words that
    the other lacks; `echoed`, `echoed_mass`: of those of the other that it lacks.
    """

    pair: Ints
    common: list[Floats]
    side: Ints
    said: Floats
    mass: Floats
    echoed: Floats
    echoed_mass: Floats


class Terms(NamedTuple):
    """What third headlines add to the sums of other pairs; a pair may occur several times.

    `pair`, `common`: to what the pair has in common, per level. `saying`, `side`, `said`: to the echoes of a pair: of the words
    of i that j lacks (0), or of those of j that i lacks (1). `own`: the sums of their own pairs, if these were asked for.
    """

    pair: Ints
    common: list[Floats]
    saying: Ints
    side: Ints
    said: Floats
    own: Own | None


def terms_of(matrices: Matrices, table: PairTable, words: csr_matrix, thirds: Ints, *, own: bool) -> Iterator[Terms]:
    """Yield the terms of third headlines, some at a time. `words`: of `echoes.words_of`; `own`: also of their own pairs."""
    every = _Titles(matrices.pair, [table.p_pair(level) for level in SCORED_LEVELS], words)
    blocks = [thirds[k : k + _BLOCK] for k in range(0, len(thirds), _BLOCK)]
    return in_order(lambda block: every.terms(block, own), blocks)


class _Titles:
    def __init__(self, pair: csr_matrix, probability: list[NDArray[np.float32]], words: csr_matrix) -> None:
        self.pair, self.probability, self.words = pair, probability, words
        self.by_word, self.present = words.T.tocsr(), words.astype(bool).astype(np.float64)
        self.total = _of_rows(words)

    def terms(self, block: Ints, with_own: bool) -> Terms:
        """Return the terms of a block of third headlines, k, their partners a, and the partners b of these."""
        nodes = self.pair.shape[0]
        k, a, ka = _entries(self.pair, block)
        e, b, ab = _entries(self.pair, a)  # e: the place of (k, a)
        at = (k * nodes).take(e) + b
        p_ka = [p[ka] for p in self.probability]
        table = np.zeros(len(block) * nodes, np.float32)
        common, own_common, hit = list[Floats](), list[Floats](), np.empty(0, np.int64)
        for level in reversed(range(len(SCORED_LEVELS))):  # story first: what is not one story is not one wording
            table[k * nodes + a] = p_ka[level]
            if level == _STORY:
                hit = np.flatnonzero(table.take(at))
                later = np.flatnonzero(b[hit] > a[e[hit]])
            p_kb = table.take(at.take(hit)).astype(np.float64)
            common.insert(0, p_ka[level][e[hit[later]]] * p_kb[later])
            if with_own:
                own_common.insert(0, _sums(e[hit], self.probability[level][ab[hit]] * p_kb, len(k)))
        said, mass = self._lacking(block, k, a, e, at)
        own = None
        if with_own:
            own_said = _sums(e[said], self.probability[_STORY][ab[said]] * mass, len(k))
            own = self._own(block, k, a, ka, own_common, own_said)
        side = (b > a[e])[said].astype(np.int64)
        return Terms(ab[hit[later]], common, ab[said], side, p_ka[_STORY][e[said]] * mass, own)

    def _lacking(self, block: Ints, k: Ints, a: Ints, e: Ints, at: Ints) -> tuple[Ints, Floats]:
        """Return the places of (k, a, b) where b has words of k that a lacks, and the mass of these."""
        nodes, mass = self.pair.shape[0], np.zeros(0)
        for bits, masses in self._word_bits(block):
            bits[np.arange(len(block)) * nodes + block] = 0  # a title does not echo itself
            lacking = bits.take(at) & np.invert(bits[k * nodes + a]).take(e)
            some = np.flatnonzero(lacking)
            if len(some):
                mass = mass if len(mass) else np.zeros(len(e))
                mass[some] += _mass(lacking[some], k[e[some]], masses)
        places = np.flatnonzero(mass)
        return places, mass[places]

    def _word_bits(self, block: Ints) -> Iterator[tuple[NDArray[np.uint64], Floats]]:
        """Yield which words of a title of the block each title has, as bits, (block * n,), and their mass, (block, bits)."""
        nodes = self.pair.shape[0]
        k, word, mass = _entries(self.words, block)
        number = np.arange(len(k)) - np.searchsorted(k, k)
        for first in range(0, int(number.max(initial=-1)) + 1, _BITS):
            part = np.flatnonzero((number >= first) & (number < first + _BITS))
            bit = number[part] - first
            e, title, _ = _entries(self.by_word, word[part])
            bits = np.zeros(len(block) * nodes, np.uint64)
            np.add.at(bits, k[part][e] * nodes + title, np.left_shift(np.uint64(1), bit.astype(np.uint64))[e])
            masses = np.zeros((len(block), _BITS))
            masses[k[part], bit] = mass[part]
            yield bits, masses

    def _own(self, block: Ints, k: Ints, a: Ints, ka: Ints, common: list[Floats], said: Floats) -> Own:
        own, other = self.words[block][k], self.words[a]
        shared = _of_rows(own.minimum(other))
        mass, echoed_mass = self.total[block][k] - shared, self.total[a] - shared
        p = self.probability[_STORY]
        rows = self.pair[block]
        partners = (
            csr_matrix((p[rows.data].astype(np.float64), rows.indices, rows.indptr), shape=rows.shape) @ self.present
        )
        partners = (partners - partners.multiply(self.present[block])).tocsr()  # a title's own words are no echo
        echoed = _of_rows(other.multiply(partners[k])) - p[ka] * echoed_mass
        return Own(ka, common, (block[k] > a).astype(np.int64), said, mass, echoed, echoed_mass)


def _entries(matrix: csr_matrix, rows: Ints) -> tuple[Ints, Ints, NDArray[Any]]:
    """Return the entries of some rows: the place of the row among them, the column and the value."""
    starts, sizes = matrix.indptr[rows].astype(np.int64), np.diff(matrix.indptr)[rows].astype(np.int64)
    place = np.repeat(np.arange(len(rows)), sizes)
    at = np.arange(len(place)) + np.repeat(starts - (sizes.cumsum() - sizes), sizes)
    return place, matrix.indices.take(at).astype(np.int64), matrix.data.take(at)


def _of_rows(matrix: Any) -> Floats:
    """Return the sum of each row."""
    return np.asarray(matrix.sum(axis=1), np.float64).ravel()


def _sums(places: Ints, values: Floats, count: int) -> Floats:
    """Return the sum of the values at each place, (count,)."""
    return np.bincount(places, values, count).astype(np.float64)


def _mass(bits: NDArray[np.uint64], k: Ints, masses: Floats) -> Floats:
    """Return the mass of the words whose bit is set, (n,), of the title k of a block."""
    of_byte = masses.reshape(len(masses), -1, 8) @ _BYTES.T  # (block, bytes, 256)
    total = np.zeros(len(bits))
    for byte in range(of_byte.shape[1]):
        if of_byte[:, byte].any():
            total += of_byte[k, byte, (bits >> np.uint64(8 * byte)) & np.uint64(255)]
    return total
