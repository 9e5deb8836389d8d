"""Similarities of a foreign encoder -> the scale of the encoder that the judge was fitted on.

Thresholds do not transfer between models, since each has its own similarity for titles that have nothing in common. The
map is linear and keeps two points: identical titles stay at 1, and the mean over unrelated titles goes to the mean
of the base model, on whose vectors the judge for other encoders is fitted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dedupe.embedding.vectors import Vectors

_UNRELATED = 0.07  # mean cosine of random pairs of headlines under the base model
_MIN_ROWS = 50  # a mean over the pairs of fewer says little: similarities are then used unchanged
_MAX_MEAN = 0.95
_CHUNK_ROWS = 4096


@dataclass(frozen=True, slots=True)
class Scale:
    """`similarity * slope + offset`, kept within [-1, 1]."""

    slope: float
    offset: float

    def __call__(self, similarity: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the judge's similarity for the encoder's own."""
        scaled: NDArray[np.float32] = similarity * np.float32(self.slope) + np.float32(self.offset)
        return scaled.clip(-1, 1)

    def inverse(self, similarity: float) -> float:
        """Return the encoder's own similarity for one on the judge's scale."""
        return min(max((similarity - self.offset) / self.slope, 1e-3), 1.0)


IDENTITY = Scale(1.0, 0.0)


def scale_of(vectors: Vectors) -> Scale:
    """Return the scale of unit rows, (n, d), from the mean similarity over all pairs; no pair is made."""
    n = len(vectors)
    if n < _MIN_ROWS:
        return IDENTITY
    total, own = np.zeros(vectors.shape[1]), 0.0
    for start in range(0, n, _CHUNK_ROWS):
        rows = vectors[start : start + _CHUNK_ROWS].astype(np.float64)
        total += rows.sum(axis=0)
        own += float(np.vecdot(rows, rows).sum())
    mean = min(float((total @ total - own) / (n * (n - 1))), _MAX_MEAN)
    slope = (1 - _UNRELATED) / (1 - mean)
    return Scale(slope, 1 - slope)
