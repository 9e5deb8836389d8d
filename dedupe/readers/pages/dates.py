"""Dates in the lines of a text -> the date of each title whose record has one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from dedupe.dates import read_date
from dedupe.readers.pages.text_lines import Line
from dedupe.readers.pages.times import parts_of, relative_in

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATE = re.compile(
    r"\b\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?)?\b"
    rf"|\b{_MONTH} \d{{1,2}},? \d{{4}}\b|\b\d{{1,2}} {_MONTH},? \d{{4}}\b",
    re.IGNORECASE,
)
_BREAKS = ("marker", "menu", "short")


def dates_of(lines: Sequence[Line]) -> dict[int, str]:
    """Return the date of titles, by line number: of a list, dates stand above all titles or below all."""
    found: dict[int, str] = {}
    for is_break, run in groupby(lines, lambda line: line.kind in _BREAKS):
        if not is_break:
            listed = list(run)
            found |= _dates(listed if _stand_above(listed) else listed[::-1])
    return found


def _stand_above(lines: Sequence[Line]) -> bool:
    """Whether dates stand above titles, by what comes first and last; where that is both times a date, one is of the page.

    That of the page is probably written in another way than most.
    """
    dates = {line.number: date for line in lines if line.kind == "meta" and (date := date_in(line.text))}
    turns = [line for line in lines if line.kind == "title" or line.number in dates]
    if not turns or "title" in (turns[0].kind, turns[-1].kind):
        return bool(turns) and turns[0].kind == "meta"
    relative = {number for number, date in dates.items() if relative_in(date)}
    usual = relative if len(relative) > 0.5 * len(dates) else dates.keys() - relative
    return next(line for line in turns if line.kind == "title" or line.number in usual).kind == "meta"


def _dates(lines: Sequence[Line]) -> dict[int, str]:
    """The dates of titles that follow a line with a date, up to the next item."""
    found: dict[int, str] = {}
    date, after_title, before = None, False, ""
    for line in lines:
        if line.kind == "meta":
            date, after_title = date_in(line.text) or (date if before == "meta" else None), False
        elif line.kind == "title":
            if date:
                found[line.number] = date
            after_title = True
        elif after_title:
            date = None  # a teaser ends the item
        before = line.kind
    return found


def date_in(line: str) -> str | None:
    """Return the first whole date in a line as it is written, with its time, or else one such as "5 h ago"; None without any."""
    match = _DATE.search(line)
    if match is None:
        return relative_in(line)
    timed = (part for part in parts_of(line) if match[0] in part and read_date(part).when)
    return next(timed, match[0])
