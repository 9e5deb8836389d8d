"""The command `tune`."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dedupe.cli.labels import LabelJob, labels, say
from dedupe.cli.plans import plan
from dedupe.cli.reading import Reading, reading
from dedupe.cli.settings import settings
from dedupe.cli.shared import PROGRAM, caching, dry_run, engine, open_cache, options, quiet, story, taken, window
from dedupe.cli.thresholds import check_settings, threshold_in, write_threshold
from dedupe.files import check_output, write_lines

if TYPE_CHECKING:
    from dedupe.caching import VectorCache
    from dedupe.labels.choosing import Goal
    from dedupe.labels.tuning import Tuning
    from dedupe.sources import Source

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

    @property
    def goal(self) -> Goal:
        from dedupe.labels.choosing import Goal

        given = {"precision": self.precision, "recall": self.recall, "f1": self.f1 or None}
        asked = [name for name, value in given.items() if value is not None]
        if len(asked) > 1:
            raise click.UsageError(f"--{asked[0]} and --{asked[1]} contradict each other: give one")
        (figure,) = asked or ["f1"]
        return Goal(figure, None if figure == "f1" else given[figure])


@click.command()
@reading
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
@options(window, story)
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
def tune(**given: Any) -> None:
    """Choose a threshold on labelled headlines, and put it into a settings file.

    INPUT is what `evaluate` takes. In the settings only the threshold changes; `--settings FILE` uses it. Two pictures show
    what other thresholds would give. Exit code 2 where no threshold reaches what is wanted; then nothing is written.

    \b
    Examples:
      headline-dedupe tune labelled.csv --precision 0.98
      headline-dedupe tune labelled.csv --level wording --recall 0.9 -o desk.toml --plots pictures
      headline-dedupe tune news.csv --labels labels.csv
    """
    from dedupe.labels.plots import picture_paths, write_plots

    job, inputs = taken(_Job, given), taken(Reading, given)
    goal, folder = job.goal, job.plots or Path(job.target).parent
    check_settings(job.target, inputs.inputs)
    if job.level == "wording" and job.story is None:
        job = replace(job, story=threshold_in(job.target, "story"))  # wordings lie within the stories of these settings
    pictures = picture_paths(folder, Path(job.target).stem, job.level)
    for picture in pictures if folder.exists() else ():
        check_output(str(picture), inputs.inputs, force=True)
    inputs.check("-", force=True)
    cache = open_cache(job.cache, job.no_cache)
    source = inputs.read()
    if job.dry_run:
        write_lines(_plan(job, goal, source, cache), "-")
        return
    found = _tuned(job, goal, source, cache)
    write_plots(found, pictures)
    commands = click.get_current_context().find_root().command.commands  # type: ignore[attr-defined] # it is a group
    _report(job, found, write_threshold(job.target, commands, job.level, found.threshold), pictures)
    inputs.set_aside(source, "-")
    if not job.quiet:
        say(source.notes, cache, found.warnings, *([found.caution] if found.caution else []))


def _plan(job: _Job, goal: Goal, source: Source, cache: VectorCache | None) -> list[str]:
    labelled = [f"labels: the answers in {job.labels}"] if job.labels else job.plan(source)
    asked = {"level": job.level, "goal": goal, "window": job.window, "story": job.story}
    return [*labelled, *plan(source, job.model, cache, job.target, "settings", asked)]


def _tuned(job: _Job, goal: Goal, source: Source, cache: VectorCache | None) -> Tuning:
    from dedupe.corrections import read_corrections
    from dedupe.labels.answers import Answers
    from dedupe.labels.tuning import tune, tune_by_answers

    if job.labels is None:
        return job.run(tune, source, cache, goal=goal, level=job.level, columns=job.columns, story=job.story)
    read_corrections(job.labels)  # raises for what is no verdict, and for contradictions
    answers = Answers(job.labels).given(job.level)
    return job.run(tune_by_answers, source, cache, goal=goal, level=job.level, answers=answers)


def _report(job: _Job, found: Tuning, written: list[str], pictures: list[Path]) -> None:
    from dedupe.labels.scoretables import tuning_json, tuning_lines

    if job.format == "json":
        said = tuning_json(found) | {"written": written, "pictures": [str(picture) for picture in pictures]}
        write_lines([json.dumps(said, ensure_ascii=False, indent=1)], "-")
    else:
        write_lines([*tuning_lines(found), *written, f"pictures: {', '.join(map(str, pictures))}"], "-")
