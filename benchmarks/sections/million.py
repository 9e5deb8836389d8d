"""A million titles: without dates up to the wording, and with dates and a window up to the story."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from enlarged import HOURS, SAMPLE, enlarged
from memory import apart
from records import read_rows
from runs import grouped
from stored import Settings, Store, prepared

import dedupe

ROWS, OF = 1_000_000, 228_852  # titles, made of so many
RUNS = {"wording": None, "story": 72.0}  # level, and window in hours; dates are given where there is one
NOTE = (
    f"real titles and edited copies of them, dated within {HOURS} hours. The vectors of copies are simulated: the "
    "original's plus Gaussian noise, renormalised, at cosines drawn from those that up to "
    f"{SAMPLE} real copies of each kind have with the bundled model. Vectors are mapped into memory; seconds from titles "
    "to labels, without encoding"
)


def run(settings: Settings) -> Iterator[dict[str, Any]]:
    """Yield the figures of each level."""
    small = prepared(settings, "scale")
    (store, made), memory = apart(enlarged, small, ROWS if settings.limit is None else small.count * ROWS // OF)
    found: dict[str, Any] = {"what": NOTE, "made": made | {"memory_gb": memory}}
    for level, window in RUNS.items():
        result, memory = apart(_once, store, level, window)
        found[level] = {"window": window} | result | {"memory_gb": memory}
        yield found


def _once(store: Store, level: str, window: float | None) -> dict[str, Any]:
    rows = read_rows(store.rows)
    headlines = [dedupe.Headline(row["title"], published=row["date"] if window else None) for row in rows]
    return grouped(headlines, np.load(store.vectors, mmap_mode="r"), level, window)
