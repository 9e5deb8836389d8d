"""The commands that group headlines: `cluster`, `dedupe`, `compare`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dedupe.cli.dry_run import plan
from dedupe.cli.input_options import InputOptions
from dedupe.cli.settings import settings
from dedupe.cli.shared import (
    PROGRAM,
    EngineOptions,
    RunOptions,
    applied,
    check_formulas,
    count,
    limit_threads,
    option,
    refuse,
    takes,
    warn,
)
from dedupe.errors import OutputError
from dedupe.levels import KEEP_RULES, LEVELS, SCORED_LEVELS
from dedupe.result.columns import OutputRows
from dedupe.runtime.files import check_output, write_lines
from dedupe.writers.rows import ROW_FORMATS, format_of, write_pairs, write_rows, write_stories
from dedupe.writers.terminal import write_table

if TYPE_CHECKING:
    from dedupe.readers.inputs import Source
    from dedupe.result.deduplication import Deduplication

_NAMED_INPUTS = 3  # in the heading of a report


@dataclass(frozen=True)
class _Options(RunOptions):
    explain: str | None = option(
        "--explain", metavar="FILE", help="Also write every scored pair, with features and reasons, as JSON Lines."
    )
    report: str | None = option(
        "--report", metavar="FILE", help="Also write an HTML page to read, search and regroup in a browser."
    )
    keep: str = option(
        "--keep",
        type=click.Choice(KEEP_RULES),
        default=KEEP_RULES[0],
        show_default=True,
        help="Which headline represents its group: the most typical, the earliest, or the one with most facts.",
    )


@click.command()
@click.option(
    "--level",
    type=click.Choice(SCORED_LEVELS[::-1]),
    default="story",
    show_default=True,
    help="Widest level to group by; wording takes a fraction of the time on very many headlines.",
)
@click.option(
    "--format",
    type=click.Choice(["table", "jsonl", "csv", "tsv", "parquet", "json"]),
    help="Output format; default: by the ending of -o. json nests headlines in wordings in stories.",
)
@takes(_Options, InputOptions)
@settings
def cluster(job: _Options, inputs: InputOptions, level: str, format: str | None) -> None:
    """Group headlines into stories.

    Without -o, the output is a table on a terminal, and JSON Lines, one per input row, in a pipe.

    \b
    Examples:
      headline-dedupe cluster news.csv --title-column headline -o stories.jsonl
      headline-dedupe cluster 'feeds/*.xml' https://example.org/rss --window 72h
      headline-dedupe cluster news.parquet -o stories.parquet --explain pairs.jsonl
      headline-dedupe cluster news.csv -o stories.csv --report report.html
    """
    format = format or _format_for_reading(job.output)
    source = _read(job, inputs, level, format)
    result = _group(job, source, level, format)
    if result is None:
        return
    if format == "table":
        write_table(result, job.output)
    elif format == "json":
        write_stories(result, job.output)
    else:
        write_rows(result.output, job.output, format, formulas=job.keep_formulas)
    _finish(job, inputs, source, result)


@click.command("dedupe")
@click.option("--level", type=click.Choice(LEVELS), default="wording", show_default=True, help="What is a repeat.")
@click.option(
    "--format", type=click.Choice(ROW_FORMATS), help="Output format; default: by the ending of -o, or as INPUT."
)
@takes(_Options, InputOptions)
@settings
def drop_repeats(job: _Options, inputs: InputOptions, level: str, format: str | None) -> None:
    """Drop repeats: keep one row per group.

    The rows kept are in input order, with their columns unchanged.

    \b
    Examples:
      headline-dedupe dedupe news.jsonl --level story -o kept.jsonl
      headline-dedupe dedupe corpus.parquet -o kept.parquet
      cat titles.txt | headline-dedupe dedupe - --keep earliest
    """
    format = format or format_of(job.output, ROW_FORMATS)
    source = _read(job, inputs, level, format)
    format = format or _input_format(source, job.output)
    result = _group(job, source, level, format)
    if result is None:
        return
    kept = [result.headlines[k] for k in result.kept(level)]
    rows: Any = OutputRows(kept)
    if format == "lines" or source.format in ("lines", "page"):
        rows = [{"title": headline.title} for headline in kept]
    write_rows(rows, job.output, format, formulas=job.keep_formulas)
    _finish(job, inputs, source, result, f"kept {len(kept):,} at level {level}")


@click.command()
@click.argument("first")
@click.argument("second")
@takes(EngineOptions)
def compare(engine: EngineOptions, first: str, second: str) -> None:
    """Compare two titles: one wording, one story, or different?

    Example: headline-dedupe compare "Storm closes port of Rotterdam" "Rotterdam port shut by storm"
    """
    from dedupe.pipeline import compare as score

    limit_threads(engine.threads)
    pair = score(first, second, encoder=engine.model)
    lines = [
        f"verdict: {pair.verdict}",
        f"probability: wording {pair.p_wording:.2f}, story {pair.p_story:.2f}",
        *(f"- {reason}" for reason in pair.reasons),
    ]
    write_lines(lines, "-")


def _format_for_reading(output: str) -> str:
    """By the ending of a file, else a table for people and JSON Lines for programs."""
    if output == "-":
        return "table" if sys.stdout.isatty() else "jsonl"
    format = format_of(output) or "jsonl"
    return "table" if format == "lines" else format


def _input_format(source: Source, output: str) -> str:
    """The format of the input, or the nearest one that can be written."""
    if source.format == "page":
        return "lines"
    if source.format not in ROW_FORMATS or (source.format == "parquet" and output == "-"):
        return "jsonl"
    return source.format


def _read(job: _Options, inputs: InputOptions, level: str, format: str | None) -> Source:
    """Check options and outputs before any work is done, then read the inputs."""
    if level != "story":
        refuse("story_threshold", f"with --level {level}")
    if level == "exact":
        refuse("wording_threshold", "with --level exact")
    job.check(inputs, format)
    places = {_place(job.output)}
    for path in filter(None, (job.explain, job.report)):
        check_output(path, [*inputs.inputs, *job.corrections], force=job.force)
        if _place(path) in places:
            name = "standard output" if path == "-" else path
            raise OutputError(f"{name} is named twice: give -o, --explain and --report a file each")
        places.add(_place(path))
    return inputs.read()


def _place(path: str) -> str | Path:
    """What a path names, however it is spelled."""
    return path if path == "-" else Path(path).resolve()


def _group(job: _Options, source: Source, level: str, format: str) -> Deduplication | None:
    """Return the groups; None after a dry run."""
    check_formulas(format)
    widest = "wording" if level == "exact" else level
    story_threshold = job.story_threshold if widest == "story" else None
    if job.dry_run:
        values = {
            "level": level,
            "window": job.window,
            "story threshold": story_threshold,
            "wording threshold": job.wording_threshold,
            "keep": job.keep,
            "corrections": len(job.all_corrections) if job.corrections else None,
            "explain": job.explain,
            "report": job.report,
        }
        write_lines(plan(source, job.model, job.vectors, job.output, format, values), "-")
        return None

    from dedupe.pipeline import deduplicate

    options = job.run_options()
    options["story_threshold"] = story_threshold
    return deduplicate(source.headlines, level=widest, keep=job.keep, **options)


def _finish(job: _Options, inputs: InputOptions, source: Source, result: Deduplication, note: str = "") -> None:
    """Write the files beside the output, then print the summary and the warnings."""
    inputs.set_aside(source, job.output)
    if job.explain:
        write_pairs(result.pairs, lambda position: result.headlines[position].title, job.explain)
    omissions = _write_report(job, inputs, result) if job.report else ()
    if job.quiet:
        return
    distinct, wordings, stories = (len(result.kept(level)) for level in LEVELS)
    parts = [count(len(result), "headline")]
    if result.level == "story":
        parts.append(count(stories, "story", "stories"))
    parts += [count(wordings, "wording"), count(len(result) - distinct, "exact copy", "exact copies")]
    if note:
        parts.append(note)
    if result.recall < 1:
        parts.append(f"about {result.recall:.1%} of the candidate pairs found")
    parts += applied(job.corrections, result.corrections)
    if source.rejects:
        parts.append(f"{count(len(source.rejects), 'bad row')} written to {inputs.rejects_path(job.output)}")
    click.echo(f"{PROGRAM}: {'; '.join([', '.join(parts), *source.notes])}", err=True)
    warn(result.warnings, job.vectors, [f"the report is incomplete: {omission}" for omission in omissions])


def _write_report(job: _Options, inputs: InputOptions, result: Deduplication) -> tuple[str, ...]:
    from dedupe.report import write_report

    names = [Path(name).name or name for name in inputs.inputs]
    title = ", ".join(names[:_NAMED_INPUTS]) + (" …" if len(names) > _NAMED_INPUTS else "")
    return write_report(result, str(job.report), title="Standard input" if names == ["-"] else title)
