"""Stopwatches for an index: an encoder that takes vectors from a cache, and what the reader takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import dedupe
from dedupe.embedding import embed
from dedupe.embedding.onnx_encoder import TrainedEncoder
from dedupe.runtime.arrays import Float32s
from dedupe.scoring.reader import Reader


class Remembering:
    """The bundled encoder, which looks up what it encoded in earlier runs of the benchmark; `seconds`: what it takes."""

    def __init__(self, cache: Path) -> None:
        inner = dedupe.load_encoder()
        assert isinstance(inner, TrainedEncoder)
        self._inner, self._cache = inner, dedupe.VectorCache(cache)
        self.folder, self.identity = inner.folder, inner.identity
        self.seconds, self.texts = 0.0, 0

    def encode(self, texts: list[str]) -> Float32s:
        """Return what the bundled encoder does."""
        began = perf_counter()
        rows = embed(self._inner, texts, cache=self._cache)[:]
        self.seconds += perf_counter() - began
        self.texts += len(texts)
        return rows


class Reading:
    """What the reader takes while this is entered."""

    seconds, pairs = 0.0, 0

    def __enter__(self) -> Reading:
        """Put a stopwatch on every reader."""
        self._read = Reader._read

        def read(reader: Reader, pairs: list[tuple[str, str]]) -> Float32s:
            began = perf_counter()
            rows = self._read(reader, pairs)
            self.seconds += perf_counter() - began
            self.pairs += len(pairs)
            return rows

        setattr(Reader, "_read", read)  # noqa: B010 - it is a method
        return self

    def __exit__(self, *exception: object) -> None:
        """Take it off again."""
        setattr(Reader, "_read", self._read)  # noqa: B010 - it is a method


@contextmanager
def clocked(encoder: Remembering, into: dict[str, Any]) -> Iterator[None]:
    """Measure a block: seconds beside encoding and reading, processor seconds of all threads, and both of these."""
    encoded, began, used = encoder.seconds, perf_counter(), process_time()
    with Reading() as reading:
        yield
    encoding = encoder.seconds - encoded
    into |= {
        "seconds": round(perf_counter() - began - encoding - reading.seconds, 3),
        "processor_seconds_of_all": round(process_time() - used, 3),
        "seconds_encoding": round(encoding, 3),
        "seconds_reading": round(reading.seconds, 3),
        "pairs_read": reading.pairs,
    }


def measured(encoder: Remembering, work: Callable[[], Any]) -> dict[str, Any]:
    """Return what `clocked` measures of some work."""
    result: dict[str, Any] = {}
    with clocked(encoder, result):
        work()
    return result
