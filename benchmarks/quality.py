"""Score the default settings on labelled headlines, beside peers at their best threshold, and on pairs that look alike.

    python benchmarks/quality.py --data DIR --out FILE [--cases DIR] [--sets gold,contrast] [--model FOLDER] [--no-peers]
        [--cache DIR] [--plot FILE]

Every JSON Lines file below DIR with titles and labels is scored. Labels are `story` and optionally `wording` (or `variant`),
or `story_a`, `story_b` ... of several annotators. A folder is one data set: scores are means over its files and
annotators. Training data is left out: files called `train` and rows with the split "train". Files of scored pairs
(`a`, `b`, `score`) are scored by correlation. DIR/contrast, DIR/gap and DIR/gold are scored further, and so are files of
single difficulties (--cases). Near-misses come from tests/fixtures, look-alikes from this folder. README.md here explains all.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np
from cases import cases
from decorated import decorated
from encoders import CachingEncoder
from figures import near_misses
from groups import SEED, score_groups, score_pairs
from labelled import Rows, find_files, parts_of
from lookalikes import contrast, gap, invented
from peers import GRID
from quality_tables import plot, table
from records import circumstances, read_rows, write_json

import dedupe
from dedupe.embedding import load_encoder
from dedupe.training.network import default_base

NEAR_MISSES = Path(__file__).parent.parent / "tests" / "fixtures" / "near_misses.jsonl"
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(help=__doc__)
@click.option("--data", type=FOLDER, required=True)
@click.option("--out", type=FILE, required=True)
@click.option("--cases", "case_folder", type=FOLDER, help="Where the files of single difficulties are.")
@click.option("--sets", help="Only these: names of data sets, contrast, gap, decorated or cases, comma-separated.")
@click.option("--model", help="A model folder to score instead of the bundled model.")
@click.option("--peers/--no-peers", default=True, help="Whether to score peers and the ablation, which take most time.")
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), help="A folder for vectors of earlier runs.")
@click.option("--plot", "picture", type=FILE, help="Where to draw the first set.")
def main(
    data: Path,
    out: Path,
    case_folder: Path | None,
    sets: str | None,
    model: str | None,
    peers: bool,
    cache: Path | None,
    picture: Path | None,
) -> None:
    np.random.seed(SEED)  # nothing here draws random numbers on purpose; a peer might
    stored = dedupe.VectorCache(cache) if cache else None
    ours = CachingEncoder(load_encoder(model), stored)
    base = CachingEncoder(load_encoder(default_base()), stored) if peers else None
    wanted = set(sets.split(",")) if sets else None
    results = {name: scored(name, files, ours, base) for name, files in find_files(data, wanted).items()}
    others = {}
    for name, start in other_kinds(data, case_folder, ours).items():
        if wanted is None or name in wanted:
            click.echo(name, err=True)
            others[name] = start()
    check_found(wanted, [*results, *others], data)
    in_repository = {"near_misses": score_near_misses(ours), "look_alikes": invented(ours)}
    result = {"grid": [GRID[0], GRID[-1], len(GRID)], "data": results} | others | in_repository
    write_json(circumstances(SEED) | result, out)
    click.echo(table(result))
    if picture:
        plot(results, picture)


def scored(name: str, files: list[Rows], ours: CachingEncoder, base: CachingEncoder | None) -> dict[str, Any]:
    """Score one data set of labelled headlines or of scored pairs."""
    rows = [row for file in files for row in file]
    click.echo(f"{name}: {len(rows)} rows", err=True)
    figures = score_pairs(rows, ours, base) if "score" in rows[0] else score_groups(files, ours, base)
    return {"rows": len(rows), "files": len(files)} | figures


def other_kinds(data: Path, case_folder: Path | None, ours: CachingEncoder) -> dict[str, Callable[[], dict[str, Any]]]:
    """Return what can be scored besides data sets, by name; only what there are files for."""
    gold = find_files(data, {"gold"}).get("gold", [])
    kinds: dict[str, tuple[bool, Callable[[], dict[str, Any]]]] = {
        "contrast": ((data / "contrast").is_dir(), lambda: contrast(data / "contrast", ours)),
        "gap": ((data / "gap" / "pairs.jsonl").exists(), lambda: gap(data / "gap" / "pairs.jsonl", ours)),
        "decorated": (bool(gold), lambda: decorated([p for rows in gold for p in parts_of(rows)], ours, SEED)),
        "cases": (case_folder is not None, lambda: cases(case_folder or Path(), ours)),
    }
    return {name: start for name, (exists, start) in kinds.items() if exists}


def check_found(wanted: set[str] | None, found: list[str], data: Path) -> None:
    """Raise a usage error where nothing was scored, or not all that was asked for."""
    if missing := sorted((wanted or set()) - set(found)):
        raise click.ClickException(
            f"nothing to score for {', '.join(missing)} below {data}: see README.md in this folder"
        )
    if not found:
        raise click.ClickException(f"no labelled headlines below {data}: see README.md in this folder")


def score_near_misses(ours: CachingEncoder) -> dict[str, Any]:
    rows = list(read_rows(NEAR_MISSES))
    ours.prepare(row[side] for row in rows for side in "ab")
    return near_misses(rows, lambda a, b: dedupe.compare(a, b, encoder=ours))


if __name__ == "__main__":
    main()
