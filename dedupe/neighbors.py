"""`candidate_pairs`: every two vectors at least so similar, found exactly with FAISS and without a cap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedupe.errors import InputError

_CHUNK = 2048  # rows searched at a time; what is held besides the pairs is proportional to it
_MARGIN = 1e-5  # FAISS sums in an order that depends on tiles and threads: look a little lower, then decide here
_RESCORED = 8192  # pairs whose vectors are gathered at a time


@dataclass(frozen=True, slots=True)
class CandidatePairs:
    """Parallel arrays, one element a pair, sorted by (i, j): `i` < `j` int64, `similarity` float32 in (0, 1]."""

    i: NDArray[np.int64]
    j: NDArray[np.int64]
    similarity: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.i)

    def where(self, kept: NDArray[np.bool_]) -> CandidatePairs:
        """Return the pairs that `kept`, (pairs,), marks."""
        return CandidatePairs(self.i[kept], self.j[kept], self.similarity[kept])


def candidate_pairs(vectors: NDArray[np.float32], threshold: float) -> CandidatePairs:
    """Return all pairs of rows whose cosine similarity is at least `threshold`, each once.

    `vectors`: float32, (n, d), unit rows (an all-zero row meets nobody). `threshold`: in (0, 1], compared as float32.
    The pairs do not depend on the order of rows, on tiles or on threads. Raises `InputError` for another threshold or
    shape.
    """
    if not 0 < threshold <= 1:
        raise InputError(
            f"the similarity threshold must be above 0 and at most 1, not {threshold}: give one such as 0.5"
        )
    if vectors.ndim != 2:
        raise InputError(f"vectors must be a matrix with one row a headline, not an array of shape {vectors.shape}")
    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    if len(rows) < 2 or rows.shape[1] == 0:
        return _joined([])
    return _joined(_search(rows, threshold))


def _search(rows: NDArray[np.float32], threshold: float) -> list[CandidatePairs]:
    """Search each chunk against the rows up to its own end: half the work of a search against all."""
    import faiss

    index = faiss.IndexFlatIP(rows.shape[1])
    found = []
    for start in range(0, len(rows), _CHUNK):
        chunk = rows[start : start + _CHUNK]
        index.add(chunk)
        i, j = _earlier(index, chunk, start, threshold - _MARGIN)
        similarity = cosines(rows, i, j)
        reached = similarity >= np.float32(threshold)
        found.append(CandidatePairs(i[reached], j[reached], similarity[reached]))
    return found


def _earlier(
    index: Any, chunk: NDArray[np.float32], start: int, above: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (i, j) where row j of the chunk found row i before it."""
    limits, _, hits = index.range_search(chunk, above)
    queries = np.repeat(np.arange(start, start + len(chunk), dtype=np.int64), np.diff(limits.astype(np.int64)))
    before = hits < queries
    return hits[before].astype(np.int64, copy=False), queries[before]


def cosines(rows: NDArray[np.float32], i: NDArray[np.int64], j: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the dot product of each pair, summed in one fixed order, at most 1."""
    similarity = np.empty(len(i), dtype=np.float32)
    for start in range(0, len(i), _RESCORED):
        part = slice(start, start + _RESCORED)
        np.einsum("nd,nd->n", rows[i[part]], rows[j[part]], out=similarity[part])
    return np.minimum(similarity, np.float32(1), out=similarity)


def _joined(parts: list[CandidatePairs]) -> CandidatePairs:
    if not parts:
        none = np.empty(0, dtype=np.int64)
        return CandidatePairs(none, none, np.empty(0, dtype=np.float32))
    i = np.concatenate([part.i for part in parts])
    j = np.concatenate([part.j for part in parts])
    similarity = np.concatenate([part.similarity for part in parts])
    order = np.lexsort((j, i))
    return CandidatePairs(i[order], j[order], similarity[order])
