"""Whether a threshold that `tune` chose holds on other days: tuned on half of held-out slices, measured on the other half.

    python benchmarks/labels.py --data DIR --model FOLDER --out FILE [--precision 0.98] [--splits 20] [--slices t02,t04]

DIR holds stories/train.jsonl.gz; held out are its slices in odd places when sorted by name (t02, t04, ...), which the
model in FOLDER must never have seen: train it on the others. Each split draws half of them by a seed of its own. Reported
are precision, recall and F1 of pairs on the other half, for stories and wordings. See README.md beside this script.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np
from quality import Remembering
from records import circumstances, read_rows, write_json

import dedupe
from dedupe import evaluation
from dedupe.embedding.encoders import load_encoder
from dedupe.evaluation.labelled import read_labels, runs_of
from dedupe.evaluation.labelled_pairs import LabelledPairs, concatenated, count_pairs

SEED = 0
LEVELS = ("story", "wording")


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
    counted = pairs_of([row for row in rows if row["slice"] in names], Remembering(load_encoder(model)))
    levels = {level: score(parts, precision, splits) for level, parts in counted.items()}
    result = circumstances(SEED) | {"precision": precision, "slices": names, "levels": levels}
    write_json(result, out)
    click.echo(table(levels))


def pairs_of(rows: list[dict[str, Any]], encoder: Remembering) -> dict[str, list[LabelledPairs]]:
    """Return the labelled pairs of each slice, counted by merge, per level."""
    labelled = read_labels(rows)
    runs = runs_of(labelled, encoder=encoder)
    return {
        level: [
            count_pairs(run, labelled.labels[level][at], level) for at, run in zip(labelled.slices, runs, strict=True)
        ]
        for level in LEVELS
    }


def score(parts: list[LabelledPairs], precision: float, splits: int) -> dict[str, Any]:
    """Return what is reached on the slices that a threshold was not tuned on, split by split, and how it spreads."""
    goal = evaluation.Goal("precision", precision)
    found = []
    for seed in range(splits):
        order = np.random.default_rng((SEED, seed)).permutation(len(parts))
        ours, others = (concatenated([parts[k] for k in half]) for half in np.array_split(order, 2))
        try:
            choice = evaluation.choose_threshold(ours, goal, seed=seed)
        except dedupe.InputError as error:  # it cannot be reached surely on this half
            found.append({"seed": seed, "refused": str(error)})
            continue
        reached = {name: round(value, 4) for name, value in choice.reached.items()}
        found.append(
            {
                "seed": seed,
                "threshold": choice.threshold,
                "tuned": reached,
                "others": measured(others, choice.threshold),
            }
        )
    tuned = [one for one in found if "threshold" in one]
    return {"tuned": len(tuned), "refused": len(found) - len(tuned), "others": spread(tuned), "splits": found}


def measured(pairs: LabelledPairs, threshold: float) -> dict[str, float]:
    """Return precision, recall and F1 of the pairs that a threshold puts together, and how many these are."""
    together = pairs.heights >= threshold
    found, true = pairs.weights[together].sum(), pairs.weights[pairs.same].sum()
    both = pairs.weights[together & pairs.same].sum()
    figures = {"precision": both / found if found else 1.0, "recall": both / true, "f1": 2 * both / (found + true)}
    return {name: round(float(value), 4) for name, value in figures.items()} | {"pairs": int(found)}


def spread(tuned: list[dict[str, Any]]) -> dict[str, Any]:
    """Return mean, least and greatest of each figure over the splits, and precision over the pairs of all of them."""
    if not tuned:
        return {}
    values = {name: [one["others"][name] for one in tuned] for name in ("precision", "recall", "f1")}
    values["threshold"] = [one["threshold"] for one in tuned]
    pairs = np.array([one["others"]["pairs"] for one in tuned], np.float64)
    pooled = float(pairs @ np.array(values["precision"]) / max(pairs.sum(), 1.0))
    spans = {
        name: {"mean": round(float(np.mean(some)), 4), "min": min(some), "max": max(some)}
        for name, some in values.items()
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
