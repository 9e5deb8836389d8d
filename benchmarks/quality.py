"""Score the default settings on labelled headlines, beside peers at their best threshold.

    python benchmarks/quality.py --data DIR --out FILE [--sets gold,neus] [--model FOLDER] [--plot FILE]

Every JSON Lines file below DIR with titles and labels is scored. Labels are `story` and optionally `wording` (or `variant`),
or `story_a`, `story_b` ... of several annotators. A folder is one data set: scores are means over its files and
annotators. Training data is left out: files called `train` and rows with the split "train". Files of scored pairs
(`a`, `b`, `score`) are scored by correlation. Near-misses come from tests/fixtures. README.md in this folder explains all.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from figures import (
    Part,
    agreement,
    best_case,
    calibration,
    components_of,
    intervals,
    mean_scores,
    near_misses,
    probabilities,
    ranked,
)
from peers import GRID, PEERS, average_linkage
from quality_tables import plot, table
from records import circumstances, read_rows, write_json

import dedupe
from dedupe.embedding import Encoder, embed, load_encoder
from dedupe.runtime.arrays import Float32s
from dedupe.scoring.model import load_judge
from dedupe.text import MAX_LENGTH, normalize
from dedupe.training.network import default_base

SEED = 0
COLUMNS = {"story": ("story",), "wording": ("wording", "variant")}
NEAR_MISSES = Path(__file__).parent.parent / "tests" / "fixtures" / "near_misses.jsonl"
Rows = list[dict[str, Any]]


class CachingEncoder:
    """An encoder that encodes each text once. With a model folder, the judge of that folder is used."""

    def __init__(self, inner: Encoder) -> None:
        self._inner = inner
        self._known: dict[str, Float32s] = {}
        if hasattr(inner, "folder"):
            self.folder = inner.folder

    def encode(self, texts: list[str]) -> Float32s:
        """Return the vectors of `texts`; only new texts are encoded."""
        new = sorted(set(texts) - self._known.keys())
        self._known.update(zip(new, embed(self._inner, new)[:], strict=True))
        return np.stack([self._known[text] for text in texts])


@click.command(help=__doc__)
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.option("--sets", help="Only these data sets (names of folders), comma-separated.")
@click.option("--model", help="A model folder to score instead of the bundled model.")
@click.option("--plot", "picture", type=click.Path(dir_okay=False, path_type=Path), help="Where to draw the first set.")
def main(data: Path, out: Path, sets: str | None, model: str | None, picture: Path | None) -> None:
    np.random.seed(SEED)  # nothing here draws random numbers on purpose; a peer might
    ours, base, results = CachingEncoder(load_encoder(model)), CachingEncoder(load_encoder(default_base())), {}
    for name, files in find_files(data, set(sets.split(",")) if sets else None).items():
        rows = [row for file in files for row in file]
        click.echo(f"{name}: {len(rows)} rows", err=True)
        scored = score_pairs(rows, ours, base) if "score" in rows[0] else score_groups(files, ours, base)
        results[name] = {"rows": len(rows), "files": len(files)} | scored
    if not results:
        raise click.ClickException(f"no labelled headlines below {data}: see README.md in this folder")
    kinds = near_misses(list(read_rows(NEAR_MISSES)), lambda a, b: dedupe.compare(a, b, encoder=ours))
    result = {"grid": [GRID[0], GRID[-1], len(GRID)], "data": results, "near_misses": kinds}
    write_json(circumstances(SEED) | result, out)
    click.echo(table(result))
    if picture:
        plot(results, picture)


def find_files(data: Path, wanted: set[str] | None) -> dict[str, list[Rows]]:
    """Return the rows of each labelled file, by the name of its folder."""
    by_folder: dict[str, list[Rows]] = defaultdict(list)
    for path in sorted([*data.rglob("*.jsonl"), *data.rglob("*.jsonl.gz")]):
        name = path.resolve().parent.name
        if path.name.startswith("train.") or (wanted is not None and name not in wanted):
            continue
        first = next(read_rows(path), {})
        if {"a", "b", "score"} <= first.keys() or ("title" in first and label_columns(("story",), first)):
            by_folder[name].append([row for row in read_rows(path) if row.get("split") != "train"])
    return {name: kept for name, files in by_folder.items() if (kept := [rows for rows in files if rows])}


def label_columns(names: Sequence[str], row: dict[str, Any]) -> list[str]:
    """Return the columns `NAME`, or `NAME_a`, `NAME_b` ... that the row has, of the first name that has any."""
    columns = (
        [column for column in row if re.fullmatch(rf"{name}(_[a-z])?", column) and row[column] is not None]
        for name in names
    )
    return sorted(next(filter(None, columns), []))


def score_groups(files: list[Rows], ours: CachingEncoder, base: CachingEncoder) -> dict[str, Any]:
    parts = [part for rows in files for part in parts_of(rows)]
    runs = [dedupe.deduplicate(part.headlines, encoder=ours) for part in parts]
    vectors = {"base": vectors_of(base, parts), "trained": vectors_of(ours, parts)}
    levels = {
        level: score_level(parts, runs, vectors, level, ours.folder) for level in COLUMNS if parts[0].truths[level]
    }
    return {"parts": len(parts), "annotators": len(parts[0].truths["story"]), "levels": levels}


def vectors_of(encoder: CachingEncoder, parts: list[Part]) -> list[Float32s]:
    return [embed(encoder, [normalize(h.title)[:MAX_LENGTH] for h in part.headlines])[:] for part in parts]


def score_level(
    parts: list[Part],
    runs: list[dedupe.Deduplication],
    vectors: dict[str, list[Float32s]],
    level: str,
    folder: Path,
) -> dict[str, Any]:
    """Score our defaults, every other system at its best threshold, and rankings of pairs."""
    truths, labels = [part.truths[level] for part in parts], [run.labels(level) for run in runs]
    systems: dict[str, Any] = {
        "headline-dedupe": mean_scores(truths, labels) | {"threshold": runs[0].thresholds[level]}
    }
    systems["headline-dedupe"]["intervals"] = intervals(truths, labels, SEED)
    systems |= {name: best_case(truths, [start(m) for m in vectors["base"]]) for name, start in PEERS.items()}
    systems["every headline alone"] = mean_scores(truths, [np.arange(len(part.headlines)) for part in parts])
    if all(len(annotators) == 2 for annotators in truths):
        systems["one annotation against the other"] = mean_scores([[a] for a, _ in truths], [b for _, b in truths])
    ablation = {
        "base cosine, linked": [average_linkage(m) for m in vectors["base"]],
        "trained cosine, linked": [average_linkage(m) for m in vectors["trained"]],
        "judged, connected": [components_of(run, level) for run in runs],
    }
    scores = {
        "base cosine": [m @ m.T for m in vectors["base"]],
        "trained cosine": [m @ m.T for m in level_vectors(vectors["trained"], level, folder)],
        "judged": [probabilities(run, level) for run in runs],
    }
    return {
        "systems": systems,
        "ablation": {name: best_case(truths, cuts) for name, cuts in ablation.items()},
        "pairs": {name: ranked(truths, matrices) for name, matrices in scores.items()},
        "calibration": calibration(parts, runs, level),
    }


def level_vectors(vectors: list[Float32s], level: str, folder: Path) -> list[Float32s]:
    """Return the vectors that the level compares."""
    judge = load_judge(folder)
    return [judge.wording_vectors(matrix)[:] for matrix in vectors] if level == "wording" else vectors


def parts_of(rows: Rows) -> Iterable[Part]:
    slices: dict[Any, Rows] = defaultdict(list)
    for row in rows:
        slices[row.get("slice")].append(row)
    for members in slices.values():
        headlines = [
            dedupe.Headline(row["title"], published=row.get("published") or row.get("date"), source=row.get("source"))
            for row in members
        ]
        truths = {
            level: [[row[name] for row in members] for name in label_columns(names, members[0])]
            for level, names in COLUMNS.items()
        }
        yield Part(headlines, truths)


def score_pairs(rows: Rows, ours: CachingEncoder, base: CachingEncoder) -> dict[str, Any]:
    """Compare each pair, and correlate similarities and probabilities with the scores given by people, per split."""
    for encoder in (ours, base):
        embed(encoder, [normalize(row[side])[:MAX_LENGTH] for row in rows for side in "ab"])
    pairs = [dedupe.compare(row["a"], row["b"], encoder=ours) for row in rows]
    base_pairs = [dedupe.compare(row["a"], row["b"], encoder=base) for row in rows]
    values = {
        "similarity": np.array([pair.similarity for pair in pairs]),
        "wording": np.array([pair.p_wording for pair in pairs]),
        "story": np.array([pair.p_story for pair in pairs]),
        "wording_similarity": np.array([pair.features.get("wording_similarity", 1.0) for pair in pairs]),
        "base_similarity": np.array([pair.similarity for pair in base_pairs]),
    }
    scores, split = np.array([row["score"] for row in rows]), np.array([str(row.get("split")) for row in rows])
    masks = {name: split == name for name in sorted(set(split.tolist()))} | {"all": np.ones(len(rows), bool)}
    return {
        "splits": {
            name: {system: agreement(scores[mask], value[mask]) for system, value in values.items()}
            for name, mask in masks.items()
        }
    }


if __name__ == "__main__":
    main()
