"""The command `match`."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from dedupe.cli.cluster_options import Common, writing
from dedupe.cli.dry_run import plan
from dedupe.cli.input_options import Reading, reading
from dedupe.cli.settings import settings
from dedupe.cli.shared import PROGRAM, applied, caching, count, engine, judging, limit_threads, open_cache, taken, warn
from dedupe.errors import InputError
from dedupe.levels import LEVELS
from dedupe.runtime.files import check_output, write_lines
from dedupe.writers.rows import ROW_FORMATS, format_of, write_rows
from dedupe.writers.terminal import write_matches

if TYPE_CHECKING:
    from dedupe.clustering.corrections import Correction
    from dedupe.embedding.cache import VectorCache
    from dedupe.readers.inputs import Source
    from dedupe.result.matches import Matches


@dataclass(frozen=True, slots=True)
class _Job(Common):
    against: tuple[str, ...]

    @property
    def read_too(self) -> list[str]:
        """What is read beside the inputs, and so never written over."""
        return [*self.against, *self.corrections]


@click.command()
@click.option(
    "--against", multiple=True, required=True, metavar="FILE", help="What is known already; repeat for more files."
)
@click.option("--format", type=click.Choice(["table", *ROW_FORMATS[:-1]]), help="Default: by -o's ending.")
@reading
@judging
@engine
@caching
@writing
@settings
def match(**given: Any) -> None:
    """Say for each headline of INPUT which known story and wording it repeats, if any.

    What is known may be what `cluster` wrote: its stories and wordings then keep their numbers.

    \b
    Examples:
      headline-dedupe match new.csv --against archive.parquet -o matches.csv
      headline-dedupe match https://example.org/rss --against stories.jsonl --window 3d
    """
    job, inputs = taken(_Job, given), taken(Reading, given)
    format = job.format or _format(job.output)
    check_output(job.output, [*inputs.inputs, *job.read_too], force=job.force, binary=format == "parquet")
    inputs.check(job.output, force=job.force, beside=job.read_too)
    cache = open_cache(job.cache, job.no_cache)
    source, known, corrections = inputs.read(), _known(job, inputs), job.read_corrections()
    if job.dry_run:
        named = {
            "against": f"{len(known.headlines):,} headlines",
            "window": job.window,
            "story_threshold": job.story_threshold,
        }
        named |= {
            "wording_threshold": job.wording_threshold,
            "corrections": len(corrections) if job.corrections else None,
        }
        lines = plan(source, job.model, cache, job.output, format, named)
        write_lines([*known.notes, *lines], "-")
        return
    found = _match(job, source, known, corrections, cache)
    if format == "table":
        write_matches(found, job.output)
    else:
        write_rows(found.output, job.output, format, formulas=job.keep_formulas)
    inputs.set_aside(source, job.output)
    if not job.quiet:
        _summary(job, found, source, known)
        warn(found.run, cache)


def _known(job: _Job, inputs: Reading) -> Source:
    """Read what is known: columns as for the new ones where it has them, else by their usual names."""
    given = replace(inputs, inputs=job.against, input_format=None, rejects=None)
    if given.columns == type(given.columns)():
        return given.read()
    try:
        return given.read()
    except InputError:
        return replace(
            given, title_column=None, date_column=None, source_column=None, id_column=None, url_column=None
        ).read()


def _match(
    job: _Job, source: Source, known: Source, corrections: list[Correction], cache: VectorCache | None
) -> Matches:
    from dedupe.embedding import encoders as encoders
    from dedupe.pipeline import match as find
    from dedupe.runtime.progress import bars

    limit_threads(job.threads)
    with nullcontext(False) if job.quiet else bars() as progress:
        return find(
            source.headlines,
            reference=known.headlines,
            encoder=encoders.load_encoder(job.model) if job.model else None,
            cache=cache,
            window=job.window,
            story_threshold=job.story_threshold,
            wording_threshold=job.wording_threshold,
            corrections=corrections,
            progress=progress,
        )


def _format(output: str) -> str:
    if output == "-":
        return "table" if sys.stdout.isatty() else "jsonl"
    found = format_of(output, ROW_FORMATS) or "jsonl"
    return "table" if found == "lines" else found


def _summary(job: _Job, found: Matches, source: Source, known: Source) -> None:
    levels = Counter(match.level for match in found if match)
    done = [
        f"{count(len(found), 'headline')} against {len(known.headlines):,} known",
        *(count(levels[level], *said) for level, said in zip(LEVELS, _SAID, strict=True)),
        f"{len(found) - levels.total():,} new",
        *applied(job.corrections, found.run.corrections),
    ]
    click.echo(f"{PROGRAM}: {'; '.join([', '.join(done), *source.notes, *known.notes])}", err=True)


_SAID = (
    ("exact copy", "exact copies"),
    ("known wording", "known wordings"),
    ("other wording of a known story", "other wordings of known stories"),
)
