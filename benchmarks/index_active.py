"""Many active headlines: adds of 200, a match of one title, beside running all again and a flat FAISS index."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import rmtree
from time import perf_counter
from typing import Any

import numpy as np
from index_clocks import Remembering, measured
from records import read_rows
from stopwatch import SEED, warm_up

import dedupe
from dedupe.headlines import Headline

BATCH, ADDS, MATCHES, DAYS = 200, 5, 50, 7
COSINE = 0.75  # from which the flat index takes two titles for one story
START = datetime(2026, 8, 1, tzinfo=UTC)


def titles_of(data: Path, count: int) -> list[str]:
    """Return titles of `scale` in random order."""
    every = [row["title"] for row in read_rows(data / "scale" / "headlines.jsonl.gz")]
    return [every[k] for k in np.random.default_rng(SEED).permutation(len(every))[:count].tolist()]


def dated(titles: list[str], active: int) -> list[Headline]:
    """Return titles at even distances in time, so many of which fill the window."""
    step = timedelta(days=DAYS) / active
    return [Headline(title, published=START + k * step) for k, title in enumerate(titles)]


def measure(data: Path, cache: Path, active: int) -> dict[str, Any]:
    """Return seconds of adds and matches, and of the naive ways."""
    warm_up()
    encoder = Remembering(cache)
    rows = dated(titles_of(data, active + BATCH * ADDS + MATCHES), active)
    folder = cache / f"active-{active}.index"
    rmtree(folder, ignore_errors=True)
    with dedupe.StoryIndex(folder, window=f"{DAYS}d", encoder=encoder) as index:
        result: dict[str, Any] = {"active": active, "first_add": measured(encoder, lambda: index.add(rows[:active]))}
        parts = [rows[active + k * BATCH : active + (k + 1) * BATCH] for k in range(ADDS)]
        result["adds_of_200"] = [measured(encoder, lambda part=part: index.add(part)) for part in parts]
        run = index.result()
        result |= {"active_at_the_end": len(run), "pairs": run.pairs_read.scored, "pairs_read": run.pairs_read.read}
        asked = [measured(encoder, lambda row=row: index.match([row])) for row in rows[active + BATCH * ADDS :]]
        result["match_of_one"] = spread([m["seconds"] + m["seconds_reading"] for m in asked])
        result["match_of_one_without_reading"] = spread([m["seconds"] for m in asked])
    result["opened_again"] = _opened_again(folder, encoder, rows[-1])
    naive = [*run.headlines]
    options: dict[str, Any] = {"encoder": encoder, "cache": dedupe.VectorCache(cache), "window": f"{DAYS}d"}
    result["naive_all_again"] = measured(encoder, lambda: dedupe.deduplicate(naive, **options).labels("story"))
    return result | {"naive_flat_faiss": _flat(np.asarray(run.vectors[:]), BATCH)}


def _opened_again(folder: Path, encoder: Remembering, row: Headline) -> dict[str, Any]:
    """Return what another process has to wait for before its first match."""
    began = perf_counter()
    with dedupe.StoryIndex(folder, encoder=encoder) as index:
        opened = perf_counter() - began
        index.match([row])
        return {"seconds_to_open": round(opened, 3), "seconds_to_first_match": round(perf_counter() - began, 3)}


def _flat(vectors: np.ndarray, added: int) -> dict[str, Any]:
    """Return the seconds of a flat index that joins each new title to the nearest one, if that is near."""
    import faiss

    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors[:-added])
    began = perf_counter()
    near, _ = index.search(vectors[-added:], 1)
    index.add(vectors[-added:])
    seconds, began = perf_counter() - began, perf_counter()
    index.search(vectors[-1:], 1)
    joined = int((near[:, 0] >= COSINE).sum())
    return {
        "seconds_per_add_of_200": round(seconds, 3),
        "seconds_per_match": round(perf_counter() - began, 4),
        "cosine": COSINE,
        "joined": joined,
    }


def spread(seconds: list[float]) -> dict[str, float]:
    """Return quantiles of seconds."""
    return {
        name: round(float(np.quantile(seconds, q)), 3) for name, q in (("median", 0.5), ("p90", 0.9), ("largest", 1.0))
    }
