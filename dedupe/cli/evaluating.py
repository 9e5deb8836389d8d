"""The command `evaluate`."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dedupe.cli.labels import LabelJob, labels, say
from dedupe.cli.plans import plan
from dedupe.cli.reading import Reading, reading
from dedupe.cli.settings import settings
from dedupe.cli.shared import caching, count, dry_run, engine, force, judging, open_cache, options, output, quiet, taken
from dedupe.export import format_of
from dedupe.files import check_output, write_lines

if TYPE_CHECKING:
    from dedupe.labels.evaluating import Evaluation


@dataclass(frozen=True, slots=True)
class _Job(LabelJob):
    wording: float | None
    corrections: Path | None
    worst: int
    format: str | None
    output: str
    force: bool


@click.command()
@reading
@labels
@click.option("--worst", type=click.IntRange(0), default=10, show_default=True, help="Mistakes of each kind to list.")
@click.option("--format", type=click.Choice(["table", "json"]), help="Default: by -o's ending.")
@judging
@engine
@caching
@options(output, dry_run, force, quiet)
@settings
def evaluate(**given: Any) -> None:
    """Group labelled headlines, and score the groups against the labels.

    INPUT has a column `story`, perhaps `variant` (the wording inside the story), and `slice` where parts are to be grouped each
    by itself. Without -o, a table on a terminal and JSON in a pipe.

    \b
    Examples:
      headline-dedupe evaluate labelled.csv
      headline-dedupe evaluate labelled.csv --story 0.6 --worst 30 -o scores.json
    """
    from dedupe.corrections import read_corrections
    from dedupe.labels.evaluating import evaluate as score
    from dedupe.labels.scoretables import evaluation_json, write_evaluation

    job, inputs = taken(_Job, given), taken(Reading, given)
    format = job.format or _format(job.output)
    check_output(job.output, inputs.inputs, force=job.force)
    inputs.check(job.output, force=job.force)
    cache = open_cache(job.cache, job.no_cache)
    source, corrections = inputs.read(), read_corrections(job.corrections) if job.corrections else []
    if job.dry_run:
        asked = {"window": job.window, "story": job.story, "wording": job.wording, "worst": job.worst}
        write_lines([*job.plan(source), *plan(source, job.model, cache, job.output, format, asked)], "-")
        return
    how: dict[str, Any] = {
        "columns": job.columns,
        "story": job.story,
        "wording": job.wording,
        "corrections": corrections,
    }
    found = job.run(score, source, cache, worst=job.worst, **how)
    if format == "json":
        write_lines([json.dumps(evaluation_json(found), ensure_ascii=False, indent=1)], job.output)
    else:
        write_evaluation(found, job.output)
    inputs.set_aside(source, job.output)
    if not job.quiet:
        say([_summary(found), *found.notes, *source.notes], cache)


def _format(output: str) -> str:
    if output == "-":
        return "table" if sys.stdout.isatty() else "json"
    return "table" if format_of(output, ("json", "lines")) == "lines" else "json"


def _summary(found: Evaluation) -> str:
    said = [count(found.headlines, "headline"), count(found.slices, "slice")]
    for level, scores in found.levels.items():
        said.append(f"{count(scores.true, level, {'story': 'stories'}.get(level))} labelled, {scores.found:,} found")
        if scores.unlabelled:
            said.append(f"{count(scores.unlabelled, 'headline')} without a {level} not scored")
    return ", ".join(said)
