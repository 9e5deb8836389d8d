"""The command that makes models: `train`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypedDict, Unpack

import click

from dedupe.cli.shared import PROGRAM, limit_threads, options
from dedupe.errors import ModelError
from dedupe.runtime.progress import reporting

_path = click.Path(path_type=Path)


class _ModelOptions(TypedDict):
    base: str | None
    epochs: int
    seed: int
    about: str
    force: bool


def _model_options(epochs: int, passes: str, about: str) -> Callable[[Any], Any]:
    return options(
        click.option("-o", "--output", type=_path, required=True, metavar="FOLDER", help="Folder to write."),
        click.option(
            "--base", metavar="NAME", help="sentence-transformers model to start from; default: all-MiniLM-L6-v2."
        ),
        click.option("--epochs", type=click.IntRange(1), default=epochs, show_default=True, help=passes),
        click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Random seed."),
        click.option("--about", default="", metavar="TEXT", help=about),
        click.option(
            "--threads",
            type=click.IntRange(1),
            metavar="N",
            help="Processor threads to use; default: all.",
            expose_value=False,
            callback=lambda context, option, count: limit_threads(count),
        ),
        click.option("--force", is_flag=True, help="Replace an existing model folder."),
        click.option("-q", "--quiet", is_flag=True, help="Print no progress or scores."),
    )


@click.command()
@click.argument("stories", type=_path)
@_model_options(2, "Passes over the stories.", "Who made the labels, and how; goes into the model card.")
@click.option(
    "--labels", type=_path, metavar="FILE", help="Answers from `label`, from which the scoring model learns as well."
)
def train(
    stories: Path, output: Path, labels: Path | None, quiet: bool, **model_options: Unpack[_ModelOptions]
) -> None:
    """Train a model on labelled STORIES, to be used with --model.

    STORIES is a file in any format that `cluster` reads, one headline per row, with `title`, `story` and `wording` (which
    wording of the story), and optionally `published`, `source` and `slice`. If interrupted, the same command continues
    where it stopped.

    Example: headline-dedupe train stories.jsonl -o model/
    """
    with _training_packages():
        from dedupe import training
    from dedupe.evaluation.answers import answered_headlines

    answers = answered_headlines(labels) if labels else []
    with reporting(not quiet) as progress:
        record = training.train(stories, output, answers=answers, progress=progress, **model_options)
    if not quiet:
        story, wording = (record["held_out"][level]["pairwise_f1"] for level in ("story", "wording"))
        scores = f"held-out pairwise F1: story {story:.3f}, wording {wording:.3f}"
        click.echo(f"{PROGRAM}: wrote {output}; {scores}", err=True)


@contextmanager
def _training_packages() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise ModelError(f"training needs more packages ({error}): run pip install 'headline-dedupe[train]'") from error
