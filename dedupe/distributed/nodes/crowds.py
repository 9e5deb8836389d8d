"""Crowds, as `collapse_crowds` finds them, though no machine has all nodes.

Leaders come from a sample of all nodes. Those that could be members of any are gathered in one task, which does what one machine
does; normally there is none. Steps: `near_sample`/r and `near_gathered`/0, the sample; `near_counts`/r, how many near titles
each of it has; `near_members`/r and `near_crowds`/0; then `dense_sample`/r, `dense_gathered`/0, `dense_leaders`/0,
`dense_members`/r and `dense_crowds`/0.

`crowds`/0 has these arrays. By numbers before: `absorbed`, ascending, nodes that became one node with `leader`; `leaders`,
ascending, with `first`, `last` and `weight` of their node. By final numbers: `sparse_members` and `sparse_ends`, the groups to
compare sparsely, each ascending, and where each ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from dedupe.candidates.products import ROUNDING_ERROR, how_many, spread
from dedupe.clustering.collapse import span
from dedupe.clustering.crowds import CHUNK_ROWS, REFERENCE, SAMPLE, Crowds, CrowdSettings, leaders_of, within
from dedupe.distributed.engine import Engine
from dedupe.distributed.job import Job
from dedupe.distributed.nodes.corrected import constraints_of_run
from dedupe.distributed.nodes.encoding import chunks_of, floor_of, level_vectors, range_of, vectors_of
from dedupe.distributed.nodes.tables import array_of, band_of, node_table, numbers_in, scorer_of, titles_in, vectors_in
from dedupe.runtime.arrays import Floats, Ints

if TYPE_CHECKING:
    import pyarrow as pa

_SPARSE = ("sparse_members", "sparse_ends")
_ARRAYS = ("absorbed", "leader", "leaders", "first", "last", "weight", *_SPARSE)


@dataclass(frozen=True)
class CrowdsFound:
    """What `crowds`/0 holds."""

    absorbed: Ints
    leader: Ints
    leaders: Ints
    first: Floats
    last: Floats
    weight: Ints
    sparse_members: Ints
    sparse_ends: Ints

    @property
    def sparse(self) -> list[Ints]:
        """The groups of nodes to compare sparsely, by final number, each ascending."""
        return np.split(self.sparse_members, self.sparse_ends[:-1]) if len(self.sparse_ends) else []

    def final(self, numbers: Ints) -> Ints:
        """Return the final number of nodes that were not absorbed, by the number that they had before."""
        return numbers - np.searchsorted(self.absorbed, numbers)

    def final_of_all(self, numbers: Ints) -> Ints:
        """Return the final number of nodes by the number that they had before; of absorbed ones, that of their leader."""
        place = np.searchsorted(self.absorbed, numbers)
        gone = np.append(self.absorbed, -1)[place] == numbers
        return self.final(np.where(gone, np.append(self.leader, -1)[place], numbers))


def crowds_of(job: Job) -> CrowdsFound:
    """Return the crowds that were found."""
    return CrowdsFound(*(job.store.read_array("crowds", 0, name) for name in _ARRAYS))


def kept_places(job: Job, r: int) -> Ints:
    """Return which nodes of a range no crowd absorbed, by their place in the range, ascending."""
    absorbed = crowds_of(job).absorbed
    gone = slice(*np.searchsorted(absorbed, [job.offsets[r], job.offsets[r + 1]]).tolist())
    return np.delete(np.arange(job.offsets[r + 1] - job.offsets[r]), absorbed[gone] - job.offsets[r])


def find_crowds(job: Job, engine: Engine, settings: CrowdSettings | None = None) -> dict[str, int]:
    """Find the crowds of a run.

    The result: how many nodes are left, `nodes`, how many were `absorbed`, and how many are to be compared sparsely, `sparse`.
    """
    settings, apart = settings or CrowdSettings(), job.settings.sources.never_same
    leaders = [] if apart or job.nodes <= settings.size else _near_leaders(job, engine, settings)
    if leaders:
        near = partial(take_members, kind="near", leaders=leaders, least=settings.near)
        engine.run(job, "near_members", near, range(job.ranges))
    taken = engine.run(job, "near_crowds", partial(gather_near, leaders=leaders, settings=settings), [0])[0]
    leaders = [] if apart or job.nodes - taken <= settings.size else _dense_leaders(job, engine, settings)
    if leaders:
        dense = partial(take_members, kind="dense", leaders=leaders, least=floor_of(job))
        engine.run(job, "dense_members", dense, range(job.ranges))
    engine.run(job, "dense_crowds", partial(gather_dense, leaders=leaders, settings=settings), [0])
    found: dict[str, int] = engine.run(job, "crowds", combine, [0])[0]
    return found


def _near_leaders(job: Job, engine: Engine, settings: CrowdSettings) -> list[int]:
    engine.run(job, "near_sample", take_sample, range(job.ranges))
    engine.run(job, "near_gathered", partial(gather_sample, kind="near"), [0])
    counted = engine.run(job, "near_counts", partial(count_near, near=settings.near), range(job.ranges))
    return leaders_of(spread(job.nodes, SAMPLE), np.sum(list(counted.values()), axis=0), settings.size)


def _dense_leaders(job: Job, engine: Engine, settings: CrowdSettings) -> list[int]:
    engine.run(job, "dense_sample", take_dense_sample, range(job.ranges))
    engine.run(job, "dense_gathered", partial(gather_sample, kind="dense"), [0])
    leaders: list[int] = engine.run(job, "dense_leaders", partial(find_dense_leaders, settings=settings), [0])[0]
    return leaders


def take_sample(job: Job, r: int) -> int:
    """Write the nodes of a range that are in the sample of all."""
    return _write_nodes(job, r, "near_sample", spread(job.nodes, SAMPLE))


def gather_sample(job: Job, part: int, kind: str) -> int:
    """Write the samples of all ranges as one, so that tasks need not open all of them; `kind`: "near" or "dense"."""
    table = _gathered(job, f"{kind}_sample")
    job.store.write(f"{kind}_gathered", 0, table)
    return len(table)


def count_near(job: Job, r: int, near: float) -> list[int]:
    """Count the near titles of each node of the sample, in the chunks that begin in a range."""
    sample = level_vectors(job, vectors_in(job, job.store.read("near_gathered", 0)))[:]
    counts = np.zeros(len(sample), np.int64)
    for chunk in chunks_of(job, r, CHUNK_ROWS):
        counts += how_many(sample, level_vectors(job, chunk)[:], near)
    return [int(count) for count in counts]


def take_members(job: Job, r: int, kind: str, leaders: Sequence[int], least: float) -> int:
    """Write the free nodes of a range that could be in the crowd of any leader.

    `kind`: "near" or "dense"; `least`: similarity of a member to its leader.
    """
    table = job.store.read(f"{kind}_gathered", 0)
    table = table.take(np.searchsorted(numbers_in(table), np.sort(leaders)))
    chosen, starts = level_vectors(job, vectors_in(job, table))[:], array_of(table, "first").tolist()
    vectors, band = vectors_of(job, r), band_of(job, job.store.read("nodes", r, columns=["first", "last"]))
    numbers = np.arange(job.offsets[r], job.offsets[r + 1])
    found = np.isin(numbers, leaders)
    for start in range(0, len(numbers), CHUNK_ROWS):
        rows = slice(start, start + CHUNK_ROWS)
        product = level_vectors(job, vectors[rows])[:] @ chosen.T
        reached = product >= np.float32(least - 2 * ROUNDING_ERROR)  # what is too many is sorted out by `Crowds`
        if band is not None:
            part = band.take(np.arange(len(numbers))[rows])
            reached &= np.stack([within(part, hour) for hour in starts], axis=1)
        found[rows] |= reached.any(axis=1)
    if kind == "dense":
        found &= ~np.isin(numbers, _taken(job))
    return _write_nodes(job, r, f"{kind}_members", numbers[found])


def gather_near(job: Job, part: int, leaders: Sequence[int], settings: CrowdSettings) -> int:
    """Gather the near-copies of leaders; the result is how many nodes are in a crowd, or stay out of any for corrections."""
    table = _gathered(job, "near_members") if leaders else _no_nodes(job)
    numbers, exempt = numbers_in(table), constraints_of_run(job).rows
    crowds = _crowds(job, table, settings, exempt)
    for leader in np.searchsorted(numbers, leaders).tolist():
        crowds.gather(leader)
    absorbed = np.flatnonzero(crowds.leader_of != np.arange(len(numbers)))
    kept, of = np.unique(crowds.leader_of, return_inverse=True)
    leading = np.unique(crowds.leader_of[absorbed])
    spans = span(array_of(table, "first"), array_of(table, "last"), of)
    weight, node = np.bincount(of, array_of(table, "weight")).astype(np.int64), np.searchsorted(kept, leading)
    joined = numbers[absorbed], numbers[crowds.leader_of[absorbed]], numbers[leading]
    of_leaders, sparse = (
        (spans[0][node], spans[1][node], weight[node]),
        _flat([numbers[group] for group in crowds.sparse]),
    )
    taken = np.union1d(numbers[~crowds.free], exempt)
    arrays: tuple[Ints | Floats, ...] = (*joined, *of_leaders, *sparse, taken)
    for name, array in zip((*_ARRAYS, "taken"), arrays, strict=True):
        job.store.write_array("near_crowds", 0, name, array)
    return len(taken)


def take_dense_sample(job: Job, r: int) -> int:
    """Write the nodes of a range that are in one of the samples of those that are free."""
    return _write_nodes(job, r, "dense_sample", np.union1d(*_dense_samples(job)[:2]))


def find_dense_leaders(job: Job, part: int, settings: CrowdSettings) -> list[int]:
    """Return which nodes of the sample seem to lead a dense crowd, the one with the most partners first."""
    table, (sample, reference, stands_for) = job.store.read("dense_gathered", 0), _dense_samples(job)
    numbers, crowds = numbers_in(table), _crowds(job, table, settings)
    places = np.searchsorted(numbers, sample), np.searchsorted(numbers, reference)
    return [int(numbers[leader]) for leader in crowds.dense_among(*places, stands_for)]


def gather_dense(job: Job, part: int, leaders: Sequence[int], settings: CrowdSettings) -> int:
    """Gather the dense crowds of leaders; the result is how many there are."""
    table = _gathered(job, "dense_members") if leaders else _no_nodes(job)
    numbers, crowds = numbers_in(table), _crowds(job, table, settings)
    for leader in np.searchsorted(numbers, leaders).tolist():
        crowds.gather_dense(leader)
    for name, array in zip(_SPARSE, _flat([numbers[group] for group in crowds.sparse]), strict=True):
        job.store.write_array("dense_crowds", 0, name, array)
    return len(crowds.sparse)


def combine(job: Job, part: int) -> dict[str, int]:
    """Write all crowds."""
    near = {name: job.store.read_array("near_crowds", 0, name) for name in _ARRAYS}
    dense = [job.store.read_array("dense_crowds", 0, name) for name in _SPARSE]
    arrays = near | {
        "sparse_members": np.concatenate([near["sparse_members"], dense[0]]),
        "sparse_ends": np.concatenate([near["sparse_ends"], dense[1] + len(near["sparse_members"])]),
    }
    found = CrowdsFound(**arrays)
    arrays["sparse_members"] = found.final(found.sparse_members)
    for name, array in arrays.items():
        job.store.write_array("crowds", 0, name, array)
    absorbed, sparse = len(found.absorbed), len(found.sparse_members)
    return {"nodes": job.nodes - absorbed, "absorbed": absorbed, "sparse": sparse}


def _dense_samples(job: Job) -> tuple[Ints, Ints, float]:
    """Return the nodes that may lead a dense crowd, those by which their partners are estimated, and for how many each stands."""
    taken = _taken(job)
    count, free_before = job.nodes - len(taken), taken - np.arange(len(taken))
    sample, reference = (
        place + np.searchsorted(free_before, place, side="right")
        for place in (spread(count, SAMPLE), spread(count, REFERENCE))
    )
    return sample, reference, count / len(reference)


def _taken(job: Job) -> Ints:
    """Return the nodes that are in a crowd of near-copies, or stay out of any."""
    return np.asarray(job.store.read_array("near_crowds", 0, "taken"))


def _write_nodes(job: Job, r: int, step: str, numbers: Ints) -> int:
    """Write the nodes of a range with these numbers, ascending, which may be of other ranges too; return how many."""
    places = numbers[range_of(job, numbers) == r] - job.offsets[r]
    job.store.write(step, r, node_table(job, r, places))
    return len(places)


def _gathered(job: Job, step: str) -> pa.Table:
    return job.store.gather(step, range(job.ranges), 0)


def _no_nodes(job: Job) -> pa.Table:
    return node_table(job, 0, np.empty(0, np.int64))


def _crowds(job: Job, table: pa.Table, settings: CrowdSettings, exempt: Ints | None = None) -> Crowds:
    """Return the crowds of the nodes of a table. `exempt`: numbers of nodes that stay out of any, of this table or not."""
    scorer = scorer_of(job, titles_in(table), vectors_in(job, table))
    places = np.flatnonzero(np.isin(numbers_in(table), np.empty(0, np.int64) if exempt is None else exempt))
    return Crowds(scorer, band_of(job, table), places, settings)


def _flat(groups: Sequence[Ints]) -> tuple[Ints, Ints]:
    """Return the members of all groups, and where each group ends."""
    ends = np.cumsum([len(group) for group in groups], dtype=np.int64)
    return np.concatenate([np.empty(0, np.int64), *groups]), ends
