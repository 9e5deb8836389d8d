"""The commands that group headlines: `cluster`, `dedupe`, `compare`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from dedupe.cli.cluster_options import Job, grouping, run
from dedupe.cli.input_options import Reading
from dedupe.cli.shared import (
    engine,
    limit_threads,
    taken,
)
from dedupe.cli.summary import finish
from dedupe.levels import LEVELS
from dedupe.result.columns import OutputRows
from dedupe.runtime.files import write_lines
from dedupe.writers.rows import ROW_FORMATS, format_of, write_rows, write_stories
from dedupe.writers.terminal import write_table

if TYPE_CHECKING:
    from dedupe.readers.inputs import Source


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
    help="Default: by -o's ending. json: stories, their wordings, their headlines.",
)
@grouping
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
    job, inputs = taken(Job, given), taken(Reading, given)
    format = job.format or _format_for_reading(job.output)
    found = run(job, inputs, format)
    if found is None:
        return
    source, result, cache = found
    if format == "table":
        write_table(result, job.output)
    elif format == "json":
        write_stories(result, job.output)
    else:
        write_rows(result.output, job.output, format, formulas=job.keep_formulas)
    finish(job, inputs, source, result, cache)


@click.command("dedupe")
@click.option("--level", type=click.Choice(LEVELS), default="wording", show_default=True, help="What is a repeat.")
@click.option("--format", type=click.Choice(ROW_FORMATS), help="Default: by -o's ending, or INPUT's.")
@grouping
def drop_repeats(level: str, **given: Any) -> None:
    """Write the rows of all INPUTs to keep, one per group, columns untouched and in order.

    \b
    Examples:
      headline-dedupe dedupe news.jsonl --level story -o kept.jsonl
      headline-dedupe dedupe corpus.parquet -o kept.parquet
      cat titles.txt | headline-dedupe dedupe - --keep earliest
    """
    job = taken(Job, {**given, "level": "story" if level == "story" else "wording"})
    inputs = taken(Reading, given)
    found = run(job, inputs, job.format or format_of(job.output, ROW_FORMATS) or "INPUT", level)
    if found is None:
        return
    source, result, cache = found
    format = job.format or format_of(job.output, ROW_FORMATS) or _as_input(source, job.output)
    kept = [result.headlines[k] for k in result.kept(level)]
    rows: Any = OutputRows(kept)
    if format == "lines" or source.format in ("lines", "page"):
        rows = [{"title": headline.title} for headline in kept]
    write_rows(rows, job.output, format, formulas=job.keep_formulas)
    finish(job, inputs, source, result, cache, f"kept {len(kept):,} by {level}")


@click.command()
@click.argument("first")
@click.argument("second")
@engine
def compare(first: str, second: str, model: str | None, threads: int | None) -> None:
    """Say whether two titles are one story or one wording, and why.

    Example: headline-dedupe compare "Storm closes port of Rotterdam" "Rotterdam port shut by storm"
    """
    from dedupe.embedding import encoders as encoders
    from dedupe.pipeline import compare as judge

    limit_threads(threads)
    pair = judge(first, second, encoder=encoders.load_encoder(model) if model else None)
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
    found = format_of(output) or "jsonl"
    return "table" if found == "lines" else found


def _as_input(source: Source, output: str) -> str:
    """The format of the input where it is one of the output, too."""
    if source.format == "page":
        return "lines"
    if source.format == "parquet" and output == "-":
        return "jsonl"
    return source.format if source.format in ROW_FORMATS else "jsonl"
