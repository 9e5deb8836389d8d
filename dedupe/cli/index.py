"""The commands that put headlines into an index, or ask what it says of them: `index add`, `index match`, and the group."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from dedupe.cli.dry_run import understood
from dedupe.cli.index_care import check, correct, forget
from dedupe.cli.index_options import (
    MakingOptions,
    ReadingOptions,
    RowsOut,
    counts_of,
    flagged,
    index_argument,
    keep_visits,
    making,
    show_events,
    visits_of,
    writing,
)
from dedupe.cli.index_views import history, report, stories
from dedupe.cli.input_options import InputOptions
from dedupe.cli.settings import settings
from dedupe.cli.shared import GroupOptions, count, option, options_of, say, takes, warn
from dedupe.runtime.files import is_whole_file, write_lines
from dedupe.runtime.whole_files import together

if TYPE_CHECKING:
    from dedupe.index import Batch

_COLUMNS: dict[str, tuple[str, int | None]] = {
    "title": ("title", None),
    "dedupe_story": ("story", 15),
    "dedupe_new": ("new", 3),
    "dedupe_match": ("match", 7),
    "dedupe_probability": ("p", 4),
    "dedupe_repeats_title": ("repeats", None),
}
"""Those of a table on a terminal: heading and least width."""


@click.group("index")
def index() -> None:
    """Keep the news of the last days on disk: add batches, and see which stories they belong to.

    INDEX is a folder. Ids of stories last: they stay the same from batch to batch.

    \b
    Example:
      headline-dedupe index add desk.index feeds.opml --fetch --window 7d -o new.jsonl
    """


@dataclass(frozen=True, kw_only=True)
class _AddOptions(MakingOptions):
    dry_run: bool
    only_new: bool = option("--only-new", is_flag=True, help="Leave out of the output what the index had before.")


@index.command("add")
@index_argument
@takes(_AddOptions, RowsOut, InputOptions)
@making
@writing
@options_of(GroupOptions, "dry_run")
@settings
def add(job: _AddOptions, out: RowsOut, inputs: InputOptions, index: str) -> None:
    """Add new headlines to an index, which is made if there is none.

    What it has already is not stored twice, and of web addresses only what is new is fetched. Without -o, the output is a
    table on a terminal, and JSON Lines, one row per headline, in a pipe. The window and the other settings of an index are
    fixed when it is made. Headlines without a date count as published now, or at --now.

    \b
    Examples:
      headline-dedupe index add desk.index feeds.opml --fetch --window 7d -o new.jsonl
      headline-dedupe index add desk.index yesterday.csv --only-new --quiet -o new.csv
    """
    format = out.check(inputs.inputs)
    inputs.check(out.output, force=out.force)
    if job.dry_run:
        source = inputs.read(dates=True)
        write_lines([*understood(source), *job.plan(index, out.output, format)], "-")
        return
    visits = visits_of(index)
    source, skipped = inputs.read(visits, dates=True), list[str]()

    @contextmanager
    def output(batch: Batch) -> Iterator[None]:
        """Write the rows before the batch is stored; what cannot be taken back, after."""
        shown = replace(batch, items=tuple(item for item in batch if not (job.only_new and item.known)))
        with together(replace=out.force):
            skipped.extend(inputs.set_aside(source, out.output))
            if whole := is_whole_file(out.output):
                out.write(shown.output, format, _COLUMNS)
            yield
            if not whole:
                out.write(shown.output, format, _COLUMNS)

    with job.open(index) as stored:
        batch = stored.add(source.headlines, taken=inputs.moment, progress=not job.quiet, output=output)
    keep_visits(visits, index)
    if not job.quiet:
        say("; ".join([", ".join([*counts_of(batch), *skipped]), *source.notes]))
        show_events(batch.events)
        warn((), None, [*batch.warnings, *flagged(batch)])


@dataclass(frozen=True, kw_only=True)
class _MatchOptions(ReadingOptions):
    all: bool = option("--all", is_flag=True, help="Also compare with headlines that are older than the window.")


@index.command("match")
@index_argument
@takes(_MatchOptions, RowsOut, InputOptions)
@writing
@settings
def match(job: _MatchOptions, out: RowsOut, inputs: InputOptions, index: str) -> None:
    """Say which stories of an index headlines would belong to, and store nothing.

    Without -o, the output is a table on a terminal, and JSON Lines, one row per headline, in a pipe.

    \b
    Examples:
      headline-dedupe index match desk.index new.csv
      headline-dedupe index match desk.index new.csv --all -o seen-before.csv
    """
    format = out.check(inputs.inputs)
    inputs.check(out.output, force=out.force)
    source = inputs.read(dates=True)
    with job.open(index) as stored:
        batch = stored.match(source.headlines, all=job.all, now=inputs.moment)
    with together(replace=out.force):
        skipped = inputs.set_aside(source, out.output)
        out.write(batch.output, format, _COLUMNS)
    if not job.quiet:
        stories = {item.story for item in batch if item.new_story}
        known = sum(item.story not in stories for item in batch)
        counts = (
            count(len(batch), "headline"),
            f"{known:,} of known stories",
            count(len(stories), "new story", "new stories"),
        )
        say("; ".join([", ".join([*counts, *skipped]), *source.notes]))


for command in (stories, history, report, check, correct, forget):
    index.add_command(command)
