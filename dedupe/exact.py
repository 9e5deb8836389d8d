"""Rows -> exact groups: equal fingerprints are one node, whatever their number, and are encoded and joined once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
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
    its earliest and latest dated row, or NaN.
    """

    of: Ints
    row: Ints
    text: Ints
    first: Floats
    last: Floats


def exact_groups(
    fingerprints: Sequence[str], texts: Sequence[str], hours: Floats, ties: Ints, window: float | None
) -> ExactGroups:
    """Group rows of one fingerprint, and cut a group whose dated rows span more than `window` hours.

    `hours`: (rows,), NaN where undated. `ties`: (rows,), a rank of the rows that does not come from the input's order.
    Undated rows stay with the earliest part of their group. A row with an empty fingerprint is a node of its own.
    """
    by_key: dict[str, list[int]] = defaultdict(list)
    for k in np.argsort(ties, kind="stable").tolist():
        by_key[fingerprints[k]].append(k)
    alone = [[k] for k in by_key.pop("", [])]
    groups = [part for key in sorted(by_key) for part in _parts(by_key[key], hours, window)] + alone
    of = np.empty(len(fingerprints), np.int64)
    for node, rows in enumerate(groups):
        of[rows] = node
    row = np.array([_smallest(rows, texts, ties) for rows in groups], np.int64)
    best = {key: _smallest(rows, texts, ties) for key, rows in by_key.items()}
    text = np.array([best.get(fingerprints[k], k) for k in row.tolist()], np.int64)
    return ExactGroups(of, row, text, *(_each(hours, groups, pick) for pick in (np.nanmin, np.nanmax)))


def _smallest(rows: list[int], texts: Sequence[str], ties: Ints) -> int:
    return min(rows, key=lambda k: (texts[k], ties[k]))


def _parts(rows: list[int], hours: Floats, window: float | None) -> list[list[int]]:
    """Cut one group from its earliest row on: a part ends where the next row would pass the window."""
    dated = sorted((k for k in rows if not np.isnan(hours[k])), key=lambda k: float(hours[k]))
    if window is None or not dated:
        return [rows]
    parts = [[dated[0]]]
    for k in dated[1:]:
        if hours[k] - hours[parts[-1][0]] > window:
            parts.append([k])
        else:
            parts[-1].append(k)
    parts[0] += [k for k in rows if np.isnan(hours[k])]
    return parts


def _each(hours: Floats, groups: list[list[int]], pick: Callable[[Floats], float]) -> Floats:
    values = np.full(len(groups), np.nan)
    for node, rows in enumerate(groups):
        dated = hours[rows]
        if not np.isnan(dated).all():
            values[node] = pick(dated)
    return values
