"""An index at work: days of news in batches of ten minutes, many active headlines, a large archive; and the naive ways.

    python benchmarks/index.py --data DIR --cache DIR --out FILE [--only SECTION]...

Sections: days, active, archive. Each replaces its earlier results in FILE. Vectors are taken from the cache folder, or encoded
once and kept there: what is measured is everything else, and what the reader takes is told apart.
"""

from __future__ import annotations

import json
from pathlib import Path
from time import perf_counter
from typing import Any

import click
import index_active
import index_archive
import index_days
from memory import apart
from records import circumstances, write_json
from stopwatch import SEED

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)
SECTIONS = ("days", "active", "archive")


@click.command(help=__doc__)
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--cache", type=FOLDER, required=True, help="Folder of vectors, and of the indexes that are made.")
@click.option("--out", type=FILE, required=True)
@click.option("--only", type=click.Choice(SECTIONS), multiple=True, help="Only this section; repeat for more.")
@click.option("--days", type=click.IntRange(1), default=30, show_default=True, help="Of the stream.")
@click.option("--active", type=click.IntRange(400), default=60_000, show_default=True, help="Active headlines.")
@click.option("--archived", type=click.IntRange(1000), default=1_000_000, show_default=True, help="Archived headlines.")
def main(data: Path, cache: Path, out: Path, only: tuple[str, ...], days: int, active: int, archived: int) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    work = {
        "days": (index_days.measure, data, cache, days),
        "active": (index_active.measure, data, cache, active),
        "archive": (index_archive.measure, data, cache, archived),
    }
    for name in only or SECTIONS:
        click.echo(name, err=True)
        began = perf_counter()
        result, memory = apart(*work[name])
        about = {"circumstances": circumstances(SEED), "minutes": round((perf_counter() - began) / 60, 1)}
        kept: dict[str, Any] = json.loads(out.read_text(encoding="utf-8")) if out.exists() else {}
        write_json(kept | {name: about | result | {"peak_memory_gb": memory}}, out)
        click.echo(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
