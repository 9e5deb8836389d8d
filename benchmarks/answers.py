"""What a hundred answers are worth: asked on one slice as `label` does, tuned, measured on all the others.

    python benchmarks/answers.py --data DIR --model FOLDER --out FILE [--number 100]

DIR and FOLDER are those of labels.py: slices that the model has never seen. Two sets of other kinds of stories, each cut
into four slices, are grouped by the bundled model. The labels of a slice answer the questions. Compared is the pairwise F1
of the other slices at the model's own threshold and at the tuned one. See README.md beside this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from labels import LEVELS, SEED
from quality import Remembering
from records import circumstances, read_rows, write_json

import dedupe
from dedupe.embedding.encoders import load_encoder
from dedupe.evaluation.labelled import LabelledHeadlines, read_labels, runs_of
from dedupe.evaluation.metrics import pairwise
from dedupe.evaluation.questions import Questions
from dedupe.evaluation.tuning import Tuning, tuned_by


@click.command(help=__doc__)
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--model", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.option("--number", type=click.IntRange(1), default=100, show_default=True)
def main(data: Path, model: Path, out: Path, number: int) -> None:
    rows = list(read_rows(data / "stories" / "train.jsonl.gz"))
    names = sorted({row["slice"] for row in rows})[1::2]
    sets = {
        "held-out slices": ([row for row in rows if row["slice"] in names], LEVELS, model),
        "neus": (
            sliced(row for row in read_rows(data / "neus" / "stories.jsonl.gz") if row["split"] == "val"),
            LEVELS[:1],
            None,
        ),
        "uci_news": (sliced(read_rows(data / "uci_news" / "stories.jsonl.gz")), LEVELS[:1], None),
    }
    found = {name: {level: one for level, one in scored(*given, number)} for name, given in sets.items()}
    write_json(circumstances(SEED) | {"answers": number, "slices": names, "sets": found}, out)
    click.echo(table(found))


def sliced(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows with one of four slices each, whole stories in one."""
    given = list(rows)
    place = {story: k for k, story in enumerate(sorted({row["story"] for row in given}))}
    return [
        {"title": row["title"], "story": row["story"], "source": row.get("source"), "published": row.get("date")}
        | {"slice": f"{place[row['story']] % 4}"}
        for row in given
    ]


def scored(
    rows: list[dict[str, Any]], levels: Sequence[str], model: Path | None, number: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    labelled = read_labels(rows)
    runs = runs_of(labelled, encoder=Remembering(load_encoder(model)))
    for level in levels:
        yield level, score(labelled, runs, level, number)


def score(labelled: LabelledHeadlines, runs: list[dedupe.Deduplication], level: str, number: int) -> dict[str, Any]:
    """Return, for each slice that was asked about, the mean F1 of the others before and after."""
    truths = [labelled.labels[level][rows] for rows in labelled.slices]
    found = []
    for own, (run, truth) in enumerate(zip(runs, truths, strict=True)):
        tuning = ask(run, truth, level, number)
        others = [(runs[k], truths[k]) for k in range(len(runs)) if k != own]
        f1 = {
            name: float(np.mean([pairwise(labels, cut(other, level, threshold)).f1 for other, labels in others]))
            for name, threshold in (("before", tuning.before), ("after", tuning.threshold))
        }
        found.append(
            {"answers": tuning.answers, "threshold": tuning.threshold, **{k: round(v, 4) for k, v in f1.items()}}
        )
    gains = np.array([one["after"] - one["before"] for one in found])
    return {
        "threshold_before": runs[0].thresholds[level],
        "before": round(float(np.mean([one["before"] for one in found])), 4),
        "after": round(float(np.mean([one["after"] for one in found])), 4),
        "gain": {"mean": round(float(gains.mean()), 4), "least": round(float(gains.min()), 4)},
        "better": int((gains > 0).sum()),
        "worse": int((gains < 0).sum()),
        "best_for_all": best(runs, truths, level),
        "slices": found,
    }


def ask(run: dedupe.Deduplication, truth: np.ndarray, level: str, number: int) -> Tuning:
    """Answer the questions of one slice by its labels, and tune by that."""
    questions = Questions(run, level)
    while len(questions.answered) < number and (place := questions.next()) is not None:
        one, other = questions.titles(place)
        questions.answer(place, "wording" if truth[one] == truth[other] else "different")
    return tuned_by(questions)


def cut(run: dedupe.Deduplication, level: str, threshold: float) -> np.ndarray:
    return run.regroup(**{f"{level}_threshold": threshold}).labels(level)


def best(runs: list[dedupe.Deduplication], truths: list[np.ndarray], level: str) -> dict[str, float]:
    """Return the threshold with the best mean F1 over all slices: more than any labels of one could find."""
    scores = {
        threshold: float(np.mean([pairwise(t, cut(r, level, threshold)).f1 for r, t in zip(runs, truths, strict=True)]))
        for threshold in np.arange(0.05, 1.0, 0.025).round(3).tolist()
    }
    threshold = max(scores, key=lambda one: scores[one])
    return {"threshold": threshold, "f1": round(scores[threshold], 4)}


def table(sets: dict[str, Any]) -> str:
    """Return the figures as a table in Markdown."""
    names = ("headlines", "level", "before", "after", "best there is", "better", "worse")
    lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    for name, levels in sets.items():
        for level, one in levels.items():
            figures = (one["before"], one["after"], one["best_for_all"]["f1"])
            shown = " | ".join(f"{figure:.3f}" for figure in figures)
            lines.append(f"| {name} | {level} | {shown} | {one['better']} | {one['worse']} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
