"""Whether an index keeps what it promises, and how to make again what is made from its headlines."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dedupe.index.active_window import ActiveWindow
from dedupe.index.archived import Archived
from dedupe.index.store import MISREPRESENTED, Store
from dedupe.levels import SCORED_LEVELS
from dedupe.result.display import counted
from dedupe.runtime.arrays import Ints, codes
from dedupe.runtime.progress import silent

_UNIT = 1e-3
_RULES = {
    "an id leads on to one that has ended itself, or is younger": (
        "SELECT a.id FROM ids a JOIN ids b ON b.key = a.leads_to "
        "WHERE b.leads_to != b.key OR b.key > a.key OR b.level != a.level"
    ),
    "a wording lies in several stories": (
        "SELECT max(w.id) FROM headline_rows h JOIN ids s ON s.key = h.story JOIN ids v ON v.key = h.wording "
        "JOIN ids w ON w.key = v.leads_to GROUP BY w.key HAVING count(DISTINCT s.leads_to) > 1"
    ),
    "a headline has the id of a wording as its story, or the other way round": (
        "SELECT h.row FROM headline_rows h JOIN ids s ON s.key = h.story JOIN ids w ON w.key = h.wording "
        "WHERE s.level != 'story' OR w.level != 'wording'"
    ),
    "an id ended without an event": (
        "SELECT id FROM ids g WHERE leads_to != key "
        "AND NOT EXISTS (SELECT 1 FROM event_rows e WHERE e.from_key = g.key AND e.kind = 'merged')"
    ),
    "an event tells of an id that goes on as if it had ended": (
        "SELECT f.id FROM event_rows e JOIN ids f ON f.key = e.from_key WHERE e.kind = 'merged' AND f.leads_to = f.key"
    ),
    "the next number of a kind was given before": (
        "SELECT name FROM (SELECT 'row' AS name, max(row) AS last FROM headline_rows "
        "UNION ALL SELECT 'key', max(key) FROM ids UNION ALL SELECT 'batch', max(batch) FROM batches "
        "UNION ALL SELECT 'place', max(place) FROM headline_rows "
        "UNION ALL SELECT level || ' ' || substr(id, 1, 10), max(CAST(ltrim(substr(id, 12), 'w') AS INTEGER)) "
        "FROM ids GROUP BY 1) LEFT JOIN counters USING (name) WHERE coalesce(next, 1) <= last"
    ),
    "what represents a story or wording is not in it": f"SELECT id FROM ({MISREPRESENTED})",
    "two headlines are one item with one title": (
        "SELECT min(row) FROM headline_rows WHERE id IS NOT NULL GROUP BY id, source, title HAVING count(*) > 1"
    ),
    "a headline is a new title of one that is a new title itself": (
        "SELECT a.row FROM headline_rows a JOIN headline_rows b ON b.row = a.revises WHERE b.revises IS NOT NULL"
    ),
}
"""What must not be, and the query that finds it."""


def problems(store: Store, active: ActiveWindow, archived: Archived) -> list[str]:
    """Return what is wrong with an index, one line each."""
    return [
        *_of_file(store),
        *_of_rules(store),
        *_of_window(store, active.span),
        *_of_vectors(store),
        *(f"{problem}" for problem in archived.damaged()),
        *_of_places(store),
        *_of_groups(active),
    ]


def _of_file(store: Store) -> Iterator[str]:
    for (line,) in store.database.rows("PRAGMA integrity_check"):
        if line != "ok":
            yield f"the database is damaged: {line}"
    for table, row, parent, _ in store.database.rows("PRAGMA foreign_key_check"):
        yield f"row {row} of {table} names a row of {parent} that is not there"


def _of_rules(store: Store) -> Iterator[str]:
    for rule, query in _RULES.items():
        found = [str(value) for (value,) in store.database.rows(query)]
        if found:
            yield f"{rule}: {', '.join(found[:5])}" + (f" and {len(found) - 5:,} more" if len(found) > 5 else "")


def _of_window(store: Store, span: int) -> Iterator[str]:
    latest = store.latest_time()
    if latest is None:
        return
    for what, condition in (("archived", "place IS NOT NULL AND time >= ?"), ("active", "place IS NULL AND time < ?")):
        wrong = store.database.value(f"SELECT count(*) FROM headline_rows WHERE {condition}", [latest - span])
        if wrong:
            where = "inside" if what == "archived" else "outside"
            yield f"{counted(wrong, 'headline')} {where} the window: {what} all the same"


def _of_vectors(store: Store) -> Iterator[str]:
    broken = len(store.archived.broken_vectors(_UNIT))
    if broken:
        yield f"{counted(broken, 'vector')} of another length than 1 or another width"
    missing = len(store.archived.rows_without_vector())
    if missing:
        yield f"{counted(missing, 'archived headline')} without a vector"


def _of_places(store: Store) -> Iterator[str]:
    for segment in store.archived.segments():
        if len(store.archived.places(segment.first, segment.last)) != segment.count:
            yield f"{segment.name} has other headlines than the database"


def _of_groups(active: ActiveWindow) -> Iterator[str]:
    run = active.run_anew()
    for level in SCORED_LEVELS[::-1]:
        wrong = _differing(active.rows.column(level), run.labels(level))
        if len(wrong):
            row = active.rows.stored[int(wrong[0])]
            yield f"{counted(len(wrong), 'headline')} in another {level} than `deduplicate` gives: row {row.row} is one"


def _differing(stored: Ints, fresh: Ints) -> Ints:
    """Return the places whose group differs between two labellings."""
    return np.flatnonzero(codes(stored) != codes(fresh))


def repaired(store: Store, active: ActiveWindow, archived: Archived, now: int) -> list[str]:
    """Make again what can be made from the headlines, and return what was wrong before. Call it as the writer."""
    from dedupe.index.adding import correct_ids, embed_archived

    found = problems(store, active, archived)
    if not found:
        return []
    with store.database.writing():
        store.archived.delete_vectors(store.archived.broken_vectors(_UNIT))
    embed_archived(store, active)
    archived.repair()
    active.discard_saved()
    run = active.run(active.rows, active.corrections, silent)
    with store.database.writing():
        correct_ids(store, active, run, now)
        store.renew_representatives()
    return found
