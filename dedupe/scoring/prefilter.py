"""Candidate pairs -> the pairs that are not hopeless alone, with their probability.

Most candidates are hopeless, and most of these can be seen to be before all their evidence is known: how far the letters
of two titles, which cost most to compare, could still raise the log odds is bounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dedupe.candidates.join import CandidatePairs, Join
from dedupe.candidates.products import cosines
from dedupe.embedding.vectors import Vectors, release_pages
from dedupe.levels import SCORED_LEVELS
from dedupe.runtime.parallel import in_order
from dedupe.scoring.context import Chances
from dedupe.scoring.model import Ints, Judge, sigmoid
from dedupe.scoring.pair_features import LETTERS, add_letters, evidence_of_words, rows
from dedupe.scoring.similarity_scale import Scale
from dedupe.scoring.title_features import Titles

NOTICED = {"story": 0.02, "wording": 0.05}
"""Probability alone, of the level of the run, from which a pair has a say in the company of others."""
_TOGETHER = 32_768  # pairs looked at together: few enough for the cache, so many that threads seldom wait
Similarity = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class NoticedPairs:
    """Parallel arrays, one element a pair, sorted by (i, j): `i` < `j` int32, since there may be very many.

    `similarity`: cosine of the encoder's vectors; `wording_similarity`: as the wording level reads them. `alone`:
    float32, probability per level by the pair's own evidence.
    """

    i: NDArray[np.int32]
    j: NDArray[np.int32]
    similarity: Similarity
    wording_similarity: Similarity
    alone: Mapping[str, Chances]

    def __len__(self) -> int:
        return len(self.i)

    def where(self, kept: NDArray[np.bool_] | Ints) -> NoticedPairs:
        """Return the pairs that `kept`, (pairs,), marks, or those at such places."""
        alone = {level: chance[kept] for level, chance in self.alone.items()}
        return NoticedPairs(self.i[kept], self.j[kept], self.similarity[kept], self.wording_similarity[kept], alone)


@dataclass(frozen=True, slots=True)
class Notice:
    """Looks at candidate pairs of one run.

    `vectors`: unit rows, (n, d); `turned`: as the wording level reads them. `scale`: the encoder's cosine on the judge's
    scale. `level`: that by which a pair is noticed, from `least` on.
    """

    judge: Judge
    titles: Titles
    vectors: Vectors
    turned: Vectors
    scale: Scale
    level: str
    least: float

    @property
    def rows(self) -> Vectors:
        """The rows in which the level of the run looks for candidates."""
        return self.vectors if self.level == "story" else self.turned

    @property
    def floor(self) -> float:
        """The similarity of such rows from which two are candidates."""
        return self.scale.inverse(self.judge.candidate_floor[self.level])

    def all_of(self, join: Join) -> Iterator[NoticedPairs]:
        """Yield the noticed pairs of each piece of a join, in order, then give back the memory of mapped vectors."""
        yield from in_order(lambda piece: self.among(join.piece(piece)), range(join.pieces))
        for vectors in (self.vectors, self.turned):
            release_pages(vectors)

    def among(self, pairs: CandidatePairs) -> NoticedPairs:
        """Return the noticed pairs among candidates, whose similarity is that by which `level` reads vectors."""
        chunks = [slice(k, k + _TOGETHER) for k in range(0, len(pairs), _TOGETHER)]
        return joined([self._among(pairs.i[k], pairs.j[k], pairs.similarity[k]) for k in chunks])

    def _among(self, i: Ints, j: Ints, own: Similarity) -> NoticedPairs:
        similarity, wording = self._similarities(i, j, own)
        found = evidence_of_words(self.titles, i, j, self.scale(similarity), self.scale(wording))
        kept = np.arange(len(i))
        unknown = list(LETTERS)
        while unknown:
            hopeful = self.judge.most(found, self.level, unknown) >= self._hopeless
            kept, found = kept[hopeful], rows(found, hopeful)
            add_letters(found, self.titles, i[kept], j[kept], [unknown.pop(0)])
        alone = {level: sigmoid(odds) for level, odds in self.judge.log_odds(found).items()}
        noticed = alone[self.level] >= self.least
        kept = kept[noticed]
        chances = {level: chance[noticed].astype(np.float32) for level, chance in alone.items()}
        i, j = i[kept].astype(np.int32), j[kept].astype(np.int32)
        return NoticedPairs(i, j, similarity[kept], wording[kept], chances)

    def _similarities(self, i: Ints, j: Ints, own: Similarity) -> tuple[Similarity, Similarity]:
        if self.turned is self.vectors:
            return own, own
        if self.level == "wording":
            return cosines(self.vectors, i, j), own
        return own, cosines(self.turned, i, j)

    @property
    def _hopeless(self) -> float:
        """Log odds under which a pair is not noticed."""
        return float(np.log(self.least / (1 - self.least))) if self.least > 0 else -np.inf


def notice(
    judge: Judge, titles: Titles, vectors: Vectors, scale: Scale, level: str, least: float | None = None
) -> Notice:
    """Return what looks at the candidate pairs of a run; `vectors` as the encoder gave them."""
    return Notice(
        judge, titles, vectors, judge.wording_rows(vectors), scale, level, NOTICED[level] if least is None else least
    )


def joined(parts: list[NoticedPairs]) -> NoticedPairs:
    """Return all parts as one, sorted by (i, j). Takes the list apart, so that no pair is held twice."""
    names = ("i", "j", "similarity", "wording_similarity")
    columns = {name: [np.empty(0, kind)] for name, kind in zip(names, ("i4", "i4", "f4", "f4"), strict=True)}
    columns |= {level: [np.empty(0, np.float32)] for level in SCORED_LEVELS}
    while parts:
        part = parts.pop(0)
        for name in names:
            columns[name].append(getattr(part, name))
        for level in SCORED_LEVELS:
            columns[level].append(part.alone[level])
    i, j = (np.concatenate(columns.pop(name)) for name in names[:2])
    order = np.lexsort((j, i))
    similarity, wording, *alone = (np.concatenate(columns.pop(name))[order] for name in (*names[2:], *SCORED_LEVELS))
    return NoticedPairs(i[order], j[order], similarity, wording, dict(zip(SCORED_LEVELS, alone, strict=True)))
