"""Rows and vectors of a data set, made once and kept in the cache folder; each process reads what it needs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from memory import apart
from numpy.typing import NDArray
from records import read_rows
from stopwatch import evenly, evenly_spaced

import dedupe
from dedupe.embedding import embed, load_encoder
from dedupe.runtime.arrays import Float32s
from dedupe.text import MAX_LENGTH, normalize


@dataclass(frozen=True)
class Settings:
    """`data`, `cache`: folders. `limit`: rows of each data set, for trying out. `sizes`, `repeats`: of the comparisons."""

    data: Path
    cache: Path
    limit: int | None
    sizes: tuple[int, ...]
    repeats: int


@dataclass(frozen=True)
class Store:
    """A file of rows (JSON Lines), a file of their vectors (.npy), and how many there are."""

    rows: Path
    vectors: Path
    count: int

    def titles(self, count: int) -> list[str]:
        """Return the titles of `count` evenly spaced rows."""
        return [row["title"] for row in some_rows(self.rows, evenly(self.count, count))]

    def matrix(self, count: int) -> Float32s:
        """Return the vectors of the same rows, in memory."""
        return np.load(self.vectors, mmap_mode="r")[evenly(self.count, count)]

    def up_to(self, sizes: tuple[int, ...]) -> list[int]:
        """Return the sizes, each limited to the number of rows."""
        return sorted({min(size, self.count) for size in sizes})


def some_rows(path: Path, places: NDArray[np.int64]) -> Iterator[dict[str, Any]]:
    """Yield the rows at ascending places, without holding the others in memory."""
    wanted = iter(places.tolist())
    following = next(wanted, None)
    for place, row in enumerate(read_rows(path)):
        if place == following:
            yield row
            following = next(wanted, None)


def rows_of(settings: Settings, name: str) -> Path:
    """Return the file with the rows of a data set, cut to the limit."""
    source = settings.data / name / "headlines.jsonl.gz"
    path = settings.cache / f"{name}-{settings.limit}.jsonl"
    if settings.limit is None:
        return source
    if not path.exists():
        apart(_cut, source, path, settings.limit)
    return path


def prepared(settings: Settings, name: str) -> Store:
    """Return rows and vectors of a data set; vectors missing from the cache folder are encoded."""
    return apart(_prepared, rows_of(settings, name), settings.cache, f"{name}-{settings.limit or 'all'}")[0]


def _cut(source: Path, path: Path, limit: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(row, ensure_ascii=False) for row in evenly_spaced(list(read_rows(source)), limit)]
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")


def _prepared(rows: Path, cache: Path, name: str) -> Store:
    path = cache / f"{name}-{load_encoder().identity[:12]}.npy"
    if not path.exists():
        vectors = encoded([row["title"] for row in read_rows(rows)], cache)
        np.save(path.with_suffix(".part.npy"), vectors)
        path.with_suffix(".part.npy").replace(path)
    return Store(rows, path, len(np.load(path, mmap_mode="r")))


def encoded(titles: list[str], cache: Path) -> Float32s:
    """Return the bundled model's vectors of titles, normalized as by `deduplicate`, (n, d)."""
    texts = [normalize(title)[:MAX_LENGTH] for title in titles]
    distinct = sorted(set(texts))
    place = {text: k for k, text in enumerate(distinct)}
    vectors = embed(load_encoder(), distinct, cache=dedupe.VectorCache(cache))
    return vectors[[place[text] for text in texts]]
