"""Read, group and write a large Parquet table, with given vectors in place of the encoder.

    python benchmarks/table.py --out FILE [--rows 1000000]

The table is made up: invented titles, dates a minute apart, and ten other columns. The vectors are random, so that almost
no pairs are similar and reading and writing dominate. The peak memory of a step is that of the process up to its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import click
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from memory import Peak, apart
from records import circumstances, write_json
from stopwatch import SEED

import dedupe
from dedupe.writers import write_rows

OTHER_COLUMNS, WIDTH = 10, 64
CHUNK_ROWS = 50_000
WORDS = ("ferry", "bank", "museum", "storm", "orchid", "harbour", "mayor", "bridge", "festival", "court", "strike")
FORMATS = ("parquet", "csv", "jsonl")


@click.command(help=__doc__)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.option("--rows", type=click.IntRange(min=1000), default=1_000_000, show_default=True)
def main(out: Path, rows: int) -> None:
    result: dict[str, Any] = {
        "circumstances": circumstances(SEED),
        "rows": rows,
        "other_columns": OTHER_COLUMNS,
        "runs": {},
    }
    with TemporaryDirectory() as folder:
        table, vectors = Path(folder, "news.parquet"), Path(folder, "vectors.npy")
        apart(_make, table, vectors, rows)
        result["file_mb"] = round(table.stat().st_size / 1e6)
        for format in FORMATS:
            steps, memory = apart(_once, table, vectors, Path(folder), format)
            result["runs"][format] = {"steps": steps, "memory_gb": memory}
            click.echo(f"{format}: {steps}, {memory}")
    write_json(result, out)


def _make(table: Path, vectors: Path, rows: int) -> None:
    rng = np.random.default_rng(SEED)
    writer = None
    for start in range(0, rows, CHUNK_ROWS):
        part = _part(rng, start, min(CHUNK_ROWS, rows - start))
        writer = writer or pq.ParquetWriter(table, part.schema)
        writer.write_table(part, row_group_size=CHUNK_ROWS)
    if writer:
        writer.close()
    matrix = rng.standard_normal((rows, WIDTH), np.float32)
    np.save(vectors, matrix / np.linalg.norm(matrix, axis=1, keepdims=True))


def _part(rng: np.random.Generator, start: int, count: int) -> pa.Table:
    words = np.array(WORDS)[rng.integers(0, len(WORDS), (count, 8))]
    titles = [f"{' '.join(row)} {n}" for row, n in zip(words.tolist(), rng.integers(0, 1000, count), strict=True)]
    dates = np.datetime64("2020-01-01", "s") + 60 * np.arange(start, start + count).astype("timedelta64[s]")
    numbers = {f"number_{k}": rng.integers(0, 10**9, count) for k in range(OTHER_COLUMNS // 2)}
    texts = {
        f"text_{k}": [f"text {n} of column {k}" for n in rng.integers(0, 10**6, count)]
        for k in range(OTHER_COLUMNS // 2)
    }
    return pa.table({"title": titles, "published": dates} | numbers | texts)


def _once(table: Path, vectors: Path, folder: Path, format: str) -> dict[str, Any]:
    results: dict[str, Any] = {}
    with Peak() as peak:
        steps = _steps(table, vectors, folder / f"out.{format}", format)
        began = perf_counter()
        for name in steps:
            now = perf_counter()
            results[name] = {"seconds": round(now - began, 1), "rss_gb_so_far": peak.gigabytes["rss"]}
            began = now
    return results


def _steps(table: Path, vectors: Path, output: Path, format: str) -> Iterator[str]:
    headlines = dedupe.read_headlines(table).headlines
    yield "reading"
    result = dedupe.deduplicate(headlines, embeddings=np.load(vectors, mmap_mode="r"), window=1)
    del headlines
    yield "grouping"
    write_rows(result.output, str(output), format)
    yield "writing"
    assert output.stat().st_size > 0


if __name__ == "__main__":
    main()
