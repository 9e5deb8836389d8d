"""The repeating record of a list: titles, teasers without a stop, and the titles that belong together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from statistics import mean

from dedupe.readers.pages.text_lines import Line
from dedupe.readers.pages.words import capitals, long_words

_PERIODS = (3, 2)
_MIN_RECORDS = 3
_MAX_CAPITALS = 0.2  # of the words of a teaser, on average
_LONGER = 1.4  # than its title is a teaser of records without a rewording
_MIN_SHARE = 0.8  # of the records of a list
_BREAKS = ("marker", "menu", "short", "subhead")


def mark_teasers(lines: Sequence[Line]) -> None:
    """Mark teasers that have no stop, and so look like titles, by their place in the record."""
    for is_break, run in groupby(lines, lambda line: line.kind in _BREAKS):
        items = [line for line in run if line.kind in ("title", "prose", "cut", "caption")]
        if not is_break:
            _mark_in_list(items)


def _mark_in_list(items: list[Line]) -> None:
    for period in _PERIODS:
        for start in range(period):
            records = [items[k : k + period] for k in range(start, len(items) - period + 1, period)]
            if len(records) >= _MIN_RECORDS + (period == 2) and start == _first_title(items) and _has_teasers(records):
                for record in records:
                    if record[-1].kind == "title":
                        record[-1].kind = "teaser"
                return


def _first_title(items: Sequence[Line]) -> int:
    return next((k for k, line in enumerate(items) if line.kind == "title"), 0)


def _has_teasers(records: Sequence[Sequence[Line]]) -> bool:
    """Whether the last lines of records are teasers: longer, fewer capitals, and less like the title than its rewording."""
    if any(line.kind != "title" for record in records for line in record[:-1]):
        return False
    last = [record[-1] for record in records if record[-1].kind == "title" and not record[-1].marked]
    unstopped = len(last) >= _MIN_SHARE * sum(record[-1].kind != "caption" for record in records)
    if not unstopped or not last or mean(capitals(line.text) for line in last) > _MAX_CAPITALS:
        return False
    pairs = [(record[0].text, record[-1].text) for record in records]
    longer = sum(len(b) >= _LONGER * len(a) for a, b in pairs) / len(pairs)
    if len(records[0]) == 2:
        return longer >= _MIN_SHARE
    rewordings = [_common(record[0].text, record[1].text) for record in records]
    teasers = [_common(record[0].text, record[-1].text) for record in records]
    return mean(rewordings) > 0.1 and mean(teasers) < 0.5 * mean(rewordings)


def records_of(lines: Sequence[Line]) -> dict[int, int]:
    """Return the number of the record of each title, by line number; titles of one record are two in a row that share words.

    A list has such records only where most of its titles come in pairs: two titles that follow each other may be two items.
    """
    numbers: dict[int, int] = {}
    runs = [list(run) for kind, run in groupby(lines, lambda line: line.kind == "title") if kind]
    pairs = sum(len(run) == 2 for run in runs)
    in_pairs = pairs >= max(2, 0.5 * len(runs))
    for run in runs:
        together = in_pairs and len(run) == 2 and _common(run[0].text, run[1].text) > 0
        numbers |= {line.number: run[0].number if together else line.number for line in run}
    return numbers


def _common(first: str, second: str) -> float:
    """The share of long words that two texts have in common."""
    a, b = long_words(first), long_words(second)
    return len(a & b) / max(min(len(a), len(b)), 1)
