"""A million titles: without dates at level wording, and with dates and a window at level story."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from enlarged import HOURS, SAMPLE, enlarged
from memory import apart
from records import read_rows
from runs import timed_run
from stored import Settings, Store, prepared

import dedupe

ROWS, OF = 1_000_000, 228_852  # titles, made from so many
RUNS = {"wording": None, "story": 72.0}  # level, and window in hours; titles have dates only with a window
NOTE = (
    f"real titles and edited copies of them, dated within {HOURS} hours. The vectors of copies are simulated: "
    "that of the original plus Gaussian noise, normalized, at cosines drawn from those that up to "
    f"{SAMPLE} real copies of each kind have with the bundled model. Vectors are memory-mapped; seconds from titles "
    "to labels, without encoding"
)


def run(settings: Settings) -> Iterator[dict[str, Any]]:
    """Yield the figures of each level."""
    small = prepared(settings, "scale")
    (store, made), memory = apart(enlarged, small, ROWS if settings.limit is None else small.count * ROWS // OF)
    results: dict[str, Any] = {"what": NOTE, "made": made | {"memory_gb": memory}}
    for level, window in RUNS.items():
        result, memory = apart(_once, store, level, window)
        results[level] = {"window": window} | result | {"memory_gb": memory}
        yield results


def _once(store: Store, level: str, window: float | None) -> dict[str, Any]:
    rows = read_rows(store.rows)
    headlines = [dedupe.Headline(row["title"], published=row["date"] if window else None) for row in rows]
    return timed_run(headlines, np.load(store.vectors, mmap_mode="r"), level, window)
