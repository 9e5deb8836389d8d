"""Dates that count from the moment at which they were read off: "5 h ago", "yesterday, 14:05", "vor 3 Tagen", "Mon 14:05".

They are read where they tell a day: "2 weeks ago" is none, as "March 2026" is none.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple

from dedupe.dates.days import WEEKDAYS

_SECOND, _MINUTE, _HOUR, _DAY = 1, 60, 3600, 86400
_UNITS: dict[int | None, str] = {  # as in English, German, French, Spanish, Italian, Portuguese and Dutch
    _SECOND: "second seconds sec secs s sekunde sekunden sek seconde secondes segundo segundos seg secondo secondi seconden",
    _MINUTE: "minute minutes min mins m minuten mn minuto minutos minuti minuut",
    _HOUR: "hour hours hr hrs h stunde stunden std heure heures hora horas ora ore uur uren u",
    _DAY: "day days d tag tage tagen jour jours j día días dia dias giorno giorni gg dag dagen",
    None: """week weeks wk wks w woche wochen semaine semaines semana semanas settimana settimane weken month months mo mos monat
        monate monaten mois mes meses mese mesi mês maand maanden year years yr yrs y jahr jahre jahren an ans année années año
        años anno anni ano anos jaar jaren""",
}
_UNIT_OF = {word: seconds for seconds, words in _UNITS.items() for word in words.split()}
_ONE = "a an one ein eine einem einer einen un une una uno um uma een één"
_TWO = "two zwei deux dos due dois duas twee"
_NUMBER_WORDS = {
    **dict.fromkeys(_ONE.split(), 1.0),
    **dict.fromkeys(_TWO.split(), 2.0),
    **dict.fromkeys(
        ["half an", "half a", "einer halben", "une demi", "une demie", "media", "mezza", "meia", "een half"], 0.5
    ),
}
_FEW = """a few|few|some|several|wenigen|einigen|ein paar|quelques|unos|unas|pocos|algunos|pochi|alcuni|poucos|alguns|enkele
    |een paar"""
_ABOUT = """about|around|over|almost|nearly|more than|less than|etwa|rund|circa|ca\\.?|über|knapp|environ|plus de|moins de|unos
    |unas|cerca de|alrededor de|más de|menos de|quasi|più di|meno di|mais de|ongeveer|ruim|bijna"""
_NOW = """just now|moments ago|a moment ago|seconds ago|gerade eben|soeben|[àa] l['’]instant|ahora mismo|hace un momento
    |hace instantes|proprio ora|un momento fa|agora mesmo|há instantes|zojuist|daarnet"""
_DAYS = (
    "today|heute|aujourd['’]hui|hoy|oggi|hoje|vandaag",
    "yesterday|gestern|hier|ayer|ieri|ontem|gisteren",
    "the day before yesterday|vorgestern|avant-hier|anteayer|l['’]altro ieri|anteontem|eergisteren",
)


def _any(words: str) -> str:
    """The alternatives of a pattern, the longest first."""
    return "|".join(sorted(re.split(r"\s*\|\s*", words), key=len, reverse=True))


_NUMBER = (
    rf"(?:\d{{1,4}}\s?|(?:{_any(_FEW)}|{_any('|'.join(_NUMBER_WORDS))})[\s-]|(?:un|mezz)['’])"
    rf"(?:{_any('|'.join(_UNIT_OF))})\b\.?"
)
_SPAN = rf"(?:(?:{_any(_ABOUT)}|~)\s?)?{_NUMBER}(?:,?\s?(?:(?:and|und|et|y|e|en)\s)?{_NUMBER})?"
AGO = (
    rf"(?:\b(?:vor|il y a|hace|há)\s{_SPAN}(?:\satrás)?|(?<![\w.,:]){_SPAN}\s(?:ago|fa|geleden|atrás)\b"
    rf"|\b(?:{_any(_NOW)})\b)"
)
"""A pattern for how long ago something was, also in units that tell no day. Without case."""
TELLING = rf"\d|\b(?:ago|vor|il y a|hace|há|fa|geleden|atrás|{'|'.join(map(_any, (*_DAYS, _NOW)))})\b"
"""A pattern that is in every relative date. Without case."""
TODAY = rf"\b(?:{'|'.join(map(_any, _DAYS))})\b"
"""A pattern for a day counted from today. Without case."""
WEEKDAY = rf"\b(?:{_any('|'.join(WEEKDAYS))})\b(?:-feira)?"
"""A pattern for the name of a weekday. Without case."""

_AGO = re.compile(rf"{AGO}|(?P<bare>{_SPAN})", re.IGNORECASE)
_PART = re.compile(
    rf"(?<!\w)(?:(?P<digits>\d{{1,4}})\s?|(?P<word>{_any('|'.join(_NUMBER_WORDS))}|{_any(_FEW)})[\s-]|(?P<elided>un|mezz)['’])"
    rf"(?P<unit>{_any('|'.join(_UNIT_OF))})\b",
    re.IGNORECASE,
)
_DAY_NAMES = [re.compile(_any(names), re.IGNORECASE) for names in _DAYS]
_NAMED_WEEKDAY = re.compile(rf"(?:(?:le|el|il|de|den)\s)?({WEEKDAY})", re.IGNORECASE)
_SHORT = 3  # letters; "So" without a time may be another word
_ZONES = timedelta(hours=14)  # by which the clocks of zones are ahead of UTC at most
_WEEK = timedelta(days=7)


class Ago(NamedTuple):
    """So much before now. `to_day`: it was counted in days, so the day is known and no time. `weak`: it may be a length."""

    span: timedelta
    to_day: bool
    weak: bool

    def at(self, now: datetime) -> datetime | None:
        """Return the moment, in UTC."""
        when = now.astimezone(UTC) - self.span
        return datetime.combine(when.date(), time(), UTC) if self.to_day else when


class RelativeDay(NamedTuple):
    """A day before now: so many `days` ago, or the last `weekday` (Monday is 0). `short`: its name has two letters."""

    days: int = 0
    weekday: int | None = None
    short: bool = False


class OnDay(NamedTuple):
    """A time of a day that counts from now. `weak`: it is the name of a weekday alone."""

    day: RelativeDay
    elapsed: timedelta
    zone: tzinfo | None
    weak: bool

    def at(self, now: datetime) -> datetime | None:
        """Return the last such moment before now, in UTC; now itself for a time of today that is not there yet.

        None where it may be today or a week ago: a weekday that has come in some zone, with its time, and the zone is unknown.
        """
        today = now.astimezone(self.zone or UTC)
        days = self.day.days if self.day.weekday is None else (today.weekday() - self.day.weekday) % 7
        when = datetime.combine(today.date() - timedelta(days), time(), self.zone or UTC) + self.elapsed
        if self.day.weekday is None:
            return min(when, now).astimezone(UTC)  # a later one is of a zone ahead of UTC
        following = when if when > now else when + _WEEK
        if self.zone is None and following - now <= _ZONES:
            return None
        return (following - _WEEK).astimezone(UTC)


Relative = Ago | OnDay


@lru_cache(1 << 14)  # few differ, and so do few days that are dates and not this
def time_ago(text: str) -> Ago | None:
    """Return how long ago something was by a text that says nothing else; None for other text, and for weeks and more."""
    match = _AGO.fullmatch(text)
    if match is None or (match["bare"] and not text[0].isdigit()):  # "a day" may be anything
        return None
    parts = list(_PART.finditer(text))
    seconds = [_seconds(part) for part in parts]
    known = [part for part in seconds if part is not None]
    if len(known) < len(seconds):
        return None
    to_day = bool(parts) and _UNIT_OF[parts[-1]["unit"].casefold()] == _DAY
    return Ago(timedelta(seconds=sum(known)), to_day, weak=match["bare"] is not None)


def relative_day(words: str) -> RelativeDay | None:
    """Return the day that words name from today, or as a weekday; None for other words."""
    words = words.strip(" .,")
    for days, names in enumerate(_DAY_NAMES):
        if names.fullmatch(words):
            return RelativeDay(days)
    match = _NAMED_WEEKDAY.fullmatch(words)
    if match is None:
        return None
    name = match[1].casefold().removesuffix("-feira")
    return RelativeDay(weekday=WEEKDAYS[name], short=len(name) < _SHORT)


def on_day(day: RelativeDay, elapsed: timedelta | None, zone: tzinfo | None) -> OnDay | None:
    """Return a moment of a day, None if it is hardly one. `elapsed`: since midnight, None if no time is written."""
    if elapsed is None and day.short:
        return None
    return OnDay(day, elapsed or timedelta(), zone, weak=elapsed is None and day.weekday is not None)


def _seconds(part: re.Match[str]) -> float | None:
    """How many seconds a number of a unit is; a few of less than an hour are none; None where they tell no day."""
    unit = _UNIT_OF[part["unit"].casefold()]
    if unit is None:
        return None
    if part["digits"]:
        return int(part["digits"]) * unit
    if part["elided"]:
        return unit * (1.0 if part["elided"].casefold() == "un" else 0.5)
    number = _NUMBER_WORDS.get(part["word"].casefold())
    return number * unit if number else 0.0 if unit < _HOUR else None
