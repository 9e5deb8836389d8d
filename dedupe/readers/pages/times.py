"""Dates in a line or a piece of text that count from the moment at which the page was taken: "Malaysia / 5 h ago"."""

from __future__ import annotations

import re

from dedupe.dates import is_relative
from dedupe.dates.relative import AGO, WEEKDAY
from dedupe.readers.pages.patterns import HAS_TIME

_AGO = re.compile(AGO, re.IGNORECASE)
_AGE = re.compile(  # a length of time in short
    r"(?<![\w.,:/-])\d{1,3}\s?(?:[mhdju]|secs?|mins?|hrs?|std|sek|seg|mn)\b\.?(?:\s?\d{1,2}\s?m(?:in)?\b)?"
)
_PARTS = re.compile(r"\s*[|·•]\s*|\s+[/–—-]\s+")
_BESIDE = re.compile(r"^[/\s]+|[/\s]+$")
_WEEKDAY = re.compile(WEEKDAY, re.IGNORECASE)
_MAX_COMMAS = 4  # of a part that is looked at behind its commas
_MAX_LENGTH = 120  # characters of a line with such a date


def relative_in(line: str) -> str | None:
    """Return the relative date in a line as it is written, None if it has none.

    How long ago something was is found anywhere. Other forms are a part of the line between separators: "yesterday, 14:05",
    "Mon 14:05" and "5h"; before "yesterday" a byline may stand.
    """
    if len(line) > _MAX_LENGTH or not HAS_TIME.search(line):
        return None
    for match in _AGO.finditer(line):
        if is_relative(match[0]):
            return match[0]
    for part in parts_of(line):
        if _AGE.fullmatch(part) or is_relative(part):
            return part
        pieces = part.split(", ")
        for k in range(1, min(len(pieces), _MAX_COMMAS)):
            end = ", ".join(pieces[k:])
            if not _WEEKDAY.match(end) and is_relative(end):
                return end
    return None


def parts_of(line: str) -> list[str]:
    """Return what stands between the separators of a line."""
    return [_BESIDE.sub("", part) for part in _PARTS.split(line)]
