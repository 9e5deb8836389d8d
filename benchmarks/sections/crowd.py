"""Half real titles, half nearly identical ones: of details that tell them apart, and of words that do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from string import ascii_lowercase
from typing import Any

import numpy as np
from enlarged import near
from memory import apart
from runs import grouped
from stored import Settings, Store, encoded, prepared
from timing import SEED

ROWS, COSINE = 100_000, 0.97
NOTE = (
    "half real titles, half one invented title with other numbers (details) or with other filler words of two and three "
    f"letters (words). Vectors of the latter: that of the invented title plus noise, at cosine {COSINE} to it. Level "
    "story, no dates; seconds from titles to labels, without encoding"
)


def details(chance: Random) -> str:
    """Return a title that names other numbers each time."""
    numbers = " ".join(f"{number:02}" for number in sorted(chance.sample(range(1, 70), 5)))
    return f"Powerball results: winning numbers for Saturday's drawing are {numbers}"


def words(chance: Random) -> str:
    """Return a title that says the same each time, with two words that mean nothing."""
    one, other = ("".join(chance.choices(ascii_lowercase, k=chance.choice((2, 3)))) for _ in range(2))
    return f"City council approves {one} new budget for public schools after long debate {other}"


KINDS: dict[str, Callable[[Random], str]] = {"details": details, "words": words}


def run(settings: Settings) -> Iterator[dict[str, Any]]:
    """Yield the figures of each kind."""
    store = prepared(settings, "scale")
    found: dict[str, Any] = {"what": NOTE}
    for kind in KINDS:
        result, memory = apart(_once, store, kind, min(ROWS // 2, store.count))
        found[kind] = result | {"memory_gb": memory}
        yield found


def _once(store: Store, kind: str, half: int) -> dict[str, Any]:
    alike = _alike(KINDS[kind], half)
    one = encoded(alike[:1], store.vectors.parent)
    crowd = near(np.repeat(one, half, axis=0), np.full(half, COSINE, np.float32), np.random.default_rng(SEED))
    vectors = np.concatenate([store.matrix(half), crowd])
    return grouped(store.titles(half) + alike, vectors, "story", warnings=True)


def _alike(kind: Callable[[Random], str], count: int) -> list[str]:
    """So many different titles of a kind."""
    chance, found = Random(SEED), dict[str, None]()
    while len(found) < count:
        found[kind(chance)] = None
    return list(found)
