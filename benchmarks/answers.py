"""What are a hundred answers worth? Ask about one slice as `label` does, tune, and measure on all other slices.

    python benchmarks/answers.py --data DIR --model FOLDER --out FILE [--number 100]

DIR and FOLDER are those of labels.py: slices that the model has never seen. Two sets with other kinds of stories, each cut
into four slices, are grouped by the bundled model. The labels of a slice answer the questions. The result compares pairwise F1
of the other slices at the model's own threshold and at the tuned one. See README.md in this folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from encoders import CachingEncoder
from labels import SEED
from records import circumstances, read_rows, write_json

import dedupe
from dedupe.evaluation import Tuning, pairwise
from dedupe.evaluation.labelled import LabelledHeadlines, read_labels, runs_of
from dedupe.evaluation.questions import Questions
from dedupe.evaluation.tuning import tuned_by
from dedupe.levels import SCORED_LEVELS
from dedupe.runtime.arrays import Ints


@click.command(help=__doc__)
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--model", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.option("--number", type=click.IntRange(1), default=100, show_default=True)
def main(data: Path, model: Path, out: Path, number: int) -> None:
    rows = list(read_rows(data / "stories" / "train.jsonl.gz"))
    names = sorted({row["slice"] for row in rows})[1::2]
    sets = {
        "held-out slices": ([row for row in rows if row["slice"] in names], SCORED_LEVELS[::-1], model),
        "neus": (
            sliced(row for row in read_rows(data / "neus" / "stories.jsonl.gz") if row["split"] == "val"),
            ("story",),
            None,
        ),
        "uci_news": (sliced(read_rows(data / "uci_news" / "stories.jsonl.gz")), ("story",), None),
    }
    results = {name: dict(scored(*arguments, number)) for name, arguments in sets.items()}
    write_json(circumstances(SEED) | {"answers": number, "slices": names, "sets": results}, out)
    click.echo(table(results))


def sliced(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with a column `slice`, one of four; a story lies in one slice."""
    rows = list(rows)
    place = {story: k for k, story in enumerate(sorted({row["story"] for row in rows}))}
    return [
        {"title": row["title"], "story": row["story"], "source": row.get("source"), "published": row.get("date")}
        | {"slice": f"{place[row['story']] % 4}"}
        for row in rows
    ]


def scored(
    rows: list[dict[str, Any]], levels: Sequence[str], model: Path | None, number: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    labelled = read_labels(rows)
    runs = runs_of(labelled, encoder=CachingEncoder(dedupe.load_encoder(model)))
    for level in levels:
        yield level, score(labelled, runs, level, number)


def score(labelled: LabelledHeadlines, runs: list[dedupe.Deduplication], level: str, number: int) -> dict[str, Any]:
    """Return, for each slice that was asked about, the mean F1 of the others before and after tuning."""
    truths = [labelled.labels[level][rows] for rows in labelled.slices]
    results = []
    for own, (run, truth) in enumerate(zip(runs, truths, strict=True)):
        tuning = ask(run, truth, level, number)
        others = [(runs[k], truths[k]) for k in range(len(runs)) if k != own]
        f1 = {
            name: float(np.mean([pairwise(labels, cut(other, level, threshold)).f1 for other, labels in others]))
            for name, threshold in (("before", tuning.before), ("after", tuning.threshold))
        }
        results.append(
            {"answers": tuning.answers, "threshold": tuning.threshold, **{k: round(v, 4) for k, v in f1.items()}}
        )
    gains = np.array([result["after"] - result["before"] for result in results])
    return {
        "threshold_before": runs[0].thresholds[level],
        "before": round(float(np.mean([result["before"] for result in results])), 4),
        "after": round(float(np.mean([result["after"] for result in results])), 4),
        "gain": {"mean": round(float(gains.mean()), 4), "least": round(float(gains.min()), 4)},
        "better": int((gains > 0).sum()),
        "worse": int((gains < 0).sum()),
        "best_for_all": best(runs, truths, level),
        "slices": results,
    }


def ask(run: dedupe.Deduplication, truth: Ints, level: str, number: int) -> Tuning:
    """Answer the questions about one slice with its labels, and tune by the answers."""
    questions = Questions(run, level)
    while len(questions.answered) < number and (place := questions.next()) is not None:
        first, second = questions.titles(place)
        questions.answer(place, "wording" if truth[first] == truth[second] else "different")
    return tuned_by(questions)


def cut(run: dedupe.Deduplication, level: str, threshold: float) -> Ints:
    if level == "story":
        return run.regroup(story_threshold=threshold).labels(level)
    return run.regroup(wording_threshold=threshold).labels(level)


def best(runs: list[dedupe.Deduplication], truths: list[Ints], level: str) -> dict[str, float]:
    """Return the threshold with the best mean F1 over all slices, better than any that labels of one slice could find."""
    scores = {
        threshold: float(np.mean([pairwise(t, cut(r, level, threshold)).f1 for r, t in zip(runs, truths, strict=True)]))
        for threshold in np.arange(0.05, 1.0, 0.025).round(3).tolist()
    }
    threshold = max(scores, key=lambda key: scores[key])
    return {"threshold": threshold, "f1": round(scores[threshold], 4)}


def table(sets: dict[str, Any]) -> str:
    """Return the figures as a table in Markdown."""
    names = ("headlines", "level", "before", "after", "best single threshold", "better", "worse")
    lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    for name, levels in sets.items():
        for level, scores in levels.items():
            figures = (scores["before"], scores["after"], scores["best_for_all"]["f1"])
            cells = " | ".join(f"{figure:.3f}" for figure in figures)
            lines.append(f"| {name} | {level} | {cells} | {scores['better']} | {scores['worse']} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
