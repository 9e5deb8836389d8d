"""Fit a judge on held-back slices: its regressions on all of them, its thresholds and floors by cross-fitting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dedupe.candidates.pairs import PairTable
from dedupe.candidates.products import cosines
from dedupe.clustering.linkage import merge_tree
from dedupe.clustering.merge_tree import MergeTree
from dedupe.evaluation.metrics import average_precision, b_cubed, calibration_error, log_loss, pairwise
from dedupe.levels import SCORED_LEVELS
from dedupe.runtime.arrays import Bools
from dedupe.scoring.model import Judge, sigmoid
from dedupe.scoring.pair_features import FEATURES
from dedupe.training.reader_pairs import CANDIDATE_FLOOR
from dedupe.training.regressions import PROBABILITY_FLOOR, Fitting, ReadPairs, in_context, same_pairs
from dedupe.training.training_pairs import SlicePairs

_WORDING_FLOORS = np.arange(0.35, 0.81, 0.05)
_MAX_LOSS = 0.01  # share of the same-wording pairs a judge would keep that may lie under the floor of that level
_THRESHOLDS = np.arange(0.1, 0.81, 0.05)
Scores = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class _ScoredSlice:
    """A slice, the judge that was fitted without it, and the pairs as that judge scores them."""

    part: SlicePairs
    judge: Judge
    pairs: PairTable

    def same(self, level: str) -> Bools:
        return same_pairs(self.part, level, self.pairs)

    def tree(self, level: str) -> MergeTree:
        pairs = self.pairs.take(self.pairs.p(level) >= PROBABILITY_FLOOR)
        probability = pairs.p(level).astype(np.float64)
        return merge_tree(len(self.part.labels[level]), pairs.i, pairs.j, probability, floor=PROBABILITY_FLOOR)


def fit_judge(parts: Sequence[SlicePairs], read: ReadPairs) -> tuple[Judge, dict[str, Scores]]:
    """Return the judge fitted on all slices, and per level the scores on each slice of judges fitted without it."""
    fitting = Fitting(parts).with_reading(read)
    held_out = [
        _ScoredSlice(part, judge, in_context(part, pairs, judge))
        for part, pairs, judge in fitting.scored(fitting.numbers, fitting.judge)
    ]
    chosen = {level: _choose_threshold(held_out, level) for level in SCORED_LEVELS}
    thresholds = {level: threshold for level, (threshold, _) in chosen.items()}
    scores = {level: {**group_scores, **_pair_scores(held_out, level)} for level, (_, group_scores) in chosen.items()}
    floors = {"wording": _wording_floor(held_out), "story": CANDIDATE_FLOOR}
    lost = {level: _share_below(parts, level, floors[level]) for level in SCORED_LEVELS}
    judge = fitting.judge(fitting.numbers)
    return replace(judge, thresholds=thresholds, candidate_floor=floors, given_up=lost), scores


def _choose_threshold(held_out: Sequence[_ScoredSlice], level: str) -> tuple[float, dict[str, float]]:
    """The threshold with the best sum of B-cubed and pairwise F1, and those scores."""
    trees = [(scored.part.labels[level], scored.tree(level)) for scored in held_out]
    by_threshold = {}
    for threshold in _THRESHOLDS.tolist():
        cuts = [(truth, tree.cut(threshold)) for truth, tree in trees]
        by_threshold[round(threshold, 2)] = {
            "b_cubed_f1": round(float(np.mean([b_cubed(truth, labels).f1 for truth, labels in cuts])), 4),
            "pairwise_f1": round(float(np.mean([pairwise(truth, labels).f1 for truth, labels in cuts])), 4),
        }
    best = max(by_threshold, key=lambda threshold: sum(by_threshold[threshold].values()))
    return best, by_threshold[best]


def _pair_scores(held_out: Sequence[_ScoredSlice], level: str) -> Scores:
    """Average precision over prefiltered pairs; calibration error and log loss over those that are not near-certain."""
    probability = np.concatenate([scored.pairs.p(level) for scored in held_out]).astype(np.float64)
    same = np.concatenate([scored.same(level) for scored in held_out])
    unsure = (probability >= PROBABILITY_FLOOR) & (probability <= 1 - PROBABILITY_FLOOR)
    return {
        "average_precision": round(average_precision(same, probability), 4),
        "calibration_error": round(calibration_error(same[unsure], probability[unsure]), 4) if unsure.any() else None,
        "log_loss": round(log_loss(same[unsure], probability[unsure]), 4) if unsure.any() else None,
    }


def _wording_floor(held_out: Sequence[_ScoredSlice]) -> float:
    """The highest wording similarity that loses next to none of the same-wording pairs that a judge would keep."""
    kept = []
    for scored in held_out:
        features = scored.part.inside.features
        probability = sigmoid(scored.judge.pair_log_odds(features, ["wording"])["wording"])
        rows = (probability >= PROBABILITY_FLOOR) & scored.part.inside.same["wording"]
        kept.append(features[rows, FEATURES.index("wording_similarity")])
    similarity = np.concatenate(kept)
    floors = [floor for floor in _WORDING_FLOORS if (similarity < floor).sum() <= _MAX_LOSS * len(similarity)]
    return round(float(max(floors, default=CANDIDATE_FLOOR)), 2)


def _share_below(parts: Sequence[SlicePairs], level: str, floor: float) -> float:
    """The share of all pairs with the same label whose similarity lies under the floor."""
    below = count = 0
    for part in parts:
        labels = part.labels[level]
        i, j = np.nonzero(np.triu(labels[:, None] == labels, 1))
        below += int((cosines(part.vectors[level], i, j) < floor).sum())
        count += len(i)
    return round(below / max(count, 1), 4)
