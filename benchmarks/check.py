"""Fail where judgement is worse than committed: any headline figure more than 0.01 below benchmarks/quality.json.

    python benchmarks/check.py [--data DIR] [--committed FILE] [--model FOLDER] [--cache DIR]

Near-misses and invented look-alikes are in the repository and are always judged; with DIR (as for quality.py), the gold
sets and the contrast set `dev` as well. Exit code 0: no figure fell. 1: at least one did, one line each. 2: the input cannot
be used.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
from encoders import CachingEncoder
from figures import FIGURES
from groups import score_groups
from labelled import COLUMNS, find_files
from lookalikes import RIGHT, contrast_rows, contrast_scores, invented, judge
from quality import FOLDER, score_near_misses

import dedupe
from dedupe.embedding import load_encoder

COMMITTED = Path(__file__).parent / "quality.json"
ALLOWED = 0.01
ROUNDING = 1e-9


@click.command(help=__doc__)
@click.option("--data", type=FOLDER, help="Labelled headlines; without it, only what is in the repository is judged.")
@click.option("--committed", type=click.Path(path_type=Path), default=COMMITTED, show_default=True)
@click.option("--model", help="A model folder to check instead of the bundled model.")
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), help="A folder for vectors of earlier runs.")
def main(data: Path | None, committed: Path, model: str | None, cache: Path | None) -> None:
    before, now = committed_figures(committed, data is not None), current_figures(data, model, cache)
    for name, value in now.items():
        click.echo(f"{name}: {value:.4f}, committed {before[name]:.4f}")
    lines = falls(before, now)
    for line in lines:
        click.echo(line, err=True)
    sys.exit(1 if lines else 0)


def committed_figures(path: Path, with_data: bool) -> dict[str, float]:
    """Return the headline figures of a file that quality.py wrote. Raises a usage error where it lacks one."""
    try:
        return headline_figures(json.loads(path.read_text(encoding="utf-8")), with_data=with_data)
    except (OSError, ValueError) as error:
        raise click.UsageError(f"cannot read {path}: {error}") from error
    except (KeyError, TypeError) as error:
        message = f"{path} lacks a figure ({error}): write it anew with quality.py, all sets included"
        raise click.UsageError(message) from error


def current_figures(data: Path | None, model: str | None, cache: Path | None) -> dict[str, float]:
    """Judge anew. Raises a usage error where the model or the data cannot be used."""
    try:
        ours = CachingEncoder(load_encoder(model), dedupe.VectorCache(cache) if cache else None)
        return headline_figures(measured(data, ours), with_data=data is not None)
    except (dedupe.DedupeError, OSError, ValueError, KeyError) as error:
        raise click.UsageError(f"cannot judge {data or 'what is in the repository'}: {error}") from error


def measured(data: Path | None, ours: CachingEncoder) -> dict[str, Any]:
    """Return the figures that are checked, in the shape of quality.json. Raises `InputError` where data is missing."""
    result: dict[str, Any] = {"near_misses": score_near_misses(ours), "look_alikes": invented(ours)}
    if data is None:
        return result
    gold, dev = find_files(data, {"gold"}).get("gold"), data / "contrast" / "dev.jsonl"
    if not gold or not dev.exists():
        raise dedupe.InputError(f"{data} must hold a folder gold with labelled headlines, and contrast/dev.jsonl")
    result["data"] = {"gold": score_groups(gold, ours, None)}
    result["contrast"] = {"dev": contrast_scores(judge(contrast_rows(dev), ours))}
    return result


def headline_figures(result: dict[str, Any], *, with_data: bool) -> dict[str, float]:
    """Return the figures that must not fall, all in [0, 1] and better if higher, from the shape of quality.json."""
    total = result["near_misses"]["all"]
    figures = {f"near-misses, {side}": total[side] / total[f"{side}_of"] for side in ("apart", "together")}
    figures |= {f"look-alikes, {figure}": result["look_alikes"][figure] for figure in RIGHT}
    if with_data:
        for level in COLUMNS:
            ours = result["data"]["gold"]["levels"][level]["systems"]["headline-dedupe"]
            figures |= {f"gold, {level}, {figure}": ours[figure] for figure in FIGURES[:2]}
        figures |= {f"contrast dev, {figure}": result["contrast"]["dev"][figure] for figure in RIGHT}
    return {name: float(value) for name, value in figures.items()}


def falls(before: dict[str, float], now: dict[str, float]) -> list[str]:
    """Return a line for each figure that is more than `ALLOWED` below what it was."""
    return [
        f"{name} fell from {before[name]:.4f} to {value:.4f}, by more than {ALLOWED}"
        for name, value in now.items()
        if before[name] - value > ALLOWED + ROUNDING
    ]


if __name__ == "__main__":
    main()
