"""Pairs that people have answered about, as `headline-dedupe label` asks: more for the judge to learn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedupe.candidates.products import cosines
from dedupe.headlines import Headline
from dedupe.levels import SCORED_LEVELS, TOGETHER
from dedupe.scoring.pair_features import FEATURES, pair_features
from dedupe.scoring.title_features import describe_titles
from dedupe.text.normalize import MAX_LENGTH, normalize


@dataclass(frozen=True, slots=True)
class Answered:
    """Two headlines and the verdict on them, one of `verdicts.VERDICTS`."""

    one: Headline
    other: Headline
    verdict: str


@dataclass(frozen=True, slots=True)
class AnsweredPairs:
    """Answers to learn from: `evidence`: (pairs, len(FEATURES)); `same`: per level, (pairs,)."""

    evidence: NDArray[np.float32]
    same: Mapping[str, NDArray[np.bool_]]


NONE = AnsweredPairs(np.empty((0, len(FEATURES)), np.float32), dict.fromkeys(SCORED_LEVELS, np.empty(0, bool)))


def answered_pairs(answers: Sequence[Answered], network: Any) -> AnsweredPairs:
    """Return the evidence of answered pairs, on the vectors of a `Network` that did not learn from them."""
    if not answers:
        return NONE
    headlines = [answer.one for answer in answers] + [answer.other for answer in answers]
    texts = [normalize(headline.title)[:MAX_LENGTH] for headline in headlines]
    hours = np.array([h.published.timestamp() / 3600 if h.published else np.nan for h in headlines], float)
    titles = describe_titles(texts, hours, hours, [headline.source for headline in headlines])
    story = network.encode(texts)
    i = np.arange(len(answers))
    j = i + len(answers)
    found = pair_features(titles, i, j, cosines(story, i, j), cosines(network.wording_rows(story), i, j))
    verdicts = [answer.verdict for answer in answers]
    return AnsweredPairs(found, {level: np.isin(verdicts, reached) for level, reached in TOGETHER.items()})
