"""What commands that read headlines share: inputs, columns, and what to do with bad rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from dedupe.cli.shared import options
from dedupe.readers.inputs import FORMATS
from dedupe.runtime.files import check_output, write_lines

if TYPE_CHECKING:
    from dedupe.readers import Columns, Source


@dataclass(frozen=True, slots=True)
class Reading:
    """The options under the names click gives them."""

    inputs: tuple[str, ...]
    input_format: str | None
    title_column: str | None
    date_column: str | None
    source_column: str | None
    id_column: str | None
    url_column: str | None
    delimiter: str | None
    encoding: str | None
    fetch: bool
    skip_bad: bool
    rejects: str | None

    def check(self, output: str, *, force: bool, beside: Iterable[str] = ()) -> None:
        """Raise where the rejected lines could not be written; `beside`: what is read beside the inputs."""
        if self.rejects and not self.skip_bad:
            raise click.UsageError("--rejects only has a meaning with --skip-bad: add it")
        if self.skip_bad:
            check_output(self.rejects_path(output), [*self.inputs, *beside], force=force)
            if self.rejects_path(output) == output != "-":
                raise click.UsageError(f"--rejects and --output both name {output}: give two files")

    def read(self) -> Source:
        """Return what the inputs hold."""
        from dedupe.readers.inputs import read_headlines

        return read_headlines(
            self.inputs,
            input_format=self.input_format,
            columns=self.columns,
            delimiter=self.delimiter,
            encoding=self.encoding,
            skip_bad=self.skip_bad,
            fetch=self.fetch,
        )

    @property
    def columns(self) -> Columns:
        """The columns that were named."""
        from dedupe.readers import Columns

        return Columns(self.title_column, self.date_column, self.source_column, self.id_column, self.url_column)

    def set_aside(self, source: Source, output: str) -> None:
        """Write the lines that could not be read, if any."""
        if source.rejects:
            write_lines(source.rejects, self.rejects_path(output))

    def rejects_path(self, output: str) -> str:
        """Return where those lines go."""
        names = [name for name in (output, self.inputs[0]) if name != "-" and "://" not in name]
        return self.rejects or f"{(names or ['headline-dedupe'])[0]}.rejects"


reading = options(
    click.argument("inputs", nargs=-1, required=True, metavar="INPUT..."),
    click.option("--input-format", type=click.Choice(FORMATS), help="What the inputs are; default: found out."),
    click.option("--title-column", metavar="NAME", help="Column of the headline."),
    click.option("--date-column", metavar="NAME", help="Column of the date (ISO 8601, RFC 822, epoch; naive is UTC)."),
    click.option("--source-column", metavar="NAME", help="Column of the publisher."),
    click.option("--id-column", metavar="NAME", help="Column of the row's id."),
    click.option("--url-column", metavar="NAME", help="Column of the address."),
    click.option("--delimiter", metavar="CHAR", help="Between CSV columns; default: found out."),
    click.option("--encoding", metavar="NAME", help="Of the input; default: found out."),
    click.option("--fetch", is_flag=True, help="Fetch the feeds that OPML lists."),
    click.option("--skip-bad", is_flag=True, help="Go on past rows that cannot be read, and set them aside."),
    click.option("--rejects", metavar="FILE", help="Where to set them aside; default: OUTPUT or INPUT.rejects."),
)
