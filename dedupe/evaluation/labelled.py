"""Headlines that a person has grouped -> their labels, and a run per slice to compare with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Unpack

import numpy as np

from dedupe.clustering.corrections import as_corrections
from dedupe.errors import InputError
from dedupe.headlines import Headline, Row
from dedupe.pipeline import Frame, deduplicate
from dedupe.readers.columnar import rows_of
from dedupe.readers.delimited import listed, named_column
from dedupe.result.cautions import Caution
from dedupe.result.deduplication import Deduplication
from dedupe.result.settings import RunOptions
from dedupe.runtime.arrays import Ints, codes, pairs_within
from dedupe.text.decorations import Undecorated, undecorated_all
from dedupe.text.normalize import MAX_LENGTH, normalize
from dedupe.text.outlets import outlets_of


@dataclass(frozen=True, slots=True)
class LabelColumns:
    """The columns of the labels; by default `story`, and `wording` (or `variant`) and `slice` where they exist.

    `wording`: which wording of the story. `slice`: parts of the input that are grouped separately.
    """

    story: str | None = None
    wording: str | None = None
    slice: str | None = None


@dataclass(frozen=True)
class LabelledHeadlines:
    """Headlines with their labels, (n,) each.

    `slice`: the number of each row's slice, from 0. `labels`: per level a number for each row, -1 where it has no label; rows
    of different slices never share one.
    """

    headlines: list[Headline]
    slice: Ints
    labels: dict[str, Ints]

    @cached_property
    def slices(self) -> list[Ints]:
        """The positions of each slice."""
        return [np.flatnonzero(self.slice == k) for k in range(int(self.slice.max()) + 1)]

    @cached_property
    def undecorated(self) -> list[Undecorated]:
        """The normalized titles without decorations, cut to what is compared."""
        texts, sources = [normalize(row.title) for row in self.headlines], [row.source for row in self.headlines]
        return [title.cut(MAX_LENGTH) for title in undecorated_all(texts, sources, outlets_of(texts, sources))]

    @cached_property
    def texts(self) -> list[str]:
        """The titles as they are encoded."""
        return [title.core for title in self.undecorated]

    def scored(self, level: str) -> int:
        """Return how many rows have a label of the level."""
        return int((self.labels[level] >= 0).sum())

    def pairs(self, level: str) -> int:
        """Return how many pairs of rows share a label of the level."""
        return int(pairs_within(np.bincount(self.labels[level][self.labels[level] >= 0])).sum())

    def check(self, level: str) -> None:
        """Raise `InputError` where the level has no labels."""
        if level not in self.labels:
            raise InputError("no column 'wording' with labels: rename yours, or name it with --wording-column")
        if not self.scored(level):
            raise InputError(f"no row with a story has a {level} too: name the column of labels with --{level}-column")

    def check_pairs(self, level: str) -> None:
        """Raise `InputError` where the level has no labels, or none that two rows share."""
        self.check(level)
        if not self.pairs(level):
            rows = f"each of the {self.scored(level):,} labelled rows has a {level} of its own"
            raise InputError(f"{rows}, so no threshold can be chosen: give labels that rows share")


def read_labels(rows: Iterable[Row] | Frame, columns: LabelColumns | None = None) -> LabelledHeadlines:
    """Return headlines with the labels in their columns; a blank cell is no label.

    A wording is labelled within its story, so a row without a story has no wording either. Takes what `deduplicate`
    takes. Raises `InputError` where that does, for a missing column, and where no row has a story.
    """
    headlines, names = rows_of(rows), columns or LabelColumns()
    present = list(dict.fromkeys(str(name) for headline in headlines for name in headline.own))
    story = _column(names.story, "story", present)
    if story is None:
        raise InputError(f"no column 'story' among {listed(present)}: rename yours, or name it with --story-column")
    slice_ = _column(names.slice, "slice", present)
    wording = _column(names.wording, "wording", present) or _column(None, "variant", present)
    slices = codes(_texts(headlines, slice_))
    stories = codes((k, s) if s else None for k, s in zip(slices.tolist(), _texts(headlines, story), strict=True))
    if not (stories >= 0).any():
        raise InputError(f"column {story!r} is empty: name the column of labels with --story-column")
    labels = {"story": stories}
    if wording:
        nested = zip(stories.tolist(), _texts(headlines, wording), strict=True)
        labels["wording"] = codes((k, w) if w and k >= 0 else None for k, w in nested)
    return LabelledHeadlines(headlines, slices, labels)


def runs_of(labelled: LabelledHeadlines, **options: Unpack[RunOptions]) -> list[Deduplication]:
    """Return one run per slice, over all its rows, with or without labels; `options` are those of `deduplicate`."""
    options["corrections"] = as_corrections(options.get("corrections", ()))  # an iterator would serve one slice only
    parts = ([labelled.headlines[k] for k in rows.tolist()] for rows in labelled.slices)
    return [deduplicate(part, **options) for part in parts]


def warnings_of(labelled: LabelledHeadlines, runs: Sequence[Deduplication]) -> tuple[Caution, ...]:
    """Return the warnings of all runs about their input, one per code, by input position.

    Warnings about suspicious groups are left out: the labels say more about these. Where several slices have a warning, its
    message is that of the slice with the most rows.
    """
    by_code = defaultdict[str, list[Caution]](list)
    for rows, run in zip(labelled.slices, runs, strict=True):
        for caution in run.cautions:
            by_code[caution.code].append(replace(caution, positions=tuple(rows[list(caution.positions)].tolist())))
    return tuple(map(_merged, by_code.values()))


def _merged(cautions: Sequence[Caution]) -> Caution:
    positions = tuple(sorted(position for caution in cautions for position in caution.positions))
    largest = max(cautions, key=lambda caution: len(caution.positions))
    several = f" (in one slice; {len(positions):,} such rows in {len(cautions)} slices)"
    message = largest.message + (several if len(cautions) > 1 and positions else "")
    return Caution(largest.code, message, positions)


def _column(name: str | None, default: str, present: list[str]) -> str | None:
    """The column of that name, which must exist; without a name the default one, if it exists."""
    try:
        return named_column(name or default, present, "the labels")
    except InputError:
        if name:
            raise
        return None


def _texts(headlines: Sequence[Headline], column: str | None) -> list[str]:
    return [label_text(column and headline.own.get(column)) for headline in headlines]


def label_text(value: Any) -> str:
    """Return a cell as text, "" where it is empty or a missing value of a frame."""
    try:
        if value is None or value != value:
            return ""
    except TypeError:  # pandas.NA refuses to be a bool
        return ""
    except ValueError:  # an array
        pass
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # pandas makes floats of a column of whole numbers with gaps
    return str(value).strip()
