"""Time and memory at scale, beside peers with the same vectors.

    python benchmarks/speed.py --data DIR --cache DIR --out FILE [--only SECTION]... [--plot FILE]

Sections: encode, join, after, end, million, crowd, growth, worst. Each writes its results to FILE as it goes and replaces
those of earlier runs of the same section. Vectors of DIR/scale are taken from the cache folder, or encoded once and kept there.
Everything is measured in separate processes. --limit makes a run of seconds, for trying out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import click
from records import circumstances, write_json
from sections import after, crowd, encode, end, growth, join, million, worst
from speed_tables import plot, table
from stopwatch import SEED
from stored import Settings

SECTIONS: dict[str, Callable[[Settings], Iterator[dict[str, Any]]]] = {
    "encode": encode.run,
    "join": join.run,
    "after": after.run,
    "end": end.run,
    "million": million.run,
    "crowd": crowd.run,
    "growth": growth.run,
    "worst": worst.run,
}
PACKAGES = ("onnxruntime", "usearch", "datasketch")
FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)
COUNT = click.IntRange(min=1)


def as_sizes(context: click.Context, option: click.Parameter, value: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in value.split(","))
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is not a list of numbers: give one such as 5000,20000") from error


@click.command(help=__doc__)
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--cache", type=FOLDER, required=True, help="Folder of vectors and of data made from them.")
@click.option("--out", type=FILE, required=True)
@click.option("--only", type=click.Choice(list(SECTIONS)), multiple=True, help="Only this section; repeat for more.")
@click.option("--sizes", default="5000,20000,60000,228852", show_default=True, callback=as_sizes)
@click.option("--repeats", type=COUNT, default=5, show_default=True, help="Of each comparison with peers.")
@click.option("--limit", type=click.IntRange(min=100), help="Rows of each data set, for trying out.")
@click.option("--plot", "picture", type=FILE, help="Where to draw time and memory against the number of titles.")
def main(
    data: Path,
    cache: Path,
    out: Path,
    only: tuple[str, ...],
    sizes: tuple[int, ...],
    repeats: int,
    limit: int | None,
    picture: Path | None,
) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    settings = Settings(data, cache, limit, sizes, repeats)
    for name in only or SECTIONS:
        click.echo(name, err=True)
        measure(name, settings, out)
    results = read(out)
    click.echo(table(results))
    if picture:
        plot(results, picture)


def measure(name: str, settings: Settings, out: Path) -> None:
    """Run a section, and write its results to the file each time there are more."""
    about = circumstances(SEED)
    about["versions"] |= {package: version(package) for package in PACKAGES}
    began, result = perf_counter(), {"circumstances": about, "limit": settings.limit, "complete": False}
    for part in SECTIONS[name](settings):
        result |= part
        write_json(read(out) | {name: result}, out)
    result |= {"complete": True, "minutes": round((perf_counter() - began) / 60, 1)}
    write_json(read(out) | {name: result}, out)


def read(out: Path) -> dict[str, Any]:
    return json.loads(out.read_text(encoding="utf-8")) if out.exists() else {}


if __name__ == "__main__":
    main()
