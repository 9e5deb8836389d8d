"""Ways to find all pairs of vectors above a threshold, all with the same vectors.

`JOINS` is the table: name -> `Method`. `run` is timed: (vectors, threshold, count) -> any result, where vectors are float32
unit rows, (n, d), and `count` is the number of pairs there are, which only paraphrase_mining needs. `pairs` turns the result
into two arrays of rows, (pairs,) each; it is None if the result has groups instead of pairs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from dedupe.candidates.join import Join, candidate_pairs
from dedupe.runtime.arrays import Float32s, Ints

OURS = "headline-dedupe"
EXACT = "headline-dedupe, exact"
FAISS = "faiss range_search"
MARGIN = 1e-5  # closer to the threshold than this, the order of a sum decides
_DEFAULT_COUNT = 500_000  # the default of paraphrase_mining
_GFLOP = 1e9


@dataclass(frozen=True)
class Method:
    """`run`: the work that is timed; `pairs`: makes two arrays of rows from its result."""

    run: Callable[[Float32s, float, int], Any]
    pairs: Callable[[Any], tuple[Ints, Ints]] | None


def _ours(vectors: Float32s, threshold: float, count: int) -> tuple[Ints, Ints, Float32s, float]:
    """Our join as `deduplicate` uses it: exact up to some size, through cells above."""
    join = Join(vectors, threshold)
    parts = list(join)
    i, j, similarity = (np.concatenate([getattr(part, name) for part in parts]) for name in ("i", "j", "similarity"))
    return i, j, similarity, join.recall


def _exact(vectors: Float32s, threshold: float, count: int) -> tuple[Ints, Ints, Float32s, float]:
    table = candidate_pairs(vectors, threshold)
    return table.i, table.j, table.similarity, 1.0


def _faiss(vectors: Float32s, threshold: float, count: int) -> tuple[Ints, Ints, Float32s]:
    """faiss: all rows against all rows, then the half with i < j."""
    import faiss

    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    limits, similarity, j = index.range_search(vectors, float(np.nextafter(np.float32(threshold), np.float32(0))))
    i = np.repeat(np.arange(len(vectors)), np.diff(limits.astype(np.int64)))
    half = i < j
    return i[half], j[half], similarity[half]


def _paraphrase_mining(vectors: Float32s, threshold: float, count: int) -> list[list[float]]:
    """sentence-transformers: the best `count` pairs among the 100 best of each row, then those above the threshold."""
    import torch
    from sentence_transformers.util import paraphrase_mining_embeddings

    pairs = paraphrase_mining_embeddings(torch.from_numpy(vectors), max_pairs=max(count, _DEFAULT_COUNT))
    return [pair for pair in pairs if pair[0] >= threshold]


def _semhash(vectors: Float32s, threshold: float, count: int) -> Any:
    """SemHash on its default index, which is approximate; it pairs each removed row with one kept row."""
    from semhash import SemHash

    names = [str(row) for row in range(len(vectors))]
    index = SemHash.from_embeddings(vectors, names, model=None)  # nothing is encoded
    return index.self_deduplicate(threshold=threshold).filtered


def _community_detection(vectors: Float32s, threshold: float, count: int) -> list[list[int]]:
    """sentence-transformers: groups around central rows."""
    from sentence_transformers.util import community_detection

    return community_detection(vectors, threshold=threshold, min_community_size=2)


def _first_two(result: tuple[Any, ...]) -> tuple[Ints, Ints]:
    return result[0], result[1]


def _mined(pairs: list[list[float]]) -> tuple[Ints, Ints]:
    rows = np.array([pair[1:] for pair in pairs], np.int64).reshape(-1, 2)
    return rows[:, 0], rows[:, 1]


def _removed(duplicates: Any) -> tuple[Ints, Ints]:
    rows = np.array([(int(row.record), int(row.duplicate_of)) for row in duplicates], np.int64).reshape(-1, 2)
    return rows.min(axis=1), rows.max(axis=1)


JOINS: dict[str, Method] = {
    OURS: Method(_ours, _first_two),
    EXACT: Method(_exact, _first_two),
    FAISS: Method(_faiss, _first_two),
    "paraphrase_mining": Method(_paraphrase_mining, _mined),
    "semhash": Method(_semhash, _removed),
    "community_detection": Method(_community_detection, None),
}


def as_keys(i: Ints, j: Ints, rows: int) -> Ints:
    """Return one number per pair, ascending."""
    return np.sort(i.astype(np.int64) * rows + j)


def compared(keys: Ints, exact: Ints, vectors: Float32s, threshold: float) -> dict[str, Any]:
    """Return how the keys of pairs agree with those of all pairs; differences within rounding count as agreement.

    `row_recall`: of the rows that have a pair, the share that has one among `keys`.
    """
    missing = _clear(np.setdiff1d(exact, keys, assume_unique=True), vectors, threshold)
    extra = _clear(np.setdiff1d(keys, exact, assume_unique=True), vectors, threshold)
    rows, paired = (np.unique(np.concatenate(np.divmod(numbers, len(vectors)))) for numbers in (exact, keys))
    return {
        "pairs": len(keys),
        "pair_recall": round(1 - missing / max(len(exact), 1), 5),
        "row_recall": round(float(np.isin(rows, paired).mean()), 5) if len(rows) else 1.0,
        "missing": missing,
        "extra": extra,
    }


def _clear(keys: Ints, vectors: Float32s, threshold: float) -> int:
    """How many pairs are clearly above or below the threshold."""
    count = 0
    for start in range(0, len(keys), 65_536):
        i, j = np.divmod(keys[start : start + 65_536], len(vectors))
        cosines = np.vecdot(vectors[i], vectors[j], dtype=np.float64)
        count += int((np.abs(cosines - threshold) > MARGIN).sum())
    return count


def sgemm_gflops(tries: int = 10) -> float:
    """Return this machine's best rate of float32 matrix products over several tries: all threads, 4096x384 by 384x4096."""
    rng = np.random.default_rng(0)
    left, right = (rng.random((4096, 384), np.float32) for _ in range(2))
    product, best = np.empty((4096, 4096), np.float32), np.inf
    for _ in range(tries):
        began = perf_counter()
        np.matmul(left, right.T, out=product)
        best = min(best, perf_counter() - began)
    return round(2 * 4096 * 4096 * 384 / best / _GFLOP, 1)


def upper_triangle_gflop(rows: int, width: int) -> float:
    """Return the work of comparing each row once with every other."""
    return rows * (rows - 1) / 2 * 2 * width / _GFLOP
