"""What `--dry-run` prints: the inputs as they were understood, and what would be done with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from dedupe.cli.shared import GroupOptions, count
from dedupe.dates import AMBIGUOUS, BAD, UNKNOWN_ZONE

if TYPE_CHECKING:
    from dedupe.readers import Source


def plan(job: GroupOptions, source: Source, output: str, format: str, values: Mapping[str, object]) -> list[str]:
    """Return the lines to print; `values`: those of the command's own options, None for a default."""
    names = ("window", "story_threshold", "wording_threshold")
    values = {**values, **{name: getattr(job, name) for name in names}, "corrections": len(job.all_corrections) or None}
    if job.window:
        hours = job.window / timedelta(hours=1)
        values["window"] = f"{hours:g} hour{'' if hours == 1 else 's'}"
    options = [f"{name.replace('_', ' ')} {value}" for name, value in values.items() if value is not None]
    return [
        *understood(source),
        f"model: {job.model or 'bundled'}",
        f"options: {', '.join(options) or 'defaults'}",
        f"vector cache: {job.vectors.path if job.vectors else 'none'}",
        f"output: {'standard output' if output == '-' else output}, as {format}",
        "dry run: nothing was written",
    ]


def understood(source: Source) -> list[str]:
    """Return the lines about the inputs: how they were read, and what they hold."""
    return [
        *source.notes,
        f"headlines: {len(source.headlines):,}{_details(source)}",
        *_page(source),
        *_names(source),
    ]


def _details(source: Source) -> str:
    rows = source.headlines
    problems = Counter(row.date_problem for row in rows)
    counts = {
        "without a title": sum(not row.title.strip() for row in rows),
        "with a date": sum(row.published is not None for row in rows),
        "with an unreadable date": problems[BAD],
        "with an ambiguous date": problems[AMBIGUOUS],
        "with an unknown time zone": problems[UNKNOWN_ZONE],
        "with a source": sum(row.source is not None for row in rows),
    }
    parts = [f"{number:,} {what}" for what, number in counts.items() if number]
    if source.rejects:
        parts.append(f"{count(len(source.rejects), 'bad row')} skipped")
    return f" ({', '.join(parts)})" if parts else ""


def _names(source: Source) -> list[str]:
    """The names by which the columns of a table are found; nothing for other inputs."""
    from dedupe.readers.usual_names import lines_of_names

    table = source.format in ("csv", "tsv", "jsonl", "parquet", "xlsx", "sqlite")
    return [f"usual names of the column of {line}" for line in lines_of_names()] if table and source.header else []


def _page(source: Source) -> list[str]:
    """What was taken from pages, line by line, and what was left out, with what it is instead; nothing for other inputs."""
    if source.report is None:
        return []
    taken = [f"  headline: {headline.title}" for headline in source.headlines]
    return [f"page: {source.report}", *taken, *(f"  {line}" for line in source.report.lines())]
