"""What the commands on an index share: its options, and how it is opened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from dedupe.cli.shared import (
    Argument,
    EngineOptions,
    GroupOptions,
    RowOptions,
    count,
    limit_threads,
    option,
    options_of,
    readable_format,
    refuse,
    say,
    time_span,
)
from dedupe.dates import read_date
from dedupe.readers.visits import Visits, load_visits
from dedupe.result import OutputRows
from dedupe.result.columns import TITLE
from dedupe.runtime.files import check_output
from dedupe.writers import ROW_FORMATS, write_grid, write_rows

if TYPE_CHECKING:
    from dedupe.index import Batch, Event, StoryIndex

_DATABASE = "index.sqlite"
_MAX_EVENTS = 10  # printed
_VISITS = "feeds.json"  # in the folder of an index: what is known of the addresses that are read into it

index_argument = click.argument("index", cls=Argument, metavar="INDEX")
making = options_of(GroupOptions, "window", "story_threshold", "wording_threshold", "reader")
"""The options of `MakingOptions` that a new index is made with."""
writing = options_of(RowOptions, "output", "force", "keep_formulas")
"""Options of `RowsOut`."""


@dataclass(frozen=True, kw_only=True)
class RowsOut:
    """Where rows go, and how they are written; `writing` declares the options without a name here."""

    output: str
    force: bool
    keep_formulas: bool
    format: str | None = option(
        "--format", type=click.Choice(["table", *ROW_FORMATS[:-1]]), help="Output format; default: by the ending of -o."
    )

    def check(self, inputs: Sequence[str] = ()) -> str:
        """Raise where rows could not be written, and return the format; call it before the work."""
        format = self.format or readable_format(self.output, ROW_FORMATS)
        if format not in ("csv", "tsv"):
            refuse("keep_formulas", f"on {format} output")
        check_output(self.output, inputs, force=self.force, binary=format == "parquet")
        return format

    def write(self, rows: OutputRows, format: str, columns: Mapping[str, tuple[str, int | None]]) -> None:
        """Write rows; `columns`: those of a table, with their headings and least widths."""
        if format == "table":
            titled = (row | {"title": row.get(TITLE, row.get("title"))} for row in rows)
            cells = ([_cell(row.get(name)) for name in columns] for row in titled)
            write_grid(dict(columns.values()), cells, self.output)
        else:
            write_rows(rows, self.output, format, formulas=self.keep_formulas)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None else f"{value:.2f}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class ReadingOptions(EngineOptions):
    """How an index is opened to read."""

    quiet: bool = option("-q", "--quiet", is_flag=True, help="Print no progress, summary or warnings.")

    def open(self, index: str) -> StoryIndex:
        """Open an index that exists."""
        return self._opened(index, create=False)

    def _opened(self, index: str, **settings: Any) -> StoryIndex:
        from dedupe.index import StoryIndex

        limit_threads(self.threads)
        return StoryIndex(index, encoder=self.model, **settings)


@dataclass(frozen=True)
class WritingOptions(ReadingOptions):
    """How an index is opened to write."""

    wait: float = option(
        "--wait",
        type=click.FloatRange(0),
        default=60.0,
        show_default=True,
        metavar="SECONDS",
        help="Longest time to wait while another process writes into the index.",
    )

    def _opened(self, index: str, **settings: Any) -> StoryIndex:
        return super()._opened(index, wait=self.wait, **settings)


@dataclass(frozen=True, kw_only=True)
class MakingOptions(WritingOptions):
    """How an index is opened that may be new; `making` declares the options."""

    window: timedelta | None
    story_threshold: float | None
    wording_threshold: float | None
    reader: str

    def open(self, index: str) -> StoryIndex:
        """Open an index, or make it."""
        source_of = click.get_current_context().get_parameter_source
        names = ("window", "story_threshold", "wording_threshold", "reader")
        given = {name: getattr(self, name) for name in names if source_of(name) is not ParameterSource.DEFAULT}
        return self._opened(index, **given)

    def plan(self, index: str, output: str, format: str) -> list[str]:
        """Return what would be done with the headlines, for a dry run."""
        from dedupe.index.opening import holds_index

        made = "which is there" if holds_index(Path(index)) else "which would be made"
        window = f", window {self.window / timedelta(hours=1):g} hours" if self.window else ""
        return [
            f"index: {index}, {made}{window}",
            f"model: {self.model or 'bundled'}",
            f"output: {'standard output' if output == '-' else output}, as {format}",
            "dry run: nothing was written",
        ]


def moment(value: str) -> datetime | str:
    """Parse a date; a time span, such as `24h`, stays text."""
    with suppress(click.BadParameter):
        time_span(value)
        return value
    if (date := read_date(value).when) is None:
        raise click.BadParameter(f"{value!r} is neither a date nor a time span: write 2026-03-01, 24h or 90d")
    return date


def visits_of(index: str, **options: Any) -> Visits:
    """Return what is known of addresses that were read into an index; of a new index, nothing."""
    from dedupe.index.opening import holds_index

    known = load_visits(Path(index, _VISITS)) if holds_index(Path(index)) else {}
    return Visits(known, **options)


def keep_visits(visits: Visits, index: str) -> None:
    """Keep what is known of addresses, now that what was read from them is in the index."""
    visits.confirm()
    if visits.known:
        visits.save(Path(index, _VISITS))


def counts_of(batch: Batch) -> list[str]:
    """Return what became of a batch, for a summary."""
    known = sum(item.known for item in batch)
    return [
        count(len(batch), "headline"),
        f"{len(batch) - known:,} new",
        count(sum(item.new_story for item in batch), "new story", "new stories"),
        *(f"{number} {kind}" for kind, number in event_counts(batch.events).items()),
    ]


def flagged(batch: Batch) -> list[str]:
    """Return a warning about headlines that are odd, if any are."""
    flags = Counter(flag for item in batch for flag in item.flags if flag not in ("known", "revision"))
    return [f"flagged in dedupe_flag: {', '.join(f'{number:,} {flag}' for flag, number in flags.items())}"] * bool(
        flags
    )


def event_counts(events: Iterable[Event]) -> dict[str, int]:
    """Return how many stories were merged, split and the like; new ones and wordings are not counted."""
    return dict(Counter(event.kind for event in events if event.level == "story" and event.kind != "created"))


def show_events(events: Iterable[Event]) -> None:
    """Print what changed in stories, one line each."""
    sentences = [event.sentence for event in events if event.level == "story" and event.kind != "created"]
    for sentence in sentences[:_MAX_EVENTS]:
        say(sentence)
    if len(sentences) > _MAX_EVENTS:
        say(f"... and {len(sentences) - _MAX_EVENTS:,} more changes: the view `events` of {_DATABASE} has them")
