"""Fit a judge on labelled headlines: its models on all slices, its thresholds and floors on held-out slices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dedupe.candidates.pairs import PairTable
from dedupe.candidates.products import cosines
from dedupe.clustering.linkage import merge_tree
from dedupe.clustering.merge_tree import MergeTree
from dedupe.evaluation.labelled import LabelledHeadlines
from dedupe.evaluation.metrics import average_precision, b_cubed, calibration_error, log_loss, pairwise
from dedupe.levels import SCORED_LEVELS
from dedupe.scoring.model import Judge, sigmoid
from dedupe.scoring.pair_features import FEATURES
from dedupe.training.edits import EditedCopies
from dedupe.training.fit_models import PROBABILITY_FLOOR, context_pairs, fit_models, folds
from dedupe.training.training_pairs import CANDIDATE_FLOOR, AnsweredPairs, EncodedTitles, SlicePairs, slice_pairs

_WORDING_FLOORS = np.arange(0.35, 0.81, 0.05)
_MAXIMUM_LOSS = 0.01  # share of the same-wording pairs a judge would keep that may lie under the floor of that level
_THRESHOLDS = np.arange(0.1, 0.81, 0.05)
Scores = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class _HeldOut:
    """A slice with its pairs in context, scored by a judge that was fitted without it."""

    part: SlicePairs
    judge: Judge
    pairs: PairTable

    def tree(self, level: str) -> MergeTree:
        pairs = self.pairs.take(self.pairs.p(level) >= PROBABILITY_FLOOR)
        probability = pairs.p(level).astype(np.float64)
        return merge_tree(len(self.part.labels[level]), pairs.i, pairs.j, probability, floor=PROBABILITY_FLOOR)


def fit_judge(
    data: LabelledHeadlines, titles: EncodedTitles, edits: EditedCopies, answers: AnsweredPairs
) -> tuple[Judge, dict[str, Scores]]:
    """Return the judge fitted on all slices, and per level the scores on each slice of judges fitted without it.

    `titles`: see `encode_folds`.
    """
    slices = [slice_pairs(data, titles, edits, k) for k in range(len(data.slices))]
    held_out = []
    for learned, fold in folds(slices):
        judge = fit_models(learned, answers)
        for part in fold:
            pairs, context = context_pairs(judge, part)
            held_out.append(_HeldOut(part, judge, judge.with_context(context, pairs)))
    chosen = {level: _choose_threshold(held_out, level) for level in SCORED_LEVELS}
    thresholds = {level: threshold for level, (threshold, _) in chosen.items()}
    scores = {level: {**group_scores, **_pair_scores(held_out, level)} for level, (_, group_scores) in chosen.items()}
    floors = {"wording": _wording_floor(held_out), "story": CANDIDATE_FLOOR}
    lost = {level: _share_below(data, titles, level, floors[level]) for level in SCORED_LEVELS}
    judge = replace(fit_models(slices, answers), thresholds=thresholds, candidate_floor=floors, given_up=lost)
    return judge, scores


def _choose_threshold(held_out: Sequence[_HeldOut], level: str) -> tuple[float, dict[str, float]]:
    """The threshold with the best sum of B-cubed and pairwise F1, and those scores."""
    trees = [(slice_.part.labels[level], slice_.tree(level)) for slice_ in held_out]
    by_threshold = {}
    for threshold in _THRESHOLDS.tolist():
        cuts = [(truth, tree.cut(threshold)) for truth, tree in trees]
        by_threshold[round(threshold, 2)] = {
            "b_cubed_f1": round(float(np.mean([b_cubed(truth, labels).f1 for truth, labels in cuts])), 4),
            "pairwise_f1": round(float(np.mean([pairwise(truth, labels).f1 for truth, labels in cuts])), 4),
        }
    best = max(by_threshold, key=lambda threshold: sum(by_threshold[threshold].values()))
    return best, by_threshold[best]


def _pair_scores(held_out: Sequence[_HeldOut], level: str) -> Scores:
    """Average precision over prefiltered pairs; calibration error and log loss over those that are not near-certain."""
    probability = np.concatenate([slice_.pairs.p(level) for slice_ in held_out]).astype(np.float64)
    same = np.concatenate([slice_.part.same(level, slice_.pairs) for slice_ in held_out])
    unsure = (probability >= PROBABILITY_FLOOR) & (probability <= 1 - PROBABILITY_FLOOR)
    return {
        "average_precision": round(average_precision(same, probability), 4),
        "calibration_error": round(calibration_error(same[unsure], probability[unsure]), 4) if unsure.any() else None,
        "log_loss": round(log_loss(same[unsure], probability[unsure]), 4) if unsure.any() else None,
    }


def _wording_floor(held_out: Sequence[_HeldOut]) -> float:
    """The highest wording similarity that loses next to none of the same-wording pairs that a judge would keep."""
    kept = []
    for slice_ in held_out:
        features = slice_.part.features
        probability = sigmoid(slice_.judge.pair_log_odds(features, ["wording"])["wording"])
        rows = (probability >= PROBABILITY_FLOOR) & slice_.part.same("wording")
        kept.append(features[rows, FEATURES.index("wording_similarity")])
    similarity = np.concatenate(kept)
    floors = [floor for floor in _WORDING_FLOORS if (similarity < floor).sum() <= _MAXIMUM_LOSS * len(similarity)]
    return round(float(max(floors, default=CANDIDATE_FLOOR)), 2)


def _share_below(data: LabelledHeadlines, titles: EncodedTitles, level: str, floor: float) -> float:
    """The share of all pairs with the same label whose similarity lies under the floor."""
    vectors = titles.story if level == "story" else titles.wording
    below = count = 0
    for rows in data.slices:
        labels = data.labels[level][rows]
        i, j = np.nonzero(np.triu(labels[:, None] == labels, 1))
        below += int((cosines(vectors, rows[i], rows[j]) < floor).sum())
        count += len(i)
    return round(below / max(count, 1), 4)
