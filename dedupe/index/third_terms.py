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

_BLOCK = 16  # third headlines looked at in one piece of work
_BITS = 16  # words of a title looked up together
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
    """What a third headline adds to the sums of other pairs.

    `pair`, `common`: to what pairs have in common, by the place of their sum, per level. `saying`, `said`: to the echoes of
    pairs, by twice that place, and one more for the words of j that i lacks. No place occurs twice.
    """

    pair: Ints
    common: list[Floats]
    saying: Ints
    said: Floats


def terms_of(
    matrices: Matrices, table: PairTable, words: csr_matrix, thirds: Ints, to: Ints, *, own: bool
) -> Iterator[tuple[list[Terms], Own | None]]:
    """Yield the terms of third headlines, some at a time, and the sums of their own pairs, if these are asked for.

    `words`: of `echoes.words_of`. `to`: the place of the sums of each pair, -1 for one whose sums do not change.
    """
    every = _Titles(matrices.pair, [table.p_pair(level) for level in SCORED_LEVELS], words, to)
    blocks = [thirds[k : k + _BLOCK] for k in range(0, len(thirds), _BLOCK)]
    return in_order(lambda block: every.terms(block, own), blocks)


class _Titles:
    def __init__(self, pair: csr_matrix, probability: list[NDArray[np.float32]], words: csr_matrix, to: Ints) -> None:
        self.pair, self.probability, self.words, self.to = pair, probability, words, to
        self.by_word, self.present = words.T.tocsr(), words.astype(bool).astype(np.float64)
        self.total = _of_rows(words)

    def terms(self, block: Ints, with_own: bool) -> tuple[list[Terms], Own | None]:
        """Return the terms of a block of third headlines, and the sums of their own pairs."""
        nodes = self.pair.shape[0]
        buffers = np.zeros((len(SCORED_LEVELS), nodes), np.float32), np.zeros(nodes, np.uint16)
        found = [self._of_third(k, with_own, *buffers) for k in block.tolist()]
        return [terms for terms, _ in found], self._own(block, [sums for _, sums in found]) if with_own else None

    def _of_third(
        self, k: int, with_own: bool, of_node: NDArray[np.float32], bits: NDArray[np.uint16]
    ) -> tuple[Terms, tuple[list[Floats], Floats]]:
        """Return the terms of a third headline, k, by its partners a and the partners b of these, and what the pairs (k, a)
        have in common and as echoes of the words of k, (a,) each. `of_node`, `bits`: room for numbers of all headlines, zeros.
        """
        entries = slice(self.pair.indptr[k], self.pair.indptr[k + 1])
        a, ka = self.pair.indices[entries].astype(np.int64), self.pair.data[entries]
        rows = self.pair[a]
        ab, degrees = rows.data, np.diff(rows.indptr)
        b, e = rows.indices.astype(np.int64), np.repeat(np.arange(len(a)), degrees)  # e: the place of (k, a)
        later = b > np.repeat(a, degrees)
        p_ka = [p[ka] for p in self.probability]
        of_node[:, a] = p_ka
        p_kb = of_node[_STORY].take(b)  # what is not one story is not one wording
        hit = np.flatnonzero(p_kb if with_own else p_kb.astype(bool) & later)
        e_hit, b_hit, ab_hit = e[hit], b[hit], ab[hit]
        at = self.to.take(ab_hit)
        once = np.flatnonzero((at >= 0) & later[hit])
        common, own_common = list[Floats](), list[Floats]()
        for p, of_k, of_a in zip(self.probability, of_node, p_ka, strict=True):
            values = of_k.take(b_hit).astype(np.float64)
            common.append(of_a[e_hit[once]] * values[once])
            if with_own:
                own_common.append(_sums(e_hit, p[ab_hit] * values, len(a)))
        of_node[:, a] = 0
        said, mass = self._lacking(k, a, b, e, bits)
        e_said, ab_said = e[said], ab[said]
        own_said = _sums(e_said, self.probability[_STORY][ab_said] * mass, len(a)) if with_own else mass
        saying = self.to.take(ab_said)
        some = np.flatnonzero(saying >= 0)
        saying = 2 * saying[some].astype(np.int64) + later[said[some]]
        terms = Terms(at[once].astype(np.int64), common, saying, p_ka[_STORY][e_said[some]] * mass[some])
        return terms, (own_common, own_said)

    def _lacking(self, k: int, a: Ints, b: Ints, e: Ints, bits: NDArray[np.uint16]) -> tuple[Ints, Floats]:
        """Return the places of (k, a, b) where b has words of k that a lacks, and the mass of these."""
        entries = slice(self.words.indptr[k], self.words.indptr[k + 1])
        words, masses = self.words.indices[entries], self.words.data[entries]
        total = np.zeros(len(b) if len(words) > _BITS else 0)
        for first in range(0, len(words), _BITS):
            for bit, word in enumerate(words[first : first + _BITS].tolist()):
                bits[self.by_word.indices[slice(*self.by_word.indptr[word : word + 2])]] |= np.uint16(1 << bit)
            bits[k] = 0  # a title does not echo itself
            lacking = bits.take(b) & np.invert(bits[a]).take(e)
            bits[:] = 0
            some = np.flatnonzero(lacking)
            mass = _mass(lacking[some], masses[first : first + _BITS])
            if not len(total):
                return some, mass
            total[some] += mass
        some = np.flatnonzero(total)
        return some, total[some]

    def _own(self, block: Ints, sums: list[tuple[list[Floats], Floats]]) -> Own:
        k, a, ka = _entries(self.pair, block)
        common = [np.concatenate([of_third[0][level] for of_third in sums]) for level in range(len(SCORED_LEVELS))]
        said = np.concatenate([of_third[1] for of_third in sums])
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


def _mass(bits: NDArray[np.uint16], masses: Floats) -> Floats:
    """Return the mass of the words whose bit is set, (n,); `masses`: of each word."""
    of_byte = np.zeros((_BITS // 8, 8))
    of_byte.reshape(-1)[: len(masses)] = masses
    low, high = of_byte @ _BYTES.T
    of_word: Floats = low.take(bits & np.uint16(255)) + high.take(bits >> np.uint16(8))
    return of_word
