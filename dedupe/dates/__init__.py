"""Written dates -> moments in UTC: one value, or a whole column, whose other rows settle what one value leaves open.

In: a value of any type, or a column of them. Out: a `Reading` for each: the moment, or why there is none. Nothing is
guessed: a date that is unreadable, that cannot be true, or that may be two different days counts as missing. The
forms are listed in docs/dates.md.
"""

from dedupe.dates.columns import NO_RULES, DateRules, Evidence, evidence_of, read_dates
from dedupe.dates.meaning import AMBIGUOUS, BAD, UNKNOWN_ZONE, Reading
from dedupe.dates.origin import Origin
from dedupe.dates.reading import is_blank, is_relative, read_date
from dedupe.dates.relative import time_ago

__all__ = [
    "AMBIGUOUS",
    "BAD",
    "NO_RULES",
    "UNKNOWN_ZONE",
    "DateRules",
    "Evidence",
    "Origin",
    "Reading",
    "evidence_of",
    "is_blank",
    "is_relative",
    "read_date",
    "read_dates",
    "time_ago",
]
