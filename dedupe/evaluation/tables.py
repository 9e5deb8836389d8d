"""Evaluations and tunings for people and as JSON: figures with their intervals, and confusions as pairs of headlines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dedupe.evaluation.threshold_choice import SURE
from dedupe.result.display import counted
from dedupe.runtime.files import writing
from dedupe.runtime.terminal import printable
from dedupe.writers.terminal import console_for

if TYPE_CHECKING:
    from dedupe.evaluation.confusions import Confusion
    from dedupe.evaluation.metrics import Interval
    from dedupe.evaluation.scores import Evaluation, LevelScores
    from dedupe.evaluation.tuning import Tuning
    from dedupe.headlines import Headline
    from dedupe.result.cautions import Caution


def write_evaluation(evaluation: Evaluation, path: str) -> None:
    """Write the scores of each level as a table, then the worst confusions; "-" is standard output."""
    with writing(path, styled=True) as stream:
        console = console_for(stream)
        console.print(_score_table(evaluation))
        for level, scores in evaluation.levels.items():
            console.print(_pairs_line(level, scores))
        for level, scores in evaluation.levels.items():
            for kind, confusions in (("wrongly joined", scores.wrong), ("wrongly separated", scores.missed)):
                if confusions:
                    console.print(_confusion_table(f"{level}: {kind}, worst first", confusions))


def evaluation_json(evaluation: Evaluation) -> dict[str, Any]:
    """Return an evaluation as values of JSON; each score as `value`, `low` and `high` of its 95 % interval."""
    levels = {
        level: {
            "threshold": scores.threshold,
            "scored": scores.scored,
            "unlabelled": scores.unlabelled,
            "groups": {"true": scores.true_groups, "found": scores.found_groups},
            "pairs": {"true": scores.true_pairs, "found": scores.found_pairs, "right": scores.right_pairs},
            "scores": {name: _interval_json(value, scores.intervals[name]) for name, value in scores.scores.items()},
            "wrong": list(map(_confusion_json, scores.wrong)),
            "missed": list(map(_confusion_json, scores.missed)),
        }
        for level, scores in evaluation.levels.items()
    }
    return {
        "headlines": evaluation.headlines,
        "slices": evaluation.slices,
        "corrections": evaluation.corrections,
        "levels": levels,
        "notes": list(evaluation.notes),
        "warnings": _warnings_json(evaluation.warnings),
    }


def tuning_json(tuning: Tuning) -> dict[str, Any]:
    """Return a tuning as values of JSON, without its curve."""
    choice = tuning.choice
    return {
        "level": tuning.level,
        "goal": asdict(choice.goal),
        "threshold": _interval_json(choice.threshold, choice.interval),
        "before": tuning.before,
        **{name: _interval_json(value, choice.intervals[name]) for name, value in choice.reached.items()},
        "bare": choice.bare
        and {"threshold": round(choice.bare[0], 4), **{name: round(p, 4) for name, p in choice.bare[1].items()}},
        "found": round(choice.joined),
        "scored": tuning.scored,
        "unlabelled": tuning.unlabelled,
        "slices": tuning.slices,
        "pairs": round(choice.pairs),
        "true_pairs": round(choice.true),
        "blocks": choice.blocks,
        "answers": tuning.answers,
        "caution": tuning.caution,
        "warnings": _warnings_json(tuning.warnings),
    }


def tuning_lines(tuning: Tuning) -> list[str]:
    """Return a tuning as lines for people."""
    choice, different = tuning.choice, tuning.choice.pairs - tuning.choice.true
    first = f"{tuning.level} threshold for {choice.goal}: {_with_interval(choice.threshold, choice.interval)}"
    if choice.goal.figure == "f1" and choice.threshold == tuning.before:
        first += f"; {tuning.before:g} stays in force, because no other threshold is clearly better on these labels"
    lines = [first] if choice.joined else [first, "this threshold joins none of the labelled pairs"]
    for name, value in choice.reached.items():
        lines.append(f"{name.replace('f1', 'F1')}: {_with_interval(value, choice.intervals[name])}")
    lines += _margin(tuning)
    if tuning.answers is None:
        return [
            *lines,
            f"labelled pairs: {choice.true:,.0f} that belong together, {different:,.0f} that do not but are joined at some "
            f"threshold; from {tuning.scored:,} headlines, in {choice.blocks:,} independent groups",
        ]
    unused = f" ({tuning.unlabelled:,} more are about other pairs)" if tuning.unlabelled else ""
    return [
        *lines,
        f"answers: {tuning.answers:,}{unused}, which stand for {choice.true:,.0f} pairs that belong together and "
        f"{different:,.0f} that do not",
    ]


def _margin(tuning: Tuning) -> list[str]:
    """Say why the threshold does more than was asked for on these labels, if it does."""
    choice = tuning.choice
    if choice.bare is None or choice.bare[0] == choice.threshold:
        return []
    (bare, reached), figure = choice.bare, choice.goal.figure
    other = "recall" if figure == "precision" else "precision"
    figures = f"{figure} {reached[figure]:.3f}, {other} {reached[other]:.3f}"
    return [
        f"why not {bare:.3f}: it reaches the goal on these very labels ({figures}), but by so little that it would miss it on "
        f"about half of all other days. {choice.threshold:.3f} reaches it in {SURE:.0%} of the resamples of these labels, so it "
        "overshoots here. More labels bring both closer together."
    ]


def _score_table(evaluation: Evaluation) -> Any:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, caption="with 95 % bootstrap intervals", caption_justify="left")
    for name in ("level", "measure", "precision", "recall", "F1"):
        table.add_column(name)
    for level, scores in evaluation.levels.items():
        cells = [_with_interval(value, scores.intervals[name]) for name, value in scores.scores.items()]
        table.add_section()
        if not scores.true_pairs:  # nothing can be missed, so all other figures say nothing
            table.add_row(f"{level}, threshold {scores.threshold:g}", "B-cubed", cells[0])
            continue
        table.add_row(f"{level}, threshold {scores.threshold:g}", "B-cubed", *cells[:3])
        table.add_row("", "pairwise", *cells[3:6])
        table.add_row("", "adjusted Rand", "", "", cells[6])
    return table


def _pairs_line(level: str, scores: LevelScores) -> str:
    wrong = f"{counted(scores.found_pairs - scores.right_pairs, 'pair')} wrongly joined"
    if not scores.true_pairs:
        return f"{level}: {wrong}, of {scores.scored * (scores.scored - 1) // 2:,} pairs of which none belongs together"
    return (
        f"{level}: {scores.right_pairs:,} of {counted(scores.true_pairs, 'pair')} that belong together joined, {wrong}"
    )


def _confusion_table(title: str, confusions: Sequence[Confusion]) -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=title, title_justify="left", title_style="bold")
    table.add_column("pairs", justify="right", no_wrap=True)
    table.add_column("p", no_wrap=True)
    table.add_column("headlines, and the reasons for and against them")
    for confusion in confusions:
        first, second = (
            Text(printable(headline.title + (f"  [{headline.source}]" if headline.source else "")))
            for headline in (confusion.first, confusion.second)
        )
        unscored = () if confusion.scored else ("not scored in the run, only here",)
        table.add_section()
        table.add_row(f"{confusion.pairs:,}", f"{confusion.probability:.2f}", first)
        table.add_row("", "", second)
        table.add_row("", "", Text(printable("; ".join((*confusion.reasons, *unscored))), "dim"))
    return table


def _confusion_json(confusion: Confusion) -> dict[str, Any]:
    return {
        "first": _headline_json(confusion.first),
        "second": _headline_json(confusion.second),
        "pairs": confusion.pairs,
        "probability": round(confusion.probability, 4),
        "reasons": list(confusion.reasons),
        "scored": confusion.scored,
    }


def _headline_json(headline: Headline) -> dict[str, Any]:
    date = headline.published.isoformat() if headline.published else None
    return {"title": headline.title, "id": headline.id, "source": headline.source, "published": date}


def _warnings_json(cautions: Sequence[Caution]) -> list[dict[str, Any]]:
    return [{"code": c.code, "message": c.message, "rows": len(c.positions)} for c in cautions]


def _with_interval(value: float, interval: Interval) -> str:
    return f"{value:.3f} ({interval.low:.3f} to {interval.high:.3f})"


def _interval_json(value: float, interval: Interval) -> dict[str, float]:
    return {"value": round(value, 4), "low": round(interval.low, 4), "high": round(interval.high, 4)}
