"""What the timing benchmarks share: a stopwatch on the encoder and on stages, rows spread evenly, warming up."""

from __future__ import annotations

from collections import defaultdict
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dedupe
from dedupe.embedding.onnx_encoder import TrainedEncoder

SEED = 0
BEFORE = "normalizing, exact groups, ordering texts, cached vectors"
BEFORE_JUDGING = "everything before judging"  # where nothing is encoded, no stage is announced until then
AFTER = {
    "after encoding": "describing titles, crowds, planning the search",
    "after judging": "judging in company",
    "after grouping wording": "cautions",
    "after grouping story": "cautions",
}


class Timed:
    """One of our encoders with a stopwatch on `encode`; calibration and cached vectors are as without it."""

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
    """A `Progress` that notes how long each stage took.

    The time up to a stage's first call (done = 0) belongs to what came before it; encoding only calls when a part is
    done, so its first part includes the preparation before it.
    """

    def __init__(self) -> None:
        self._last, self._current = perf_counter(), "preparing"
        self.seconds: dict[str, float] = defaultdict(float)

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Note the time since the call before."""
        if done == 0:
            self._note(self._current)
            self._current = stage
            return
        self._note(stage)
        self._current = f"after {stage}"

    def finish(self) -> None:
        """Note what came after the last call."""
        self._note(self._current)

    def _note(self, stage: str) -> None:
        now = perf_counter()
        self.seconds[stage] += now - self._last
        self._last = now


def by_stage(stages: Stages, encoder_seconds: float) -> dict[str, float]:
    """Return seconds a stage, without the encoder's; what comes before encoding and around it is one figure."""
    seconds = dict(stages.seconds)
    first = BEFORE if "encoding" in seconds else BEFORE_JUDGING
    before = seconds.pop("preparing", 0.0) + seconds.pop("encoding", 0.0) - encoder_seconds
    named: dict[str, float] = defaultdict(float)
    named[first] = before
    for stage, value in seconds.items():
        named[AFTER.get(stage, "other") if stage.startswith("after ") else stage] += value
    return {stage: round(value, 2) for stage, value in named.items()}


def evenly(total: int, count: int) -> NDArray[np.int64]:
    """Return `count` places in `total`, one at the same seeded place in each of `count` equal stretches."""
    count = min(count, total)
    offset = np.random.default_rng(SEED).random()
    return ((np.arange(count) + offset) * total / count).astype(np.int64)


def evenly_spaced(rows: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """Return the rows at such places."""
    return [rows[k] for k in evenly(len(rows), count).tolist()]


def warm_up() -> None:
    """Load the model, the judge and every lazily imported module, so that the time is that of the work."""
    dedupe.deduplicate(["Ferry sinks off Oslo, 3 dead", "Three dead as ferry sinks off Oslo"]).rows()
