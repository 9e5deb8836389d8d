"""Crowds: so many nearly equal titles that comparing each with each would never end.

A crowd is found around a leader, a title of a sample that very many others nearly equal. Members that surely say the
same, each judged against the leader, are settled: the leader stands for them in all that follows, and they join it in
the merge tree at the probability of that pair. What a crowd has left when hardly any member can be settled so, as where
each names another number, is compared with its neighbours in the alphabet only, and that is counted and reported.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dedupe.candidates.join import CandidatePairs, Times
from dedupe.candidates.products import ROUNDING_ERROR, cosines, how_many, spread
from dedupe.runtime.arrays import Ints
from dedupe.runtime.parallel import in_order
from dedupe.scoring.model import Floats
from dedupe.scoring.prefilter import Notice, NoticedPairs, joined

CROWD = 1000  # nearly equal titles; fewer are compared each with each
NEAR = 0.85  # cosine of nearly equal titles
SURE = 0.9  # probability of one wording, by a pair's own evidence
_SAMPLE = 512
_SETTLED = 0.1  # share of a crowd that has to be settled with one leader to go on with another
_NEIGHBORS = 20  # in the alphabet, on one side, of a member that could not be settled
_TOGETHER = 8192
_NOBODY = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Crowds:
    """`stands`: (n,), the node that stands for each, mostly itself. `settled`: the pairs of a leader and a member that it
    stands for. `neighbors`: the noticed pairs among members compared with their neighbours only, and `thin`: these
    members, (k,). `unmet`: how many pairs of them were not compared.
    """

    stands: Ints
    settled: NoticedPairs
    neighbors: NoticedPairs
    thin: Ints
    unmet: int

    @property
    def outside(self) -> Ints | None:
        """The nodes that are compared with all others; None where all are."""
        inside = self.stands != np.arange(len(self.stands))
        inside[self.thin] = True
        return np.flatnonzero(~inside) if inside.any() else None

    def merges(self, level: str) -> tuple[Ints, Ints, Floats]:
        """Return the merges by which members join what stands for them: which (k,), whom (k,), at what probability."""
        leaders = self.stands[self.settled.i]
        members = self.settled.i + self.settled.j - leaders
        return leaders, members, self.settled.alone[level].astype(np.float64)

    def weights(self) -> Ints:
        """How many nodes each stands for, (n,)."""
        return np.bincount(self.stands, minlength=len(self.stands))

    def spans(self, first: Floats, last: Floats) -> tuple[Floats, Floats]:
        """The earliest and latest hour of all that each node stands for, NaN where undated."""
        earliest, latest = first.copy(), last.copy()
        np.fmin.at(earliest, self.stands, first)
        np.fmax.at(latest, self.stands, last)
        return earliest, latest


def find_crowds(notice: Notice, times: Times | None, exempt: Ints | None = None) -> Crowds:
    """Return the crowds among the titles of a run; nodes that are `exempt` are in none."""
    finder = _Finder(notice, times)
    finder.free[_NOBODY if exempt is None else exempt] = False
    for leader in finder.candidates():
        finder.gather(leader)
    return finder.found()


class _Finder:
    def __init__(self, notice: Notice, times: Times | None) -> None:
        self.notice, self.times = notice, times
        self.vectors = notice.rows
        self.stands = np.arange(len(self.vectors))
        self.free = np.ones(len(self.vectors), bool)
        self.settled: list[NoticedPairs] = []
        self.thin: list[Ints] = []

    def candidates(self) -> list[int]:
        """The titles of a sample that very many others nearly equal, the most first."""
        rows = len(self.vectors)
        if rows <= CROWD:
            return []
        sample = spread(rows, _SAMPLE)
        blocks = [np.arange(k, min(k + _TOGETHER, rows)) for k in range(0, rows, _TOGETHER)]
        counts = np.sum(list(in_order(lambda block: how_many(self.vectors, sample, block, NEAR), blocks)), axis=0)
        many = np.flatnonzero(counts > CROWD)
        found: list[int] = sample[many[np.argsort(-counts[many], kind="stable")]].tolist()
        return found

    def gather(self, leader: int) -> None:
        """Settle the members of a crowd with this leader, or give up on them."""
        members = self._members(leader)
        if not self.free[leader] or len(members) < CROWD:
            return
        pairs = self._judged(np.minimum(members, leader), np.maximum(members, leader), 0.0)
        sure = pairs.alone["wording"] >= SURE
        member = np.where(pairs.i == leader, pairs.j, pairs.i)
        self.stands[member[sure]] = leader
        self.free[[leader, *member[sure]]] = False
        story = np.maximum(pairs.alone["story"], pairs.alone["wording"])  # wording implies story
        self.settled.append(replace(pairs, alone={**pairs.alone, "story": story}).where(sure))
        if sure.mean() < _SETTLED:
            self.thin.append(np.sort(member[~sure]))
            self.free[member[~sure]] = False

    def _members(self, leader: int) -> Ints:
        own, starts = self.vectors[leader], range(0, len(self.vectors), _TOGETHER)
        cosine = np.concatenate([self.vectors[start : start + _TOGETHER] @ own for start in starts])
        nearly = np.flatnonzero((cosine >= np.float32(NEAR - ROUNDING_ERROR)) & self.free)
        near = nearly[(cosines(self.vectors, nearly, np.full_like(nearly, leader)) >= NEAR) & (nearly != leader)]
        if self.times is None:
            return np.asarray(near)
        return np.asarray(near[self._within(leader, near, self.times)])

    def _within(self, leader: int, near: Ints, times: Times) -> NDArray[np.bool_]:
        """Which of these begin no earlier than the leader and end within its window, or have no date."""
        early = times.first[near] < times.first[leader]
        inside = ~early & (times.last[near] <= times.first[leader] + times.window)
        return np.asarray(np.isnan(times.first[near]) | inside)

    def _judged(self, i: Ints, j: Ints, least: float) -> NoticedPairs:
        return replace(self.notice, least=least).among(CandidatePairs(i, j, cosines(self.vectors, i, j)))

    def found(self) -> Crowds:
        """What was found."""
        neighbors, unmet = [], 0
        for members in self.thin:
            i, j = _adjacent(members)
            neighbors.append(self._judged(i, j, self.notice.least))
            unmet += len(members) * (len(members) - 1) // 2 - len(i)
        thin = np.concatenate([np.empty(0, np.int64), *self.thin])
        return Crowds(self.stands, joined(self.settled), joined(neighbors), thin, unmet)


def _adjacent(members: Ints) -> tuple[Ints, Ints]:
    """Pairs of members up to `_NEIGHBORS` apart."""
    pairs = [(members[:-k], members[k:]) for k in range(1, min(_NEIGHBORS, len(members) - 1) + 1)]
    return np.concatenate([i for i, _ in pairs]), np.concatenate([j for _, j in pairs])
