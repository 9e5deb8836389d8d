"""What the commands that group headlines share: their options, and reading and grouping itself."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dedupe.cli.dry_run import plan
from dedupe.cli.input_options import Reading, reading
from dedupe.cli.settings import settings
from dedupe.cli.shared import (
    caching,
    dry_run,
    engine,
    force,
    judging,
    limit_threads,
    open_cache,
    options,
    output,
    quiet,
)
from dedupe.errors import OutputError
from dedupe.levels import KEEP_RULES
from dedupe.runtime.files import check_output, write_lines

if TYPE_CHECKING:
    from dedupe.clustering.corrections import Correction
    from dedupe.embedding.cache import VectorCache
    from dedupe.readers.inputs import Source
    from dedupe.result.deduplication import Deduplication


@dataclass(frozen=True, slots=True)
class Common:
    """The options of all commands that judge, under the names click gives them."""

    output: str
    format: str | None
    keep_formulas: bool
    window: timedelta | None
    story_threshold: float | None
    wording_threshold: float | None
    corrections: tuple[str, ...]
    model: str | None
    threads: int | None
    cache: Path | None
    no_cache: bool
    dry_run: bool
    force: bool
    quiet: bool

    @property
    def read_too(self) -> list[str]:
        """What is read beside the inputs, and so never written over."""
        return list(self.corrections)

    def read_corrections(self) -> list[Correction]:
        """Return the corrections of the files that were named."""
        if not self.corrections:
            return []
        from dedupe.clustering.corrections import read_corrections

        return read_corrections(self.corrections)


@dataclass(frozen=True, slots=True)
class Job(Common):
    """Those of `cluster` and `dedupe`."""

    level: str
    explain: str | None
    report: str | None
    keep: str


writing = options(
    output,
    click.option("--keep-formulas", is_flag=True, help="Write cells that a spreadsheet would run as they are."),
    dry_run,
    force,
    quiet,
)
grouping = options(
    reading,
    click.option("--explain", metavar="FILE", help="Write every judged pair with its evidence, as JSON Lines."),
    click.option("--report", metavar="FILE", help="Write a page to read, search and regroup in a browser, as HTML."),
    judging,
    click.option(
        "--keep", type=click.Choice(KEEP_RULES), default=KEEP_RULES[0], show_default=True, help="Whom a group keeps."
    ),
    engine,
    caching,
    writing,
    settings,
)


def run(
    job: Job, inputs: Reading, format: str, level: str | None = None
) -> tuple[Source, Deduplication, VectorCache | None] | None:
    """Read and group, after a look at whether the outputs can be written at all; None for a dry run."""
    _check_outputs(job, inputs, format)
    cache = open_cache(job.cache, job.no_cache)
    source, corrections = inputs.read(), job.read_corrections()
    if job.dry_run:
        settings = {
            "level": level or job.level,
            "window": job.window,
            "story_threshold": job.story_threshold,
            "wording_threshold": job.wording_threshold,
        }
        settings |= {"keep": job.keep, "corrections": len(corrections) if job.corrections else None}
        settings |= {"explain": job.explain, "report": job.report}
        write_lines(plan(source, job.model, cache, job.output, format, settings), "-")
        return None
    return source, _group(job, source, corrections, cache), cache


def _check_outputs(job: Job, inputs: Reading, format: str) -> None:
    read = [*inputs.inputs, *job.read_too]
    check_output(job.output, read, force=job.force, binary=format == "parquet")
    inputs.check(job.output, force=job.force, beside=job.read_too)
    named = {_place(job.output)}
    for beside in filter(None, (job.explain, job.report)):
        check_output(beside, read, force=job.force)
        if _place(beside) in named:
            place = "standard output" if beside == "-" else beside
            raise OutputError(f"{place} is named twice: give -o, --explain and --report a file each")
        named.add(_place(beside))


def _place(path: str) -> str | Path:
    """What a path names, however it is spelled."""
    return path if path == "-" else Path(path).resolve()


def _group(job: Job, source: Source, corrections: list[Correction], cache: VectorCache | None) -> Deduplication:
    from dedupe.embedding import encoders as encoders
    from dedupe.pipeline import deduplicate
    from dedupe.runtime.progress import bars

    limit_threads(job.threads)
    with nullcontext(False) if job.quiet else bars() as progress:
        return deduplicate(
            source.headlines,
            encoder=encoders.load_encoder(job.model) if job.model else None,
            level=job.level,
            window=job.window,
            story_threshold=job.story_threshold,
            wording_threshold=job.wording_threshold,
            keep=job.keep,
            corrections=corrections,
            progress=progress,
            cache=cache,
        )
