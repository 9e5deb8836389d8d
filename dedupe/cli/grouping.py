"""The commands that group headlines: `cluster`, `dedupe`, `compare`."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dedupe.cli.plans import plan
from dedupe.cli.reading import Reading, reading
from dedupe.cli.settings import settings
from dedupe.cli.shared import (
    PROGRAM,
    applied,
    caching,
    count,
    dry_run,
    engine,
    force,
    judging,
    limit_threads,
    open_cache,
    options,
    output,
    quiet,
    taken,
    warn,
)
from dedupe.display import write_table
from dedupe.errors import OutputError
from dedupe.export import ROW_FORMATS, format_of, write_pairs, write_rows, write_stories
from dedupe.files import check_output, write_lines
from dedupe.output import OutputRows
from dedupe.result import KEEPS, LEVELS

if TYPE_CHECKING:
    from dedupe.caching import VectorCache
    from dedupe.corrections import Correction
    from dedupe.result import Deduplication
    from dedupe.sources import Source

_NAMED = 3  # inputs in the heading of a report


@dataclass(frozen=True, slots=True)
class Common:
    """The options of all commands that judge, under the names click gives them."""

    output: str
    format: str | None
    keep_formulas: bool
    window: timedelta | None
    story: float | None
    wording: float | None
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
        from dedupe.corrections import read_corrections

        return read_corrections(self.corrections)


@dataclass(frozen=True, slots=True)
class _Job(Common):
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
_shared = options(
    reading,
    click.option("--explain", metavar="FILE", help="Write every judged pair with its evidence, as JSON Lines."),
    click.option("--report", metavar="FILE", help="Write a page to read, search and regroup in a browser, as HTML."),
    judging,
    click.option("--keep", type=click.Choice(KEEPS), default=KEEPS[0], show_default=True, help="Whom a group keeps."),
    engine,
    caching,
    writing,
    settings,
)


@click.command()
@click.option(
    "--level",
    type=click.Choice(LEVELS[:0:-1]),
    default="story",
    show_default=True,
    help="How far to look; wording takes a fraction of the time on very many headlines.",
)
@click.option(
    "--format",
    type=click.Choice(["table", "jsonl", "csv", "tsv", "parquet", "json"]),
    help="Default: by -o's ending. json: stories, their variants, their headlines.",
)
@_shared
def cluster(**given: Any) -> None:
    """Group the headlines of all INPUTs into stories.

    Without -o, stories come as a table on a terminal and as JSON Lines, one per input row, in a pipe.

    \b
    Examples:
      headline-dedupe cluster news.csv --title-column headline -o stories.jsonl
      headline-dedupe cluster 'feeds/*.xml' https://example.org/rss --window 72h
      headline-dedupe cluster news.parquet -o stories.parquet --explain pairs.jsonl
      headline-dedupe cluster news.csv -o stories.csv --report report.html
    """
    job, inputs = taken(_Job, given), taken(Reading, given)
    format = job.format or _format_for_reading(job.output)
    run = _run(job, inputs, format)
    if run is None:
        return
    source, result, cache = run
    if format == "table":
        write_table(result, job.output)
    elif format == "json":
        write_stories(result, job.output)
    else:
        write_rows(result.output, job.output, format, formulas=job.keep_formulas)
    _finish(job, inputs, source, result, cache)


@click.command("dedupe")
@click.option("--level", type=click.Choice(LEVELS), default="wording", show_default=True, help="What is a repeat.")
@click.option("--format", type=click.Choice(ROW_FORMATS), help="Default: by -o's ending, or INPUT's.")
@_shared
def drop_repeats(level: str, **given: Any) -> None:
    """Write the rows of all INPUTs to keep, one per group, columns untouched and in order.

    \b
    Examples:
      headline-dedupe dedupe news.jsonl --level story -o kept.jsonl
      headline-dedupe dedupe corpus.parquet -o kept.parquet
      cat titles.txt | headline-dedupe dedupe - --keep earliest
    """
    job = taken(_Job, {**given, "level": "story" if level == "story" else "wording"})
    inputs = taken(Reading, given)
    run = _run(job, inputs, job.format or format_of(job.output, ROW_FORMATS) or "INPUT", level)
    if run is None:
        return
    source, result, cache = run
    format = job.format or format_of(job.output, ROW_FORMATS) or _as_input(source, job.output)
    kept = [result.headlines[k] for k in result.keep(level)]
    rows: Any = OutputRows(kept)
    if format == "lines" or source.format in ("lines", "page"):
        rows = [{"title": headline.title} for headline in kept]
    write_rows(rows, job.output, format, formulas=job.keep_formulas)
    _finish(job, inputs, source, result, cache, f"kept {len(kept):,} by {level}")


@click.command()
@click.argument("first")
@click.argument("second")
@engine
def compare(first: str, second: str, model: str | None, threads: int | None) -> None:
    """Say whether two titles are one story or one wording, and why.

    Example: headline-dedupe compare "Storm closes port of Rotterdam" "Rotterdam port shut by storm"
    """
    from dedupe import encoders
    from dedupe.pipeline import compare as judge

    limit_threads(threads)
    pair = judge(first, second, encoder=encoders.load_encoder(model) if model else None)
    lines = [
        f"verdict: {pair.verdict}",
        f"probability: wording {pair.wording:.2f}, story {pair.story:.2f}",
        *(f"- {reason}" for reason in pair.reasons),
    ]
    write_lines(lines, "-")


def _run(
    job: _Job, inputs: Reading, format: str, level: str | None = None
) -> tuple[Source, Deduplication, VectorCache | None] | None:
    """Read and group, after a look at whether the outputs can be written at all; None for a dry run."""
    _check_outputs(job, inputs, format)
    cache = open_cache(job.cache, job.no_cache)
    source, corrections = inputs.read(), job.read_corrections()
    if job.dry_run:
        settings = {"level": level or job.level, "window": job.window, "story": job.story, "wording": job.wording}
        settings |= {"keep": job.keep, "corrections": len(corrections) if job.corrections else None}
        settings |= {"explain": job.explain, "report": job.report}
        write_lines(plan(source, job.model, cache, job.output, format, settings), "-")
        return None
    return source, _group(job, source, corrections, cache), cache


def _check_outputs(job: _Job, inputs: Reading, format: str) -> None:
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


def _group(job: _Job, source: Source, corrections: list[Correction], cache: VectorCache | None) -> Deduplication:
    from dedupe import encoders
    from dedupe.pipeline import deduplicate
    from dedupe.progress import bars

    limit_threads(job.threads)
    with nullcontext(False) if job.quiet else bars() as progress:
        return deduplicate(
            source.headlines,
            encoder=encoders.load_encoder(job.model) if job.model else None,
            level=job.level,
            window=job.window,
            story=job.story,
            wording=job.wording,
            keep=job.keep,
            corrections=corrections,
            progress=progress,
            cache=cache,
        )


def _format_for_reading(output: str) -> str:
    """By the ending of a file, else a table for people and JSON Lines for programs."""
    if output == "-":
        return "table" if sys.stdout.isatty() else "jsonl"
    found = format_of(output) or "jsonl"
    return "table" if found == "lines" else found


def _as_input(source: Source, output: str) -> str:
    """The format of the input where it is one of the output, too."""
    if source.format == "page":
        return "lines"
    if source.format == "parquet" and output == "-":
        return "jsonl"
    return source.format if source.format in ROW_FORMATS else "jsonl"


def _finish(
    job: _Job, inputs: Reading, source: Source, result: Deduplication, cache: VectorCache | None, more: str = ""
) -> None:
    """Write what goes beside the output, then say in one line what was done, and what deserves a look."""
    inputs.set_aside(source, job.output)
    if job.explain:
        write_pairs(result.pairs, lambda position: result.headlines[position].title, job.explain)
    left_out = _write_report(job, inputs, result) if job.report else ()
    if job.quiet:
        return
    distinct, wordings, stories = (len(result.keep(level)) for level in LEVELS)
    done = [count(len(result), "headline"), count(wordings, "wording")]
    if result.level == "story":
        done.insert(1, count(stories, "story", "stories"))
    done += [count(len(result) - distinct, "exact copy", "exact copies"), *([more] if more else [])]
    if result.recall < 1:
        done.append(f"{result.recall:.1%} of the candidate pairs found, by a sample")
    done += applied(job.corrections, result.corrections)
    if source.rejects:
        done.append(f"{count(len(source.rejects), 'bad row')} set aside in {inputs.rejects_path(job.output)}")
    click.echo(f"{PROGRAM}: {'; '.join([', '.join(done), *source.notes])}", err=True)
    warn(result, cache, left_out)


def _write_report(job: _Job, inputs: Reading, result: Deduplication) -> tuple[str, ...]:
    from dedupe.report import write_report

    names = [Path(name).name or name for name in inputs.inputs]
    title = "Standard input" if names == ["-"] else ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")
    return write_report(result, str(job.report), title=title, window=job.window)
