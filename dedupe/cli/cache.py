"""The command `cache`."""

from __future__ import annotations

from pathlib import Path

import click

from dedupe.cli.shared import PROGRAM
from dedupe.errors import OutputError
from dedupe.runtime.files import write_lines


@click.command()
@click.argument("action", type=click.Choice(["show", "clear"]), default="show")
@click.option(
    "--cache",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The folder of the cache; default: the user's cache folder.",
)
def cache(action: str, folder: Path | None) -> None:
    """Show or clear the cache of vectors, which saves encoding a title again.

    The environment variable HEADLINE_DEDUPE_CACHE names another folder for all commands.

    Example: headline-dedupe cache clear
    """
    from dedupe.embedding.cache import VectorCache, default_folder

    vectors = VectorCache(folder or default_folder())
    if action == "clear":
        lines = [f"{PROGRAM}: freed {_mebibytes(vectors.clear())} in {vectors.path}"]
    else:
        summary = vectors.summary()
        lines = [
            f"path: {summary.path}",
            f"entries: {summary.entries:,}",
            f"size: {_mebibytes(summary.size)}",
            f"limit: {_mebibytes(summary.limit)}",
        ]
    if vectors.trouble:
        raise OutputError(vectors.trouble)
    write_lines(lines, "-")


def _mebibytes(size: int) -> str:
    return f"{size / 2**20:,.1f} MiB"
