"""`Archive`: FAISS files over the vectors of stored headlines, so that an old one is found among millions.

Each file is a segment: an `IndexIDMap2` of half-precision vectors under the numbers of their rows, exact (flat) where it is
small, with an inverted file (IVF) where it is large. A segment never changes. New rows are searched in the database until
there are enough for another one, which may take in smaller ones before it, so that their sizes fall by a factor: each row is
written a few times only, and a search asks few files. All can be made again from the database.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from dedupe.candidates.products import spread
from dedupe.errors import InputError
from dedupe.runtime.arrays import Float32s, Ints
from dedupe.runtime.whole_files import as_output_errors, whole_file

SUFFIX = ".faiss"
_MIN_ROWS = 20_000  # of a new segment; so many are searched in the database in a tenth of a second
_FACTOR = 2  # a segment with fewer rows than this many times those behind it is taken in by the next
_FLAT_ROWS = 150_000  # up to which a segment is searched through
_CELLS_PER_ROOT = 1  # cells of an inverted file per square root of its rows
_PROBED = (
    0.05  # share of the cells that a search looks into: it found 99 % of rows from cosine 0.6 on among 58,000 titles
)
_TRAINING_ROWS_PER_CELL = 64
_CHUNK_ROWS = 16_384
_CHUNK_BYTES = 1 << 22

Rows = Callable[[Ints], Float32s]
"""Returns the vectors of numbered rows, float32 unit rows, (n, d)."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A file, and the rows in it: those numbered `first` to `last`, `count` of them. `checksum`: of its bytes."""

    name: str
    first: int
    last: int
    count: int
    checksum: str


class DamagedSegment(InputError):
    """A file of the archive that is missing, or not as it was written."""

    def __init__(self, segment: Segment, path: Path, reason: str) -> None:
        super().__init__(f"{path} is damaged ({reason}): run `headline-dedupe index check --repair`")
        self.segment = segment


@dataclass(frozen=True, slots=True)
class Nearest:
    """Rows found: the place of the `query`, the number of the `row`, and their cosine `similarity`; all (found,)."""

    query: Ints
    row: Ints
    similarity: Float32s


_NOTHING = Nearest(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))


def nearest(parts: Sequence[Nearest], k: int) -> Nearest:
    """Return the `k` rows that are nearest to each query, of all parts, sorted by query and similarity."""
    every = [_NOTHING, *parts]
    query, row = (np.concatenate([getattr(part, name) for part in every]) for name in ("query", "row"))
    similarity = np.concatenate([part.similarity for part in every])
    order = np.lexsort((row, -similarity, query))
    query, row, similarity = query[order], row[order], similarity[order]
    kept = np.arange(len(query)) - np.searchsorted(query, query) < k
    return Nearest(query[kept], row[kept], similarity[kept])


def due(segments: Sequence[Segment], rows_behind: int) -> int | None:
    """Return from which segment on rows should move into a new one, None where there is nothing to do yet.

    `segments`: by row; `rows_behind`: how many rows none of them holds. `len(segments)` means the rows behind alone.
    """
    if rows_behind < _MIN_ROWS:
        return None
    start, count = len(segments), rows_behind
    while start and segments[start - 1].count < _FACTOR * count:
        start -= 1
        count += segments[start].count
    return start


def write_segment(folder: Path, number: int, rows: Ints, vectors: Rows) -> Segment:
    """Write rows, ascending and at least one, into a file of a folder, whole or not at all; `number`: of no file before."""
    faiss: Any = import_module("faiss")  # its type stubs lack the writer
    index = faiss.IndexIDMap2(_empty_index(rows, vectors))
    for start in range(0, len(rows), _CHUNK_ROWS):
        part = rows[start : start + _CHUNK_ROWS]
        index.add_with_ids(vectors(part), part.astype(np.int64))
    name = f"archive-{number:06d}{SUFFIX}"
    digest = blake2b(digest_size=16)
    with as_output_errors(str(folder / name)), whole_file(folder / name) as stream:

        def write(data: bytes) -> int:
            digest.update(data)
            return stream.write(data)

        faiss.write_index(index, faiss.PyCallbackIOWriter(write))
    return Segment(name, int(rows[0]), int(rows[-1]), len(rows), digest.hexdigest())


def _empty_index(rows: Ints, vectors: Rows) -> Any:
    """Return a trained index without rows that suits so many."""
    import faiss

    width, metric = vectors(rows[:1]).shape[1], faiss.METRIC_INNER_PRODUCT
    half = faiss.ScalarQuantizer.QT_fp16
    if len(rows) <= _FLAT_ROWS:
        return faiss.IndexScalarQuantizer(width, half, metric)
    cells = round(_CELLS_PER_ROOT * len(rows) ** 0.5)
    index = faiss.IndexIVFScalarQuantizer(faiss.IndexFlatIP(width), width, cells, half, metric, False)
    index.cp.spherical = True
    index.nprobe = max(round(_PROBED * cells), 1)
    index.train(vectors(rows[spread(len(rows), cells * _TRAINING_ROWS_PER_CELL)]))
    return index


class Archive:
    """The segments of a folder; each file is verified and opened when it is first searched."""

    def __init__(self, folder: Path, segments: Sequence[Segment]) -> None:
        self.segments = tuple(segments)
        self._files = [_File(folder / segment.name, segment) for segment in segments]

    @property
    def last(self) -> int:
        """The last row that a segment holds, -1 where there is none."""
        return max((segment.last for segment in self.segments), default=-1)

    def search(self, vectors: Float32s, k: int) -> Nearest:
        """Return up to `k` rows near each vector, (queries, d), sorted by query and similarity.

        Similarities are those of half-precision vectors. A large segment finds most of the nearest rows, not surely all.
        Raises `DamagedSegment`.
        """
        return nearest([file.search(vectors, k) for file in self._files], k)

    def damaged(self) -> list[DamagedSegment]:
        """Read every file, and return what is wrong with each that is not as it was written."""
        problems = []
        for file in self._files:
            try:
                file.verify()
            except DamagedSegment as problem:
                problems.append(problem)
        return problems


class _File:
    def __init__(self, path: Path, segment: Segment) -> None:
        self._path, self._segment = path, segment

    def search(self, vectors: Float32s, k: int) -> Nearest:
        similarity, rows = self._index.search(np.ascontiguousarray(vectors, np.float32), min(k, self._segment.count))
        query, place = np.nonzero(rows >= 0)
        return Nearest(query, rows[query, place], similarity[query, place])

    def verify(self) -> None:
        """Raise `DamagedSegment` where the file is not the one that was written."""
        digest = blake2b(digest_size=16)
        try:
            with self._path.open("rb") as stream:
                while chunk := stream.read(_CHUNK_BYTES):
                    digest.update(chunk)
        except OSError as error:
            raise DamagedSegment(self._segment, self._path, str(error.strerror or error)) from None
        if digest.hexdigest() != self._segment.checksum:
            raise DamagedSegment(self._segment, self._path, "its checksum is wrong")

    @cached_property
    def _index(self) -> Any:
        import faiss

        self.verify()
        return faiss.read_index(str(self._path), faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY)
