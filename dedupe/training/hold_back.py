"""Slices for the networks, and a block of time held back from them: the judge must meet titles that no network has seen."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from dedupe.errors import InputError
from dedupe.evaluation.labelled import LabelledHeadlines, label_text
from dedupe.runtime.arrays import Ints

LEAST_SLICES = 3
"""On either side."""
_MARGIN = timedelta(days=2)
_UNDATED = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Split:
    """Numbers of slices in order of time: those that the networks learn from, and those held back for the judge."""

    learned: list[int]
    held_back: list[int]


def slice_names(data: LabelledHeadlines) -> list[str]:
    """Return the name of each slice: that in the column `slice`, or its number, from 1."""
    names = (label_text(data.headlines[rows[0]].own.get("slice")) for rows in data.slices)
    return [name or str(number) for number, name in enumerate(names, 1)]


def split_slices(data: LabelledHeadlines, ends: tuple[str, str] | None = None, seen: Collection[str] = ()) -> Split:
    """Split the slices; `InputError` where fewer than three stay on either side.

    `ends`: names of the first and the last slice of the block; by default it is the middle third, at least three. `seen`:
    names of slices that the encoder learned from before, which are never held back. Slices within two days of the block
    are on neither side.
    """
    names, spans = slice_names(data), [_span(data, rows) for rows in data.slices]
    order = sorted(range(len(names)), key=lambda k: (spans[k], k))  # undated ones last, as they come
    unseen = [k for k in order if names[k] not in seen]
    if ends is None:
        count = max(LEAST_SLICES, len(unseen) // 3)
        start = (len(unseen) - count) // 2
        held_back = unseen[max(start, 0) :][:count]
        block = held_back
    else:
        start, end = (order.index(_number(name, names)) for name in ends)
        block = order[start : end + 1]
        held_back = [k for k in block if names[k] not in seen]
    learned = [k for k in order if k not in block and not _is_near(spans[k], [spans[b] for b in block])]
    if min(len(held_back), len(learned)) < LEAST_SLICES:
        raise InputError(
            f"{len(learned)} slices to learn from and {len(held_back)} held back, but {LEAST_SLICES} of each are needed: "
            "give more days, or other slices with --hold-back"
        )
    return Split(learned, held_back)


def _span(data: LabelledHeadlines, rows: Ints) -> tuple[datetime, datetime]:
    dates = [date for date in (data.headlines[row].published for row in rows.tolist()) if date]
    return min(dates, default=_UNDATED), max(dates, default=_UNDATED)


def _number(name: str, names: list[str]) -> int:
    if name not in names:
        raise InputError(f"no slice {name!r} to hold back: the slices are {', '.join(names)}")
    return names.index(name)


def _is_near(span: tuple[datetime, datetime], block: list[tuple[datetime, datetime]]) -> bool:
    """Whether a slice lies within the margin of a block; what is undated is near to nothing."""
    dated = [other for other in block if other[0] != _UNDATED]
    if span[0] == _UNDATED or not dated:
        return False
    early, late = min(start for start, _ in dated) - _MARGIN, max(end for _, end in dated) + _MARGIN
    return span[1] >= early and span[0] <= late


def only(data: LabelledHeadlines, numbers: Sequence[int]) -> LabelledHeadlines:
    """Return the headlines of some slices, which are numbered from 0 in this order."""
    rows = np.concatenate([data.slices[number] for number in numbers])
    slices = np.repeat(np.arange(len(numbers)), [len(data.slices[number]) for number in numbers])
    labels = {level: labels[rows] for level, labels in data.labels.items()}
    return LabelledHeadlines([data.headlines[row] for row in rows.tolist()], slices, labels)


def check_labels(data: LabelledHeadlines, slices: Collection[int], role: str) -> None:
    """Raise `InputError` if these slices have no pair of a level, from which nothing could be learned."""
    rows = np.concatenate([data.slices[k] for k in slices])
    for level, groups in data.labels.items():
        if np.bincount(groups[rows]).max() < 2:
            raise InputError(f"the slices {role} hold no two headlines of one {level}: label more")
