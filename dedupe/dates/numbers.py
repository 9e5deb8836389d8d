"""Numbers that stand for dates: epochs, calendar digits such as 20260304104500, and days as Excel counts them.

Between 1990 and 2100 these have ranges of their own, so that a number never has two meanings.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from dedupe.dates.days import ordinal_day

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2101, 1, 1, tzinfo=UTC)
_EPOCHS = range(int(_EARLIEST.timestamp()), int(_LATEST.timestamp()))  # in seconds
_UNITS = (1, 10**3, 10**6, 10**9)  # of a second: whole ones, milli-, micro- and nanoseconds
_DAY_ZERO = datetime(1899, 12, 30, tzinfo=UTC)  # of Excel, which thinks that 1900 had a 29 February
_SERIALS = range((_EARLIEST - _DAY_ZERO).days, (_LATEST - _DAY_ZERO).days)
_TOO_LARGE = _EPOCHS.stop * _UNITS[-1]
_NUMBER = re.compile(r"(\d+)(?:[.,](\d+))?", re.ASCII)


class Serial(NamedTuple):
    """The date of a number that is one in Excel, and so one in a column of such numbers."""

    when: datetime


def number_in(text: str) -> int | float | None:
    """Return the number that is written, with a decimal point or comma; None for other text."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    return float(f"{match[1]}.{match[2]}") if (match[2] or "").strip("0") else int(match[1])


def date_of_number(number: int | float) -> datetime | Serial | None:
    """Return the date that a number stands for, None if it stands for none."""
    if not 0 < number < _TOO_LARGE:  # also infinite, or not a number
        return None
    whole = math.floor(number)
    if whole in _SERIALS:
        return Serial(_DAY_ZERO + timedelta(seconds=round(number * 86400)))
    for unit in _UNITS:
        if whole // unit in _EPOCHS:
            if whole == number:
                return _EPOCH + timedelta(microseconds=whole * 10**6 // unit)
            return _EPOCH + timedelta(seconds=number / unit)
    return _calendar_date(str(whole)) if whole == number else None


def _calendar_date(digits: str) -> datetime | None:
    """The date of YYYYMMDD, YYYYMMDDhhmm, YYYYMMDDhhmmss, and YYYYDDD with the number of the day."""
    year, rest = int(digits[:4]), digits[4:]
    try:
        if len(digits) == 7 and _EARLIEST.year <= year < _LATEST.year:
            found = ordinal_day(year, int(rest))
            return datetime(found.year, found.month, found.day, tzinfo=UTC) if found else None
        if len(digits) in (8, 12, 14):
            month, day, hour, minute, second = (int(rest.ljust(10, "0")[k : k + 2]) for k in range(0, 10, 2))
            return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        pass
    return None
