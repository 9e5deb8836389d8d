"""What a date may mean: a moment, something that only its column can settle, or the reason why there is none."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple

from dedupe.dates.numbers import Serial
from dedupe.dates.relative import Relative

BAD, AMBIGUOUS, UNKNOWN_ZONE = "bad-date", "ambiguous-date", "unknown-zone"

_YEARS = range(1600, 2101)  # there were no newspapers before
_ZONES = 14 * 3600  # seconds around an epoch of 0 that are 0 in some zone
_ZERO_DAYS = (date(1601, 1, 1), date(1899, 12, 30), date(1900, 1, 1))  # at midnight, 0 in Windows, Excel and SQL Server


class Reading(NamedTuple):
    """What a value says: `when`, in UTC, or `bad`, the text of a date that counts as missing. Both None: the value is blank."""

    when: datetime | None = None
    bad: str | None = None
    problem: str | None = None


class Unsettled(NamedTuple):
    """A date with its day and month in numbers: what it is in either order, None where the calendar has no such day."""

    day_first: datetime | str | None
    month_first: datetime | str | None
    dots: bool

    def settled(self, day_first: bool | None) -> datetime | str:
        """Return the date, where it may be two by the order of its column (None: not known), or why there is none."""
        if self.day_first is None or self.month_first is None:
            return self.day_first or self.month_first or BAD
        if day_first is None and not self.dots:
            return AMBIGUOUS
        return self.month_first if day_first is False else self.day_first


Meaning = datetime | Serial | Unsettled | Relative | str | None
"""A moment, what only a column can settle, a problem, or None for a blank value."""


def reading_of(value: Any, meaning: datetime | str | None) -> Reading:
    """Return the reading of a value from what it means."""
    if not isinstance(meaning, str):
        return Reading(meaning)
    try:
        return Reading(None, str(value), meaning)
    except ValueError:  # an integer of thousands of digits
        return Reading(None, f"a number of type {type(value).__name__}", meaning)


def moment(when: datetime) -> datetime | str:
    """Return a date in UTC, where without a zone it is; `BAD` for one that stands for "no date" in some program."""
    try:
        when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (OverflowError, ValueError):  # the years 1 and 9999 have ends
        return BAD
    return BAD if when.year not in _YEARS or (when.year < 1971 and _is_zero(when)) else when


def _is_zero(when: datetime) -> bool:
    return abs(when.timestamp()) <= _ZONES or (when.date() in _ZERO_DAYS and when.time() == time())
