"""What commands share: dataclasses of options, errors and messages.

Exit codes: 0 done, or the reader of the output closed the pipe; 2 bad input, settings or output; 130 interrupted.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, fields
from datetime import timedelta
from functools import cached_property, reduce, wraps
from inspect import get_annotations
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from dedupe.errors import DedupeError
from dedupe.levels import READING
from dedupe.result.display import counted
from dedupe.runtime.files import check_output, discard_standard_output
from dedupe.runtime.parallel import MAX_THREADS
from dedupe.runtime.terminal import printable
from dedupe.runtime.whole_files import together
from dedupe.writers import BINARY_FORMATS, format_of

if TYPE_CHECKING:
    from dedupe.cli.input_options import InputOptions
    from dedupe.clustering.corrections import Correction
    from dedupe.embedding.cache import VectorCache
    from dedupe.result.cautions import Caution
    from dedupe.result.settings import RunOptions

_Decorator = Callable[[Any], Any]
PROGRAM = "headline-dedupe"
count = counted
SETTINGS = "dedupe.settings"
"""The key under which a click context keeps the name of the settings file, for messages."""


class _Failure(click.ClickException):
    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        say(f"error: {self.message}")


def say(message: str) -> None:
    """Print a message on one line of standard error, if there is one."""
    click.echo(f"{PROGRAM}: {printable(' '.join(message.split()))}", err=True)


class Commands(click.Group):
    """Commands whose expected failures end in one line and an exit code."""

    def make_context(self, *args: Any, **options: Any) -> click.Context:
        """Read the options before the command, and turn failures into a message and an exit code."""
        with _failures():
            return super().make_context(*args, **options)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and turn its failures into a message and an exit code."""
        with _failures(ctx):
            return super().invoke(ctx)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Return the command; where the user gave a file instead, suggest `cluster`."""
        if self.get_command(ctx, args[0]) is None and Path(args[0]).exists():
            ctx.fail(f"{args[0]!r} is a file, not a command: write {PROGRAM} cluster {shlex.join(args)}.")
        return super().resolve_command(ctx, args)


@contextmanager
def _failures(context: click.Context | None = None) -> Iterator[None]:
    try:
        yield
    except click.UsageError as error:
        message = f"{_settings_file(error)}{error.format_message().removesuffix('.')}"
        end = "" if message.endswith("?") else "."
        place = error.ctx or context
        raise _Failure(f"{message}{end} See {place.command_path if place else PROGRAM} --help.") from error
    except DedupeError as error:
        raise _Failure(str(error)) from error
    except MemoryError as error:
        raise _Failure("out of memory: give a smaller input, or free some memory") from error
    except KeyboardInterrupt:
        say("interrupted")
        raise click.exceptions.Exit(130) from None
    except BrokenPipeError:
        discard_standard_output()
        raise click.exceptions.Exit(0) from None


def _settings_file(error: click.UsageError) -> str:
    """Return the beginning of a message about a value from a settings file, "" for one from the command line."""
    name = getattr(getattr(error, "param", None), "name", None)
    if error.ctx and name and error.ctx.get_parameter_source(name) is ParameterSource.DEFAULT_MAP:
        return f"settings {error.ctx.meta[SETTINGS]}: "
    return ""


def time_span(value: timedelta | str | float) -> timedelta:
    """Parse a time span: `72h`, `3d`, `90m`, or a number of hours."""
    if isinstance(value, timedelta):
        return value
    from dedupe.result.settings import hours_of

    try:
        return timedelta(hours=hours_of(str(value)) or 0)
    except (DedupeError, OverflowError):
        raise click.BadParameter(
            f"{value!r} is not a positive time span: write 72h, 3d, 90m, or a number of hours"
        ) from None


class _Given(click.Parameter):
    """A parameter that is left out rather than given without a value."""

    def consume_value(self, ctx: click.Context, opts: Mapping[str, Any]) -> tuple[Any, ParameterSource]:
        """Return the value; one that is empty is a usage error."""
        value, source = super().consume_value(ctx, opts)
        values = value if isinstance(value, (list, tuple)) else [value]
        if "" in values and source is not ParameterSource.DEFAULT:
            raise click.BadParameter("it is empty: give a value, or leave it out", ctx, self)
        return value, source


class Option(_Given, click.Option):
    """An option whose value is not empty."""


class Argument(_Given, click.Argument):
    """An argument that is not empty."""


def option(*names: str, **attributes: Any) -> Any:
    """Declare a click option as a field of a dataclass."""
    return field(metadata={"click": click.option(*names, cls=Option, **attributes)})


def options(*decorators: _Decorator) -> _Decorator:
    """Return a decorator that adds options in this order."""
    return lambda command: reduce(lambda decorated, decorator: decorator(decorated), reversed(decorators), command)


def options_of(kind: type[Any], *names: str) -> _Decorator:
    """Return a decorator that adds the options of a dataclass, or only those in `names`; inherited ones come last."""
    own_first = [item for owner in kind.__mro__ for item in fields(kind) if item.name in get_annotations(owner)]
    declared = {item.name: item.metadata["click"] for item in own_first if item.metadata}
    return options(*(declared[name] for name in names or declared))


def takes(*kinds: type[Any]) -> _Decorator:
    """Return a decorator that adds the options of dataclasses and passes the command an instance of each."""

    def decorate(command: Callable[..., None]) -> Any:
        @wraps(command)
        def with_options(**values: Any) -> None:
            instances = [kind(**{item.name: values.pop(item.name) for item in fields(kind)}) for kind in kinds]
            command(*instances, **values)

        return options(*map(options_of, kinds))(with_options)

    return decorate


probability = click.FloatRange(0, 1)
thread_count = click.IntRange(1, MAX_THREADS)


@dataclass(frozen=True)
class EngineOptions:
    """What encodes titles."""

    model: str | None = option(
        "--model",
        metavar="NAME",
        help="A folder made by `train`, or a sentence-transformers name or folder; default: the bundled model.",
    )
    threads: int | None = option(
        "--threads", type=thread_count, metavar="N", help="Processor threads to use; default: all."
    )


@dataclass(frozen=True)
class GroupOptions(EngineOptions):
    """How headlines are grouped."""

    window: timedelta | None = option(
        "--window",
        type=time_span,
        metavar="SPAN",
        help="Longest time span of a group: 72h, 3d, 90m, or a number of hours.",
    )
    story_threshold: float | None = option(
        "--story-threshold",
        type=probability,
        metavar="P",
        help="Minimum mean probability for one story; default: the model's.",
    )
    wording_threshold: float | None = option(
        "--wording-threshold",
        type=probability,
        metavar="P",
        help="Minimum mean probability for one wording; default: the model's.",
    )
    reader: str = option(
        "--reader",
        type=click.Choice(READING),
        default="auto",
        show_default=True,
        help="Which pairs a second model reads word by word: all, none, or up to 20,000 and in larger runs the least certain.",
    )
    corrections: tuple[str, ...] = option(
        "--corrections",
        multiple=True,
        metavar="FILE",
        help="Table of pairs to join or keep apart, with columns title_a, title_b and verdict; repeatable.",
    )
    cache: Path | None = option(
        "--cache",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Folder of the vector cache; default: in the user's cache folder.",
    )
    no_cache: bool = option("--no-cache", is_flag=True, help="Encode every title, and store no vectors.")
    dry_run: bool = option("--dry-run", is_flag=True, help="Show what would be read and done; write nothing.")
    quiet: bool = option("-q", "--quiet", is_flag=True, help="Print no progress, summary or warnings.")

    @cached_property
    def vectors(self) -> VectorCache | None:
        """The cache of vectors, None for --no-cache."""
        return open_cache(self.cache, self.no_cache)

    @cached_property
    def all_corrections(self) -> list[Correction]:
        """The corrections in all files."""
        from dedupe.clustering.corrections import read_corrections

        return read_corrections(self.corrections)

    def run_options(self) -> RunOptions:
        """Set the number of threads, and return the other options as arguments for the library."""
        limit_threads(self.threads)
        return {
            "encoder": self.model,
            "cache": self.vectors,
            "window": self.window,
            "story_threshold": self.story_threshold,
            "wording_threshold": self.wording_threshold,
            "reader": self.reader,
            "corrections": self.all_corrections,
            "progress": not self.quiet,
        }


@dataclass(frozen=True)
class OutputOptions(GroupOptions):
    """Where the result goes."""

    output: str = option("-o", "--output", default="-", metavar="FILE", help="Output file; default: standard output.")
    force: bool = option("--force", is_flag=True, help="Replace existing files.")

    def check(self, inputs: InputOptions, format: str | None, *more: str) -> None:
        """Raise for contradictory options and for outputs that cannot be written; `more`: other files that are read."""
        open_cache(self.cache, self.no_cache)
        read = [*self.corrections, *more]
        check_output(self.output, [*inputs.inputs, *read], force=self.force, binary=format in BINARY_FORMATS)
        inputs.check(self.output, force=self.force, beside=read)

    def outputs(self) -> AbstractContextManager[None]:
        """Return the block to write all files of a run in: they appear together; without --force, none replaces another.

        Standard output is written last, as it cannot be taken back.
        """
        return together(replace=self.force)


@dataclass(frozen=True)
class RowOptions(OutputOptions):
    """Where rows go, and how they are written."""

    keep_formulas: bool = option(
        "--keep-formulas",
        is_flag=True,
        help="Write CSV cells unchanged, even if a spreadsheet would run them as formulas.",
    )

    def check_formulas(self, format: str) -> None:
        """Raise where --keep-formulas was typed for a format without formulas."""
        if format not in ("csv", "tsv"):
            refuse("keep_formulas", f"on {format} output")


window = options_of(GroupOptions, "window")
caching = options_of(GroupOptions, "cache", "no_cache")


def typed(name: str) -> bool:
    """Whether an option was typed on the command line."""
    return click.get_current_context().get_parameter_source(name) is ParameterSource.COMMANDLINE


def refuse(name: str, reason: str) -> None:
    """Raise a usage error where an option without effect was typed; in a settings file it may serve other commands."""
    if typed(name):
        raise click.UsageError(f"--{name.replace('_', '-')} has no effect {reason}: leave it out")


def readable_format(output: str, known: Sequence[str]) -> str:
    """Return the format for the ending of a file; on standard output, a table for people and JSON Lines for programs."""
    if output == "-":
        return "table" if sys.stdout is not None and sys.stdout.isatty() else "jsonl"
    format = format_of(output, known) or "jsonl"
    return "table" if format == "lines" else format


def open_cache(folder: Path | None, no_cache: bool) -> VectorCache | None:
    """Return the cache of vectors in `folder`, or in the default one; it touches no file until it is used."""
    if folder and no_cache:
        raise click.UsageError("--cache and --no-cache contradict each other: give one")
    if no_cache:
        return None
    from dedupe.embedding.cache import VectorCache, default_folder

    return VectorCache(folder or default_folder())


def limit_threads(threads: int | None) -> None:
    """Set the number of threads, None for the default."""
    if threads is not None:
        from dedupe.runtime.parallel import set_threads

        set_threads(threads)


def applied(files: Sequence[str], number: int) -> list[str]:
    """Return the corrections applied, for a summary; nothing if there were no `files`."""
    return [f"{count(number, 'correction')} applied"] if files else []


def warn(cautions: Iterable[Caution], cache: VectorCache | None, more: Iterable[str] = ()) -> None:
    """Print the warnings of a run, those of the cache, and `more`."""
    of_cache = filter(None, (cache.note, cache.trouble)) if cache else ()
    for message in [*(caution.message for caution in cautions), *of_cache, *more]:
        say(f"warning: {message}")
