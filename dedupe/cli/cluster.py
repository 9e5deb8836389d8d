"""The commands that group headlines: `cluster`, `dedupe`, `compare`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from dedupe.cli.grouping import GroupingOptions, finish, group, read_checked
from dedupe.cli.input_options import InputOptions
from dedupe.cli.keeping import DropOptions, SourceOptions, drop_note
from dedupe.cli.on_cluster import ClusterOptions, run_on_cluster
from dedupe.cli.settings import settings
from dedupe.cli.shared import EngineOptions, limit_threads, readable_format, takes
from dedupe.levels import LEVELS, SCORED_LEVELS
from dedupe.result import OutputRows
from dedupe.runtime.files import write_lines
from dedupe.writers import (
    BINARY_FORMATS,
    ROW_FORMATS,
    format_of,
    write_dropped,
    write_rows,
    write_stories,
    write_table,
)

if TYPE_CHECKING:
    from dedupe.readers import Source


@click.command()
@click.option(
    "--level",
    type=click.Choice(SCORED_LEVELS[::-1]),
    default="story",
    show_default=True,
    help="Widest level to group by; wording is much faster for very many headlines.",
)
@click.option(
    "--format",
    type=click.Choice(["table", *ROW_FORMATS[:-1], "json"]),
    help="Output format; default: by the ending of -o. json nests headlines in wordings, and wordings in stories.",
)
@takes(GroupingOptions, InputOptions, SourceOptions, ClusterOptions)
@settings
def cluster(
    job: GroupingOptions,
    inputs: InputOptions,
    sources: SourceOptions,
    machines: ClusterOptions,
    level: str,
    format: str | None,
) -> None:
    """Group headlines into stories.

    Without -o, the output is a table on a terminal, and JSON Lines, one row per headline, in a pipe.

    \b
    Examples:
      headline-dedupe cluster news.csv --title-column headline -o stories.jsonl
      headline-dedupe cluster 'feeds/*.xml' https://example.org/rss --window 72h
      headline-dedupe cluster news.parquet -o stories.parquet --explain pairs.jsonl
      headline-dedupe cluster news.csv -o stories.csv --report report.html
      headline-dedupe cluster 'corpus/*.parquet' -o stories/ --engine ray
      headline-dedupe cluster news.db::headlines -o stories.xlsx --stories digest.md
    """
    if machines.on_ray:
        run_on_cluster(job, inputs, sources, machines, level)
        return
    format = format or readable_format(job.output, (*ROW_FORMATS, "json"))
    source = read_checked(job, inputs, level, format, sources.files)
    result = group(job, source, level, format, sources)
    if result is None:
        return
    if format == "table":
        write = partial(write_table, result, job.output)
    elif format == "json":
        write = partial(write_stories, result, job.output)
    else:
        write = partial(write_rows, result.output, job.output, format, formulas=job.keep_formulas)
    finish(job, inputs, source, result, write)


@click.command("dedupe")
@click.option(
    "--level", type=click.Choice(LEVELS), default="wording", show_default=True, help="What counts as a repeat."
)
@click.option(
    "--format", type=click.Choice(ROW_FORMATS), help="Output format; default: by the ending of -o, or that of INPUT."
)
@takes(GroupingOptions, DropOptions, InputOptions, SourceOptions)
@settings
def drop_repeats(
    job: GroupingOptions,
    drop: DropOptions,
    inputs: InputOptions,
    sources: SourceOptions,
    level: str,
    format: str | None,
) -> None:
    """Drop repeats: keep one row per group.

    The rows kept are in input order, with their columns unchanged. Titles of one wording that contradict each other are all kept.

    \b
    Examples:
      headline-dedupe dedupe news.jsonl --level story -o kept.jsonl --dropped dropped.jsonl
      headline-dedupe dedupe corpus.parquet -o kept.parquet
      cat titles.txt | headline-dedupe dedupe - --keep earliest
    """
    format = format or format_of(job.output, ROW_FORMATS)
    source = read_checked(job, inputs, level, format, sources.files, drop)
    format = format or _input_format(source, job.output)
    drop.check(source.headlines)
    result = group(job, source, level, format, sources, {"dropped": drop.dropped, **drop.rules})
    if result is None:
        return
    repeats = result.repeats(level, **drop.rules)
    kept = [headline for row, headline in enumerate(result.headlines) if repeats[row] == row]
    titles_only = format == "lines" or source.format in ("lines", "page")
    rows = [{"title": headline.title} for headline in kept] if titles_only else OutputRows(kept)
    write = partial(write_rows, rows, job.output, format, formulas=job.keep_formulas, header=source.header)
    beside = {}
    if path := drop.dropped:
        dropped = result.dropped(level, **drop.rules)
        beside[path] = partial(write_dropped, dropped, path, drop.format, formulas=job.keep_formulas)
    finish(job, inputs, source, result, write, drop_note(result, repeats, level), beside)


@click.command()
@click.argument("first")
@click.argument("second")
@takes(EngineOptions)
def compare(engine: EngineOptions, first: str, second: str) -> None:
    """Compare two titles: one wording, one story, or different?

    \b
    Example:
      headline-dedupe compare "Storm closes port of Rotterdam" "Rotterdam port shut by storm"
    """
    from dedupe.pipeline import compare as score

    limit_threads(engine.threads)
    pair = score(first, second, encoder=engine.model)
    probabilities = f"probability: wording {pair.p_wording:.2f}, story {pair.p_story:.2f}"
    head = ["what speaks for and against one story, with its share:"] if pair.verdict != "exact" else []
    reasons = (f"- {reason}" for reason in pair.reasons)
    write_lines([f"verdict: {pair.verdict}", probabilities, *head, *reasons], "-")


def _input_format(source: Source, output: str) -> str:
    """Return the format of the input, or the nearest one that can be written."""
    if source.format == "page":
        return "lines"
    if source.format not in ROW_FORMATS or (source.format in BINARY_FORMATS and output == "-"):
        return "jsonl"
    return source.format
