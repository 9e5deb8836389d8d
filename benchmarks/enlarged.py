"""A large set of dated titles: real ones, and edited copies of them with simulated vectors.

Encoding so many titles would take an hour. The vector of a copy is that of its original plus Gaussian noise, normalized. Its
cosine to the original is drawn from those that a sample of copies of its kind has with the bundled model.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from copies import EDITS, Copy, copies
from records import read_rows
from stopwatch import SEED
from stored import Store, encoded

from dedupe.dates import read_date
from dedupe.runtime.arrays import Float32s, Ints

SAMPLE = 2_000  # copies of each kind that are encoded
HOURS = 48  # between an original and its copy, at most
LAST, YEARS = datetime(2026, 8, 22, tzinfo=UTC), 2  # of the dates given to originals without one
_CHUNK_ROWS = 8_192
KINDS = tuple(EDITS)


@dataclass(frozen=True)
class CopyTable:
    """Copies as arrays, (copies,): the position of the original, and the place of the kind in `KINDS`."""

    original: Ints
    kind: Ints


def enlarged(store: Store, count: int) -> tuple[Store, dict[str, Any]]:
    """Return `count` titles with their vectors, those of the store first, and a record of how they were made."""
    code = sha256(Path(__file__).with_name("copies.py").read_bytes() + Path(__file__).read_bytes()).hexdigest()[:12]
    path = store.vectors.with_name(f"{store.vectors.stem}-{count}-{code}.npy")
    rows, about = path.with_suffix(".jsonl"), path.with_suffix(".json")
    if not about.exists():  # it is written last
        about.write_text(json.dumps(_make(store, count, rows, path)), encoding="utf-8")
    made = json.loads(about.read_text(encoding="utf-8"))
    return Store(rows, path, made["originals"] + sum(made["copies"].values())), made


def _make(store: Store, count: int, rows: Path, path: Path) -> dict[str, Any]:
    titles, dates = _originals(store)
    made = list(copies(titles, count - len(titles), SEED))
    _write_rows(rows, titles, dates, made)
    cosines = {kind: _sample(store, [copy for copy in made if copy.kind == kind]) for kind in KINDS}
    table = CopyTable(np.array([copy.original for copy in made]), np.array([KINDS.index(copy.kind) for copy in made]))
    del titles, dates, made
    _write_vectors(path, store, table, [cosines[kind] for kind in KINDS])
    return {
        "originals": store.count,
        "copies": {kind: int((table.kind == k).sum()) for k, kind in enumerate(KINDS)},
        "cosines_of_real_copies": {kind: _quantiles(sample) for kind, sample in cosines.items()},
    }


def _originals(store: Store) -> tuple[list[str], list[datetime]]:
    """Titles and dates; a row without a date gets one by its position, so that dates are evenly spread."""
    titles, dates, span = [], [], timedelta(days=365 * YEARS)
    for place, row in enumerate(read_rows(store.rows)):
        titles.append(row["title"])
        dates.append(read_date(row.get("date")).when or LAST - span * (1 - place / store.count))
    return titles, dates


def _write_rows(path: Path, titles: Sequence[str], dates: Sequence[datetime], made: Sequence[Copy]) -> None:
    later = np.random.default_rng(SEED).random(len(made)) * HOURS
    with path.open("w", encoding="utf-8") as file:
        for title, date in zip(titles, dates, strict=True):
            file.write(json.dumps({"title": title, "date": date.isoformat()}, ensure_ascii=False) + "\n")
        for copy, hours in zip(made, later.tolist(), strict=True):
            date = dates[copy.original] + timedelta(hours=hours)
            row = {"title": copy.title, "date": date.isoformat(), "kind": copy.kind}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _sample(store: Store, made: Sequence[Copy]) -> Float32s:
    """The cosines of the first copies to their originals, which are in random order."""
    sample = made[:SAMPLE]
    if not sample:
        return np.empty(0, np.float32)
    originals = np.load(store.vectors, mmap_mode="r")[[copy.original for copy in sample]]
    return np.vecdot(encoded([copy.title for copy in sample], store.vectors.parent), originals).clip(-1, 1)


def _write_vectors(path: Path, store: Store, table: CopyTable, cosines: Sequence[Float32s]) -> None:
    originals = np.load(store.vectors, mmap_mode="r")
    shape = (store.count + len(table.original), originals.shape[1])
    matrix = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    for start in range(0, store.count, _CHUNK_ROWS):
        part = originals[start : start + _CHUNK_ROWS]
        matrix[start : start + len(part)] = part
    for start, part in _simulated(originals, table, cosines):
        matrix[store.count + start : store.count + start + len(part)] = part
    matrix.flush()


def _simulated(originals: Float32s, table: CopyTable, cosines: Sequence[Float32s]) -> Iterator[tuple[int, Float32s]]:
    """The vectors of copies in chunks, each with the position of its first."""
    rng = np.random.default_rng(SEED)
    for start in range(0, len(table.original), _CHUNK_ROWS):
        original, kind = (column[start : start + _CHUNK_ROWS] for column in (table.original, table.kind))
        wanted = np.empty(len(original), np.float32)
        for k in np.unique(kind):
            wanted[kind == k] = rng.choice(cosines[k], int((kind == k).sum()))
        yield start, near(originals[original], wanted, rng)


def near(vectors: Float32s, cosines: Float32s, rng: np.random.Generator) -> Float32s:
    """Return unit rows with these cosines to `vectors`, in directions drawn from a Gaussian."""
    noise = rng.standard_normal(vectors.shape, np.float32)
    noise -= np.vecdot(noise, vectors)[:, None] * vectors
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    rows = cosines[:, None] * vectors + np.sqrt(1 - cosines**2)[:, None] * noise
    unit: Float32s = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit.astype(np.float32)


def _quantiles(values: Float32s) -> dict[str, float]:
    """Quantiles of a sample; none if there is no copy of that kind."""
    shares = (0.05, 0.5, 0.95)
    return {"sample": len(values)} | (
        {str(share): round(float(np.quantile(values, share)), 3) for share in shares} if len(values) else {}
    )
