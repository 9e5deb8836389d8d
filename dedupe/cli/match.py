"""The command `match`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from dedupe.cli.dry_run import plan
from dedupe.cli.input_options import InputOptions
from dedupe.cli.settings import settings
from dedupe.cli.shared import RowOptions, applied, count, option, readable_format, say, takes, warn
from dedupe.levels import LEVELS
from dedupe.runtime.files import write_lines
from dedupe.writers import ROW_FORMATS, write_matches, write_rows

if TYPE_CHECKING:
    from dedupe.readers import Source
    from dedupe.result.matches import Matches

_COUNTED = {
    "exact": ("exact copy", "exact copies"),
    "wording": ("known wording", "known wordings"),
    "story": ("new wording of a known story", "new wordings of known stories"),
}


@dataclass(frozen=True)
class _Options(RowOptions):
    against: tuple[str, ...] = option(
        "--against", multiple=True, required=True, metavar="FILE", help="Known headlines; repeatable."
    )
    format: str | None = option(
        "--format", type=click.Choice(["table", *ROW_FORMATS[:-1]]), help="Output format; default: by the ending of -o."
    )


@click.command()
@takes(_Options, InputOptions)
@settings
def match(job: _Options, inputs: InputOptions) -> None:
    """Match new headlines with known stories and wordings.

    The known headlines may be the output of `cluster`, or of this command: their stories and wordings then keep their
    numbers, and new stories get new ones. Without -o, the output is a table on a terminal, and JSON Lines, one row per
    headline, in a pipe.

    \b
    Examples:
      headline-dedupe match new.csv --against archive.parquet -o matches.csv
      headline-dedupe match https://example.org/rss --against stories.jsonl --window 3d
    """
    from dedupe.pipeline import match

    format = job.format or readable_format(job.output, ROW_FORMATS)
    job.check_formulas(format)
    job.check(inputs, format, *job.against)
    source, known = inputs.read(), _read_known(job, inputs)
    if job.dry_run:
        values = {"against": count(len(known.headlines), "headline")}
        write_lines([*known.notes, *plan(job, source, job.output, format, values)], "-")
        return
    matches = match(source.headlines, reference=known.headlines, **job.run_options())
    with job.outputs():
        skipped = inputs.set_aside(replace(source, rejects=[*source.rejects, *known.rejects]), job.output)
        if format == "table":
            write_matches(matches, job.output)
        else:
            write_rows(matches.output, job.output, format, formulas=job.keep_formulas)
    if not job.quiet:
        summary = ", ".join([*_counts(job, matches, len(known.headlines)), *skipped])
        say("; ".join([summary, *source.notes, *known.notes]))
        warn(matches.run.warnings, job.vectors)


def _read_known(job: _Options, inputs: InputOptions) -> Source:
    """Read the known headlines from the columns named for the new ones; if they lack those, from the usual ones."""
    known = replace(inputs, inputs=job.against, input_format=None, rejects=None, no_header=False)
    return known.load(or_usual=True)


def _counts(job: _Options, matches: Matches, known: int) -> list[str]:
    levels = Counter(match.level for match in matches if match)
    return [
        f"{count(len(matches), 'headline')} matched against {known:,} known",
        *(count(levels[level], *_COUNTED[level]) for level in LEVELS),
        f"{len(matches) - levels.total():,} new",
        *applied(job.corrections, matches.run.corrections),
    ]
