"""What the commands on labelled headlines share: the columns of labels, and the options of their runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dedupe.cli.shared import PROGRAM, count, limit_threads, options

if TYPE_CHECKING:
    from dedupe.embedding.cache import VectorCache
    from dedupe.evaluation import LabelColumns
    from dedupe.readers.inputs import Source
    from dedupe.result.cautions import Caution
    from dedupe.result.settings import RunOptions


@dataclass(frozen=True, slots=True)
class LabelJob:
    """The options of these commands, under the names click gives them."""

    story_column: str | None
    wording_column: str | None
    slice_column: str | None
    window: timedelta | None
    story_threshold: float | None
    wording_threshold: float | None
    model: str | None
    threads: int | None
    cache: Path | None
    no_cache: bool
    dry_run: bool
    quiet: bool

    @property
    def columns(self) -> LabelColumns:
        """The columns of labels that were named."""
        from dedupe.evaluation import LabelColumns

        return LabelColumns(self.story_column, self.wording_column, self.slice_column)

    def plan(self, source: Source) -> str:
        """Return what a dry run says of the labels."""
        from dedupe.evaluation.labelled import read_labels

        labelled = read_labels(source.headlines, self.columns)
        counts = [
            f"{level} {labelled.scored(level):,} headlines, {labelled.pairs(level):,} pairs that belong together"
            for level in labelled.labels
        ]
        return f"labels: {'; '.join(counts)}; {count(len(labelled.slices), 'slice')}"

    @contextmanager
    def run_options(self, cache: VectorCache | None) -> Iterator[RunOptions]:
        """Yield the options for the library, with progress bars while they are in use."""
        from dedupe.embedding import encoders as encoders
        from dedupe.runtime.progress import bars

        limit_threads(self.threads)
        with nullcontext(False) if self.quiet else bars() as progress:
            yield {
                "encoder": encoders.load_encoder(self.model) if self.model else None,
                "cache": cache,
                "window": self.window,
                "story_threshold": self.story_threshold,
                "wording_threshold": self.wording_threshold,
                "progress": progress,
            }


labels = options(
    click.option("--story-column", metavar="NAME", help="Column with the label of the story. Default: story."),
    click.option(
        "--wording-column",
        metavar="NAME",
        help="Column with the label of the wording in its story. Default: wording or variant, if present.",
    ),
    click.option(
        "--slice-column", metavar="NAME", help="Column of parts to group separately. Default: slice, if present."
    ),
)


def report(lines: Sequence[str], cache: VectorCache | None, warnings: Iterable[Caution], *cautions: str) -> None:
    """Print in one line what was done, then the warnings of the runs and other cautions."""
    click.echo(f"{PROGRAM}: {'; '.join(lines)}", err=True)
    trouble = [cache.trouble] if cache and cache.trouble else []
    for message in (*(warning.message for warning in warnings), *cautions, *trouble):
        click.echo(f"{PROGRAM}: warning: {message}", err=True)
