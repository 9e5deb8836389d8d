"""What a headline that arrives is: new, known, or a new title of a known item; and when it counts as published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from dedupe.errors import InputError
from dedupe.headlines import Headline
from dedupe.index.store import Store
from dedupe.index.stored_headlines import DAY, microseconds
from dedupe.text.address import clean_address

MAX_TITLES = 20
"""Of one address; one with more says nothing, see `scoring/addresses.py`."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A headline, its time in microseconds since 1970, and the stored row that it is: its own, or that of the known item.

    `known`: stored before, or earlier in the same batch. `revises`: the first row of the item that it is a new title of.
    """

    headline: Headline
    time: int
    flags: tuple[str, ...]
    row: int
    known: bool = False
    revises: int | None = None


@dataclass(frozen=True, slots=True)
class Times:
    """Of a batch, in microseconds: when it is added, `now`, when it was `taken`, which is when the future begins, and when its
    headlines without a usable date count as published.
    """

    now: int
    taken: int
    undated: int

    @classmethod
    def of(
        cls, headlines: Sequence[Headline], now: datetime, taken: datetime | None, latest: int | None, window: float
    ) -> Times:
        """Return the times of a batch.

        `taken`: None if nobody says. `latest`: the time of the latest stored headline. `window`: in hours.
        """
        added = microseconds(now)
        if taken is None:
            return cls.by_clock(headlines, added, latest, round(window * 3_600_000_000))
        return cls(added, microseconds(taken), microseconds(taken))

    @classmethod
    def by_clock(cls, headlines: Sequence[Headline], now: int, latest: int | None, span: int) -> Times:
        """Return the times of a batch that is added now, by the clock; `latest`, `span`: as above, in microseconds.

        Where at least half of the batch has a usable date, and these dates, and all that is stored, end over a window ago, old
        news is added. A headline without a date is then as old as the latest one that has a date: if it were of now, all others
        would be too old for the window.
        """
        times = [microseconds(headline.published) for headline in headlines if headline.published is not None]
        dated = [time for time in times if time <= now + DAY]
        if 2 * len(dated) < len(headlines) or not dated:
            return cls(now, now, now)
        end = max(dated if latest is None else [*dated, latest])
        return cls(now, now, end if end < now - span else now)


def moment_or_clock(moment: datetime | None = None, name: str = "now") -> datetime:
    """Return a moment, by default that of the clock; `InputError`, with its name, where it has no time zone."""
    if moment is not None and moment.tzinfo is None:
        raise InputError(f"{name} is {moment}, without a time zone: give one, such as UTC")
    return moment or datetime.now(UTC)


def arrivals(headlines: Sequence[Headline], store: Store, times: Times) -> list[Arrival]:
    """Return what each headline is. New rows are numbered from the store's next number.

    A headline is known where one with its title is stored that has its id and source, or its address; one that has neither,
    where one with its title and source is stored that is dated less than a day from it, or came in the same batch with its
    date. So the order of a batch does not matter. It is a new title of an item where another title is stored with its id and
    source, both given, or at its address.
    """
    items, row, arrived = _Items(store), store.counter("row"), list[Arrival]()
    for headline in headlines:
        time, flags = time_of(headline, times)
        if (known := items.known(headline)) is not None:
            arrived.append(Arrival(headline, time, (*flags, "known"), known, known=True))
            continue
        revises = items.revised(headline)
        flags += ("revision",) if revises is not None else ()
        arrived.append(Arrival(headline, time, flags, row, revises=revises))
        items.add(headline, row, revises)
        row += 1
    return arrived


def time_of(headline: Headline, times: Times) -> tuple[int, tuple[str, ...]]:
    """Return when a headline counts as published, and flags that say what is wrong with its date."""
    if headline.published is None:
        return times.undated, (*(("bad-date",) if headline.bad_date is not None else ()), "undated")
    time = microseconds(headline.published)
    return (times.undated, ("future-date",)) if time > times.taken + DAY else (time, ())


class _Items:
    """The titles under each id, at each address, or alone: stored ones, looked up when they are first asked for, and new ones."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ids: dict[tuple[str, str | None], list[tuple[int, str]]] = {}
        self._addresses: dict[str, list[tuple[int, str]]] = {}
        self._titles: dict[tuple[str, str | None, int | None], list[tuple[int, str]]] = {}
        self._revises: dict[int, int] = {}

    def known(self, headline: Headline) -> int | None:
        title = _plain(headline.title)
        there = [*self._of_id(headline), *self._at_address(headline), *self._alike(headline)]
        return next((row for row, stored in there if _plain(stored) == title), None)

    def revised(self, headline: Headline) -> int | None:
        of_id = self._of_id(headline) if headline.source is not None else []  # an id alone may be a row number
        at_address = self._at_address(headline)
        titles = {_plain(title) for _, title in at_address}
        there = of_id or (at_address if len(titles) <= MAX_TITLES and titles != {""} else [])
        if not there or not _plain(headline.title):
            return None
        row = there[0][0]
        return self._revises.get(row) or self._store.item_of(row)

    def add(self, headline: Headline, row: int, revises: int | None) -> None:
        if headline.id is not None:
            self._of_id(headline).append((row, headline.title))
        if clean_address(headline.url) is not None:
            self._at_address(headline).append((row, headline.title))
        self._alike(headline).append((row, headline.title))
        self._revises[row] = row if revises is None else revises

    def _alike(self, headline: Headline) -> list[tuple[int, str]]:
        """What has the title, source and about the date of a headline that has no id and no address."""
        if headline.id is not None or clean_address(headline.url) is not None or not headline.title.strip():
            return []
        key = headline.title, headline.source, microseconds(headline.published) if headline.published else None
        if key not in self._titles:
            self._titles[key] = self._store.at_title(*key)
        return self._titles[key]

    def _of_id(self, headline: Headline) -> list[tuple[int, str]]:
        if headline.id is None:
            return []
        key = headline.id, headline.source
        if key not in self._ids:
            self._ids[key] = self._store.at_item(*key)
        return self._ids[key]

    def _at_address(self, headline: Headline) -> list[tuple[int, str]]:
        address = clean_address(headline.url)
        if address is None:
            return []
        if address not in self._addresses:
            self._addresses[address] = self._store.at_address(address)
        return self._addresses[address]


def _plain(title: str) -> str:
    return " ".join(title.split())
