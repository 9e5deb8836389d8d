"""What `cluster` and `dedupe` share: their options, the run, and the files beside the output."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dedupe.cli.dry_run import plan
from dedupe.cli.input_options import InputOptions
from dedupe.cli.keeping import DropOptions, SourceOptions
from dedupe.cli.shared import RowOptions, applied, count, option, refuse, say, warn
from dedupe.errors import OutputError
from dedupe.levels import KEEP_RULES, LEVELS
from dedupe.runtime.files import check_output, write_lines
from dedupe.writers import DROPPED_FORMATS, STORY_FORMATS, format_of, write_pairs, write_story_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dedupe.readers import Source
    from dedupe.result.deduplication import Deduplication

_MAX_NAMES = 3  # of inputs in the heading of a report


@dataclass(frozen=True)
class GroupingOptions(RowOptions):
    """How rows are grouped, and what is written beside them."""

    explain: str | None = option(
        "--explain", metavar="FILE", help="Also write every scored pair, with features and reasons, as JSON Lines."
    )
    report: str | None = option(
        "--report", metavar="FILE", help="Also write an HTML page to read, search and regroup in a browser."
    )
    stories: str | None = option(
        "--stories", metavar="FILE", help="Also write one row per story; as a digest to read if FILE ends in .md."
    )
    title: str | None = option(
        "--title", metavar="TEXT", help="Heading of the report; default: the names of the inputs."
    )
    keep: str = option(
        "--keep",
        type=click.Choice(KEEP_RULES),
        default=KEEP_RULES[0],
        show_default=True,
        help="Which headline represents its group: the most typical, the earliest, the latest, the first of the input, or the "
        "one with the most facts.",
    )

    def story_format(self) -> str:
        """Return the format for the ending of --stories; on standard output it is a digest."""
        assert self.stories
        format = "markdown" if self.stories == "-" else format_of(self.stories, STORY_FORMATS)
        if format is None:
            raise OutputError(
                f"{self.stories}: no format has this ending: name a file that ends in .md, .csv or .parquet"
            )
        return format


def read_checked(
    job: GroupingOptions,
    inputs: InputOptions,
    level: str,
    format: str | None,
    more: Sequence[str],
    drop: DropOptions | None = None,
) -> Source:
    """Check options and outputs before any work is done, then read the inputs."""
    if level != "story":
        refuse("story_threshold", f"with --level {level}")
    if level == "exact":
        refuse("wording_threshold", "with --level exact")
    if not job.report:
        refuse("title", "without --report")
    job.check(inputs, format, *more)
    beside = [path for path in (job.explain, job.report, job.stories, drop and drop.dropped) if path]
    if job.stories:
        job.story_format()
    places = [path if path == "-" else Path(path).resolve() for path in (job.output, *beside)]
    for path, place in zip(beside, places[1:], strict=True):
        check_output(path, [*inputs.inputs, *job.corrections, *more], force=job.force)
        if places.count(place) > 1:
            name = "standard output" if path == "-" else path
            advice = "give -o, --explain, --report, --stories and --dropped a file each"
            raise OutputError(f"{name} is named twice: {advice}")
    if drop and drop.dropped:
        format_of(drop.dropped, DROPPED_FORMATS)  # raises for an ending that is not written
    return inputs.read()


def group(
    job: GroupingOptions,
    source: Source,
    level: str,
    format: str,
    sources: SourceOptions,
    more: Mapping[str, object] | None = None,
) -> Deduplication | None:
    """Return the groups; None after a dry run. `more`: the command's other options, of which a dry run names those in use."""
    from dedupe.pipeline import deduplicate

    job.check_formulas(format)
    if level != "story":
        job = replace(job, story_threshold=None)  # it may come from a settings file for all levels
    of_sources = sources.arguments(source.headlines)
    if job.dry_run:
        values = {name: getattr(job, name) for name in ("keep", "explain", "report", "stories")} | {"level": level}
        values |= {name: value or None for name, value in (asdict(sources) | dict(more or {})).items()}
        write_lines(plan(job, source, job.output, format, values), "-")
        return None
    widest = "story" if level == "story" else "wording"
    return deduplicate(source.headlines, level=widest, keep=job.keep, **of_sources, **job.run_options())


def finish(
    job: GroupingOptions,
    inputs: InputOptions,
    source: Source,
    result: Deduplication,
    write: Callable[[], None],
    note: str = "",
    beside: Mapping[str, Callable[[], None]] | None = None,
) -> None:
    """Write the output, by calling `write`, and the files beside it, then print the summary and the warnings.

    `beside`: what writes other files, by path.
    """
    more: list[str] = []
    steps = [(job.output, write), *(beside or {}).items()]
    if job.explain:
        steps.insert(0, (job.explain, partial(write_pairs, result, job.explain)))
    if job.stories:
        steps.insert(0, (job.stories, partial(_write_stories, job, result, job.stories)))
    if report := job.report:
        steps.insert(
            0, (report, lambda: more.extend(_write_report(result, source, report, job.title or _names(inputs.inputs))))
        )
    with job.outputs():
        skipped = inputs.set_aside(source, job.output)
        for _, step in sorted(steps, key=lambda step: step[0] == "-"):
            step()
    if job.quiet:
        return
    summary = ", ".join(filter(None, [*_counts(result), note, *applied(job.corrections, result.corrections), *skipped]))
    say("; ".join([summary, *source.notes]))
    warn(result.warnings, job.vectors, more)


def _write_stories(job: GroupingOptions, result: Deduplication, path: str) -> None:
    from dedupe.result.story_table import summaries_of

    write_story_table(summaries_of(result.stories), path, job.story_format(), formulas=job.keep_formulas)


def _names(inputs: Sequence[str]) -> str:
    """Return the names of the first inputs, as a heading."""
    names = ["Standard input" if name == "-" else Path(name).name or name for name in inputs]
    return ", ".join(names[:_MAX_NAMES]) + " …" * (len(names) > _MAX_NAMES)


def _write_report(result: Deduplication, source: Source, path: str, title: str) -> list[str]:
    """Write the report, and return a warning for each thing that it leaves out."""
    from dedupe.report import write_report

    left_out = write_report(result, path, title=title, unread=source.warnings)
    return [f"the report is incomplete: {omission}" for omission in left_out]


def _counts(result: Deduplication) -> list[str]:
    distinct, wordings, stories = (int(result.labels(level).max(initial=-1)) + 1 for level in LEVELS)
    return [
        count(len(result), "headline"),
        count(stories, "story", "stories") if result.level == "story" else "",
        count(wordings, "wording"),
        count(len(result) - distinct, "exact copy", "exact copies"),
        f"about {result.recall:.1%} of the candidate pairs found" if result.recall < 1 else "",
    ]
