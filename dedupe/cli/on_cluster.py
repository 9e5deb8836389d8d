"""`cluster --engine ray`: the same command for Parquet that one machine is too small or too slow for."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from time import monotonic
from typing import TYPE_CHECKING

import click

from dedupe.cli.grouping import GroupingOptions
from dedupe.cli.input_options import InputOptions
from dedupe.cli.keeping import SourceOptions
from dedupe.cli.shared import applied, count, limit_threads, option, refuse, say
from dedupe.runtime.files import write_lines

if TYPE_CHECKING:
    from dedupe.distributed import JobSummary
    from dedupe.readers import Columns

_WITHOUT = "with --engine ray"
_OF_JOBS = ("address", "rows_per_part", "pairs")
_USED = frozenset(
    """inputs title_column date_column day_first date_format now source_column id_column url_column skip_bad model threads window
    story_threshold wording_threshold reader corrections quiet output keep dry_run""".split()
)
_GOES_ON = ", where a job broke off: one with the same files and options goes on, any other is refused"
_FILES = 10  # that a dry run names
_SECONDS = 60  # from one line of a log to the next, at least


@dataclass(frozen=True)
class ClusterOptions:
    """Where the work is done."""

    engine: str = option(
        "--engine",
        type=click.Choice(["local", "ray"]),
        default="local",
        show_default=True,
        help="ray: on the machines of a Ray cluster, from Parquet to a folder of Parquet (-o).",
    )
    address: str | None = option(
        "--address",
        metavar="ADDRESS",
        help="The Ray cluster, or auto for the one this machine belongs to; default: one is started here.",
    )
    rows_per_part: int | None = option(
        "--rows-per-part",
        type=click.IntRange(1),
        metavar="N",
        help="With --engine ray, how many rows a task reads; default: 100,000.",
    )
    pairs: bool = option("--pairs", is_flag=True, help="With --engine ray, also write the scored pairs, as Parquet.")

    @property
    def on_ray(self) -> bool:
        """Whether a cluster does the work; options without effect are usage errors."""
        if self.engine == "ray":
            return True
        for name in _OF_JOBS:
            refuse(name, "without --engine ray")
        return False


def run_on_cluster(
    job: GroupingOptions,
    inputs: InputOptions,
    sources: SourceOptions,
    cluster: ClusterOptions,
    level: str,
) -> None:
    """Group Parquet files on a Ray cluster, and say what came of it."""
    from dedupe.distributed import ROWS_PER_PART, deduplicate
    from dedupe.readers import Columns
    from dedupe.readers.outlet_lists import read_publishers, read_source_order

    _check(job, inputs, level)
    if cluster.address:
        refuse("threads", "with --address")
    columns = Columns(
        inputs.title_column, inputs.date_column, inputs.source_column, inputs.id_column, inputs.url_column
    )
    rows_per_part = cluster.rows_per_part or ROWS_PER_PART
    if job.dry_run:
        write_lines(_planned(job, inputs, columns, rows_per_part), "-")
        return
    limit_threads(job.threads)
    summary = deduplicate(
        inputs.inputs,
        job.output,
        address=cluster.address,
        encoder=job.model,
        level=level,
        window=job.window,
        story_threshold=job.story_threshold if level == "story" else None,
        wording_threshold=job.wording_threshold,
        keep=job.keep,
        prefer_sources=read_source_order(sources.prefer_source) if sources.prefer_source else (),
        publishers=read_publishers(sources.publishers) if sources.publishers else None,
        never_same_source=sources.never_same_source,
        reader=job.reader,
        corrections=job.all_corrections,
        columns=columns,
        day_first=inputs.day_first,
        date_format=inputs.date_format,
        now=inputs.now,
        skip_bad=inputs.skip_bad,
        pairs=cluster.pairs,
        rows_per_part=rows_per_part,
        progress=not job.quiet and (sys.stderr.isatty() or Log()),
        dashboard=None if job.quiet else lambda link: say(f"dashboard: {link}"),
    )
    if not job.quiet:
        counts = [*_counts(summary, level), *applied(job.corrections, summary.corrections), *_skipped(summary)]
        say("; ".join([", ".join(filter(None, counts)), _how_read(inputs.inputs, summary.columns)]))
        for message in summary.messages:
            say(f"warning: {message}")


class Log:
    """A `Progress` for standard error that is no terminal: a line from time to time, none for a job of less than a minute."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock, self._last = clock, clock()

    def __call__(self, step: str, done: int, total: int) -> None:
        """Say how many rows of a step are done."""
        now = self._clock()
        if now - self._last >= _SECONDS:
            self._last = now
            say(f"{step}: {done:,} of {count(total, 'row')}")


def _check(job: GroupingOptions, inputs: InputOptions, level: str) -> None:
    """Raise a usage error for options without effect, for standard input, and where no folder is named."""
    for kind in (GroupingOptions, InputOptions):
        for each in fields(kind):
            if each.name not in _USED:
                refuse(each.name, _WITHOUT)
    refuse("format", _WITHOUT)
    if level != "story":
        refuse("story_threshold", f"with --level {level}")
    if job.output == "-":
        raise click.UsageError("--engine ray writes a folder of files: name it with -o")
    if "-" in inputs.inputs:
        raise click.UsageError("--engine ray reads Parquet files, not standard input: name them")


def _planned(job: GroupingOptions, inputs: InputOptions, columns: Columns, rows_per_part: int) -> list[str]:
    """Return the lines of a dry run, which needs no cluster."""
    from dedupe.distributed.input.parts import columns_of, plan
    from dedupe.distributed.plan import broken_off

    read = plan(inputs.inputs, rows_per_part, job.output)
    found, doubts = columns_of(read, columns, skip_bad=inputs.skip_bad)
    started = broken_off(job.output) is not None
    rows = Counter[str]()
    for piece in (piece for part in read.parts for piece in part.pieces):
        rows[piece.name] += piece.rows
    return [
        *(f"warning: {doubt}" for doubt in doubts),
        f"columns: {', '.join(f'{field} from {column!r}' for field, column in found.items())}",
        *(f"read {name}: {count(number, 'headline')}" for name, number in list(rows.items())[:_FILES]),
        *([f"read {count(len(rows) - _FILES, 'more file')}"] if len(rows) > _FILES else []),
        f"headlines: {rows.total():,}, in {count(len(read.parts), 'part')}",
        f"model: {job.model or 'bundled'}",
        *([count(len(job.all_corrections), "correction")] if job.corrections else []),
        f"output: {count(len(read.parts), 'Parquet file')} in {job.output}" + _GOES_ON * started,
        "dry run: nothing was written",
    ]


def _how_read(names: Sequence[str], columns: Mapping[str, str]) -> str:
    """Return which columns were read, as one machine says it of each input."""
    what = names[0] if len(names) == 1 else count(len(names), "input")
    return f"read {what} as Parquet: {', '.join(f'{field} from {column!r}' for field, column in columns.items())}"


def _counts(summary: JobSummary, level: str) -> list[str]:
    return [
        count(summary.rows, "headline"),
        count(summary.stories, "story", "stories") if level == "story" else "",
        count(summary.wordings, "wording"),
        count(summary.copies, "exact copy", "exact copies"),
        f"about {summary.recall:.1%} of the candidate pairs found" if summary.recall < 1 else "",
    ]


def _skipped(summary: JobSummary) -> list[str]:
    return [f"{count(summary.skipped, 'row')} skipped"] if summary.skipped else []
