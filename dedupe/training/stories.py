"""Labelled stories: a file -> headlines, slices and labels, all complete."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from dedupe.errors import InputError
from dedupe.evaluation.labelled import LabelledHeadlines, label_text, read_labels
from dedupe.headlines import Headline
from dedupe.readers.inputs import read_headlines
from dedupe.runtime.arrays import codes

_LEAST_SLICES = 6
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_SLICE_DAYS = 3
_UNDATED_SLICES = 8


def read_stories(path: Path) -> LabelledHeadlines:
    """Return the labelled headlines of a file, in any format that `read_headlines` reads.

    Each row has `title`, `story` and `wording` (or `variant`: which wording of the story); `published`, `source` and `slice`
    are optional. Without slices, headlines are cut into spans of three days by the first date of their story, or spread over
    eight slices where nothing is dated. Raises `InputError`, with the row, for what cannot be used.
    """
    headlines = read_headlines(path).headlines
    labelled = read_labels(headlines)
    labels = {"wording": np.full(len(headlines), -1)} | labelled.labels
    titles = np.array([0 if headline.title.strip() else -1 for headline in headlines])
    for column, numbers in (("title", titles), ("story", labels["story"]), ("wording", labels["wording"])):
        if (numbers < 0).any():
            row = int(np.argmax(numbers < 0)) + 1
            raise InputError(f"{path}, row {row}: nothing under {column!r}: each row needs title, story and wording")
    slices = [label_text(headline.own.get("slice")) for headline in headlines]
    if any(slices) and not all(slices):
        raise InputError(f"{path}, row {slices.index('') + 1}: nothing under 'slice': give it to all rows or to none")
    if not all(slices):
        labelled = replace(labelled, slice=codes(_slices_by_date(headlines)))
    if len(labelled.slices) < _LEAST_SLICES:
        raise InputError(f"{path}: all stories lie in fewer than {_LEAST_SLICES} slices: give more days, or `slice`")
    return labelled


def _slices_by_date(headlines: Sequence[Headline]) -> list[tuple[str, int]]:
    """A slice for each headline, by the date its story begins, so that no story is split."""
    stories = [label_text(headline.own.get("story")) for headline in headlines]
    dated = [(story, row.published) for row, story in zip(headlines, stories, strict=True) if row.published]
    first = dict(sorted(dated, key=lambda item: item[1], reverse=True))  # the earliest date of a story comes last
    return [
        ("dated", (first[story] - _EPOCH).days // _SLICE_DAYS)
        if story in first
        else ("undated", zlib.crc32(story.encode()) % _UNDATED_SLICES)
        for story in stories
    ]
