"""The command that makes models: `train`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypedDict, Unpack

import click

from dedupe.cli.shared import Argument, Option, limit_threads, options, say, thread_count
from dedupe.errors import ModelError
from dedupe.runtime.locks import exclusive
from dedupe.runtime.progress import reporting

_path = click.Path(path_type=Path)
_option = partial(click.option, cls=Option)
_LARGEST_SEED = 2**32 - 1  # that NumPy and torch both take


class _ModelOptions(TypedDict):
    base: str | None
    epochs: int
    seed: int
    about: str
    force: bool


def _model_options(epochs: int, passes: str, about: str) -> Callable[[Any], Any]:
    return options(
        _option("-o", "--output", type=_path, required=True, metavar="FOLDER", help="Folder to write."),
        _option("--base", metavar="NAME", help="sentence-transformers model to start from; default: all-MiniLM-L6-v2."),
        _option("--epochs", type=click.IntRange(1), default=epochs, show_default=True, help=passes),
        _option("--seed", type=click.IntRange(0, _LARGEST_SEED), default=0, show_default=True, help="Random seed."),
        _option("--about", default="", metavar="TEXT", help=about),
        _option(
            "--threads",
            type=thread_count,
            metavar="N",
            help="Processor threads to use; default: all.",
            expose_value=False,
            callback=lambda context, option, count: limit_threads(count),
        ),
        _option("--force", is_flag=True, help="Replace an existing model folder."),
        _option("-q", "--quiet", is_flag=True, help="Print no progress or scores."),
    )


@click.command()
@click.argument("stories", cls=Argument, type=_path)
@_model_options(2, "Passes over the stories.", "Who made the labels, and how; goes into the model card.")
@_option(
    "--labels", type=_path, metavar="FILE", help="Answers from `label`, from which the scoring model learns as well."
)
@_option(
    "--contrast",
    type=_path,
    multiple=True,
    metavar="FILE",
    help="Titles with a `wording`, a `story` and a `different` one beside each; repeatable.",
)
@_option("--events", type=_path, multiple=True, metavar="FILE", help="Titles with a `story` each, undated; repeatable.")
@_option(
    "--hold-back",
    metavar="FIRST..LAST",
    callback=lambda context, option, text: _slices(text),
    help="Slices that only the scoring model learns from; default: the middle third.",
)
@_option("--encoder", type=_path, metavar="FOLDER", help="Keep the encoder of this model folder.")
@_option("--reader-epochs", type=click.IntRange(1), default=4, show_default=True, help="Passes over pairs of titles.")
def train(
    stories: Path,
    output: Path,
    labels: Path | None,
    quiet: bool,
    contrast: tuple[Path, ...],
    events: tuple[Path, ...],
    hold_back: tuple[str, str] | None,
    encoder: Path | None,
    reader_epochs: int,
    **model_options: Unpack[_ModelOptions],
) -> None:
    """Train a model on labelled STORIES, to be used with --model.

    STORIES is a file in any format that `cluster` reads, one headline per row, with `title`, `story` and `wording` (which
    wording of the story), and optionally `published`, `source` and `slice`. Two networks are trained, the encoder of titles and
    the reader of pairs; the scoring model is fitted on slices held back from both. If interrupted, the same command continues
    where it stopped.

    Example: headline-dedupe train stories.jsonl -o model/
    """
    with _training_packages():
        from dedupe import training
    from dedupe.evaluation.answers import answered_headlines

    if stories.is_fifo():
        raise click.UsageError("STORIES is a pipe, but the same command must find it again to continue: give a file")
    answers = answered_headlines(labels) if labels else []
    with exclusive(output), reporting(not quiet) as progress:
        record = training.train(
            stories,
            output,
            answers=answers,
            contrast=contrast,
            events=events,
            hold_back=hold_back,
            encoder=encoder,
            reader_epochs=reader_epochs,
            progress=progress,
            **model_options,
        )
    if not quiet:
        story, wording = (record["held_out"][level]["pairwise_f1"] for level in ("story", "wording"))
        scores = f"held-out pairwise F1: story {story:.3f}, wording {wording:.3f}"
        say(f"wrote {output}; {scores}")


def _slices(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    first, dots, last = (part.strip() for part in text.partition(".."))
    if not (first and dots and last):
        raise click.UsageError(f"--hold-back {text}: give the names of two slices, such as w10..w19")
    return first, last


@contextmanager
def _training_packages() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise ModelError(f"training needs more packages ({error}): run pip install 'headline-dedupe[train]'") from error
