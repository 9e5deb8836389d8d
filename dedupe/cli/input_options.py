"""The options of commands that read headlines: inputs, columns, and what happens to bad rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dedupe.cli.shared import PROGRAM, Argument, count, option, refuse, warn
from dedupe.readers.names import TIMEOUT, is_address
from dedupe.readers.opening import check_read_once
from dedupe.readers.source import FORMATS
from dedupe.runtime.files import check_output, split_part, write_lines

if TYPE_CHECKING:
    from dedupe.readers import Source
    from dedupe.readers.visits import Visits

_FORMATS_USING = {
    **dict.fromkeys(
        ("day_first", "date_format", "now"), tuple(format for format in (*FORMATS, "mixed") if format != "lines")
    ),
    "delimiter": ("csv", "tsv", "mixed"),
    "no_header": ("csv", "tsv", "xlsx", "mixed"),
    "encoding": ("mixed", *(format for format in FORMATS if format not in ("parquet", "xlsx", "sqlite"))),
    "fetch": ("feed", "mixed"),
    "prefer_feed": ("page", "feed", "mixed"),
    "no_layout": ("page", "mixed"),
}
"""The formats of input on which an option has an effect."""


@dataclass(frozen=True)
class InputOptions:
    """What to read and how."""

    inputs: tuple[str, ...] = field(
        metadata={"click": click.argument("inputs", cls=Argument, nargs=-1, required=True, metavar="INPUT...")}
    )
    input_format: str | None = option(
        "--input-format", type=click.Choice(FORMATS), help="Format of the inputs; default: detected."
    )
    title_column: str | None = option(
        "--title-column", metavar="NAME", help="Column of the title; default: by its name and values."
    )
    date_column: str | None = option(
        "--date-column", metavar="NAME", help="Column of the date, in any usual form; UTC if it has no zone."
    )
    day_first: bool | None = option(
        "--day-first/--month-first",
        default=None,
        help="Where a column does not tell, dates such as 03/04/2026 have the day first, or the month.",
    )
    date_format: str | None = option(
        "--date-format", metavar="FORMAT", help="Format of the dates, such as '%d.%m.%y %H:%M'; default: detected."
    )
    now: str | None = option(
        "--now",
        metavar="DATE",
        help="Present moment: later dates lie in the future, and '5 h ago' counts back from it. Default: the clock; for "
        "'5 h ago', when the input was taken.",
    )
    source_column: str | None = option("--source-column", metavar="NAME", help="Column of the publisher.")
    id_column: str | None = option("--id-column", metavar="NAME", help="Column of the row's id.")
    url_column: str | None = option("--url-column", metavar="NAME", help="Column of the web address.")
    delimiter: str | None = option("--delimiter", metavar="CHAR", help="Separator of CSV columns; default: detected.")
    no_header: bool = option(
        "--no-header",
        is_flag=True,
        help="The first row of CSV, TSV and sheets is a headline; columns are called column_1, column_2 and so on.",
    )
    encoding: str | None = option("--encoding", metavar="NAME", help="Text encoding of the inputs; default: detected.")
    fetch: bool = option("--fetch", is_flag=True, help="Fetch the feeds that OPML inputs list.")
    allow_private: bool = option(
        "--allow-private",
        is_flag=True,
        help="Let lists of feeds, and redirects from public addresses, lead to private networks and this machine.",
    )
    timeout: float = option(
        "--timeout",
        type=click.FloatRange(0, min_open=True),
        default=TIMEOUT,
        show_default=True,
        metavar="SECONDS",
        help="Longest time for one download.",
    )
    prefer_feed: bool = option(
        "--prefer-feed", is_flag=True, help="Of a news page that names a feed, fetch the feed and read it instead."
    )
    no_layout: bool = option(
        "--no-layout",
        is_flag=True,
        help="Ignore that two titles stand in one item of a news page, which is evidence for one wording.",
    )
    max_size: str | None = option(
        "--max-size",
        metavar="SIZE",
        help="Most that an input may have in memory, unpacked, such as 5GB; default: 2GB, and 200 times its packed size.",
    )
    skip_bad: bool = option(
        "--skip-bad",
        is_flag=True,
        help="Skip rows that cannot be read, and write them to a file; of an input that was cut off, use the start.",
    )
    rejects: str | None = option(
        "--rejects", metavar="FILE", help="File for skipped rows; default: OUTPUT.rejects, or INPUT.rejects without -o."
    )

    def check(self, output: str, *, force: bool, beside: Iterable[str] = ()) -> None:
        """Raise for options without effect, for a pipe named twice, and where skipped rows could not be written.

        `beside`: files to read besides the inputs.
        """
        if not (self.fetch or self.prefer_feed) and not any(map(is_address, [*self.inputs, *beside])):
            for name in ("allow_private", "timeout"):
                refuse(name, "where nothing is fetched")
        check_read_once([*self.inputs, *beside])
        if self.rejects and not self.skip_bad:
            raise click.UsageError("--rejects has no effect without --skip-bad: add it")
        if self.skip_bad:
            check_output(self.rejects_path(output), [*self.inputs, *beside], force=force)
            if self.rejects_path(output) == output != "-":
                raise click.UsageError(f"--rejects and --output both name {output}: give two files")

    @property
    def moment(self) -> datetime | None:
        """The moment of `--now`, None where it is not given; `read` tells whether it is a date."""
        from dedupe.dates import read_date

        return None if self.now is None else read_date(self.now).when

    def read(self, visits: Visits | None = None, *, warned: bool = True, dates: bool = False) -> Source:
        """Read the inputs; an option that was typed and has no effect on their format is a usage error.

        `visits`, `warned`: as for `load`. `dates`: whether `--now` is the date of headlines that have none.
        """
        source = self.load(visits=visits, warned=warned)
        for name, formats in _FORMATS_USING.items():
            if (
                source.format not in formats and not (dates and name == "now") and not (visits and not source.headlines)
            ):  # it may be another if there are any
                refuse(name, f"on {source.format} input")
        return source

    def load(self, *, or_usual: bool = False, visits: Visits | None = None, warned: bool = True) -> Source:
        """Read the inputs, and warn of what is missing from them, unless `warned` is unset.

        `or_usual`: inputs may lack the named columns. `visits`: what is known of addresses from earlier times.
        """
        from dedupe.readers import Columns, read_headlines

        named = Columns(self.title_column, self.date_column, self.source_column, self.id_column, self.url_column)
        source = read_headlines(
            self.inputs,
            input_format=self.input_format,
            columns=[named, Columns()] if or_usual and named != Columns() else named,
            delimiter=self.delimiter,
            encoding=self.encoding,
            skip_bad=self.skip_bad,
            fetch=self.fetch,
            max_size=self.max_size,
            allow_private=self.allow_private,
            timeout=self.timeout,
            prefer_feed=self.prefer_feed,
            layout=not self.no_layout,
            day_first=self.day_first,
            date_format=self.date_format,
            now=self.now,
            header=not self.no_header,
            visits=visits,
        )
        if warned and not click.get_current_context().params.get("quiet"):
            warn((), None, source.warnings)
        return source

    def set_aside(self, source: Source, output: str) -> list[str]:
        """Write the rows that were skipped, if any, and return how many and where, for a summary."""
        if not source.rejects:
            return []
        path = self.rejects_path(output)
        write_lines(source.rejects, path)
        return [f"{count(len(source.rejects), 'bad row')} in {path}"]

    def rejects_path(self, output: str) -> str:
        """Return the file for skipped rows."""
        first = split_part(self.inputs[0])[0]
        files = [name for name in (output, first) if name == output != "-" or Path(name).is_file()]
        return self.rejects or f"{(files or [PROGRAM])[0]}.rejects"
