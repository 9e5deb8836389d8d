"""`evaluate`: how well labelled headlines are grouped, with the worst mistakes shown as pairs of headlines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Unpack

import numpy as np

from dedupe.clustering.collapse import tie_ranks
from dedupe.embedding.encoders import as_encoder
from dedupe.errors import InputError
from dedupe.evaluation.confusions import Confusion, confusions_of
from dedupe.evaluation.labelled import LabelColumns, LabelledHeadlines, read_labels, runs_of, warnings_of
from dedupe.evaluation.metrics import Interval, bootstrap, check_resamples, group_scores
from dedupe.headlines import Row
from dedupe.pipeline import Frame
from dedupe.result.cautions import Caution
from dedupe.result.deduplication import Deduplication
from dedupe.result.settings import RunOptions
from dedupe.runtime.arrays import Ints


@dataclass(frozen=True, slots=True)
class LevelScores:
    """How well the groups of one level agree with its labels, at one threshold.

    `scores` and `intervals` (95 %, bootstrap) have the keys of `dedupe.evaluation.GROUP_FIGURES`. `scored` rows have a label;
    `unlabelled` rows have none and are left out. `true_groups` and `found_groups` count the groups of scored rows. `wrong`: what
    was joined and should not be, one confusion per group. `missed`: what was not joined and should be, one per label. Both begin
    with the mistake that gets most pairs wrong.
    """

    threshold: float
    scores: dict[str, float]
    intervals: dict[str, Interval]
    scored: int
    unlabelled: int
    true_groups: int
    found_groups: int
    wrong: list[Confusion]
    missed: list[Confusion]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The scores of each level that has labels, "story" and perhaps "wording", over all slices together.

    `notes`: facts for people, one line each, such as which level was not scored. `warnings`: what a careful reader should
    know of the input. `corrections`: how many corrections found both of their titles, added up over the slices.
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
    worst: int = 10,
    resamples: int = 1000,
    seed: int = 0,
    **options: Unpack[RunOptions],
) -> Evaluation:
    """Group labelled headlines and compare the groups with the labels.

    Rows without a label are grouped with the others and not scored. Neither scores nor intervals depend on the order of the
    input.

    Args:
        headlines: what `deduplicate` takes, with the columns of the labels: `story`, perhaps `wording` (which wording of the
            story), and perhaps `slice`: each slice is then grouped separately.
        columns: the names of these columns, where they differ.
        worst: how many confusions of each kind to describe.
        resamples: of the bootstrap.
        seed: of the bootstrap.
        options: `encoder`, `cache`, `window`, `story_threshold`, `wording_threshold`, `corrections` and `progress`, as for
            `deduplicate`.

    Raises:
        InputError: where `deduplicate` raises it, for a missing column, and where no two rows share a story.
    """
    check_resamples(resamples)
    if worst < 0:
        raise InputError(f"worst must be 0 or more, not {worst}: 0 lists no mistakes")
    labelled = read_labels(headlines, columns)
    labelled.check("story")
    encoder = options["encoder"] = as_encoder(options.get("encoder"))
    runs = runs_of(labelled, **options)
    levels = {}
    for level in filter(labelled.pairs, labelled.labels):
        true, found = _sides(labelled, runs, level)
        levels[level] = LevelScores(
            runs[0].thresholds[level],
            group_scores(true, found),
            bootstrap([(true, found)], resamples, seed),
            len(true),
            len(labelled.headlines) - len(true),
            len(np.unique(true)),
            len(np.unique(found)),
            *confusions_of(labelled, runs, level, encoder, worst),
        )
    return Evaluation(
        len(labelled.headlines),
        len(labelled.slices),
        levels,
        tuple(f"no two rows share a {level}: not scored" for level in labelled.labels if level not in levels),
        warnings_of(labelled, runs),
        sum(run.corrections for run in runs),
    )


def _sides(labelled: LabelledHeadlines, runs: list[Deduplication], level: str) -> tuple[Ints, Ints]:
    """The label and the group of each labelled row, in an order that does not come from the input, so nor do draws."""
    found = np.zeros(len(labelled.headlines), np.int64)
    for rows, run in zip(labelled.slices, runs, strict=True):
        found[rows] = run.labels(level) + found.max() + 1
    order = np.argsort(tie_ranks(labelled.headlines))
    order = order[labelled.labels[level][order] >= 0]
    return labelled.labels[level][order], found[order]
