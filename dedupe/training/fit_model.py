"""Fit the judge on labelled pairs: two logistic regressions a level, and thresholds chosen on held-out slices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dedupe.candidates.join import candidate_pairs
from dedupe.candidates.pairs import PairTable
from dedupe.candidates.products import cosines
from dedupe.clustering.linkage import merge_tree
from dedupe.clustering.merge_tree import MergeTree
from dedupe.errors import InputError
from dedupe.evaluation.metrics import average_precision, b_cubed, calibration_error, log_loss, pairwise
from dedupe.headlines import Headline
from dedupe.levels import SCORED_LEVELS
from dedupe.scoring.context import Context
from dedupe.scoring.model import Judge, Logistic, context_terms, sigmoid, terms
from dedupe.scoring.pair_features import FEATURES, pair_features
from dedupe.scoring.scorer import MIN_CONTEXT
from dedupe.scoring.title_features import describe_titles
from dedupe.training.answers import NONE, AnsweredPairs
from dedupe.training.edits import Edit, pairs_of
from dedupe.training.stories import Ints, Labelled

CANDIDATE_FLOOR = 0.35  # of the story level, and of what the judge is fitted on
WORDING_FLOORS = np.arange(0.35, 0.81, 0.05)
LOST = 0.01  # share of the same-wording pairs, of those the judge keeps, that may lie under the floor of that level
FLOOR = 0.05
FOLDS = 3
EDIT_WEIGHT = 0.03  # of a pair with an edited copy; from 0.1 on held-out groups of real news get worse
_LATER = 48.0  # hours
THRESHOLDS = np.arange(0.1, 0.81, 0.05)
Vectors = NDArray[np.float32]
Evidence = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Encoded:
    """Unit rows as each level compares them, of headlines, (n, d), and of edited copies of them, (edits, d).

    Those of a headline, and of its copies, come from a network that did not learn from its slice. `answers`: pairs that
    people have answered about.
    """

    story: Vectors
    wording: Vectors
    edits: list[Edit]
    story_of_edits: Vectors
    wording_of_edits: Vectors
    answers: AnsweredPairs = NONE


@dataclass(frozen=True, slots=True)
class Slice:
    """The candidate pairs of one slice, their evidence, and the labels of its headlines per level.

    `strangers`: the evidence of pairs with slices weeks away, which are never one story. `edits`: that of pairs with
    edited copies, which are never one wording; `edits_apart` says which are no story either.
    """

    i: Ints
    j: Ints
    evidence: Evidence
    labels: dict[str, Ints]
    strangers: Evidence
    edits: Evidence
    edits_apart: NDArray[np.bool_]

    def same(self, level: str) -> NDArray[np.bool_]:
        """Which pairs belong together."""
        return np.equal(self.labels[level][self.i], self.labels[level][self.j])


@dataclass(frozen=True, slots=True)
class Fitted:
    """A judge fitted on all slices, and per level what judges fitted without a slice scored on it."""

    judge: Judge
    scores: dict[str, dict[str, float | None]]


def fit_judge(data: Labelled, encoded: Encoded) -> Fitted:
    """Return the judge of labelled headlines.

    Folds are the same slices as those of `train`, so that no judge sees a slice through a network that learned it.
    """
    slices = [slice_of(data, encoded, k, _others(k, len(data.slices))) for k in range(len(data.slices))]
    held_out = [(fit(inside, encoded.answers), outside) for inside, outside in _folds(slices)]
    thresholds: dict[str, float] = {}
    scores: dict[str, dict[str, float | None]] = {}
    for level in SCORED_LEVELS:
        thresholds[level], grouped = _choose_threshold(held_out, level)
        scores[level] = {**grouped, **_pair_scores(held_out, level)}
    floors = {"wording": _wording_floor(held_out), "story": CANDIDATE_FLOOR}
    given_up = {level: _given_up(data, encoded, level, floors[level]) for level in SCORED_LEVELS}
    judge = replace(fit(slices, encoded.answers), thresholds=thresholds, candidate_floor=floors, given_up=given_up)
    return Fitted(judge, scores)


def _wording_floor(held_out: Sequence[tuple[Judge, Sequence[Slice]]]) -> float:
    """The highest wording similarity below which next to none of the same-wording pairs lie that a judge would keep."""
    kept = []
    for judge, fold in held_out:
        for part in fold:
            chance = sigmoid(judge.pair_log_odds(part.evidence, ["wording"])["wording"])
            kept.append(part.evidence[(chance >= FLOOR) & part.same("wording"), FEATURES.index("wording_similarity")])
    similarity = np.concatenate(kept)
    fitting = [floor for floor in WORDING_FLOORS if (similarity < floor).sum() <= LOST * len(similarity)]
    return round(float(max(fitting, default=CANDIDATE_FLOOR)), 2)


def _given_up(data: Labelled, encoded: Encoded, level: str, floor: float) -> float:
    """The share of all pairs that belong together whose similarity lies under the floor."""
    below = count = 0
    vectors = encoded.story if level == "story" else encoded.wording
    for own in data.slices:
        labels = data.labels[level][own]
        i, j = np.nonzero(np.triu(labels[:, None] == labels, 1))
        below += int((cosines(vectors[own], i, j) < floor).sum())
        count += len(i)
    return round(below / max(count, 1), 4)


def _folds(slices: Sequence[Slice]) -> list[tuple[list[Slice], list[Slice]]]:
    """Each fold's slices outside it and inside it."""
    every = range(FOLDS)
    return [([part for k, part in enumerate(slices) if k % FOLDS != fold], list(slices[fold::FOLDS])) for fold in every]


def _others(k: int, count: int) -> list[int]:
    """The later slices of the same fold: the vectors of two folds come from two networks and cannot be compared."""
    return list(range(k + FOLDS, count, FOLDS))


def slice_of(data: Labelled, encoded: Encoded, k: int, others: Sequence[int]) -> Slice:
    """Return the candidate pairs of slice `k` with their evidence, and of its headlines with those of other slices."""
    own = data.slices[k]
    rows = np.concatenate([own, *(data.slices[other] for other in others)])
    headlines = [data.headlines[row] for row in rows]
    titles = describe_titles([data.texts[row] for row in rows], *_hours(headlines), [h.source for h in headlines])
    pairs = candidate_pairs(encoded.story[rows], CANDIDATE_FLOOR)
    pairs = pairs.take(pairs.i < len(own))
    wording = cosines(encoded.wording[rows], pairs.i, pairs.j)
    found = pair_features(titles, pairs.i, pairs.j, pairs.similarity, wording)
    inside = pairs.j < len(own)
    labels = {level: data.labels[level][own] for level in SCORED_LEVELS}
    edits = _edits_of(data, encoded, own)
    return Slice(pairs.i[inside], pairs.j[inside], found[inside], labels, undated(found[~inside]), *edits)


def _hours(headlines: Sequence[Headline]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    hours = np.array([h.published.timestamp() / 3600 if h.published else np.nan for h in headlines], float)
    return hours, hours


def _edits_of(data: Labelled, encoded: Encoded, own: Ints) -> tuple[Evidence, NDArray[np.bool_]]:
    """The evidence of each pair of a headline of these rows and an edited copy, published within two days."""
    place = {row: k for k, row in enumerate(own.tolist())}
    chosen = [k for k, edit in enumerate(encoded.edits) if edit.of in place]
    edits = [encoded.edits[k] for k in chosen]
    copies, originals = pairs_of([replace(edit, of=place[edit.of]) for edit in edits], data.labels["wording"][own])
    headlines = [data.headlines[row] for row in own]
    first, _ = _hours(headlines)
    later = first[[place[edit.of] for edit in edits]] + np.random.default_rng(len(own)).uniform(0, _LATER, len(edits))
    hours = np.concatenate([first, later])
    texts = [data.texts[row] for row in own] + [edit.text for edit in edits]
    titles = describe_titles(texts, hours, hours, [h.source for h in headlines] + [None] * len(edits))
    i, j = originals, copies + len(own)
    story = np.concatenate([encoded.story[own], encoded.story_of_edits[chosen]])
    wording = np.concatenate([encoded.wording[own], encoded.wording_of_edits[chosen]])
    found = pair_features(titles, i, j, cosines(story, i, j), cosines(wording, i, j))
    return found, np.array([edit.story for edit in edits], bool)[copies]


def undated(found: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return evidence as it would be without dates."""
    without = found.copy()
    without[:, FEATURES.index("hours")] = 0
    without[:, FEATURES.index("undated")] = 1
    return without


def fit(slices: Sequence[Slice], answers: AnsweredPairs = NONE) -> Judge:
    """Fit both regressions of each level.

    The one that sees a pair in company learns from probabilities alone of judges that did not see its slice, as it will
    meet them; it does not see the evidence again, through which it could undo the folds.
    """
    judge = _judge(_fit_alone(slices, answers), {})
    inner = [(_judge(_fit_alone(inside, answers), {}), outside) for inside, outside in _folds(slices)]
    columns, same = [], {level: [np.zeros(0, bool)] for level in SCORED_LEVELS}
    for outsider, outside in inner:
        for part in outside:
            noticed, pairs = _noticed(outsider, part)
            columns.append(context_terms(Context(len(part.labels["story"]), pairs), pairs))
            for level in SCORED_LEVELS:
                same[level].append(part.same(level)[noticed])
    company = {level: _logistic(np.concatenate(columns), np.concatenate(same[level])) for level in SCORED_LEVELS}
    return replace(judge, context=company)


def _fit_alone(slices: Sequence[Slice], answers: AnsweredPairs) -> dict[str, Logistic]:
    """Fit on every pair twice, with and without its dates, on undated strangers, on edited copies and on answers.

    Without these the judge would not know how alike titles of different weeks can be, nor how much one word can change,
    and people often have no dates.
    """
    dated = np.concatenate([part.evidence for part in slices])
    strangers = np.concatenate([part.strangers for part in slices])
    edits = np.concatenate([part.edits for part in slices])
    apart = np.concatenate([part.edits_apart for part in slices])
    fitted = {}
    for level in SCORED_LEVELS:
        used = edits[apart] if level == "story" else edits
        same = np.concatenate([part.same(level) for part in slices])
        by_term = terms(np.concatenate([dated, undated(dated), strangers, answers.evidence, used, undated(used)]))
        truth = [same, same, np.zeros(len(strangers), bool), answers.same[level], np.zeros(2 * len(used), bool)]
        weights = np.repeat((1, EDIT_WEIGHT), [len(by_term) - len(truth[-1]), len(truth[-1])])
        fitted[level] = _logistic(by_term, np.concatenate(truth), weights)
    return fitted


def _judge(alone: dict[str, Logistic], company: dict[str, Logistic]) -> Judge:
    floors = dict.fromkeys(SCORED_LEVELS, CANDIDATE_FLOOR)
    return Judge(alone, company, dict.fromkeys(SCORED_LEVELS, 0.5), floors, dict.fromkeys(SCORED_LEVELS, 0.0), FLOOR)


def _logistic(
    columns: NDArray[np.float64], truth: NDArray[np.bool_], weights: NDArray[np.float64] | None = None
) -> Logistic:
    """Fit one regression; coefficients are in the units of the columns."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    if truth.all() or not truth.any():
        raise InputError(
            "every pair that could be learned from has one answer: give more stories, also such as are alike"
        )
    scaler = StandardScaler().fit(columns)
    model = LogisticRegression(max_iter=5000).fit(scaler.transform(columns), truth, weights)
    coefficients = model.coef_[0] / scaler.scale_
    return Logistic(float(model.intercept_[0] - coefficients @ scaler.mean_), coefficients)


def _choose_threshold(held_out: Sequence[tuple[Judge, Sequence[Slice]]], level: str) -> tuple[float, dict[str, float]]:
    """Return the threshold with the best B-cubed plus pairwise F1 on held-out slices, and those scores."""
    trees = [(part.labels[level], tree(judge, part, level)) for judge, fold in held_out for part in fold]
    by_threshold = {round(float(t), 2): _group_scores(trees, float(t)) for t in THRESHOLDS}
    best = max(by_threshold, key=lambda t: sum(by_threshold[t].values()))
    return best, by_threshold[best]


def _group_scores(trees: Sequence[tuple[Ints, MergeTree]], threshold: float) -> dict[str, float]:
    pairs = [(truth, tree.cut(threshold)) for truth, tree in trees]
    return {
        "b_cubed_f1": round(float(np.mean([b_cubed(truth, found).f1 for truth, found in pairs])), 4),
        "pairwise_f1": round(float(np.mean([pairwise(truth, found).f1 for truth, found in pairs])), 4),
    }


def tree(judge: Judge, part: Slice, level: str) -> MergeTree:
    """Return the merge tree of one slice."""
    _, pairs = _judged(judge, part)
    pairs = pairs.take(pairs.p(level) >= FLOOR)
    return merge_tree(len(part.labels[level]), pairs.i, pairs.j, pairs.p(level).astype(np.float64), floor=FLOOR)


def _noticed(judge: Judge, part: Slice) -> tuple[Ints, PairTable]:
    """Which pairs of a slice count as context, and the table of these."""
    alone = {level: sigmoid(odds) for level, odds in judge.pair_log_odds(part.evidence).items()}
    noticed = np.flatnonzero(alone["story"] >= MIN_CONTEXT["story"])
    wording, story = (alone[level][noticed].astype(np.float32) for level in SCORED_LEVELS)
    return noticed, PairTable(part.i[noticed], part.j[noticed], p_pair_wording=wording, p_pair_story=story)


def _judged(judge: Judge, part: Slice) -> tuple[Ints, PairTable]:
    noticed, pairs = _noticed(judge, part)
    return noticed, judge.with_context(Context(len(part.labels["story"]), pairs), pairs)


def _pair_scores(held_out: Sequence[tuple[Judge, Sequence[Slice]]], level: str) -> dict[str, float | None]:
    """Average precision over noticed pairs; calibration error and log loss over those in [0.05, 0.95]."""
    judged = [(*_judged(judge, part), part.same(level)) for judge, fold in held_out for part in fold]
    chance = np.concatenate([pairs.p(level) for _, pairs, _ in judged]).astype(np.float64)
    same = np.concatenate([truth[noticed] for noticed, _, truth in judged])
    unsure = (chance >= FLOOR) & (chance <= 1 - FLOOR)
    return {
        "average_precision": round(average_precision(same, chance), 4),
        "calibration_error": round(calibration_error(same[unsure], chance[unsure]), 4) if unsure.any() else None,
        "log_loss": round(log_loss(same[unsure], chance[unsure]), 4) if unsure.any() else None,
    }
