"""The command `evaluate`, and the options that it shares with `tune`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dedupe.cli.dry_run import plan
from dedupe.cli.input_options import InputOptions
from dedupe.cli.settings import settings
from dedupe.cli.shared import GroupOptions, OutputOptions, applied, count, option, readable_format, say, takes, warn
from dedupe.runtime.files import write_lines
from dedupe.runtime.json_text import as_json

if TYPE_CHECKING:
    from dedupe.evaluation import Evaluation, LabelColumns
    from dedupe.readers import Source


@dataclass(frozen=True)
class LabelOptions(GroupOptions):
    """Where the labels are, and how the headlines are grouped."""

    story_column: str | None = option("--story-column", metavar="NAME", help="Column of story labels; default: story.")
    wording_column: str | None = option(
        "--wording-column",
        metavar="NAME",
        help="Column of wording labels within each story; default: wording or variant, if present.",
    )
    slice_column: str | None = option(
        "--slice-column",
        metavar="NAME",
        help="Column of parts that are grouped separately; default: slice, if present.",
    )

    @property
    def columns(self) -> LabelColumns:
        """The names of the columns of labels, None for the default ones."""
        from dedupe.evaluation import LabelColumns

        return LabelColumns(self.story_column, self.wording_column, self.slice_column)

    def plan(
        self, source: Source, output: str, format: str, values: Mapping[str, object], answers: Path | None = None
    ) -> list[str]:
        """Return the lines of a dry run; `values`: of the command's own options."""
        from dedupe.evaluation.labelled import read_labels

        if answers:
            labels = f"the answers in {answers}"
        else:
            labelled = read_labels(source.headlines, self.columns)
            counts = [
                f"{level} {labelled.scored(level):,} headlines, {labelled.pairs(level):,} pairs that belong together"
                for level in labelled.labels
            ]
            labels = "; ".join([*counts, count(len(labelled.slices), "slice")])
        return [f"labels: {labels}", *plan(self, source, output, format, values)]


@dataclass(frozen=True)
class _Options(LabelOptions, OutputOptions):
    worst: int = option(
        "--worst", type=click.IntRange(0), default=10, show_default=True, help="Mistakes of each kind to list."
    )
    format: str | None = option(
        "--format", type=click.Choice(["table", "json"]), help="Output format; default: by the ending of -o."
    )


@click.command(short_help="Score the groups of labelled headlines.")
@takes(_Options, InputOptions)
@settings
def evaluate(job: _Options, inputs: InputOptions) -> None:
    """Group labelled headlines, and score the groups against the labels.

    INPUT has a column `story`, and optionally `wording` (which wording of the story) and `slice` (parts to group separately).
    Without -o, the scores are a table on a terminal and JSON in a pipe.

    \b
    Examples:
      headline-dedupe evaluate labelled.csv
      headline-dedupe evaluate labelled.csv --story-threshold 0.6 --worst 30 -o scores.json
    """
    from dedupe import evaluation
    from dedupe.evaluation.tables import evaluation_json, write_evaluation

    format = job.format or ("table" if readable_format(job.output, ("json", "lines")) == "table" else "json")
    job.check(inputs, format)
    source = inputs.read()
    if job.dry_run:
        write_lines(job.plan(source, job.output, format, {"worst": job.worst}), "-")
        return
    scores = evaluation.evaluate(source.headlines, columns=job.columns, worst=job.worst, **job.run_options())
    with job.outputs():
        inputs.set_aside(source, job.output)
        if format == "json":
            write_lines([as_json(evaluation_json(scores), indent=1)], job.output)
        else:
            write_evaluation(scores, job.output)
    if not job.quiet:
        say("; ".join([_summary(job, scores), *scores.notes, *source.notes]))
        warn(scores.warnings, job.vectors)


def _summary(job: _Options, evaluation: Evaluation) -> str:
    parts = [count(evaluation.headlines, "headline"), count(evaluation.slices, "slice")]
    for level, scores in evaluation.levels.items():
        groups = count(scores.true_groups, level, {"story": "stories"}.get(level, ""))
        parts.append(f"{groups} labelled, {scores.found_groups:,} found")
        if scores.unlabelled:
            parts.append(f"{count(scores.unlabelled, 'headline')} without a {level} not scored")
    return ", ".join([*parts, *applied(job.corrections, evaluation.corrections)])
