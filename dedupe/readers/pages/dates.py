"""Dates in the lines of a text -> the date of each title whose record has one.

"5 h ago" is none, since nobody knows when a page was copied.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from dedupe.readers.pages.text_lines import Line

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
            first = next((line for line in listed if line.kind in ("title", "meta")), None)
            found |= _dates(listed if first and first.kind == "meta" else listed[::-1])
    return found


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
    """Return the first whole date in a line as it is written, None if it has none."""
    match = _DATE.search(line)
    return match[0] if match else None
