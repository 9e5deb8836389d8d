"""The moment at which a page was taken, as far as the page tells it: from there its relative dates count."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from dedupe.dates import DateRules, Origin, read_date
from dedupe.readers.pages.found import Reading

_ENDS = 3000  # characters at the start and at the end of a page, where programs that save it say when
_SAVED = re.compile(
    r"saved date: (\w{3} \w{3} \d\d \d{4} [\d:]{8} GMT[+-]\d{4})|FILE ARCHIVED ON ([\d:]{8} \w{3} \d\d, \d{4})"
)
"""Of SingleFile, and of the Internet Archive."""
_CLOCKS = timedelta(days=1)  # by which zones and clocks differ at most
_STALE = timedelta(days=31)  # that the latest date of a page may be older than the page


def saved_at(html: str) -> str | None:
    """Return when HTML was saved, as it is written by the program that saved it, None if that is unknown."""
    match = _SAVED.search(html[:_ENDS]) or _SAVED.search(html[-_ENDS:])
    return match[1] or match[2] if match else None


def counted_from_page(rules: DateRules, reading: Reading, saved: str | None, known: Origin) -> DateRules:
    """Return the rules with the moment that the relative dates of a page count from.

    That is `rules.now`, or when the page was `saved`. Else it is the moment that is `known` from outside, such as the date of
    the file, unless it was not fetched, and what the page says does not go with it.
    """
    when = read_date(saved).when
    if when and when <= rules.latest:
        return rules.counted_from(Origin(when, "when the page was saved"))
    dates = [date for found in reading.found if (date := read_date(found.published).when)]
    origin = known if known.given else _checked(known, reading.shown, dates, rules.latest)
    return rules.counted_from(replace(origin))  # its own: the page tells what was read from it


def _checked(known: Origin, shown: datetime | None, dates: Iterable[datetime], latest: datetime) -> Origin:
    """The known moment if the page goes with it, else what the page tells."""
    newest = max((date for date in dates if date <= latest), default=None)
    bound, age = (shown, _CLOCKS) if shown and shown <= latest else (newest, _STALE)
    if bound is None or -_CLOCKS <= known.when - bound <= age:
        return known
    return Origin(bound, "by the times that it gives twice" if bound is shown else "the latest date in it")
