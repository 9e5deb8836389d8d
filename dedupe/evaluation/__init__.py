"""Labelled headlines -> how well they are grouped, their worst mistakes, and the thresholds that suit them.

Labels are groups in columns (`evaluate`, `tune`) or answers about pairs (`tune_by_answers`). The metrics and
`choose_threshold` take plain arrays and need no run.
"""

from dedupe.evaluation.confusions import Confusion
from dedupe.evaluation.curves import Curve
from dedupe.evaluation.labelled import LabelColumns
from dedupe.evaluation.labelled_pairs import LabelledPairs
from dedupe.evaluation.metrics import (
    GROUP_FIGURES,
    Interval,
    Score,
    adjusted_rand,
    average_precision,
    b_cubed,
    best_f1,
    bootstrap,
    calibration_error,
    group_scores,
    log_loss,
    pairwise,
)
from dedupe.evaluation.scores import Evaluation, LevelScores, evaluate
from dedupe.evaluation.threshold_choice import Goal, ThresholdChoice, choose_threshold
from dedupe.evaluation.tuning import Tuning, tune, tune_by_answers

__all__ = [
    "GROUP_FIGURES",
    "Confusion",
    "Curve",
    "Evaluation",
    "Goal",
    "Interval",
    "LabelColumns",
    "LabelledPairs",
    "LevelScores",
    "Score",
    "ThresholdChoice",
    "Tuning",
    "adjusted_rand",
    "average_precision",
    "b_cubed",
    "best_f1",
    "bootstrap",
    "calibration_error",
    "choose_threshold",
    "evaluate",
    "group_scores",
    "log_loss",
    "pairwise",
    "tune",
    "tune_by_answers",
]
