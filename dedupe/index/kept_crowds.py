"""To how many others each title of a run is so similar that they may be a crowd, which the next run takes over.

A crowd has over a thousand titles, so this nearly always tells that there is none. It is a bound: titles that have gone still
count.
"""

from __future__ import annotations

import numpy as np

from dedupe.candidates import ROUNDING_ERROR, Join, PairTable, TimeBand
from dedupe.clustering.crowds import CrowdSettings
from dedupe.runtime.arrays import Ints
from dedupe.scoring import Scorer

_LEAST = (
    CrowdSettings().near - 2 * ROUNDING_ERROR
)  # cosine: crowds are found by products that are summed in another order
_MOMENT = 1e-6  # hours, by which times may vary


class CountingJoin(Join):
    """The join of a first run, which counts while it finds pairs."""

    def __init__(self, scorer: Scorer, band: TimeBand | None) -> None:
        super().__init__(scorer.level_vectors, scorer.floor, band, wording=scorer.level == "wording")
        self._nodes_of_pieces = [np.empty(0, np.int64)]

    def piece(self, number: int) -> PairTable:
        """Return the pairs of one piece, each of which must be asked for once."""
        pairs = super().piece(number)
        self._nodes_of_pieces.append(_similar(pairs))
        return pairs

    @property
    def similar(self) -> Ints:
        """To how many others each node is similar, (nodes,)."""
        return np.bincount(np.concatenate(self._nodes_of_pieces), minlength=len(self._vectors))


def renewed_similar(before: Ints, place: Ints, found: PairTable) -> Ints:
    """Return the same for a later run, at most. `place`: of each node in the run before; `found`: the pairs of new nodes."""
    counts = np.where(place < 0, 0, before.take(place, mode="clip")) if len(before) else np.zeros(len(place), np.int64)
    return counts + np.bincount(_similar(found), minlength=len(place))


def _similar(pairs: PairTable) -> Ints:
    similarity = pairs.similarity if len(pairs.similarity) else pairs.wording_similarity
    near = np.flatnonzero(similarity >= np.float32(_LEAST))
    return np.concatenate([pairs.i[near], pairs.j[near]]).astype(np.int64)


def at_most(similar: Ints, scorer: Scorer, band: TimeBand | None) -> Ints | None:
    """Return to how many nodes each is similar at most, with itself and those that a window keeps apart; None if unknown."""
    if scorer.floor > _LEAST:
        return None
    if band is None:
        return similar + 1
    late = np.count_nonzero(band.last > np.fmin.reduce(band.first) + band.window - _MOMENT)
    early = np.count_nonzero(band.first < np.fmax.reduce(band.last) - band.window + _MOMENT)
    return similar + 1 + late + early  # two titles too far apart are one of either
