"""`tune`: the threshold at which the groups of labelled headlines reach a wanted precision, recall or F1."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Unpack

import numpy as np

from dedupe.errors import InputError
from dedupe.evaluation.labelled import LabelColumns, LabelledHeadlines, read_labels, runs_of, warnings_of
from dedupe.evaluation.labelled_pairs import LabelledPairs, labelled_pairs
from dedupe.evaluation.questions import Answer, Questions
from dedupe.evaluation.threshold_choice import Goal, ThresholdChoice, check_goal, choose_threshold
from dedupe.headlines import Row
from dedupe.levels import SCORED_LEVELS
from dedupe.pipeline import Frame, deduplicate
from dedupe.result.cautions import Caution
from dedupe.result.deduplication import Deduplication
from dedupe.result.settings import RunOptions
from dedupe.runtime.arrays import Bools, Floats

_FEW_TRUE, _FEW_BLOCKS, _FEW_ANSWERS = 200, 50, 200  # with fewer, an interval is only a guess itself


@dataclass(frozen=True, slots=True)
class Tuning:
    """A threshold chosen on labelled headlines, and what it rests on.

    `choice`: what the threshold reaches, with intervals and the curve over all thresholds. `before`: the threshold in force.
    `scored` rows have a label, `unlabelled` rows have none. `probabilities` and `same`: the probability of each scored pair of
    labelled rows and whether it is true, (pairs,). `warnings`: those about the input.

    `answers`: how many answers about pairs were the labels, None where columns were. With answers, `unlabelled` counts those
    about other pairs, and counts of pairs are estimates.
    """

    level: str
    choice: ThresholdChoice
    before: float
    scored: int
    unlabelled: int
    slices: int
    probabilities: Floats
    same: Bools
    warnings: tuple[Caution, ...]
    answers: int | None = None

    @property
    def threshold(self) -> float:
        """The threshold, with three decimals."""
        return self.choice.threshold

    @property
    def caution(self) -> str | None:
        """One line if there are too few labels to rely on the intervals, else None."""
        if self.answers is not None:
            few = f"the threshold rests on only {self.answers:,} answers: give at least {_FEW_ANSWERS} before you rely on it"
            return few if self.answers < _FEW_ANSWERS else None
        if self.choice.true >= _FEW_TRUE and self.choice.blocks >= _FEW_BLOCKS:
            return None
        return (
            f"few labels: {self.choice.true:,.0f} pairs that belong together, in {self.choice.blocks:,} independent groups; "
            f"label more before you rely on the threshold, at least {_FEW_TRUE} such pairs in {_FEW_BLOCKS} groups"
        )


def tune(
    headlines: Iterable[Row] | Frame,
    goal: Goal | None = None,
    *,
    level: str = "story",
    columns: LabelColumns | None = None,
    resamples: int = 1000,
    seed: int = 0,
    **options: Unpack[RunOptions],
) -> Tuning:
    """Choose the threshold of a level on labelled headlines, as `choose_threshold` does from pairs.

    For the best F1, the threshold in force changes only if another is clearly better. Pairs are counted over all slices; rows
    without a label are grouped with the others, but not counted. The result does not depend on the order of the input.

    Args:
        headlines: what `deduplicate` takes, with the columns of the labels, as for `evaluate`.
        goal: what the joined pairs should reach, such as `Goal("precision", 0.98)`. Default: the best F1.
        level: "story" or "wording".
        columns: the names of the columns of labels, where they differ.
        resamples: of the bootstrap.
        seed: of the bootstrap.
        options: as for `evaluate`. The threshold of the level is the one in force; wordings are tuned within the stories that
            `story_threshold` makes.

    Raises:
        InputError: where `evaluate` raises it, where no threshold reaches the goal, and for a `wording_threshold` with the
            level "story", where it has no effect.
    """
    goal = _checked(level, goal, options)
    labelled = read_labels(headlines, columns)
    labelled.check_pairs(level)
    runs = runs_of(labelled, **options)
    pairs, before = labelled_pairs(labelled, runs, level), runs[0].thresholds[level]
    choice = choose_threshold(pairs, goal, before=before, floor=runs[0].floor, resamples=resamples, seed=seed)
    scored, scored_pairs = labelled.scored(level), _scored_pairs(labelled, runs, level)
    warnings = warnings_of(labelled, runs)
    return Tuning(level, choice, before, scored, len(labelled.headlines) - scored, len(runs), *scored_pairs, warnings)


def tune_by_answers(
    headlines: Iterable[Row] | Frame,
    answers: Iterable[Answer],
    goal: Goal | None = None,
    *,
    level: str = "story",
    resamples: int = 1000,
    seed: int = 0,
    **options: Unpack[RunOptions],
) -> Tuning:
    """Choose the threshold of a level by answers about pairs of these headlines, as `headline-dedupe label` asks for them.

    `answers`: two titles and the verdict each, about pairs that `Questions` drew for this level, so that each answer stands
    for other pairs of about its height. Recall is the share of true pairs among distinct titles that the floor joins or that
    were scored. Wordings are those of the whole input, not of its stories. Everything else is as for `tune`. Also raises
    `InputError` where no answer is about these titles, and for a `story_threshold` with the level "wording", where it has no
    effect.
    """
    goal, answers = _checked(level, goal, options), list(answers)
    if level == "wording" and options.get("story_threshold") is not None:
        raise InputError("story_threshold has no effect where wordings are tuned by answers: leave it out")
    questions = Questions(deduplicate(headlines, level=level, **options), level, answers)
    tuning = tuned_by(questions, goal, resamples=resamples, seed=seed)
    return replace(tuning, unlabelled=questions.unrelated(answers))


def tuned_by(questions: Questions, goal: Goal | None = None, *, resamples: int = 1000, seed: int = 0) -> Tuning:
    """Choose the threshold by the answers to questions about one run, as `tune_by_answers` does."""
    run, level, pairs = questions.result, questions.level, questions.pairs
    places, truth = questions.verdicts()
    if not len(places):
        raise InputError(f"no answer for the level {level} is about these headlines: give answers to questions on them")
    weights, heights, before = pairs.weights(places), pairs.height[places], run.thresholds[level]
    groups = run.trees[level].cut(run.floor)[pairs.i[places]]
    blocks = np.where(heights > 0, groups, len(run.nodes) + np.arange(len(places)))
    answers, unseen = LabelledPairs.of(heights, truth, weights, blocks), float(weights.mean())
    choice = choose_threshold(
        answers, goal, before=before, unseen=unseen, floor=run.floor, resamples=resamples, seed=seed
    )
    probabilities, warnings = pairs.probability[places], run.cautions
    return Tuning(level, choice, before, len(run), 0, 1, probabilities, truth, warnings, answers=len(places))


def _checked(level: str, goal: Goal | None, options: RunOptions) -> Goal:
    """The goal; `InputError` for arguments that contradict each other, before any work."""
    if level not in SCORED_LEVELS:
        raise InputError(f"level must be one of {', '.join(SCORED_LEVELS)}, not {level!r}")
    if level == "story" and options.get("wording_threshold") is not None:
        raise InputError("wording_threshold has no effect where stories are tuned: leave it out")
    return check_goal(goal)


def _scored_pairs(labelled: LabelledHeadlines, runs: list[Deduplication], level: str) -> tuple[Floats, Bools]:
    """The probability of each scored pair of labelled rows, and whether it is true."""
    probabilities, same = list[Floats](), list[Bools]()
    for rows, run in zip(labelled.slices, runs, strict=True):
        pairs, truth = run.pairs, labelled.labels[level][rows]
        first, second = truth[pairs.i], truth[pairs.j]
        labelled_both = (first >= 0) & (second >= 0)
        probabilities.append(pairs.p(level)[labelled_both])
        same.append((first == second)[labelled_both])
    return np.concatenate(probabilities), np.concatenate(same)
