"""Similarities of a foreign encoder -> the scale of the base model, on whose vectors the fallback judge was fitted.

Thresholds do not transfer between encoders, since unrelated titles have another similarity with each. The map is linear:
identical titles stay at 1, and the mean over unrelated titles becomes that of the base model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dedupe.embedding.vectors import Vectors

_UNRELATED = 0.07  # mean cosine of random pairs of headlines under the base model
MIN_ROWS = 50
"""With fewer titles the mean is unreliable, and similarities are used unchanged."""
_MAX_MEAN = 0.95
_CHUNK_ROWS = 4096


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
    n = len(vectors)
    if n < MIN_ROWS:
        return IDENTITY
    total, own = np.zeros(vectors.shape[1]), 0.0
    for start in range(0, n, _CHUNK_ROWS):
        rows = vectors[start : start + _CHUNK_ROWS].astype(np.float64)
        total += rows.sum(axis=0)
        own += float(np.vecdot(rows, rows).sum())
    mean = min(float((total @ total - own) / (n * (n - 1))), _MAX_MEAN)
    slope = (1 - _UNRELATED) / (1 - mean)
    return Scale(slope, 1 - slope)
