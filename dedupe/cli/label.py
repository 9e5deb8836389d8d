"""The command `label`: asks about pairs at the terminal, one key an answer."""

from __future__ import annotations

import shlex
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from dedupe.cli.input_options import InputOptions
from dedupe.cli.settings import settings
from dedupe.cli.shared import PROGRAM, caching, count, engine, limit_threads, open_cache, takes, window
from dedupe.errors import InputError
from dedupe.headlines import tie_key
from dedupe.levels import LEVELS, SKIPPED
from dedupe.runtime.files import check_output
from dedupe.writers.terminal import show_pair

if TYPE_CHECKING:
    from dedupe.evaluation.answers import Answers
    from dedupe.evaluation.questions import Questions
    from dedupe.readers.inputs import Source
    from dedupe.result.deduplication import Deduplication

_KEYS = {"w": "wording", "s": "story", "d": "different", " ": SKIPPED}
_OWN = ("output", "number")  # options that `tune` does not share
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
@takes(_Job, InputOptions)
@window
@engine
@caching
@settings
def label(job: _Job, inputs: InputOptions) -> None:
    """Ask about the pairs of INPUT that say most about where the threshold belongs, one key an answer.

    Each answer is kept at once. Stop when you like: the same command goes on. `tune` takes the answers, and so
    does --corrections.

    \b
    Examples:
      headline-dedupe label news.csv -o labels.csv
      headline-dedupe tune news.csv --labels labels.csv
    """
    from dedupe.evaluation.answers import Answers

    check_output(str(job.output), inputs.inputs, force=True)
    answers = Answers(job.output)
    questions = _questions(job, inputs.read(), answers)
    try:
        _ask(questions, answers, job)
    except (EOFError, KeyboardInterrupt):
        click.echo(err=True)
    _summary(answers, job, questions.count)


def _questions(job: _Job, source: Source, answers: Answers) -> Questions:
    from dedupe.evaluation.questions import Questions

    return Questions(_group(job, source), job.level, answers.given(job.level))


def _group(job: _Job, source: Source) -> Deduplication:
    from dedupe.embedding import encoders as encoders
    from dedupe.pipeline import deduplicate
    from dedupe.runtime.progress import bars

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
    while questions.count < job.number and (place := questions.next()) is not None:
        one, other = sorted((questions.result.headlines[row] for row in questions.titles(place)), key=tie_key)
        show_pair(one, other, f"{questions.count + 1} of {job.number}", _HELP)
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
    done = "That is enough; --number asks for more." if questions.count >= job.number else "There are no more pairs."
    click.echo(done, err=True)


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
    from dedupe.clustering.corrections import as_corrections

    try:
        as_corrections(answers.given())
    except InputError as error:
        click.echo(f"{PROGRAM}: warning: {error}: by [u], or in {answers.path}", err=True)


def _summary(answers: Answers, job: _Job, answered: int) -> None:
    """Say what is there, and the command that uses it, with the options that it shares with this one."""
    counts = Counter(verdict for _, _, verdict in answers.given(job.level))
    said = ", ".join(f"{counts[verdict]:,} {verdict}" for verdict in _KEYS.values() if counts[verdict])
    about = f" ({said})" if said else ""
    click.echo(f"{PROGRAM}: {count(answered, 'answer')} for the {job.level} level in {job.output}{about}", err=True)
    if answered:
        context = click.get_current_context()
        shared = [word for option in context.command.params for word in _as_typed(option, context)]
        click.echo(f"next: {shlex.join([PROGRAM, 'tune', *shared, '--labels', str(job.output)])}", err=True)


def _as_typed(option: click.Parameter, context: click.Context) -> list[str]:
    """An option as it was given on the command line, if it was and `tune` has it too."""
    given = context.get_parameter_source(str(option.name)) is ParameterSource.COMMANDLINE
    if not given or option.name in _OWN:
        return []
    value = context.params[str(option.name)]
    if isinstance(option, click.Argument):
        return [str(one) for one in value]
    if value is True:
        return [option.opts[0]]
    return [option.opts[0], f"{value / timedelta(hours=1):g}h" if isinstance(value, timedelta) else str(value)]
