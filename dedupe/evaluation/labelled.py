"""Headlines that a person has grouped: labels off their columns, and the runs that are compared with them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedupe.clustering.corrections import CorrectionLike, as_corrections
from dedupe.errors import InputError
from dedupe.headlines import Headline, Row
from dedupe.pipeline import Frame, deduplicate
from dedupe.readers.columnar import rows_of
from dedupe.readers.delimited import listed, named_column
from dedupe.result.cautions import Caution
from dedupe.result.deduplication import Deduplication

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LabelColumns:
    """The columns of the labels; by default `story`, and `wording` (or `variant`) and `slice` where they exist.

    `wording`: the wording inside the story. `slice`: parts of the input that are grouped each by itself.
    """

    story: str | None = None
    wording: str | None = None
    slice: str | None = None


@dataclass(frozen=True, slots=True)
class Labelled:
    """Labelled headlines.

    `slices`: the positions of each slice. `labels`: per level a number for each row, (n,), -1 where it has no label;
    rows of two slices never share one.
    """

    headlines: list[Headline]
    slices: list[Ints]
    labels: dict[str, Ints]

    def scored(self, level: str) -> int:
        """Return how many rows have a label of the level."""
        return int((self.labels[level] >= 0).sum())

    def pairs(self, level: str) -> int:
        """Return how many pairs of rows share a label of the level."""
        sizes = np.bincount(self.labels[level][self.labels[level] >= 0])
        return int((sizes * (sizes - 1) // 2).sum())

    def check(self, level: str) -> None:
        """Raise `InputError` where the level has no labels, or none that two rows share."""
        if level not in self.labels:
            raise InputError("there is no column 'wording', which labels wordings: name it by --wording-column")
        if not self.scored(level):
            raise InputError(
                f"no row with a story has a {level} too: name the column that labels wordings by --wording-column"
            )
        if not self.pairs(level):
            each = f"each of the {self.scored(level):,} labelled rows has a {level} of its own"
            raise InputError(f"{each}: give labels that some rows share, there is nothing to score")


def read_labels(given: Iterable[Row] | Frame, columns: LabelColumns | None = None) -> Labelled:
    """Return headlines with the labels in their columns; a blank label is none.

    A wording is labelled within its story, so that a row without a story has none either. Takes what `deduplicate`
    takes; raises `InputError` where that does, for a column that is missing, and where no row has a story.
    """
    headlines, asked = rows_of(given), columns or LabelColumns()
    have = list(dict.fromkeys(str(name) for headline in headlines for name in headline.own))
    story = _optional(asked.story, "story", have)
    if story is None:
        raise InputError(f"no column 'story' among {listed(have)}: name that of the labels by --story-column")
    part = _optional(asked.slice, "slice", have)
    wording = _optional(asked.wording, "wording", have) or _optional(None, "variant", have)
    stories, parts = _values(headlines, story), _values(headlines, part)
    slices = _codes(parts)
    labels = {"story": _codes((k, s) if s else None for k, s in zip(slices.tolist(), stories, strict=True))}
    if wording:
        nested = zip(labels["story"].tolist(), _values(headlines, wording), strict=True)
        labels["wording"] = _codes((k, v) if v and k >= 0 else None for k, v in nested)
    if not (labels["story"] >= 0).any():
        raise InputError(f"no row has anything under {story!r}: name the column of the labels by --story-column")
    return Labelled(headlines, [np.flatnonzero(slices == k) for k in np.unique(slices)], labels)


def runs_of(labelled: Labelled, *, corrections: Iterable[CorrectionLike] = (), **how: Any) -> list[Deduplication]:
    """Return one run a slice, over all its rows, labelled or not; arguments are those of `deduplicate`."""
    given = as_corrections(corrections)  # an iterator would serve the first slice alone
    parts = ([labelled.headlines[k] for k in rows.tolist()] for rows in labelled.slices)
    return [deduplicate(part, corrections=given, **how) for part in parts]


def warnings_of(labelled: Labelled, runs: Sequence[Deduplication]) -> tuple[Caution, ...]:
    """Return what a careful reader should know of the rows, by input position: one caution a code, of all runs, one a slice.

    What the runs say of suspicious groups is left to the labels.
    """
    found: dict[str, list[tuple[Ints, Caution]]] = {}
    for rows, run in zip(labelled.slices, runs, strict=True):
        for caution in run.input_cautions:
            where = rows[np.array(caution.positions, np.int64)]
            found.setdefault(caution.code, []).append((where, caution))
    return tuple(_joined(several) for several in found.values())


def _joined(several: Sequence[tuple[Ints, Caution]]) -> Caution:
    """One caution for those of several slices; the message is that of the slice where most rows are meant."""
    positions = tuple(np.sort(np.concatenate([rows for rows, _ in several])).tolist())
    _, most = max(several, key=lambda one: len(one[0]))
    others = f" (in one slice; {len(positions):,} such rows in {len(several)} slices)"
    return Caution(most.code, most.message + others * (len(several) > 1 and len(positions) > 0), positions)


def _optional(given: str | None, usual: str, have: list[str]) -> str | None:
    """The column that was asked for, or the usual one where there is one."""
    try:
        return named_column(given or usual, have, "the labels")
    except InputError:
        if given:
            raise
        return None


def _values(headlines: Sequence[Headline], column: str | None) -> list[str]:
    """What each row has in a column, as text; "" where there is nothing."""
    if column is None:
        return [""] * len(headlines)
    return [_text(headline.own.get(column)) for headline in headlines]


def _text(value: Any) -> str:
    if value is None or _missing(value):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a column of whole numbers with gaps comes out of pandas as floats
    return str(value).strip()


def _missing(value: Any) -> bool:
    """Whether it is the missing value of a frame: a number that is not equal to itself, or one that will not say."""
    try:
        return bool(value != value)
    except TypeError:  # pandas.NA
        return True
    except ValueError:  # an array
        return False


def _codes(values: Iterable[Hashable]) -> Ints:
    """Number the values from 0 by first appearance; None is -1."""
    known: dict[Hashable, int] = {None: -1}
    return np.array([known.setdefault(value, len(known) - 1) for value in values], np.int64)
