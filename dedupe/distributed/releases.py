"""Which work files are deleted when: as soon as all steps that read them are finished, since all together are much larger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dedupe.distributed.engine import Engine, Task
from dedupe.distributed.job import Job

_OF_TITLES = ("titles", "data", "indices", "indptr")  # arrays of a region
RELEASED: Mapping[str, Sequence[str]] = {
    "mentions": ["marks", "outlet_rows"],
    "sample": ["carried", "mentions"],
    "nodes": ["rows"],
    "constraints": ["keyed"],
    "vectors": ["keyed"],
    "near_crowds": ["scale_sums", "near_sample", "near_gathered"],
    "dense_crowds": ["near_members", "dense_sample", "dense_gathered"],
    "crowds": ["dense_members"],
    "cell_margins": ["cell_sample"],
    "spread_nodes": ["near_crowds", "dense_crowds", "hours", "centroids", "cell_margins"],
    "region": ["nodes", "vectors", "own_cells", "region_bounds"],
    "regions": ["spread_probing"],
    "address_nodes": ["addressed"],
    "address_pairs": ["shared_addresses"],
    "forced": ["address_nodes"],
    "addresses": ["addressed", "shared_addresses", "address_pairs"],
    "pairs": ["spread_nodes"],
    "doubt": ["sparse_nodes", "forced", "probing", "region_words", *(f"region.{name}" for name in _OF_TITLES)],
    "reached_context": ["pairs", "doubt", "doubt_below", "doubt_ties"],
    "context_nodes": ["reached_context*"],
    "context": ["read_pairs"],
    "large_degrees": ["context_nodes", "context_pairs"],
    "reached_link": ["context_nodes", "context_pairs", "large_pairs", "partners", "lent_pairs", "forest_context"],
    "group_rows": ["reached_link*"],
    "shared": ["node_rows"],
    "group_nodes": ["names"],
    "group_pairs": ["region.vectors"],
    "groups": ["region", "context", "ids"],
    "firsts": [
        "group_rows",
        "group_nodes",
        "group_pairs",
        "repeated",
        "shared",
        "forest_link",
        "crowds",
        "constraints",
    ],
}
"""By step, what no task reads once it begins: the files of other steps (`*`: any end), or `step.array`, one array of these."""


@dataclass(frozen=True)
class Releasing:
    """Runs tasks by another engine, and deletes work files that are needed no more before a step.

    What tasks returned stays, which tells that they are finished. So a job that breaks off goes on, whatever was deleted.
    """

    engine: Engine

    def run(
        self, job: Job, step: str, task: Task, parts: Iterable[int], rows: Sequence[int] | None = None
    ) -> dict[int, Any]:
        """Return what the task of each part returned."""
        for released in RELEASED.get(step, ()):
            job.store.release(*released.split("."))
        return self.engine.run(job, step, task, parts, rows)
