"""`Headline`: one input row, and the parsing of its date."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isnan
from typing import Any

from dedupe.errors import InputError
from dedupe.runtime.arrow import StoredRow

_MILLISECONDS_FROM = 1e11  # an epoch beyond the year 5138 in seconds is meant in milliseconds
_SLASHES = re.compile(r"(?<=^\d{4})/(?=\d\d/)|(?<=^\d{4}/\d\d)/(?=\d\d(?!\d))")  # of 2025/08/16
_FIELDS = ("title", "id", "published", "source", "url")


@dataclass(frozen=True, slots=True)
class Headline:
    """One input row.

    `published` takes a datetime, an ISO 8601 or RFC 822 string, or an epoch in seconds or milliseconds. It is kept as
    an aware datetime; a naive one is read as UTC. What cannot be parsed becomes None and stays in `bad_date`, to be
    counted. `extra` is the untouched rest of the row; `row` is the whole row where it was read from a file, and
    then what is written out again starts from it. `file` names the input it came from, where there were several.
    """

    title: str
    id: str | None = None
    published: datetime | None = None
    source: str | None = None
    url: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    row: Mapping[str, Any] | None = field(default=None, repr=False)
    file: str | None = None
    bad_date: str | None = field(default=None, init=False, compare=False)

    def __post_init__(self) -> None:
        raw: Any = self.published
        if raw is None:
            return
        parsed = parse_date(raw)
        object.__setattr__(self, "published", parsed)
        if parsed is None and not _blank(raw):
            object.__setattr__(self, "bad_date", str(raw))

    @property
    def columns(self) -> dict[str, Any]:
        """The row's own columns: as it was read, or the fields that were given."""
        return dict(self.own.whole() if isinstance(self.own, StoredRow) else self.own)

    @property
    def own(self) -> Mapping[str, Any]:
        """The same, without a copy of a row that was read."""
        if self.row is not None:
            return self.row
        given = {name: getattr(self, name) for name in _FIELDS if getattr(self, name) is not None}
        return given | dict(self.extra)


Row = str | Mapping[str, Any] | Headline
"""What a headline can be given as: a title, a mapping with the key `title`, or a headline."""


def as_headline(row: str | Mapping[str, Any] | Headline, position: int = 0) -> Headline:
    """Return `row` as a `Headline`: a title, a mapping with the key `title`, or a headline.

    Keys other than `Headline`'s own go to `extra`; a missing or empty title becomes "". Raises `InputError`, naming the
    position, for any other type.
    """
    if isinstance(row, Headline):
        return row
    if isinstance(row, str):
        return Headline(row)
    if not isinstance(row, Mapping):
        raise InputError(
            f"headline {position} is a {type(row).__name__}: give a str, a mapping with the key 'title', or a Headline"
        )
    return of_fields(row, extra={key: value for key, value in row.items() if key not in _FIELDS})


def of_fields(
    fields: Mapping[str, Any], *, extra: Mapping[str, Any] | None = None, row: Mapping[str, Any] | None = None
) -> Headline:
    """Return a headline of some of the fields title, id, published, source, url; the rest as `Headline` has it."""
    return Headline(
        _text(fields.get("title")) or "",
        _text(fields.get("id")),
        fields.get("published"),
        _text(fields.get("source")),
        _text(fields.get("url")),
        extra or {},
        row,
    )


def as_headlines(rows: Iterable[str | Mapping[str, Any] | Headline]) -> list[Headline]:
    """Return every row as a `Headline`, in order; `InputError` for a single str, which is a title and not a list."""
    if isinstance(rows, (str, bytes, Mapping)):
        raise InputError(f"headlines is one {type(rows).__name__}: give an iterable of titles, such as a list")
    try:
        return [as_headline(row, position) for position, row in enumerate(iter(rows))]
    except TypeError:
        if hasattr(rows, "__iter__") and not hasattr(rows, "collect"):
            raise
        advice = "collect it first" if hasattr(rows, "collect") else "give an iterable of titles, such as a list"
        raise InputError(f"headlines is a {type(rows).__name__}: {advice}") from None


def tie_key(headline: Headline) -> tuple[Any, ...]:
    """Order for ties: dated before undated, earlier first, then capitals throughout last, title, id, source, address."""
    when = headline.published
    return (
        when is None,
        when.timestamp() if when else 0.0,
        headline.title.isupper(),
        headline.title,
        headline.id or "",
        headline.source or "",
        headline.url or "",
    )


def parse_date(value: Any) -> datetime | None:
    """Return `value` as an aware datetime in UTC, or None where it is absent or cannot be parsed.

    Takes datetimes, ISO 8601, RFC 822 and epochs (seconds, or milliseconds where seconds would be absurd). Naive
    timestamps are UTC.
    """
    if _blank(value) or isinstance(value, bool):
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
    return datetime.fromtimestamp(seconds / 1000 if abs(seconds) >= _MILLISECONDS_FROM else seconds, UTC)


def _blank(value: Any) -> bool:
    if isinstance(value, str):
        return not value or value.isspace()
    return value is None or (isinstance(value, float) and isnan(value))


def _text(value: Any) -> str | None:
    return None if _blank(value) else str(value)
