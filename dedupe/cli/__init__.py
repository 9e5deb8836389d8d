"""The command line: options in, calls to the library, output files and exit codes out.

Heavy modules are imported inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import gc

import click

from dedupe import __version__
from dedupe.cli.cluster import cluster, compare, drop_repeats
from dedupe.cli.evaluate import evaluate
from dedupe.cli.follow import follow
from dedupe.cli.index import index
from dedupe.cli.info import cache, completion, info
from dedupe.cli.label import label
from dedupe.cli.match import match
from dedupe.cli.shared import PROGRAM, Commands
from dedupe.cli.train import train
from dedupe.cli.tune import tune

__all__ = ["cli", "main"]
_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(cls=Commands, context_settings=_CONTEXT)
@click.version_option(__version__, prog_name=PROGRAM)
def cli() -> None:
    """Group news headlines into stories, or drop repeats.

    INPUT is a list of titles, CSV, TSV, JSON Lines, Parquet, Excel, SQLite, a feed (RSS, Atom, JSON Feed), OPML or a scraped
    news page (HTML or text). It may be compressed with gzip or zstd. Give a file, a quoted glob, an http(s) address, or `-`
    for standard input; of a workbook or database also a part, as news.xlsx::SHEET or news.db::TABLE.

    \b
    Example:
      headline-dedupe cluster news.csv
    """


for command in (
    *(cluster, drop_repeats, match, compare, index, follow),
    *(label, evaluate, tune, train),
    *(cache, info, completion),
):
    cli.add_command(command)


def main() -> None:
    """Run the command line; the entry point of `headline-dedupe`."""
    gc.disable()  # a run keeps what it makes until it ends; collecting would take a twelfth of the time
    cli(prog_name=PROGRAM)
