"""Does a threshold chosen by `tune` hold on other days? Tune on half of the held-out slices, measure on the other half.

    python benchmarks/labels.py --data DIR --model FOLDER --out FILE [--precision 0.98] [--splits 20] [--slices t02,t04]

DIR holds stories/train.jsonl.gz. Every second slice by name (t02, t04, ...) is held out: train the model in FOLDER on the
others only. Each split draws half of the held-out slices with its own seed. The result has precision, recall and F1 of pairs
on the other half, for stories and wordings. See README.md in this folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np
from encoders import CachingEncoder
from records import circumstances, read_rows, write_json

import dedupe
from dedupe.evaluation import Goal, LabelledPairs, choose_threshold
from dedupe.evaluation.labelled import read_labels, runs_of
from dedupe.evaluation.labelled_pairs import concatenated, count_pairs
from dedupe.levels import SCORED_LEVELS

SEED = 0


@click.command(help=__doc__)
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--model", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.option("--precision", type=click.FloatRange(0, 1, min_open=True), default=0.98, show_default=True)
@click.option("--splits", type=click.IntRange(1), default=20, show_default=True)
@click.option("--slices", help="Only these slices, comma-separated.")
def main(data: Path, model: Path, out: Path, precision: float, splits: int, slices: str | None) -> None:
    rows = list(read_rows(data / "stories" / "train.jsonl.gz"))
    names = slices.split(",") if slices else sorted({row["slice"] for row in rows})[1::2]
    counted = pairs_of([row for row in rows if row["slice"] in names], CachingEncoder(dedupe.load_encoder(model)))
    levels = {level: score(parts, precision, splits) for level, parts in counted.items()}
    result = circumstances(SEED) | {"precision": precision, "slices": names, "levels": levels}
    write_json(result, out)
    click.echo(table(levels))


def pairs_of(rows: list[dict[str, Any]], encoder: CachingEncoder) -> dict[str, list[LabelledPairs]]:
    """Return the counted pairs of each slice, per level."""
    labelled = read_labels(rows)
    runs = runs_of(labelled, encoder=encoder)
    return {
        level: [
            count_pairs(run, labelled.labels[level][rows], level)
            for rows, run in zip(labelled.slices, runs, strict=True)
        ]
        for level in SCORED_LEVELS[::-1]
    }


def score(parts: list[LabelledPairs], precision: float, splits: int) -> dict[str, Any]:
    """Tune on half of the slices, measure on the others, split by split; return each split and the spread of the figures."""
    goal, results = Goal("precision", precision), []
    for seed in range(splits):
        order = np.random.default_rng((SEED, seed)).permutation(len(parts))
        own, others = (concatenated([parts[k] for k in half]) for half in np.array_split(order, 2))
        try:
            choice = choose_threshold(own, goal, seed=seed)
        except dedupe.InputError as error:  # no threshold surely reaches the goal on this half
            results.append({"seed": seed, "refused": str(error)})
            continue
        results.append(
            {
                "seed": seed,
                "threshold": choice.threshold,
                "tuned": {name: round(value, 4) for name, value in choice.reached.items()},
                "others": measured(others, choice.threshold),
            }
        )
    tuned = [result for result in results if "threshold" in result]
    return {"tuned": len(tuned), "refused": len(results) - len(tuned), "others": spread(tuned), "splits": results}


def measured(pairs: LabelledPairs, threshold: float) -> dict[str, float]:
    """Return precision, recall and F1 of the pairs that a threshold joins, and how many it joins."""
    joined = pairs.heights >= threshold
    found, true = pairs.weights[joined].sum(), pairs.weights[pairs.same].sum()
    both = pairs.weights[joined & pairs.same].sum()
    figures = {"precision": both / found if found else 1.0, "recall": both / true, "f1": 2 * both / (found + true)}
    return {name: round(float(value), 4) for name, value in figures.items()} | {"pairs": int(found)}


def spread(tuned: list[dict[str, Any]]) -> dict[str, Any]:
    """Return mean, minimum and maximum of each figure over the splits, and the precision over the pairs of all splits."""
    if not tuned:
        return {}
    values = {name: [result["others"][name] for result in tuned] for name in ("precision", "recall", "f1")}
    values["threshold"] = [result["threshold"] for result in tuned]
    pairs = np.array([result["others"]["pairs"] for result in tuned], np.float64)
    pooled = float(pairs @ np.array(values["precision"]) / max(pairs.sum(), 1.0))
    spans = {
        name: {"mean": round(float(np.mean(figures)), 4), "min": min(figures), "max": max(figures)}
        for name, figures in values.items()
    }
    return {"pairs": round(float(pairs.mean()), 1), "pooled_precision": round(pooled, 4), **spans}


def table(levels: dict[str, Any]) -> str:
    """Return the figures on the other half as a table in Markdown."""
    names = ("level", "splits tuned", "refused", "precision", "least", "recall", "F1", "thresholds")
    lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    for level, scores in levels.items():
        others = scores["others"]
        if not others:
            lines.append(f"| {level} | 0 | {scores['refused']} | | | | | |")
            continue
        means = {name: others[name]["mean"] for name in ("precision", "recall", "f1")}
        lines.append(
            f"| {level} | {scores['tuned']} | {scores['refused']} | {means['precision']:.3f} | {others['precision']['min']:.3f} "
            f"| {means['recall']:.3f} | {means['f1']:.3f} | {others['threshold']['min']:g} to {others['threshold']['max']:g} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
