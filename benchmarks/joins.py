"""Ways to find all pairs of vectors over a threshold, all given the same vectors.

`JOINS` is the table: name -> a `Join`. `run` is what is timed: (vectors, threshold, most) -> whatever it returns, where
vectors are float32 unit rows, (n, d), and `most` is how many pairs there are, which only paraphrase_mining asks for.
`pairs` turns that into two arrays of rows, (pairs,) each; None where it gives groups and no pairs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedupe.candidates import join as neighbors

Vectors = NDArray[np.float32]
Ints = NDArray[np.int64]

OURS = "headline-dedupe"
EXACT = "headline-dedupe, exact"
FAISS = "faiss range_search"
MARGIN = 1e-5  # pairs so near to the threshold are decided by the order of a sum
_DEFAULT_MOST = 500_000  # the default of paraphrase_mining
_GFLOP = 1e9


@dataclass(frozen=True)
class Join:
    """`run`: what is timed; `pairs`: what makes rows of what that returned."""

    run: Callable[[Vectors, float, int], Any]
    pairs: Callable[[Any], tuple[Ints, Ints]] | None


def _ours(vectors: Vectors, threshold: float, most: int) -> tuple[Ints, Ints, Vectors, float]:
    """Our join as `deduplicate` uses it: exact up to some size, through cells beyond."""
    join = neighbors.Join(vectors, threshold)
    parts = list(join)
    i, j, similarity = (np.concatenate([getattr(part, name) for part in parts]) for name in ("i", "j", "similarity"))
    return i, j, similarity, join.recall


def _exact(vectors: Vectors, threshold: float, most: int) -> tuple[Ints, Ints, Vectors, float]:
    found = neighbors.candidate_pairs(vectors, threshold)
    return found.i, found.j, found.similarity, 1.0


def _faiss(vectors: Vectors, threshold: float, most: int) -> tuple[Ints, Ints, Vectors]:
    """faiss: all rows against all rows, then the half of it with i < j."""
    import faiss

    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    limits, similarity, j = index.range_search(vectors, float(np.nextafter(np.float32(threshold), np.float32(0))))
    i = np.repeat(np.arange(len(vectors)), np.diff(limits.astype(np.int64)))
    half = i < j
    return i[half], j[half], similarity[half]


def _paraphrase_mining(vectors: Vectors, threshold: float, most: int) -> list[list[float]]:
    """sentence-transformers: the best `most` pairs among the 100 best of each row, then those over the threshold."""
    import torch
    from sentence_transformers.util import paraphrase_mining_embeddings

    found = paraphrase_mining_embeddings(torch.from_numpy(vectors), max_pairs=max(most, _DEFAULT_MOST))
    return [pair for pair in found if pair[0] >= threshold]


def _semhash(vectors: Vectors, threshold: float, most: int) -> Any:
    """SemHash on its default index, which is approximate; it gives each row removed with one row kept."""
    from semhash import SemHash

    names = [str(row) for row in range(len(vectors))]
    index = SemHash.from_embeddings(vectors, names, model=None)  # nothing is encoded
    return index.self_deduplicate(threshold=threshold).filtered


def _community_detection(vectors: Vectors, threshold: float, most: int) -> list[list[int]]:
    """sentence-transformers: groups around central rows."""
    from sentence_transformers.util import community_detection

    return community_detection(vectors, threshold=threshold, min_community_size=2)


def _columns(found: tuple[Any, ...]) -> tuple[Ints, Ints]:
    return found[0], found[1]


def _mined(found: list[list[float]]) -> tuple[Ints, Ints]:
    rows = np.array([pair[1:] for pair in found], np.int64).reshape(-1, 2)
    return rows[:, 0], rows[:, 1]


def _removed(found: Any) -> tuple[Ints, Ints]:
    rows = np.array([(int(one.record), int(one.duplicate_of)) for one in found], np.int64).reshape(-1, 2)
    return rows.min(axis=1), rows.max(axis=1)


JOINS: dict[str, Join] = {
    OURS: Join(_ours, _columns),
    EXACT: Join(_exact, _columns),
    FAISS: Join(_faiss, _columns),
    "paraphrase_mining": Join(_paraphrase_mining, _mined),
    "semhash": Join(_semhash, _removed),
    "community_detection": Join(_community_detection, None),
}


def as_keys(i: Ints, j: Ints, rows: int) -> Ints:
    """Return pairs as one number each, ascending."""
    return np.sort(i.astype(np.int64) * rows + j)


def compared(found: Ints, exact: Ints, vectors: Vectors, threshold: float) -> dict[str, Any]:
    """Return how the keys of pairs found agree with those of all pairs; what is as near as a rounding counts as agreeing.

    `row_recall`: the share of the rows with any pair that have one among the pairs found.
    """
    missing = _clear(np.setdiff1d(exact, found, assume_unique=True), vectors, threshold)
    extra = _clear(np.setdiff1d(found, exact, assume_unique=True), vectors, threshold)
    rows, met = (np.unique(np.concatenate(np.divmod(keys, len(vectors)))) for keys in (exact, found))
    return {
        "pairs": len(found),
        "pair_recall": round(1 - missing / max(len(exact), 1), 5),
        "row_recall": round(float(np.isin(rows, met).mean()), 5) if len(rows) else 1.0,
        "missing": missing,
        "extra": extra,
    }


def _clear(keys: Ints, vectors: Vectors, threshold: float) -> int:
    """How many pairs are clearly over or under the threshold."""
    count = 0
    for start in range(0, len(keys), 65_536):
        i, j = np.divmod(keys[start : start + 65_536], len(vectors))
        cosines = np.vecdot(vectors[i], vectors[j], dtype=np.float64)
        count += int((np.abs(cosines - threshold) > MARGIN).sum())
    return count


def sgemm_gflops(tries: int = 10) -> float:
    """Return this machine's rate of float32 matrix products, all threads, 4096x384 by 384x4096, the best of several."""
    rng = np.random.default_rng(0)
    left, right = (rng.random((4096, 384), np.float32) for _ in range(2))
    product, best = np.empty((4096, 4096), np.float32), np.inf
    for _ in range(tries):
        began = perf_counter()
        np.matmul(left, right.T, out=product)
        best = min(best, perf_counter() - began)
    return round(2 * 4096 * 4096 * 384 / best / _GFLOP, 1)


def upper_triangle_gflop(rows: int, width: int) -> float:
    """Return the work of comparing each row with each other once."""
    return rows * (rows - 1) / 2 * 2 * width / _GFLOP
