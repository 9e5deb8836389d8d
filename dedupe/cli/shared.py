"""What the commands share: how they fail, how they take a time span, and the options of the engine.

Exit codes: 0 done, or the reader of our output had enough; 2 bad input, settings or output; 130 interrupted.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn, TypeVar

import click
from click.core import ParameterSource

from dedupe.errors import DedupeError
from dedupe.runtime.files import discard_standard_output

if TYPE_CHECKING:
    from dedupe.embedding.cache import VectorCache
    from dedupe.result.deduplication import Deduplication

_Command = TypeVar("_Command", bound=Callable[..., Any])
_Kind = TypeVar("_Kind")
PROGRAM = "headline-dedupe"
SETTINGS = "dedupe.settings"
"""Where a context keeps the name of the settings file, for messages."""
_UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class _Failure(click.ClickException):
    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"{PROGRAM}: error: {' '.join(self.message.split())}", err=True)


def _source(error: click.UsageError) -> str:
    """The settings file, where a wrong value is from there and not from the command line."""
    name = getattr(getattr(error, "param", None), "name", None)
    if error.ctx is None or name is None or error.ctx.get_parameter_source(name) != ParameterSource.DEFAULT_MAP:
        return ""
    return f"settings {error.ctx.meta[SETTINGS]}: "


class Commands(click.Group):
    """The one place where an expected failure of any command becomes one line and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command and turn what was expected to go wrong into one line."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            asked = error.ctx or ctx
            said = error.format_message().removesuffix(".")
            raise _Failure(f"{_source(error)}{said}. See {asked.command_path} --help.") from error
        except DedupeError as error:
            raise _Failure(str(error)) from error
        except KeyboardInterrupt:
            click.echo(f"{PROGRAM}: interrupted", err=True)
            ctx.exit(130)
        except BrokenPipeError:
            discard_standard_output()
            ctx.exit(0)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Find the command; a file in its place was meant to be grouped."""
        if self.get_command(ctx, args[0]) is None and Path(args[0]).exists():
            ctx.fail(f"{args[0]!r} is a file and no command: write {PROGRAM} cluster {shlex.join(args)}.")
        return super().resolve_command(ctx, args)


class Window(click.ParamType[timedelta, Any]):
    """A time span: `72h`, `3d`, `90m`, or hours."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Return the span; a usage error where the text is none."""
        if isinstance(value, timedelta):
            return value
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(m|min|h|d|w)?", str(value).strip().lower())
        if not found or not float(found[1]):
            self._refuse(value, param, ctx)
        try:
            return timedelta(**{_UNITS[found[2] or "h"]: float(found[1])})
        except OverflowError:
            self._refuse(value, param, ctx)

    def _refuse(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> NoReturn:
        self.fail(f"{value!r} is no time span: write 72h, 3d, 90m, or a number of hours", param, ctx)


def options(*options: Callable[[Any], Any]) -> Callable[[_Command], _Command]:
    """Return a decorator that adds options in the order given."""

    def apply(command: _Command) -> _Command:
        for option in reversed(options):
            command = option(command)
        return command

    return apply


def taken(kind: type[_Kind], given: dict[str, Any]) -> _Kind:
    """Return a dataclass made of those of a command's options that are its fields, taking them out of `given`."""
    return kind(**{one.name: given.pop(one.name) for one in fields(kind)})  # type: ignore[arg-type] # no type says "a dataclass"


probability = click.FloatRange(0, 1)
output = click.option("-o", "--output", default="-", metavar="FILE", help="Where to write; default: standard output.")
dry_run = click.option("--dry-run", is_flag=True, help="Say what would be read and done; write nothing.")
force = click.option("--force", is_flag=True, help="Replace files that exist.")
quiet = click.option("-q", "--quiet", is_flag=True, help="No progress, summary or warnings.")
window = click.option("--window", type=Window(), help="Longest time span of a group: 72h, 3d, 90m, or hours.")
story_threshold = click.option(
    "--story-threshold", type=probability, help="Probability from which two headlines are one story."
)
wording_threshold = click.option(
    "--wording-threshold", type=probability, help="Probability from which two headlines say the same."
)
corrections = click.option(
    "--corrections",
    multiple=True,
    metavar="FILE",
    help="Pairs of titles that must or must never be together: title_a, title_b, verdict; repeat for more files.",
)
judging = options(window, story_threshold, wording_threshold, corrections)
engine = options(
    click.option(
        "--model",
        metavar="NAME",
        help="`small` (bundled, too: encodes in a quarter of the time), folder made by `train` or `distil`, or "
        "sentence-transformers name or folder; default: the bundled model.",
    ),
    click.option("--threads", type=click.IntRange(1), help="Processor threads to use; default: all."),
)
caching = options(
    click.option(
        "--cache",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Where vectors are kept for the next run; default: the user's cache folder.",
    ),
    click.option("--no-cache", is_flag=True, help="Encode every title, and keep no vectors."),
)


def open_cache(folder: Path | None, no_cache: bool) -> VectorCache | None:
    """Return the cache of vectors in `folder`, or in the usual one; nothing is read or made until it is used."""
    if folder and no_cache:
        raise click.UsageError("--cache and --no-cache contradict each other: give one")
    if no_cache:
        return None
    from dedupe.embedding.cache import VectorCache, default_folder

    return VectorCache(folder or default_folder())


def limit_threads(count: int | None) -> None:
    """Set the number of threads where one was given."""
    if count is not None:
        from dedupe.runtime.parallel import set_threads

        set_threads(count)


def count(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def applied(files: Sequence[str], number: int) -> list[str]:
    """Return what a summary says of the corrections of `files`: how many found both titles; nothing without a file."""
    return [f"{count(number, 'correction')} applied"] if files else []


def warn(result: Deduplication, cache: VectorCache | None, left_out: Iterable[str] = ()) -> None:
    """Say what deserves a look; `left_out`: what a report has no room for."""
    troubles = [cache.trouble] if cache and cache.trouble else []
    troubles += [f"the report leaves something out: {sentence}" for sentence in left_out]
    for warning in [*(caution.message for caution in result.warnings), *troubles]:
        click.echo(f"{PROGRAM}: warning: {warning}", err=True)
