"""Rows -> weighted `Nodes`: exact copies become one, before anything is embedded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dedupe.candidates.time_band import TimeBand
from dedupe.clustering.generic_titles import generic_rows, keys_in_place
from dedupe.headlines import Headline, tie_key
from dedupe.runtime.arrays import Bools, Floats, Ints
from dedupe.text.decorations import Undecorated, undecorated_all
from dedupe.text.normalize import MAX_LENGTH, key_of_core, normalize
from dedupe.text.outlets import Outlets, outlets_of


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
    `generic`: (rows,), which titles say nothing by themselves.
    """

    headlines: Sequence[Headline]
    nodes: Nodes
    texts: list[str]
    cores: list[Undecorated]
    fingerprints: list[str]
    outlets: Outlets
    generic: Bools

    @property
    def node_titles(self) -> list[Undecorated]:
        """The title of each node."""
        return [self.cores[row] for row in self.nodes.text_row.tolist()]

    @property
    def encoded(self) -> list[str]:
        """The text of each row that is encoded: "" for a title that says nothing, so that it resembles no other."""
        return ["" if generic else title.core for title, generic in zip(self.cores, self.generic.tolist(), strict=True)]


def collapse_copies(headlines: Sequence[Headline], window: float | None, outlets: Outlets | None = None) -> Copies:
    """Make a node of all headlines with the same fingerprint, or several where they span more than `window` hours.

    Titles that say nothing by themselves are copies only where day and place agree, see `generic_titles`.
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
    generic: Bools | None = None,
) -> Copies:
    """Return what `collapse_copies` does where all but the nodes is known; `texts` and `cores` are whole.

    `tie_keys`: of `dedupe.headlines.tie_key`; `hours`: of `hour_of`; `generic`: of `generic_rows`, where that is known.
    """
    if generic is None:
        generic = generic_rows(fingerprints, cores, [row.source for row in headlines], outlets)
    keys = keys_in_place(fingerprints, headlines, generic)

    def plainness(row: int) -> tuple[str, int, str]:
        return cores[row].core, len(texts[row]), texts[row]

    nodes = copy_nodes(keys, plainness, np.array(hours, float), ranks_of(tie_keys), window)
    cut = [text[:MAX_LENGTH] for text in texts]
    return Copies(headlines, nodes, cut, [title.cut(MAX_LENGTH) for title in cores], fingerprints, outlets, generic)


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
    fingerprints: Sequence[str], plainness: Callable[[int], Any], hours: Floats, ties: Ints, window: float | None
) -> Nodes:
    """Return the nodes of rows with these fingerprints, hours since the epoch (NaN: undated) and ranks, (rows,).

    `plainness`: of a row; sorts those of a fingerprint. Undated rows join the earliest part of a group that is
    cut. A row with an empty fingerprint is a node of its own.
    """
    group = _groups(fingerprints, ties)
    of = np.unique(group * len(group) + _parts_in_time(group, hours, window), return_inverse=True)[1]
    shared = np.flatnonzero(np.bincount(group)[group] > 1).tolist()
    smallest_last = np.array(sorted(shared, key=lambda k: (plainness(k), ties[k]), reverse=True), np.int64)
    row, text = _last_rows(of, smallest_last), _last_rows(group, smallest_last)
    return Nodes(of, of, row, text[group[row]], *span(hours, hours, of), np.ones(len(row), np.int64), ties)


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
    first, last = span(hours, hours, group)
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


def span(first: Floats, last: Floats, labels: Ints) -> tuple[Floats, Floats]:
    """Return the earliest and the latest hour of each label, NaN where it has no dated row."""
    earliest, latest = np.full((2, np.bincount(labels).size), np.nan)
    np.fmin.at(earliest, labels, first)
    np.fmax.at(latest, labels, last)
    return earliest, latest
