"""Unit vectors -> candidate pairs: every two rows whose cosine similarity reaches a threshold.

In: `Vectors` and, with a window, a `TimeBand`. Out: a `PairTable` for each piece of a `Join`, with similarities filled in.
"""

from dedupe.candidates.join import Join, candidate_pairs, pairs_with, rows_near
from dedupe.candidates.pairs import PairTable, concatenate
from dedupe.candidates.products import ROUNDING_ERROR, cosines, how_many, spread
from dedupe.candidates.time_band import TimeBand

__all__ = [
    "ROUNDING_ERROR",
    "Join",
    "PairTable",
    "TimeBand",
    "candidate_pairs",
    "concatenate",
    "cosines",
    "how_many",
    "pairs_with",
    "rows_near",
    "spread",
]
