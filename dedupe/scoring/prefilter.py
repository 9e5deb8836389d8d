"""Drop hopeless candidate pairs before all their features are known.

Comparing letters costs most. How much the letters of two titles could still raise the log odds of a pair has an upper bound,
so they are compared last, and only where they could still matter. The outcome is the same as if they always were.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dedupe.runtime.arrays import Float32s, Floats, Ints
from dedupe.scoring.model import TERMS, Judge, feature_columns
from dedupe.scoring.pair_features import LETTER_FEATURES, add_letter_features, word_features
from dedupe.scoring.title_features import TitleFeatures


def prefilter(
    judge: Judge,
    titles: TitleFeatures,
    i: Ints,
    j: Ints,
    similarity: Float32s,
    wording_similarity: Float32s,
    level: str,
    min_log_odds: float,
) -> tuple[Ints, Float32s]:
    """Return which pairs may reach `min_log_odds`, as indices, and all their features.

    `i`, `j`: indices of titles; `similarity`, `wording_similarity`: cosine similarity on the judge's scale; all (pairs,).
    """
    features = word_features(titles, i, j, similarity, wording_similarity)
    kept, unknown = np.arange(len(i)), list(LETTER_FEATURES)
    while unknown:
        plausible = upper_bound(judge, features, level, unknown) >= min_log_odds
        kept = kept[plausible]
        features = features.T.compress(plausible, axis=1).T  # the columns stay contiguous
        add_letter_features(features, titles, i[kept], j[kept], [unknown.pop(0)])
    return kept, features


def upper_bound(
    judge: Judge, features: Float32s, level: str, unknown: Sequence[str] = tuple(LETTER_FEATURES)
) -> Floats:
    """Return the highest log odds that pairs by themselves can reach, (pairs,).

    The `unknown` features lie in [0, 1] and stand at 0 in `features`.
    """
    columns = feature_columns(features)
    bound = judge.pair_log_odds(features, [level])[level]
    coefficients = dict(zip(TERMS, judge.pair[level].coefficients, strict=True))
    for name in unknown:
        slope = np.full(len(features), coefficients[name])
        for product in (term for term in TERMS if "*" in term and name in term.split("*")):
            slope += coefficients[product] * columns[product.replace(name, "").strip("*")]
        bound += np.maximum(slope, 0)
    return bound
