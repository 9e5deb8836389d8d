"""Titles that stand in one item of a news page, and what that says of the pair.

An item may have a title and the same title in other words. Pages do so on purpose, but what looks like one item may be two, so
this is evidence, not a rule: it adds to the log odds. The judge knows nothing of pages; the figure is set by hand.
"""

from __future__ import annotations

import numpy as np

from dedupe.runtime.arrays import Bools, Float32s
from dedupe.scoring.model import sigmoid

ONE_RECORD = 2.0
"""What is added to the log odds of one wording, and of one story, of two titles of one item: the odds are 7 times as high."""
_SMALLEST = 1e-6  # probability, so that odds are finite


def with_record(probability: Float32s, same_record: Bools) -> Float32s:
    """Return the probability of each pair, with the evidence of the page where both titles stand in one item; all (pairs,)."""
    if not same_record.any():
        return probability
    p = np.clip(probability[same_record].astype(np.float64), _SMALLEST, 1 - _SMALLEST)
    raised = probability.copy()
    raised[same_record] = sigmoid(np.log(p / (1 - p)) + ONE_RECORD)
    return raised
