"""The vectors of nodes, range by range, the same as one machine makes.

Step `vectors`/r: array `vectors`, float32, or int16 as `Int16Rows` stores where one machine would; of no width where all texts
of a range are empty. `width`/0, JSON: that of the vectors of all other ranges. `scale`/0, JSON: slope and offset of the scale,
where the judge was not fitted on the encoder.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedupe.distributed.engine import Engine
from dedupe.distributed.job import Job
from dedupe.embedding import Vectors, embed
from dedupe.embedding.cache import VectorCache
from dedupe.embedding.vectors import Int16Rows, quantized, too_large
from dedupe.errors import ModelError
from dedupe.runtime.arrays import Float32s, Ints
from dedupe.scoring.similarity_scale import CHUNK_ROWS, IDENTITY, Scale, chunk_sums, scale_from


def make_vectors(job: Job, engine: Engine) -> None:
    """Encode the nodes of all ranges, and find what similarities of the encoder mean."""
    engine.run(job, "vectors", encode, range(job.ranges), job.range_rows)
    engine.run(job, "width", find_width, [0])
    if not job.judge.calibrated:
        engine.run(job, "scale_sums", sum_chunks, range(job.ranges))
        engine.run(job, "scale", find_scale, [0])


def encode(job: Job, r: int) -> dict[str, int]:
    """Encode the texts of a range; the result is how many there are, and the width of their vectors, 0 if all are empty."""
    texts = job.store.read("nodes", r, columns=["text"])["text"].to_pylist()
    cache = VectorCache(job.cache) if job.cache else None
    vectors = embed(job.loaded_encoder, texts, cache=cache)
    job.store.write_array("vectors", r, "vectors", as_stored(job, vectors[:]))
    return {"nodes": len(texts), "width": vectors.shape[1]}


def as_stored(job: Job, rows: Float32s) -> NDArray[Any]:
    """Return some rows of the vectors of all nodes as one machine holds them: float32 or, where all are too large, int16."""
    return quantized(rows) if too_large(job.nodes, rows.shape[1]) else rows


def as_vectors(stored: NDArray[Any]) -> Vectors:
    """Return rows that `as_stored` made, to be read as float32."""
    return Int16Rows.of(stored) if stored.dtype == np.int16 else stored


def find_width(job: Job, part: int) -> int:
    """Return how many numbers a vector has; `ModelError` where they have not all as many."""
    widths = sorted({result["width"] for result in job.store.finished("vectors").values()} - {0})
    if len(widths) > 1:
        raise ModelError(
            f"the encoder returned rows of {widths[0]} and of {widths[1]} numbers: all must have one width"
        )
    return widths[0] if widths else 0


def vectors_of(job: Job, r: int) -> Vectors:
    """Return the vectors of the nodes of a range."""
    stored = job.store.read_array("vectors", r, "vectors")
    if not stored.shape[1]:
        stored = as_stored(job, np.zeros((len(stored), job.store.result("width")), np.float32))
    return as_vectors(stored)


def sum_chunks(job: Job, r: int) -> int:
    """Sum the vectors of each chunk that begins in a range; the result is how many there are."""
    sums = [chunk_sums(rows) for rows in chunks_of(job, r, CHUNK_ROWS)]
    job.store.write_array("scale_sums", r, "sums", np.array(sums))
    return len(sums)


def find_scale(job: Job, part: int) -> list[float]:
    """Return slope and offset of the scale."""
    ranges = range(job.ranges)
    found = scale_from(job.nodes, (sums for r in ranges for sums in job.store.read_array("scale_sums", r, "sums")))
    return [found.slope, found.offset]


def scale(job: Job) -> Scale:
    """Return what brings similarities of the encoder to the scale of the judge."""
    return IDENTITY if job.judge.calibrated else Scale(*job.store.result("scale"))


def wording_vectors(job: Job, vectors: Vectors) -> Vectors:
    """Return the vectors of the wording level for some rows of those of all nodes, as one machine holds them."""
    if job.judge.head is None:
        return vectors
    return as_vectors(as_stored(job, job.judge.wording_vectors(vectors)[:]))


def level_vectors(job: Job, vectors: Vectors) -> Vectors:
    """Return the vectors in which candidates are found, see `Scorer.level_vectors`."""
    return vectors if job.settings.level == "story" else wording_vectors(job, vectors)


def floor_of(job: Job) -> float:
    """Return the cosine similarity from which a pair is a candidate, see `Scorer.floor`."""
    return float(scale(job).inverse(job.judge.candidate_floor[job.settings.level]))


def chunks_of(job: Job, r: int, size: int) -> Iterator[Float32s]:
    """Yield the vectors of each chunk of so many nodes that begins in a range, where all nodes are cut into such chunks."""
    for start in range(-(-job.offsets[r] // size) * size, job.offsets[r + 1], size):
        yield vectors_between(job, start, min(start + size, job.nodes))


def vectors_between(job: Job, start: int, end: int) -> Float32s:
    """Return the vectors of the nodes from number `start` up to `end`, which may lie in several ranges."""
    first, last = range_of(job, np.array([start, end - 1])).tolist()
    parts = [(vectors_of(job, r), job.offsets[r]) for r in range(first, last + 1)]
    return np.concatenate([rows[max(start - offset, 0) : end - offset] for rows, offset in parts])


def range_of(job: Job, numbers: Ints) -> Ints:
    """Return the range of nodes by their number before crowds were collapsed, (numbers,)."""
    return np.searchsorted(np.array(job.offsets), numbers, side="right") - 1
