"""`Headline`: one input row; conversion of other types to it; parsing of dates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from numbers import Real
from typing import Any, overload

from dedupe.errors import InputError
from dedupe.runtime.arrow import StoredRow

_MIN_MILLISECONDS = 1e11  # epochs from here on are milliseconds: as seconds they lie beyond the year 5138
_SLASHES = re.compile(r"(?<=^\d{4})/(?=\d\d/)|(?<=^\d{4}/\d\d)/(?=\d\d(?!\d))")  # of 2025/08/16
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

    `published` takes a datetime or date, an ISO 8601 or RFC 822 string, or an epoch in seconds or milliseconds. It is
    kept as an aware datetime; a naive one is read as UTC. A date that cannot be parsed becomes None and is kept in
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
        parsed = parse_date(value)
        object.__setattr__(self, "published", parsed)
        if not _is_blank(value):
            object.__setattr__(self, "bad_date", str(value) if parsed is None else None)

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


def as_headlines(rows: Iterable[Row]) -> list[Headline]:
    """Return each row as a `Headline`, in order; see `as_headline`. A single title or row is an `InputError`."""
    if isinstance(rows, (str, bytes, Mapping)):
        raise InputError(f"headlines is a single {type(rows).__name__}: give an iterable of titles, such as a list")
    if not isinstance(rows, Iterable):
        advice = "collect it first" if hasattr(rows, "collect") else "give an iterable of titles, such as a list"
        raise InputError(f"headlines is of type {type(rows).__name__}: {advice}")
    return [as_headline(row, position) for position, row in enumerate(rows)]


def as_headline(row: Row, position: int = 0) -> Headline:
    """Return a row as a `Headline`.

    Keys other than `Headline`'s own go to `extra`. A missing title (None, NaN, no key) becomes "". Raises `InputError`,
    with the position, for any other type.
    """
    if isinstance(row, Headline):
        return row
    if isinstance(row, Mapping):
        return from_fields(row, extra={key: value for key, value in row.items() if key not in _FIELDS})
    if isinstance(row, str) or _is_blank(row):
        return Headline(row if isinstance(row, str) else "")
    kinds = "a str, a mapping with the key 'title', or a Headline"
    raise InputError(f"headline {position} is of type {type(row).__name__}: give {kinds}")


def from_fields(
    fields: Mapping[str, Any], *, extra: Mapping[str, Any] | None = None, row: Mapping[str, Any] | None = None
) -> Headline:
    """Return a headline with any of the fields title, id, published, source and url."""
    title, id_, source, url = (_text(fields.get(name)) for name in ("title", "id", "source", "url"))
    return Headline(title or "", id_, fields.get("published"), source, url, extra or {}, row)


def tie_key(headline: Headline) -> tuple[Any, ...]:
    """Order ties: dated before undated, earlier first, titles in capitals last, then by title, id, source and url."""
    published, title = headline.published, headline.title
    time = published.timestamp() if published else 0.0
    texts = (title, headline.id or "", headline.source or "", headline.url or "")
    return published is None, time, title.isupper(), *texts


def parse_date(value: Any) -> datetime | None:
    """Return `value` as an aware datetime in UTC, None if it is blank or cannot be parsed.

    Takes dates, ISO 8601, RFC 822 and epochs (seconds, or milliseconds if too large for seconds). Naive ones are UTC.
    """
    if _is_blank(value) or isinstance(value, bool):
        return None
    try:
        parsed = value if isinstance(value, datetime) else _parse(value)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def _parse(value: Any) -> datetime:
    if isinstance(value, (int, float)):
        return _from_epoch(float(value))
    text = str(value).strip()
    if text[4:5] == "/":
        text = _SLASHES.sub("-", text)
    for parse in (datetime.fromisoformat, lambda t: _from_epoch(float(t)), parsedate_to_datetime):
        try:
            return parse(text)
        except (ValueError, TypeError):
            continue
    raise ValueError(text)


def _from_epoch(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds / 1000 if abs(seconds) >= _MIN_MILLISECONDS else seconds, UTC)


def _is_blank(value: Any) -> bool:
    if isinstance(value, str):
        return not value or value.isspace()
    if value is None or type(value).__name__ == "NAType":  # pandas' NA, which cannot be compared
        return True
    return isinstance(value, (Real, datetime)) and value != value  # NaN and NaT


def _text(value: Any) -> str | None:
    return None if _is_blank(value) else str(value)
