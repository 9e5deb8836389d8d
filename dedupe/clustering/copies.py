"""Rows -> exact groups: equal fingerprints are one node, whatever their number, and are encoded and joined once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ExactGroups:
    """The nodes of a run, ordered by fingerprint and date, so that nothing after depends on the order of the input.

    `of`: (rows,), the node of each row. `row`: (nodes,), the row that stands for a node, the one with the smallest
    normalized text. `text`: (nodes,), the row whose text is encoded and judged, the smallest of all with its fingerprint,
    so that the parts of a group that the window cut are encoded once. `first`, `last`: (nodes,), hours since the epoch of
    its earliest and latest dated row, or NaN. `ties`: (rows,), as given.
    """

    of: Ints
    row: Ints
    text: Ints
    first: Floats
    last: Floats
    ties: Ints


def exact_groups(
    fingerprints: Sequence[str], texts: Sequence[str], hours: Floats, ties: Ints, window: float | None
) -> ExactGroups:
    """Group rows of one fingerprint, and cut a group whose dated rows span more than `window` hours.

    `hours`: (rows,), NaN where undated. `ties`: (rows,), a rank of the rows that does not come from the input's order.
    Undated rows stay with the earliest part of their group. A row with an empty fingerprint is a node of its own.
    """
    group = _groups(fingerprints, ties)
    part = _parts(group, hours, window)
    of = np.unique(group * len(group) + part, return_inverse=True)[1]
    shared = np.flatnonzero(np.bincount(group)[group] > 1).tolist()
    smallest_last = np.array(sorted(shared, key=lambda k: (texts[k], ties[k]), reverse=True), np.int64)
    row, text = _last(of, smallest_last), _last(group, smallest_last)
    first, last = (_each(pick, hours, of) for pick in (np.fmin, np.fmax))
    return ExactGroups(of, row, text[group[row]], first, last, ties)


def _groups(fingerprints: Sequence[str], ties: Ints) -> Ints:
    """The group of each row, in the order of fingerprints; rows without one come after, each alone, in the order of ties."""
    place = {key: k for k, key in enumerate(sorted(set(fingerprints) - {""}))}
    group = np.array([place.get(key, -1) for key in fingerprints], np.int64)
    alone = np.flatnonzero(group < 0)
    group[alone[np.argsort(ties[alone])]] = len(place) + np.arange(len(alone))
    return group


def _parts(group: Ints, hours: Floats, window: float | None) -> Ints:
    """Cut each group from its earliest row on: a part ends where the next row would pass the window."""
    part = np.zeros(len(group), np.int64)
    if window is None:
        return part
    too_long = _each(np.fmax, hours, group) - _each(np.fmin, hours, group) > window
    dated = np.flatnonzero(too_long[group] & ~np.isnan(hours))
    last, start, number = -1, 0.0, 0
    for k in dated[np.lexsort((hours[dated], group[dated]))].tolist():
        if group[k] != last:
            last, start, number = group[k], hours[k], 0
        elif hours[k] - start > window:
            start, number = hours[k], number + 1
        part[k] = number
    return part


def _last(labels: Ints, order: Ints) -> Ints:
    """The row of each label that comes last in `order`; a label that it does not have stands for one row."""
    found = np.empty(np.bincount(labels).size, np.int64)
    found[labels] = np.arange(len(labels))
    found[labels[order]] = order
    return found


def _each(pick: np.ufunc, hours: Floats, labels: Ints) -> Floats:
    """What `pick` leaves of the hours of each label, NaN where none of its rows is dated."""
    values = np.full(np.bincount(labels).size, np.nan)
    pick.at(values, labels, hours)
    return values
