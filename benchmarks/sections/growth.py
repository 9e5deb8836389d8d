"""How time and memory after encoding grow with the number of titles, beside MinHash LSH and the encoder itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from time import perf_counter
from typing import Any

import minhash
import numpy as np
from memory import apart
from runs import timed_run
from stored import Settings, Store, prepared

import dedupe
from dedupe.text import normalize

SIZES = (5_000, 10_000, 20_000, 40_000, 80_000, 160_000)  # and all there are
ENCODED = 2_048  # titles by which the encoder's rate is measured
NOTE = (
    "ours: deduplicate(embeddings=, level='wording'), from titles to labels. minhash: datasketch, sets of words and "
    f"pairs of adjacent words, {minhash.PERMUTATIONS} permutations, threshold {minhash.THRESHOLD}, from titles to checked pairs. "
    "Each size in a separate process; exponent: of the seconds, fitted on log axes; steps: between neighbouring sizes"
)


def run(settings: Settings) -> Iterator[dict[str, Any]]:
    """Yield the figures so far."""
    store = prepared(settings, "scale")
    fewer = [size for size in SIZES if size < store.count] if settings.limit is None else []
    sizes = [*(fewer or [store.count // 8, store.count // 4, store.count // 2]), store.count]
    quality = apart(_quality, settings)[0]
    results: dict[str, Any] = {"what": NOTE, "encoder_titles_per_second": apart(_encoder_rate, store)[0]}
    results["minhash_on_gold"] = quality
    for name, work in {"headline-dedupe": _ours, "minhash": _minhash}.items():
        results[name] = {"sizes": {}}
        for size in sizes:
            results[name]["sizes"][str(size)] = _apart(work, store, size)
            yield results
        results[name] |= _exponents(results[name]["sizes"])
        yield results


def _apart(work: Callable[[Store, int], dict[str, Any]], store: Store, size: int) -> dict[str, Any]:
    result, memory = apart(work, store, size)
    return result | {"memory_gb": memory}


def _ours(store: Store, size: int) -> dict[str, Any]:
    return timed_run(store.titles(size), store.matrix(size), "wording")


def _minhash(store: Store, size: int) -> dict[str, Any]:
    titles = store.titles(size)
    minhash.pairs(titles[:256])
    began = perf_counter()
    i, _ = minhash.pairs(titles)
    return {"seconds": round(perf_counter() - began, 3), "pairs": len(i)}


def _encoder_rate(store: Store) -> float:
    titles, encoder = store.titles(ENCODED), dedupe.load_encoder()
    texts = sorted(map(normalize, titles), key=len)  # as `embed` orders them
    encoder.encode(texts[:256])
    began = perf_counter()
    for start in range(0, len(texts), 256):
        encoder.encode(texts[start : start + 256])
    return round(len(texts) / (perf_counter() - began), 1)


def _exponents(sizes: dict[str, dict[str, Any]]) -> dict[str, Any]:
    count = np.log([int(size) for size in sizes])
    seconds = np.log([max(result["seconds"], 0.01) for result in sizes.values()])
    steps = [
        (later - earlier) / (m - n) for (earlier, later), (n, m) in zip(pairwise(seconds), pairwise(count), strict=True)
    ]
    return {
        "exponent": round(float(np.polyfit(count, seconds, 1)[0]), 3),
        "steps": [round(float(step), 3) for step in steps],
    }


def _quality(settings: Settings) -> dict[str, dict[str, float]]:
    """Connected components of MinHash's pairs on the gold files, scored as in quality.json."""
    from figures import mean_scores
    from quality import find_files, parts_of

    files = find_files(settings.data, {"gold"}).get("gold", [])
    parts = [part for rows in files for part in parts_of(rows)]
    labels = [minhash.labels([headline.title for headline in part.headlines]) for part in parts]
    return {
        level: mean_scores([part.truths[level] for part in parts], labels) for level in ("story", "wording") if parts
    }
