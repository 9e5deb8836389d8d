"""The command `tune`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from dedupe.cli.dry_run import plan
from dedupe.cli.input_options import Reading, reading
from dedupe.cli.label_options import LabelJob, labels, report
from dedupe.cli.settings import check_settings, commands_of, settings, threshold_in, write_threshold
from dedupe.cli.shared import PROGRAM, caching, dry_run, engine, open_cache, options, probability, quiet, taken, window
from dedupe.levels import SCORED_LEVELS
from dedupe.runtime.files import check_output, write_lines

if TYPE_CHECKING:
    from dedupe.embedding.cache import VectorCache
    from dedupe.evaluation import Goal, Tuning
    from dedupe.readers.inputs import Source

_SETTINGS = f"{PROGRAM}.toml"
_share = click.FloatRange(0, 1, min_open=True)


@dataclass(frozen=True, slots=True)
class _Job(LabelJob):
    level: str
    precision: float | None
    recall: float | None
    f1: bool
    format: str
    target: str
    labels: Path | None
    plots: Path | None

    def goal(self, typed: Collection[str]) -> Goal:
        """The goal; one `typed` on the command line overrides the settings."""
        from dedupe.evaluation import Goal

        values = {"precision": self.precision, "recall": self.recall, "f1": self.f1 or None}
        given = [figure for figure, value in values.items() if value is not None]
        given = [figure for figure in given if figure in typed] or given
        if len(given) > 1:
            raise click.UsageError(f"--{given[0]} and --{given[1]} contradict each other: give one")
        figure = given[0] if given else "f1"
        return Goal(figure, None if figure == "f1" else values[figure])

    def check(self, typed: Collection[str]) -> None:
        """Raise for options that were typed and have no effect beside the others."""
        unused = [] if self.level == "wording" else [("wording_threshold", "--level story")]
        if self.labels:
            unused += [(name, "--labels") for name in ("story_column", "wording_column", "slice_column")]
            unused += [("story_threshold", "--labels and --level wording")] if self.level == "wording" else []
        for name, beside in unused:
            if name in typed:
                raise click.UsageError(f"--{name.replace('_', '-')} has no effect with {beside}: leave it out")

    def in_force(self, typed: Collection[str], commands: Iterable[str]) -> _Job:
        """Return the job with the thresholds in force: typed ones, else those of the file to write, else of --settings.

        A threshold without effect is None: wordings lie within stories, except where they are tuned by answers.
        """

        def threshold(level: str, value: float | None) -> float | None:
            in_target = None if f"{level}_threshold" in typed else threshold_in(self.target, commands, level)
            return value if in_target is None else in_target

        if self.level == "story":
            return replace(self, story_threshold=threshold("story", self.story_threshold), wording_threshold=None)
        story = None if self.labels else threshold("story", self.story_threshold)
        return replace(self, story_threshold=story, wording_threshold=threshold("wording", self.wording_threshold))


@click.command()
@reading
@labels
@click.option("--precision", type=_share, help="Minimum share of joined pairs that belong together.")
@click.option("--recall", type=_share, help="Minimum share of pairs that belong together and are joined.")
@click.option("--f1", is_flag=True, help="The best balance of both; the default.")
@click.option(
    "--level", type=click.Choice(SCORED_LEVELS[::-1]), default="story", show_default=True, help="Threshold to choose."
)
@click.option(
    "--labels",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Answers that `label` took about INPUT, instead of columns of labels.",
)
@window
@click.option(
    "--story-threshold",
    type=probability,
    help="Story threshold in force. Wordings are tuned within these stories; --f1 leaves it only for a surely better one. "
    "Default: the one in the settings file of -o.",
)
@click.option("--wording-threshold", type=probability, help="Wording threshold in force, with --level wording.")
@engine
@caching
@click.option(
    "-o",
    "--output",
    "target",
    default=_SETTINGS,
    show_default=True,
    metavar="FILE",
    help="Settings file to write the threshold into.",
)
@click.option(
    "--plots", type=click.Path(path_type=Path), metavar="DIR", help="Folder for the plots. Default: that of -o."
)
@click.option(
    "--format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Format of the report."
)
@options(dry_run, quiet)
@settings
def tune(**given: Any) -> None:
    """Choose a threshold on labelled headlines, and write it into a settings file.

    INPUT is that of `evaluate`. Only the threshold changes in the settings file; other commands use it by `--settings FILE`. Two
    plots show what other thresholds would give. If no threshold reaches the goal, nothing is written and the exit code is 2.

    \b
    Examples:
      headline-dedupe tune labelled.csv --precision 0.98
      headline-dedupe tune labelled.csv --level wording --recall 0.9 -o desk.toml --plots plots
      headline-dedupe tune news.csv --labels labels.csv
    """
    from dedupe.evaluation.plots import write_plots

    context, job, inputs = click.get_current_context(), taken(_Job, given), taken(Reading, given)
    commands = commands_of(context)
    typed = {name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE}
    job.check(typed)
    check_settings(job.target, inputs.inputs)
    goal, plots, job = job.goal(typed), _plots(job, inputs), job.in_force(typed, commands)
    inputs.check("-", force=True)
    cache = open_cache(job.cache, job.no_cache)
    source = inputs.read()
    if job.dry_run:
        write_lines(_plan(job, goal, source, cache), "-")
        return
    tuning = _tuned(job, goal, source, cache)
    write_plots(tuning, plots)
    _print(job, tuning, write_threshold(job.target, commands, job.level, tuning.threshold), plots)
    inputs.set_aside(source, "-")
    if not job.quiet:
        report(source.notes, cache, tuning.warnings, *filter(None, [tuning.caution]))


def _plots(job: _Job, inputs: Reading) -> list[Path]:
    """Where the plots go; raises where they could not be written."""
    from dedupe.evaluation.plots import plot_paths

    folder = job.plots or Path(job.target).parent
    plots = plot_paths(folder, Path(job.target).stem, job.level)
    for plot in plots if folder.exists() else ():
        check_output(str(plot), inputs.inputs, force=True)
    return plots


def _plan(job: _Job, goal: Goal, source: Source, cache: VectorCache | None) -> list[str]:
    chosen = {
        "level": job.level,
        "goal": goal,
        "window": job.window,
        "story_threshold": job.story_threshold,
        "wording_threshold": job.wording_threshold,
    }
    labelled = f"labels: the answers in {job.labels}" if job.labels else job.plan(source)
    return [labelled, *plan(source, job.model, cache, job.target, "settings", chosen)]


def _tuned(job: _Job, goal: Goal, source: Source, cache: VectorCache | None) -> Tuning:
    from dedupe import evaluation
    from dedupe.clustering.corrections import read_corrections
    from dedupe.evaluation.answers import Answers

    with job.run_options(cache) as run_options:
        if job.labels is None:
            return evaluation.tune(source.headlines, goal, level=job.level, columns=job.columns, **run_options)
        read_corrections(job.labels)  # raises for unknown verdicts and for contradictions
        answers = Answers(job.labels).verdicts(job.level)
        return evaluation.tune_by_answers(source.headlines, answers, goal, level=job.level, **run_options)


def _print(job: _Job, tuning: Tuning, changes: list[str], plots: list[Path]) -> None:
    from dedupe.evaluation.tables import tuning_json, tuning_lines

    if job.format == "json":
        values = tuning_json(tuning) | {"written": changes, "plots": [str(plot) for plot in plots]}
        write_lines([json.dumps(values, ensure_ascii=False, indent=1)], "-")
    else:
        write_lines([*tuning_lines(tuning), *changes, f"plots: {', '.join(map(str, plots))}"], "-")
