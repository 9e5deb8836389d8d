"""Labelled pairs -> the threshold that reaches a wanted precision, recall or F1, on unseen pairs as well.

Blocks of pairs are resampled. In each resample the share of true pairs is first made to rise with the height, so that a small
lucky sample decides nothing. Its threshold is then the lowest that reaches the precision, the highest that reaches the recall,
or the one with the best F1. The choice reaches a precision or recall in 19 of 20 resamples and on all pairs together. For F1,
where neither side is safer, it is the median; with a threshold in force, it is the one that gains most on that in 19 of 20
resamples, or the threshold in force where none gains. The reported figures are not smoothed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from dedupe.errors import InputError
from dedupe.evaluation.curves import Curve, StepCounts, smoothed
from dedupe.evaluation.labelled_pairs import LabelledPairs
from dedupe.evaluation.metrics import Interval, check_resamples
from dedupe.runtime.arrays import Floats, Ints

FIGURES = ("precision", "recall", "f1")
SURE = 0.95
"""The share of resamples that must reach the goal: a threshold that only just does misses it on other headlines half the time."""
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
            raise InputError(
                "precision and recall need a least value, f1 takes none: write Goal('recall', 0.9) or Goal('f1')"
            )
        if self.least is not None and not 0 < self.least <= 1:
            raise InputError(f"{self.figure} must be over 0 and up to 1, not {self.least:g}")

    def __str__(self) -> str:
        return "the best F1" if self.least is None else f"a {self.figure} of {self.least:g}"

    @property
    def enough(self) -> float:
        """The least value, minus a tolerance for rounding."""
        return (self.least or 0.0) * (1 - _ROUNDING)


@dataclass(frozen=True, slots=True)
class ThresholdChoice:
    """A threshold, what it reaches on the pairs it was chosen on, and 95 % bootstrap intervals of both.

    `reached` and `intervals` have "precision", "recall" and "f1". `interval` is that of the threshold which just reaches
    the goal. `bare`: the threshold that reaches it on these very pairs, and what it reaches; None for the best F1. `pairs`: how
    many labelled pairs there are, without the truly different ones that no threshold joins; `true`: how many of them belong
    together. `blocks`: how many independent parts they come from.
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
    bare: tuple[float, dict[str, float]] | None = None

    @property
    def joined(self) -> float:
        """How many labelled pairs the threshold joins; precision is 1 where it joins none."""
        return float(self.curve.joined[np.searchsorted(self.curve.threshold, self.threshold)])


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

    The docstring of this module says how it is chosen.

    Args:
        pairs: what the threshold is chosen on, see `LabelledPairs.of`.
        goal: default: the best F1.
        before: the threshold in force; for the best F1 it changes only if another is clearly better. Default: none.
        unseen: weight of one additional wrong pair, which is assumed where a precision is wanted, so that a handful of
            right pairs proves little (the rule of succession; Laplace, 1774). For a sample, give the mean weight.
        floor: the lowest threshold, over 0.
        resamples: how often the blocks are drawn with replacement (Efron and Tibshirani, 1993).
        seed: of the draw.

    Raises:
        InputError: an argument does not fit, or no threshold reaches the goal in enough resamples; the message then says
            what can be reached.
    """
    goal = check_goal(goal)
    check_resamples(resamples)
    if not 0 < floor <= 1:
        raise InputError(f"floor must be over 0 and up to 1, not {floor:g}: 0.05 is usual")
    if before is not None and not floor <= before <= 1:
        raise InputError(f"before must be from {floor:g} to 1, not {before:g}: give the threshold in force, or none")
    counts = StepCounts.of(pairs, floor)
    true, every = counts.drawn(np.ones((1, counts.blocks)))
    curve, draws = counts.curve(true[0], every[0]), counts.resampled(resamples, seed)
    measured, overall = (_measured(counts, *by_step, goal, unseen) for by_step in (draws, (true, every)))
    search, resampled = _Search(goal, curve, measured, overall), counts.curve(*draws)
    place, bare = search.place(before), search.bare()
    return ThresholdChoice(
        goal,
        float(curve.threshold[place]),
        search.interval(),
        _reached(curve, place),
        {figure: _interval(getattr(resampled, figure)[:, place]) for figure in FIGURES},
        curve,
        float(every.sum()),
        float(true.sum()),
        counts.blocks,
        None if bare is None else (float(curve.threshold[bare]), _reached(curve, bare)),
    )


def _reached(curve: Curve, place: int) -> dict[str, float]:
    return {figure: float(getattr(curve, figure)[place]) for figure in FIGURES}


def check_goal(goal: Goal | None) -> Goal:
    """Return the goal, by default the best F1; `InputError` where it is no `Goal`."""
    if goal is not None and not isinstance(goal, Goal):
        raise InputError(f"goal must be a Goal, such as Goal('precision', 0.98), not {goal!r}")
    return goal or Goal()


def _measured(counts: StepCounts, true: Floats, every: Floats, goal: Goal, unseen: float) -> Floats:
    """The wanted figure at each threshold, (draws, thresholds), smoothed; 0 where nothing is joined."""
    if goal.figure != "recall":
        true = np.array([smoothed(*steps) for steps in zip(true, every, strict=True)])
    curve = counts.curve(true, every, unseen)
    return np.where(curve.joined > 0, getattr(curve, goal.figure), 0.0)


@dataclass(frozen=True, slots=True)
class _Search:
    """The wanted figure by threshold: `measured` in each resample, `overall` on all pairs, (1, thresholds).

    A threshold is named by its place on the curve.
    """

    goal: Goal
    curve: Curve
    measured: Floats
    overall: Floats

    def place(self, before: float | None) -> int:
        """The threshold to choose; `InputError` where none reaches the goal, with what can be reached."""
        if self.goal.figure == "f1":
            if before is not None:
                return self._better(int(np.searchsorted(self.curve.threshold, before - 1e-9)))
            return int(np.quantile(self._places(self.measured), 0.5, method="nearest"))
        if (place := self._sure()) is not None:
            return place
        most = self._reachable()
        remedy = f"ask for at most {most:g}, or" if most else "no value can be reached:"
        raise InputError(
            f"no threshold from {self.curve.threshold[0]:g} to 1 reaches {self.goal} in {SURE:.0%} of the resamples of "
            f"these labels: {remedy} label more headlines"
        )

    def bare(self) -> int | None:
        """The threshold that reaches a precision or recall on these very pairs; None for the best F1."""
        if self.goal.figure == "f1":
            return None
        reached = np.flatnonzero((self.curve.joined > 0) & (getattr(self.curve, self.goal.figure) >= self.goal.enough))
        return int(reached[0 if self.goal.figure == "precision" else -1])

    def interval(self) -> Interval:
        """The 95 % interval of the threshold that just reaches the goal."""
        last = len(self.curve.threshold) - 1
        return _interval(self.curve.threshold[self._places(self.measured).clip(0, last)], method="nearest")

    def _places(self, measured: Floats) -> Ints:
        """The threshold that just reaches the goal in each resample; where none does, -1 or one past the last."""
        if self.goal.figure == "f1":
            best = measured >= measured.max(axis=1, keepdims=True) * (1 - _ROUNDING)
            middle = (best.sum(axis=1) + 1) // 2  # all thresholds between two heights do the same
            return np.asarray(np.argmax(np.cumsum(best, axis=1) >= middle[:, None], axis=1))
        reached = measured >= self.goal.enough
        if self.goal.figure == "recall":  # it falls as the threshold rises
            return np.asarray(reached.sum(axis=1) - 1)
        return np.asarray(np.where(reached.any(axis=1), reached.argmax(axis=1), measured.shape[1]))

    def _sure(self) -> int | None:
        """The threshold that reaches a precision or recall in enough resamples and on all pairs, if there is one."""
        places, all_pairs = self._places(self.measured), int(self._places(self.overall)[0])
        if self.goal.figure == "recall":
            place = min(all_pairs, int(np.quantile(places, 1 - SURE, method="lower")))
            return place if place >= 0 else None
        place = max(all_pairs, int(np.quantile(places, SURE, method="higher")))
        enough = np.flatnonzero((self.curve.joined > 0) & (self.curve.precision >= self.goal.enough))
        return next((int(k) for k in enough if k >= place), None)

    def _better(self, before: int) -> int:
        """The threshold that gains most on `before` in all but one in 20 resamples; `before` itself where none gains."""
        gain = np.quantile(self.measured - self.measured[:, [before]], 1 - SURE, axis=0)
        if gain.max() <= 1e-9:
            return before
        best = np.flatnonzero(gain >= gain.max() * (1 - 1e-9))
        return int(best[len(best) // 2])  # all thresholds between two heights do the same

    def _reachable(self) -> float:
        """The highest value with three decimals that could be asked for; 0 where there is none."""
        values = (step / 1000 for step in range(int((self.goal.least or 0) * 1000), 0, -1))
        lower = (replace(self, goal=Goal(self.goal.figure, value)) for value in values)
        return next((search.goal.least or 0.0 for search in lower if search._sure() is not None), 0.0)


def _interval(values: Floats, method: Literal["linear", "nearest"] = "linear") -> Interval:
    """The 95 % interval of a value by resample."""
    return Interval(*np.quantile(values, [0.025, 0.975], method=method).tolist())
