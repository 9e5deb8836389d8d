"""The command `label`: ask about pairs at the terminal, one key per answer."""

from __future__ import annotations

import shlex
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dedupe.cli.input_options import InputOptions
from dedupe.cli.settings import settings
from dedupe.cli.shared import PROGRAM, EngineOptions, count, limit_threads, open_cache, option, say, takes, typed
from dedupe.cli.shared import caching as cache_options
from dedupe.cli.shared import window as window_option
from dedupe.errors import InputError
from dedupe.headlines import tie_key
from dedupe.levels import SCORED_LEVELS, SKIPPED
from dedupe.runtime.files import check_output
from dedupe.runtime.locks import exclusive
from dedupe.runtime.terminal import printable
from dedupe.writers.terminal import show_pair

if TYPE_CHECKING:
    from dedupe.evaluation.answers import Answers
    from dedupe.evaluation.questions import Questions

_KEYS = {"w": "wording", "s": "story", "d": "different", " ": SKIPPED}
_KEYS |= dict.fromkeys(("u", "\x7f", "\b"), "undo") | dict.fromkeys(("q", "\x1b", "\x04"), "quit")
_HELP = "[w] one wording  [s] one story  [d] different  [space] skip  [u] undo  [q] quit"


@dataclass(frozen=True, kw_only=True)
class _Options(EngineOptions):
    window: timedelta | None
    cache: Path | None
    no_cache: bool
    output: Path = option(
        *("-o", "--output"),
        type=click.Path(path_type=Path),
        default="labels.csv",
        show_default=True,
        metavar="FILE",
        help="File of answers; an existing file is continued.",
    )
    level: str = option(
        "--level",
        type=click.Choice(SCORED_LEVELS[::-1]),
        default="story",
        show_default=True,
        help="Level of the threshold that the answers are for.",
    )
    number: int = option(
        "--number", type=click.IntRange(1), default=100, show_default=True, help="Stop after this many answers."
    )


@click.command(short_help="Ask about pairs, to find where the threshold belongs.")
@takes(_Options, InputOptions)
@window_option
@cache_options
@settings
def label(job: _Options, inputs: InputOptions) -> None:
    """Ask about the pairs of INPUT that say most about where the threshold belongs, one key per answer.

    Each answer is saved at once. Stop at any time: the same command continues. `tune --labels` and
    --corrections read the answers.

    \b
    Examples:
      headline-dedupe label news.csv -o labels.csv
      headline-dedupe tune news.csv --labels labels.csv
    """
    from dedupe.evaluation.answers import Answers
    from dedupe.evaluation.questions import Questions
    from dedupe.pipeline import deduplicate

    check_output(str(job.output), inputs.inputs, force=True)
    inputs.check("-", force=True)
    with exclusive(job.output):  # another session would write over the answers of this one
        answers, cache = Answers(job.output), open_cache(job.cache, job.no_cache)
        limit_threads(job.threads)
        source = inputs.read()
        for skipped in inputs.set_aside(source, "-"):
            say(skipped)
        run = deduplicate(
            source.headlines, encoder=job.model, level=job.level, window=job.window, progress=True, cache=cache
        )
        questions = Questions(run, job.level, answers.verdicts(job.level))
        try:
            _ask(questions, answers, job)
        except (EOFError, KeyboardInterrupt):
            click.echo(err=True)
    _print_summary(answers, job, questions.count)


def _ask(questions: Questions, answers: Answers, job: _Options) -> None:
    """Ask until there are enough answers, no pairs are left, or the user quits."""
    history: list[int] = []
    while questions.count < job.number and (place := questions.next()) is not None:
        first, second = sorted((questions.result.headlines[row] for row in questions.titles(place)), key=tie_key)
        show_pair(first, second, f"{questions.count + 1} of {job.number}", _HELP)
        answer = _answer(undoable=bool(history))
        if answer == "undo":
            questions.undo(history.pop())
            answers.undo()
        elif answer != "quit":
            questions.answer(place, answer)
            answers.add(first, second, answer, job.level)
            history.append(place)
        click.echo(f"> {answer}\n", err=True)  # what is confirmed is saved
        if answer == "quit":
            return
        if answer != "undo":
            _warn_of_contradictions(answers)
    enough = questions.count >= job.number
    click.echo("Done; --number asks for more." if enough else "There are no more pairs.", err=True)


def _answer(*, undoable: bool) -> str:
    """Wait for a key that means something: return a verdict, "undo" or "quit"."""
    while True:
        try:
            answer = _KEYS.get(click.getchar().lower())
        except OSError as error:
            raise InputError(
                "label asks questions on a terminal, but standard input is not one: run it in a terminal"
            ) from error
        if answer == "undo" and not undoable:
            click.echo("  nothing to undo in this session", err=True)
        elif answer:
            return answer


def _warn_of_contradictions(answers: Answers) -> None:
    from dedupe.clustering.corrections import as_corrections

    try:
        as_corrections(answers.verdicts())
    except InputError as error:
        say(f"warning: {error}: undo it with [u], or edit {answers.path}")


def _print_summary(answers: Answers, job: _Options, answered: int) -> None:
    """Print how many answers there are, and the `tune` command that uses them."""
    counts = Counter(verdict for _, _, verdict in answers.verdicts(job.level))
    parts = ", ".join(f"{counts[verdict]:,} {verdict}" for verdict in _KEYS.values() if counts[verdict])
    number = f"{count(answered, 'answer')} for the {job.level} level in {job.output}"
    say(f"{number}{f' ({parts})' if parts else ''}")
    if answered:
        context = click.get_current_context()
        shared = [word for parameter in context.command.params for word in _as_typed(parameter, context)]
        command = shlex.join([PROGRAM, "tune", *shared, "--labels", str(job.output)])
        click.echo(f"next: {printable(command)}", err=True)


def _as_typed(parameter: click.Parameter, context: click.Context) -> list[str]:
    """An option as words, if it was typed and `tune` has it too."""
    name = str(parameter.name)
    if name in ("output", "number") or not typed(name):
        return []
    value = context.params[name]
    if isinstance(parameter, click.Argument):
        return list(value)
    if value is True:
        return [parameter.opts[0]]
    return [parameter.opts[0], f"{value / timedelta(hours=1):g}h" if isinstance(value, timedelta) else str(value)]
