"""What benchmarks of speed share: a stopwatch on the encoder and on stages, evenly spaced rows, a warm-up."""

from __future__ import annotations

from collections import defaultdict
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dedupe
from dedupe.embedding.onnx_encoder import TrainedEncoder

SEED = 0
BEFORE_ENCODING = "normalizing, collapsing copies, ordering texts, cached vectors"
BEFORE_SCORING = "everything before scoring"  # if nothing is encoded, scoring is the first stage that is reported
AFTER = {
    "after encoding": "title features, collapsing near-copies, planning the join",
    "after scoring": "context",
    "after grouping wording": "cautions",
    "after grouping story": "cautions",
}


class Timed:
    """One of our encoders with a stopwatch on `encode`. It has the same judge and the same cached vectors."""

    def __init__(self, inner: TrainedEncoder) -> None:
        self._inner = inner
        self.folder, self.identity = inner.folder, inner.identity
        self.seconds, self.texts = 0.0, 0

    def encode(self, texts: list[str]) -> Any:
        """Encode, timed."""
        began = perf_counter()
        encoded = self._inner.encode(texts)
        self.seconds += perf_counter() - began
        self.texts += len(texts)
        return encoded


class Stages:
    """A `Progress` that measures how long each stage took.

    The time up to the first call of a stage (done = 0) belongs to the stage before it. Encoding calls only when a part is
    done, so its first part includes the preparation.
    """

    def __init__(self) -> None:
        self._last, self._current = perf_counter(), "preparing"
        self.seconds: dict[str, float] = defaultdict(float)

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Add the time since the last call to its stage."""
        if done == 0:
            self._add(self._current)
            self._current = stage
            return
        self._add(stage)
        self._current = f"after {stage}"

    def finish(self) -> None:
        """Add the time after the last call."""
        self._add(self._current)

    def _add(self, stage: str) -> None:
        now = perf_counter()
        self.seconds[stage] += now - self._last
        self._last = now


def by_stage(stages: Stages, encoder_seconds: float) -> dict[str, float]:
    """Return the seconds of each stage without those of the encoder; the work before and around encoding is one stage."""
    seconds = dict(stages.seconds)
    first = BEFORE_ENCODING if "encoding" in seconds else BEFORE_SCORING
    before = seconds.pop("preparing", 0.0) + seconds.pop("encoding", 0.0) - encoder_seconds
    named: dict[str, float] = defaultdict(float)
    named[first] = before
    for stage, value in seconds.items():
        named[AFTER.get(stage, "other") if stage.startswith("after ") else stage] += value
    return {stage: round(value, 2) for stage, value in named.items()}


def evenly(total: int, count: int) -> NDArray[np.int64]:
    """Return `count` places out of `total`: the same seeded place in each of `count` equal stretches."""
    count = min(count, total)
    offset = np.random.default_rng(SEED).random()
    return ((np.arange(count) + offset) * total / count).astype(np.int64)


def evenly_spaced(rows: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """Return `count` rows at the places that `evenly` gives."""
    return [rows[k] for k in evenly(len(rows), count).tolist()]


def warm_up() -> None:
    """Load the models and every lazily imported module, so that only the work is timed."""
    dedupe.deduplicate(["Ferry sinks off Oslo, 3 dead", "Three dead as ferry sinks off Oslo"]).rows()
