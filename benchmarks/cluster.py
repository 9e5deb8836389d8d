"""A run on a cluster beside one on this machine: the same groups? how much longer? and what happens when machines are lost.

    python benchmarks/cluster.py --data DIR --cache DIR --out FILE [--only SECTION]... [--scale-rows N] [--titles N]

Sections: stream (72-hour window), scale (a part of it without a window, and all of it in one), memory (of the driver, at three
sizes), files (how much work files take at one time), kills, rates, growth. Each replaces its earlier results in FILE. The cluster
has two nodes of one processor each, on this machine. Vectors come from the cache folder.
"""

from __future__ import annotations

import json
from pathlib import Path
from time import perf_counter
from typing import Any

import click
import cluster_files
import cluster_growth
import cluster_kills
import cluster_runs
from records import circumstances, write_json
from stopwatch import SEED
from stored import Settings

FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command(help=__doc__)
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--cache", type=FOLDER, required=True, help="Folder of vectors and of the jobs.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.option(
    "--only", type=click.Choice(["stream", "scale", "memory", "files", "kills", "rates", "growth"]), multiple=True
)
@click.option(
    "--scale-rows", type=click.IntRange(1000), default=60_000, show_default=True, help="Of `scale`, no window."
)
@click.option(
    "--titles", type=click.IntRange(1000), default=228_852, show_default=True, help="Of `scale`, in a window."
)
def main(data: Path, cache: Path, out: Path, only: tuple[str, ...], scale_rows: int, titles: int) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    settings = Settings(data, cache, None, (), 1)
    work = {
        "stream": lambda: cluster_runs.stream(data, cache),
        "scale": lambda: cluster_runs.scale(data, cache, scale_rows, titles),
        "memory": lambda: cluster_runs.memory(data, cache),
        "files": lambda: cluster_files.measure(data, cache),
        "kills": lambda: cluster_kills.measure(data, cache),
        "rates": lambda: cluster_runs.rates(data),
        "growth": lambda: cluster_growth.measure(settings),
    }
    for name in only or work:
        click.echo(name, err=True)
        began = perf_counter()
        result = work[name]()
        about = {"circumstances": circumstances(SEED), "minutes": round((perf_counter() - began) / 60, 1)}
        kept: dict[str, Any] = json.loads(out.read_text(encoding="utf-8")) if out.exists() else {}
        write_json(kept | {name: about | result}, out)
        click.echo(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
