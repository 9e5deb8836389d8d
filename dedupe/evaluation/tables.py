"""Evaluations and tunings for people and as JSON: figures with their intervals, and confusions as pairs of headlines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dedupe.runtime.files import writing
from dedupe.writers.terminal import console_for, printable

if TYPE_CHECKING:
    from dedupe.evaluation.confusions import Confusion
    from dedupe.evaluation.metrics import Interval
    from dedupe.evaluation.scores import Evaluation
    from dedupe.evaluation.tuning import Tuning
    from dedupe.headlines import Headline
    from dedupe.result.cautions import Caution

_MEASURES = (("B-cubed", "b_cubed"), ("pairwise", "pairwise"))
_SIDES = ("precision", "recall", "f1")


def write_evaluation(evaluation: Evaluation, path: str) -> None:
    """Write the scores of each level as a table, then the worst confusions; "-" is standard output."""
    with writing(path) as stream:
        console = console_for(stream)
        console.print(_score_table(evaluation))
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
            "scores": {name: _interval_json(value, scores.intervals[name]) for name, value in scores.scores.items()},
            "wrong": [_confusion_json(confusion) for confusion in scores.wrong],
            "missed": [_confusion_json(confusion) for confusion in scores.missed],
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
        "found": round(choice.found),
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
    choice = tuning.choice
    stays = choice.goal.figure == "f1" and choice.threshold == tuning.before
    kept = f"; {tuning.before:g} was in force and stays, as these labels show no surely better one" if stays else ""
    return [
        f"{tuning.level} threshold for {choice.goal}: {_with_interval(choice.threshold, choice.interval)}{kept}",
        *(["this threshold joins none of the labelled pairs"] if not choice.found else []),
        *(
            f"{name.replace('f1', 'F1')}: {_with_interval(choice.reached[name], choice.intervals[name])}"
            for name in _SIDES
        ),
        _basis(tuning),
    ]


def _basis(tuning: Tuning) -> str:
    true, different = tuning.choice.true, tuning.choice.pairs - tuning.choice.true
    if tuning.answers is not None:
        unused = f" ({tuning.unlabelled:,} more are about other pairs)" if tuning.unlabelled else ""
        return (
            f"answers: {tuning.answers:,}{unused}, which stand for {true:,.0f} pairs that belong together and "
            f"{different:,.0f} that do not"
        )
    return (
        f"labelled pairs: {true:,.0f} that belong together, {different:,.0f} that do not but are joined at some "
        f"threshold; from {tuning.scored:,} headlines, in {tuning.choice.blocks:,} independent groups"
    )


def _score_table(evaluation: Evaluation) -> Any:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, caption="with 95 % bootstrap intervals", caption_justify="left")
    for name in ("level", "measure", "precision", "recall", "F1"):
        table.add_column(name, no_wrap=name != "level")
    for level, scores in evaluation.levels.items():
        cells = {name: _with_interval(value, scores.intervals[name]) for name, value in scores.scores.items()}
        table.add_section()
        lead = [f"{level}, threshold {scores.threshold:g}", "", ""]
        for name, key in _MEASURES:
            table.add_row(lead.pop(0), name, *(cells[f"{key}_{side}"] for side in _SIDES))
        table.add_row("", "adjusted Rand", "", "", cells["adjusted_rand"])
    return table


def _confusion_table(title: str, confusions: Sequence[Confusion]) -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=title, title_justify="left", title_style="bold")
    table.add_column("pairs", justify="right", no_wrap=True)
    table.add_column("p", no_wrap=True)
    table.add_column("headlines, and the reasons for and against them")
    for confusion in confusions:
        table.add_section()
        lead = [f"{confusion.pairs:,}", f"{confusion.probability:.2f}"]
        for line, style in _lines(confusion):
            table.add_row(*lead, Text(printable(line), style))
            lead = ["", ""]
    return table


def _lines(confusion: Confusion) -> Iterator[tuple[str, str]]:
    for headline in (confusion.first, confusion.second):
        yield headline.title + (f"  [{headline.source}]" if headline.source else ""), ""
    unjudged = () if confusion.judged else ("not compared in the run, only here",)
    yield "; ".join((*confusion.reasons, *unjudged)), "dim"


def _confusion_json(confusion: Confusion) -> dict[str, Any]:
    return {
        "first": _headline_json(confusion.first),
        "second": _headline_json(confusion.second),
        "pairs": confusion.pairs,
        "probability": round(confusion.probability, 4),
        "reasons": list(confusion.reasons),
        "judged": confusion.judged,
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
