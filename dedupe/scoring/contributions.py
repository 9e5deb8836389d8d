"""How much each aspect of a pair, such as its numbers or the hours between both titles, adds to the log odds of the pair.

The pair is judged once more with one aspect made neutral, by the same regressions that judged it. What its log odds lose is what
the aspect contributes: above 0 it speaks for one group, below 0 against. Splink draws such figures as a waterfall; there they
add up, while here each is measured by itself, because aspects act together (similar words say more of titles of one day).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from dedupe.candidates.pairs import PairTable
from dedupe.levels import SCORED_LEVELS
from dedupe.runtime.arrays import Bools, Float32s, Floats, Ints
from dedupe.scoring.addresses import refuted, with_address
from dedupe.scoring.context import CONTEXT_FEATURES
from dedupe.scoring.layout import with_record
from dedupe.scoring.minimal_pairs import with_difference
from dedupe.scoring.model import Judge, sigmoid
from dedupe.scoring.pair_features import FEATURES

COLUMNS = (*FEATURES, *CONTEXT_FEATURES, "difference", "read_wording", "read_story", "same_address", "same_record")
"""What a pair is judged by; `difference`: see `minimal_pairs`; `read_wording`, `read_story`: NaN for a pair that was not read."""
_ABSENT = {
    "numbers": ("numbers_agree", "numbers_conflict", "numbers_differ", "numbers_lone"),
    "counters": ("counters_agree", "counters_conflict"),
    "days": ("days_agree", "days_conflict"),
    "opposites": ("opposed",),
    "negation": ("negation",),
    "question": ("question",),
    "future": ("ahead",),
    "labels": ("labels_differ",),
    "source": ("same_source",),
    "reader": ("read_wording", "read_story"),  # a reader that cannot decide
    "context": CONTEXT_FEATURES,  # no other headline is similar to either
    "address": ("same_address",),
    "record": ("same_record",),
    "difference": ("difference",),
}
"""The columns of each aspect that is neutral where it is absent."""
NEUTRAL: Mapping[str, Mapping[str, float]] = {
    "meaning": {"similarity": 0.6, "wording_similarity": 0.55},
    "words": {
        **{"shared": 0.13, "contained": 0.27, "rare": 0.52, "missing": 1.4, "conflict": 1.25, "length": 0.8},
        **{"names": 0.5, "names_shared": 0.0, "names_conflict": 0.0, "letters": 0.51, "order": 0.43},
    },
    "hours": {"hours": 0.0, "undated": 1.0},
} | {aspect: dict.fromkeys(columns, 0.0) for aspect, columns in _ABSENT.items()}
"""The columns of each aspect, and the values at which it says nothing.

For similarities and words these are medians of the scored pairs of a day of news, except for names, which most pairs lack in
one title; without a date, hours say nothing.
"""


_SMALLEST = 1e-7  # probability, so that odds are finite in float32


@dataclass(frozen=True, slots=True)
class Contributions:
    """Measures what aspects contribute in a run. `crowd`: the `crowdedness` of the run; `level`: whose log odds."""

    judge: Judge
    crowd: float
    level: str = "story"

    def of(self, values: Float32s) -> Floats:
        """Return what each aspect in `NEUTRAL` adds to the log odds of pairs, (pairs, aspects); `values`: by `COLUMNS`."""
        judged, added = self.log_odds(values), np.zeros((len(values), len(NEUTRAL)))
        for place, aspect in enumerate(NEUTRAL):
            changed, neutral = without(values, aspect)
            if len(changed):
                added[changed, place] = judged[changed] - self.log_odds(neutral)
        return added

    def log_odds(self, values: Float32s) -> Floats:
        """Return the log odds of pairs, (pairs,), as `Scorer` computes them; `values`: by `COLUMNS`."""
        split = len(FEATURES), len(FEATURES) + len(CONTEXT_FEATURES)
        features, context, other = np.split(values, split, axis=1)
        difference, read, (same_address, same_record) = other[:, 0], other[:, 1:3], other[:, 3:].astype(bool).T
        pairs = self._by_themselves(features, read)
        same_address &= ~refuted(features[:, FEATURES.index("similarity")], pairs.p_pair_story)
        pairs = self.judge.with_context(_Stored(context), _with_address(pairs, same_address), self.crowd)
        p = pairs.p(self.level)
        p = with_record(with_address(p, same_address) if self.level == "story" else p, same_record)
        p = np.clip(with_difference(p, difference.astype(np.float64)).astype(np.float64), _SMALLEST, 1 - _SMALLEST)
        return np.asarray(np.log(p / (1 - p)))

    def _by_themselves(self, features: Float32s, read: Float32s) -> PairTable:
        count = len(features)
        wording, story = (sigmoid(odds) for odds in self.judge.pair_log_odds(features).values())
        pairs = PairTable(
            np.zeros(count, np.int32),
            np.ones(count, np.int32),
            read_wording=read[:, 0],
            read_story=read[:, 1],
            p_pair_wording=wording.astype(np.float32),
            p_pair_story=story.astype(np.float32),
        )
        places = np.flatnonzero(~np.isnan(read[:, 1]))
        part = pairs.take(places)
        by_level = self.judge.read_probabilities(features[places], part, read[places], self.crowd)
        p_wording, p_story = (by_level[level].astype(np.float32) for level in SCORED_LEVELS)
        return pairs.updated(places, replace(part, p_pair_wording=p_wording, p_pair_story=p_story))


class _Stored:
    """Context that was computed in the run, in place of `Context`."""

    def __init__(self, values: Float32s) -> None:
        self._values = values

    def features(self, index: slice | Ints) -> Floats:
        """Return the context of the pairs at `index`, float64, (pairs, len(CONTEXT_FEATURES))."""
        return self._values[index].astype(np.float64)


def without(values: Float32s, aspect: str) -> tuple[Ints, Float32s]:
    """Return the places of the pairs that an aspect says something about, and their values with this aspect neutral."""
    places = [COLUMNS.index(name) for name in NEUTRAL[aspect]]
    neutral, own = np.array([*NEUTRAL[aspect].values()], np.float32), values[:, places]
    differs = (own != neutral) & ~np.isnan(own)
    changed = np.flatnonzero(differs.any(axis=1))
    values = values[changed]
    values[:, places] = np.where(differs[changed], neutral, own[changed])
    return changed, values


def _with_address(pairs: PairTable, same_address: Bools) -> PairTable:
    return replace(pairs, p_pair_story=with_address(pairs.p_pair_story, same_address))
