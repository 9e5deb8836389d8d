"""`ReadOptions`: what `read_headlines` was asked for, in one object for the readers."""

from __future__ import annotations

from dataclasses import dataclass

from dedupe.dates import DateRules
from dedupe.readers.delimited import Columns
from dedupe.readers.unpacking import SizeLimit
from dedupe.readers.visits import Visits


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """The arguments of `read_headlines`, checked and in the form that readers take."""

    format: str | None
    columns: Columns
    dates: DateRules
    delimiter: str | None
    encoding: str | None
    skip_bad: bool
    fetch: bool
    limit: SizeLimit
    allow_private: bool
    timeout: float
    prefer_feed: bool
    layout: bool
    header: bool
    visits: Visits | None
