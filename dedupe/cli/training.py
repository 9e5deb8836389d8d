"""The command `train`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dedupe.cli.shared import PROGRAM, limit_threads
from dedupe.errors import ModelError
from dedupe.progress import bars

if TYPE_CHECKING:
    from dedupe.training.answered import Answered


@click.command()
@click.argument("stories", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, metavar="FOLDER", help="Where to write."
)
@click.option("--base", metavar="NAME", help="sentence-transformers model to start from; default: all-MiniLM-L6-v2.")
@click.option("--epochs", type=click.IntRange(1), default=2, show_default=True, help="Passes over the stories.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of everything that is drawn.")
@click.option("--about", default="", metavar="TEXT", help="Who made the labels and how; goes on the model card.")
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Answers of `label`, for the judge to learn from as well.",
)
@click.option("--threads", type=click.IntRange(1), help="Processor threads to use; default: all.")
@click.option("--force", is_flag=True, help="Replace a folder that exists.")
@click.option("-q", "--quiet", is_flag=True, help="No progress and no scores.")
def train(
    stories: Path,
    output: Path,
    base: str | None,
    epochs: int,
    seed: int,
    about: str,
    labels: Path | None,
    threads: int | None,
    force: bool,
    quiet: bool,
) -> None:
    """Train a model on labelled STORIES, to be used with --model.

    STORIES is JSON Lines, one headline a line: `title`, `story` and `variant` (which wording of the story), perhaps
    `published`, `source` and `slice`. Interrupted, the same command goes on where it was.

    Example: headline-dedupe train stories.jsonl -o model/
    """
    try:
        from dedupe import training
    except ModuleNotFoundError as error:
        raise ModelError(f"training needs more packages ({error}): pip install 'headline-dedupe[train]'") from error

    limit_threads(threads)
    answers = _answers(labels) if labels else []
    with bars(not quiet) as progress:
        record = training.train(
            stories,
            output,
            base=base,
            epochs=epochs,
            seed=seed,
            about=about,
            answers=answers,
            force=force,
            progress=progress,
        )
    if not quiet:
        scores = record["held_out"]
        click.echo(
            f"{PROGRAM}: wrote {output}; held-out pairwise F1: story {scores['story']['pairwise_f1']:.3f}, "
            f"wording {scores['wording']['pairwise_f1']:.3f}",
            err=True,
        )


def _answers(path: Path) -> list[Answered]:
    from dedupe.labels.answers import answered_headlines
    from dedupe.training.answered import Answered

    return [Answered(*answer) for answer in answered_headlines(path)]
