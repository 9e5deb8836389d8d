"""How time and memory after encoding grow with the number of titles, beside MinHash LSH and the encoder itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from time import perf_counter
from typing import Any

import minhash
import numpy as np
from memory import apart
from runs import grouped
from stored import Settings, Store, prepared

import dedupe

SIZES = (5_000, 10_000, 20_000, 40_000, 80_000, 160_000)  # and all there are
ENCODED = 2_048  # titles by which the encoder's rate is measured
NOTE = (
    "ours: deduplicate(embeddings=, level='wording'), from titles to labels. minhash: datasketch, one and two words in a "
    f"row, {minhash.PERMUTATIONS} permutations, threshold {minhash.THRESHOLD}, from titles to checked pairs. Each size in "
    "a process of its own; exponent: of the seconds, fitted on log axes; steps: between neighbouring sizes"
)


def run(settings: Settings) -> Iterator[dict[str, Any]]:
    """Yield the figures so far."""
    store = prepared(settings, "scale")
    fewer = [size for size in SIZES if size < store.count] if settings.limit is None else []
    sizes = [*(fewer or [store.count // 8, store.count // 4, store.count // 2]), store.count]
    quality = apart(_quality, settings)[0]
    found: dict[str, Any] = {"what": NOTE, "encoder_titles_per_second": apart(_encoder_rate, store)[0]}
    found["minhash_on_gold"] = quality
    for name, work in {"headline-dedupe": _ours, "minhash": _minhash}.items():
        found[name] = {"sizes": {}}
        for size in sizes:
            found[name]["sizes"][str(size)] = _apart(work, store, size)
            yield found
        found[name] |= _exponents(found[name]["sizes"])
        yield found


def _apart(work: Callable[[Store, int], dict[str, Any]], store: Store, size: int) -> dict[str, Any]:
    found, memory = apart(work, store, size)
    return found | {"memory_gb": memory}


def _ours(store: Store, size: int) -> dict[str, Any]:
    return grouped(store.titles(size), store.matrix(size), "wording")


def _minhash(store: Store, size: int) -> dict[str, Any]:
    titles = store.titles(size)
    minhash.pairs(titles[:256])
    began = perf_counter()
    i, _ = minhash.pairs(titles)
    return {"seconds": round(perf_counter() - began, 3), "pairs": len(i)}


def _encoder_rate(store: Store) -> float:
    titles, encoder = store.titles(ENCODED), dedupe.load_encoder()
    texts = sorted(map(dedupe.normalize, titles), key=len)  # as `embed` orders them
    encoder.encode(texts[:256])
    began = perf_counter()
    for start in range(0, len(texts), 256):
        encoder.encode(texts[start : start + 256])
    return round(len(texts) / (perf_counter() - began), 1)


def _exponents(sizes: dict[str, dict[str, Any]]) -> dict[str, Any]:
    count = np.log([int(size) for size in sizes])
    seconds = np.log([max(result["seconds"], 0.01) for result in sizes.values()])
    steps = [(later - one) / (m - n) for (one, later), (n, m) in zip(pairwise(seconds), pairwise(count), strict=True)]
    return {
        "exponent": round(float(np.polyfit(count, seconds, 1)[0]), 3),
        "steps": [round(float(step), 3) for step in steps],
    }


def _quality(settings: Settings) -> dict[str, dict[str, float]]:
    """Connected components of MinHash's pairs on the gold files, scored as everything in quality.json is."""
    from quality import find_files, parts_of
    from scoring import grouped as scores

    files = find_files(settings.data, {"gold"}).get("gold", [])
    parts = [part for rows in files for part in parts_of(rows)]
    found = [minhash.labels([headline.title for headline in part.headlines]) for part in parts]
    return {level: scores([part.truths[level] for part in parts], found) for level in ("story", "wording") if parts}
