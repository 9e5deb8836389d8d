"""Plots of a tuning: whether probabilities are right, and what each threshold would give."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dedupe.embedding.cache import default_folder
from dedupe.errors import OutputError
from dedupe.runtime.files import writing_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dedupe.evaluation.tuning import Tuning

_ACCENT = "#c2410c"


def plot_paths(folder: Path, stem: str, level: str) -> list[Path]:
    """Return the paths of the reliability diagram and the precision-recall curve: in `folder`, named after the settings."""
    return [folder / f"{stem}-{level}-{name}.png" for name in ("reliability", "precision-recall")]


def write_plots(tuning: Tuning, paths: list[Path]) -> None:
    """Draw a reliability diagram and the precision-recall curve with the chosen point, as PNG; `paths`: of `plot_paths`.

    Existing files are replaced, missing folders are made. Raises `OutputError` where that fails.
    """
    # Read when matplotlib is imported, which else leaves its list of fonts elsewhere in the user's home folder.
    os.environ.setdefault("MPLCONFIGDIR", str(default_folder() / "matplotlib"))
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    for draw, path in zip((_reliability, _precision_recall), paths, strict=True):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot make the folder {path.parent} ({error.strerror}): name another") from error
        figure = Figure(figsize=(5.2, 4.4), layout="constrained")
        FigureCanvasAgg(figure)  # no window, whatever else the process draws
        draw(tuning, figure.subplots())
        with writing_bytes(str(path)) as stream:
            figure.savefig(stream, format="png", dpi=120, metadata={"Software": None})  # the same bytes each time


def _reliability(tuning: Tuning, axes: Axes) -> None:
    """The share of true pairs by probability, in bins of equally many pairs."""
    from sklearn.calibration import CalibrationDisplay, calibration_curve

    likely = tuning.probabilities
    if len(likely):
        share, mean = calibration_curve(tuning.same, likely, n_bins=10, strategy="quantile")
        CalibrationDisplay(share, mean, likely, pos_label=1).plot(ax=axes, name=f"{len(likely):,} pairs")
    axes.axvline(tuning.threshold, color=_ACCENT, linestyle="--", label=f"threshold {tuning.threshold:g}")
    axes.set(xlabel="probability given to a pair", ylabel="share of pairs that are true", xlim=(0, 1), ylim=(0, 1))
    axes.set_title(f"{tuning.level}: are probabilities right?")
    axes.legend(loc="upper left")


def _precision_recall(tuning: Tuning, axes: Axes) -> None:
    from sklearn.metrics import PrecisionRecallDisplay

    choice, curve = tuning.choice, tuning.choice.curve
    drawn = np.flatnonzero(curve.joined > 0)
    display = PrecisionRecallDisplay(precision=curve.precision[drawn], recall=curve.recall[drawn])
    display.plot(ax=axes, name="thresholds from the floor to 1")
    points = [(choice.reached[name], choice.intervals[name]) for name in ("recall", "precision")]
    (x, y), label = (value for value, _ in points), f"threshold {tuning.threshold:g}, 95 % intervals"
    across, up = ([[max(0.0, value - span.low)], [max(0.0, span.high - value)]] for value, span in points)
    axes.errorbar(x, y, xerr=across, yerr=up, fmt="o", color=_ACCENT, label=label)
    axes.set(xlabel="recall of pairs", ylabel="precision of pairs", xlim=(0, 1.02), ylim=(0, 1.02))
    axes.set_title(f"{tuning.level}: what each threshold gives")
    axes.legend(loc="lower left")
