"""The command `tune`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dedupe.cli.evaluate import LabelOptions
from dedupe.cli.input_options import InputOptions
from dedupe.cli.settings import check_settings, settings, threshold_in, write_threshold
from dedupe.cli.shared import PROGRAM, option, probability, refuse, say, takes, typed, warn
from dedupe.levels import SCORED_LEVELS
from dedupe.runtime.files import check_output, write_lines
from dedupe.runtime.json_text import as_json
from dedupe.runtime.locks import exclusive
from dedupe.runtime.whole_files import together

if TYPE_CHECKING:
    from dedupe.evaluation import Goal, Tuning
    from dedupe.readers import Source

_share = click.FloatRange(0, 1, min_open=True)
_PATIENCE = 30.0  # seconds to wait for another `tune` that writes the same settings


@dataclass(frozen=True)
class _Options(LabelOptions):
    precision: float | None = option(
        "--precision", type=_share, metavar="P", help="Minimum share of joined pairs that are true."
    )
    recall: float | None = option(
        "--recall", type=_share, metavar="P", help="Minimum share of true pairs that are joined."
    )
    f1: bool = option("--f1", is_flag=True, help="Best balance of precision and recall; the default.")
    level: str = option(
        "--level",
        type=click.Choice(SCORED_LEVELS[::-1]),
        default="story",
        show_default=True,
        help="Level whose threshold to choose.",
    )
    labels: Path | None = option(
        "--labels",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Answers from `label` about INPUT, used instead of label columns.",
    )
    target: str = option(
        *("-o", "--output", "target"),
        default=f"{PROGRAM}.toml",
        show_default=True,
        metavar="FILE",
        help="Settings file to write the threshold into.",
    )
    plots: Path | None = option(
        "--plots",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Folder for the plots; default: the folder of -o.",
    )
    format: str = option(
        "--format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Format of the report."
    )
    story_threshold: float | None = option(
        "--story-threshold",
        type=probability,
        metavar="P",
        help="Current story threshold: --level wording tunes within its stories, and --f1 changes it only if another is "
        "clearly better. Default: the value in the settings file (-o).",
    )
    wording_threshold: float | None = option(
        "--wording-threshold", type=probability, metavar="P", help="Current wording threshold, for --level wording."
    )

    def goal(self) -> Goal:
        """The goal; one typed on the command line overrides the settings."""
        from dedupe.evaluation import Goal

        least = {"precision": self.precision, "recall": self.recall}
        figures = [figure for figure, value in least.items() if value is not None] + ["f1"] * self.f1
        figures = list(filter(typed, figures)) or figures or ["f1"]
        if len(figures) > 1:
            raise click.UsageError(f"--{figures[0]} and --{figures[1]} contradict each other: give one")
        return Goal(figures[0], least.get(figures[0]))

    def refuse_unused(self) -> None:
        """Raise for options that were typed and have no effect with the others."""
        if self.level == "story":
            refuse("wording_threshold", "with --level story")
        for name in ("story_column", "wording_column", "slice_column") if self.labels else ():
            refuse(name, "with --labels")
        if self.labels and self.level == "wording":
            refuse("story_threshold", "with --labels and --level wording")

    def in_force(self) -> _Options:
        """Return the options with the thresholds in force: typed, else in the file to write, else in --settings.

        A threshold without effect is None. Wordings lie within stories, except where they are tuned by answers.
        """
        used = ("story",) if self.level == "story" else ("wording",) if self.labels else SCORED_LEVELS
        values = dict[str, float | None].fromkeys(SCORED_LEVELS)
        for level in used:
            stored = None if typed(f"{level}_threshold") else threshold_in(self.target, level)
            values[level] = getattr(self, f"{level}_threshold") if stored is None else stored
        return replace(self, story_threshold=values["story"], wording_threshold=values["wording"])


@click.command(short_help="Choose a threshold on labelled headlines.")
@takes(_Options, InputOptions)
@settings
def tune(job: _Options, inputs: InputOptions) -> None:
    """Choose a threshold on labelled headlines, and write it into a settings file.

    INPUT is as for `evaluate`. Only the threshold changes in the settings file; other commands use it with `--settings FILE`.
    Two plots show what other thresholds would give. If no threshold reaches the goal, nothing is written and the exit code is 2.

    \b
    Examples:
      headline-dedupe tune labelled.csv --precision 0.98
      headline-dedupe tune labelled.csv --level wording --recall 0.9 -o desk.toml --plots plots
      headline-dedupe tune news.csv --labels labels.csv
    """
    from dedupe.evaluation.plots import plot_paths, write_plots
    from dedupe.evaluation.tables import tuning_json, tuning_lines

    job.refuse_unused()
    check_settings(job.target, inputs.inputs)
    folder, goal = job.plots or Path(job.target).parent, job.goal()
    plots = plot_paths(folder, Path(job.target).stem, job.level)
    for plot in plots if folder.exists() else ():
        check_output(str(plot), inputs.inputs, force=True)
    job = job.in_force()
    inputs.check("-", force=True, beside=[*job.corrections, *([str(job.labels)] if job.labels else [])])
    source = inputs.read()
    if job.dry_run:
        write_lines(job.plan(source, job.target, "settings", {"level": job.level, "goal": goal}, job.labels), "-")
        return
    tuning = _tuned(job, goal, source)
    with exclusive(Path(job.target), _PATIENCE), together():
        write_plots(tuning, plots)
        changes = write_threshold(job.target, job.level, tuning.threshold)
        skipped = inputs.set_aside(source, "-")
    if job.format == "json":
        values = tuning_json(tuning) | {"written": changes, "plots": list(map(str, plots))}
        write_lines([as_json(values, indent=1)], "-")
    else:
        write_lines([*tuning_lines(tuning), *changes, f"plots: {', '.join(map(str, plots))}"], "-")
    if not job.quiet:
        say("; ".join([*source.notes, *skipped]))
        warn(tuning.warnings, job.vectors, filter(None, [tuning.caution]))


def _tuned(job: _Options, goal: Goal, source: Source) -> Tuning:
    from dedupe import evaluation
    from dedupe.evaluation.answers import Answers

    options = job.run_options()
    if job.labels is None:
        return evaluation.tune(source.headlines, goal, level=job.level, columns=job.columns, **options)
    answers = Answers(job.labels)
    answers.check()
    return evaluation.tune_by_answers(source.headlines, answers.verdicts(job.level), goal, level=job.level, **options)
