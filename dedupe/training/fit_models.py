"""Fit the logistic regressions of a judge: per level, one on the features of pairs and one on their context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dedupe.candidates.pairs import PairTable
from dedupe.errors import InputError
from dedupe.levels import SCORED_LEVELS
from dedupe.runtime.arrays import Bools, Floats
from dedupe.scoring.context import Context
from dedupe.scoring.model import Judge, Logistic, context_terms, sigmoid, terms
from dedupe.scoring.scorer import MIN_CONTEXT
from dedupe.training.training_pairs import CANDIDATE_FLOOR, FOLDS, AnsweredPairs, SlicePairs, undated

PROBABILITY_FLOOR = 0.05
_EDIT_WEIGHT = 0.03  # of a pair with an edited copy; from 0.1 on, groups of held-out news get worse


def folds(slices: Sequence[SlicePairs]) -> list[tuple[list[SlicePairs], list[SlicePairs]]]:
    """Return for each fold the slices outside and inside it, divided as `train` divides them.

    So no judge is measured on vectors of a network that learned from them.
    """
    return [
        ([part for k, part in enumerate(slices) if k % FOLDS != fold], list(slices[fold::FOLDS]))
        for fold in range(FOLDS)
    ]


def fit_models(slices: Sequence[SlicePairs], answers: AnsweredPairs) -> Judge:
    """Return a judge with both models of each level; its thresholds and floors are defaults.

    The context model learns from pair probabilities of judges that did not see the slice, as it will at use. It does not
    see the features again, through which it could undo the folds.
    """
    judge = _pair_judge(slices, answers)
    columns, same = [], {level: [np.zeros(0, bool)] for level in SCORED_LEVELS}
    for learned, held_out in folds(slices):
        fold_judge = _pair_judge(learned, answers)
        for part in held_out:
            pairs, context = context_pairs(fold_judge, part)
            columns.append(context_terms(context, pairs))
            for level in SCORED_LEVELS:
                same[level].append(part.same(level, pairs))
    context_models = {level: _logistic(np.concatenate(columns), np.concatenate(same[level])) for level in SCORED_LEVELS}
    return replace(judge, context=context_models)


def context_pairs(judge: Judge, part: SlicePairs) -> tuple[PairTable, Context]:
    """Return the pairs of a slice that count as context, with their probability by themselves, and their context."""
    p = {level: sigmoid(log_odds) for level, log_odds in judge.pair_log_odds(part.features).items()}
    wording, story = (p[level].astype(np.float32) for level in ("wording", "story"))
    pairs = replace(part.pairs, p_pair_wording=wording, p_pair_story=story).take(p["story"] >= MIN_CONTEXT["story"])
    return pairs, Context(len(part.labels["story"]), pairs)


def _pair_judge(slices: Sequence[SlicePairs], answers: AnsweredPairs) -> Judge:
    """Fit on each pair with and without dates, on distant pairs, on edited copies, and on answers.

    Otherwise the judge would not know how similar titles of different weeks can be, nor how much one word can change;
    and many users have no dates.
    """
    dated = np.concatenate([part.features for part in slices])
    distant = np.concatenate([part.distant for part in slices])
    all_edited = np.concatenate([part.edited for part in slices])
    edited_stories = np.concatenate([part.edited_stories for part in slices])
    models = {}
    for level in SCORED_LEVELS:
        edited = all_edited[edited_stories] if level == "story" else all_edited
        same = np.concatenate([part.same(level) for part in slices])
        columns = terms(np.concatenate([dated, undated(dated), distant, answers.features, edited, undated(edited)]))
        truth = np.concatenate(
            [same, same, np.zeros(len(distant), bool), answers.same[level], np.zeros(2 * len(edited), bool)]
        )
        weights = np.repeat((1, _EDIT_WEIGHT), [len(truth) - 2 * len(edited), 2 * len(edited)])
        models[level] = _logistic(columns, truth, weights)
    thresholds, floors, shares = (dict.fromkeys(SCORED_LEVELS, value) for value in (0.5, CANDIDATE_FLOOR, 0.0))
    return Judge(models, {}, thresholds, floors, shares, PROBABILITY_FLOOR)


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
