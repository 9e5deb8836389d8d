"""Encoding alone: our two models beside sentence-transformers on the base of ours, in turn, in one process."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from time import perf_counter
from typing import Any

from memory import apart
from stored import Settings, Store, prepared

import dedupe
from dedupe.embedding import embed
from dedupe.text import normalize
from dedupe.training.network import default_base

TITLES = 4_096
PEER = "sentence-transformers, base model"  # the network that ours was fine-tuned from: as many layers, as wide
NOTE = f"titles per second, median, of {TITLES} titles in an order that needs no padding, each model loaded and warm, in turn"


def run(settings: Settings) -> Iterator[dict[str, Any]]:
    """Yield the rate of each encoder, and its time relative to ours."""
    store = prepared(settings, "scale")
    yield {"what": NOTE, "repeats": settings.repeats, "encoders": apart(_rates, store, settings.repeats)[0]}


def _rates(store: Store, repeats: int) -> dict[str, Any]:
    encoders = {
        "headline-dedupe": dedupe.load_encoder(),
        PEER: dedupe.load_encoder(default_base()),
    }
    texts = sorted(map(normalize, store.titles(TITLES)), key=len)
    seconds: dict[str, list[float]] = {name: [] for name in encoders}
    for name in [name for _ in range(repeats + 1) for name in encoders]:  # the first round warms up
        began = perf_counter()
        embed(encoders[name], texts)
        seconds[name].append(perf_counter() - began)
    middle = {name: median(values[1:]) for name, values in seconds.items()}
    ours = middle["headline-dedupe"]
    return {
        name: {"titles_per_second": round(len(texts) / value, 1), "takes_of_ours": round(value / ours, 3)}
        for name, value in middle.items()
    }
