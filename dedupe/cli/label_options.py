"""What the commands on labelled headlines share: the columns of labels, and how the headlines are read and grouped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dedupe.cli.shared import PROGRAM, count, limit_threads, options

if TYPE_CHECKING:
    from dedupe.embedding.cache import VectorCache
    from dedupe.evaluation.labelled import LabelColumns
    from dedupe.readers.inputs import Source
    from dedupe.result.cautions import Caution

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class LabelJob:
    """The options of these commands, under the names click gives them."""

    story_column: str | None
    wording_column: str | None
    slice_column: str | None
    window: timedelta | None
    story_threshold: float | None
    model: str | None
    threads: int | None
    cache: Path | None
    no_cache: bool
    dry_run: bool
    quiet: bool

    @property
    def columns(self) -> LabelColumns:
        """The columns of labels that were named."""
        from dedupe.evaluation.labelled import LabelColumns

        return LabelColumns(self.story_column, self.wording_column, self.slice_column)

    def plan(self, source: Source) -> list[str]:
        """Return what a dry run says of the labels."""
        from dedupe.evaluation.labelled import read_labels

        found = read_labels(source.headlines, self.columns)
        counts = [
            f"{level} {found.scored(level):,} headlines, {found.pairs(level):,} pairs that belong together"
            for level in found.labels
        ]
        return [f"labels: {'; '.join(counts)}; {count(len(found.slices), 'slice')}"]

    def run(self, work: Callable[..., _Found], source: Source, cache: VectorCache | None, **more: Any) -> _Found:
        """Return what `work` of the library makes of the headlines."""
        from dedupe.embedding import encoders as encoders
        from dedupe.runtime.progress import bars

        limit_threads(self.threads)
        with nullcontext(False) if self.quiet else bars() as progress:
            return work(
                source.headlines,
                encoder=encoders.load_encoder(self.model) if self.model else None,
                cache=cache,
                window=self.window,
                progress=progress,
                **more,
            )


labels = options(
    click.option("--story-column", metavar="NAME", help="Column of the story that a person gave; default: story."),
    click.option(
        "--wording-column", metavar="NAME", help="Column of the wording in it; default: wording or variant, if there."
    ),
    click.option("--slice-column", metavar="NAME", help="Parts to group each by itself; default: slice, if there."),
)


def say(lines: Sequence[str], cache: VectorCache | None, warnings: Iterable[Caution], *cautions: str) -> None:
    """Say in one line what was done, then what deserves a look: `warnings` of the runs, and other `cautions`."""
    if lines:
        click.echo(f"{PROGRAM}: {'; '.join(lines)}", err=True)
    for warning in [
        *(one.message for one in warnings),
        *cautions,
        *([cache.trouble] if cache and cache.trouble else []),
    ]:
        click.echo(f"{PROGRAM}: warning: {warning}", err=True)
