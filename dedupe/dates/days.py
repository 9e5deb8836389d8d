"""The words of a date without its time -> the day, or the two days that it may be."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from dateutil.parser import parser

_MONTH_NAMES = (  # as in English, German, French, Spanish, Italian, Portuguese and Dutch
    "jan january januar jänner janvier janv enero ene gennaio gen janeiro januari",
    "feb february februar février févr fév febrero febbraio fevereiro fev februari",
    "mar march märz mär mrz mars marzo março maart mrt",
    "apr april avril avr abril abr aprile",
    "may mai mayo maggio mag maio mei",
    "jun june juni juin junio giugno giu junho",
    "jul july juli juillet juil julio luglio lug julho",
    "aug august août agosto ago augustus",
    "sep sept september septembre septiembre settembre set setembro",
    "oct october oktober okt octobre octubre ottobre ott outubro out",
    "nov november novembre noviembre novembro",
    "dec december dezember dez décembre déc diciembre dic dicembre dezembro",
)
_MONTHS: list[Any] = [tuple(names.split()) for names in _MONTH_NAMES]
_NONE: list[Any] = []
_WEEKDAY_NAMES = (
    "monday mon montag mo lundi lun lunes lunedì maandag segunda",
    "tuesday tue tues dienstag di mardi martes martedì dinsdag terça",
    "wednesday wed mittwoch mi mercredi miércoles mercoledì woensdag quarta",
    "thursday thu thur thurs donnerstag do jeudi jueves giovedì donderdag quinta",
    "friday fri freitag fr vendredi viernes venerdì vrijdag sexta",
    "saturday sat samstag sonnabend sa samedi sábado sabato zaterdag",
    "sunday sun sonntag so dimanche domingo domenica zondag",
)
WEEKDAYS = {name: number for number, names in enumerate(_WEEKDAY_NAMES) for name in names.split()}
"""The number of each weekday by its name, from 0 for Monday."""
_JUMP = [" ", *". , - / ' st nd rd th er of the de del".split()]
_WEEKDAY = re.compile(rf"\b(?:{'|'.join(WEEKDAYS)})\b(?:-feira)?[.,]*\s*", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"(\d{4})\s?([-/._]|\s)\s?(\d{1,2})\s?\2\s?(\d{1,2})\.?|(\d{4})(\d\d)(\d\d)")
_EAST_ASIAN = re.compile(r"(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]?")
_YEAR_LAST = re.compile(r"(\d{1,2})\s?([-/.])\s?(\d{1,2})\s?\2\s?(\d{4}|\d\d)\.?")
_ORDINAL = re.compile(r"(\d{4})-(\d{3})")
_PIVOT = 69  # "68" is 2068 and "69" is 1969, as POSIX has it
_FIRST, _OTHER = datetime(2000, 1, 1), datetime(2004, 2, 2, 1, 1)  # defaults that differ in everything


class Day(NamedTuple):
    """A day as it is with the day first and with the month first, None where it has no such day.

    Both are equal where the order does not matter. `dots`: it is written as 04.03.2026, which has the day first
    unless other rows of its column say otherwise.
    """

    day_first: date | None
    month_first: date | None
    dots: bool = False


def day_of(words: str) -> Day | None:
    """Return the day that is written, None if it is none, or no whole date."""
    words = _WEEKDAY.sub("", words, count=1).strip(" ,")
    if match := _YEAR_LAST.fullmatch(words):
        year = _full_year(match[4])
        first, second = int(match[1]), int(match[3])
        day = Day(_date(year, second, first), _date(year, first, second), match[2] == ".")
        return day if any(day[:2]) else None
    if match := _YEAR_FIRST.fullmatch(words):
        found = _date(*map(int, match.group(1, 3, 4) if match[1] else match.group(5, 6, 7)))
    elif match := _EAST_ASIAN.fullmatch(words):
        found = _date(int(match[1]), int(match[2]), int(match[3]))
    elif match := _ORDINAL.fullmatch(words):
        found = ordinal_day(int(match[1]), int(match[2]))
    else:
        found = _in_words(words)
    return Day(found, found) if found else None


def ordinal_day(year: int, number: int) -> date | None:
    """Return a day by its number in the year, from 1."""
    first = _date(year, 1, 1)
    found = date.fromordinal(first.toordinal() + number - 1) if first and 0 < number <= 366 and year < 9999 else None
    return found if found and found.year == year else None


def _in_words(words: str) -> date | None:
    """The day of a date with the name of a month. What is missing is taken from the defaults, so they must not matter."""
    numbers = re.findall(r"\d+", words)  # a day, and a year of four digits or, behind all, of two
    if len(numbers) != 2 or not (len(numbers[1]) == 2 or 4 in map(len, numbers)) or max(map(len, numbers)) > 4:
        return None
    try:
        first, other = (_parser().parse(words, default=default, tzinfos=_no_zone) for default in (_FIRST, _OTHER))
    except (ValueError, ArithmeticError):
        return None
    whole = first.date() == other.date() and first.time() == _FIRST.time() and other.time() == _OTHER.time()
    years = [int(number) for number in numbers if len(number) == 4]
    return first.date() if whole and years in ([], [first.year]) else None


def _no_zone(name: str | None, offset: int | None) -> None:
    if name is not None or offset is not None:  # zones were taken out before; the library takes most for none
        raise ValueError(name)


@cache
def _parser() -> parser:
    from dateutil.parser import parser, parserinfo

    class _Words(parserinfo):
        JUMP = _JUMP
        MONTHS = _MONTHS
        HMS = AMPM = UTCZONE = _NONE  # times and zones are read elsewhere

        def convertyear(self, year: int, century_specified: bool = False) -> int:
            return year if century_specified else _full_year(f"{year:02}")  # the library asks the clock

    return parser(_Words())


def _full_year(digits: str) -> int:
    year = int(digits)
    return year if len(digits) > 2 else year + (2000 if year < _PIVOT else 1900)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
