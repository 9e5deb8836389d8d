"""The results of speed.py as tables in Markdown and as one picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from joins import OURS

Rows = Iterator[list[Any]]
Section = dict[str, Any]
Series = dict[int, float]
COLOURS = {  # by the first word of the name of a line; all others are ours
    "MinHash": "#0f766e",
    "encoder": "#64748b",
    "faiss": "#7c3aed",
    "paraphrase_mining": "#a16207",
    "semhash": "#0369a1",
    "community_detection": "#be185d",
}
OURS_COLOUR = "#c2410c"


def table(results: dict[str, Section]) -> str:
    """Return each section as a table in Markdown."""
    lines: list[str] = []
    for name, (columns, rows) in TABLES.items():
        if name in results:
            part = "" if results[name]["complete"] else " (not complete)"
            head = [f"{name}{part}", *columns]
            lines += ["", *map(_line, [head, ["---"] * len(head), *rows(results[name])])]
    return "\n".join(lines[1:])


def _line(cells: list[Any]) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def _join(section: Section) -> Rows:
    for size, at in section["sizes"].items():
        yield [f"{size} rows", "", f"sgemm {at['sgemm_gflops']} GFLOP/s", *[""] * 6]
        for threshold, joins in at["thresholds"].items():
            for name, run in joins.items():
                recall, share = run.get("pair_recall", ""), run.get("share_of_sgemm", "")
                took = f"stopped after {run['seconds']}" if "stopped" in run else run["seconds"]
                seconds = [threshold, name, took, run.get("pairs", ""), recall]
                yield [size, *seconds, share, run["ours_takes"], run["memory_gb"].get("rss", "")]


def _encode(section: Section) -> Rows:
    for name, run in section["encoders"].items():
        yield [name, run["titles_per_second"], run["takes_of_ours"]]


def _after(section: Section) -> Rows:
    for size, levels in section["sizes"].items():
        for level, systems in levels.items():
            for name, run in systems.items():
                yield [size, level, name, run["seconds"], run["ours_takes"], run["memory_gb"]["rss"]]


def _end(section: Section) -> Rows:
    for name, states in section.items():
        for state in ("cold", "warm") if isinstance(states, dict) and "cold" in states else ():
            run = states[state]
            seconds = [run["seconds"]["total"], run["seconds"]["encoder"], run["share_outside_encoder"]]
            yield [f"{name}, {states['level']}", state, *seconds, run["memory_gb"]["rss"]]


def _runs(section: Section) -> Rows:
    for name, run in section.items():
        if isinstance(run, dict) and "stopped" in run:
            yield [name, *[""] * 6, run["stopped"], "", "", ""]
        if isinstance(run, dict) and "stages" in run:
            groups, warned = run["groups"], ", ".join(run.get("warnings", []))
            counts = [run["headlines"], groups["exact"], groups["wording"], groups["story"], run["largest_story"]]
            memory = [run["memory_gb"]["rss"], run["memory_gb"]["anonymous"]]
            yield [name, *counts, run["recall"], run["seconds"], *memory, warned]


def _growth(section: Section) -> Rows:
    for name in (OURS, "minhash"):
        for size, run in section.get(name, {"sizes": {}})["sizes"].items():
            yield [size, name, run["seconds"], run["memory_gb"]["rss"]]
        if "exponent" in section.get(name, {}):
            yield ["exponent", name, section[name]["exponent"], ""]
    for level, scores in section["minhash_on_gold"].items():
        shown = f"B-cubed F1 {scores['b_cubed_f1']}, pairwise F1 {scores['pairwise_f1']}"
        yield [f"gold, {level}", "minhash", shown, ""]


_RUNS = ["titles", "exact", "wordings", "stories", "largest", "recall", "seconds", "GB", "GB anonymous", "warnings"]
TABLES: dict[str, tuple[list[str], Callable[[Section], Rows]]] = {
    "encode": (["titles per second", "of our time"], _encode),
    "join": (["threshold", "join", "seconds", "pairs", "pair recall", "of sgemm", "ours / its time", "GB"], _join),
    "after": (["level", "system", "seconds", "ours / its time", "GB"], _after),
    "end": (["vectors", "seconds", "encoder", "share outside", "GB"], _end),
    "million": (_RUNS, _runs),
    "crowd": (_RUNS, _runs),
    "worst": (_RUNS, _runs),
    "growth": (["system", "seconds", "GB"], _growth),
}


def plot(results: dict[str, Section], path: Path) -> None:
    """Draw seconds and gigabytes against the number of titles, both axes logarithmic."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "headline-dedupe"  # the same figures make the same file
    import matplotlib.pyplot as plt

    figure, (time, memory) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    _draw(time, _seconds(results), "seconds")
    _draw(memory, _gigabytes(results), "peak memory, GB")
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def _draw(axis: Any, lines: dict[str, Series], what: str) -> None:
    for name, values in lines.items():
        style = "--" if "join" in name else "-"
        colour = COLOURS.get(name.replace(",", "").split()[0], OURS_COLOUR)
        axis.plot(list(values), list(values.values()), style, color=colour, marker="o", markersize=3, label=name)
    axis.set(xscale="log", yscale="log", xlabel="titles")
    axis.set_title(what, fontsize=9)
    axis.tick_params(labelsize=8)
    axis.grid(alpha=0.3)
    if lines:
        axis.legend(fontsize=7, handlelength=3.5)


def _seconds(results: dict[str, Section]) -> dict[str, Series]:
    growth = results.get("growth", {})
    lines = _after_encoding(growth, lambda run: run["seconds"])
    if lines:
        lines["encoder alone"] = {
            size: size / growth["encoder_titles_per_second"] for size in lines[f"{OURS}, wording"]
        }
    return lines | _of_joins(results, lambda run: run["seconds"])


def _gigabytes(results: dict[str, Section]) -> dict[str, Series]:
    lines = _after_encoding(results.get("growth", {}), lambda run: run["memory_gb"]["rss"])
    return lines | _of_joins(results, lambda run: run["memory_gb"]["rss"])


def _after_encoding(growth: Section, value: Callable[[Section], float]) -> dict[str, Series]:
    names = {OURS: f"{OURS}, wording", "minhash": "MinHash LSH"}
    return {
        shown: {int(size): value(run) for size, run in growth[name]["sizes"].items()}
        for name, shown in names.items()
        if name in growth
    }


def _of_joins(results: dict[str, Section], value: Callable[[Section], float]) -> dict[str, Series]:
    """The joins at the first threshold."""
    lines: dict[str, Series] = {}
    for size, at in results.get("join", {"sizes": {}})["sizes"].items():
        threshold, joins = next(iter(at["thresholds"].items()))
        for name, run in joins.items():
            if "stopped" in run:
                continue
            lines.setdefault(f"{name}, join at {threshold}", {})[int(size)] = value(run)
    return lines
