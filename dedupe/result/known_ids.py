"""The ids that a reference gives its stories and wordings, and new ones that are different from all of these."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from dedupe.headlines import Headline
from dedupe.runtime.arrow import StoredRow

_COLUMNS = {
    "story": ("dedupe_match_story", "dedupe_story", "story"),
    "wording": (
        *("dedupe_match_wording", "dedupe_wording", "dedupe_match_variant", "dedupe_variant"),
        *("wording", "variant"),
    ),
}
_READ = ("dedupe_match", "dedupe_representative", *(name for names in _COLUMNS.values() for name in names))
_NUMBER = re.compile(r"(0|-?[1-9][0-9]*)(?:\.0+)?")  # pandas makes floats of numbers where one of them is missing
_NEW = re.compile(r"new-([1-9][0-9]*)")
_OURS = "dedupe_"


@dataclass(frozen=True, slots=True)
class KnownIds:
    """The ids at one level of the rows of a reference, None where a row has none. `new`: ids that no row has."""

    of_row: list[Any]
    new: Iterator[Any]

    @classmethod
    def of(cls, ids: Sequence[Any], groups: Mapping[int, Hashable]) -> KnownIds:
        """Return the ids in one form: whole numbers where all of them are, else text.

        `groups`: of rows, by position. A row without an id gets that of the first row of its group that has one; and where
        no row at all has an id, the position of the first row of its group.
        """
        given = [value for value in ids if value is not None]
        if not given:
            positions = _by_group({row: row for row in groups}, groups)
            return cls([positions.get(groups.get(row)) for row in range(len(ids))], count(len(ids)))
        form: Callable[[Any], Any] = str
        used = [int(match[1]) for match in map(_NEW.fullmatch, map(str, given)) if match]
        new: Iterator[Any] = (f"new-{number}" for number in count(1 + max(used, default=0)))
        if all(_NUMBER.fullmatch(str(value)) for value in given):
            form, new = _whole, count(1 + max(map(_whole, given)))
        own = {row: form(value) for row, value in enumerate(ids) if value is not None}
        of_group = _by_group(own, groups)
        return cls([own.get(row, of_group.get(groups.get(row))) for row in range(len(ids))], new)


def _by_group(ids: Mapping[int, Any], groups: Mapping[int, Hashable]) -> dict[Hashable, Any]:
    """The id of the first row of each group that has one."""
    return {groups[row]: ids[row] for row in sorted(groups, reverse=True) if row in ids}


def _whole(value: Any) -> int:
    return int(str(value).partition(".")[0])


def ids_in(known: Sequence[Headline]) -> dict[str, list[Any]]:
    """Return the ids that the rows of a reference have at the levels "story" and "wording", as they are, None for none.

    Two outputs of `cluster` both number their stories from 0. The ids of the second are told apart by the name of its file.
    """
    rows = [_of_interest(headline.own) for headline in known]
    ids = {level: [_id(row, columns) for row in rows] for level, columns in _COLUMNS.items()}
    renumbered = _renumbering(known, rows, ids["story"])
    if renumbered:
        for values in ids.values():
            values[:] = [
                f"{headline.file}#{value}" if headline.file in renumbered and value is not None else value
                for headline, value in zip(known, values, strict=True)
            ]
    return ids


def _of_interest(own: Mapping[str, Any]) -> dict[str, Any]:
    row = own.as_dict() if isinstance(own, StoredRow) else own  # a whole row is quicker than value by value
    return {name: row[name] for name in _READ if name in row}


def _id(row: Mapping[str, Any], columns: Sequence[str]) -> str | int | float | None:
    """The id in the first of the columns that has one; columns of ours, where there are any, before those of the user."""
    there = [name for name in columns if name in row]
    if any(name.startswith(_OURS) for name in there):
        there = [name for name in there if name.startswith(_OURS)]
    values = (row[name] for name in there)
    return next((value for value in values if isinstance(value, str | int | float) and _says(value)), None)


def _says(value: str | float) -> bool:
    return value == value and bool(str(value).strip())  # neither NaN nor blank


def _renumbering(known: Sequence[Headline], rows: Sequence[Mapping[str, Any]], stories: Sequence[Any]) -> set[str]:
    """The files whose numbers stand for other stories in an earlier file: both have a row that represents the story."""
    represented: dict[str, str] = {}
    files: set[str] = set()
    for headline, row, story in zip(known, rows, stories, strict=True):
        ours = headline.file is not None and "dedupe_match" not in row  # the output of `match` continues other numbers
        if ours and str(row.get("dedupe_representative")).lower() == "true":
            name = str(headline.file)
            if represented.setdefault(str(story), name) != name:
                files.add(name)
    return files
