"""`ArchivedRows`: what the database has of archived headlines: places, vectors, and which FAISS files hold them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from dedupe.index.archive import Segment
from dedupe.index.database import Database
from dedupe.runtime.arrays import Float32s, Ints

_CHUNK_PLACES = 8192
_DENSE = 2  # places per row up to which a range is read as a whole
_LAST = (1 << 63) - 1


class ArchivedRows:
    """The archived headlines of a database, by place: the number that each got when it was archived."""

    def __init__(self, database: Database) -> None:
        self.database = database

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
        return len(rows)
