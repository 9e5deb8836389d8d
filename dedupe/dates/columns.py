"""A column of dates -> readings: its rows together settle the order of day and month, and what numbers and lengths mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from numbers import Real
from typing import Any, NamedTuple

from dedupe.dates.meaning import BAD, Meaning, Reading, Unsettled, moment, reading_of
from dedupe.dates.numbers import Serial, number_in
from dedupe.dates.origin import Origin
from dedupe.dates.reading import meaning_of, read_date
from dedupe.dates.relative import Relative
from dedupe.dates.zones import zone_of
from dedupe.errors import InputError

_SERIAL_SHARE = 0.5  # of the dates of a column, from which on it is a column of Excel's
_RELATIVE_SHARE = 0.5  # of the dates, from which on "5h" is a time ago and "Monday" a date
_MIN_RELATIVE = 2  # relative dates of a column in which not all are
_AHEAD = timedelta(days=1)  # that a date may lie in the future, since clocks and zones differ
_TRIED = datetime(2026, 3, 4, 10, 45, 30, tzinfo=UTC)
_OTHERS = (_TRIED.replace(year=2025), _TRIED.replace(month=4), _TRIED.replace(day=5))


@dataclass(frozen=True, slots=True)
class DateRules:
    """How the dates of a column are read where they do not tell themselves.

    `day_first`: whether 03/04/2026 is 3 April, in columns whose other rows do not tell. `date_format`: that of the dates, with
    the codes of `datetime.strptime`, of which `%Z` may only be the last; others are then read only if they have the year first
    or the name of a month. `now`: the moment from which dates lie in the future, and relative ones count; None takes it from the
    clock. `origin`: the moment that relative dates count from where `now` is not given; reading writes the first of them into it.
    """

    day_first: bool | None = None
    date_format: str | None = None
    now: datetime | str | None = None
    origin: Origin | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.date_format is not None:
            _check_format(self.date_format)
        if self.now is not None and read_date(self.now).when is None:
            raise InputError(f"now is {self.now!r}, which is no date: write one such as 2026-03-04T10:45:00Z")

    @property
    def latest(self) -> datetime:
        """The moment after which dates lie too far in the future; by the clock, if it was not told."""
        return (read_date(self.now).when or datetime.now(UTC)) + _AHEAD

    def counted_from(self, otherwise: Origin) -> DateRules:
        """Return the rules with the moment that relative dates count from: `now`, or else another."""
        given = read_date(self.now).when
        return replace(self, origin=Origin(given, "as given", given=True) if given else otherwise)


NO_RULES = DateRules()


class Evidence(NamedTuple):
    """What values tell of all dates of their column, in counts, which add up over the parts of a column.

    `day`, `month`: dates that can only be read with the day first, or with the month first; `dotted_day`, `dotted_month`: the
    same of dates with dots. `filled`: values that are not blank; `serials`: numbers of the size that Excel gives to days;
    `relative`: dates that count from now; `lengths`: those that are written as lengths of time, or as the name of a weekday.
    """

    day: int = 0
    month: int = 0
    dotted_day: int = 0
    dotted_month: int = 0
    filled: int = 0
    serials: int = 0
    relative: int = 0
    lengths: int = 0

    def day_first(self, dots: bool, told: bool | None) -> bool | None:
        """Whether the day comes first in dates with or without dots: as the values tell, or else as the user `told`."""
        day, month = (self.dotted_day, self.dotted_month) if dots else (self.day, self.month)
        return day > 0 if (day > 0) != (month > 0) else told

    @property
    def is_excel(self) -> bool:
        """Whether the numbers that may be Excel's are."""
        return self.serials >= _SERIAL_SHARE * self.filled

    def is_relative(self, weak: bool, least: int) -> bool:
        """Whether dates that count from now are read, and those that are `weak`: lengths of time and names of weekdays.

        `least`: so many dates that are not weak suffice.
        """
        found = self.relative + self.lengths
        enough = self.relative >= least or found >= _MIN_RELATIVE or found == self.filled
        return enough and (not weak or found >= _RELATIVE_SHARE * self.filled)


def evidence_of(values: Iterable[Any], rules: DateRules = NO_RULES) -> Evidence:
    """Return what some values of a column tell of all of them."""
    return _evidence_of([_meaning_of(value, rules) for value in values])


def read_dates(
    values: Iterable[Any],
    rules: DateRules = NO_RULES,
    evidence: Evidence | None = None,
    *,
    least_relative: int = _MIN_RELATIVE,
) -> list[Reading]:
    """Return what each value of a column says.

    Day and month in numbers: if a row can only be read with the day first, all that can be read both ways are, and the same
    with the month first. Where rows of both kinds exist, or none, `rules.day_first` tells; without it, they are ambiguous, but
    04.03.2026 has the day first. Numbers of the size that Excel gives to days are dates where half of the column is.
    Relative dates count from `rules.now`, or else from `rules.origin`, where at least `least_relative` are, or all; lengths of
    time such as "5h" are relative dates where half of the column is. A date more than a day after `rules.now` is bad.
    `evidence`: that of the whole column, where these values are a part of it.
    """
    column = list(values)
    meanings = [_meaning_of(value, rules) for value in column]
    whole = _evidence_of(meanings) if evidence is None else evidence
    orders = {dots: whole.day_first(dots, rules.day_first) for dots in (False, True)}
    latest, origin = rules.latest, _origin_of(rules)
    readings = []
    for value, meaning in zip(column, meanings, strict=True):
        if isinstance(meaning, Unsettled):
            meaning = meaning.settled(orders[meaning.dots])
        elif isinstance(meaning, Serial):
            meaning = meaning.when if whole.is_excel else BAD
        elif isinstance(meaning, Relative):
            meaning = _counted(meaning, str(value), origin) if whole.is_relative(meaning.weak, least_relative) else BAD
        if isinstance(meaning, datetime) and meaning > latest:
            meaning = BAD
        readings.append(reading_of(value, meaning))
    return readings


def _origin_of(rules: DateRules) -> Origin:
    """The moment that relative dates count from: as the rules say, or else the clock."""
    return rules.origin or Origin(read_date(rules.now).when or datetime.now(UTC), "now")


def _counted(date: Relative, text: str, origin: Origin) -> datetime | str:
    """The moment of a relative date."""
    when = date.at(origin.when)
    if when is None:
        return BAD
    origin.note(text)
    return moment(when)


def _evidence_of(meanings: Sequence[Meaning]) -> Evidence:
    unsettled = [meaning for meaning in meanings if type(meaning) is Unsettled]
    only_day = [meaning.dots for meaning in unsettled if meaning.month_first is None]
    only_month = [meaning.dots for meaning in unsettled if meaning.day_first is None]
    relative = [meaning.weak for meaning in meanings if isinstance(meaning, Relative)]
    return Evidence(
        day=only_day.count(False),
        month=only_month.count(False),
        dotted_day=only_day.count(True),
        dotted_month=only_month.count(True),
        filled=sum(meaning is not None for meaning in meanings),
        serials=sum(type(meaning) is Serial for meaning in meanings),
        relative=len(relative) - sum(relative),
        lengths=sum(relative),
    )


def _meaning_of(value: Any, rules: DateRules) -> Meaning:
    return _by_format(value, rules.date_format) if rules.date_format else meaning_of(value)


def _by_format(value: Any, date_format: str) -> Meaning:
    """What a value means where the column has a format: without it, only what can be confused with no other date."""
    if not isinstance(value, (str, Real)):
        return meaning_of(value)
    text = " ".join(str(value).split())
    try:
        return moment(_parsed(text, date_format))
    except ValueError:
        meaning = meaning_of(value)
        return BAD if isinstance(meaning, (Unsettled, Serial)) or number_in(text) is not None else meaning


def _parsed(text: str, date_format: str) -> datetime:
    """A date of a format; the name of its zone is looked up here, since `strptime` knows that of the machine alone."""
    if not date_format.endswith("%Z"):
        return datetime.strptime(text, date_format)
    start, _, name = text.rpartition(" ")
    zone = zone_of(name)
    if zone is None:
        raise ValueError(name)
    return datetime.strptime(start, date_format.removesuffix("%Z").rstrip()).replace(tzinfo=zone)


def _check_format(date_format: str) -> None:
    """Raise `InputError` for a format that gives no whole date."""
    problem = ""
    try:
        written, *others = (when.strftime(date_format) for when in (_TRIED, *_OTHERS))
        if "%Z" in date_format.removesuffix("%Z"):
            problem = "%Z must be its end"
        elif written in others:
            problem = "it needs a day, a month and a year"
        elif _parsed(written, date_format).date() != _TRIED.date():
            problem = "it gives another date than it is written for"
    except ValueError as error:
        problem = str(error)
    if problem:
        raise InputError(f"date format {date_format!r} cannot be used ({problem}): write one such as '%d.%m.%Y %H:%M'")
