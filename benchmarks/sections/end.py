"""From a file to output rows: with an empty cache of vectors, and again with a full one."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from memory import apart
from runs import counts
from stopwatch import Stages, Timed, by_stage, warm_up
from stored import Settings, rows_of

import dedupe

RUNS = {  # data set, level, window in hours, model
    "scale": ("scale", "wording", None, None),
    "stream": ("stream", "story", 72.0, None),
}
NOTE = "reading, normalizing, encoding, grouping and output rows, in a separate process; without loading the model"


def run(settings: Settings) -> Iterator[dict[str, Any]]:
    """Yield the figures of each data set."""
    results: dict[str, Any] = {"what": NOTE}
    for name, (data, level, window, model) in RUNS.items():
        rows = rows_of(settings, data)
        with TemporaryDirectory(dir=settings.cache) as folder:
            plain = _unpacked(rows, Path(folder))
            cold, warm = (_apart(plain, Path(folder), level, window, model) for _ in range(2))
        shares = {"level": level, "window": window, "cold": cold, "warm": warm}
        results[name] = shares | {"warm_takes": round(warm["seconds"]["total"] / cold["seconds"]["total"], 4)}
        yield results


def _unpacked(rows: Path, folder: Path) -> Path:
    """The uncompressed file; with --limit it is uncompressed already."""
    if rows.suffix != ".gz":
        return rows
    plain = folder / rows.stem
    with gzip.open(rows) as packed, plain.open("wb") as file:
        shutil.copyfileobj(packed, file)
    return plain


def _apart(*arguments: Any) -> dict[str, Any]:
    result, memory = apart(_once, *arguments)
    return result | {"memory_gb": memory}


def _once(rows: Path, folder: Path, level: str, window: float | None, model: str | None) -> dict[str, Any]:
    warm_up()
    encoder, began = Timed(dedupe.load_encoder(model)), perf_counter()
    headlines = dedupe.read_headlines(rows).headlines
    read, stages = perf_counter(), Stages()
    run = dedupe.deduplicate(
        headlines, encoder=encoder, cache=dedupe.VectorCache(folder), level=level, window=window, progress=stages
    )
    stages.finish()
    done = perf_counter()
    run.rows()
    ended = perf_counter()
    total = ended - began
    return counts(run) | {
        "encoded_texts": encoder.texts,
        "seconds": {"total": round(total, 2), "encoder": round(encoder.seconds, 2)},
        "share_outside_encoder": round(1 - encoder.seconds / total, 4),
        "stages": {"reading": round(read - began, 2)}
        | by_stage(stages, encoder.seconds)
        | {"output rows": round(ended - done, 2)},
    }
