"""The regressions of a judge, each fitted on what those before it say of pairs that they were not fitted on.

Cross-fitting leaves out blocks of time, as neighbouring slices share sagas. It is nested: no figure of a judge, and no column
that a regression learns from, comes from a judge that has seen the labels of the pair. Each slice has a share of the answers,
which are left out with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from dedupe.candidates.pairs import PairTable
from dedupe.errors import InputError
from dedupe.levels import SCORED_LEVELS
from dedupe.runtime.arrays import Bools, Float32s, Floats, Ints
from dedupe.scoring.context import Context
from dedupe.scoring.model import CONTEXT_TERMS, Judge, Logistic, context_terms, read_terms, sigmoid, terms
from dedupe.scoring.scorer import MIN_CONTEXT
from dedupe.training.reader_pairs import CANDIDATE_FLOOR
from dedupe.training.training_pairs import Examples, SlicePairs, joined

PROBABILITY_FLOOR = 0.05
_BLOCKS = 3
_UNDATED_WEIGHT, _DISTANT_WEIGHT = 1.0, 1.0  # of a pair, where a dated pair of a slice weighs 1
_ANSWERS_SHARE = 0.03  # weight of all answers among others, as a share of that of all undated pairs
_ANSWER_WEIGHT = 30.0  # of one answer, at most
_ALONE_SHARES = {"inside": 0.05, "distant": 0.05, "unrelated": 0.3}
"""Weight of all these undated pairs in what `alone` learns from, as a share of that of all answers."""
_ALONE_DIFFERENT = {"wording": 1.0, "story": 3.0}
"""Weight of an answered pair of different events there, where others weigh 1: to join such is the worse mistake."""
_STRENGTH = 0.3  # inverse of the regularization of `alone`, which has few answers to learn from
_READ_FROM = 0.01  # least probability of a pair of slices that is read
_CROWD = 1.0  # a slice is judged as a day of news, whatever its size
_LEVELS_FITTED = 3  # how deep cross-fitting is nested: scores, context, reading

Numbers = tuple[int, ...]
"""Places of slices among those that a judge is fitted on, ascending."""
ReadPairs = Callable[[Ints, Ints], Float32s]
"""Rows of pairs -> what the reader says of them, (pairs, 2)."""


def blocks(numbers: Numbers) -> list[tuple[Numbers, Numbers]]:
    """Return, for each of three blocks of time, the slices outside it and those inside; a single slice is on both sides."""
    if len(numbers) == 1:
        return [(numbers, numbers)]
    parts = [tuple(part.tolist()) for part in np.array_split(numbers, min(_BLOCKS, len(numbers)))]
    return [(tuple(k for k in numbers if k not in part), part) for part in parts]


def fitted_on(numbers: Numbers, depth: int = _LEVELS_FITTED) -> Iterator[Numbers]:
    """Yield all parts of the slices that a judge is fitted on, also while it is cross-fitted."""
    yield numbers
    if depth:
        for outside, _ in blocks(numbers):
            yield from fitted_on(outside, depth - 1)


class Fitting:
    """Judges fitted on some of the slices `parts`."""

    def __init__(self, parts: Sequence[SlicePairs]) -> None:
        self.parts = parts
        self._pair_judges: dict[Numbers, Judge] = {}
        self._read_judges: dict[Numbers, Judge] = {}

    @property
    def numbers(self) -> Numbers:
        """All slices."""
        return tuple(range(len(self.parts)))

    def judge(self, numbers: Numbers) -> Judge:
        """Return a whole judge; its thresholds and floors are defaults."""
        judge = self._read_judge(numbers)
        read = self.scored(numbers, self._read_judge)
        unread = self.scored(numbers, self._pair_judge, read=False)  # a run may read some pairs, or none
        return replace(judge, context=_fit_context([*read, *unread]))

    def scored(
        self, numbers: Numbers, fit: Callable[[Numbers], Judge], *, read: bool = True
    ) -> list[tuple[SlicePairs, PairTable, Judge]]:
        """Score the pairs of each slice by themselves with the judge that `fit` makes of the slices outside its block.

        `read`: whether with what the reader says.
        """
        return [
            (self.parts[k], _scored(self.parts[k], judge, read=read), judge)
            for judge, inside in ((fit(outside), inside) for outside, inside in blocks(numbers))
            for k in inside
        ]

    def _read_judge(self, numbers: Numbers) -> Judge:
        if numbers not in self._read_judges:
            apart = [(self._pair_judge(outside), self._learned_from(inside)) for outside, inside in blocks(numbers)]
            read, alone = _fit_read(apart)
            self._read_judges[numbers] = replace(self._pair_judge(numbers), read=read, alone=alone)
        return self._read_judges[numbers]

    def _pair_judge(self, numbers: Numbers) -> Judge:
        if numbers not in self._pair_judges:
            self._pair_judges[numbers] = _pair_judge(*self._learned_from(numbers))
        return self._pair_judges[numbers]

    def _learned_from(self, numbers: Numbers) -> tuple[Examples, Floats]:
        return weighted_examples([self.parts[k] for k in numbers])

    def with_reading(self, read: ReadPairs) -> Fitting:
        """Return the same with all pairs read that may be probable, and all answers."""
        judge = self._pair_judge(self.numbers)
        likely = partial(_likely, judge)
        return Fitting(
            [
                replace(
                    part,
                    inside=_with_log_odds(part.inside, likely(part.inside) | likely(part.inside.undated()), read),
                    distant=_with_log_odds(part.distant, likely(part.distant), read),
                    unrelated=_with_log_odds(part.unrelated, np.ones(len(part.unrelated), bool), read),
                    answered=_with_log_odds(part.answered, np.ones(len(part.answered), bool), read),
                )
                for part in self.parts
            ]
        )


def weighted_examples(parts: Sequence[SlicePairs]) -> tuple[Examples, Floats]:
    """Return what regressions learn from, and the weights of each pair, (pairs, 3).

    The first is for pairs among others. Each is learned from with and without dates, as many users have none; distant pairs, so
    that a judge knows how similar titles of different weeks can be; unrelated ones; and answers. The others are for pairs
    alone, at either level: they are mostly on the answers, where titles that look alike are as often of two events as of one.
    """
    inside, distant, unrelated, answered = (joined(getattr(part, name) for part in parts) for name in _KINDS)
    groups = [inside, inside.undated(), distant, unrelated, answered]
    answer_weight = min(_ANSWERS_SHARE * _UNDATED_WEIGHT * len(inside) / max(len(answered), 1), _ANSWER_WEIGHT)
    among_others = [1.0, _UNDATED_WEIGHT, _DISTANT_WEIGHT, _DISTANT_WEIGHT, answer_weight]
    shares = [
        share * len(answered) / max(len(group), 1) if len(answered) else 1.0
        for share, group in zip(_ALONE_SHARES.values(), groups[1:], strict=False)
    ]
    alone = [0.0, *shares, 1.0]
    by_group = np.column_stack([among_others, *[alone] * len(SCORED_LEVELS)])
    weights = np.repeat(by_group, [len(group) for group in groups], axis=0)
    for column, level in enumerate(SCORED_LEVELS, 1):
        factor = np.where(answered.same["story"], 1.0, _ALONE_DIFFERENT[level])
        weights[len(weights) - len(answered) :, column] *= factor
    return joined(groups), weights


_KINDS = ("inside", "distant", "unrelated", "answered")


def _pair_judge(examples: Examples, weights: Floats) -> Judge:
    columns = terms(examples.features)
    models = {level: _logistic(columns, examples.same[level], weights[:, 0]) for level in SCORED_LEVELS}
    thresholds, floors, shares = (dict.fromkeys(SCORED_LEVELS, value) for value in (0.5, CANDIDATE_FLOOR, 0.0))
    return Judge(models, {}, {}, {}, thresholds, floors, shares, PROBABILITY_FLOOR)


def _fit_read(
    apart: Sequence[tuple[Judge, tuple[Examples, Floats]]],
) -> tuple[dict[str, Logistic], dict[str, Logistic]]:
    """Fit `read` and `alone` on pairs that were read, by judges that were fitted on others."""
    columns, weights, read = [], [], []
    for judge, (every, weight) in apart:
        examples = every.take(every.read)
        columns.append(read_terms(examples.features, _by_features(judge, examples), examples.log_odds))
        weights.append(weight[every.read])
        read.append(examples)
    examples, rows = joined(read), np.concatenate(columns)
    among_others, *alone = np.concatenate(weights).T
    used, read_models, alone_models = alone[0] > 0, {}, {}
    for level, weight in zip(SCORED_LEVELS, alone, strict=True):
        same = examples.same[level]
        read_models[level] = _logistic(rows, same, among_others)
        alone_models[level] = _logistic(rows[used], same[used], weight[used], _STRENGTH)
    return read_models, alone_models


def _fit_context(scored: Sequence[tuple[SlicePairs, PairTable, Judge]]) -> dict[str, Logistic]:
    """Fit on pairs as they are scored at use: it sees no features, through which it could undo the cross-fitting."""
    columns = np.concatenate([context_terms(Context(part.titles, pairs), pairs) for part, pairs, _ in scored])
    same = {
        level: np.concatenate([same_pairs(part, level, pairs) for part, pairs, _ in scored]) for level in SCORED_LEVELS
    }
    return {level: _context_model(columns, same[level], level) for level in SCORED_LEVELS}


def _context_model(columns: Floats, same: Bools, level: str) -> Logistic:
    """The fitted regression; one that changes nothing where judges already keep the right pairs alone."""
    if same.any() and not same.all():
        return _logistic(columns, same)
    return Logistic(0.0, np.array([term == f"{level}_log_odds" for term in CONTEXT_TERMS], float))


def in_context(part: SlicePairs, pairs: PairTable, judge: Judge) -> PairTable:
    """Return the scored pairs of a slice with their probability in context."""
    return judge.with_context(Context(part.titles, pairs), pairs, _CROWD)


def same_pairs(part: SlicePairs, level: str, pairs: PairTable) -> Bools:
    """Return which pairs of headlines of a slice have the same label."""
    labels = part.labels[level]
    return np.equal(labels[pairs.i], labels[pairs.j])


def _scored(part: SlicePairs, judge: Judge, *, read: bool) -> PairTable:
    """The pairs of a slice by themselves, without improbable ones; as in `Scorer`."""
    table = _by_features(judge, part.inside)
    wording, story = (part.inside.log_odds if read else np.full_like(part.inside.log_odds, np.nan)).T
    pairs = replace(part.pairs, read_wording=wording, read_story=story)
    pairs = replace(pairs, p_pair_wording=table.p_pair_wording, p_pair_story=table.p_pair_story)
    pairs = pairs.take(pairs.p_pair_story >= MIN_CONTEXT["story"])
    if read:
        examples = part.inside.take(np.asarray(table.p_pair_story >= MIN_CONTEXT["story"]))
        places = np.flatnonzero(examples.read)
        some, of_some = examples.take(places), pairs.take(places)
        p = judge.read_probabilities(some.features, of_some, some.log_odds, _CROWD)
        wording, story = (p[level].astype(np.float32) for level in SCORED_LEVELS)
        pairs = pairs.updated(places, replace(of_some, p_pair_wording=wording, p_pair_story=story))
    return pairs.take(pairs.p_pair_story >= MIN_CONTEXT["story"])


def _by_features(judge: Judge, examples: Examples) -> PairTable:
    p = {level: sigmoid(odds).astype(np.float32) for level, odds in judge.pair_log_odds(examples.features).items()}
    return PairTable(examples.i, examples.j, p_pair_wording=p["wording"], p_pair_story=p["story"])


def _likely(judge: Judge, examples: Examples) -> Bools:
    return np.asarray(_by_features(judge, examples).p_pair_story >= _READ_FROM)


def _with_log_odds(examples: Examples, chosen: Bools, read: ReadPairs) -> Examples:
    log_odds = examples.log_odds.copy()
    log_odds[chosen] = read(examples.i[chosen], examples.j[chosen])
    return replace(examples, log_odds=log_odds)


def _logistic(columns: Floats, truth: Bools, weights: Floats | None = None, strength: float = 1.0) -> Logistic:
    """Fit one regression; its coefficients are in the units of the columns. `strength`: the inverse of its regularization."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    if truth.all() or not truth.any():
        raise InputError("all pairs to learn from have the same answer: add stories, including some that are similar")
    scaler = StandardScaler().fit(columns)
    model = LogisticRegression(C=strength, max_iter=5000).fit(scaler.transform(columns), truth, weights)
    coefficients = model.coef_[0] / scaler.scale_
    return Logistic(float(model.intercept_[0] - coefficients @ scaler.mean_), coefficients)
