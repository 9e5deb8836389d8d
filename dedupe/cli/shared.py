"""What commands share: errors, time spans, and dataclasses of options.

Exit codes: 0 done, or the reader of the output closed the pipe; 2 bad input, settings or output; 130 interrupted.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import timedelta
from functools import cached_property, reduce, wraps
from inspect import get_annotations
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from dedupe.errors import DedupeError
from dedupe.runtime.files import check_output, discard_standard_output
from dedupe.writers import format_of

if TYPE_CHECKING:
    from dedupe.cli.input_options import InputOptions
    from dedupe.clustering.corrections import Correction
    from dedupe.embedding.cache import VectorCache
    from dedupe.result.cautions import Caution
    from dedupe.result.settings import RunOptions as LibraryOptions

_Command = TypeVar("_Command", bound=Callable[..., Any])
PROGRAM = "headline-dedupe"
SETTINGS = "dedupe.settings"
"""Where a context keeps the name of the settings file, for messages."""


class _Failure(click.ClickException):
    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"{PROGRAM}: error: {' '.join(self.message.split())}", err=True)


class Commands(click.Group):
    """Turns every expected failure of a command into one line and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            command = error.ctx or ctx
            message = error.format_message().removesuffix(".")
            raise _Failure(f"{_settings_file(error)}{message}. See {command.command_path} --help.") from error
        except DedupeError as error:
            raise _Failure(str(error)) from error
        except KeyboardInterrupt:
            click.echo(f"{PROGRAM}: interrupted", err=True)
            ctx.exit(130)
        except BrokenPipeError:
            discard_standard_output()
            ctx.exit(0)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Return the command; where a file stands in its place, suggest `cluster`."""
        if self.get_command(ctx, args[0]) is None and Path(args[0]).exists():
            ctx.fail(f"{args[0]!r} is a file, not a command: write {PROGRAM} cluster {shlex.join(args)}.")
        return super().resolve_command(ctx, args)


def _settings_file(error: click.UsageError) -> str:
    """Return the settings file that a bad value came from, "" if it came from the command line."""
    name = getattr(getattr(error, "param", None), "name", None)
    if error.ctx is None or name is None or error.ctx.get_parameter_source(name) != ParameterSource.DEFAULT_MAP:
        return ""
    return f"settings {error.ctx.meta[SETTINGS]}: "


def time_span(value: timedelta | str | float) -> timedelta:
    """Return the time span that `72h`, `3d`, `90m` or a number of hours means."""
    if isinstance(value, timedelta):
        return value
    from dedupe.result.settings import hours_of

    try:
        return timedelta(hours=hours_of(str(value)) or 0)
    except (DedupeError, OverflowError):
        raise click.BadParameter(f"{value!r} is not a time span: write 72h, 3d, 90m, or a number of hours") from None


def option(*names: str, **attributes: Any) -> Any:
    """Return a dataclass field that holds the value of a click option."""
    return field(metadata={"click": click.option(*names, **attributes)})


def options(*decorators: Callable[[Any], Any]) -> Callable[[_Command], _Command]:
    """Return a decorator that adds options in the order given."""
    return lambda command: reduce(lambda inner, decorator: decorator(inner), reversed(decorators), command)


def options_of(kind: type[Any], *names: str) -> Callable[[_Command], _Command]:
    """Return a decorator that adds the options that a dataclass declares, or those in `names`; its own before inherited ones."""
    own_first = [item for owner in kind.__mro__ for item in fields(kind) if item.name in get_annotations(owner)]
    declared = {item.name: item.metadata["click"] for item in own_first if item.metadata}
    return options(*(declared[name] for name in names or declared))


def takes(*kinds: type[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that adds the options of dataclasses and passes the command an instance of each."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def with_options(**values: Any) -> None:
            instances = [kind(**{item.name: values.pop(item.name) for item in fields(kind)}) for kind in kinds]
            command(*instances, **values)

        return options(*map(options_of, kinds))(with_options)

    return decorate


probability = click.FloatRange(0, 1)


@dataclass(frozen=True)
class EngineOptions:
    """What encodes titles."""

    model: str | None = option(
        "--model",
        metavar="NAME",
        help="`small` (bundled, encodes four times as fast), a folder made by `train` or `distil`, or a "
        "sentence-transformers name or folder; default: the bundled model.",
    )
    threads: int | None = option(
        "--threads", type=click.IntRange(1), metavar="N", help="Processor threads to use; default: all."
    )


@dataclass(frozen=True)
class GroupOptions(EngineOptions):
    """The options of every command that groups headlines."""

    window: timedelta | None = option(
        "--window", type=time_span, metavar="SPAN", help="Longest time span of a group: 72h, 3d, 90m, or hours."
    )
    story_threshold: float | None = option(
        "--story-threshold", type=probability, metavar="P", help="Probability from which headlines are one story."
    )
    wording_threshold: float | None = option(
        "--wording-threshold", type=probability, metavar="P", help="Probability from which headlines are one wording."
    )
    corrections: tuple[str, ...] = option(
        "--corrections",
        multiple=True,
        metavar="FILE",
        help="Pairs to join or keep apart: title_a, title_b, verdict; repeatable.",
    )
    cache: Path | None = option(
        "--cache",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Vector cache; default: the user's cache folder.",
    )
    no_cache: bool = option("--no-cache", is_flag=True, help="Encode every title, and keep no vectors.")
    dry_run: bool = option("--dry-run", is_flag=True, help="Show what would be read and done; write nothing.")
    quiet: bool = option("-q", "--quiet", is_flag=True, help="Print no progress, summary or warnings.")

    @cached_property
    def vectors(self) -> VectorCache | None:
        """The cache of vectors; nothing is read or made until it is used."""
        return open_cache(self.cache, self.no_cache)

    @cached_property
    def all_corrections(self) -> list[Correction]:
        """Return the corrections in the files that were named."""
        from dedupe.clustering.corrections import read_corrections

        return read_corrections(self.corrections)

    def run_options(self) -> LibraryOptions:
        """Return the options for the library, and set the number of threads."""
        limit_threads(self.threads)
        return {
            "encoder": self.model,
            "cache": self.vectors,
            "window": self.window,
            "story_threshold": self.story_threshold,
            "wording_threshold": self.wording_threshold,
            "corrections": self.all_corrections,
            "progress": not self.quiet,
        }


@dataclass(frozen=True)
class OutputOptions(GroupOptions):
    """The options of every command that writes what it finds to one file."""

    output: str = option("-o", "--output", default="-", metavar="FILE", help="Output file; default: standard output.")
    force: bool = option("--force", is_flag=True, help="Replace existing files.")

    def check(self, inputs: InputOptions, format: str | None, *more: str) -> None:
        """Raise for contradictions and for outputs that could not be written; `more`: other files that are read."""
        open_cache(self.cache, self.no_cache)
        read = [*self.corrections, *more]
        check_output(self.output, [*inputs.inputs, *read], force=self.force, binary=format == "parquet")
        inputs.check(self.output, force=self.force, beside=read)


@dataclass(frozen=True)
class RunOptions(OutputOptions):
    """The options of every command that groups headlines and writes rows."""

    keep_formulas: bool = option(
        "--keep-formulas", is_flag=True, help="Write CSV cells as they are, even if a spreadsheet would run them."
    )


engine, window = options_of(EngineOptions), options_of(GroupOptions, "window")
caching = options_of(GroupOptions, "cache", "no_cache")


def typed(name: str) -> bool:
    """Whether an option was given on the command line."""
    return click.get_current_context().get_parameter_source(name) is ParameterSource.COMMANDLINE


def refuse(name: str, reason: str) -> None:
    """Raise a usage error where an option without effect was typed; a settings file, which serves many runs, may hold it."""
    if typed(name):
        raise click.UsageError(f"--{name.replace('_', '-')} has no effect {reason}: leave it out")


def readable_format(output: str, known: Sequence[str]) -> str:
    """Return the format that the ending of a file stands for, else a table for people and JSON Lines for programs."""
    if output == "-":
        return "table" if sys.stdout.isatty() else "jsonl"
    format = format_of(output, known) or "jsonl"
    return "table" if format == "lines" else format


def open_cache(folder: Path | None, no_cache: bool) -> VectorCache | None:
    """Return the cache of vectors in `folder`, or in the default one; nothing is read or made until it is used."""
    if folder and no_cache:
        raise click.UsageError("--cache and --no-cache contradict each other: give one")
    if no_cache:
        return None
    from dedupe.embedding.cache import VectorCache, default_folder

    return VectorCache(folder or default_folder())


def limit_threads(threads: int | None) -> None:
    """Set the number of threads where one was given."""
    if threads is not None:
        from dedupe.runtime.parallel import set_threads

        set_threads(threads)


def count(number: int, singular: str, plural: str | None = None) -> str:
    """Return a number with its noun."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def applied(files: Sequence[str], number: int) -> list[str]:
    """Return what a summary says of the corrections in `files`; nothing without a file."""
    return [f"{count(number, 'correction')} applied"] if files else []


def warn(cautions: Iterable[Caution], cache: VectorCache | None, more: Iterable[str] = ()) -> None:
    """Print the warnings of a run, those of the cache, and `more`."""
    troubles = [cache.trouble] if cache and cache.trouble else []
    for message in [*(caution.message for caution in cautions), *troubles, *more]:
        click.echo(f"{PROGRAM}: warning: {message}", err=True)
