"""The command `evaluate`."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from dedupe.cli.dry_run import plan
from dedupe.cli.input_options import InputOptions
from dedupe.cli.label_options import LabelJob, labels, say
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
    takes,
)
from dedupe.runtime.files import check_output, write_lines
from dedupe.writers.rows import format_of

if TYPE_CHECKING:
    from dedupe.clustering.corrections import Correction
    from dedupe.embedding.cache import VectorCache
    from dedupe.evaluation.scores import Evaluation
    from dedupe.readers.inputs import Source


@dataclass(frozen=True, slots=True)
class _Job(LabelJob):
    wording_threshold: float | None
    corrections: tuple[str, ...]
    worst: int
    format: str | None
    output: str
    force: bool


@click.command()
@takes(_Job, InputOptions)
@labels
@click.option("--worst", type=click.IntRange(0), default=10, show_default=True, help="Mistakes of each kind to list.")
@click.option("--format", type=click.Choice(["table", "json"]), help="Default: by -o's ending.")
@judging
@engine
@caching
@options(output, dry_run, force, quiet)
@settings
def evaluate(job: _Job, inputs: InputOptions) -> None:
    """Group labelled headlines, and score the groups against the labels.

    INPUT has a column `story`, perhaps `wording` (which one inside the story), and `slice` where parts are to be grouped each
    by itself. Without -o, a table on a terminal and JSON in a pipe.

    \b
    Examples:
      headline-dedupe evaluate labelled.csv
      headline-dedupe evaluate labelled.csv --story-threshold 0.6 --worst 30 -o scores.json
    """
    from dedupe.clustering.corrections import read_corrections
    from dedupe.evaluation.tables import evaluation_json, write_evaluation

    format = job.format or _format(job.output)
    beside = list(job.corrections)
    check_output(job.output, [*inputs.inputs, *beside], force=job.force)
    inputs.check(job.output, force=job.force, beside=beside)
    cache = open_cache(job.cache, job.no_cache)
    source, corrections = inputs.read(), read_corrections(job.corrections)
    if job.dry_run:
        write_lines([*job.plan(source), *_plan(job, source, len(corrections), cache, format)], "-")
        return
    found = _scored(job, source, corrections, cache)
    if format == "json":
        write_lines([json.dumps(evaluation_json(found), ensure_ascii=False, indent=1)], job.output)
    else:
        write_evaluation(found, job.output)
    inputs.set_aside(source, job.output)
    if not job.quiet:
        say([_summary(job, found), *found.notes, *source.notes], cache, found.warnings)


def _plan(job: _Job, source: Source, corrections: int, cache: VectorCache | None, format: str) -> list[str]:
    asked = {
        "window": job.window,
        "story_threshold": job.story_threshold,
        "wording_threshold": job.wording_threshold,
        "worst": job.worst,
    }
    asked |= {"corrections": corrections if job.corrections else None}
    return plan(source, job.model, cache, job.output, format, asked)


def _scored(job: _Job, source: Source, corrections: list[Correction], cache: VectorCache | None) -> Evaluation:
    from dedupe.evaluation.scores import evaluate as score

    how: dict[str, Any] = {"columns": job.columns, "worst": job.worst, "corrections": corrections}
    return job.run(
        score, source, cache, story_threshold=job.story_threshold, wording_threshold=job.wording_threshold, **how
    )


def _format(output: str) -> str:
    if output == "-":
        return "table" if sys.stdout.isatty() else "json"
    return "table" if format_of(output, ("json", "lines")) == "lines" else "json"


def _summary(job: _Job, found: Evaluation) -> str:
    said = [count(found.headlines, "headline"), count(found.slices, "slice")]
    for level, scores in found.levels.items():
        said.append(f"{count(scores.true, level, {'story': 'stories'}.get(level))} labelled, {scores.found:,} found")
        if scores.unlabelled:
            said.append(f"{count(scores.unlabelled, 'headline')} without a {level} not scored")
    return ", ".join([*said, *applied(job.corrections, found.corrections)])
