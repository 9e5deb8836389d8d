"""`evaluate`: how well the groups of labelled headlines are found, and the mistakes that cost most, as headlines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedupe.clustering.collapse import tie_ranks
from dedupe.clustering.corrections import CorrectionLike
from dedupe.embedding import encoders as encoders
from dedupe.embedding.cache import VectorCache
from dedupe.errors import InputError
from dedupe.evaluation.agreement import agreement
from dedupe.evaluation.confusions import Confusion, confusions_of
from dedupe.evaluation.labelled import LabelColumns, Labelled, read_labels, runs_of, warnings_of
from dedupe.evaluation.metrics import Interval
from dedupe.headlines import Row
from dedupe.pipeline import Frame
from dedupe.result.cautions import Caution
from dedupe.result.deduplication import Deduplication
from dedupe.runtime.progress import Progress

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LevelScores:
    """How well one level was found, at one threshold.

    `scores` and `intervals` (95 %, bootstrap) have the names of `dedupe.evaluation.agreement.FIGURES`. `scored` rows have a
    label, `unlabelled` have none and are left out; `true` and `found` count the groups of those that have one. `wrong`: what was
    put together and should not be, one confusion a group. `missed`: what should be together and was not, one a label.
    Both begin with what gets most pairs wrong.
    """

    threshold: float
    scores: dict[str, float]
    intervals: dict[str, Interval]
    scored: int
    unlabelled: int
    true: int
    found: int
    wrong: list[Confusion]
    missed: list[Confusion]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The scores of each level that has labels, "story" and perhaps "wording", over all slices together.

    `notes`: facts for people, one line each, such as that no two rows are one wording, so that nothing was scored there.
    `warnings`: what a careful reader should know of the input and the vectors. `corrections`: how many of those given found
    both their titles, added up over the slices.
    """

    headlines: int
    slices: int
    levels: dict[str, LevelScores]
    notes: tuple[str, ...] = ()
    warnings: tuple[Caution, ...] = ()
    corrections: int = 0


def evaluate(
    headlines: Iterable[Row] | Frame,
    *,
    columns: LabelColumns | None = None,
    encoder: encoders.Encoder | None = None,
    cache: VectorCache | None = None,
    window: timedelta | float | None = None,
    story_threshold: float | None = None,
    wording_threshold: float | None = None,
    corrections: Iterable[CorrectionLike] = (),
    worst: int = 10,
    resamples: int = 1000,
    seed: int = 0,
    progress: bool | Progress = False,
) -> Evaluation:
    """Group labelled headlines and compare the groups with the labels.

    Args:
        headlines: what `deduplicate` takes, with the columns of the labels: `story`, perhaps `wording`, which one inside
            the story, and `slice`: then each slice is grouped by itself.
        columns: the names of those columns, where they are others.
        encoder: as for `deduplicate`.
        cache: likewise.
        window: likewise.
        story_threshold: likewise.
        wording_threshold: likewise.
        corrections: likewise.
        worst: how many confusions of each kind to describe.
        resamples: of the bootstrap.
        seed: of the bootstrap.
        progress: as for `deduplicate`.

    Rows without a label take part in the grouping and are not scored. Neither scores nor intervals depend on the order of the
    input. Raises `InputError` where `deduplicate` does, for a missing column, and where no two rows share a story.
    """
    _check_counts(worst, resamples)
    labelled = read_labels(headlines, columns)
    labelled.check("story")
    encoder = encoder or encoders.load_encoder(None)
    engine: dict[str, Any] = {"encoder": encoder, "cache": cache, "window": window, "progress": progress}
    runs = runs_of(
        labelled,
        **engine,
        story_threshold=story_threshold,
        wording_threshold=wording_threshold,
        corrections=corrections,
    )
    levels = [level for level in labelled.labels if labelled.pairs(level)]
    scores = {level: _scores(labelled, runs, level, encoder, worst, resamples, seed) for level in levels}
    notes = tuple(f"no two rows share a {level}: not scored" for level in labelled.labels if level not in levels)
    return Evaluation(
        len(labelled.headlines),
        len(labelled.slices),
        scores,
        notes,
        warnings_of(labelled, runs),
        sum(run.corrections for run in runs),
    )


def _check_counts(worst: int, resamples: int) -> None:
    if resamples < 1:
        raise InputError(f"resamples must be 1 or more, not {resamples}: 1000 is usual")
    if worst < 0:
        raise InputError(f"worst must be 0 or more, not {worst}: 0 lists no mistakes")


def _scores(
    labelled: Labelled,
    runs: list[Deduplication],
    level: str,
    encoder: encoders.Encoder,
    worst: int,
    resamples: int,
    seed: int,
) -> LevelScores:
    found = np.zeros(len(labelled.headlines), np.int64)
    for rows, run in zip(labelled.slices, runs, strict=True):
        found[rows] = run.labels(level) + found.max() + 1
    order = np.argsort(tie_ranks(labelled.headlines))  # an order of their own, so that draws do not hang on the input's
    order = order[labelled.labels[level][order] >= 0]
    sides = labelled.labels[level][order], found[order]
    scores, intervals = agreement(*sides, resamples, seed)
    wrong, missed = confusions_of(labelled, runs, level, encoder, worst)
    return LevelScores(
        runs[0].thresholds[level],
        scores,
        intervals,
        len(order),
        len(found) - len(order),
        len(np.unique(sides[0])),
        len(np.unique(sides[1])),
        wrong,
        missed,
    )
