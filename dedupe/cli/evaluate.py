"""The command `evaluate`."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from dedupe.cli.dry_run import plan
from dedupe.cli.input_options import Reading, reading
from dedupe.cli.label_options import LabelJob, labels, report
from dedupe.cli.settings import settings
from dedupe.cli.shared import (
    applied,
    caching,
    count,
    dry_run,
    engine,
    force,
    judging,
    open_cache,
    options,
    output,
    quiet,
    taken,
)
from dedupe.runtime.files import check_output, write_lines
from dedupe.writers.rows import format_of

if TYPE_CHECKING:
    from dedupe.evaluation import Evaluation


@dataclass(frozen=True, slots=True)
class _Job(LabelJob):
    corrections: tuple[str, ...]
    worst: int
    format: str | None
    output: str
    force: bool


@click.command()
@reading
@labels
@click.option("--worst", type=click.IntRange(0), default=10, show_default=True, help="Mistakes of each kind to list.")
@click.option("--format", type=click.Choice(["table", "json"]), help="Default: by the ending of -o.")
@judging
@engine
@caching
@options(output, dry_run, force, quiet)
@settings
def evaluate(**given: Any) -> None:
    """Group labelled headlines, and score the groups against the labels.

    INPUT has a column `story`, perhaps `wording` (which wording of the story), and perhaps `slice` (parts to group separately).
    Without -o, the scores are a table on a terminal and JSON in a pipe.

    \b
    Examples:
      headline-dedupe evaluate labelled.csv
      headline-dedupe evaluate labelled.csv --story-threshold 0.6 --worst 30 -o scores.json
    """
    from dedupe import evaluation
    from dedupe.clustering.corrections import read_corrections
    from dedupe.evaluation.tables import evaluation_json, write_evaluation

    job, inputs = taken(_Job, given), taken(Reading, given)
    format = job.format or _format(job.output)
    beside = list(job.corrections)
    check_output(job.output, [*inputs.inputs, *beside], force=job.force)
    inputs.check(job.output, force=job.force, beside=beside)
    cache = open_cache(job.cache, job.no_cache)
    source, corrections = inputs.read(), read_corrections(job.corrections)
    if job.dry_run:
        chosen = {
            "window": job.window,
            "story_threshold": job.story_threshold,
            "wording_threshold": job.wording_threshold,
            "worst": job.worst,
            "corrections": len(corrections) if job.corrections else None,
        }
        write_lines([job.plan(source), *plan(source, job.model, cache, job.output, format, chosen)], "-")
        return
    with job.run_options(cache) as run_options:
        run_options["corrections"] = corrections
        scores = evaluation.evaluate(source.headlines, columns=job.columns, worst=job.worst, **run_options)
    if format == "json":
        write_lines([json.dumps(evaluation_json(scores), ensure_ascii=False, indent=1)], job.output)
    else:
        write_evaluation(scores, job.output)
    inputs.set_aside(source, job.output)
    if not job.quiet:
        report([_summary(job, scores), *scores.notes, *source.notes], cache, scores.warnings)


def _format(output: str) -> str:
    if output == "-":
        return "table" if sys.stdout.isatty() else "json"
    return "table" if format_of(output, ("json", "lines")) == "lines" else "json"


def _summary(job: _Job, evaluation: Evaluation) -> str:
    parts = [count(evaluation.headlines, "headline"), count(evaluation.slices, "slice")]
    for level, scores in evaluation.levels.items():
        groups = count(scores.true_groups, level, {"story": "stories"}.get(level))
        parts.append(f"{groups} labelled, {scores.found_groups:,} found")
        if scores.unlabelled:
            parts.append(f"{count(scores.unlabelled, 'headline')} without a {level} not scored")
    return ", ".join([*parts, *applied(job.corrections, evaluation.corrections)])
