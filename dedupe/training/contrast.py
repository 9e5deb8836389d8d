"""Files of contrast titles and of events, which the reader learns from beside labelled stories.

A contrast title has companions: one with its wording, one of its story, and a look-alike of another event.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from dedupe.errors import InputError
from dedupe.evaluation.labelled import label_text
from dedupe.headlines import Headline
from dedupe.readers.inputs import read_headlines
from dedupe.runtime.arrays import Ints, codes
from dedupe.text.normalize import MAX_LENGTH, normalize

_PARTS, _TEST, _JUDGE = 10, 3, 7  # a title belongs to the tenth that its checksum names
_VERDICTS = (
    ("title", "wording", "wording"),
    ("title", "story", "story"),
    ("title", "different", "different"),
    ("wording", "story", "story"),
    ("wording", "different", "different"),
    ("story", "different", "different"),
)
Companions = tuple[str, str, str]
"""Two titles and the verdict on them, one of `dedupe.levels.VERDICTS`."""


class Contrast(NamedTuple):
    """A title and its companions, "" where it has none."""

    title: str
    wording: str
    story: str
    different: str

    def companions(self) -> list[Companions]:
        """Return the pairs of the four titles, six unless one is missing."""
        own = self._asdict()
        return [(own[one], own[other], verdict) for one, other, verdict in _VERDICTS if own[one] and own[other]]


@dataclass(frozen=True, slots=True)
class Events:
    """Titles without dates, normalized, and the number of the event of each, (n,)."""

    texts: list[str]
    event: Ints


def clean(title: str) -> str:
    """Return a title as it is compared."""
    return normalize(title)[:MAX_LENGTH]


def contrast_part(title: str) -> str:
    """Return what a contrast title is for: "test" (a tenth, never learned from), "judge" (a tenth), or "reader"."""
    tenth = zlib.crc32(clean(title).casefold().encode()) % _PARTS
    return {_TEST: "test", _JUDGE: "judge"}.get(tenth, "reader")


def read_contrasts(paths: Sequence[Path]) -> dict[str, list[Contrast]]:
    """Return the contrast titles of files, by their part; `InputError` for a file without companions."""
    parts: dict[str, list[Contrast]] = {"test": [], "judge": [], "reader": []}
    for headline, path in _headlines(paths):
        companions = (label_text(headline.own.get(name)) for name in Contrast._fields[1:])
        row = Contrast(headline.title, *companions)
        if not any(row[1:]):
            raise InputError(f"{path}: a title without wording, story and different: contrast titles need one of them")
        parts[contrast_part(row.title)].append(Contrast(*map(clean, row)))
    return parts


def read_events(paths: Sequence[Path]) -> Events:
    """Return the titles of files with a `story` each, which are of one event; rows of another split than train are left out."""
    texts, stories = [], []
    for headline, path in _headlines(paths):
        if label_text(headline.own.get("split")) not in ("", "train"):
            continue
        story = label_text(headline.own.get("story"))
        if not story:
            raise InputError(f"{path}: nothing under 'story' beside a title: each row of events needs title and story")
        texts.append(clean(headline.title))
        stories.append((path, story))
    return Events(texts, codes(stories))


def _headlines(paths: Sequence[Path]) -> list[tuple[Headline, Path]]:
    return [(headline, path) for path in paths for headline in read_headlines(path).headlines]
