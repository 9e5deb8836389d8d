"""`Headline`: one input row; conversion of other types to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, overload

from dedupe.dates import BAD, NO_RULES, DateRules, Reading, is_blank, read_date, read_dates
from dedupe.errors import InputError
from dedupe.runtime.arrow import StoredRow

_FIELDS = ("title", "id", "published", "source", "url")


class _Published:
    """Tells type checkers that `Headline(published=...)` takes more than the attribute holds; a slot at run time."""

    @overload
    def __get__(self, headline: None, owner: type) -> None: ...
    @overload
    def __get__(self, headline: object, owner: type) -> datetime | None: ...
    def __get__(self, headline: object, owner: type) -> datetime | None:
        return None  # the default of the field

    def __set__(self, headline: object, value: str | float | date | None) -> None: ...


@dataclass(frozen=True, slots=True)
class Headline:
    """One input row.

    `published` takes a datetime or date, or text or a number in one of the forms of docs/dates.md. It is kept as an aware
    datetime; one without a zone is read as UTC. A date that cannot be read, or cannot be told, becomes None and is kept in
    `bad_date`. `extra`: other keys of the row. `row`: the whole row as it was read from a file or frame; output starts from
    it. `file`: the input that the row came from, if there were several.
    `record`: the item of a news page that the row shares with another, such as a title and the same title in other words.
    `title_made`: whether the input has no title of its own, so that this one was made of the text below it.
    """

    title: str
    id: str | None = None
    published: _Published = _Published()
    source: str | None = None
    url: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    row: Mapping[str, Any] | None = field(default=None, repr=False)
    file: str | None = None
    bad_date: str | None = field(default=None, compare=False)
    record: str | None = None
    title_made: bool | None = None

    def __post_init__(self) -> None:
        value: Any = self.published
        if value is None:
            return
        reading = read_date(value)
        object.__setattr__(self, "published", reading.when)
        if reading != Reading():
            object.__setattr__(self, "bad_date", reading.bad)

    @property
    def date_problem(self) -> str | None:
        """Why `bad_date` counts as missing: `bad-date`, `ambiguous-date` or `unknown-zone`; None where there is none."""
        return None if self.bad_date is None else read_date(self.bad_date).problem or BAD

    @property
    def columns(self) -> dict[str, Any]:
        """The row's own columns: those that were read, or the fields that have a value."""
        return dict(self.own.as_dict() if isinstance(self.own, StoredRow) else self.own)

    @property
    def own(self) -> Mapping[str, Any]:
        """The same as `columns`, without a copy of a row that was read."""
        if self.row is not None:
            return self.row
        fields = {name: getattr(self, name) for name in _FIELDS if getattr(self, name) is not None}
        return fields | dict(self.extra)


Row = str | Mapping[str, Any] | Headline | None
"""One headline: its title (None if it is missing), a mapping with the key `title`, or a `Headline`."""


def as_headlines(rows: Iterable[Row], rules: DateRules = NO_RULES) -> list[Headline]:
    """Return each row as a `Headline`, in order; see `as_headline`. A single title or row is an `InputError`.

    The dates of mappings are one column, and read by its `rules`; a `Headline` has its date already.
    """
    if isinstance(rows, (str, bytes, Mapping)):
        raise InputError(f"headlines is a single {type(rows).__name__}: give an iterable of titles, such as a list")
    if not isinstance(rows, Iterable):
        advice = "collect it first" if hasattr(rows, "collect") else "give an iterable of titles, such as a list"
        raise InputError(f"headlines is of type {type(rows).__name__}: {advice}")
    listed = list(rows)
    dates = iter(read_dates((row.get("published") for row in listed if isinstance(row, Mapping)), rules))
    return [
        as_headline(row, position, next(dates) if isinstance(row, Mapping) else None)
        for position, row in enumerate(listed)
    ]


def as_headline(row: Row, position: int = 0, date: Reading | None = None) -> Headline:
    """Return a row as a `Headline`. `date`: what the column says of its date; by default the row alone is asked.

    Keys other than `Headline`'s own go to `extra`. A missing title (None, NaN, no key) becomes "". Raises `InputError`,
    with the position, for any other type.
    """
    if isinstance(row, Headline):
        return row
    if isinstance(row, Mapping):
        return from_fields(row, date, extra={key: value for key, value in row.items() if key not in _FIELDS})
    if isinstance(row, str) or is_blank(row):
        return Headline(row if isinstance(row, str) else "")
    kinds = "a str, a mapping with the key 'title', or a Headline"
    raise InputError(f"headline {position} is of type {type(row).__name__}: give {kinds}")


def from_fields(
    fields: Mapping[str, Any],
    date: Reading | None = None,
    *,
    extra: Mapping[str, Any] | None = None,
    row: Mapping[str, Any] | None = None,
) -> Headline:
    """Return a headline with any of the fields title, id, published, source and url. `date`: as for `as_headline`."""
    title, id_, source, url = (_text(fields.get(name)) for name in ("title", "id", "source", "url"))
    published, bad = (fields.get("published"), None) if date is None else (date.when, date.bad)
    return Headline(title or "", id_, published, source, url, extra or {}, row, bad_date=bad)


def tie_key(headline: Headline) -> tuple[Any, ...]:
    """Order ties: dated before undated, earlier first, titles in capitals last, then by title, id, source and url."""
    published, title = headline.published, headline.title
    time = published.timestamp() if published else 0.0
    texts = (title, headline.id or "", headline.source or "", headline.url or "")
    return published is None, time, title.isupper(), *texts


def _text(value: Any) -> str | None:
    return None if is_blank(value) else str(value)
