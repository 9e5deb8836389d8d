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
from dedupe.runtime.arrays import Ints, pairs_within

_ONLY_WRONG = "no two rows share a {}: only wrongly joined pairs are counted"


@dataclass(frozen=True, slots=True)
class LevelScores:
    """How well the groups of one level agree with its labels, at one threshold.

    `scores` and `intervals` (95 %, bootstrap) have the keys `GROUP_FIGURES`. `scored` rows have a label; `unlabelled` rows have
    none and are left out. `true_groups` and `found_groups` count the groups of scored rows. `true_pairs` of scored rows belong
    together, `found_pairs` were joined, `right_pairs` are both. Without true pairs only the precision of B-cubed says
    something, and how many pairs were joined. `wrong`: one confusion per group that was wrongly joined. `missed`: one per label
    that was wrongly separated. Both begin with the most wrong pairs.
    """

    threshold: float
    scores: dict[str, float]
    intervals: dict[str, Interval]
    scored: int
    unlabelled: int
    true_groups: int
    found_groups: int
    true_pairs: int
    found_pairs: int
    right_pairs: int
    wrong: list[Confusion]
    missed: list[Confusion]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The scores of each level that has labels ("story", perhaps "wording"), over all slices together.

    `notes`: lines for people, such as which level was not scored. `warnings`: those about the input.
    `corrections`: how many corrections found both of their titles, added up over the slices.
    """

    headlines: int
    slices: int
    levels: dict[str, LevelScores]
    notes: tuple[str, ...]
    warnings: tuple[Caution, ...]
    corrections: int


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

    Rows without a label are grouped with the others, but not scored. The result does not depend on the order of the input.

    Args:
        headlines: what `deduplicate` takes, with the columns of the labels: `story`, and optionally `wording` (which wording of
            the story) and `slice` (parts to group separately).
        columns: the names of these columns, where they differ.
        worst: how many confusions of each kind to describe.
        resamples: of the bootstrap.
        seed: of the bootstrap.
        options: `encoder`, `cache`, `window`, `story_threshold`, `wording_threshold`, `reader`, `corrections` and `progress`,
            as for `deduplicate`.

    Raises:
        InputError: where `deduplicate` raises it, for a missing column, and where no row has a story.
    """
    check_resamples(resamples)
    if worst < 0:
        raise InputError(f"worst must be 0 or more, not {worst}: 0 lists no mistakes")
    labelled = read_labels(headlines, columns)
    labelled.check("story")
    encoder = options["encoder"] = as_encoder(options.get("encoder"))
    runs = runs_of(labelled, **options)
    levels = {}
    for level in filter(labelled.scored, labelled.labels):
        truth, groups = _labels_and_groups(labelled, runs, level)
        wrong, missed = confusions_of(labelled, runs, level, encoder, worst)
        levels[level] = LevelScores(
            threshold=runs[0].thresholds[level],
            scores=group_scores(truth, groups),
            intervals=bootstrap([(truth, groups)], resamples, seed),
            scored=len(truth),
            unlabelled=len(labelled.headlines) - len(truth),
            true_groups=len(np.unique(truth)),
            found_groups=len(np.unique(groups)),
            true_pairs=_pairs([truth]),
            found_pairs=_pairs([groups]),
            right_pairs=_pairs([truth, groups]),
            wrong=wrong,
            missed=missed,
        )
    return Evaluation(
        len(labelled.headlines),
        len(labelled.slices),
        levels,
        tuple(_ONLY_WRONG.format(level) for level in levels if not levels[level].true_pairs),
        warnings_of(labelled, runs),
        sum(run.corrections for run in runs),
    )


def _pairs(sides: list[Ints]) -> int:
    """How many pairs of rows are in one group of every side; each (n,)."""
    return int(pairs_within(np.unique(np.stack(sides), axis=1, return_counts=True)[1]).sum())


def _labels_and_groups(labelled: LabelledHeadlines, runs: list[Deduplication], level: str) -> tuple[Ints, Ints]:
    """The label and the group of each labelled row, sorted so that resamples do not depend on the order of the input."""
    groups = np.zeros(len(labelled.headlines), np.int64)
    for rows, run in zip(labelled.slices, runs, strict=True):
        groups[rows] = run.labels(level) + groups.max() + 1
    order = np.argsort(tie_ranks(labelled.headlines))
    order = order[labelled.labels[level][order] >= 0]
    return labelled.labels[level][order], groups[order]
