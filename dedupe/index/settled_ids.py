"""The ids of the active headlines after a run: which go on, which are new, and the events that say what changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dedupe.clustering.representatives import first_of_each
from dedupe.index.repeats import closest_pair, pairs_at
from dedupe.index.stable_ids import NO_KEY, Change, Continuity, continued
from dedupe.index.store import Group, Store, StoredEvent
from dedupe.index.stored_headlines import ActiveRows, StoredHeadline, moment_of
from dedupe.levels import SCORED_LEVELS
from dedupe.result.deduplication import Deduplication
from dedupe.result.keeping import rows_best_first
from dedupe.runtime.arrays import Bools, Ints

Keys = tuple[int, int]
"""Of the story and the wording of a headline."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Per level, the key of each row's id, (rows,); the ids that were made, and the events."""

    keys: dict[str, Ints]
    created: list[Group]
    events: list[StoredEvent]


def settle(
    store: Store, rows: ActiveRows, result: Deduplication, batch: int, now: int, items: dict[int, int]
) -> Settled:
    """Return the ids of the active rows after a run over them; takes numbers of the store, so call it in a transaction.

    `items`: by place of a new row, the story of the archived headline that it is a new title of.
    """
    next_key = store.counter("key")
    times, numbers = rows.column("time"), rows.column("row")
    order = np.empty(len(rows), np.int64)
    order[np.lexsort((numbers, times))] = np.arange(len(rows))
    labels = {level: result.labels(level) for level in SCORED_LEVELS}
    story = continued(_with_items(rows.column("story"), labels["story"], items), labels["story"], order, next_key)
    before = rows.column("wording")
    released = _released(store, before, story)
    wording = continued(np.where(released, NO_KEY, before), labels["wording"], order, next_key + len(story.created))
    changes = {"story": story.changes, "wording": (*wording.changes, *_splits(before, wording.keys, released))}
    store.count_on("key", len(story.created) + len(wording.created))
    created = [
        group
        for level, of_level in (("story", story), ("wording", wording))
        for group in _created(store, level, of_level, rows, batch)
    ]
    keys = {"story": story.keys, "wording": wording.keys}
    moved = [change.rows for of_level in changes.values() for change in of_level]
    near = pairs_at(result, np.concatenate(moved)) if moved else order[:0]
    events = [
        _event(change, level, keys[level], rows, result, near, batch, now)
        for level in SCORED_LEVELS[::-1]
        for change in changes[level]
    ]
    return Settled(keys, created, events)


@dataclass(frozen=True, slots=True)
class StoredRun:
    """What was stored of a run.

    `rows`: with their ids. `newborn`: the stories without a headline before. `retired`: the ids that ended, and those that
    they lead to.
    """

    rows: ActiveRows
    newborn: frozenset[int]
    retired: dict[int, int]

    def keys_of(self, row: int) -> Keys | None:
        """Return the keys of an active headline by its number, None where it is not active."""
        stored = self.rows.find(row)
        return None if stored is None else (stored.story, stored.wording)


def store_ids(
    store: Store, settled: Settled, rows: ActiveRows, run: Deduplication, before: int, batch: int
) -> StoredRun:
    """Store the ids of rows after a run; those from the place `before` on are new, and stored as well."""
    store.create_groups(settled.created)
    retired = {event.from_key: event.to_key for event in settled.events if event.kind == "merged"}
    for old, new in retired.items():
        store.retire(old, new)
    story, wording = settled.keys["story"], settled.keys["wording"]
    touched = np.flatnonzero((story != rows.column("story")) | (wording != rows.column("wording")))  # all new ones are
    named = list(rows.stored)
    for place in touched.tolist():
        named[place] = replace(named[place], story=int(story[place]), wording=int(wording[place]))
    store.insert(named[before:], batch)
    store.assign((named[place].row, named[place].story, named[place].wording) for place in touched[touched < before])
    for level in SCORED_LEVELS:
        left = np.isin(settled.keys[level], rows.column(level)[touched])  # in groups that headlines have left
        places = np.union1d(touched, np.flatnonzero(left))
        store.represent(_representatives(run, level, settled.keys[level], places, named))
    store.renew_representatives([key for level in SCORED_LEVELS for key in set(rows.column(level)[touched].tolist())])
    made = {group.key for group in settled.created if group.level == "story"}
    return StoredRun(ActiveRows(tuple(named)), frozenset(made.difference(story[:before].tolist())), retired)


def _representatives(
    run: Deduplication, level: str, keys: Ints, places: Ints, rows: Sequence[StoredHeadline]
) -> Iterator[tuple[int, int]]:
    """Yield the key of each group with any of some places, and the row that represents it."""
    labels = run.labels(level)
    members = np.flatnonzero(np.isin(labels, labels[places]))
    best = members[first_of_each(rows_best_first(run, level, members), labels[members])]
    yield from ((int(keys[place]), rows[place].row) for place in best.tolist())


def _with_items(old: Ints, labels: Ints, items: dict[int, int]) -> Ints:
    """Let a new title of an archived headline bring the story of it along, where no active headline is in that story and
    none of the new title's group in another.
    """
    old, taken, used = old.copy(), set(labels[old != NO_KEY].tolist()), set(old.tolist())
    for place, key in sorted(items.items(), key=lambda item: item[1]):
        label = int(labels[place])
        if label not in taken and key not in used:
            old[place] = key
            taken.add(label)
            used.add(key)
    return old


def _released(store: Store, wordings: Ints, story: Continuity) -> Bools:
    """Return which rows leave their wording since they leave its story, in which archived headlines of it stay."""
    moved = [change.rows for change in story.changes if change.kind != "merged"]
    released = np.zeros(len(wordings), bool)
    if moved:
        rows = np.concatenate(moved)
        keys = np.unique(wordings[rows])
        stay = store.archived_wordings(keys[keys != NO_KEY].tolist())
        released[rows] = np.isin(wordings[rows], sorted(stay))
    return released


def _splits(old: Ints, new: Ints, released: Bools) -> Iterator[Change]:
    rows = np.flatnonzero(released)
    for before, after in sorted(set(zip(old[rows].tolist(), new[rows].tolist(), strict=True))):
        yield Change("split", before, after, rows[(old[rows] == before) & (new[rows] == after)])


def _created(store: Store, level: str, ids: Continuity, rows: ActiveRows, batch: int) -> Iterator[Group]:
    for key, place in zip(ids.created.tolist(), ids.first.tolist(), strict=True):
        first = rows.stored[place]
        yield Group(key, level, new_id(store, level, first.time), key, batch, first.row, None)


def new_id(store: Store, level: str, time: int) -> str:
    """Return an id that was never given, named after the day of a time in microseconds since 1970."""
    day = moment_of(time).date().isoformat()
    number = store.count_on(f"{level} {day}")
    return f"{day}-{'w' if level == 'wording' else ''}{number:04d}"


def _event(
    change: Change,
    level: str,
    keys: Ints,
    rows: ActiveRows,
    result: Deduplication,
    near: Ints,
    batch: int,
    now: int,
) -> StoredEvent:
    """Return the event of a change, with the closest pair between what moved and what it joined, or was separated from.

    `near`: the scored pairs of what moved.
    """
    other = change.old if change.kind == "split" else change.new
    others = np.setdiff1d(np.flatnonzero(keys == other), change.rows)
    pair = closest_pair(result, level, change.rows, others, near)
    event = StoredEvent(batch, now, change.kind, level, change.old, change.new, len(change.rows))
    if pair is None:
        return event
    first, second, probability = pair
    return replace(event, row_a=rows.stored[first].row, row_b=rows.stored[second].row, probability=probability)


def sentence(
    kind: str, ids: tuple[str | None, str], headlines: int, titles: Sequence[str | None], probability: float | None
) -> str:
    """Return an event for people; `titles`: of the pair that caused it, None for one that was forgotten."""
    old, new = ids
    pair = ""
    if probability is not None and len(titles) == 2 and all(titles):
        pair = f" ({titles[0]!r} and {titles[1]!r}: {probability:.2f})"
    some = "1 headline" if headlines == 1 else f"{headlines:,} headlines"
    match kind:
        case "created":
            return f"{new} began" + (f" with {titles[0]!r}" if titles and titles[0] else "")
        case "merged":
            return f"{old} is part of {new} now{pair}"
        case "split":
            return f"{some} of {old} became {new}, apart from the rest{pair}"
        case "revision":
            return f"a new title of a headline of {old} is in {new}"
    return f"{some} of {old} went to {new}{pair}"
