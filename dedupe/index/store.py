"""`Store`: what an index holds, read from its tables and written to them; see `schema.py`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dedupe.clustering.corrections import Correction
from dedupe.index.archived_rows import ArchivedRows
from dedupe.index.database import Database
from dedupe.index.stored_headlines import COLUMNS, DAY, StoredHeadline, from_row, storable, text_of, to_row

_PUBLISHERS, _BEGAN = "count(DISTINCT h.publisher) DESC", "min(h.time), 1"
ORDERS = {
    "publishers": f"{_PUBLISHERS}, count(*) DESC, {_BEGAN}",
    "size": f"count(*) DESC, {_PUBLISHERS}, {_BEGAN}",
    "latest": "max(h.time) DESC, 1",
    "newest": "min(h.time) DESC, 1",
    "first": _BEGAN,
}
"""How stories are sorted: by number of sources or of headlines, largest first; by the latest headline; or by when they began."""
MISREPRESENTED = (
    "SELECT g.key, g.level, g.id FROM ids g LEFT JOIN headline_rows h ON h.row = g.representative "
    "LEFT JOIN ids o ON o.key = iif(g.level = 'story', h.story, h.wording) "
    "WHERE g.representative IS NOT NULL AND g.leads_to = g.key AND o.leads_to IS NOT g.key"
)
"""Finds the groups whose representative is not in them."""
FORGOTTEN = "forgotten"
"""In `meta`: whether headlines were deleted that FAISS files may still hold."""
_MAX_AT_ADDRESS = 21  # rows looked at; with more titles an address says nothing
_ROW = ", ".join(
    "os.leads_to" if name == "story" else "ow.leads_to" if name == "wording" else f"h.{name}" for name in COLUMNS
)
_SELECT = f"SELECT {_ROW} FROM headline_rows h JOIN ids os ON os.key = h.story JOIN ids ow ON ow.key = h.wording"
_INSERT = (
    f"INSERT INTO headline_rows ({', '.join(COLUMNS)}, address, publisher, batch) "
    f"VALUES ({', '.join('?' * (len(COLUMNS) + 3))})"
)


@dataclass(frozen=True, slots=True)
class Group:
    """A story or wording: its `key`, its `id`, and the key that it leads on to, its own while it lives."""

    key: int
    level: str
    id: str
    leads_to: int
    batch: int
    first_row: int
    representative: int | None


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A change of ids; `headlines`: how many have another id now; `row_a`, `row_b`: the pair that caused it."""

    batch: int
    time: int
    kind: str
    level: str
    from_key: int
    to_key: int
    headlines: int
    row_a: int | None = None
    row_b: int | None = None
    probability: float | None = None


class Store:
    """Typed access to the tables of a database. `archived`: what is only about archived headlines."""

    def __init__(self, database: Database) -> None:
        self.database, self.archived = database, ArchivedRows(database)

    # -- settings and counters

    def meta(self) -> dict[str, str]:
        """Return the settings of the index, by name."""
        return dict(self.database.rows("SELECT name, value FROM meta"))

    def set_meta(self, values: dict[str, str]) -> None:
        """Store settings."""
        self.database.execute_many("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())

    @property
    def state(self) -> int:
        """A number that grows with every change of headlines, ids or corrections."""
        return self.counter("state")

    def counter(self, name: str) -> int:
        """Return the next number of a kind, from 1."""
        return int(self.database.value("SELECT next FROM counters WHERE name = ?", [name]) or 1)

    def count_on(self, name: str, numbers: int = 1) -> int:
        """Take some numbers of a kind, which are never given again, and return the first."""
        first = self.counter(name)
        self.database.execute("INSERT OR REPLACE INTO counters VALUES (?, ?)", [name, first + numbers])
        return first

    # -- headlines

    def active(self) -> list[StoredHeadline]:
        """Return the active headlines, by number."""
        return [*map(from_row, self.database.rows(f"{_SELECT} WHERE h.place IS NULL ORDER BY h.row"))]

    def headlines(self, rows: Iterable[int]) -> list[StoredHeadline]:
        """Return headlines by number, ascending; numbers that are not there are left out."""
        found = self.database.rows_in(f"{_SELECT} WHERE h.row IN ({{}})", sorted(set(rows)))
        return [*map(from_row, found)]

    def of_groups(self, level: str, keys: Sequence[int]) -> list[StoredHeadline]:
        """Return the headlines of some stories or wordings, by number."""
        keys = [key for (key,) in self.database.rows_in("SELECT key FROM ids WHERE leads_to IN ({})", keys)]
        found = self.database.rows_in(f"{_SELECT} WHERE h.{level} IN ({{}})", keys)
        return sorted(map(from_row, found), key=lambda stored: stored.row)

    def at_item(self, id_: str, source: str | None) -> list[tuple[int, str]]:
        """Return number and title of the headlines with an id and source, by number."""
        query = "SELECT row, title FROM headline_rows WHERE id = ? AND source IS ? ORDER BY row"
        return [(row, text_of(title)) for row, title in self.database.rows(query, [storable(id_), storable(source)])]

    def at_address(self, address: str) -> list[tuple[int, str]]:
        """Return number and title of the headlines at a cleaned address, by number; of too many titles, the first."""
        query = "SELECT min(row), title FROM headline_rows WHERE address = ? GROUP BY title ORDER BY 1 LIMIT ?"
        return [(row, text_of(title)) for row, title in self.database.rows(query, [storable(address), _MAX_AT_ADDRESS])]

    def at_title(self, title: str, source: str | None, published: int | None) -> list[tuple[int, str]]:
        """Return number and title of a headline without id and address that has this title and source, at this date.

        Else of the one whose date is nearest, if that is less than a day away: "5 h ago" is read anew each time that a page is.
        Where there is no date, of one without a date that is active.
        """
        query = (
            "SELECT row, title FROM headline_rows WHERE title = ?1 AND source IS ?2 AND id IS NULL AND address IS NULL "
            "AND iif(?3 IS NULL, published IS NULL AND place IS NULL, abs(published - ?3) < ?4) "
            "ORDER BY abs(published - ?3), row LIMIT 1"
        )
        found = self.database.rows(query, [storable(title), storable(source), published, DAY])
        return [(row, text_of(title)) for row, title in found]

    def item_of(self, row: int) -> int:
        """Return the first row of the item that a row is a title of."""
        return int(self.database.value("SELECT coalesce(revises, row) FROM headline_rows WHERE row = ?", [row]) or row)

    def latest_time(self) -> int | None:
        """Return the time of the latest headline, None if there is none."""
        latest = self.database.value("SELECT max(time) FROM headline_rows")
        return None if latest is None else int(latest)

    def insert(self, rows: Iterable[StoredHeadline], batch: int) -> None:
        """Store headlines."""
        self.database.execute_many(_INSERT, ((*to_row(stored), batch) for stored in rows))

    def see(self, rows: Iterable[int], time: int) -> None:
        """Note that headlines were seen again."""
        changes = ((time, row, time) for row in rows)
        self.database.execute_many("UPDATE headline_rows SET last_seen = ? WHERE row = ? AND last_seen < ?", changes)

    def assign(self, rows: Iterable[tuple[int, int, int]]) -> None:
        """Give rows other ids: row, key of the story, key of the wording."""
        changes = ((story, wording, row) for row, story, wording in rows)
        self.database.execute_many("UPDATE headline_rows SET story = ?, wording = ? WHERE row = ?", changes)

    def archive(self, rows: Sequence[int], texts: Sequence[bytes]) -> None:
        """Give rows the next places in the archive, and their vectors, by the hash of their text."""
        place = self.count_on("place", len(rows))
        changes = ((place + k, text, row) for k, (row, text) in enumerate(zip(rows, texts, strict=True)))
        vector = "(SELECT key FROM vectors WHERE text = ?)"
        self.database.execute_many(f"UPDATE headline_rows SET place = ?, vector = {vector} WHERE row = ?", changes)

    def archived_wordings(self, keys: Sequence[int]) -> set[int]:
        """Return which wordings, by key, have archived headlines."""
        query = (
            "SELECT DISTINCT g.leads_to FROM ids g JOIN headline_rows h ON h.wording = g.key "
            "WHERE h.place IS NOT NULL AND g.leads_to IN ({})"
        )
        return {key for (key,) in self.database.rows_in(query, keys)}

    def insert_batch(self, batch: int, time: int, given: int, stored: int) -> None:
        """Store when a batch was added, how many headlines it had, and how many were new."""
        self.database.execute("INSERT INTO batches VALUES (?, ?, ?, ?)", [batch, time, given, stored])

    def batch_times(self, batches: Iterable[int]) -> dict[int, int]:
        """Return when batches were added."""
        return dict(self.database.rows_in("SELECT batch, time FROM batches WHERE batch IN ({})", sorted(set(batches))))

    def stories(self, start: int, min_size: int, order: str, limit: int | None) -> list[int]:
        """Return the keys of the stories with a headline from a time on, and at least so many in all, sorted by `ORDERS`."""
        recent = "SELECT g.leads_to FROM headline_rows h JOIN ids g ON g.key = h.story WHERE h.time >= ?"
        query = (
            "SELECT g.leads_to FROM headline_rows h JOIN ids g ON g.key = h.story "
            f"WHERE g.leads_to IN ({recent}) GROUP BY 1 HAVING count(*) >= ? ORDER BY {ORDERS[order]} LIMIT ?"
        )
        found = self.database.rows(query, [start, min_size, -1 if limit is None else limit])
        return [key for (key,) in found]

    # -- ids and events

    def create_groups(self, groups: Iterable[Group]) -> None:
        """Store new ids."""
        rows = ((g.key, g.level, g.id, g.leads_to, g.batch, g.first_row, g.representative) for g in groups)
        self.database.execute_many("INSERT INTO ids VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def retire(self, old: int, new: int) -> None:
        """Let an id, and those that lead to it, lead on to another."""
        self.database.execute("UPDATE ids SET leads_to = ? WHERE leads_to = ?", [new, old])

    def represent(self, rows: Iterable[tuple[int, int]]) -> None:
        """Set the row that represents each group: key, row."""
        changes = ((row, key, row) for key, row in rows)
        self.database.execute_many(
            "UPDATE ids SET representative = ? WHERE key = ? AND representative IS NOT ?", changes
        )

    def renew_representatives(self, keys: Sequence[int] | None = None) -> None:
        """Let the latest headline represent each group, or each of some, whose representative is no longer in it."""
        found = self.database.rows(MISREPRESENTED) if keys is None else []
        found += self.database.rows_in(f"{MISREPRESENTED} AND g.key IN ({{}})", keys or [])
        for key, level, _ in found:
            left = f"{level} IN (SELECT key FROM ids WHERE leads_to = ?1) ORDER BY time DESC LIMIT 1"
            latest = f"(SELECT row FROM headline_rows WHERE {left})"
            self.database.execute(f"UPDATE ids SET representative = {latest} WHERE key = ?1", [key])

    def group(self, id_: str) -> Group | None:
        """Return what an id names, None for an unknown one."""
        found = self.database.rows("SELECT * FROM ids WHERE id = ?", [storable(id_)])
        return Group(*found[0]) if found else None

    def groups(self, keys: Iterable[int]) -> dict[int, Group]:
        """Return groups by key."""
        found = self.database.rows_in("SELECT * FROM ids WHERE key IN ({})", sorted(set(keys)))
        return {row[0]: Group(*row) for row in found}

    def predecessors(self, key: int) -> list[Group]:
        """Return the group of a key and those that lead to it, oldest first."""
        found = self.database.rows("SELECT * FROM ids WHERE leads_to = ? ORDER BY key", [key])
        return [Group(*row) for row in found]

    def insert_events(self, events: Iterable[StoredEvent]) -> None:
        """Store events."""
        names = "batch time kind level from_key to_key headlines row_a row_b probability".split()
        marks = ", ".join("?" * len(names))
        rows = ([getattr(event, name) for name in names] for event in events)
        self.database.execute_many(f"INSERT INTO event_rows ({', '.join(names)}) VALUES ({marks})", rows)

    def events_of(self, keys: Sequence[int]) -> list[StoredEvent]:
        """Return the events that name any of some keys, in order."""
        query = "SELECT * FROM event_rows WHERE from_key IN ({0}) OR to_key IN ({0})"
        found: dict[int, StoredEvent] = {}
        for key in keys:
            for number, *values in self.database.rows(query.format("?"), [key, key]):
                found[number] = StoredEvent(*values)
        return [found[number] for number in sorted(found)]

    # -- corrections

    def corrections(self) -> list[Correction]:
        """Return all corrections, in order."""
        found = self.database.rows("SELECT title_a, title_b, verdict, origin FROM corrections ORDER BY number")
        return [Correction(*map(text_of, row)) for row in found]

    def replace_corrections(self, corrections: Iterable[Correction]) -> None:
        """Store these corrections in place of all others."""
        self.database.execute("DELETE FROM corrections")
        rows = [[storable(v) for v in (c.title_a, c.title_b, c.verdict, c.where)] for c in corrections]
        self.database.execute_many(
            "INSERT INTO corrections (title_a, title_b, verdict, origin) VALUES (?, ?, ?, ?)", rows
        )
