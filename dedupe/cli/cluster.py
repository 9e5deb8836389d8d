"""The commands that group headlines: `cluster`, `dedupe`, `compare`."""

from __future__ import annotations

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
    count,
    limit_threads,
    option,
    readable_format,
    refuse,
    takes,
    warn,
)
from dedupe.errors import OutputError
from dedupe.levels import KEEP_RULES, LEVELS, SCORED_LEVELS
from dedupe.result import OutputRows
from dedupe.runtime.files import check_output, write_lines
from dedupe.writers import ROW_FORMATS, format_of, write_pairs, write_rows, write_stories, write_table

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
    format = format or readable_format(job.output, (*ROW_FORMATS, "json"))
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
    beside = [path for path in (job.explain, job.report) if path]
    places = [path if path == "-" else Path(path).resolve() for path in (job.output, *beside)]
    for path, place in zip(beside, places[1:], strict=True):
        check_output(path, [*inputs.inputs, *job.corrections], force=job.force)
        if places.count(place) > 1:
            name = "standard output" if path == "-" else path
            raise OutputError(f"{name} is named twice: give -o, --explain and --report a file each")
    return inputs.read()


def _group(job: _Options, source: Source, level: str, format: str) -> Deduplication | None:
    """Return the groups; None after a dry run."""
    from dedupe.pipeline import deduplicate

    if format not in ("csv", "tsv"):
        refuse("keep_formulas", f"on {format} output")
    options = job.run_options()
    if level != "story":
        options["story_threshold"] = None  # it may come from a settings file for all levels
    if job.dry_run:
        shown = ("window", "story_threshold", "wording_threshold", "keep", "explain", "report")
        values = {"level": level} | {name: getattr(job, name) for name in shown}
        values["story_threshold"] = options["story_threshold"]
        values["corrections"] = len(job.all_corrections) or None
        write_lines(plan(source, job.model, job.vectors, job.output, format, values), "-")
        return None
    return deduplicate(source.headlines, level="wording" if level == "exact" else level, keep=job.keep, **options)


def _finish(job: _Options, inputs: InputOptions, source: Source, result: Deduplication, note: str = "") -> None:
    """Write the files beside the output, then print the summary and the warnings."""
    inputs.set_aside(source, job.output)
    if job.explain:
        write_pairs(result.pairs, lambda position: result.headlines[position].title, job.explain)
    more: list[str] = []
    if job.report:
        from dedupe.report import write_report

        names = ["Standard input" if name == "-" else Path(name).name or name for name in inputs.inputs]
        title = ", ".join(names[:_NAMED_INPUTS]) + " …" * (len(names) > _NAMED_INPUTS)
        more += [f"the report is incomplete: {omission}" for omission in write_report(result, job.report, title=title)]
    if job.quiet:
        return
    distinct, wordings, stories = (len(result.kept(level)) for level in LEVELS)
    parts = [
        count(len(result), "headline"),
        count(stories, "story", "stories") if result.level == "story" else "",
        count(wordings, "wording"),
        count(len(result) - distinct, "exact copy", "exact copies"),
        note,
        f"about {result.recall:.1%} of the candidate pairs found" if result.recall < 1 else "",
        *applied(job.corrections, result.corrections),
        f"{count(len(source.rejects), 'bad row')} in {inputs.rejects_path(job.output)}" if source.rejects else "",
    ]
    click.echo(f"{PROGRAM}: {'; '.join([', '.join(filter(None, parts)), *source.notes])}", err=True)
    if job.window and not any(headline.published for headline in result.headlines):
        more.append("--window has no effect, since no headline has a date: name the column with --date-column")
    warn(result.warnings, job.vectors, more)
