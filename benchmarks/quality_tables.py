"""The results of quality.py as tables in Markdown and as one picture."""

from __future__ import annotations

from collections.abc import Callable
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
        cells = f"{uncertain['pairs']} | {_cell(uncertain['calibration_error'])} | {_cell(uncertain['log_loss'])}"
        lines.append(f"| {name} | {level} | {cells} |")
    lines += [*_pair_counts(result["data"]), *_scored_pairs(result["data"])]
    for name, lines_of in OTHER_KINDS.items():
        lines += lines_of(result[name]) if name in result else []
    lines += _contrast_tables({"look-alikes": result["look_alikes"]})
    return "\n".join([*lines, *near_miss_table(result["near_misses"])])


def _levels(data: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (name, level, scores) for name, result in data.items() for level, scores in result.get("levels", {}).items()
    ]


def _pair_counts(data: dict[str, Any]) -> list[str]:
    lines = ["", "| data | pairs scored per title | pairs read per title |", "|---|---|---|"]
    for name, result in data.items():
        if "levels" in result:
            counts = [result["pairs_scored_per_title"], result.get("pairs_read_per_title")]
            lines.append(f"| {name} | {' | '.join(map(_cell, counts))} |")
    return lines


def _scored_pairs(data: dict[str, Any]) -> list[str]:
    lines = ["", "| data | split | value | Pearson | AUC |", "|---|---|---|---|---|"]
    for name, result in data.items():
        for split, systems in result.get("splits", {}).items():
            for system, scores in systems.items():
                lines.append(f"| {name} | {split} | {system} | {scores['pearson']:.3f} | {scores['auc']:.3f} |")
    return lines


def _contrast_tables(contrast: dict[str, dict[str, Any]]) -> list[str]:
    lines = [
        "",
        "| contrast | pairs | wording | exactly story | in one story | kept apart |",
        "|---|---|---|---|---|---|",
    ]
    for name, scores in contrast.items():
        cells = [_cell(scores[figure]) for figure in _JUDGED]
        lines.append(f"| {name} | {sum(scores['pairs'].values())} | {' | '.join(cells)} |")
        for overlap, figures in scores["overlap"].items():
            cells = [_share(figures.get(figure)) for figure in _JUDGED]
            lines.append(f"| {name}, shared words {overlap} | | {' | '.join(cells)} |")
    lines += ["", "| contrast | kind | kept apart |", "|---|---|---|"]
    for name, scores in contrast.items():
        for kind, figures in scores["kinds"].items():
            lines.append(f"| {name} | {kind} | {_share(figures.get('different'))} |")
    lines += [
        "",
        "| contrast | calibration error of story | AUC story, different | AUC wording, story |",
        "|---|---|---|---|",
    ]
    for name, scores in contrast.items():
        cells = map(_cell, [scores["story_calibration_error"], *scores["auc"].values()])
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def _gap_table(gap: dict[str, Any]) -> list[str]:
    lines = ["", "| some days apart | pairs | right |", "|---|---|---|"]
    names = {"wording_in_one_story": "wordings in one story", "wording": "wordings in one wording"}
    names |= {"story": "stories in one story", "different": "different, kept apart"}
    for figure, name in names.items():
        count = gap["pairs"]["wording" if figure == "wording_in_one_story" else figure]
        lines.append(f"| {name} | {count} | {_cell(gap[figure])} |")
    return lines


def _decorated_table(decorated: dict[str, Any]) -> list[str]:
    columns = [(level, figure) for level, figures in decorated["plain"].items() for figure in figures]
    heads = " | ".join(f"{level} {figure.replace('_f1', '')}" for level, figure in columns)
    lines = ["", f"| decoration | {heads} |", "|---" * (len(columns) + 1) + "|"]
    lines.append(f"| none | {' | '.join(_cell(decorated['plain'][level][figure]) for level, figure in columns)} |")
    for template, changes in decorated["differences"].items():
        cells = " | ".join(f"{changes[level][figure]:+.3f}" for level, figure in columns)
        lines.append(f"| `{template.replace('|', chr(92) + '|')}` | {cells} |")
    worst = " | ".join(f"{decorated['worst'][level][figure]['difference']:+.3f}" for level, figure in columns)
    return [*lines, f"| the worst of the first seven | {worst} |"]


def _case_table(cases: dict[str, Any]) -> list[str]:
    lines = ["", "| case | B-cubed F1 | pairwise F1 | all right |", "|---|---|---|---|"]
    for name, scores in cases["files"].items():
        cells = f"{_cell(scores['b_cubed_f1'])} | {_cell(scores['pairwise_f1'])} | {'yes' if scores['right'] else 'no'}"
        lines.append(f"| {name} | {cells} |")
    return [*lines, f"| all | | | {cases['right']} of {cases['of']} |"]


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _share(figure: dict[str, Any] | None) -> str:
    return f"{figure['share']:.3f} of {figure['of']}" if figure else ""


_JUDGED = ("wording", "story", "story_joined", "different")
OTHER_KINDS: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "contrast": _contrast_tables,
    "gap": _gap_table,
    "decorated": _decorated_table,
    "cases": _case_table,
}
"""Name of a kind -> its tables."""


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
