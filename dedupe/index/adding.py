"""A batch of headlines: which are known, late or active, their groups, their ids, and one transaction that stores it all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from dedupe.headlines import Headline
from dedupe.index.active_window import ActiveWindow
from dedupe.index.archived import Archived
from dedupe.index.arrivals import Times, arrivals
from dedupe.index.batches import Batch, Event
from dedupe.index.items import items_of
from dedupe.index.late_ids import LateIds
from dedupe.index.pending import Said, keep, said_before
from dedupe.index.plan import Plan, planned, warnings_of
from dedupe.index.queries import as_events
from dedupe.index.searching import Answer, search, stored_near
from dedupe.index.settled_ids import Keys, StoredRun, settle, store_ids
from dedupe.index.store import Store, StoredEvent
from dedupe.index.stored_headlines import ActiveRows, StoredHeadline
from dedupe.index.vectors_kept import key_of
from dedupe.result.deduplication import Deduplication
from dedupe.runtime.progress import Progress


def add_batch(
    headlines: Sequence[Headline],
    times: Times,
    store: Store,
    active: ActiveWindow,
    archived: Archived,
    progress: Progress,
    give_out: Callable[[Batch], None] | None = None,
) -> Batch:
    """Store a batch of headlines, and return what became of them.

    `give_out`: called with what is returned before it is committed.
    """
    now = times.now
    plan = planned(arrivals(headlines, store, times), active.rows, store.latest_time(), active.span, now)
    if not plan.new:
        return _only_seen(plan, now, store, give_out)
    run = active.run(plan.rows, active.corrections, progress)
    answer = _late_answer(plan, run, store, active, archived, progress)
    texts = {
        row.row: key_of(text)
        for rows in (plan.leaving, plan.late)
        for row, text in zip(rows, active.embed([r.headline for r in rows], run.outlets, progress)[0], strict=True)
    }
    with store.database.writing():
        batch = store.count_on("batch")
        store.count_on("row", len(plan.new))
        _archive(plan.leaving, texts, store)  # first: the ids of what is archived bind the active headlines
        settled = settle(store, plan.rows, run, batch, now, _stories_of_items(plan, store))
        stored = store_ids(store, settled, plan.rows, run, plan.before, batch)
        late = _store_late(plan, answer, stored, store, batch)
        _archive(plan.late, texts, store)
        keys = late.keys | {row.row: (row.story, row.wording) for row in stored.rows.stored[plan.before :]}
        events = [*settled.events, *_revisions(plan, keys, store, batch, now)]
        newborn = stored.newborn | {group.key for group in late.created}
        _note(plan, now, store, batch, events)
        state = store.count_on("state") + 1
        items = items_of(plan, run, answer, keys, newborn, store, _said(plan, store, give_out))
        added = _given_out(Batch(items, as_events(store, events), batch, warnings_of(plan, times)), store, give_out)
    active.now_has(stored.rows, run, state)
    return added


def _archive(rows: Sequence[StoredHeadline], texts: Mapping[int, bytes], store: Store) -> None:
    store.archive([row.row for row in rows], [texts[row.row] for row in rows])


def _only_seen(plan: Plan, now: int, store: Store, give_out: Callable[[Batch], None] | None) -> Batch:
    """Note a batch in which nothing is new."""
    with store.database.writing():
        batch = store.count_on("batch")
        _note(plan, now, store, batch, ())
        items = items_of(plan, None, None, {}, frozenset(), store, _said(plan, store, give_out))
        return _given_out(Batch(items, (), batch), store, give_out)


def _said(plan: Plan, store: Store, give_out: object | None) -> dict[int, Said]:
    return said_before(store, (a.row for a in plan.arrived if a.known)) if give_out else {}


def _given_out(batch: Batch, store: Store, give_out: Callable[[Batch], None] | None) -> Batch:
    if give_out is not None:
        keep(store, batch)
        give_out(batch)
    return batch


def _note(plan: Plan, now: int, store: Store, batch: int, events: Sequence[StoredEvent]) -> None:
    store.see((arrival.row for arrival in plan.arrived if arrival.known), now)
    store.insert_events(events)
    store.insert_batch(batch, now, len(plan.arrived), len(plan.new))


def _late_answer(
    plan: Plan, run: Deduplication, store: Store, active: ActiveWindow, archived: Archived, progress: Progress
) -> Answer:
    """Return which stored headlines, dated within the window of one of them, the late ones repeat."""
    if not plan.late:
        return Answer.empty(run)
    headlines, times = ActiveRows(tuple(plan.late)).grouped_as(), [row.time for row in plan.late]
    first, last = min(times) - active.span, max(times) + active.span
    near = stored_near(headlines, store, active, archived, (plan.rows, run), plan.leaving)
    near = [row for row in near if first <= row.time <= last]
    return search(headlines, near, active, active.settings.window, progress)


def _stories_of_items(plan: Plan, store: Store) -> dict[int, int]:
    """Return the story of the archived headline that each new active one is a new title of, by place."""
    fresh = enumerate(plan.rows.stored[plan.before :], plan.before)
    revised = {place: row.revises for place, row in fresh if row.revises is not None}
    there = {row.row for row in plan.rows.stored}
    archived = {row.row: row.story for row in store.headlines(set(revised.values()) - there)}
    return {place: archived[row] for place, row in revised.items() if row in archived}


def _store_late(plan: Plan, answer: Answer, stored: StoredRun, store: Store, batch: int) -> LateIds:
    """Store the late headlines under their ids."""
    ids, named = LateIds(answer, stored, store, batch), []
    for place, row in enumerate(plan.late):
        story, wording = ids.add(place, row)
        named.append(replace(row, story=story, wording=wording))
    store.create_groups(ids.created)
    store.insert(named, batch)
    return ids


def _revisions(plan: Plan, keys: Mapping[int, Keys], store: Store, batch: int, now: int) -> Iterator[StoredEvent]:
    """Yield an event for each new title that is not in the story of its item."""
    revised = [(row.row, row.revises) for row in plan.new if row.revises is not None]
    first = {row.row: row.story for row in store.headlines(item for _, item in revised)}
    for row, item in revised:
        story = keys[row][0]
        if first.get(item, story) != story:
            yield StoredEvent(batch, now, "revision", "story", first[item], story, 1, item, row)


def correct_ids(store: Store, active: ActiveWindow, run: Deduplication, now: int) -> tuple[Event, ...]:
    """Store the ids that the active headlines have after another run over them, and return what changed; in a transaction."""
    batch = store.count_on("batch")
    settled = settle(store, active.rows, run, batch, now, {})
    stored = store_ids(store, settled, active.rows, run, len(active.rows), batch)
    store.insert_events(settled.events)
    store.insert_batch(batch, now, 0, 0)
    active.now_has(stored.rows, run, store.count_on("state") + 1)
    return as_events(store, settled.events)


def embed_archived(store: Store, active: ActiveWindow) -> None:
    """Make the vectors again that archived headlines lack."""
    rows = store.headlines(store.archived.rows_without_vector())
    if rows:
        texts, _ = active.embed([row.headline for row in rows], active.result().outlets)
        with store.database.writing():
            store.archived.set_vectors([row.row for row in rows], list(map(key_of, texts)))
