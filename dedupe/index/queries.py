"""What an index answers from its tables alone, without a model: stories, and the history of ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from numbers import Real

from dedupe.errors import InputError
from dedupe.index.arrivals import moment_or_clock
from dedupe.index.batches import Event, IndexedStory
from dedupe.index.settled_ids import sentence
from dedupe.index.store import ORDERS, Group, Store, StoredEvent
from dedupe.index.stored_headlines import StoredHeadline, microseconds, moment_of, publisher_of
from dedupe.result.groups import ShortList
from dedupe.result.settings import Window, check_choice, hours_of


def stories(
    store: Store, since: Window | datetime | None, min_size: int, order: str, limit: int | None
) -> ShortList[IndexedStory]:
    """Return the stories whose latest headline is no older than `since`; see `StoryIndex.stories`."""
    check_choice("order", order, ORDERS)
    for name, value in (("min_size", min_size), ("limit", limit)):
        if value is not None and value < 1:
            raise InputError(f"{name} must be at least 1, not {value}")
    start = cutoff(store, since)
    keys = store.stories(start, min_size, order, limit)
    rows: dict[int, list[StoredHeadline]] = {key: [] for key in keys}
    for row in store.of_groups("story", keys):
        rows[row.story].append(row)
    names = _names(store, (row for of_story in rows.values() for row in of_story))
    return ShortList(_as_story(names, key, of_story) for key, of_story in rows.items())


def cutoff(store: Store, since: Window | datetime | None, name: str = "since") -> int:
    """Return a time in microseconds: a moment, or so long before the latest headline; of None, before all times.

    `name`: of the argument, for an `InputError`.
    """
    if since is None:
        return -(1 << 62)
    if isinstance(since, datetime):
        return microseconds(moment_or_clock(since, name))
    if not isinstance(since, str | Real | timedelta):
        raise InputError(f"{name} must be a datetime or a time span such as '24h', not {since!r}")
    hours = hours_of(since, name)
    return (store.latest_time() or 0) - round((hours or 0) * 3_600_000_000)


def story(store: Store, id_: str) -> IndexedStory:
    """Return a story; a retired id leads to the one that took over."""
    group = _group(store, id_)
    if group.level != "story":
        raise InputError(f"{id_} is the id of a wording: give that of a story")
    current = store.groups([group.leads_to])[group.leads_to]
    rows = store.of_groups("story", [current.key])
    if not rows:
        raise InputError(f"the headlines of {id_} were forgotten")
    return _as_story(_names(store, rows), current.key, rows)


def history(store: Store, id_: str) -> list[Event]:
    """Return the events of an id, and of those that lead to the same one, in order; the first says that it began."""
    group = _group(store, id_)
    family = store.predecessors(group.leads_to)
    times = store.batch_times(member.batch for member in family)
    began = [
        StoredEvent(g.batch, times.get(g.batch, 0), "created", g.level, g.key, g.key, 1, g.first_row) for g in family
    ]
    events = [*began, *store.events_of([g.key for g in family])]
    order = {"created": 0}
    return list(as_events(store, sorted(events, key=lambda event: (event.batch, order.get(event.kind, 1)))))


def _names(store: Store, rows: Iterable[StoredHeadline]) -> dict[int, Group]:
    return store.groups(key for row in rows for key in (row.story, row.wording))


def _as_story(groups: dict[int, Group], key: int, rows: Sequence[StoredHeadline]) -> IndexedStory:
    """Return the story with these headlines; `groups`: by the keys of the story and of its wordings."""
    rows = sorted(rows, key=lambda row: (row.time, row.row))
    by_row = {row.row: row for row in rows}
    best = by_row.get(groups[key].representative or 0, rows[-1])
    sources = Counter(name for row in rows if (name := publisher_of(row.headline)) is not None)
    return IndexedStory(
        id=groups[key].id,
        representative=best.headline,
        first=moment_of(rows[0].time),
        last=moment_of(rows[-1].time),
        sources=tuple(name for name, _ in sources.most_common()),
        headlines=ShortList(row.headline for row in rows),
        rows=tuple(by_row),
        wordings=tuple(groups[wording].id for wording in dict.fromkeys(row.wording for row in rows)),
    )


def as_events(store: Store, events: Iterable[StoredEvent]) -> tuple[Event, ...]:
    """Return stored events with their ids and a sentence."""
    events = list(events)
    groups = store.groups(key for event in events for key in (event.from_key, event.to_key))
    rows = store.headlines(row for event in events for row in (event.row_a, event.row_b) if row is not None)
    titles = {row.row: row.headline.title for row in rows}
    return tuple(_as_event(event, groups, titles) for event in events)


def _as_event(event: StoredEvent, groups: dict[int, Group], titles: dict[int, str]) -> Event:
    pair = tuple(row for row in (event.row_a, event.row_b) if row is not None)
    old = None if event.kind == "created" else groups[event.from_key].id
    new = groups[event.to_key].id
    words = sentence(event.kind, (old, new), event.headlines, [titles.get(row) for row in pair], event.probability)
    return Event(moment_of(event.time), event.kind, event.level, old, new, pair, event.probability, event.batch, words)


def _group(store: Store, id_: str) -> Group:
    group = store.group(id_)
    if group is None:
        raise InputError(
            f"no story or wording {id_!r}: ids look like 2026-02-14-0042, and 2026-02-14-w0042 for wordings"
        )
    return group
