"""The repeating record of a list: its period, which of its lines are teasers without a stop, and which titles belong together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import mean

from dedupe.readers.pages.lines import ends_cut
from dedupe.readers.pages.text_lines import Line
from dedupe.readers.pages.words import capitals, count_words, long_words

_SYMBOLS = {"title": "t", "prose": "p", "cut": "p", "caption": "p", "meta": "m", "name": "m", "short": "k"}
_BREAKS = ("marker", "menu", "subhead")
_PERIODS = (2, 3, 4, 5)
_OF_TITLES_ALONE = (3, 2)
_MIN_RECORDS = 3
_MAX_CAPITALS = 0.2  # of the words of a teaser, on average
_LONGER = 1.3  # than its title is a teaser of a record without a rewording
_MIN_SHARE = 0.8  # of the records of a list
_REWORDED = 0.15  # share of common words, on average, from which two lines of a record are one title in other words
_HEADING_WORDS = 5  # that the unknown heading of a list has at most


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Lines that repeat with a period; the last record may be incomplete. `before`: the line before them."""

    lines: Sequence[Line]
    period: int
    before: Line | None

    @property
    def records(self) -> list[Sequence[Line]]:
        return [self.lines[k : k + self.period] for k in range(0, len(self.lines) - self.period + 1, self.period)]


def mark_records(lines: Sequence[Line]) -> None:
    """Mark of each list its heading, where that looks like a title, and teasers that have no stop and so look like titles."""
    shown = [line for line in lines if line.kind != "button"]
    for is_break, run in groupby(shown, lambda line: line.kind in _BREAKS):
        if not is_break:
            items = list(run)
            for stretch in _stretches(items):
                _mark(stretch)


def _stretches(lines: Sequence[Line]) -> Iterator[_Stretch]:
    """Yield the parts of lines that repeat at least three times with the smallest period; titles alone in any that fits."""
    symbols = ["p" if ends_cut(line.text) else _SYMBOLS.get(line.kind, "-") for line in lines]  # a date can be a teaser
    lengths = {period: _lengths(symbols, period) for period in _PERIODS}
    start = 0
    while start < len(lines):
        for period in _PERIODS:
            length = lengths[period][start] + period
            if length >= _MIN_RECORDS * period and len(set(symbols[start : start + period])) > 1:
                if "t" in symbols[start : start + period]:
                    yield _trimmed(lines, start, start + length, period)
                start += length
                break
        else:
            titles = _titles_from(symbols, start)
            alone = titles >= _MIN_RECORDS * min(_OF_TITLES_ALONE)
            for period in _OF_TITLES_ALONE if alone else ():
                yield _Stretch(lines[start : start + titles], period, None)
            start += titles - max(_PERIODS) + 1 if alone else 1  # other records may begin with the last of them


def _lengths(symbols: Sequence[str], period: int) -> list[int]:
    """From each line on, how many lines in a row are of the kind of the line one period later."""
    lengths = [0] * (len(symbols) + 1)
    for k in range(len(symbols) - period - 1, -1, -1):
        lengths[k] = lengths[k + 1] + 1 if symbols[k] == symbols[k + period] else 0
    return lengths


def _titles_from(symbols: Sequence[str], start: int) -> int:
    """How many titles follow in a row; one less where a record with other lines begins with the last."""
    end = start
    while end < len(symbols) and symbols[end] == "t":
        end += 1
    return end - start - (end - start > 1 and end < len(symbols))


def _trimmed(lines: Sequence[Line], start: int, end: int, period: int) -> _Stretch:
    """A stretch without a heading that begins it, so that its last record is complete."""
    first = lines[start]
    extra = (end - start) % period == 1 and first.kind == "title" and _may_be_heading(first)
    before = first if extra else (lines[start - 1] if start else None)
    return _Stretch(lines[start + extra : end], period, before)


def _may_be_heading(line: Line) -> bool:
    return count_words(line.text) <= _HEADING_WORDS and not line.marked


def _mark(stretch: _Stretch) -> None:
    alone = all(line.kind == "title" for line in stretch.lines)
    before = stretch.before
    if not alone and before is not None and before.kind == "title" and _may_be_heading(before):
        before.kind = "marker"
    teaser = _teaser_phase(stretch)
    if teaser is not None and (not alone or teaser == stretch.period - 1):
        for record in stretch.records:
            if record[teaser].kind == "title":
                record[teaser].kind = "teaser"


def _teaser_phase(stretch: _Stretch) -> int | None:
    """The place in the record of lines that look like titles and are teasers, None if there are none."""
    records = stretch.records
    phases = [k for k in range(stretch.period) if _is_titles([record[k] for record in records])]
    if len(phases) == 2:
        return _longer_phase(records, phases)
    if len(phases) != 3:
        return None
    common = {
        (a, b): mean(_common(record[a].text, record[b].text) for record in records)
        for a in phases
        for b in phases
        if a < b
    }
    first, second = max(common, key=lambda pair: common[pair])
    (teaser,) = set(phases) - {first, second}
    others = mean(value for pair, value in common.items() if pair != (first, second))
    lower = mean(capitals(record[teaser].text) for record in records) <= _MAX_CAPITALS
    return teaser if common[first, second] >= _REWORDED and others < 0.5 * common[first, second] and lower else None


def _is_titles(lines: Sequence[Line]) -> bool:
    return sum(line.kind == "title" and not line.marked for line in lines) >= _MIN_SHARE * len(lines)


def _longer_phase(records: Sequence[Sequence[Line]], phases: Sequence[int]) -> int | None:
    """Which of two phases is the teaser of the other: longer nearly always, without its words and without capitals."""
    if mean(_common(record[phases[0]].text, record[phases[1]].text) for record in records) >= _REWORDED:
        return None
    if len(records) <= _MIN_RECORDS:
        return None
    for teaser, title in (phases[::-1], phases):
        longer = sum(len(record[teaser].text) >= _LONGER * len(record[title].text) for record in records)
        lower = mean(capitals(record[teaser].text) for record in records) <= _MAX_CAPITALS
        if longer >= _MIN_SHARE * len(records) and lower:
            return teaser
    return None


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
