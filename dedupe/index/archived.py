"""`Archived`: the archived headlines of an index, found by vector; keeps its FAISS files in step with the database."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np

from dedupe.embedding import Vectors
from dedupe.index.archive import (
    SUFFIX,
    Archive,
    DamagedSegment,
    Nearest,
    Segment,
    due,
    nearest,
    write_segment,
)
from dedupe.index.store import FORGOTTEN, Store
from dedupe.runtime.arrays import Ints

_NEIGHBORS = 20  # of each title; the pairs among them are scored and read as well


class Archived:
    """The archive of a store; `folder`: where the FAISS files are."""

    def __init__(self, folder: Path, store: Store) -> None:
        self._folder, self._store = folder, store
        self._archive = Archive(folder, ())

    def near(self, vectors: Vectors, floor: float) -> list[int]:
        """Return the rows of archived headlines with a cosine of at least `floor` to any of the vectors, ascending.

        Of each vector, its nearest 20 count. A file that cannot be read is replaced by the database.
        """
        if not len(vectors) or not vectors.shape[1]:
            return []
        queries, archive = np.ascontiguousarray(vectors[:], np.float32), self._opened()
        try:
            parts, behind = [archive.search(queries, _NEIGHBORS)], archive.last + 1
        except DamagedSegment:
            parts, behind = [], 0
        for numbers, rows in self._store.archived.vectors_from(behind):
            similarity = queries @ rows.T
            query, place = np.nonzero(similarity >= floor)
            parts.append(Nearest(query, numbers[place], similarity[query, place]))
        found = nearest(parts, _NEIGHBORS)
        places = np.unique(found.row[found.similarity >= floor]).tolist()
        return sorted(self._store.archived.rows_at(places).values())

    def tend(self) -> None:
        """Write another file where enough rows have gathered behind the last one; the writer's task."""
        if self._store.meta().get(FORGOTTEN):
            self.forget()
            self._store.set_meta({FORGOTTEN: ""})
        archive = self._opened()
        behind = len(self._store.archived.places(archive.last + 1))
        start = due(archive.segments, behind)
        if start is not None:
            kept = archive.segments[:start]
            self._rewrite(kept, self._store.archived.places(kept[-1].last + 1 if kept else 0))

    def forget(self) -> None:
        """Write the files again that hold headlines which are no longer there; the writer's task."""
        for segment in self._store.archived.segments():
            if len(self._store.archived.places(segment.first, segment.last)) != segment.count:
                self._rewrite_one(segment)

    def repair(self) -> None:
        """Write the files again that are not as they were written, or hold other headlines than the database."""
        for problem in self.damaged():
            self._rewrite_one(problem.segment)
        self.forget()
        self.sweep()

    def damaged(self) -> list[DamagedSegment]:
        """Read every file, and return what is wrong."""
        return self._opened().damaged()

    def sweep(self) -> None:
        """Remove files that the database does not name; the writer's task."""
        known = {segment.name for segment in self._store.archived.segments()}
        for path in self._folder.glob(f"archive-*{SUFFIX}"):
            if path.name not in known:
                with suppress(OSError):
                    path.unlink()

    def _opened(self) -> Archive:
        segments = self._store.archived.segments()
        if tuple(segments) != self._archive.segments:
            self._archive = Archive(self._folder, segments)
        return self._archive

    def _rewrite_one(self, segment: Segment) -> None:
        others = [other for other in self._store.archived.segments() if other.name != segment.name]
        self._rewrite(others, self._store.archived.places(segment.first, segment.last))

    def _rewrite(self, kept: Iterable[Segment], places: Ints) -> None:
        """Keep some files, and write one more for these places, if any."""
        segments = list(kept)
        if len(places):
            with self._store.database.writing():
                number = self._store.count_on("segment")
            segments.append(write_segment(self._folder, number, places, self._store.archived.vectors_at))
        with self._store.database.writing():
            self._store.archived.replace_segments(segments)
        self.sweep()
