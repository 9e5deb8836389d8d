"""`tune`: the threshold at which the groups of labelled headlines reach a wanted precision, recall or F1."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedupe.embedding import encoders as encoders
from dedupe.embedding.cache import VectorCache
from dedupe.errors import InputError
from dedupe.evaluation.curves import Curve
from dedupe.evaluation.labelled import LabelColumns, Labelled, read_labels, runs_of, warnings_of
from dedupe.evaluation.metrics import Interval
from dedupe.evaluation.pair_counts import count_pairs, joined
from dedupe.evaluation.questions import Questions
from dedupe.evaluation.threshold_choice import Choice, Goal, check_goal, choose
from dedupe.headlines import Row
from dedupe.levels import SKIPPED, TOGETHER
from dedupe.pipeline import Frame, deduplicate
from dedupe.result.cautions import Caution
from dedupe.result.deduplication import Deduplication
from dedupe.runtime.progress import Progress
from dedupe.text.normalize import key_of_normalized, normalize

Floats = NDArray[np.float64]
LEVELS = ("story", "wording")
_FEW_TRUE, _FEW_BLOCKS, _FEW_ANSWERS = 200, 50, 200  # below them an interval itself is a guess


@dataclass(frozen=True, slots=True)
class Tuning:
    """A threshold chosen on labelled headlines, and what it rests on.

    `choice`: all that was found out, with the curve over all thresholds. `before`: the threshold that was in force. `scored`
    rows have a label, `unlabelled` have none. `chances` and `same`: the probability of each judged pair of labelled rows
    and whether it is true, (judged pairs,), for a reliability diagram. Where answers about pairs are the labels, `answers` is
    how many there are, `unlabelled` how many more are about other pairs, and counts of pairs are estimates.
    `warnings`: what a careful reader should know of the input and the vectors.
    """

    level: str
    choice: Choice
    before: float
    scored: int
    unlabelled: int
    slices: int
    chances: Floats
    same: NDArray[np.bool_]
    answers: int | None = None
    warnings: tuple[Caution, ...] = ()

    @property
    def threshold(self) -> float:
        """The threshold, with three decimals."""
        return self.choice.threshold

    @property
    def interval(self) -> Interval:
        """The 95 % interval of the threshold that just reaches the goal."""
        return self.choice.interval

    @property
    def reached(self) -> dict[str, float]:
        """Precision, recall and F1 of the pairs put together at the threshold."""
        return self.choice.reached

    @property
    def curve(self) -> Curve:
        """Precision, recall and F1 at every threshold."""
        return self.choice.curve

    @property
    def caution(self) -> str | None:
        """One line where the labels are too few to rely on the intervals, else None."""
        if self.answers is not None:
            few = f"this rests on {self.answers:,} answers: give at least {_FEW_ANSWERS} before you rely on it"
            return few if self.answers < _FEW_ANSWERS else None
        if self.choice.true >= _FEW_TRUE and self.choice.blocks >= _FEW_BLOCKS:
            return None
        return (
            f"this rests on {self.choice.true:,.0f} pairs that belong together, in {self.choice.blocks:,} independent groups: "
            f"label more before you rely on it, at least {_FEW_TRUE} such pairs in {_FEW_BLOCKS} groups"
        )


def tune(
    headlines: Iterable[Row] | Frame,
    goal: Goal | None = None,
    *,
    level: str = "story",
    columns: LabelColumns | None = None,
    encoder: encoders.Encoder | None = None,
    cache: VectorCache | None = None,
    window: timedelta | float | None = None,
    story_threshold: float | None = None,
    wording_threshold: float | None = None,
    resamples: int = 1000,
    seed: int = 0,
    progress: bool | Progress = False,
) -> Tuning:
    """Choose the threshold of a level on labelled headlines.

    Args:
        headlines: what `deduplicate` takes, with the columns of the labels, as for `evaluate`.
        goal: of the pairs put together, as `Goal("precision", 0.98)`; the best F1 if not given.
        level: "story", or "wording".
        columns: the names of the columns of labels, where they are others than usual.
        encoder: as for `deduplicate`.
        cache: likewise.
        window: likewise.
        story_threshold: the one in force, the model's own if not given; wordings are tuned within these stories.
        wording_threshold: likewise of wordings; without a meaning where stories are tuned.
        resamples: of the bootstrap.
        seed: of the bootstrap.
        progress: as for `deduplicate`.

    How it is chosen, `choose` says; for F1 it moves from the threshold in force only where that surely gains. Pairs are
    counted over all slices; rows without a label take part in the grouping only.
    The result does not depend on the order of the input. Raises `InputError` where `evaluate` does, and where no threshold
    reaches the goal.
    """
    goal = _checked(level, goal)
    labelled = read_labels(headlines, columns)
    labelled.check(level)
    engine: dict[str, Any] = {"encoder": encoder, "cache": cache, "window": window, "progress": progress}
    runs = runs_of(labelled, **engine, story_threshold=story_threshold, wording_threshold=wording_threshold)
    choice = _chosen(labelled, runs, level, goal, resamples, seed)
    scored = labelled.scored(level)
    counts = scored, len(labelled.headlines) - scored, len(runs)
    found = Tuning(level, choice, runs[0].thresholds[level], *counts, *_judged(labelled, runs, level))
    return replace(found, warnings=warnings_of(labelled, runs))


def _checked(level: str, goal: Goal | None) -> Goal:
    """The goal; `InputError` where that or the level is none, before any work."""
    if level not in LEVELS:
        raise InputError(f"level must be one of {', '.join(LEVELS)}, not {level!r}")
    return check_goal(goal)


def _chosen(labelled: Labelled, runs: list[Deduplication], level: str, goal: Goal, resamples: int, seed: int) -> Choice:
    """The choice by all pairs of labelled rows, from the threshold of the runs."""
    parts = zip(labelled.slices, runs, strict=True)
    pairs = joined([count_pairs(run, labelled.labels[level][rows], level) for rows, run in parts])
    before, floor = runs[0].thresholds[level], runs[0].floor
    how: dict[str, Any] = {"before": before, "floor": floor, "resamples": resamples, "seed": seed}
    return choose(pairs.heights, pairs.same, pairs.weights, pairs.blocks, goal, **how)


def tune_by_answers(
    headlines: Iterable[Row] | Frame,
    answers: Iterable[tuple[str, str, str]],
    goal: Goal | None = None,
    *,
    level: str = "story",
    encoder: encoders.Encoder | None = None,
    cache: VectorCache | None = None,
    window: timedelta | float | None = None,
    story_threshold: float | None = None,
    wording_threshold: float | None = None,
    resamples: int = 1000,
    seed: int = 0,
    progress: bool | Progress = False,
) -> Tuning:
    """Choose the threshold of a level by answers about pairs of these headlines, as `headline-dedupe label` asks for them.

    `answers`: two titles and the verdict each, of pairs that were drawn for this level (`asking.Questions`), so that each
    stands for others of its height. Pairs are those of distinct titles that the floor puts together or that were judged;
    recall is among them. `story_threshold` and `wording_threshold`: those in force; that of the level counts. Wordings are
    those of the whole input, not of its stories. Everything else is as for `tune`. Raises `InputError` where none of the
    answers is about these titles.
    """
    goal, given = _checked(level, goal), list(answers)
    engine: dict[str, Any] = {"encoder": encoder, "cache": cache, "window": window, "progress": progress}
    run = deduplicate(
        headlines, level=level, story_threshold=story_threshold, wording_threshold=wording_threshold, **engine
    )
    questions = Questions(run, level, given)
    found = tuned_by(questions, goal, resamples=resamples, seed=seed)
    return replace(found, unlabelled=_elsewhere(questions, given))


def _elsewhere(questions: Questions, given: Sequence[tuple[str, str, str]]) -> int:
    """How many of the verdicts are about no pair of this run; one said twice is about the same pair both times."""
    titles = [headline.title for headline in questions.result.headlines]
    here = {_both(*(titles[row] for row in questions.titles(place))) for place in questions.answered}
    return sum(verdict != SKIPPED and _both(one, other) not in here for one, other, verdict in given)


def _both(one: str, other: str) -> frozenset[str]:
    """Two titles as they count, in any order."""
    return frozenset(key_of_normalized(normalize(title)) for title in (one, other))


def tuned_by(questions: Questions, goal: Goal | None = None, *, resamples: int = 1000, seed: int = 0) -> Tuning:
    """Choose the threshold by the answers to questions about one run; as `tune_by_answers`."""
    run, level, pairs = questions.result, questions.level, questions.pairs
    verdicts = {place: verdict for place, verdict in questions.answered.items() if verdict != SKIPPED}
    if not verdicts:
        raise InputError(
            f"no answer for the level {level} is about these headlines: give those that `label` asked about"
        )
    places = np.array(sorted(verdicts))
    truth = np.array([verdicts[place] in TOGETHER[level] for place in places.tolist()])
    weights, heights = pairs.weights(places), pairs.height[places]
    groups = run.trees[level].cut(run.floor)[pairs.i[places]]
    blocks = np.where(heights > 0, groups, len(run.nodes.row) + np.arange(len(places)))
    how: dict[str, Any] = {"before": run.thresholds[level], "floor": run.floor, "resamples": resamples, "seed": seed}
    choice = choose(heights, truth, weights, blocks, goal, unseen=float(weights.mean()), **how)
    chances = pairs.probability[places]
    found = Tuning(level, choice, run.thresholds[level], len(run), 0, 1, chances, truth, answers=len(places))
    return replace(found, warnings=run.input_cautions)


def _judged(labelled: Labelled, runs: list[Deduplication], level: str) -> tuple[Floats, NDArray[np.bool_]]:
    """The probability of each judged pair of labelled rows, and whether it is true."""
    chances, same = list[Floats](), list[NDArray[np.bool_]]()
    for rows, run in zip(labelled.slices, runs, strict=True):
        pairs, truth = run.pairs, labelled.labels[level][rows]
        one, other = truth[pairs.i], truth[pairs.j]
        both = (one >= 0) & (other >= 0)
        chances.append(pairs.p(level)[both])
        same.append((one == other)[both])
    return np.concatenate(chances), np.concatenate(same)
