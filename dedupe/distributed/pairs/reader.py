"""The reader over the pairs of all blocks: the very pairs that `Scorer.read` reads, and what becomes of all.

Where not all are read, those of the greatest doubt are, and of equal doubt the first by (i, j). The least doubt that is read is
found without collecting pairs: doubt is float32, whose bits rise with it, so pairs are counted by their upper bits, then those
of one count by their lower bits. Steps and their files:

- `doubt`/k, array `counts`, (2, m): the upper bits of pairs that may be read, and how many have them.
- `doubt_bits`/0, JSON: how many are read, and the upper bits of the least doubt that is read; -1 where all or none are read.
- `doubt_below`/k, array `counts`: the same for the lower bits of those with these upper bits.
- `doubt_least`/0, JSON: the bits of the least doubt, and how many of those that have just this are read.
- `doubt_ties`/k, arrays `i`, `j`: the pairs that have just this; only where some of them are read, and others not.
- `doubt_last`/0, JSON: the last of those that are read.
- `read_pairs`/k: the rows of `pairs`/k after reading, without those that became improbable, and with read_wording, read_story.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from dedupe.distributed.engine import Engine
from dedupe.distributed.job import Job
from dedupe.distributed.nodes.local_nodes import nodes_at_home, scorer_without_nodes
from dedupe.distributed.nodes.regions import count_nodes
from dedupe.distributed.pairs.located_pairs import LocatedPairs
from dedupe.runtime.arrays import Bools, Ints
from dedupe.scoring.reader import PairsRead, doubt, reading_budget
from dedupe.scoring.scorer import MIN_CONTEXT

Budget = Callable[[int, int, str], int]
"""How many of so many pairs of so many nodes are read; as `reading_budget`."""
_UPPER, _LOWER = 16, (1 << 16) - 1


def read_pairs(job: Job, engine: Engine, parts: Sequence[int], budget: Budget = reading_budget) -> PairsRead:
    """Read the pairs that one machine would read, and return how many were scored, read and left unread.

    `parts`: those of `pairs`, which `read_pairs` has afterwards, too.
    """
    engine.run(job, "doubt", count_doubt, parts)
    chosen = engine.run(job, "doubt_bits", partial(cut_upper, budget=budget), [0])[0]
    if chosen["upper"] >= 0:
        engine.run(job, "doubt_below", count_below, parts)
        least = engine.run(job, "doubt_least", cut_lower, [0])[0]
        if least["of"] > least["read"]:
            engine.run(job, "doubt_ties", ties, parts)
            engine.run(job, "doubt_last", last_tie, [0])
    counts = engine.run(job, "read_pairs", read, parts)
    scored, done = (sum(count[name] for count in counts.values()) for name in ("scored", "read"))
    left = chosen["near"] - done if job.settings.reader == "auto" else 0
    return PairsRead(scored, done, left)


def count_doubt(job: Job, part: int) -> int:
    """Count the pairs of a part that may be read by the upper bits of their doubt; return how many they are."""
    bits = _doubt_bits(job, LocatedPairs.read(job, "pairs", part))[1]
    return _write_counts(job, "doubt", part, bits >> _UPPER)


def cut_upper(job: Job, _: int, budget: Budget = reading_budget) -> dict[str, int]:
    """Return how many pairs may be read and are, the upper bits of the least doubt that is read, and how many lie above them."""
    near = sum(job.store.finished("doubt").values())
    wanted = min(near, budget(near, count_nodes(job), job.settings.reader))
    upper, _, above = _place(job, "doubt", wanted) if 0 < wanted < near else (-1, 0, 0)
    return {"near": near, "read": wanted, "upper": upper, "above": above}


def count_below(job: Job, part: int) -> int:
    """Count the pairs of a part with the upper bits of the cut by their lower bits; return how many they are."""
    bits = _doubt_bits(job, LocatedPairs.read(job, "pairs", part))[1]
    bits = bits[bits >> _UPPER == job.store.result("doubt_bits")["upper"]]
    return _write_counts(job, "doubt_below", part, bits & _LOWER)


def cut_lower(job: Job, _: int) -> dict[str, int]:
    """Return the bits of the least doubt that is read, how many pairs have just this, and how many of them are read."""
    cut = job.store.result("doubt_bits")
    wanted = cut["read"] - cut["above"]
    lower, level, above = _place(job, "doubt_below", wanted)
    return {"bits": (cut["upper"] << _UPPER) | lower, "of": level, "read": wanted - above}


def ties(job: Job, part: int) -> int:
    """Write the pairs of a part that have the least doubt; return how many there are."""
    found = LocatedPairs.read(job, "pairs", part)
    near, bits = _doubt_bits(job, found)
    equal = near[bits == job.store.result("doubt_least")["bits"]]
    job.store.write_array("doubt_ties", part, "i", found.pairs.i[equal])
    job.store.write_array("doubt_ties", part, "j", found.pairs.j[equal])
    return len(equal)


def last_tie(job: Job, _: int) -> tuple[int, int]:
    """Return the last pair, by (i, j), of those with the least doubt that are read."""
    parts = [part for part, pairs in job.store.finished("doubt_ties").items() if pairs]
    i, j = (np.concatenate([job.store.read_array("doubt_ties", part, name) for part in parts]) for name in "ij")
    last = np.lexsort((j, i))[job.store.result("doubt_least")["read"] - 1]
    return int(i[last]), int(j[last])


def read(job: Job, part: int) -> dict[str, int]:
    """Read the chosen pairs of a part, and write those of its pairs that are still probable enough."""
    found = LocatedPairs.read(job, "pairs", part)
    places = places_to_read(job, found)
    if len(places):
        some = found.take(places)
        known, homes = some.pairs, np.concatenate([some.gi, some.gj]).tolist()
        nodes = nodes_at_home(job, np.unique([known.i, known.j]), homes, vectors=False)
        heard = nodes.scorer.as_read(replace(known, i=nodes.places(known.i), j=nodes.places(known.j)))
        found = found.with_pairs(found.pairs.updated(places, replace(heard, i=known.i, j=known.j)))
    level = job.settings.level
    kept = found.take((found.pairs.p_pair(level) >= MIN_CONTEXT[level]) | found.forced)
    kept.write(job, "read_pairs", part, read=True)
    return {"scored": len(found), "read": len(places), "kept": len(kept)}


def places_to_read(job: Job, found: LocatedPairs) -> Ints:
    """Return the places of the pairs of a part to read, ascending."""
    near, bits = _doubt_bits(job, found)
    cut = job.store.result("doubt_bits")
    if cut["upper"] < 0:
        return near if cut["read"] else near[:0]
    least = job.store.result("doubt_least")
    chosen: Bools = bits > least["bits"]
    if least["read"] == least["of"]:
        chosen |= bits == least["bits"]
    else:
        i, j = found.pairs.i[near], found.pairs.j[near]
        last_i, last_j = job.store.result("doubt_last")
        chosen |= (bits == least["bits"]) & ((i < last_i) | ((i == last_i) & (j <= last_j)))
    return near[chosen]


def _doubt_bits(job: Job, found: LocatedPairs) -> tuple[Ints, NDArray[np.int64]]:
    """Return the places of the pairs that may be read, ascending, and the bits of their doubt."""
    near = scorer_without_nodes(job).readable(found.pairs)
    return near, doubt(found.pairs.take(near)).view(np.uint32).astype(np.int64)


def _write_counts(job: Job, step: str, part: int, bits: NDArray[np.int64]) -> int:
    job.store.write_array(step, part, "counts", np.stack(np.unique(bits, return_counts=True)).astype(np.int64))
    return len(bits)


def _place(job: Job, step: str, wanted: int) -> tuple[int, int, int]:
    """Return where the `wanted` largest of what a step counted end: the bits there, how many have them, and how many more."""
    parts = [job.store.read_array(step, part, "counts") for part, pairs in job.store.finished(step).items() if pairs]
    bits, counts = np.concatenate(parts, axis=1)
    keys, place = np.unique(-bits, return_inverse=True)
    level = np.bincount(place, counts).astype(np.int64)
    k = int(np.searchsorted(level.cumsum(), wanted))
    return -int(keys[k]), int(level[k]), int(level[:k].sum())
