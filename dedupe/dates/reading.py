"""One value, of any type -> the moment that it stands for, or what it may stand for."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from numbers import Real
from typing import Any, NamedTuple

from dedupe.dates.days import Day, day_of
from dedupe.dates.numbers import Serial, date_of_number, number_in
from dedupe.dates.zones import zone_at, zone_of

BAD, AMBIGUOUS, UNKNOWN_ZONE = "bad-date", "ambiguous-date", "unknown-zone"

_MAX_LENGTH = 100  # characters of a date
_YEARS = range(1600, 2101)  # there were no newspapers before
_ZONES = 14 * 3600  # seconds around an epoch of 0 that are 0 in some zone
_ZERO_DAYS = (date(1601, 1, 1), date(1899, 12, 30), date(1900, 1, 1))  # at midnight, 0 in Windows, Excel and SQL Server
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_ISO = re.compile(r"\d{4}-(?:\d\d-\d\d|W\d\d-\d)(?:[T ].*)?|\d{4}(?:\d{4}|W\d{3})[T ].*|\d{4}W\d{3}")
_DAY_AND_ZONE = re.compile(r"(\d{4}-\d\d-\d\d)\s?(Z|[+-]\d\d:?\d\d)")
_COLON_BEFORE_TIME = re.compile(r"(?<=\d{4}):(?=\d\d:\d\d)")  # of web servers' logs
_TIME = re.compile(
    r"""(?<![\d:+-]) (?: (?P<hour>\d\d?) : (?P<minute>\d\d) (?: : (?P<second>\d\d) (?:[.,](?P<fraction>\d+))? )? (?![:\d])
            (?: \s?(?P<half>[ap])\.?m\b\.? | \s?uhr\b )?
        | (?P<hour2>\d\d?) \s? (?P<half2>[ap])\.?m\b\.?
        | (?P<hour3>\d\d?) (?:[.](?P<minute3>\d\d))? \s? uhr\b
        | (?P<hour4>\d\d?) \s? h \s? (?P<minute4>\d\d)? \b )""",
    re.IGNORECASE | re.VERBOSE,
)
_ZONE = re.compile(
    r"""\s? (?: (?: (?:UTC|GMT) \s? (?P<utc> [+-]\d\d?(?::?\d\d)? ) | (?P<offset> [+-]\d\d(?::?\d\d){0,2} ) ) (?![\d:])
            (?: \s? (?: \([^()]*\) | \[[^][]*\] | [A-Z]{2,5}\b ) )?
        | \(? (?P<name> [A-Z][A-Za-z_]+(?:/[A-Z][\w+-]*)+ | (?!(?i:on|am)\b)[A-Za-z]{1,5}\b ) \)? )""",
    re.VERBOSE,
)
_AROUND_TIME = re.compile(
    r"^[\s,;|@–—·-]+|[\s,;|@–—·-]+$|(?:(?<=\d)T|\s(?:at|um|à|om|alle))[\s,]*$|^(?:on|am)\s", re.IGNORECASE
)


class Reading(NamedTuple):
    """What a value says: `when`, in UTC, or `bad`, the text of a date that counts as missing. Both None: the value is blank."""

    when: datetime | None = None
    bad: str | None = None
    problem: str | None = None


class Unsettled(NamedTuple):
    """A date with its day and month in numbers: what it is in either order, None where it has no such day."""

    day_first: datetime | None
    month_first: datetime | None
    dots: bool

    def settled(self, day_first: bool | None) -> datetime | str:
        """Return the date by the order of its column, None where that is not known, or why there is none."""
        if day_first is not None:
            return (self.day_first if day_first else self.month_first) or BAD
        if self.day_first and self.month_first and not self.dots:
            return AMBIGUOUS
        return self.day_first or self.month_first or BAD


Meaning = datetime | Serial | Unsettled | str | None
"""A moment, what only a column can settle, a problem, or None for a blank value."""


def read_date(value: Any) -> Reading:
    """Return what a value says without a column around it."""
    meaning = meaning_of(value)
    if isinstance(meaning, Unsettled):
        meaning = meaning.settled(None)
    elif isinstance(meaning, Serial):
        meaning = BAD
    return reading_of(value, meaning)


def reading_of(value: Any, meaning: datetime | str | None) -> Reading:
    """Return the reading of a value from what it means."""
    if not isinstance(meaning, str):
        return Reading(meaning)
    try:
        return Reading(None, str(value), meaning)
    except ValueError:  # an integer of thousands of digits
        return Reading(None, f"a number of type {type(value).__name__}", meaning)


def meaning_of(value: Any) -> Meaning:
    """Return what a value may mean: a date, a number, text, or anything else that is written as one of these."""
    if type(value) is str and (found := machine_date(value)):  # as most are
        return moment(found)
    if isinstance(value, datetime) and value == value:  # not NaT
        return moment(value)
    if is_blank(value):
        return None
    if isinstance(value, bool):
        return BAD
    number = value if isinstance(value, (int, float)) else None
    text = "" if number is not None else " ".join(_INVISIBLE.sub("", str(value)).split()).strip("'\"")
    if len(text) > _MAX_LENGTH:
        return BAD
    if number is None:
        number = number_in(text)
    if number is None:
        return _meaning_of_text(text.replace("\u2212", "-"))
    of_number = date_of_number(number)
    return of_number if isinstance(of_number, Serial) else moment(of_number) if of_number else BAD


def is_blank(value: Any) -> bool:
    """Return whether a value is none at all: blank text, None, NaN and their like."""
    if isinstance(value, str):
        return not value or value.isspace()
    if value is None or type(value).__name__ == "NAType":  # pandas' NA, which cannot be compared
        return True
    return isinstance(value, (Real, datetime)) and value != value  # NaN and NaT


def moment(when: datetime) -> datetime | str:
    """Return a date in UTC, where without a zone it is; `BAD` for one that stands for "no date" in some program."""
    try:
        when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (OverflowError, ValueError):  # the years 1 and 9999 have ends
        return BAD
    return BAD if when.year not in _YEARS or (when.year < 1971 and _is_zero(when)) else when


def _is_zero(when: datetime) -> bool:
    return abs(when.timestamp()) <= _ZONES or (when.date() in _ZERO_DAYS and when.time() == time())


def machine_date(text: str) -> datetime | None:
    """Return a date in ISO 8601, None for other text."""
    if _ISO.fullmatch(text):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    return None


def _meaning_of_text(text: str) -> Meaning:
    if (found := machine_date(text)) or (found := machine_date(text.upper())):
        return moment(found)
    if match := _DAY_AND_ZONE.fullmatch(text):
        text = f"{match[1]} 00:00 {match[2]}"
    text = _COLON_BEFORE_TIME.sub(" ", text, count=1)
    match = _TIME.search(text)
    if match is None:
        return _moments(_around(text, ""), timedelta())
    elapsed = _elapsed(match)
    return BAD if elapsed is None else _moments(_around(text[: match.start()], text[match.end() :]), elapsed)


def _moments(around: tuple[Day, tzinfo | None] | str, elapsed: timedelta) -> Meaning:
    """What a date means, from its day and zone and the time since midnight."""
    if isinstance(around, str):
        return around
    (day_first, month_first, dots), zone = around
    first = _at(day_first, elapsed, zone)
    if day_first == month_first:
        return first or BAD
    return Unsettled(first, _at(month_first, elapsed, zone), dots)


def _at(day: date | None, elapsed: timedelta, zone: tzinfo | None) -> datetime | None:
    if day is None:
        return None
    try:
        found = moment((datetime.combine(day, time()) + elapsed).replace(tzinfo=zone))
    except OverflowError:
        return None
    return found if isinstance(found, datetime) else None


@lru_cache(1 << 16)  # in a column days repeat, times do not
def _around(before: str, after: str) -> tuple[Day, tzinfo | None] | str:
    """What stands around a time: the day and the zone, None if there is none, or what is wrong with them."""
    before = _trimmed(before)
    zone, rest = _zone_in(after)
    day = day_of(f"{before} {_trimmed(rest)}".strip())
    if day is None and zone == UNKNOWN_ZONE:  # it may be a month in capitals
        zone, day = None, day_of(f"{before} {_trimmed(after)}".strip())
    if day is None:
        return BAD
    return zone if isinstance(zone, str) else (day, zone)


def _elapsed(match: re.Match[str]) -> timedelta | None:
    """The time since midnight; 24:15 is a quarter past the midnight that ends the day. None for no time of day."""
    parts = match.groupdict()
    hour = int(parts["hour"] or parts["hour2"] or parts["hour3"] or parts["hour4"])
    minute, second = int(parts["minute"] or parts["minute3"] or parts["minute4"] or 0), int(parts["second"] or 0)
    if half := (parts["half"] or parts["half2"] or "").lower():
        if half != ("p" if hour > 12 else "a" if hour == 0 else half):  # 15:30 PM and 0:30 AM say one thing twice
            return None
        hour = hour if hour > 12 else hour % 12 + 12 * (half == "p")
    if hour > 24 or minute > 59 or second > 60:
        return None
    microseconds = int(f"{parts['fraction'] or 0:<06}"[:6])
    return timedelta(hours=hour, minutes=minute, seconds=second, microseconds=microseconds)


def _zone_in(text: str) -> tuple[tzinfo | str | None, str]:
    """The zone at the start of what follows a time, `UNKNOWN_ZONE` if its name is unknown, None if there is none; the rest."""
    match = _ZONE.match(text)
    if match is None:
        return None, text
    if offset := match["utc"] or match["offset"]:
        zone = zone_at(offset)
    elif (zone := zone_of(match["name"])) is None and not (match["name"].isupper() or "/" in match["name"]):
        return None, text  # a word of the date
    return zone or UNKNOWN_ZONE, text[match.end() :]


def _trimmed(part: str) -> str:
    """A part of a date without what joins it to a time."""
    return _AROUND_TIME.sub("", _AROUND_TIME.sub("", part.strip())).strip()
