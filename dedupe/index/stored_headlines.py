"""A headline as a row of the table `headline_rows`, and back."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from dedupe.headlines import Headline
from dedupe.result.values import from_json, to_json
from dedupe.runtime.arrays import Ints
from dedupe.runtime.json_text import as_json
from dedupe.text.address import clean_address

COLUMNS = (
    "row title id source url published bad_date record file own time flags revises first_seen last_seen story wording place"
).split()
"""Those that a `StoredHeadline` is made from, in order."""
DATED_OTHERWISE = frozenset(("undated", "future-date"))
"""Flags of headlines that do not count as published when they say."""
DAY = 24 * 3_600_000_000
"""Microseconds."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class StoredHeadline:
    """A headline under its number, `row`. Times are microseconds since 1970; `story`, `wording`: keys of the ids that live.

    `time`: when it counts as published. `revises`: the first row of the item that this is a new title of. `place`: in the
    archive, None while it is active.
    """

    row: int
    headline: Headline
    time: int
    flags: tuple[str, ...]
    revises: int | None
    first_seen: int
    last_seen: int
    story: int
    wording: int
    place: int | None = None

    @property
    def dated(self) -> Headline:
        """The headline as it is grouped: dated by `time`. In output it has its own date."""
        if DATED_OTHERWISE.isdisjoint(self.flags):
            return self.headline
        return replace(self.headline, published=moment_of(self.time), row=self.headline.own)


def from_row(values: Sequence[Any]) -> StoredHeadline:
    """Return the headline in a row of `COLUMNS`."""
    if bytes in map(type, values):
        values = list(map(text_of, values))
    row, title, id_, source, url, published, bad_date, record, file, own, time, flags, *rest = values
    kept = from_json(json.loads(own)) if own else {}
    extra, of_row = kept.get("extra", {}), kept.get("row")
    headline = Headline(title, id_, None, source, url, extra, of_row, file, bad_date, record)
    if published is not None:  # as the constructor read it once, which takes a while for very many rows
        object.__setattr__(headline, "published", moment_of(published))
    return StoredHeadline(row, headline, time, tuple(filter(None, flags.split(","))), *rest)


def to_row(stored: StoredHeadline) -> tuple[Any, ...]:
    """Return the values of `COLUMNS`, then the cleaned address and the publisher."""
    headline = stored.headline
    kept = {"extra": dict(headline.extra)} if headline.extra else {}
    if headline.row is not None:
        kept["row"] = headline.columns
    values = (
        stored.row,
        headline.title,
        headline.id,
        headline.source,
        headline.url,
        None if headline.published is None else microseconds(headline.published),
        headline.bad_date,
        headline.record,
        headline.file,
        _json_of(kept) if kept else None,
        stored.time,
        ",".join(stored.flags),
        stored.revises,
        stored.first_seen,
        stored.last_seen,
        stored.story,
        stored.wording,
        stored.place,
        clean_address(headline.url),
        publisher_of(headline),
    )
    return tuple(map(storable, values))


def publisher_of(headline: Headline) -> str | None:
    """Return the source of a headline, or else the host of its address."""
    if headline.source or not headline.url:
        return headline.source
    try:
        return urlsplit(headline.url).hostname
    except ValueError:
        return None


def _json_of(value: Any) -> str:
    try:
        return json.dumps(to_json(value), ensure_ascii=True)
    except TypeError:  # a type of the user's own: its text is kept
        return json.dumps(to_json(json.loads(as_json(value))))


def storable(value: Any) -> Any:
    """Return a value as SQLite takes it: text with a lone surrogate as bytes."""
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            return value.encode("utf-8", "surrogatepass")
    return value


def text_of(value: Any) -> Any:
    """Return what `storable` was given."""
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else value


def microseconds(moment: datetime) -> int:
    """Return a moment as microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(time: int) -> datetime:
    """Return microseconds since 1970 as a moment in UTC."""
    return _EPOCH + time * _MICROSECOND


@dataclass(frozen=True)
class ActiveRows:
    """The headlines of the window, numbers ascending; `story`, `wording`: the keys of their ids, -1 where they have none yet."""

    stored: tuple[StoredHeadline, ...]

    def __len__(self) -> int:
        return len(self.stored)

    def column(self, name: str) -> Ints:
        """Return a column of numbers, (rows,)."""
        return np.fromiter(map(attrgetter(name), self.stored), np.int64, len(self.stored))

    def find(self, row: int) -> StoredHeadline | None:
        """Return the headline with a number, None where it is not among these."""
        place = bisect_left(self.stored, row, key=attrgetter("row"))
        found = place < len(self.stored) and self.stored[place].row == row
        return self.stored[place] if found else None

    def grouped_as(self) -> list[Headline]:
        """Return the headlines as they are grouped: dated, and those of one item at one address."""
        headlines = [row.dated for row in self.stored]
        for places in _items(self.stored):
            addresses = [clean_address(headlines[k].url) for k in places]
            if len(set(addresses)) == 1 and addresses[0] is not None:
                continue
            named = [k for k, address in zip(places, addresses, strict=True) if address is not None]
            first = self.stored[places[0]]
            url = headlines[named[0]].url if named else f"https://revised.invalid/item/{first.revises or first.row}"
            for k in places:
                headlines[k] = replace(headlines[k], url=url, row=headlines[k].own)
        return headlines


def _items(stored: Sequence[StoredHeadline]) -> Iterable[list[int]]:
    """Yield the places of the headlines of each item that has several."""
    revised = {row.revises for row in stored if row.revises is not None}
    places: dict[int, list[int]] = {item: [] for item in revised}
    for k, row in enumerate(stored) if revised else ():
        item = row.row if row.revises is None else row.revises
        if item in places:
            places[item].append(k)
    return [of_item for of_item in places.values() if len(of_item) > 1]
