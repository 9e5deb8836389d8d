"""Pairs with a truth -> the threshold that reaches a wanted precision, recall or F1, also on pairs that it never saw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dedupe.errors import InputError
from dedupe.evaluation.curves import Counted, Curve, LabelledPairs, over, smoothed
from dedupe.evaluation.metrics import Interval

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
FIGURES = ("precision", "recall", "f1")
SURE = 0.95
"""The share of resamples in which a wanted precision or recall must be reached.

A threshold that only just reaches it on the labels at hand misses it on others half the time."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What is wanted of the pairs put together: a `figure` ("precision", "recall") of at least `least`, or the best "f1"."""

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


@dataclass(frozen=True, slots=True)
class Choice:
    """A threshold, what it reaches on the pairs it was chosen on, and 95 % bootstrap intervals of both.

    `reached` and `intervals` have "precision", "recall" and "f1". `interval` is that of the threshold which just reaches
    the goal. `pairs` and `true`: how many labelled pairs there are (those at no threshold together and truly apart are
    not counted), and how many truly belong together. `blocks`: how many parts say something independent.
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
        """How many labelled pairs the threshold puts together; where there are none, precision is 1 for want of any."""
        return float(self.curve.found[np.searchsorted(self.curve.threshold, self.threshold)])


def choose(
    heights: ArrayLike,
    same: ArrayLike,
    weights: ArrayLike | None = None,
    blocks: ArrayLike | None = None,
    goal: Goal | None = None,
    *,
    before: float | None = None,
    unseen: float = 1.0,
    floor: float = 0.05,
    resamples: int = 1000,
    seed: int = 0,
) -> Choice:
    """Return the threshold, with three decimals, from `floor` to 1, at which the pairs put together reach a goal.

    Args:
        heights: the highest threshold that puts each pair together (`Deduplication.together`), 0 where none does; (pairs,).
        same: whether each truly belongs together, (pairs,).
        weights: how many pairs each stands for, (pairs,): of a sample, one over the chance to be in it. 1 if not given.
        blocks: the part of the input that each pair comes from, as any number, (pairs,). Pairs of one part hang together, so
            parts are resampled as a whole. Each pair is one of its own if not given.
        goal: the best F1 if not given.
        before: the threshold in force, if one is, from which F1 moves only as far as the labels vouch for.
        unseen: the weight of one wrong pair more than was seen, which is assumed where a precision is wanted, so that a
            handful of right ones proves little (the rule of succession; Laplace, 1774). For a sample, the mean weight.
        floor: the lowest threshold, over 0.
        resamples: how often the blocks are drawn with replacement (Efron and Tibshirani, 1993).
        seed: of the draw.

    In each resample the share of true pairs is made to rise with the height before precision is taken, so that a lucky dip
    chooses nothing; the threshold is then, for a precision, the lowest that reaches it, for a recall the highest, for F1
    the best. Chosen is the one that is enough in 19 of 20 resamples and on all pairs together; for F1, where no side is
    safer, the median, or, with a threshold in force, the one that gains most on it in 19 of 20: where none gains, it stays.
    What it has `reached` is not smoothed. Raises `InputError` where an argument does not fit, no pair is true, or no
    threshold reaches the goal so surely; then it says what can be asked for.
    """
    goal = check_goal(goal)
    if resamples < 1:
        raise InputError(f"resamples must be 1 or more, not {resamples}: 1000 is usual")
    _check_thresholds(floor, before)
    counted = Counted.of(LabelledPairs.of(heights, same, weights, blocks), floor)
    true, every = counted.drawn(np.ones((1, counted.blocks)))
    curve, draws = counted.curve(true[0], every[0]), counted.resampled(resamples, seed)
    measured = np.array([_measured(*draw, goal, unseen) for draw in zip(*draws, strict=True)])
    overall = _measured(true[0], every[0], goal, unseen)
    place = _place(measured, overall, curve, goal, before)
    spread = counted.curve(*draws)
    return Choice(
        goal,
        float(curve.threshold[place]),
        _around(measured, curve, goal),
        {figure: float(getattr(curve, figure)[place]) for figure in FIGURES},
        {figure: _interval(np.quantile(getattr(spread, figure)[:, place], [0.025, 0.975])) for figure in FIGURES},
        curve,
        float(every.sum()),
        float(true.sum()),
        counted.blocks,
    )


def check_goal(goal: Goal | None) -> Goal:
    """Return the goal, the best F1 where none is given; `InputError` where it is something else, as a word."""
    if goal is not None and not isinstance(goal, Goal):
        raise InputError(f"goal must be a Goal, as Goal('precision', 0.98), not {goal!r}")
    return goal or Goal()


def _check_thresholds(floor: float, before: float | None) -> None:
    if not 0 < floor <= 1:
        raise InputError(f"floor must be over 0 and up to 1, not {floor:g}: 0.05 is usual")
    if before is not None and not floor <= before <= 1:
        raise InputError(f"before must be from {floor:g} to 1, not {before:g}: give the threshold in force, or none")


def _place(measured: Floats, overall: Floats, curve: Curve, goal: Goal, before: float | None) -> int:
    """The place of the threshold to take; `InputError` where none reaches the goal, with what can be asked for."""
    if goal.figure == "f1" and before is not None:
        return _better(measured, int(np.searchsorted(curve.threshold, before - 1e-9)))
    place = _chosen(measured, overall, curve, goal)
    if place is not None:
        return place
    most = _most(measured, overall, curve, goal)
    raise InputError(
        f"no threshold from {curve.threshold[0]:g} to 1 reaches {goal} in {SURE:.0%} of the resamples of these labels: "
        f"{f'ask for at most {most:g}, or' if most else 'there is too little to go by:'} label more headlines"
    )


def _around(measured: Floats, curve: Curve, goal: Goal) -> Interval:
    """The 95 % interval of the threshold that just reaches the goal."""
    ends = np.quantile(_places(measured, goal), [0.025, 0.975], method="nearest")
    return _interval(curve.threshold[ends.clip(0, len(curve.threshold) - 1)])


def _measured(true: Floats, every: Floats, goal: Goal, unseen: float) -> Floats:
    """The figure that is wanted at each threshold, (thresholds,), from pairs by step of height.

    Smoothed, and precision with one wrong pair more; thresholds that put nothing together have none.
    """
    found, wanted, least = over(every), true.sum(), np.finfo(np.float64).tiny
    if goal.figure == "recall":
        recall: Floats = over(true) / np.maximum(wanted, least)
        return recall
    right = over(smoothed(true, every))
    if goal.figure == "precision":
        return np.where(found > 0, right / np.maximum(found + unseen, least), 0.0)
    f1: Floats = 2 * right / np.maximum(found + wanted, least)
    return f1


def _places(measured: Floats, goal: Goal) -> Ints:
    """The place of the threshold that reaches the goal, a resample each, (resamples,).

    -1 or one too many where none does.
    """
    if goal.figure == "f1":
        best = measured >= measured.max(axis=1, keepdims=True) * (1 - 1e-12)
        middle = (best.sum(axis=1) + 1) // 2  # between two heights all thresholds do the same
        places: Ints = np.argmax(np.cumsum(best, axis=1) >= middle[:, None], axis=1)
        return places
    reached = measured >= _nearly(goal)
    if goal.figure == "recall":
        places = reached.sum(axis=1) - 1  # it falls with the threshold
    else:
        places = np.where(reached.any(axis=1), reached.argmax(axis=1), measured.shape[1])
    return places


def _chosen(measured: Floats, overall: Floats, curve: Curve, goal: Goal) -> int | None:
    """The place to take, from what is measured in the resamples and on all pairs; None where none is enough."""
    places, at_once = _places(measured, goal), int(_places(overall[None], goal)[0])
    if goal.figure == "f1":
        return int(np.quantile(places, 0.5, method="nearest"))
    if goal.figure == "recall":
        place = min(at_once, int(np.quantile(places, 1 - SURE, method="lower")))
        return place if place >= 0 else None
    place = max(at_once, int(np.quantile(places, SURE, method="higher")))
    enough = np.flatnonzero((curve.found > 0) & (curve.precision >= _nearly(goal)))
    return next((int(k) for k in enough if k >= place), None)


def _better(measured: Floats, before: int) -> int:
    """The place that gains most on the one before in all but one in 20 resamples; that itself where none gains."""
    gain = np.quantile(measured - measured[:, [before]], 1 - SURE, axis=0)
    if gain.max() <= 1e-9:
        return before
    best = np.flatnonzero(gain >= gain.max() * (1 - 1e-9))
    return int(best[len(best) // 2])  # between two heights all thresholds do the same


def _most(measured: Floats, overall: Floats, curve: Curve, goal: Goal) -> float:
    """The highest value, of those with three decimals, that could have been asked for; 0 where there is none."""
    lower = (step / 1000 for step in range(int((goal.least or 0) * 1000), 0, -1))
    return next((one for one in lower if _chosen(measured, overall, curve, Goal(goal.figure, one)) is not None), 0.0)


def _nearly(goal: Goal) -> float:
    """The least value, less what rounding may cost."""
    return (goal.least or 0.0) * (1 - 1e-12)


def _interval(ends: NDArray[np.float64]) -> Interval:
    return Interval(float(ends[0]), float(ends[1]))
