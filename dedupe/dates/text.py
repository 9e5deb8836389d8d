"""The text of a date -> what it may mean: ISO 8601, how long ago, or a day with a time and a zone among its words."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from dedupe.dates.days import Day, day_of
from dedupe.dates.meaning import BAD, UNKNOWN_ZONE, Meaning, Unsettled, moment
from dedupe.dates.relative import RelativeDay, on_day, relative_day, time_ago
from dedupe.dates.zones import zone_at, zone_of

_ISO = re.compile(r"\d{4}-(?:\d\d-\d\d|W\d\d-\d)(?:[T ].*)?|\d{4}(?:\d{4}|W\d{3})[T ].*|\d{4}W\d{3}")
_DAY_AND_ZONE = re.compile(r"(\d{4}-\d\d-\d\d)\s?(Z|[+-]\d\d:?\d\d)")
_COLON_BEFORE_TIME = re.compile(r"(?<=\d{4}):(?=\d\d:\d\d)")  # of web servers' logs
_TIME = re.compile(
    r"""(?<![\d:.+-]) (?P<hour>\d\d?)
        (?: : (?P<minute>\d\d) (?: : (?P<second>\d\d) (?: [.,](?P<fraction>\d+) )? )? (?![:\d])
            | \. (?P<dotted>\d\d) (?= \s? (?:[ap]\.?m|uhr)\b | \s (?-i:[A-Z]{2,5})\b )
            | \s? h \s? (?P<french>\d\d)? \b
            | (?= \s? (?:[ap]\.?m|uhr)\b ) )
        (?: \s? (?: (?P<half>[ap])\.?m | uhr )\b \.? )?""",
    re.IGNORECASE | re.VERBOSE,
)
_ZONE = re.compile(
    r"""\s? (?: (?: (?:UTC|GMT) \s? (?P<utc> [+-]\d\d?(?::?\d\d)? ) | (?P<offset> [+-]\d\d(?::?\d\d){0,2} ) ) (?![\d:])
            (?: \s? (?: \([^()]*\) | \[[^][]*\] | [A-Z]{2,5}\b ) )?
        | \(? (?P<name> [A-Z][A-Za-z_]+(?:/[A-Z][\w+-]*)+ | (?!(?i:on|am)\b)[A-Za-z]{1,5}\b ) \)? )""",
    re.VERBOSE,
)
_BESIDE = " ,;|/•–—·"  # that a list has between a date and the rest of a line
_AROUND_TIME = re.compile(
    r"^[\s,;|@–—·-]+|[\s,;|@–—·-]+$|(?:(?<=\d)T|\s(?:at|um|à|às|om|alle|ore|a las))[\s,]*$|^(?:on|am)\s", re.IGNORECASE
)

_LABEL = re.compile(  # before a date, such as "Last updated:" and "Publié le"
    r"""(?: (?:first|last|zuletzt|derni[èe]re|[úu]ltim[ao]|laa?tste?) \s )?
        (?: published|posted|updated?|modified|edited|added
          | veröffentlicht|aktualisiert|stand
          | publié|mise?\sà\sjour|modifié
          | publicado|actualizado|actualización|modificado
          | pubblicat[oa]|aggiornat[oa]|aggiornamento
          | atualizado|atualização
          | gepubliceerd|geplaatst|bijgewerkt ) \b \s? :? \s?
        (?: (?: on|am|le|el|il(?!\sy\b)|em|op ) \s )?""",
    re.IGNORECASE | re.VERBOSE,
)


def iso_date(text: str) -> datetime | None:
    """Return a date in ISO 8601, None for other text."""
    if _ISO.fullmatch(text):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    return None


def meaning_of_text(text: str) -> Meaning:
    """Return what text may mean whose white space is single spaces."""
    if (found := iso_date(text)) or (found := iso_date(text.upper())):
        return moment(found)
    if match := _DAY_AND_ZONE.fullmatch(text):
        text = f"{match[1]} 00:00 {match[2]}"
    if (label := _LABEL.match(text)) and label.end() < len(text):
        text = text[label.end() :]
    if ":" not in text and (ago := time_ago(text.strip(_BESIDE))):
        return ago
    text = _COLON_BEFORE_TIME.sub(" ", text, count=1)
    match = _TIME.search(text)
    if match is None:
        return _moments(_around(text, ""), None)
    elapsed = _elapsed(match)
    return BAD if elapsed is None else _moments(_around(text[: match.start()], text[match.end() :]), elapsed)


def _moments(around: tuple[Day | RelativeDay, tzinfo | None] | str, elapsed: timedelta | None) -> Meaning:
    """What a date means, from its day and zone and the time since midnight, None if no time is written."""
    if isinstance(around, str):
        return around
    day, zone = around
    if isinstance(day, RelativeDay):
        return on_day(day, elapsed, zone) or BAD
    first = _at(day.day_first, elapsed, zone)
    return (
        first if day.day_first == day.month_first else Unsettled(first, _at(day.month_first, elapsed, zone), day.dots)
    )


def _at(day: date | None, elapsed: timedelta | None, zone: tzinfo | None) -> datetime | str | None:
    if day is None:
        return None
    try:
        return moment((datetime.combine(day, time()) + (elapsed or timedelta())).replace(tzinfo=zone))
    except OverflowError:
        return BAD


@lru_cache(1 << 16)  # in a column days repeat, times do not
def _around(before: str, after: str) -> tuple[Day | RelativeDay, tzinfo | None] | str:
    """What stands around a time: the day and the zone, None if there is none, or what is wrong with them."""
    before = _trimmed(before)
    zone, rest = _zone_in(after)
    day = _day_in(f"{before} {_trimmed(rest)}".strip())
    if day is None and zone == UNKNOWN_ZONE:  # it may be a month in capitals
        zone, day = None, _day_in(f"{before} {_trimmed(after)}".strip())
    if day is None:
        return BAD
    return zone if isinstance(zone, str) else (day, zone)


def _day_in(words: str) -> Day | RelativeDay | None:
    return day_of(words) or relative_day(words)


def _elapsed(match: re.Match[str]) -> timedelta | None:
    """The time since midnight; 24:15 is a quarter past the midnight that ends the day. None for no time of day."""
    parts = match.groupdict()
    hour, second = int(parts["hour"]), int(parts["second"] or 0)
    minute = int(parts["minute"] or parts["dotted"] or parts["french"] or 0)
    if half := (parts["half"] or "").lower():
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
