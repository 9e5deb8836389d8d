"""The results of quality.py as tables in Markdown and as one picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from figures import FIGURES


def table(result: dict[str, Any]) -> str:
    """Return all results as tables in Markdown."""
    levels = _levels(result["data"])
    lines = ["| data | level | system | B-cubed F1 | pairwise F1 | ARI |", "|---|---|---|---|---|---|"]
    for name, level, scores in levels:
        for system, figures in (scores["systems"] | scores["ablation"]).items():
            cells = " | ".join(f"{figures[figure]:.3f}" for figure in FIGURES)
            lines.append(f"| {name} | {level} | {system} | {cells} |")
    lines += ["", "| data | level | score of a pair | average precision | best F1 |", "|---|---|---|---|---|"]
    for name, level, scores in levels:
        for score, values in scores["pairs"].items():
            cells = f"{values['average_precision']:.3f} | {values['best_pair_f1']:.3f}"
            lines.append(f"| {name} | {level} | {score} | {cells} |")
    lines += ["", "| data | level | uncertain pairs | calibration error | log loss |", "|---|---|---|---|---|"]
    for name, level, scores in levels:
        uncertain = scores["calibration"]
        cells = f"{uncertain['pairs']} | {uncertain['calibration_error']:.3f} | {uncertain['log_loss']:.3f}"
        lines.append(f"| {name} | {level} | {cells} |")
    return "\n".join([*lines, *_scored_pairs(result["data"]), *near_miss_table(result["near_misses"])])


def _levels(data: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (name, level, scores) for name, result in data.items() for level, scores in result.get("levels", {}).items()
    ]


def _scored_pairs(data: dict[str, Any]) -> list[str]:
    lines = ["", "| data | split | value | Pearson | AUC |", "|---|---|---|---|---|"]
    for name, result in data.items():
        for split, systems in result.get("splits", {}).items():
            for system, scores in systems.items():
                lines.append(f"| {name} | {split} | {system} | {scores['pearson']:.3f} | {scores['auc']:.3f} |")
    return lines


def near_miss_table(kinds: dict[str, dict[str, int]]) -> list[str]:
    """Return the near-misses by kind."""
    lines = ["", "| kind | kept apart | joined |", "|---|---|---|"]
    for kind, n in kinds.items():
        lines.append(f"| {kind} | {n['apart']} of {n['apart_of']} | {n['together']} of {n['together_of']} |")
    return lines


def plot(data: dict[str, Any], path: Path) -> None:
    """Draw the F1 figures of all systems on the first data set, with the intervals of ours."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "headline-dedupe"  # the same figures make the same file
    import matplotlib.pyplot as plt

    name, levels = next((name, result["levels"]) for name, result in data.items() if "levels" in result)
    figure, axes = plt.subplots(1, 2 * len(levels), figsize=(5 * len(levels), 3.2), sharey=True, layout="constrained")
    panels = [(level, measure) for level in levels for measure in FIGURES[:2]]
    for axis, (level, measure) in zip(axes, panels, strict=True):
        systems = levels[level]["systems"] | levels[level]["ablation"]
        names = [system for system in systems if system != "every headline alone"]
        values = [systems[system][measure] for system in names]
        colours = ["#c2410c" if system == "headline-dedupe" else "#64748b" for system in names]
        axis.barh(names, values, color=colours)
        low, high = systems["headline-dedupe"]["intervals"][measure]
        axis.plot([low, high], [0, 0], color="black", linewidth=1.5)
        axis.set_xlim(min(values) - 0.08, 1)
        axis.set_title(f"{level}, {measure.replace('_', ' ').replace(' f1', ' F1')}", fontsize=9)
        axis.tick_params(labelsize=8)
    axes[0].invert_yaxis()
    figure.suptitle(f"{name}: ours at its defaults (95 % interval), all others at their best threshold", fontsize=9)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
