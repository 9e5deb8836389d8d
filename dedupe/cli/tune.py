"""The command `tune`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from dedupe.cli.dry_run import plan
from dedupe.cli.input_options import InputOptions
from dedupe.cli.label_options import LabelJob, labels, say
from dedupe.cli.settings import settings
from dedupe.cli.shared import PROGRAM, caching, dry_run, engine, open_cache, options, probability, quiet, takes, window
from dedupe.cli.threshold_file import check_settings, threshold_in, write_threshold
from dedupe.runtime.files import check_output, write_lines

if TYPE_CHECKING:
    from dedupe.embedding.cache import VectorCache
    from dedupe.evaluation.threshold_choice import Goal
    from dedupe.evaluation.tuning import Tuning
    from dedupe.readers.inputs import Source

_SETTINGS = f"{PROGRAM}.toml"
_share = click.FloatRange(0, 1, min_open=True)


@dataclass(frozen=True, slots=True)
class _Job(LabelJob):
    level: str
    wording_threshold: float | None
    precision: float | None
    recall: float | None
    f1: bool
    format: str
    target: str
    labels: Path | None
    plots: Path | None

    def goal(self, typed: Collection[str]) -> Goal:
        """What is wanted; what was `typed` on the command line goes before what settings say."""
        from dedupe.evaluation.threshold_choice import FIGURES, Goal

        given = {"precision": self.precision, "recall": self.recall, "f1": self.f1 or None}
        asked = [name for name in FIGURES if given[name] is not None]
        asked = [name for name in asked if name in typed] or asked
        if len(asked) > 1:
            raise click.UsageError(f"--{asked[0]} and --{asked[1]} contradict each other: give one")
        (figure,) = asked or ["f1"]
        return Goal(figure, None if figure == "f1" else given[figure])

    def check(self, typed: Collection[str]) -> None:
        """Raise for options that were typed and have no meaning beside the others."""
        unused = [] if self.level == "wording" else [("wording_threshold", "--level story")]
        if self.labels:
            unused += [(name, "--labels") for name in ("story_column", "wording_column", "slice_column")]
            unused += [("story_threshold", "--labels and --level wording")] if self.level == "wording" else []
        for name, beside in unused:
            if name in typed:
                raise click.UsageError(f"--{name.replace('_', '-')} has no meaning with {beside}: leave it out")

    def in_force(self, typed: Collection[str], commands: Iterable[str]) -> _Job:
        """Return the job with the thresholds in force: those typed, else those of the settings to write, else those given.

        None where nothing hangs on one: wordings lie within stories, but where they are tuned by answers.
        """

        def threshold(level: str, given: float | None) -> float | None:
            found = None if f"{level}_threshold" in typed else threshold_in(self.target, commands, level)
            return given if found is None else found

        if self.level == "story":
            return replace(self, story_threshold=threshold("story", self.story_threshold), wording_threshold=None)
        story = None if self.labels else threshold("story", self.story_threshold)
        return replace(self, story_threshold=story, wording_threshold=threshold("wording", self.wording_threshold))


@click.command()
@takes(_Job, InputOptions)
@labels
@click.option("--precision", type=_share, help="Share of the pairs put together that should be, at least.")
@click.option("--recall", type=_share, help="Share of the pairs that should be together that are, at least.")
@click.option("--f1", is_flag=True, help="The best balance of both; the default.")
@click.option(
    "--level", type=click.Choice(["story", "wording"]), default="story", show_default=True, help="Threshold to choose."
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
    help="Threshold of stories in force, within which wordings are tuned, and which F1 leaves only for a surely better "
    "one; default: that of the settings to write.",
)
@click.option("--wording-threshold", type=probability, help="Likewise of wordings, with --level wording.")
@engine
@caching
@click.option(
    "-o", "--output", "target", default=_SETTINGS, show_default=True, metavar="FILE", help="Settings to put it into."
)
@click.option("--plots", type=click.Path(path_type=Path), metavar="DIR", help="For the pictures; default: beside them.")
@click.option(
    "--format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Of what is said."
)
@options(dry_run, quiet)
@settings
def tune(job: _Job, inputs: InputOptions) -> None:
    """Choose a threshold on labelled headlines, and put it into a settings file.

    INPUT is what `evaluate` takes. In the settings only the threshold changes; `--settings FILE` uses it. Two pictures show
    what other thresholds would give. Exit code 2 where no threshold reaches what is wanted; then nothing is written.

    \b
    Examples:
      headline-dedupe tune labelled.csv --precision 0.98
      headline-dedupe tune labelled.csv --level wording --recall 0.9 -o desk.toml --plots pictures
      headline-dedupe tune news.csv --labels labels.csv
    """
    from dedupe.evaluation.plots import write_plots

    context = click.get_current_context()
    commands = context.find_root().command.commands  # type: ignore[attr-defined] # it is a group
    typed = {name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE}
    job.check(typed)
    check_settings(job.target, inputs.inputs)
    goal, pictures, job = job.goal(typed), _pictures(job, inputs), job.in_force(typed, commands)
    inputs.check("-", force=True)
    cache = open_cache(job.cache, job.no_cache)
    source = inputs.read()
    if job.dry_run:
        write_lines(_plan(job, goal, source, cache), "-")
        return
    found = _tuned(job, goal, source, cache)
    write_plots(found, pictures)
    _report(job, found, write_threshold(job.target, commands, job.level, found.threshold), pictures)
    inputs.set_aside(source, "-")
    if not job.quiet:
        say(source.notes, cache, found.warnings, *([found.caution] if found.caution else []))


def _pictures(job: _Job, inputs: InputOptions) -> list[Path]:
    """Where the pictures go; raises where they could not be written."""
    from dedupe.evaluation.plots import picture_paths

    folder = job.plots or Path(job.target).parent
    pictures = picture_paths(folder, Path(job.target).stem, job.level)
    for picture in pictures if folder.exists() else ():
        check_output(str(picture), inputs.inputs, force=True)
    return pictures


def _plan(job: _Job, goal: Goal, source: Source, cache: VectorCache | None) -> list[str]:
    labelled = [f"labels: the answers in {job.labels}"] if job.labels else job.plan(source)
    asked = {
        "level": job.level,
        "goal": goal,
        "window": job.window,
        "story_threshold": job.story_threshold,
        "wording_threshold": job.wording_threshold,
    }
    return [*labelled, *plan(source, job.model, cache, job.target, "settings", asked)]


def _tuned(job: _Job, goal: Goal, source: Source, cache: VectorCache | None) -> Tuning:
    from dedupe.clustering.corrections import read_corrections
    from dedupe.evaluation.answers import Answers
    from dedupe.evaluation.tuning import tune, tune_by_answers

    how = {
        "goal": goal,
        "level": job.level,
        "story_threshold": job.story_threshold,
        "wording_threshold": job.wording_threshold,
    }
    if job.labels is None:
        return job.run(tune, source, cache, columns=job.columns, **how)
    read_corrections(job.labels)  # raises for what is no verdict, and for contradictions
    return job.run(tune_by_answers, source, cache, answers=Answers(job.labels).given(job.level), **how)


def _report(job: _Job, found: Tuning, written: list[str], pictures: list[Path]) -> None:
    from dedupe.evaluation.tables import tuning_json, tuning_lines

    if job.format == "json":
        said = tuning_json(found) | {"written": written, "pictures": [str(picture) for picture in pictures]}
        write_lines([json.dumps(said, ensure_ascii=False, indent=1)], "-")
    else:
        write_lines([*tuning_lines(found), *written, f"pictures: {', '.join(map(str, pictures))}"], "-")
