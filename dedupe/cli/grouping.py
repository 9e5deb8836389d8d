"""The commands that group headlines: `cluster`, `dedupe`, `compare`."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dedupe.cli.shared import PROGRAM, Window, caching, engine, limit_threads, open_cache, options, probability
from dedupe.export import check_output, format_of, write_lines, write_rows, write_table
from dedupe.result import KEEPS, LEVELS
from dedupe.sources import FORMATS

if TYPE_CHECKING:
    from dedupe.caching import VectorCache
    from dedupe.result import Deduplication
    from dedupe.sources import Source


@dataclass(frozen=True, slots=True)
class _Job:
    """The options that `cluster` and `dedupe` share, under the names click gives them."""

    level: str
    input: str
    output: str
    format: str | None
    input_format: str | None
    title_column: str | None
    date_column: str | None
    source_column: str | None
    id_column: str | None
    url_column: str | None
    delimiter: str | None
    encoding: str | None
    window: timedelta | None
    story: float | None
    wording: float | None
    keep: str
    model: str | None
    threads: int | None
    cache: Path | None
    no_cache: bool
    skip_bad: bool
    rejects: str | None
    force: bool
    quiet: bool


_shared = options(
    click.argument("input"),
    click.option("-o", "--output", default="-", metavar="FILE", help="Where to write; default: standard output."),
    click.option("--input-format", type=click.Choice(FORMATS), help="What the input is; default: found out."),
    click.option("--title-column", metavar="NAME", help="Column of the headline."),
    click.option("--date-column", metavar="NAME", help="Column of the date (ISO 8601, RFC 822, epoch; naive is UTC)."),
    click.option("--source-column", metavar="NAME", help="Column of the publisher."),
    click.option("--id-column", metavar="NAME", help="Column of the row's id."),
    click.option("--url-column", metavar="NAME", help="Column of the address."),
    click.option("--delimiter", metavar="CHAR", help="Between CSV columns; default: found out."),
    click.option("--encoding", metavar="NAME", help="Of the input; default: found out."),
    click.option("--window", type=Window(), help="Longest time span of a group: 72h, 3d, 90m, or hours."),
    click.option("--story", type=probability, help="Probability from which two headlines are one story."),
    click.option("--wording", type=probability, help="Probability from which two headlines say the same."),
    click.option("--keep", type=click.Choice(KEEPS), default=KEEPS[0], show_default=True, help="Whom a group keeps."),
    engine,
    caching,
    click.option("--skip-bad", is_flag=True, help="Go on past rows that cannot be read, and set them aside."),
    click.option("--rejects", metavar="FILE", help="Where to set them aside; default: OUTPUT or INPUT.rejects."),
    click.option("--force", is_flag=True, help="Replace files that exist."),
    click.option("-q", "--quiet", is_flag=True, help="No progress, summary or warnings."),
)


@click.command()
@click.option(
    "--level",
    type=click.Choice(LEVELS[:0:-1]),
    default="story",
    show_default=True,
    help="How far to look; wording takes a fraction of the time on very many headlines.",
)
@click.option("--format", type=click.Choice(["table", "jsonl", "csv", "tsv"]), help="Default: by -o's ending.")
@_shared
def cluster(**given: Any) -> None:
    """Group the headlines of INPUT into stories.

    Without -o, stories come as a table on a terminal and as JSON Lines, one per input row, in a pipe.

    Example: headline-dedupe cluster news.csv --title-column headline -o stories.jsonl
    """
    job = _Job(**given)
    source, result, cache = _run(job)
    format = job.format or _format_for_reading(job.output)
    if format == "table":
        write_table(result, job.output)
    else:
        write_rows(result.rows(), job.output, format)
    _finish(job, source, result, cache)


@click.command("dedupe")
@click.option("--level", type=click.Choice(LEVELS), default="wording", show_default=True, help="What is a repeat.")
@click.option(
    "--format", type=click.Choice(["jsonl", "csv", "tsv", "lines"]), help="Default: by -o's ending, or INPUT's."
)
@_shared
def drop_repeats(level: str, **given: Any) -> None:
    """Write the rows of INPUT to keep, one per group, columns untouched and in order.

    Example: headline-dedupe dedupe news.jsonl --level story -o kept.jsonl
    """
    job = _Job(level="story" if level == "story" else "wording", **given)
    source, result, cache = _run(job)
    format = job.format or format_of(job.output) or ("lines" if source.format == "page" else source.format)
    kept = [result.headlines[k] for k in result.keep(level)]
    titles = format == "lines"
    rows = [{"title": h.title} if titles else h.columns or {"title": h.title} for h in kept]
    write_rows(rows, job.output, format)
    _finish(job, source, result, cache, f"kept {len(rows)} by {level}")


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


def _run(job: _Job) -> tuple[Source, Deduplication, VectorCache | None]:
    """Read and group, after a look at whether the outputs can be written at all."""
    if job.rejects and not job.skip_bad:
        raise click.UsageError("--rejects only has a meaning with --skip-bad: add it")
    check_output(job.output, [job.input], force=job.force)
    if job.skip_bad:
        check_output(_rejects_path(job), [job.input], force=job.force)
        if _rejects_path(job) == job.output != "-":
            raise click.UsageError(f"--rejects and --output both name {job.output}: give two files")
    cache = open_cache(job.cache, job.no_cache)
    source = _read(job)
    return source, _group(job, source, cache), cache


def _read(job: _Job) -> Source:
    from dedupe.sources import Columns, read_headlines

    columns = Columns(job.title_column, job.date_column, job.source_column, job.id_column, job.url_column)
    return read_headlines(
        job.input,
        input_format=job.input_format,
        columns=columns,
        delimiter=job.delimiter,
        encoding=job.encoding,
        skip_bad=job.skip_bad,
    )


def _group(job: _Job, source: Source, cache: VectorCache | None) -> Deduplication:
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
            progress=progress,
            cache=cache,
        )


def _format_for_reading(output: str) -> str:
    """By the ending of a file, else a table for people and JSON Lines for programs."""
    if output == "-":
        return "table" if sys.stdout.isatty() else "jsonl"
    found = format_of(output) or "jsonl"
    return "table" if found == "lines" else found


def _rejects_path(job: _Job) -> str:
    names = [name for name in (job.output, job.input) if name != "-"]
    return job.rejects or f"{(names or ['headline-dedupe'])[0]}.rejects"


def _finish(job: _Job, source: Source, result: Deduplication, cache: VectorCache | None, more: str = "") -> None:
    """Set the rejects aside, then say in one line what was done, and what deserves a look."""
    if source.rejects:
        write_lines(source.rejects, _rejects_path(job))
    if job.quiet:
        return
    distinct, wordings, stories = (len(result.keep(level)) for level in LEVELS)
    done = [_count(len(result), "headline"), _count(wordings, "wording")]
    if result.level == "story":
        done.insert(1, _count(stories, "story", "stories"))
    done += [_count(len(result) - distinct, "exact copy", "exact copies"), *([more] if more else [])]
    if result.recall < 1:
        done.append(f"{result.recall:.1%} of the candidate pairs found, by a sample")
    if source.rejects:
        done.append(f"{_count(len(source.rejects), 'bad row')} set aside in {_rejects_path(job)}")
    click.echo(f"{PROGRAM}: {'; '.join([', '.join(done), *source.notes])}", err=True)
    troubles = [cache.trouble] if cache and cache.trouble else []
    for warning in [*(caution.message for caution in result.warnings), *troubles]:
        click.echo(f"{PROGRAM}: warning: {warning}", err=True)


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
