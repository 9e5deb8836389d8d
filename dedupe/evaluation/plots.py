"""Pictures of a tuning: how far probabilities are to be believed, and what each threshold would give."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dedupe.errors import OutputError
from dedupe.runtime.files import writing_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from dedupe.evaluation.tuning import Tuning

NAMES = ("reliability", "precision-recall")
_BINS = 10


def picture_paths(folder: Path, stem: str, level: str) -> list[Path]:
    """Return where the pictures of `NAMES` go: into `folder`, by the name of the settings and the level."""
    return [folder / f"{stem}-{level}-{name}.png" for name in NAMES]


def write_plots(tuning: Tuning, paths: list[Path]) -> None:
    """Draw a reliability diagram and the precision-recall curve, the chosen point marked, as PNG; paths as in `NAMES`.

    Pictures that exist are replaced, a folder that does not is made. Raises `OutputError` where one cannot be written.
    """
    for folder in {path.parent for path in paths}:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot make the folder {folder} ({error.strerror}): name another") from error
    for figure, path in zip((_reliability(tuning), _precision_recall(tuning)), paths, strict=True):
        with writing_bytes(str(path)) as stream:
            figure.savefig(stream, format="png", dpi=120, metadata={"Software": None})  # the same bytes each time


def _figure() -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2, 4.4), layout="constrained")
    FigureCanvasAgg(figure)  # no window, whatever else the process draws
    return figure


def _reliability(tuning: Tuning) -> Figure:
    """The share of true pairs by probability, in bins of equally many pairs."""
    from sklearn.calibration import CalibrationDisplay, calibration_curve

    figure = _figure()
    axes = figure.subplots()
    if len(tuning.chances):
        share, mean = calibration_curve(tuning.same, tuning.chances, n_bins=_BINS, strategy="quantile")
        CalibrationDisplay(share, mean, tuning.chances, pos_label=1).plot(ax=axes, name=f"{len(tuning.same):,} pairs")
    axes.axvline(tuning.threshold, color="#c2410c", linestyle="--", label=f"threshold {tuning.threshold:g}")
    axes.set(xlabel="probability given to a pair", ylabel="share of pairs that are true")
    axes.set(xlim=(0, 1), ylim=(0, 1), title=f"{tuning.level}: are probabilities right?")
    axes.legend(loc="upper left")
    return figure


def _precision_recall(tuning: Tuning) -> Figure:
    from sklearn.metrics import PrecisionRecallDisplay

    figure, curve = _figure(), tuning.curve
    axes = figure.subplots()
    some = np.flatnonzero(curve.found > 0)
    shown = PrecisionRecallDisplay(precision=curve.precision[some], recall=curve.recall[some])
    shown.plot(ax=axes, name="thresholds from the floor to 1")
    across, up = (_ends(tuning, figure) for figure in ("recall", "precision"))
    axes.errorbar(
        tuning.reached["recall"],
        tuning.reached["precision"],
        xerr=across,
        yerr=up,
        fmt="o",
        color="#c2410c",
        label=f"threshold {tuning.threshold:g}, 95 % intervals",
    )
    axes.set(xlabel="recall of pairs", ylabel="precision of pairs", xlim=(0, 1.02), ylim=(0, 1.02))
    axes.set(title=f"{tuning.level}: what each threshold gives")
    axes.legend(loc="lower left")
    return figure


def _ends(tuning: Tuning, figure: str) -> list[list[float]]:
    """How far the interval of what is reached goes down and up, (2, 1), as matplotlib wants it."""
    reached, span = tuning.reached[figure], tuning.choice.intervals[figure]
    return [[max(0.0, reached - span.low)], [max(0.0, span.high - reached)]]
