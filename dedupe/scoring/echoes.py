"""Echoes: words that one title of a pair has and the other lacks, where the partners of the other have them.

"Blaze in Norway" lacks the fire of "Fire in Oslo"; if other titles that match it say "fire in Norway", the words are an echo of
the same event, while words that nobody else around a title uses point to another one.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from dedupe.candidates.pairs import PairTable
from dedupe.runtime.arrays import Float32s, Floats, Ints
from dedupe.runtime.parallel import in_order
from dedupe.scoring.title_features import KINDS, TitleFeatures

ECHOES = (
    "fewer_echoes",  # the share, by mass and in the mean over the other's partners, of the words that the other lacks
    "more_echoes",  # the higher of both directions
)
_WORD_KINDS = ("stems", "numbers", "days", "opposites")
_FEW = 0.3  # keeps the share of few partners small
_LIGHT = 0.1  # mass of words that count as hardly any
_CHUNK_PAIRS = 32_768  # whose echoes are computed together


def echoes(said: NDArray[Any], mass: NDArray[Any], partners: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """Return the echoes of pairs in both directions, (pairs,) each, the lower first.

    `said`, `mass`: of `echo_sums`. `partners`: the sums of probabilities of the other title with third ones, (pairs,) each.
    """
    first, second = (
        np.maximum(said[:, k], 0) / ((np.maximum(partners[k], 0) + _FEW) * np.maximum(mass[:, k], _LIGHT))
        for k in range(2)
    )
    return np.minimum(first, second), np.maximum(first, second)


def words_of(titles: TitleFeatures) -> csr_matrix:
    """Return the entries of each title that are words which can echo, float64, (n, columns)."""
    entries, columns = titles.entries, np.isin(titles.kind, [KINDS.index(kind) for kind in _WORD_KINDS])
    kept = columns[entries.indices]
    ends = np.concatenate([[0], np.cumsum(kept)])[entries.indptr]
    return csr_matrix((entries.data[kept].astype(np.float64), entries.indices[kept], ends), shape=entries.shape)


def echo_sums(titles: TitleFeatures, matrix: csr_matrix, pairs: PairTable) -> tuple[Float32s, Float32s]:
    """Return what echoes are made of, (pairs, 2) each: of the words of i that j lacks, then of those of j that i lacks.

    First their mass as the partners of the other title have it, that is, the sum over third titles of probability and mass;
    then all of it. `matrix`: probabilities, (n, n).
    """
    words = words_of(titles)
    matrix = matrix.astype(np.float64)  # a title's own share is subtracted, and must leave nothing
    present = words.astype(bool).astype(np.float64)
    sums, masses = np.empty((2, len(pairs), 2), np.float32)
    for column, (of, among) in enumerate(((pairs.i, pairs.j), (pairs.j, pairs.i))):
        order = np.argsort(among, kind="stable")  # so that a part has few different titles
        parts = [order[k : k + _CHUNK_PAIRS] for k in range(0, len(order), _CHUNK_PAIRS)]
        found = in_order(partial(_echo, words, present, matrix, of, among), parts)
        for part, (said, mass) in zip(parts, found, strict=True):
            sums[part, column] = said - pairs.p_pair_story[part].astype(np.float64) * mass
            masses[part, column] = mass
    return sums, masses


def _echo(
    words: csr_matrix, present: csr_matrix, matrix: csr_matrix, of: Ints, among: Ints, part: Ints
) -> tuple[Floats, Floats]:
    """Return the mass of words of `of` that `among` lacks: as the partners of `among` have them, and all of it, (part,)."""
    of, among = of[part], among[part]
    titles, place = np.unique(among, return_inverse=True)
    partners = (matrix[titles] @ present).tocsr()
    lacking = (words[of] - words[of].multiply(present[among])).tocsr()
    lacking.eliminate_zeros()
    pair = np.repeat(np.arange(len(of)), np.diff(lacking.indptr))
    # Only at these words: the partners of a title in a crowd have hundreds.
    share = _entries(partners, place[pair], lacking.indices)
    said = np.asarray(np.bincount(pair, lacking.data * share, len(of)), np.float64)
    mass = np.asarray(np.bincount(pair, lacking.data, len(of)), np.float64)
    return said, mass


def _entries(matrix: csr_matrix, rows: Ints, columns: Ints) -> Floats:
    """Return the entries at these rows and columns, 0 where there is none."""
    matrix.sort_indices()
    width = matrix.shape[1]
    filled = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr)) * width + matrix.indices
    wanted = rows * width + columns
    place = np.minimum(np.searchsorted(filled, wanted), max(len(filled) - 1, 0))
    if not len(filled):
        return np.zeros(len(wanted))
    return np.where(filled[place] == wanted, matrix.data[place], 0.0)
