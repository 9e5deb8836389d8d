"""Evaluations and tunings for people: scores with their intervals, and confusions as pairs of headlines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dedupe.runtime.files import writing
from dedupe.writers.terminal import console_for, printable

if TYPE_CHECKING:
    from dedupe.evaluation.confusions import Confusion
    from dedupe.evaluation.metrics import Interval
    from dedupe.evaluation.scores import Evaluation, LevelScores
    from dedupe.evaluation.tuning import Tuning
    from dedupe.headlines import Headline
    from dedupe.result.cautions import Caution

_MEASURES = (("B-cubed", "b_cubed"), ("pairwise", "pairwise"))
_SIDES = ("precision", "recall", "f1")
_WRONG = "put together, should not be"
_MISSED = "should be together, was not"


def write_evaluation(evaluation: Evaluation, path: str) -> None:
    """Write the scores of each level as a table, then the worst confusions, as `write_table` does."""
    with writing(path) as stream:
        console = console_for(stream)
        console.print(_scores(evaluation))
        for level, scores in evaluation.levels.items():
            for title, found in ((_WRONG, scores.wrong), (_MISSED, scores.missed)):
                if found:
                    console.print(_confusions(f"{level}: {title}, worst first", found))


def evaluation_json(evaluation: Evaluation) -> dict[str, Any]:
    """Return an evaluation as values of JSON; each score as `value`, `low` and `high` of its 95 % interval."""
    levels = {
        level: {
            "threshold": scores.threshold,
            "scored": scores.scored,
            "unlabelled": scores.unlabelled,
            "groups": {"true": scores.true, "found": scores.found},
            "scores": {name: _spanned(value, scores.intervals[name]) for name, value in scores.scores.items()},
            "wrong": [_confusion_json(one) for one in scores.wrong],
            "missed": [_confusion_json(one) for one in scores.missed],
        }
        for level, scores in evaluation.levels.items()
    }
    counted = {"headlines": evaluation.headlines, "slices": evaluation.slices}
    said = {"notes": list(evaluation.notes), "warnings": _warnings(evaluation.warnings)}
    return {**counted, "corrections": evaluation.corrections, "levels": levels, **said}


def _warnings(cautions: Sequence[Caution]) -> list[dict[str, Any]]:
    return [{"code": one.code, "message": one.message, "rows": len(one.positions)} for one in cautions]


def tuning_json(tuning: Tuning) -> dict[str, Any]:
    """Return a tuning as values of JSON, without its curve."""
    choice = tuning.choice
    return {
        "level": tuning.level,
        "goal": asdict(choice.goal),
        "threshold": _spanned(choice.threshold, choice.interval),
        "before": tuning.before,
        **{name: _spanned(value, choice.intervals[name]) for name, value in choice.reached.items()},
        "found": round(choice.found),
        "scored": tuning.scored,
        "unlabelled": tuning.unlabelled,
        "slices": tuning.slices,
        "pairs": round(choice.pairs),
        "true_pairs": round(choice.true),
        "blocks": choice.blocks,
        "answers": tuning.answers,
        "caution": tuning.caution,
        "warnings": _warnings(tuning.warnings),
    }


def tuning_lines(tuning: Tuning) -> list[str]:
    """Return what a tuning found, in lines."""
    choice = tuning.choice
    return [
        f"{tuning.level} threshold for {choice.goal}: {_said(choice.threshold, choice.interval)}{_stays(tuning)}",
        *(["this threshold puts none of the labelled pairs together"] if not choice.found else []),
        *(f"{name.replace('f1', 'F1')}: {_said(choice.reached[name], choice.intervals[name])}" for name in _SIDES),
        _rests_on(tuning),
    ]


def _stays(tuning: Tuning) -> str:
    stays = tuning.choice.goal.figure == "f1" and tuning.threshold == tuning.before
    return (
        f"; {tuning.before:g} was in force and stays, as these labels show none that is surely better" if stays else ""
    )


def _rests_on(tuning: Tuning) -> str:
    choice, apart = tuning.choice, tuning.choice.pairs - tuning.choice.true
    if tuning.answers is not None:
        stand = f"{choice.true:,.0f} pairs that belong together and {apart:,.0f} that do not"
        unused = f" ({tuning.unlabelled:,} more are about no pair of these)" if tuning.unlabelled else ""
        return f"answers: {tuning.answers:,}{unused}, which stand for {stand}"
    return (
        f"labelled pairs: {choice.true:,.0f} that belong together, {apart:,.0f} that do not but come together at some "
        f"threshold; of {tuning.scored:,} headlines, in {choice.blocks:,} independent groups"
    )


def _scores(evaluation: Evaluation) -> Any:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, caption="with 95 % bootstrap intervals", caption_justify="left")
    for name in ("level", "measure", "precision", "recall", "F1"):
        table.add_column(name, no_wrap=name != "level")
    for level, scores in evaluation.levels.items():
        table.add_section()
        lead = [f"{level}, from {scores.threshold:g}", "", ""]
        for name, key in _MEASURES:
            table.add_row(lead.pop(0), name, *(_cell(scores, f"{key}_{side}") for side in _SIDES))
        table.add_row("", "adjusted Rand", "", "", _cell(scores, "adjusted_rand"))
    return table


def _cell(scores: LevelScores, name: str) -> str:
    interval = scores.intervals[name]
    return f"{scores.scores[name]:.3f} ({interval.low:.3f} to {interval.high:.3f})"


def _confusions(title: str, found: Sequence[Confusion]) -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=title, title_justify="left", title_style="bold")
    table.add_column("pairs", justify="right", no_wrap=True)
    table.add_column("p", no_wrap=True)
    table.add_column("headlines, and what speaks for and against them")
    for one in found:
        table.add_section()
        lead = [f"{one.pairs:,}", f"{one.probability:.2f}"]
        for line, style in _lines(one):
            table.add_row(*lead, Text(printable(line), style))
            lead = ["", ""]
    return table


def _lines(confusion: Confusion) -> Iterator[tuple[str, str]]:
    for headline in (confusion.one, confusion.other):
        yield headline.title + (f"  [{headline.source}]" if headline.source else ""), ""
    unseen = () if confusion.judged else ("not compared in the run, judged alone here",)
    yield "; ".join((*confusion.reasons, *unseen)), "dim"


def _confusion_json(confusion: Confusion) -> dict[str, Any]:
    return {
        "one": _headline_json(confusion.one),
        "other": _headline_json(confusion.other),
        "pairs": confusion.pairs,
        "probability": round(confusion.probability, 4),
        "reasons": list(confusion.reasons),
        "judged": confusion.judged,
    }


def _headline_json(headline: Headline) -> dict[str, Any]:
    when = headline.published.isoformat() if headline.published else None
    return {"title": headline.title, "id": headline.id, "source": headline.source, "published": when}


def _said(value: float, interval: Interval) -> str:
    return f"{value:.3f} ({interval.low:.3f} to {interval.high:.3f})"


def _spanned(value: float, interval: Interval) -> dict[str, float]:
    return {"value": round(value, 4), "low": round(interval.low, 4), "high": round(interval.high, 4)}
