"""The options of what is kept: which sources come first, what counts as one publisher, and what `dedupe` may drop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from dedupe.cli.shared import count, option
from dedupe.levels import LEVELS
from dedupe.writers.dropped import DROPPED_FORMATS
from dedupe.writers.rows import format_of

if TYPE_CHECKING:
    from dedupe.headlines import Headline
    from dedupe.result.deduplication import Deduplication
    from dedupe.result.keeping import KeepOptions
    from dedupe.runtime.arrays import Ints

_REPEATS = {
    "exact": ("exact copy", "exact copies"),
    "wording": ("reworded", "reworded"),
    "story": ("of one story",) * 2,
}


@dataclass(frozen=True)
class SourceOptions:
    """What the sources of rows decide."""

    prefer_source: str | None = option(
        "--prefer-source", metavar="FILE", help="Sources whose headline comes before any other, one a line, best first."
    )
    publishers: str | None = option(
        "--publishers",
        metavar="FILE",
        help="Table of sister outlets, with columns source and publisher: they count as one.",
    )
    never_same_source: bool = option(
        "--never-same-source",
        is_flag=True,
        help="Keep titles of one publisher apart; copies of one title stay together.",
    )

    @property
    def files(self) -> list[str]:
        """The files to read."""
        return [path for path in (self.prefer_source, self.publishers) if path]

    def arguments(self, headlines: Sequence[Headline]) -> dict[str, Any]:
        """Return the options as arguments for the library, or raise a usage error where no row has a source."""
        from dedupe.readers.outlet_lists import read_publishers, read_source_order

        if self.prefer_source:
            check_sources("--prefer-source", headlines)
        if self.never_same_source:
            check_sources("--never-same-source", headlines)
        return {
            "prefer_sources": read_source_order(self.prefer_source) if self.prefer_source else (),
            "publishers": read_publishers(self.publishers) if self.publishers else None,
            "never_same_source": self.never_same_source,
        }


@dataclass(frozen=True)
class DropOptions:
    """What `dedupe` may drop, and where it says so."""

    dropped: str | None = option(
        "--dropped", metavar="FILE", help="Also write the rows that are dropped, with what each repeats and why."
    )
    drop_contradictions: bool = option(
        "--drop-contradictions",
        is_flag=True,
        help="Also drop rewordings that contradict the kept title in numbers, days, opposites or negation.",
    )
    strict: bool = option(
        "--strict",
        is_flag=True,
        help="Drop only copies and rows that repeat the kept one with a probability of at least 0.8.",
    )
    one_per_source: bool = option(
        "--one-per-source", is_flag=True, help="Keep one row of each publisher in each group."
    )

    @property
    def rules(self) -> KeepOptions:
        """The options as arguments for the library."""
        contradictory, strict = self.drop_contradictions, self.strict
        return {"drop_contradictions": contradictory, "strict": strict, "one_per_source": self.one_per_source}

    @property
    def format(self) -> str:
        """The format of the file of dropped rows, by its ending."""
        return format_of(self.dropped or "-", DROPPED_FORMATS) or "jsonl"

    def check(self, headlines: Sequence[Headline]) -> None:
        """Raise a usage error for an option without effect."""
        if self.one_per_source:
            check_sources("--one-per-source", headlines)


def check_sources(name: str, headlines: Sequence[Headline]) -> None:
    """Raise a usage error where an option needs sources and no row has one."""
    if headlines and not any(headline.source or headline.url for headline in headlines):
        raise click.UsageError(f"{name} needs sources, and no row has one: name their column with --source-column")


def drop_note(result: Deduplication, repeats: Ints, level: str) -> str:
    """Return what was kept and dropped, for the summary; `repeats`: the kept row that each row repeats, (rows,)."""
    labels = [result.labels(each) for each in LEVELS]
    dropped = np.flatnonzero(repeats != np.arange(len(repeats)))
    rank = np.argmax([of[dropped] == of[repeats[dropped]] for of in labels], axis=0)
    counts = zip(LEVELS, np.bincount(rank, minlength=len(LEVELS)).tolist(), strict=True)
    parts = ", ".join(count(number, *_REPEATS[name]) for name, number in counts if number)
    kept, groups = len(repeats) - len(dropped), int(labels[LEVELS.index(level)].max(initial=-1)) + 1
    besides = f" ({kept - groups:,} more than one per group)" if kept > groups else ""
    return f"kept {kept:,} at level {level}{besides}, dropped {len(dropped):,}{f' ({parts})' if parts else ''}"
