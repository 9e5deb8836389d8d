"""Fit a judge on labelled headlines: its models on all slices, its thresholds and floors on held-out slices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dedupe.candidates.pairs import PairTable
from dedupe.candidates.products import cosines
from dedupe.clustering.linkage import merge_tree
from dedupe.clustering.merge_tree import MergeTree
from dedupe.errors import InputError
from dedupe.evaluation.labelled import LabelledHeadlines
from dedupe.evaluation.metrics import average_precision, b_cubed, calibration_error, log_loss, pairwise
from dedupe.levels import SCORED_LEVELS
from dedupe.runtime.arrays import Bools, Floats
from dedupe.scoring.context import Context
from dedupe.scoring.model import Judge, Logistic, context_terms, sigmoid, terms
from dedupe.scoring.pair_features import FEATURES
from dedupe.scoring.scorer import MIN_CONTEXT
from dedupe.training.edits import EditedCopies
from dedupe.training.training_pairs import (
    CANDIDATE_FLOOR,
    AnsweredPairs,
    EncodedTitles,
    SlicePairs,
    folds,
    slice_pairs,
    undated,
)

_PROBABILITY_FLOOR = 0.05
_EDIT_WEIGHT = 0.03  # of a pair with an edited copy; from 0.1 on, groups of held-out news get worse
_WORDING_FLOORS = np.arange(0.35, 0.81, 0.05)
_MAX_LOSS = 0.01  # share of the same-wording pairs a judge would keep that may lie under the floor of that level
_THRESHOLDS = np.arange(0.1, 0.81, 0.05)
Scores = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class _ScoredSlice:
    """A held-out slice: the judge that was fitted without it, the pairs as that judge scores them, and their context."""

    part: SlicePairs
    judge: Judge
    pairs: PairTable
    context: Context

    def same(self, level: str) -> Bools:
        return self.part.same(level, self.pairs)

    def tree(self, level: str) -> MergeTree:
        pairs = self.pairs.take(self.pairs.p(level) >= _PROBABILITY_FLOOR)
        probability = pairs.p(level).astype(np.float64)
        return merge_tree(len(self.part.labels[level]), pairs.i, pairs.j, probability, floor=_PROBABILITY_FLOOR)


def fit_judge(
    data: LabelledHeadlines, titles: EncodedTitles, edits: EditedCopies, answers: AnsweredPairs
) -> tuple[Judge, dict[str, Scores]]:
    """Return the judge fitted on all slices, and per level the scores on each slice of judges fitted without it.

    `titles`: see `encode_folds`.
    """
    slices = [slice_pairs(data, titles, edits, k) for k in range(len(data.slices))]
    held_out = [
        replace(scored, pairs=scored.judge.with_context(scored.context, scored.pairs))
        for scored in _cross_fit(_fit_models, slices, answers)
    ]
    chosen = {level: _choose_threshold(held_out, level) for level in SCORED_LEVELS}
    thresholds = {level: threshold for level, (threshold, _) in chosen.items()}
    scores = {level: {**group_scores, **_pair_scores(held_out, level)} for level, (_, group_scores) in chosen.items()}
    floors = {"wording": _wording_floor(held_out), "story": CANDIDATE_FLOOR}
    lost = {level: _share_below(data, titles, level, floors[level]) for level in SCORED_LEVELS}
    judge = replace(_fit_models(slices, answers), thresholds=thresholds, candidate_floor=floors, given_up=lost)
    return judge, scores


def _cross_fit(
    fit: Callable[[Sequence[SlicePairs], AnsweredPairs], Judge], slices: Sequence[SlicePairs], answers: AnsweredPairs
) -> Iterator[_ScoredSlice]:
    """Score each slice, by pairs alone, with the judge that `fit` makes of the slices outside its fold.

    These are the folds of the networks: no judge is measured on vectors of a network that learned from them.
    """
    for training, held_out in folds(slices):
        judge = fit(training, answers)
        for part in held_out:
            p = {level: sigmoid(log_odds) for level, log_odds in judge.pair_log_odds(part.features).items()}
            wording, story = (p[level].astype(np.float32) for level in ("wording", "story"))
            pairs = replace(part.pairs, p_pair_wording=wording, p_pair_story=story)
            pairs = pairs.take(p["story"] >= MIN_CONTEXT["story"])
            yield _ScoredSlice(part, judge, pairs, Context(len(part.labels["story"]), pairs))


def _fit_models(slices: Sequence[SlicePairs], answers: AnsweredPairs) -> Judge:
    """Fit both models of each level; thresholds and floors are defaults.

    The context model learns from pair probabilities of judges that did not see the slice, as it will at use. It does not
    see the features again, through which it could undo the folds.
    """
    held_out = list(_cross_fit(_fit_pair_models, slices, answers))
    columns = np.concatenate([context_terms(scored.context, scored.pairs) for scored in held_out])
    context_models = {
        level: _logistic(columns, np.concatenate([scored.same(level) for scored in held_out]))
        for level in SCORED_LEVELS
    }
    return replace(_fit_pair_models(slices, answers), context=context_models)


def _fit_pair_models(slices: Sequence[SlicePairs], answers: AnsweredPairs) -> Judge:
    """Fit on each pair with and without dates, on distant pairs, on edited copies, and on answers.

    Otherwise the judge would not know how similar titles of different weeks can be, nor how much one word can change;
    and many users have no dates.
    """
    dated = np.concatenate([part.features for part in slices])
    distant = np.concatenate([part.distant for part in slices])
    models = {}
    for level in SCORED_LEVELS:
        edited = np.concatenate([part.edited[level] for part in slices])
        same = np.concatenate([part.same(level, part.pairs) for part in slices])
        columns = terms(np.concatenate([dated, undated(dated), distant, answers.features, edited, undated(edited)]))
        different, edited_differ = np.zeros(len(distant), bool), np.zeros(2 * len(edited), bool)
        truth = np.concatenate([same, same, different, answers.same[level], edited_differ])
        weights = np.repeat((1, _EDIT_WEIGHT), [len(truth) - 2 * len(edited), 2 * len(edited)])
        models[level] = _logistic(columns, truth, weights)
    thresholds, floors, shares = (dict.fromkeys(SCORED_LEVELS, value) for value in (0.5, CANDIDATE_FLOOR, 0.0))
    return Judge(models, {}, thresholds, floors, shares, _PROBABILITY_FLOOR)


def _logistic(columns: Floats, truth: Bools, weights: Floats | None = None) -> Logistic:
    """Fit one regression; its coefficients are in the units of the columns."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    if truth.all() or not truth.any():
        raise InputError("all pairs to learn from have the same answer: add stories, including some that are similar")
    scaler = StandardScaler().fit(columns)
    model = LogisticRegression(max_iter=5000).fit(scaler.transform(columns), truth, weights)
    coefficients = model.coef_[0] / scaler.scale_
    return Logistic(float(model.intercept_[0] - coefficients @ scaler.mean_), coefficients)


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
    unsure = (probability >= _PROBABILITY_FLOOR) & (probability <= 1 - _PROBABILITY_FLOOR)
    return {
        "average_precision": round(average_precision(same, probability), 4),
        "calibration_error": round(calibration_error(same[unsure], probability[unsure]), 4) if unsure.any() else None,
        "log_loss": round(log_loss(same[unsure], probability[unsure]), 4) if unsure.any() else None,
    }


def _wording_floor(held_out: Sequence[_ScoredSlice]) -> float:
    """The highest wording similarity that loses next to none of the same-wording pairs that a judge would keep."""
    kept = []
    for scored in held_out:
        part, features = scored.part, scored.part.features
        probability = sigmoid(scored.judge.pair_log_odds(features, ["wording"])["wording"])
        rows = (probability >= _PROBABILITY_FLOOR) & part.same("wording", part.pairs)
        kept.append(features[rows, FEATURES.index("wording_similarity")])
    similarity = np.concatenate(kept)
    floors = [floor for floor in _WORDING_FLOORS if (similarity < floor).sum() <= _MAX_LOSS * len(similarity)]
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
