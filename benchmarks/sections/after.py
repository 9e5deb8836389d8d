"""Everything after encoding: ours, scoring and linkage included, beside peers that group by cosine alone, in turn."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from time import perf_counter
from typing import Any

from joins import JOINS, OURS
from memory import apart
from runs import timed_run
from stored import Settings, Store, prepared

LARGEST = 60_000  # rows
THRESHOLDS = {  # of the best B-cubed on the gold set, see quality.json
    "wording": {"community_detection": 0.78, "semhash": 0.83},
    "story": {"community_detection": 0.62, "semhash": 0.55},
}
NOTE = (
    "seconds: median, each run in a separate process after a warm-up. headline-dedupe: deduplicate(embeddings=) up to "
    "the labels, from titles to groups at the level; peers: from vectors to groups, at the thresholds given"
)


def run(settings: Settings) -> Iterator[dict[str, Any]]:
    """Yield the figures of each size."""
    store, sizes = prepared(settings, "scale"), {}
    for size in store.up_to(tuple(min(size, LARGEST) for size in settings.sizes)):
        rounds = [_round(store, size) for _ in range(settings.repeats)]
        sizes[str(size)] = {level: _level([results[level] for results in rounds]) for level in THRESHOLDS}
        yield {"what": NOTE, "repeats": settings.repeats, "thresholds": THRESHOLDS, "sizes": sizes}


def _round(store: Store, size: int) -> dict[str, dict[str, Any]]:
    results: dict[str, dict[str, Any]] = {}
    for level, peers in THRESHOLDS.items():
        results[level] = {OURS: _apart(_ours, store, size, level)}
        for name, threshold in peers.items():
            results[level][name] = _apart(_peer, store, size, name, threshold)
    return results


def _apart(*arguments: Any) -> dict[str, Any]:
    result, memory = apart(*arguments)
    return result | {"memory_gb": memory}


def _ours(store: Store, size: int, level: str) -> dict[str, Any]:
    return timed_run(store.titles(size), store.matrix(size), level)


def _peer(store: Store, size: int, name: str, threshold: float) -> dict[str, Any]:
    vectors, peer = store.matrix(size), JOINS[name].run
    peer(vectors[:256], threshold, 0)
    began = perf_counter()
    peer(vectors, threshold, 0)
    return {"seconds": round(perf_counter() - began, 3)}


def _level(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """The last round of each system, with the median of the seconds and ours / peer."""
    seconds = {name: [results[name]["seconds"] for results in rounds] for name in rounds[0]}
    middle = {name: round(median(values), 3) for name, values in seconds.items()}
    return {
        name: rounds[-1][name]
        | {"seconds": value, "all_seconds": seconds[name], "ours_takes": round(middle[OURS] / value, 3)}
        for name, value in middle.items()
    }
