"""Similarities of a foreign encoder -> the scale of the base model, on whose vectors the fallback judge was fitted.

Thresholds do not transfer between encoders, since unrelated titles have another similarity with each. The map is linear:
identical titles stay at 1, and the mean over unrelated titles becomes that of the base model.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from dedupe.embedding.vectors import Vectors
from dedupe.runtime.arrays import Float32s, Floats

_UNRELATED = 0.07  # mean cosine of random pairs of headlines under the base model
MIN_ROWS = 50
"""With fewer titles the mean is unreliable, and similarities are used unchanged."""
_MAX_MEAN = 0.95
CHUNK_ROWS = 4096
"""Rows that are summed together."""


@dataclass(frozen=True, slots=True)
class Scale:
    """`similarity * slope + offset`, kept within [-1, 1]."""

    slope: float
    offset: float

    def __call__(self, similarity: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return similarities on the judge's scale for the encoder's own."""
        scaled: NDArray[np.float32] = similarity * np.float32(self.slope) + np.float32(self.offset)
        return scaled.clip(-1, 1)

    def inverse(self, similarity: float) -> float:
        """Return the encoder's similarity for one on the judge's scale."""
        return min(max((similarity - self.offset) / self.slope, 1e-3), 1.0)


IDENTITY = Scale(1.0, 0.0)


def scale_of(vectors: Vectors) -> Scale:
    """Return the scale of unit rows, (n, d), from the mean similarity over all pairs, without computing the pairs."""
    chunks = range(0, len(vectors) if len(vectors) >= MIN_ROWS else 0, CHUNK_ROWS)
    return scale_from(len(vectors), (chunk_sums(vectors[start : start + CHUNK_ROWS]) for start in chunks))


def chunk_sums(vectors: Float32s) -> Floats:
    """Return what `scale_from` needs of a chunk of rows: their sum, and the sum of their squares, (d + 1,)."""
    rows = vectors.astype(np.float64)
    return np.append(rows.sum(axis=0), np.vecdot(rows, rows).sum())


def scale_from(n: int, sums: Iterable[Floats]) -> Scale:
    """Return the scale of `n` rows from the sums of each chunk of `CHUNK_ROWS`, in order."""
    if n < MIN_ROWS:
        return IDENTITY
    sums_of_all = reduce(np.add, sums)
    total, own = sums_of_all[:-1], sums_of_all[-1]
    mean = min(float((total @ total - own) / (n * (n - 1))), _MAX_MEAN)
    slope = (1 - _UNRELATED) / (1 - mean)
    return Scale(slope, 1 - slope)
