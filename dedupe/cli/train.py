"""The commands that make models: `train` and `distil`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dedupe.cli.shared import PROGRAM, caching, limit_threads, open_cache, options
from dedupe.errors import ModelError
from dedupe.runtime.progress import bars

if TYPE_CHECKING:
    from dedupe.training.answers import Answered


_folder = options(
    click.option(
        "-o", "--output", type=click.Path(path_type=Path), required=True, metavar="FOLDER", help="Where to write."
    ),
    click.option(
        "--base", metavar="NAME", help="sentence-transformers model to start from; default: all-MiniLM-L6-v2."
    ),
    click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of everything that is drawn."),
    click.option("--threads", type=click.IntRange(1), help="Processor threads to use; default: all."),
    click.option("--force", is_flag=True, help="Replace a model folder that exists."),
    click.option("-q", "--quiet", is_flag=True, help="No progress and no scores."),
)


@click.command()
@click.argument("stories", type=click.Path(path_type=Path))
@_folder
@click.option("--epochs", type=click.IntRange(1), default=2, show_default=True, help="Passes over the stories.")
@click.option("--about", default="", metavar="TEXT", help="Who made the labels and how; goes on the model card.")
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Answers of `label`, for the judge to learn from as well.",
)
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

    STORIES is JSON Lines, one headline a line: `title`, `story` and `wording` (which of the story), perhaps
    `published`, `source` and `slice`. Interrupted, the same command goes on where it was.

    Example: headline-dedupe train stories.jsonl -o model/
    """
    with _needed():
        from dedupe import training

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


@click.command()
@click.argument("titles", nargs=-1, required=True)
@_folder
@click.option("--without", multiple=True, metavar="FILE", help="Titles not to learn from, to evaluate on; repeatable.")
@click.option("--model", type=click.Path(path_type=Path), metavar="FOLDER", help="Teacher; default: the bundled model.")
@click.option("--layers", default="0,2,4", show_default=True, metavar="N,N", help="Layers of the base to begin with.")
@click.option("--epochs", type=click.IntRange(1), default=3, show_default=True, help="Passes over the titles.")
@click.option("--about", default="", metavar="TEXT", help="Where the titles are from; goes on the model card.")
@caching
def distil(
    titles: tuple[str, ...],
    output: Path,
    without: tuple[str, ...],
    model: Path | None,
    base: str | None,
    layers: str,
    epochs: int,
    seed: int,
    about: str,
    cache: Path | None,
    no_cache: bool,
    threads: int | None,
    force: bool,
    quiet: bool,
) -> None:
    """Make a smaller, faster model that imitates a trained one, to be used with --model.

    TITLES are files of headlines without labels, in any format that `cluster` reads: a hundred thousand or more.
    Interrupted, the same command goes on where it was.

    Example: headline-dedupe distil archive.csv -o small/
    """
    with _needed():
        from dedupe.training import distillation
    from dedupe.embedding.model_folder import BUNDLED

    limit_threads(threads)
    kept = _numbers(layers)
    with bars(not quiet) as progress:
        record = distillation.distil(
            _titles(titles),
            output,
            without=_titles(without),
            teacher=model or BUNDLED,
            base=base,
            layers=kept,
            epochs=epochs,
            seed=seed,
            about=about,
            cache=open_cache(cache, no_cache),
            force=force,
            progress=progress,
        )
    if not quiet:
        cosine = record["epochs_log"][-1]["cosine"]
        click.echo(f"{PROGRAM}: wrote {output}; cosine to the teacher, held out: {cosine:.3f}", err=True)


@contextmanager
def _needed() -> Iterator[None]:
    """Say how to install what an import misses."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise ModelError(f"training needs more packages ({error}): pip install 'headline-dedupe[train]'") from error


def _titles(names: Sequence[str]) -> list[str]:
    from dedupe.readers.inputs import read_headlines

    return [headline.title for headline in read_headlines(names).headlines] if names else []


def _numbers(given: str) -> list[int]:
    try:
        return [int(number) for number in given.split(",")]
    except ValueError as error:
        raise click.UsageError(f"--layers {given}: give numbers with commas between, such as 0,2,4") from error


def _answers(path: Path) -> list[Answered]:
    from dedupe.evaluation.answers import answered_headlines
    from dedupe.training.answers import Answered

    return [Answered(*answer) for answer in answered_headlines(path)]
