"""Crowds: so many alike titles that comparing each with each would take too long; `collapse_crowds` makes less of them.

A crowd gathers around a leader, a title from a sample. There are two kinds. **Near-copies** are scored against the leader only,
and those that surely say the same become one node with it. Where few do, as when each names another number, they stay nodes and
are compared only with their neighbors in the alphabet. The titles of a **dense** crowd, say all of one template or of the same
few words, differ, but nearly every pair of them is probable enough to be kept. They too are compared with their neighbors only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dedupe.candidates.pairs import PairTable
from dedupe.candidates.products import ROUNDING_ERROR, cosines, how_many, spread
from dedupe.candidates.time_band import TimeBand
from dedupe.clustering.collapse import Nodes, span
from dedupe.runtime.arrays import Bools, Ints
from dedupe.runtime.parallel import in_order
from dedupe.scoring.pair_features import other_numbers
from dedupe.scoring.scorer import Scorer

SAMPLE = 512
"""Nodes of which leaders are chosen."""
REFERENCE = 2048
"""Nodes by which the partners of a possible leader are estimated."""
CHUNK_ROWS = 8192
"""Nodes whose similarity to others is computed together."""
_TRIED = 64  # of its candidates that are scored for it
_FEWEST = 8  # partners from which it is told whether they are partners of each other
_OTHERS = 8  # members of a dense crowd to which each of them is compared
_MIN_SURE = 0.1  # share of near-copies below which the others are compared sparsely


@dataclass(frozen=True, slots=True)
class CrowdSettings:
    """When titles are a crowd.

    `size`: fewer titles are compared each with each. `near`: cosine similarity to the leader from which a title is a near-copy
    of it. `sure`: probability by itself, at the wording level, from which a near-copy becomes one node with its leader.
    Partners of a title are those with which it makes a pair that the run would keep. They are a dense crowd from the share
    `dense` of their own pairs that the run would keep, too; or from `most` such pairs for each of them, whatever the share.
    """

    size: int = 1000
    near: float = 0.85
    sure: float = 0.9
    dense: float = 0.9
    most: int = 5000


@dataclass(frozen=True, slots=True)
class Collapsed:
    """Nodes and their scorer after crowds were collapsed, and the groups of nodes to compare sparsely, each ascending.

    `absorbed`: (rows,), which rows became one node with the leader of a crowd.
    """

    nodes: Nodes
    scorer: Scorer
    sparse: tuple[Ints, ...]
    absorbed: Bools


def collapse_crowds(
    nodes: Nodes,
    scorer: Scorer,
    window: float | None,
    exempt: Ints,
    settings: CrowdSettings | None = None,
    at_most: Ints | None = None,
) -> Collapsed:
    """Make one node of the near-copies of each crowd that surely say the same, and mark what is to be compared sparsely.

    `exempt`: nodes that stay as they are. `at_most`: to how many nodes each has at most a cosine of `settings.near`, (nodes,),
    where that is known.
    """
    crowds = Crowds(scorer, nodes.band(window), exempt, settings or CrowdSettings())
    for leader in crowds.leaders(at_most):
        crowds.gather(leader)
    for leader in crowds.dense_leaders():
        crowds.gather_dense(leader)
    absorbed = crowds.leader_of != np.arange(len(nodes))
    if not absorbed.any():
        return Collapsed(nodes, scorer, tuple(crowds.sparse), absorbed[nodes.of_row])
    kept, number = np.unique(crowds.leader_of, return_inverse=True)
    first, last = span(nodes.first, nodes.last, number)
    collapsed = replace(
        nodes,
        of_row=number[nodes.of_row],
        title_row=nodes.title_row[kept],
        text_row=nodes.text_row[kept],
        first=first,
        last=last,
        weight=np.bincount(number, nodes.weight).astype(np.int64),
    )
    scorer = scorer.take(kept)
    scorer = replace(scorer, titles=replace(scorer.titles, first=first, last=last))
    return Collapsed(collapsed, scorer, tuple(number[group] for group in crowds.sparse), absorbed[nodes.of_row])


class Crowds:
    """Gathers crowds of the nodes that a scorer scores; of all nodes of a run, or of those that could be members.

    `leader_of`: (n,), the node that each became one node with. `free`: (n,), which are in no crowd yet. `sparse`: the groups to
    compare sparsely, each ascending.
    """

    def __init__(self, scorer: Scorer, band: TimeBand | None, exempt: Ints, settings: CrowdSettings) -> None:
        self.scorer, self.settings, self.band = scorer, settings, band
        self.vectors = scorer.level_vectors
        self.leader_of = np.arange(len(self.vectors))
        self.free = np.ones(len(self.vectors), bool)
        self.free[exempt] = False
        self.sparse: list[Ints] = []

    def leaders(self, at_most: Ints | None = None) -> list[int]:
        """Return the nodes of a sample that are similar to enough others, the one with the most first."""
        rows = len(self.vectors)
        if rows <= self.settings.size:
            return []
        sample, near = spread(rows, SAMPLE), self.settings.near
        sample = sample if at_most is None else sample[at_most[sample] > self.settings.size]
        if not len(sample):
            return []
        chosen, chunks = self.vectors[sample], [slice(k, k + CHUNK_ROWS) for k in range(0, rows, CHUNK_ROWS)]
        counts = np.sum(list(in_order(lambda chunk: how_many(chosen, self.vectors[chunk], near), chunks)), axis=0)
        return leaders_of(sample, counts, self.settings.size)

    def gather(self, leader: int) -> None:
        """Let the near-copies of a leader join it; if too few do, mark the others to be compared sparsely."""
        members = self._members(leader, self.settings.near)
        if len(members) < self.settings.size:
            return
        pairs = self.scorer.pair_probabilities(PairTable.of(members, np.full_like(members, leader)), min_probability=0)
        sure = (pairs.p_pair_wording >= self.settings.sure) & ~other_numbers(self.scorer.titles, pairs.i, pairs.j)
        member = np.where(pairs.i == leader, pairs.j, pairs.i).astype(np.int64)
        self.leader_of[member[sure]] = leader
        self.free[[leader, *member[sure]]] = False
        if sure.mean() < _MIN_SURE:
            self._compare_sparsely(member[~sure])

    def dense_leaders(self) -> list[int]:
        """Return the nodes of a sample whose partners seem to be a dense crowd, the one with the most first."""
        free = np.flatnonzero(self.free)
        if len(free) <= self.settings.size:
            return []
        sample, reference = free[spread(len(free), SAMPLE)], free[spread(len(free), REFERENCE)]
        return self.dense_among(sample, reference, len(free) / len(reference))

    def dense_among(self, sample: Ints, reference: Ints, stands_for: float) -> list[int]:
        """Return the same from the samples; each node of `reference` stands for so many."""
        near = self.vectors[sample] @ self.vectors[reference].T >= np.float32(self.scorer.floor)
        partners = [
            self._crowd(leader, reference[row], stands_for) for leader, row in zip(sample.tolist(), near, strict=True)
        ]
        order = np.argsort(np.negative(partners), kind="stable").tolist()
        return [int(sample[k]) for k in order if partners[k]]

    def _crowd(self, leader: int, candidates: Ints, stands_for: float) -> float:
        """Return about how many partners a leader has, 0 where they are no crowd.

        `candidates`: those among the nodes of a sample, each of which stands for so many nodes.
        """
        settings, candidates = self.settings, self._in_time(leader, candidates[candidates != leader])
        if len(candidates) * stands_for <= settings.size:
            return 0.0
        tried = candidates[spread(len(candidates), _TRIED)]
        partners = tried[self._partners(tried, leader)]
        count = stands_for * len(candidates) * len(partners) / len(tried)
        if count <= settings.size or len(partners) < _FEWEST:
            return 0.0
        density = self._density(partners)
        return count if density >= settings.dense or count * density > settings.most else 0.0

    def _density(self, nodes: Ints) -> float:
        """Return which share of some pairs of nodes are partners, about; nodes are far from each other in the alphabet."""
        step = max(len(nodes) // 9, 1)
        turns = [np.roll(nodes, turn * step) for turn in range(1, 5)]
        return float(self._partners(np.tile(nodes, len(turns)), np.concatenate(turns)).mean())

    def _partners(self, i: Ints, j: Ints | int) -> Bools:
        """Return whether the run would keep each pair, (pairs,)."""
        pairs = self.scorer.pair_probabilities(PairTable.of(i, np.broadcast_to(j, i.shape)), min_probability=0)
        return self.scorer.keeps(pairs)

    def gather_dense(self, leader: int) -> None:
        """Mark the partners of a leader to be compared sparsely, but for those that few of the others are partners of."""
        members = self._members(leader, self.scorer.floor)
        if len(members) < self.settings.size:
            return
        members = np.append(members[self._partners(members, leader)], leader)
        others = members[spread(len(members), _OTHERS)]
        share = np.mean([self._partners(members, other) for other in others.tolist()], axis=0)
        members = members[share >= share.mean() / 2]
        if len(members) >= self.settings.size:
            self._compare_sparsely(members)

    def _compare_sparsely(self, members: Ints) -> None:
        self.sparse.append(np.sort(members))
        self.free[members] = False

    def _members(self, leader: int, least: float) -> Ints:
        """Return the free nodes with a cosine similarity of at least `least` to a leader that is free, in its window."""
        if not self.free[leader]:
            return np.empty(0, np.int64)
        own, starts, near = self.vectors[leader], range(0, len(self.vectors), CHUNK_ROWS), np.float32(least)
        cosine = np.concatenate([self.vectors[start : start + CHUNK_ROWS] @ own for start in starts])
        members = np.flatnonzero((cosine >= near - np.float32(ROUNDING_ERROR)) & self.free)
        members = members[cosines(self.vectors, members, np.full_like(members, leader)) >= near]
        return self._in_time(leader, members[members != leader])

    def _in_time(self, leader: int, members: Ints) -> Ints:
        """Return the members that start no earlier than the leader and end within the window after it, or are undated."""
        if self.band is None:
            return members
        return np.asarray(members[within(self.band.take(members), self.band.first[leader])])


def leaders_of(sample: Ints, counts: Ints, size: int) -> list[int]:
    """Return the nodes of a sample that are similar to more than `size` others, the one with the most first.

    `counts`: to how many each is similar.
    """
    many = np.flatnonzero(counts > size)
    leaders: list[int] = sample[many[np.argsort(-counts[many], kind="stable")]].tolist()
    return leaders


def within(band: TimeBand, start: float) -> Bools:
    """Return which nodes of a band start no earlier and end within the window after `start`, or are undated, (n,)."""
    inside = ~(band.first < start) & (band.last <= start + band.window)
    return np.isnan(band.first) | inside
