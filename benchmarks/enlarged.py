"""A large set of titles: real ones and edited copies of them, with dates; the vectors of the copies are simulated.

To encode that many titles would take an hour. A copy's vector is its original's plus Gaussian noise, renormalised, so
that the cosine of both is one that a sample of copies of its kind really has with the bundled model.
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
from numpy.typing import NDArray
from records import read_rows
from stored import Store, Vectors, encoded
from timing import SEED

from dedupe.headlines import parse_date

SAMPLE = 2_000  # copies of each kind that are really encoded
HOURS = 48  # between an original and its copy, at most
LAST, YEARS = datetime(2026, 8, 22, tzinfo=UTC), 2  # of the dates that originals without one are given
_TOGETHER = 8_192  # vectors made at a time
KINDS = tuple(EDITS)


@dataclass(frozen=True)
class Made:
    """Copies as arrays, one element a copy: the place of the original, the place in `KINDS`."""

    of: NDArray[np.int64]
    kind: NDArray[np.int64]


def enlarged(store: Store, count: int) -> tuple[Store, dict[str, Any]]:
    """Return `count` titles with their vectors, all of the store's first, and how they were made."""
    code = sha256(Path(__file__).with_name("copies.py").read_bytes() + Path(__file__).read_bytes()).hexdigest()[:12]
    path = store.vectors.with_name(f"{store.vectors.stem}-{count}-{code}.npy")
    rows, about = path.with_suffix(".jsonl"), path.with_suffix(".json")
    if not about.exists():  # written last
        about.write_text(json.dumps(_make(store, count, rows, path)), encoding="utf-8")
    made = json.loads(about.read_text(encoding="utf-8"))
    return Store(rows, path, made["originals"] + sum(made["copies"].values())), made


def _make(store: Store, count: int, rows: Path, path: Path) -> dict[str, Any]:
    titles, dates = _originals(store)
    made = list(copies(titles, count - len(titles), SEED))
    _write_rows(rows, titles, dates, made)
    sample = {kind: _sample(store, [one for one in made if one.kind == kind]) for kind in KINDS}
    arrays = Made(np.array([one.of for one in made]), np.array([KINDS.index(one.kind) for one in made]))
    del titles, dates, made
    _write_vectors(path, store, arrays, [sample[kind] for kind in KINDS])
    return {
        "originals": store.count,
        "copies": {kind: int((arrays.kind == k).sum()) for k, kind in enumerate(KINDS)},
        "cosines_of_real_copies": {kind: _quantiles(found) for kind, found in sample.items()},
    }


def _originals(store: Store) -> tuple[list[str], list[datetime]]:
    """Titles and dates; a row without a date gets one by its place, so that they are spread evenly."""
    titles, dates, span = [], [], timedelta(days=365 * YEARS)
    for place, row in enumerate(read_rows(store.rows)):
        titles.append(row["title"])
        dates.append(parse_date(row.get("date")) or LAST - span * (1 - place / store.count))
    return titles, dates


def _write_rows(path: Path, titles: Sequence[str], dates: Sequence[datetime], made: Sequence[Copy]) -> None:
    later = np.random.default_rng(SEED).random(len(made)) * HOURS
    with path.open("w", encoding="utf-8") as file:
        for title, date in zip(titles, dates, strict=True):
            file.write(json.dumps({"title": title, "date": date.isoformat()}, ensure_ascii=False) + "\n")
        for one, hours in zip(made, later.tolist(), strict=True):
            date = dates[one.of] + timedelta(hours=hours)
            row = {"title": one.title, "date": date.isoformat(), "kind": one.kind}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _sample(store: Store, made: Sequence[Copy]) -> Vectors:
    """The cosines of the first copies, which are of originals drawn by lot, to their originals."""
    some = made[:SAMPLE]
    if not some:
        return np.empty(0, np.float32)
    originals = np.load(store.vectors, mmap_mode="r")[[one.of for one in some]]
    return np.vecdot(encoded([one.title for one in some], store.vectors.parent), originals).clip(-1, 1)


def _write_vectors(path: Path, store: Store, made: Made, cosines: Sequence[Vectors]) -> None:
    originals = np.load(store.vectors, mmap_mode="r")
    shape = (store.count + len(made.of), originals.shape[1])
    matrix = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    for start in range(0, store.count, _TOGETHER):
        part = originals[start : start + _TOGETHER]
        matrix[start : start + len(part)] = part
    for start, part in _simulated(originals, made, cosines):
        matrix[store.count + start : store.count + start + len(part)] = part
    matrix.flush()


def _simulated(originals: Vectors, made: Made, cosines: Sequence[Vectors]) -> Iterator[tuple[int, Vectors]]:
    """Some vectors at a time, and the place of the first."""
    rng = np.random.default_rng(SEED)
    for start in range(0, len(made.of), _TOGETHER):
        of, kind = made.of[start : start + _TOGETHER], made.kind[start : start + _TOGETHER]
        wanted = np.empty(len(of), np.float32)
        for k in np.unique(kind):
            wanted[kind == k] = rng.choice(cosines[k], int((kind == k).sum()))
        yield start, near(originals[of], wanted, rng)


def near(vectors: Vectors, cosines: Vectors, rng: np.random.Generator) -> Vectors:
    """Return unit rows at the given cosines to unit rows, in directions drawn from a Gaussian."""
    noise = rng.standard_normal(vectors.shape, np.float32)
    noise -= np.vecdot(noise, vectors)[:, None] * vectors
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    found = cosines[:, None] * vectors + np.sqrt(1 - cosines**2)[:, None] * noise
    unit: Vectors = found / np.linalg.norm(found, axis=1, keepdims=True)
    return unit.astype(np.float32)


def _quantiles(values: Vectors) -> dict[str, float]:
    """Of a sample; none where there is no copy of that kind."""
    shares = (0.05, 0.5, 0.95)
    return {"sample": len(values)} | (
        {str(share): round(float(np.quantile(values, share)), 3) for share in shares} if len(values) else {}
    )
