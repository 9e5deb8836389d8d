"""Half real titles, half near-copies that differ in a detail that matters, or in words that do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from string import ascii_lowercase
from typing import Any

import numpy as np
from enlarged import near
from memory import apart
from runs import timed_run
from stopwatch import SEED
from stored import Settings, Store, encoded, prepared

ROWS, COSINE = 100_000, 0.97
NOTE = (
    "half real titles, half one invented title with other numbers (details) or with other filler words of two and three "
    f"letters (words). Vectors of the latter: that of the invented title plus noise, at cosine {COSINE} to it. Level "
    "story, no dates; seconds from titles to labels, without encoding"
)


def details(chance: Random) -> str:
    """Return a title with other numbers each time."""
    numbers = " ".join(f"{number:02}" for number in sorted(chance.sample(range(1, 70), 5)))
    return f"Powerball results: winning numbers for Saturday's drawing are {numbers}"


def words(chance: Random) -> str:
    """Return a title that says the same each time, with two meaningless words."""
    first, second = ("".join(chance.choices(ascii_lowercase, k=chance.choice((2, 3)))) for _ in range(2))
    return f"City council approves {first} new budget for public schools after long debate {second}"


KINDS: dict[str, Callable[[Random], str]] = {"details": details, "words": words}


def run(settings: Settings) -> Iterator[dict[str, Any]]:
    """Yield the figures of each kind."""
    store = prepared(settings, "scale")
    results: dict[str, Any] = {"what": NOTE}
    for kind in KINDS:
        result, memory = apart(_once, store, kind, min(ROWS // 2, store.count))
        results[kind] = result | {"memory_gb": memory}
        yield results


def _once(store: Store, kind: str, half: int) -> dict[str, Any]:
    alike = _alike(KINDS[kind], half)
    first = encoded(alike[:1], store.vectors.parent)
    crowd = near(np.repeat(first, half, axis=0), np.full(half, COSINE, np.float32), np.random.default_rng(SEED))
    vectors = np.concatenate([store.matrix(half), crowd])
    return timed_run(store.titles(half) + alike, vectors, "story", warnings=True)


def _alike(kind: Callable[[Random], str], count: int) -> list[str]:
    """`count` different titles of a kind."""
    chance, titles = Random(SEED), dict[str, None]()
    while len(titles) < count:
        titles[kind(chance)] = None
    return list(titles)
