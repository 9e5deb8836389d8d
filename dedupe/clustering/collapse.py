"""Rows -> weighted `Nodes`: exact copies before embedding, crowds of near-copies after it.

A crowd is found around a leader, a title of a sample that very many others nearly equal. Members that surely say the same,
each scored against the leader, become one node with it: comparing each with each would never end. Where hardly any member
does, as where each names another number, the members stay nodes of their own and are compared with their neighbors in the
alphabet only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dedupe.candidates.pairs import PairTable
from dedupe.candidates.products import ROUNDING_ERROR, cosines, how_many, spread
from dedupe.candidates.time_band import TimeBand
from dedupe.headlines import Headline, tie_key
from dedupe.runtime.arrays import Bools, Floats, Ints
from dedupe.runtime.parallel import in_order
from dedupe.scoring.scorer import Scorer
from dedupe.text.normalize import MAX_LENGTH, key_of_normalized, normalize

_SAMPLE = 512
_MIN_SETTLED = 0.1  # share of a crowd that has to be one node with its leader
_CHUNK_ROWS = 8192


@dataclass(frozen=True, slots=True)
class Nodes:
    """Distinct titles, ordered by fingerprint and date, so that nothing later depends on the order of the input.

    `of_row`: (rows,), the node of each row. `exact_of_row`: (rows,), its exact group, numbered likewise. `title_row`: (nodes,),
    the row whose title names a node, that with the smallest normalized text. `text_row`: (nodes,), the row whose text is
    encoded, the smallest with its fingerprint, so that parts of an exact group that the window cut are encoded once. `first`,
    `last`: (nodes,), hours since the epoch of the earliest and latest row, NaN where undated. `weight`: (nodes,), how many
    exact groups a node stands for. `ties`: (rows,), a rank of the rows that does not come from the input's order.
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
        """Return which nodes fit into a window in hours; None for no window."""
        return None if window is None else TimeBand(self.first, self.last, window)


@dataclass(frozen=True, slots=True)
class Copies:
    """Nodes of exact copies. `texts`, `fingerprints`: normalized titles, cut to what is compared, and their keys, (rows,)."""

    nodes: Nodes
    texts: list[str]
    fingerprints: list[str]


def collapse_copies(headlines: Sequence[Headline], window: float | None) -> Copies:
    """Make one node of all headlines with one fingerprint; cut it where its dated rows span more than `window` hours."""
    texts = [normalize(headline.title) for headline in headlines]
    fingerprints = [key_of_normalized(text, row.source) for text, row in zip(texts, headlines, strict=True)]
    hours = np.array([row.published.timestamp() / 3600 if row.published else np.nan for row in headlines], float)
    nodes = copy_nodes(fingerprints, texts, hours, tie_ranks(headlines), window)
    return Copies(nodes, [text[:MAX_LENGTH] for text in texts], fingerprints)


def tie_ranks(headlines: Sequence[Headline]) -> Ints:
    """Return the rank of each headline by date (undated last), title, id, source, address: never by input order."""
    ranks = np.empty(len(headlines), np.int64)
    ranks[sorted(range(len(headlines)), key=lambda k: tie_key(headlines[k]))] = np.arange(len(headlines))
    return ranks


def copy_nodes(
    fingerprints: Sequence[str], texts: Sequence[str], hours: Floats, ties: Ints, window: float | None
) -> Nodes:
    """Return the nodes of rows with these fingerprints, texts, hours since the epoch (NaN: undated) and ranks, (rows,).

    Undated rows stay with the earliest part of a group that is cut. A row with an empty fingerprint is a node of its own.
    """
    group = _groups(fingerprints, ties)
    of = np.unique(group * len(group) + _parts_in_time(group, hours, window), return_inverse=True)[1]
    shared = np.flatnonzero(np.bincount(group)[group] > 1).tolist()
    smallest_last = np.array(sorted(shared, key=lambda k: (texts[k], ties[k]), reverse=True), np.int64)
    row, text = _last_rows(of, smallest_last), _last_rows(group, smallest_last)
    first, last = (_per_label(pick, hours, of) for pick in (np.fmin, np.fmax))
    return Nodes(of, of, row, text[group[row]], first, last, np.ones(len(row), np.int64), ties)


def _groups(fingerprints: Sequence[str], ties: Ints) -> Ints:
    """Number rows by fingerprint; rows without one come last, each alone, in the order of ties."""
    place = {key: k for k, key in enumerate(sorted(set(fingerprints) - {""}))}
    group = np.array([place.get(key, -1) for key in fingerprints], np.int64)
    alone = np.flatnonzero(group < 0)
    group[alone[np.argsort(ties[alone])]] = len(place) + np.arange(len(alone))
    return group


def _parts_in_time(group: Ints, hours: Floats, window: float | None) -> Ints:
    """Cut each group from its earliest row on: a part ends where the next row would pass the window."""
    part = np.zeros(len(group), np.int64)
    if window is None:
        return part
    too_long = _per_label(np.fmax, hours, group) - _per_label(np.fmin, hours, group) > window
    dated = np.flatnonzero(too_long[group] & ~np.isnan(hours))
    last, start, number = -1, 0.0, 0
    for k in dated[np.lexsort((hours[dated], group[dated]))].tolist():
        if group[k] != last:
            last, start, number = group[k], hours[k], 0
        elif hours[k] - start > window:
            start, number = hours[k], number + 1
        part[k] = number
    return part


def _last_rows(labels: Ints, order: Ints) -> Ints:
    """Return the row of each label that comes last in `order`; a label that is not in it has one row."""
    rows = np.empty(np.bincount(labels).size, np.int64)
    rows[labels] = np.arange(len(labels))
    rows[labels[order]] = order
    return rows


def _per_label(pick: np.ufunc, hours: Floats, labels: Ints) -> Floats:
    """Return what `pick` leaves of the hours of each label, NaN where none of its rows is dated."""
    values = np.full(np.bincount(labels).size, np.nan)
    pick.at(values, labels, hours)
    return values


@dataclass(frozen=True, slots=True)
class CrowdSettings:
    """When titles are a crowd.

    `size`: nearly equal titles; fewer are compared each with each. `near`: cosine similarity of nearly equal titles. `sure`:
    probability of one wording, of a pair by itself, from which a member becomes one node with its leader.
    """

    size: int = 1000
    near: float = 0.85
    sure: float = 0.9


@dataclass(frozen=True, slots=True)
class Collapsed:
    """What is left after crowds became nodes: the nodes, their scorer, the groups to compare sparsely, ascending.

    `absorbed`: (rows,), marks the rows that became one node with the leader of a crowd.
    """

    nodes: Nodes
    scorer: Scorer
    sparse: tuple[Ints, ...]
    absorbed: Bools


def collapse_crowds(
    nodes: Nodes, scorer: Scorer, window: float | None, exempt: Ints, settings: CrowdSettings | None = None
) -> Collapsed:
    """Make one node of each crowd that surely says the same; `exempt`: nodes that stay as they are."""
    crowds = _Crowds(nodes, scorer, window, exempt, settings or CrowdSettings())
    for leader in crowds.leaders():
        crowds.gather(leader)
    leader_of, everything = crowds.leader_of, np.arange(len(nodes))
    kept = np.flatnonzero(leader_of == everything)
    if len(kept) == len(nodes):
        return Collapsed(nodes, scorer, tuple(crowds.sparse), np.zeros(len(nodes.of_row), bool))
    number = np.empty(len(nodes), np.int64)
    number[kept] = np.arange(len(kept))
    number = number[leader_of]
    first, last = (_per_label(pick, hours, number) for pick, hours in ((np.fmin, nodes.first), (np.fmax, nodes.last)))
    weight = np.bincount(number, nodes.weight).astype(np.int64)
    collapsed = Nodes(
        number[nodes.of_row],
        nodes.exact_of_row,
        nodes.title_row[kept],
        nodes.text_row[kept],
        first,
        last,
        weight,
        nodes.ties,
    )
    absorbed = (leader_of != everything)[nodes.of_row]
    scorer = scorer.take(kept)
    scorer = replace(scorer, titles=replace(scorer.titles, first=first, last=last))
    return Collapsed(collapsed, scorer, tuple(number[group] for group in crowds.sparse), absorbed)


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
        """Return the titles of a sample that very many others nearly equal, the most first."""
        rows = len(self.vectors)
        if rows <= self.settings.size:
            return []
        sample, near = spread(rows, _SAMPLE), self.settings.near
        blocks = [np.arange(k, min(k + _CHUNK_ROWS, rows)) for k in range(0, rows, _CHUNK_ROWS)]
        counts = np.sum(list(in_order(lambda block: how_many(self.vectors, sample, block, near), blocks)), axis=0)
        many = np.flatnonzero(counts > self.settings.size)
        leaders: list[int] = sample[many[np.argsort(-counts[many], kind="stable")]].tolist()
        return leaders

    def gather(self, leader: int) -> None:
        """Let the members of a crowd join their leader, or leave them to be compared sparsely."""
        members = self._members(leader)
        if not self.free[leader] or len(members) < self.settings.size:
            return
        pairs = self.scorer.pair_probabilities(PairTable.of(members, np.full_like(members, leader)), min_probability=0)
        sure = pairs.p_pair_wording >= self.settings.sure
        member = np.where(pairs.i == leader, pairs.j, pairs.i).astype(np.int64)
        self.leader_of[member[sure]] = leader
        self.free[[leader, *member[sure]]] = False
        if sure.mean() < _MIN_SETTLED:
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
        """Return the members that begin no earlier than the leader and end within its window, or have no date."""
        if self.band is None:
            return members
        first, start = self.band.first[members], self.band.first[leader]
        inside = ~(first < start) & (self.band.last[members] <= start + self.band.window)
        return np.asarray(members[np.isnan(first) | inside])
