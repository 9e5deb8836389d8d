"""Score the default settings on labelled headlines, beside the peers at their best threshold.

    python benchmarks/quality.py --data DIR --out FILE [--sets gold,neus]

Every JSON Lines file below DIR with a title and labels is scored: `story` (and `variant`, the wording), or `story_a`,
`story_b` ... where several people annotated it. A folder is one data set: scores are means over its files and
annotators. Training data is left out: files called `train` and rows whose split is "train". Files of scored pairs
(`a`, `b`, `score`) are scored by correlation. See README.md beside this script.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray
from peers import GRID, PEERS, Cut
from records import circumstances, read_rows, write_json

import dedupe
from dedupe.encoders import embed, load_encoder
from dedupe.evaluation import adjusted_rand, b_cubed, pairwise
from dedupe.text import MAX_LENGTH, normalize

SEED = 0
COLUMNS = {"story": "story", "wording": "variant"}
FIGURES = ("b_cubed_f1", "pairwise_f1", "ari")
SIMILAR, DISSIMILAR = 4, 2  # pairs scored at least / at most this are positive / negative for the AUC
Labels = Sequence[Any]
Rows = list[dict[str, Any]]


class Remembering:
    """The bundled encoder, encoding each text once for ours and for the peers; calibration is as with the default."""

    bundled = True

    def __init__(self) -> None:
        self._inner = load_encoder(None)
        self._known: dict[str, NDArray[np.float32]] = {}

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        """Return the vectors of `texts`, encoding those that are new."""
        new = sorted(set(texts) - self._known.keys())
        self._known.update(zip(new, embed(self._inner, new), strict=True))
        return np.stack([self._known[text] for text in texts])


@dataclass(frozen=True)
class Part:
    """One file, or one slice of it: what is grouped at once, with the labels of each annotator per level."""

    headlines: list[dedupe.Headline]
    truths: dict[str, list[Labels]]


@click.command(help=__doc__)
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.option("--sets", help="Only these data sets (names of folders), comma-separated.")
def main(data: Path, out: Path, sets: str | None) -> None:
    np.random.seed(SEED)  # nothing here draws random numbers on purpose; a peer might
    encoder, results = Remembering(), {}
    for name, files in find_files(data, set(sets.split(",")) if sets else None).items():
        rows = [row for file in files for row in file]
        click.echo(f"{name}: {len(rows)} rows", err=True)
        scored = score_pairs(rows, encoder) if "score" in rows[0] else score_groups(files, encoder)
        results[name] = {"rows": len(rows), "files": len(files)} | scored
    if not results:
        raise click.ClickException(f"no labelled headlines below {data}: see the README beside this script")
    write_json(circumstances(SEED) | {"grid": [GRID[0], GRID[-1], len(GRID)], "data": results}, out)
    click.echo(table(results))


def find_files(data: Path, wanted: set[str] | None) -> dict[str, list[Rows]]:
    """Return the rows of each labelled file, by the name of its folder."""
    found: dict[str, list[Rows]] = defaultdict(list)
    for path in sorted([*data.rglob("*.jsonl"), *data.rglob("*.jsonl.gz")]):
        name = path.resolve().parent.name
        if path.name.startswith("train.") or (wanted is not None and name not in wanted):
            continue
        first = next(read_rows(path), {})
        if {"a", "b", "score"} <= first.keys() or ("title" in first and label_columns("story", first)):
            found[name].append([row for row in read_rows(path) if row.get("split") != "train"])
    return {name: kept for name, files in found.items() if (kept := [rows for rows in files if rows])}


def label_columns(column: str, row: dict[str, Any]) -> list[str]:
    """Return `column`, or `column_a`, `column_b` ..., as far as the row has them."""
    return sorted(name for name in row if re.fullmatch(rf"{column}(_[a-z])?", name) and row[name] is not None)


def score_groups(files: list[Rows], encoder: Remembering) -> dict[str, Any]:
    parts = [part for rows in files for part in parts_of(rows)]
    ours = [dedupe.deduplicate(part.headlines, encoder=encoder) for part in parts]
    vectors = [embed(encoder, [normalize(h.title)[:MAX_LENGTH] for h in part.headlines]) for part in parts]
    by_peer = {name: labels_on_grid([start(matrix) for matrix in vectors]) for name, start in PEERS.items()}
    levels = {}
    for level in COLUMNS:
        truths = [part.truths[level] for part in parts]
        if not all(truths):
            continue
        found = [run.labels(level) for run in ours]
        systems = {"headline-dedupe": figures(truths, found) | {"threshold": ours[0].thresholds[level]}}
        systems |= {name: best_case(truths, by_threshold) for name, by_threshold in by_peer.items()}
        systems["every headline alone"] = figures(truths, [np.arange(len(part.headlines)) for part in parts])
        if all(len(annotators) == 2 for annotators in truths):
            systems["one annotation against the other"] = figures([[a] for a, _ in truths], [b for _, b in truths])
        levels[level] = systems
    return {"parts": len(parts), "annotators": len(parts[0].truths["story"]), "levels": levels}


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
            level: [[row[name] for row in members] for name in label_columns(column, members[0])]
            for level, column in COLUMNS.items()
        }
        yield Part(headlines, truths)


def labels_on_grid(cuts: list[Cut]) -> dict[float, list[Labels]]:
    return {threshold: [cut(threshold) for cut in cuts] for threshold in GRID}


def best_case(truths: list[list[Labels]], by_threshold: dict[float, list[Labels]]) -> dict[str, Any]:
    """Return each figure at the threshold that is best for it on these very files, and that threshold."""
    scores = {threshold: figures(truths, found) for threshold, found in by_threshold.items()}
    best = {figure: max(scores, key=lambda t: scores[t][figure]) for figure in FIGURES}
    return {figure: scores[best[figure]][figure] for figure in FIGURES} | {"best_threshold": best}


def figures(truths: list[list[Labels]], found: Sequence[Labels]) -> dict[str, float]:
    """Return the mean of each figure over annotators, then over parts."""
    by_part = [
        np.mean([_figures(truth, labels) for truth in annotators], axis=0)
        for annotators, labels in zip(truths, found, strict=True)
    ]
    names = ("b_cubed_precision", "b_cubed_recall", "b_cubed_f1")
    names += ("pairwise_precision", "pairwise_recall", "pairwise_f1", "ari")
    return dict(zip(names, np.mean(by_part, axis=0).round(4).tolist(), strict=True))


def _figures(truth: Labels, labels: Labels) -> list[float]:
    cubed, pairs = b_cubed(truth, labels), pairwise(truth, labels)
    ari = adjusted_rand(truth, labels)
    return [cubed.precision, cubed.recall, cubed.f1, pairs.precision, pairs.recall, pairs.f1, ari]


def score_pairs(rows: Rows, encoder: Remembering) -> dict[str, Any]:
    """Compare each pair, and correlate similarity and both probabilities with the people's score, per split."""
    embed(encoder, [normalize(row[side])[:MAX_LENGTH] for row in rows for side in "ab"])
    judged = [dedupe.compare(row["a"], row["b"], encoder=encoder) for row in rows]
    systems = ("similarity", "wording", "story")
    values = {system: np.array([getattr(pair, system) for pair in judged]) for system in systems}
    scores, split = np.array([row["score"] for row in rows]), np.array([str(row.get("split")) for row in rows])
    masks = {name: split == name for name in sorted(set(split.tolist()))} | {"all": np.ones(len(rows), bool)}
    return {
        "splits": {
            name: {system: agreement(scores[mask], values[system][mask]) for system in systems}
            for name, mask in masks.items()
        }
    }


def agreement(scores: NDArray[Any], values: NDArray[Any]) -> dict[str, float]:
    from sklearn.metrics import roc_auc_score

    clear = (scores >= SIMILAR) | (scores <= DISSIMILAR)
    auc = roc_auc_score(scores[clear] >= SIMILAR, values[clear])
    return {"pearson": round(float(np.corrcoef(scores, values)[0, 1]), 4), "auc": round(float(auc), 4)}


def table(results: dict[str, Any]) -> str:
    """Return everything as one table in Markdown."""
    lines = ["| data | level | system | B-cubed F1 | pairwise F1 | ARI |", "|---|---|---|---|---|---|"]
    for name, result in results.items():
        for level, systems in result.get("levels", {}).items():
            for system, found in systems.items():
                shown = " | ".join(f"{found[figure]:.3f}" for figure in FIGURES)
                lines.append(f"| {name} | {level} | {system} | {shown} |")
    pairs = {name: result["splits"] for name, result in results.items() if "splits" in result}
    lines += ["", "| data | split | value | Pearson | AUC |", "|---|---|---|---|---|"] if pairs else []
    for name, splits in pairs.items():
        for split, systems in splits.items():
            for system, found in systems.items():
                lines.append(f"| {name} | {split} | {system} | {found['pearson']:.3f} | {found['auc']:.3f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
