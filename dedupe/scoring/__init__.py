"""Candidate pairs -> the probability that they are one story or one wording.

In: a `Join` and the `TitleFeatures` of its nodes. Out: a `PairTable` with probabilities, by a `Scorer`. For the reasons in words
and the names of features, use the modules.
"""

from dedupe.scoring.model import Judge, judge_of, load_judge
from dedupe.scoring.reader import PairsRead, ReadingStore
from dedupe.scoring.scorer import Scorer
from dedupe.scoring.similarity_scale import IDENTITY, Scale
from dedupe.scoring.title_features import TitleFeatures, describe_titles

__all__ = [
    "IDENTITY",
    "Judge",
    "PairsRead",
    "ReadingStore",
    "Scale",
    "Scorer",
    "TitleFeatures",
    "describe_titles",
    "judge_of",
    "load_judge",
]
