"""The command `label`: asks about pairs at the terminal, one key an answer."""

from __future__ import annotations

import shlex
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dedupe.cli.reading import Reading, reading
from dedupe.cli.settings import settings
from dedupe.cli.shared import PROGRAM, caching, count, engine, limit_threads, open_cache, taken, window
from dedupe.display import show_pair
from dedupe.errors import InputError
from dedupe.files import check_output
from dedupe.headlines import tie_key
from dedupe.result import LEVELS
from dedupe.verdicts import SKIPPED

if TYPE_CHECKING:
    from dedupe.labels.answers import Answers
    from dedupe.labels.asking import Questions
    from dedupe.result import Deduplication
    from dedupe.sources import Source

_KEYS = {"w": "wording", "s": "story", "d": "different", " ": SKIPPED}
_UNDO, _QUIT = ("u", "\x7f", "\b"), ("q", "\x1b", "\x04")
_HELP = "[w] one wording  [s] one story  [d] different  [space] skip  [u] undo  [q] stop"


@dataclass(frozen=True, slots=True)
class _Job:
    output: Path
    level: str
    number: int
    window: timedelta | None
    model: str | None
    threads: int | None
    cache: Path | None
    no_cache: bool


@click.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default="labels.csv",
    show_default=True,
    metavar="FILE",
    help="Where answers are kept; one that is there is gone on with.",
)
@click.option(
    "--level", type=click.Choice(LEVELS[:0:-1]), default="story", show_default=True, help="What to choose pairs for."
)
@click.option("--number", type=click.IntRange(1), default=100, show_default=True, help="Answers to end with.")
@reading
@window
@engine
@caching
@settings
def label(**given: Any) -> None:
    """Ask about the pairs of INPUT that say most about where the threshold belongs, one key an answer.

    Each answer is kept at once. Stop when you like: the same command goes on. `tune` takes the answers, and so
    does --corrections.

    \b
    Examples:
      headline-dedupe label news.csv -o labels.csv
      headline-dedupe tune news.csv --labels labels.csv
    """
    from dedupe.labels.answers import Answers

    job, inputs = taken(_Job, given), taken(Reading, given)
    check_output(str(job.output), inputs.inputs, force=True)
    answers = Answers(job.output)
    questions = _questions(job, inputs.read(), answers)
    try:
        _ask(questions, answers, job)
    except (EOFError, KeyboardInterrupt):
        click.echo(err=True)
    _summary(answers, job, inputs)


def _questions(job: _Job, source: Source, answers: Answers) -> Questions:
    from dedupe.labels.asking import Questions

    return Questions(_group(job, source), job.level, answers.given())


def _group(job: _Job, source: Source) -> Deduplication:
    from dedupe import encoders
    from dedupe.pipeline import deduplicate
    from dedupe.progress import bars

    limit_threads(job.threads)
    with bars() as progress:
        return deduplicate(
            source.headlines,
            encoder=encoders.load_encoder(job.model) if job.model else None,
            level=job.level,
            window=job.window,
            progress=progress,
            cache=open_cache(job.cache, job.no_cache),
        )


def _ask(questions: Questions, answers: Answers, job: _Job) -> None:
    """Ask until there are as many answers as wanted, or no pairs left, or somebody has had enough."""
    asked: list[int] = []
    while _answered(answers) < job.number and (place := questions.next()) is not None:
        one, other = sorted((questions.result.headlines[row] for row in questions.titles(place)), key=tie_key)
        show_pair(one, other, f"{_answered(answers) + 1} of {job.number}", _HELP)
        verdict = _verdict(bool(asked))
        if verdict in _QUIT:
            return
        if verdict in _UNDO:
            questions.undo(asked.pop())
            answers.undo()
            continue
        questions.answer(place, verdict)
        answers.add(one, other, verdict, job.level)
        asked.append(place)
        _contradictions(answers)
    if questions.next() is None:
        click.echo("There are no more pairs to ask about.", err=True)


def _answered(answers: Answers) -> int:
    return sum(verdict != SKIPPED for _, _, verdict in answers.given())


def _verdict(undoable: bool) -> str:
    """What was answered: a verdict, or one of the keys that undo and quit."""
    while True:
        key = _key()
        if key in _KEYS or key in _QUIT or (key in _UNDO and undoable):
            said = _KEYS.get(key, "undone" if key in _UNDO else "stopped")
            click.echo(f"> {said}\n", err=True)
            return _KEYS.get(key, key)
        if key in _UNDO:
            click.echo("  nothing to undo in this session", err=True)


def _key() -> str:
    try:
        return click.getchar().lower()
    except OSError as error:
        raise InputError("label asks its questions at a terminal, and there is none: run it in one") from error


def _contradictions(answers: Answers) -> None:
    """Say where the answers contradict each other, as soon as they do."""
    from dedupe.corrections import as_corrections

    try:
        as_corrections(answers.given())
    except InputError as error:
        click.echo(f"{PROGRAM}: warning: {error}; [u] takes the last answer back", err=True)


def _summary(answers: Answers, job: _Job, inputs: Reading) -> None:
    counts = Counter(verdict for _, _, verdict in answers.given())
    said = ", ".join(f"{counts[verdict]:,} {verdict}" for verdict in _KEYS.values() if counts[verdict])
    click.echo(
        f"{PROGRAM}: {count(_answered(answers), 'answer')} in {job.output}{f' ({said})' if said else ''}", err=True
    )
    if _answered(answers):
        given = {"window": f"{job.window / timedelta(hours=1):g}h" if job.window else None, "model": job.model}
        given["level"] = job.level if job.level != "story" else None
        options = [word for name, value in given.items() if value for word in (f"--{name}", value)]
        command = [PROGRAM, "tune", *inputs.inputs, "--labels", str(job.output), *options]
        click.echo(f"next: {shlex.join(command)}", err=True)
