"""Rows -> weighted `Nodes`: exact copies before embedding, crowds of near-copies after it.

A crowd is so many similar titles that comparing each with each would take too long. It gathers around a leader, a title from
a sample. Members are scored against the leader only, and those that surely say the same become one node with it. Where few
do, as when each names another number, the members stay nodes and are compared only with their neighbors in the alphabet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dedupe.candidates.pairs import PairTable
from dedupe.candidates.products import ROUNDING_ERROR, cosines, how_many, spread
from dedupe.candidates.time_band import TimeBand
from dedupe.headlines import Headline, tie_key
from dedupe.runtime.arrays import Bools, Floats, Ints
from dedupe.runtime.parallel import in_order
from dedupe.scoring.pair_features import other_numbers
from dedupe.scoring.scorer import Scorer
from dedupe.text.decorations import Undecorated, undecorated_all
from dedupe.text.normalize import MAX_LENGTH, key_of_core, normalize
from dedupe.text.outlets import Outlets, outlets_of

_SAMPLE = 512
_MIN_SURE = 0.1  # share of a crowd below which its other members are compared sparsely
_CHUNK_ROWS = 8192


@dataclass(frozen=True, slots=True)
class Nodes:
    """Distinct titles, ordered by fingerprint and date, so that nothing later depends on the order of the input.

    `of_row`: (rows,), the node of each row; `exact_of_row`: its exact group. `title_row`: (nodes,), the row whose title names
    a node: the one with the smallest core, then the shortest title. `text_row`: the row whose core is encoded, the first by
    the same order with this fingerprint, so that parts of an exact group that the window cut are encoded once. `first`,
    `last`: hours since the epoch of the earliest and latest row, NaN where undated. `weight`: how many exact groups a node
    contains. `ties`: (rows,), a rank of the rows that does not depend on the order of the input.
    """

    of_row: Ints
    exact_of_row: Ints
    title_row: Ints
    text_row: Ints
    first: Floats
    last: Floats
    weight: Ints
    ties: Ints

    def __len__(self) -> int:
        return len(self.title_row)

    def band(self, window: float | None) -> TimeBand | None:
        """Return which nodes fit into a window, in hours."""
        return None if window is None else TimeBand(self.first, self.last, window)


@dataclass(frozen=True, slots=True)
class Copies:
    """Headlines and their nodes.

    `texts`: normalized titles; `cores`: the same without decorations, which is what later steps encode and compare; both cut
    to what is compared, (rows,). `fingerprints`: keys of the cores. `outlets`: those that the headlines make known.
    """

    headlines: Sequence[Headline]
    nodes: Nodes
    texts: list[str]
    cores: list[Undecorated]
    fingerprints: list[str]
    outlets: Outlets

    @property
    def node_titles(self) -> list[Undecorated]:
        """The title of each node that is encoded."""
        return [self.cores[row] for row in self.nodes.text_row.tolist()]


def collapse_copies(headlines: Sequence[Headline], window: float | None, outlets: Outlets | None = None) -> Copies:
    """Make a node of all headlines with the same fingerprint, or several where they span more than `window` hours.

    `outlets`: those known already; by default those that the headlines make known.
    """
    texts, sources = [normalize(row.title) for row in headlines], [row.source for row in headlines]
    outlets = outlets_of(texts, sources) if outlets is None else outlets
    cores = undecorated_all(texts, sources, outlets)
    fingerprints, keys = [key_of_core(title.core) for title in cores], list(map(tie_key, headlines))
    return copies_of(headlines, window, texts, cores, fingerprints, outlets, keys, list(map(hour_of, headlines)))


def copies_of(
    headlines: Sequence[Headline],
    window: float | None,
    texts: Sequence[str],
    cores: Sequence[Undecorated],
    fingerprints: list[str],
    outlets: Outlets,
    tie_keys: Sequence[Any],
    hours: Sequence[float],
) -> Copies:
    """Return what `collapse_copies` does where all but the nodes is known; `texts` and `cores` are whole.

    `tie_keys`: of `dedupe.headlines.tie_key`; `hours`: of `hour_of`.
    """
    plainest = [(title.core, len(text), text) for title, text in zip(cores, texts, strict=True)]
    nodes = copy_nodes(fingerprints, plainest, np.array(hours, float), ranks_of(tie_keys), window)
    texts = [text[:MAX_LENGTH] for text in texts]
    return Copies(headlines, nodes, texts, [title.cut(MAX_LENGTH) for title in cores], fingerprints, outlets)


def tie_ranks(headlines: Sequence[Headline]) -> Ints:
    """Return the rank of each headline by date (undated last), title, id, source and address."""
    return ranks_of(list(map(tie_key, headlines)))


def ranks_of(keys: Sequence[Any]) -> Ints:
    """Return the rank of each key, (n,); equal ones by place."""
    ranks = np.empty(len(keys), np.int64)
    ranks[sorted(range(len(keys)), key=keys.__getitem__)] = np.arange(len(keys))
    return ranks


def hour_of(headline: Headline) -> float:
    """Return the hours from the epoch to when a headline was published, NaN where it is undated."""
    return headline.published.timestamp() / 3600 if headline.published else np.nan


def copy_nodes(
    fingerprints: Sequence[str], texts: Sequence[Any], hours: Floats, ties: Ints, window: float | None
) -> Nodes:
    """Return the nodes of rows with these fingerprints, hours since the epoch (NaN: undated) and ranks, (rows,).

    `texts`: texts, or whatever else sorts the rows of a fingerprint. Undated rows join the earliest part of a group that is
    cut. A row with an empty fingerprint is a node of its own.
    """
    group = _groups(fingerprints, ties)
    of = np.unique(group * len(group) + _parts_in_time(group, hours, window), return_inverse=True)[1]
    shared = np.flatnonzero(np.bincount(group)[group] > 1).tolist()
    smallest_last = np.array(sorted(shared, key=lambda k: (texts[k], ties[k]), reverse=True), np.int64)
    row, text = _last_rows(of, smallest_last), _last_rows(group, smallest_last)
    return Nodes(of, of, row, text[group[row]], *_span(hours, hours, of), np.ones(len(row), np.int64), ties)


def _groups(fingerprints: Sequence[str], ties: Ints) -> Ints:
    """Number rows by fingerprint; rows without one come last, each on its own, in the order of ties."""
    number = {key: k for k, key in enumerate(sorted(set(fingerprints) - {""}))}
    group = np.array([number.get(key, -1) for key in fingerprints], np.int64)
    alone = np.flatnonzero(group < 0)
    group[alone[np.argsort(ties[alone])]] = len(number) + np.arange(len(alone))
    return group


def _parts_in_time(group: Ints, hours: Floats, window: float | None) -> Ints:
    """Number the parts of each group, from its earliest row on: a part ends before the row that would exceed the window."""
    part = np.zeros(len(group), np.int64)
    if window is None:
        return part
    first, last = _span(hours, hours, group)
    dated = np.flatnonzero((last - first > window)[group] & ~np.isnan(hours))
    current, start, number = -1, 0.0, 0
    for k in dated[np.lexsort((hours[dated], group[dated]))].tolist():
        if group[k] != current:
            current, start, number = group[k], hours[k], 0
        elif hours[k] - start > window:
            start, number = hours[k], number + 1
        part[k] = number
    return part


def _last_rows(labels: Ints, order: Ints) -> Ints:
    """Return the row of each label that comes last in `order`; a label without rows in `order` has only one."""
    rows = np.empty(np.bincount(labels).size, np.int64)
    rows[labels] = np.arange(len(labels))
    rows[labels[order]] = order
    return rows


def _span(first: Floats, last: Floats, labels: Ints) -> tuple[Floats, Floats]:
    """Return the earliest and the latest hour of each label, NaN where it has no dated row."""
    earliest, latest = np.full((2, np.bincount(labels).size), np.nan)
    np.fmin.at(earliest, labels, first)
    np.fmax.at(latest, labels, last)
    return earliest, latest


@dataclass(frozen=True, slots=True)
class CrowdSettings:
    """When titles are a crowd.

    `size`: fewer titles are compared each with each. `near`: cosine similarity to the leader from which a title is a member.
    `sure`: probability by itself, at the wording level, from which a member becomes one node with its leader.
    """

    size: int = 1000
    near: float = 0.85
    sure: float = 0.9


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
    nodes: Nodes, scorer: Scorer, window: float | None, exempt: Ints, settings: CrowdSettings | None = None
) -> Collapsed:
    """Make one node of the members of each crowd that surely say the same; `exempt`: nodes that stay as they are."""
    crowds = _Crowds(nodes, scorer, window, exempt, settings or CrowdSettings())
    for leader in crowds.leaders():
        crowds.gather(leader)
    absorbed = crowds.leader_of != np.arange(len(nodes))
    if not absorbed.any():
        return Collapsed(nodes, scorer, tuple(crowds.sparse), absorbed[nodes.of_row])
    kept, number = np.unique(crowds.leader_of, return_inverse=True)
    first, last = _span(nodes.first, nodes.last, number)
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


class _Crowds:
    def __init__(
        self, nodes: Nodes, scorer: Scorer, window: float | None, exempt: Ints, settings: CrowdSettings
    ) -> None:
        self.scorer, self.settings, self.band = scorer, settings, nodes.band(window)
        self.vectors = scorer.level_vectors
        self.leader_of = np.arange(len(nodes))
        self.free = np.ones(len(nodes), bool)
        self.free[exempt] = False
        self.sparse: list[Ints] = []

    def leaders(self) -> list[int]:
        """Return the nodes of a sample that are similar to enough others, the one with the most first."""
        rows = len(self.vectors)
        if rows <= self.settings.size:
            return []
        sample, near = spread(rows, _SAMPLE), self.settings.near
        chunks = [np.arange(k, min(k + _CHUNK_ROWS, rows)) for k in range(0, rows, _CHUNK_ROWS)]
        counts = np.sum(list(in_order(lambda chunk: how_many(self.vectors, sample, chunk, near), chunks)), axis=0)
        many = np.flatnonzero(counts > self.settings.size)
        leaders: list[int] = sample[many[np.argsort(-counts[many], kind="stable")]].tolist()
        return leaders

    def gather(self, leader: int) -> None:
        """Let the members of a crowd join their leader; if too few do, mark the others to be compared sparsely."""
        members = self._members(leader)
        if not self.free[leader] or len(members) < self.settings.size:
            return
        pairs = self.scorer.pair_probabilities(PairTable.of(members, np.full_like(members, leader)), min_probability=0)
        sure = (pairs.p_pair_wording >= self.settings.sure) & ~other_numbers(self.scorer.titles, pairs.i, pairs.j)
        member = np.where(pairs.i == leader, pairs.j, pairs.i).astype(np.int64)
        self.leader_of[member[sure]] = leader
        self.free[[leader, *member[sure]]] = False
        if sure.mean() < _MIN_SURE:
            self.sparse.append(np.sort(member[~sure]))
            self.free[member[~sure]] = False

    def _members(self, leader: int) -> Ints:
        own, starts = self.vectors[leader], range(0, len(self.vectors), _CHUNK_ROWS)
        near = np.float32(self.settings.near)
        cosine = np.concatenate([self.vectors[start : start + _CHUNK_ROWS] @ own for start in starts])
        members = np.flatnonzero((cosine >= near - np.float32(ROUNDING_ERROR)) & self.free)
        members = members[cosines(self.vectors, members, np.full_like(members, leader)) >= near]
        return self._in_time(leader, members[members != leader])

    def _in_time(self, leader: int, members: Ints) -> Ints:
        """Return the members that start no earlier than the leader and end within the window after it, or are undated."""
        if self.band is None:
            return members
        first, start = self.band.first[members], self.band.first[leader]
        inside = ~(first < start) & (self.band.last[members] <= start + self.band.window)
        return np.asarray(members[np.isnan(first) | inside])
