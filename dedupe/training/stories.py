"""Labelled stories: a JSON Lines file -> headlines, slices and labels per level."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedupe.errors import InputError
from dedupe.headlines import Headline, as_headline
from dedupe.text.normalize import MAX_LENGTH, normalize

Ints = NDArray[np.int64]
_LEAST_SLICES = 3
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_SLICE_DAYS = 3
_UNDATED_SLICES = 8


@dataclass(frozen=True, slots=True)
class Labelled:
    """Labelled headlines; every array has one entry a headline.

    `slice`: which slice each is in, from 0; pairs are only taken within one. `labels`: a group number per level.
    """

    headlines: list[Headline]
    texts: list[str]
    slice: Ints
    labels: dict[str, Ints]

    @property
    def slices(self) -> list[Ints]:
        """The rows of each slice."""
        return [np.flatnonzero(self.slice == k) for k in range(int(self.slice.max()) + 1)]


def read_stories(path: Path) -> Labelled:
    """Return the labelled headlines of a JSON Lines file, gzipped or not.

    Each line has `title`, `story` and `wording` (or `variant`: which of the story), and may have `published`, `source`
    and `slice`. Without slices, headlines are cut into spans of three days by the first date of their story, or spread
    over eight slices where nothing is dated. Raises `InputError`, with the line, for what cannot be used.
    """
    rows = [_checked(path, number, row) for number, row in _numbered(path)]
    headlines = [as_headline(row) for row in rows]
    stories = [str(row["story"]) for row in rows]
    sliced = all("slice" in row for row in rows)
    numbers = _codes([str(row["slice"]) for row in rows] if sliced else _slices_by_date(headlines, stories))
    if len(set(numbers.tolist())) < _LEAST_SLICES:
        raise InputError(f"{path}: all stories lie in fewer than {_LEAST_SLICES} slices: give more days, or `slice`")
    labels = {
        "story": _codes(zip(numbers.tolist(), stories, strict=True)),
        "wording": _codes((n, row["story"], row["wording"]) for n, row in zip(numbers.tolist(), rows, strict=True)),
    }
    return Labelled(headlines, [normalize(h.title)[:MAX_LENGTH] for h in headlines], numbers, labels)


def _checked(path: Path, number: int, row: Any) -> dict[str, Any]:
    """Return a row that has a title, and a text or a number for each label."""
    if isinstance(row, dict) and "wording" not in row and "variant" in row:
        row["wording"] = row["variant"]
    for column in ("title", "story", "wording"):
        value = row.get(column) if isinstance(row, dict) else None
        if isinstance(value, int) and column != "title":
            continue
        if not isinstance(value, str) or not value.strip():
            raise InputError(f"{path}, line {number}: nothing under {column!r}: each line needs title, story, wording")
    checked: dict[str, Any] = row
    return checked


def read_rows(path: Path) -> Iterator[Any]:
    """Yield the values of a JSON Lines file, gzipped or not; `InputError` where it is not one."""
    return (row for _, row in _numbered(path))


def _numbered(path: Path) -> Iterator[tuple[int, Any]]:
    """Yield the values with the number of their line."""
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise InputError(f"{path} cannot be read as JSON Lines: {error}") from error
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except json.JSONDecodeError as error:
                raise InputError(f"{path}, line {number} is not JSON: {error}") from error


def _slices_by_date(headlines: Sequence[Headline], stories: Sequence[str]) -> list[tuple[str, int]]:
    """A slice for each headline: where its story begins, in steps of some days; stories are never torn apart."""
    first: dict[str, datetime] = {}
    for headline, story in zip(headlines, stories, strict=True):
        if headline.published:
            first[story] = min(first.get(story, headline.published), headline.published)
    return [
        ("dated", (first[story] - _EPOCH).days // _SLICE_DAYS)
        if story in first
        else ("undated", zlib.crc32(story.encode()) % _UNDATED_SLICES)
        for story in stories
    ]


def _codes(values: Iterable[Hashable]) -> Ints:
    """Number values from 0 by first appearance."""
    known: dict[Hashable, int] = {}
    return np.array([known.setdefault(value, len(known)) for value in values], np.int64)
