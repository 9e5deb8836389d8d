"""Corrections, as `constraints_of` makes must-links and cannot-links of them, between nodes though no machine has all.

Step `constraints`/0: for each level the arrays `must_<level>` and `cannot_<level>`, (2, k), pairs of nodes by the number that
they have before crowds are collapsed; JSON: how many corrections have both titles in the run. What `nodes`/r returns tells which
nodes of a range corrections name.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe.clustering.constraints import Constraints, constraints_between, rows_by_key
from dedupe.clustering.corrections import check_consistent
from dedupe.distributed.engine import Engine
from dedupe.distributed.job import Job
from dedupe.levels import SCORED_LEVELS
from dedupe.runtime.arrays import Ints

if TYPE_CHECKING:
    from dedupe.clustering.collapse import Copies

_NONE = np.empty((2, 0), np.int64)


def named_nodes(job: Job, copies: Copies, positions: Ints) -> dict[str, Any]:
    """Return for each title of a correction that a range has its nodes there, and position and fingerprint of its first row.

    `positions`: of the rows, in all inputs.
    """
    named = dict[str, Any]()
    for key, rows in rows_by_key(job.corrections, copies.fingerprints, copies.texts).items():
        first = min(rows, key=lambda row: int(positions[row]))
        nodes = np.unique(copies.nodes.of_row[rows]).tolist()
        named[key] = {"nodes": nodes, "first": [int(positions[first]), copies.fingerprints[first]]}
    return named


def find_constraints(job: Job, engine: Engine) -> int:
    """Find what corrections say of nodes, and return how many have both titles in the run; `InputError` if they contradict."""
    if not job.corrections:
        return 0
    return int(engine.run(job, "constraints", write_constraints, [0])[0])


def write_constraints(job: Job, part: int) -> int:
    """Write the must-links and cannot-links of the run; return how many corrections have both titles in it."""
    named, first = defaultdict[str, list[int]](list), dict[str, list[Any]]()
    for r, result in sorted(job.store.finished("nodes").items()):
        for key, found in result["named"].items():
            named[key] += [job.offsets[r] + node for node in found["nodes"]]
            first[key] = min(first.get(key, found["first"]), found["first"])
    check_consistent(job.corrections, {key: fingerprint for key, (_, fingerprint) in first.items()})
    found = constraints_between(job.corrections, named)
    for level in SCORED_LEVELS:
        job.store.write_array("constraints", part, f"must_{level}", found.must_link[level])
        job.store.write_array("constraints", part, f"cannot_{level}", found.cannot_link[level])
    return found.applied


def constraints_of_run(job: Job) -> Constraints:
    """Return the constraints between nodes, by the number that they have before crowds are collapsed."""
    if not job.corrections:
        none = dict.fromkeys(SCORED_LEVELS, _NONE)
        return Constraints(none, none)
    must, cannot = (
        {level: np.asarray(job.store.read_array("constraints", 0, f"{kind}_{level}")) for level in SCORED_LEVELS}
        for kind in ("must", "cannot")
    )
    return Constraints(must, cannot, job.store.result("constraints"))
