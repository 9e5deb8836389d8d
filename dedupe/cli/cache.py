"""The command `cache`."""

from __future__ import annotations

from pathlib import Path

import click

from dedupe.cli.shared import PROGRAM
from dedupe.errors import OutputError
from dedupe.runtime.files import write_lines

_ACTIONS = ("show", "clear")


@click.command()
@click.argument("action", type=click.Choice(_ACTIONS), default=_ACTIONS[0])
@click.option(
    "--cache",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where the vectors are kept; default: the user's cache folder.",
)
def cache(action: str, folder: Path | None) -> None:
    """Show where the vectors of earlier runs are kept and how many there are, or clear them.

    HEADLINE_DEDUPE_CACHE names another folder for all commands.

    Example: headline-dedupe cache clear
    """
    from dedupe.embedding.cache import VectorCache, default_folder

    vectors = VectorCache(folder or default_folder())
    if action == "clear":
        lines = [f"{PROGRAM}: freed {_mebibytes(vectors.clear())} in {vectors.path}"]
    else:
        found = vectors.summary()
        lines = [
            f"path: {found.path}",
            f"entries: {found.entries:,}",
            f"size: {_mebibytes(found.size)}",
            f"limit: {_mebibytes(found.limit)}",
        ]
    if vectors.trouble:
        raise OutputError(vectors.trouble)
    write_lines(lines, "-")


def _mebibytes(count: int) -> str:
    return f"{count / 2**20:,.1f} MiB"
