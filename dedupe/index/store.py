"""`Store`: what an index holds, read from its tables and written to them; see `schema.py`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dedupe.clustering.corrections import Correction
from dedupe.index.archive import Segment
from dedupe.index.database import Database
from dedupe.index.stored_headlines import COLUMNS, StoredHeadline, from_row, storable, text_of, to_row
from dedupe.runtime.arrays import Float32s, Ints

_PUBLISHERS, _BEGAN = "count(DISTINCT h.publisher) DESC", "min(h.time), 1"
ORDERS = {
    "publishers": f"{_PUBLISHERS}, count(*) DESC, {_BEGAN}",
    "size": f"count(*) DESC, {_PUBLISHERS}, {_BEGAN}",
    "latest": "max(h.time) DESC, 1",
    "first": _BEGAN,
}
"""How stories are sorted: by number of sources or of headlines, largest first; latest first; or in the order they began."""
FORGOTTEN = "forgotten"
"""In `meta`: whether headlines were deleted that FAISS files may still hold."""
_MAX_AT_ADDRESS = 21  # rows looked at; with more titles an address says nothing
_CHUNK_PLACES = 8192
_DENSE = 2  # places per row up to which a range is read as a whole
_LAST = (1 << 63) - 1
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
    """Typed access to the tables of a database."""

    def __init__(self, database: Database) -> None:
        self.database = database

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

    def item_of(self, row: int) -> int:
        """Return the first row of the item that a row is a title of."""
        return int(self.database.value("SELECT coalesce(revises, row) FROM headline_rows WHERE row = ?", [row]) or row)

    def latest_time(self) -> int | None:
        """Return the time of the latest headline, None if there is none."""
        latest = self.database.value("SELECT max(time) FROM headline_rows")
        return None if latest is None else int(latest)

    def rows_between(self, first: int, last: int, rows: Iterable[int]) -> list[int]:
        """Return those of some rows whose time lies in a range."""
        query = f"SELECT row FROM headline_rows WHERE row IN ({{}}) AND time BETWEEN {first:d} AND {last:d}"
        return [row for (row,) in self.database.rows_in(query, sorted(set(rows)))]

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

    # -- the archive

    def segments(self) -> list[Segment]:
        """Return the FAISS files, by place."""
        query = "SELECT name, first, last, count, checksum FROM segments ORDER BY first"
        return [Segment(*row) for row in self.database.rows(query)]

    def replace_segments(self, segments: Iterable[Segment]) -> None:
        """Store these FAISS files in place of all others."""
        self.database.execute("DELETE FROM segments")
        rows = ((s.name, s.first, s.last, s.count, s.checksum) for s in segments)
        self.database.execute_many(
            "INSERT INTO segments (name, first, last, count, checksum) VALUES (?, ?, ?, ?, ?)", rows
        )

    def places(self, first: int, last: int | None = None) -> Ints:
        """Return the places of archived rows with a vector from `first` on, up to `last`, ascending."""
        query = "SELECT place FROM headline_rows WHERE place BETWEEN ? AND ? AND vector IS NOT NULL ORDER BY place"
        found = self.database.rows(query, [first, last if last is not None else _LAST])
        return np.array([place for (place,) in found], np.int64)

    def vectors_at(self, places: Ints) -> Float32s:
        """Return the vectors of archived rows, (places, d), in the order of their places, which ascend."""
        query = "SELECT h.place, v.numbers FROM headline_rows h JOIN vectors v ON v.key = h.vector WHERE h.place"
        if len(places) and places[-1] - places[0] < _DENSE * len(places):
            found = dict(self.database.rows(f"{query} BETWEEN ? AND ?", places[[0, -1]].tolist()))
        else:
            found = dict(self.database.rows_in(f"{query} IN ({{}})", places.tolist()))
        return np.frombuffer(b"".join([found[k] for k in places.tolist()]), np.float32).reshape(len(places), -1)

    def vectors_from(self, first: int, last: int | None = None) -> Iterator[tuple[Ints, Float32s]]:
        """Yield places from `first` on, up to `last`, and their vectors, some thousands at a time."""
        places = self.places(first, last)
        for start in range(0, len(places), _CHUNK_PLACES):
            part = places[start : start + _CHUNK_PLACES]
            yield part, self.vectors_at(part)

    def rows_at(self, places: Sequence[int]) -> dict[int, int]:
        """Return the row at each place that is taken."""
        return dict(self.database.rows_in("SELECT place, row FROM headline_rows WHERE place IN ({})", places))

    def rows_without_vector(self) -> list[int]:
        """Return the archived rows with a title whose vector is missing."""
        query = "SELECT row FROM headline_rows WHERE place IS NOT NULL AND vector IS NULL AND trim(title) != '' ORDER BY row"
        return [row for (row,) in self.database.rows(query)]

    def set_vectors(self, rows: Sequence[int], texts: Sequence[bytes]) -> None:
        """Give archived rows the vectors of texts, by hash."""
        changes = zip(texts, rows, strict=True)
        vector = "(SELECT key FROM vectors WHERE text = ?)"
        self.database.execute_many(f"UPDATE headline_rows SET vector = {vector} WHERE row = ?", changes)

    def broken_vectors(self, tolerance: float) -> list[int]:
        """Return the keys of vectors whose length is not 1, or whose width is not that of most."""
        widths: Counter[int] = Counter()
        broken: list[int] = []
        lengths: dict[int, int] = {}
        for key, numbers in self.database.each("SELECT key, numbers FROM vectors"):
            row = np.frombuffer(numbers[: len(numbers) // 4 * 4], np.float32)
            widths[len(numbers)] += 1
            lengths[key] = len(numbers)
            if not abs(float(np.linalg.norm(row)) - 1) < tolerance:
                broken.append(key)
        usual = widths.most_common(1)[0][0] if widths else 0
        return sorted({*broken, *(key for key, length in lengths.items() if length != usual)})

    def delete_vectors(self, keys: Sequence[int]) -> None:
        """Delete vectors, which rows then lack."""
        for statement in (
            "UPDATE headline_rows SET vector = NULL WHERE vector = ?",
            "DELETE FROM vectors WHERE key = ?",
        ):
            self.database.execute_many(statement, ((key,) for key in keys))

    def delete(self, before: int) -> int:
        """Delete the archived headlines dated before a time, and vectors that no other has; return how many."""
        old = "SELECT row FROM headline_rows WHERE place IS NOT NULL AND time < ?"
        rows = [row for (row,) in self.database.rows(old, [before])]
        vectors = self.database.rows_in("SELECT DISTINCT vector FROM headline_rows WHERE row IN ({})", rows)
        self.database.execute_many("DELETE FROM headline_rows WHERE row = ?", ((row,) for row in rows))
        unused = "NOT EXISTS (SELECT 1 FROM headline_rows WHERE vector = vectors.key)"
        self.database.execute_many(f"DELETE FROM vectors WHERE key = ? AND {unused}", vectors)
        oldest = self.database.value("SELECT min(batch) FROM headline_rows WHERE place IS NULL") or 0
        self.database.execute(f"DELETE FROM vectors WHERE batch < ? AND {unused}", [oldest])
        self.database.execute("DELETE FROM readings WHERE batch < ?", [oldest])
        lost = "representative IS NOT NULL AND representative NOT IN (SELECT row FROM headline_rows)"
        for key, level in self.database.rows(f"SELECT key, level FROM ids WHERE {lost}"):
            left = f"{level} IN (SELECT key FROM ids WHERE leads_to = ?1) ORDER BY time DESC LIMIT 1"
            best = f"(SELECT row FROM headline_rows WHERE {left})"
            self.database.execute(f"UPDATE ids SET representative = {best} WHERE key = ?1", [key])
        return len(rows)
