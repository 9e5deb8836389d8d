"""Labelled pairs -> the threshold that reaches a wanted precision, recall or F1, also on pairs it has not seen.

In each resample the share of true pairs is first made to rise with the height, so that a small lucky sample decides nothing.
The candidate is then the lowest threshold that reaches a precision, the highest that reaches a recall, or the one with the
best F1. The choice reaches the goal in 19 of 20 resamples and on all pairs together. For F1, where neither side is safer, it
is the median; with a threshold in force, it is the one that gains most on that in 19 of 20 resamples, and the threshold in
force where none gains. The figures that it reports are not smoothed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dedupe.errors import InputError
from dedupe.evaluation.curves import Curve, StepCounts, smoothed
from dedupe.evaluation.labelled_pairs import LabelledPairs
from dedupe.evaluation.metrics import Interval, check_resamples
from dedupe.runtime.arrays import Floats, Ints

FIGURES = ("precision", "recall", "f1")
SURE = 0.95
"""The share of resamples in which a wanted precision or recall must be reached.

A threshold that only just reaches it on these labels misses it on other headlines half the time."""
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Goal:
    """What the joined pairs should reach: a `figure` ("precision", "recall") of at least `least`, or the best "f1"."""

    figure: str = "f1"
    least: float | None = None

    def __post_init__(self) -> None:
        if self.figure not in FIGURES:
            raise InputError(f"figure must be one of {', '.join(FIGURES)}, not {self.figure!r}")
        if (self.least is None) != (self.figure == "f1"):
            raise InputError("precision and recall need a least value, f1 takes none: it is the best there is")
        if self.least is not None and not 0 < self.least <= 1:
            raise InputError(f"{self.figure} must be over 0 and up to 1, not {self.least:g}")

    def __str__(self) -> str:
        return "the best F1" if self.least is None else f"a {self.figure} of {self.least:g}"

    @property
    def enough(self) -> float:
        """The least value, less a rounding error."""
        return (self.least or 0.0) * (1 - _ROUNDING)


@dataclass(frozen=True, slots=True)
class ThresholdChoice:
    """A threshold, what it reaches on the pairs it was chosen on, and 95 % bootstrap intervals of both.

    `reached` and `intervals` have "precision", "recall" and "f1". `interval` is that of the threshold which just reaches
    the goal. `pairs`: how many labelled pairs there are, not counting truly different ones that no threshold joins; `true`:
    how many of them belong together. `blocks`: how many independent parts they come from.
    """

    goal: Goal
    threshold: float
    interval: Interval
    reached: dict[str, float]
    intervals: dict[str, Interval]
    curve: Curve
    pairs: float
    true: float
    blocks: int

    @property
    def found(self) -> float:
        """How many labelled pairs the threshold joins; precision is 1 where it joins none."""
        return float(self.curve.found[np.searchsorted(self.curve.threshold, self.threshold)])


def choose_threshold(
    pairs: LabelledPairs,
    goal: Goal | None = None,
    *,
    before: float | None = None,
    unseen: float = 1.0,
    floor: float = 0.05,
    resamples: int = 1000,
    seed: int = 0,
) -> ThresholdChoice:
    """Return the threshold, with three decimals, from `floor` to 1, at which the joined pairs reach a goal.

    How it chooses stands at the head of this module.

    Args:
        pairs: what the threshold is chosen on, see `LabelledPairs.of`.
        goal: default: the best F1.
        before: the threshold in force, which F1 leaves only for a surely better one. Default: none.
        unseen: weight of the one additional wrong pair that is assumed where a precision is wanted, so that a handful of
            right pairs proves little (the rule of succession; Laplace, 1774). For a sample, the mean weight.
        floor: the lowest threshold, over 0.
        resamples: how often the blocks are drawn with replacement (Efron and Tibshirani, 1993).
        seed: of the draw.

    Raises:
        InputError: an argument does not fit, or no threshold reaches the goal in enough resamples; the message then says
            what can be reached.
    """
    goal = check_goal(goal)
    check_resamples(resamples)
    _check_thresholds(floor, before)
    counts = StepCounts.of(pairs, floor)
    true, every = counts.drawn(np.ones((1, counts.blocks)))
    curve, draws = counts.curve(true[0], every[0]), counts.resampled(resamples, seed)
    measured, overall = (_measured(counts, *pairs_by_step, goal, unseen) for pairs_by_step in (draws, (true, every)))
    search = _Search(goal, curve, measured, overall)
    place, resampled = search.place(before), counts.curve(*draws)
    return ThresholdChoice(
        goal,
        float(curve.threshold[place]),
        search.interval(),
        {figure: float(getattr(curve, figure)[place]) for figure in FIGURES},
        {figure: _interval(np.quantile(getattr(resampled, figure)[:, place], [0.025, 0.975])) for figure in FIGURES},
        curve,
        float(every.sum()),
        float(true.sum()),
        counts.blocks,
    )


def check_goal(goal: Goal | None) -> Goal:
    """Return the goal, by default the best F1; `InputError` where it is no `Goal`."""
    if goal is not None and not isinstance(goal, Goal):
        raise InputError(f"goal must be a Goal, as Goal('precision', 0.98), not {goal!r}")
    return goal or Goal()


def _check_thresholds(floor: float, before: float | None) -> None:
    if not 0 < floor <= 1:
        raise InputError(f"floor must be over 0 and up to 1, not {floor:g}: 0.05 is usual")
    if before is not None and not floor <= before <= 1:
        raise InputError(f"before must be from {floor:g} to 1, not {before:g}: give the threshold in force, or none")


def _measured(counts: StepCounts, true: Floats, every: Floats, goal: Goal, unseen: float) -> Floats:
    """The wanted figure at each threshold, (draws, thresholds), smoothed; precision with one additional wrong pair."""
    if goal.figure != "recall":
        true = np.array([smoothed(*steps) for steps in zip(true, every, strict=True)])
    curve = counts.curve(true, every, unseen)
    return np.where(curve.found > 0, getattr(curve, goal.figure), 0.0)


@dataclass(frozen=True, slots=True)
class _Search:
    """The wanted figure by threshold: `measured` in each resample, `overall` on all pairs, (1, thresholds)."""

    goal: Goal
    curve: Curve
    measured: Floats
    overall: Floats

    def place(self, before: float | None) -> int:
        """The place of the threshold to choose; `InputError` where none reaches the goal, with what can be reached."""
        if self.goal.figure == "f1" and before is not None:
            return self._better(int(np.searchsorted(self.curve.threshold, before - 1e-9)))
        place = self._sure()
        if place is not None:
            return place
        most = self._reachable()
        remedy = f"ask for at most {most:g}, or" if most else "there is too little to go by:"
        raise InputError(
            f"no threshold from {self.curve.threshold[0]:g} to 1 reaches {self.goal} in {SURE:.0%} of the resamples of "
            f"these labels: {remedy} label more headlines"
        )

    def interval(self) -> Interval:
        """The 95 % interval of the threshold that just reaches the goal."""
        ends = np.quantile(self._places(self.measured), [0.025, 0.975], method="nearest")
        return _interval(self.curve.threshold[ends.clip(0, len(self.curve.threshold) - 1)])

    def _places(self, measured: Floats) -> Ints:
        """The place of the threshold that just reaches the goal in each resample; -1 or one too many where none does."""
        if self.goal.figure == "f1":
            best = measured >= measured.max(axis=1, keepdims=True) * (1 - _ROUNDING)
            middle = (best.sum(axis=1) + 1) // 2  # all thresholds between two heights do the same
            return np.asarray(np.argmax(np.cumsum(best, axis=1) >= middle[:, None], axis=1))
        reached = measured >= self.goal.enough
        if self.goal.figure == "recall":  # it falls with the threshold
            return np.asarray(reached.sum(axis=1) - 1)
        return np.asarray(np.where(reached.any(axis=1), reached.argmax(axis=1), measured.shape[1]))

    def _sure(self) -> int | None:
        """The place that reaches the goal in enough resamples and on all pairs, if there is one."""
        places, all_pairs = self._places(self.measured), int(self._places(self.overall)[0])
        if self.goal.figure == "f1":
            return int(np.quantile(places, 0.5, method="nearest"))
        if self.goal.figure == "recall":
            place = min(all_pairs, int(np.quantile(places, 1 - SURE, method="lower")))
            return place if place >= 0 else None
        place = max(all_pairs, int(np.quantile(places, SURE, method="higher")))
        enough = np.flatnonzero((self.curve.found > 0) & (self.curve.precision >= self.goal.enough))
        return next((int(k) for k in enough if k >= place), None)

    def _better(self, before: int) -> int:
        """The place that gains most on `before` in all but one in 20 resamples; `before` itself where none gains."""
        gain = np.quantile(self.measured - self.measured[:, [before]], 1 - SURE, axis=0)
        if gain.max() <= 1e-9:
            return before
        best = np.flatnonzero(gain >= gain.max() * (1 - 1e-9))
        return int(best[len(best) // 2])  # all thresholds between two heights do the same

    def _reachable(self) -> float:
        """The highest value with three decimals that could be asked for; 0 where there is none."""
        values = (step / 1000 for step in range(int((self.goal.least or 0) * 1000), 0, -1))
        goals = (Goal(self.goal.figure, value) for value in values)
        return next((goal.least or 0.0 for goal in goals if replace(self, goal=goal)._sure() is not None), 0.0)


def _interval(ends: Floats) -> Interval:
    return Interval(float(ends[0]), float(ends[1]))
