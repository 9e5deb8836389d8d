"""Connected components of pairs in files, though no machine has all pairs.

Each part of the pairs is reduced to its nodes and the smallest number that each can reach, which connects them as the pairs do;
these are joined sixteen at a time. Steps and their files, for components of some name: `reached_<name>`/k, and what is joined of
them, `reached_<name>_1`/m and so on, up to `forest_<name>`/0: arrays `numbers`, the nodes that have a pair, ascending, and
`labels`, the smallest number in the component of each.

The last task alone has something of every node of the run: where each node is in two of the parts that it joins, it needs about
135 bytes a node that has a pair, 13 GB for 100 million. What it writes has 16 bytes a node; tasks that look nodes up map it into
memory, but on a far store each of them reads all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe.distributed.engine import Engine
from dedupe.distributed.job import Job
from dedupe.distributed.nodes.corrected import constraints_of_run
from dedupe.distributed.nodes.crowds import crowds_of
from dedupe.runtime.arrays import Bools, Ints

if TYPE_CHECKING:
    import pyarrow as pa

Select = Callable[["pa.Table"], Bools]
"""Returns which rows of a table of pairs are edges."""
LINKS = "link"
"""The components that no group of a run crosses."""
_TOGETHER = 16


def find_components(
    job: Job, engine: Engine, name: str, step: str, parts: Sequence[int], select: Select
) -> dict[str, int]:
    """Find the components of the pairs in the parts of a step, tables with `i` and `j`, that `select` picks.

    Returns how many `nodes` have such a pair, how many `components` they form, and how many nodes the `largest` has.
    """
    source = f"reached_{name}"
    engine.run(job, source, partial(reach, source=source, step=step, select=select), parts)
    level = 0
    while len(parts) > _TOGETHER:
        groups = [parts[k : k + _TOGETHER] for k in range(0, len(parts), _TOGETHER)]
        level += 1
        target = f"reached_{name}_{level}"
        engine.run(job, target, partial(join, source=source, target=target, groups=groups), range(len(groups)))
        source, parts = target, range(len(groups))
    target = f"forest_{name}"
    found: dict[str, int] = engine.run(job, target, partial(join, source=source, target=target, groups=[parts]), [0])[0]
    return found


def reach(job: Job, part: int, *, source: str, step: str, select: Select) -> dict[str, int]:
    """Write the components of the edges of a part; return their counts."""
    table = job.store.read(step, part)
    chosen = np.flatnonzero(select(table))
    i, j = (table[name].to_numpy()[chosen] for name in ("i", "j"))
    return _write(job, source, part, *_components(i, j))


def join(job: Job, part: int, *, source: str, target: str, groups: Sequence[Sequence[int]]) -> dict[str, int]:
    """Write the components of several parts as one; return their counts."""
    read, none = job.store.read_array, np.empty(0, np.int64)
    numbers, labels = (
        np.concatenate([none, *(read(source, other, name) for other in groups[part])]) for name in ("numbers", "labels")
    )
    return _write(job, target, part, *_components(numbers, labels))


def _components(i: Ints, j: Ints) -> tuple[Ints, Ints]:
    """Return the nodes of edges, ascending, and the smallest in the component of each."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    numbers = np.unique(np.concatenate([i, j]))
    if not len(numbers):
        return numbers, numbers
    places = tuple(np.searchsorted(numbers, ends).astype(np.int32) for ends in (i, j))
    edges = coo_array((np.ones(len(i), np.int8), places), shape=(len(numbers), len(numbers)))
    component = connected_components(edges, directed=False)[1]
    smallest = np.unique(component, return_index=True)[1]
    return numbers, numbers[smallest[component]]


def _write(job: Job, step: str, part: int, numbers: Ints, labels: Ints) -> dict[str, int]:
    job.store.write_array(step, part, "numbers", numbers)
    job.store.write_array(step, part, "labels", labels)
    sizes = sizes_of(labels)[1]
    return {"nodes": len(numbers), "components": len(sizes), "largest": int(sizes.max(initial=0))}


def sizes_of(labels: Ints) -> tuple[Ints, Ints]:
    """Return the distinct labels, and how many nodes each has."""
    distinct, sizes = np.unique(labels, return_counts=True)
    return distinct, sizes


def labels_of(job: Job, name: str, numbers: Ints) -> Ints:
    """Return the smallest number in the component of each node, (numbers,); its own where it has no edge."""
    labels, _ = found_labels(job, name, numbers)
    return labels


def found_labels(job: Job, name: str, numbers: Ints) -> tuple[Ints, Bools]:
    """Return the same, and which nodes have an edge."""
    known, labels = (job.store.read_array(f"forest_{name}", 0, array) for array in ("numbers", "labels"))
    if not len(known):
        return numbers, np.zeros(len(numbers), bool)
    place = np.searchsorted(known, numbers).clip(max=len(known) - 1)
    found = known[place] == numbers
    return np.where(found, labels[place], numbers), found


def every_pair(table: pa.Table) -> Bools:
    """Select all pairs."""
    return np.ones(len(table), bool)


@dataclass(frozen=True)
class Probable:
    """Selects the pairs whose probability in a column reaches a threshold."""

    column: str
    threshold: float

    def __call__(self, table: pa.Table) -> Bools:
        """Return which pairs do."""
        # As float32, which leaves out none that reaches it; an edge too many changes no group.
        reached: Bools = table[self.column].to_numpy() >= np.float32(self.threshold)
        return reached


def find_links(job: Job, engine: Engine, units: Sequence[int]) -> dict[str, Any]:
    """Find the components inside which the groups of a run lie, from the pairs in context of some parts.

    A group of any level is connected by pairs that reach the lowest threshold, and its tree at these thresholds is the same
    if only the pairs inside its component are linked.
    """
    settings = job.settings
    least = min(settings.thresholds[level] for level in settings.levels)
    parts = list(units)
    if job.corrections:  # one more part of the first step, which is then not made of pairs
        parts.append(max(units, default=-1) + 1)
        engine.run(job, f"reached_{LINKS}", reach_must_links, parts[-1:])
    return find_components(job, engine, LINKS, "context", parts, Probable(f"p_{settings.level}", least))


def reach_must_links(job: Job, part: int) -> dict[str, int]:
    """Write the components of the must-links of the run; return their counts."""
    must_link = constraints_of_run(job).must_link
    edges = crowds_of(job).final(np.concatenate([must_link[level] for level in job.settings.levels], axis=1))
    return _write(job, f"reached_{LINKS}", part, *_components(edges[0], edges[1]))
