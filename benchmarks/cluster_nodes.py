"""A Ray cluster of two nodes with one processor each, on this machine, that loses nodes when told to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import dedupe

_STORE = 80 * 2**20  # bytes of the object store of a node, the least that Ray allows; jobs exchange files
_JOINED = 400  # seconds until both nodes have joined, at most
# Milliseconds for a node to answer whether it is alive: on a busy machine the ten seconds of Ray are not enough.
_PATIENCE = {"RAY_health_check_timeout_ms": "100000"}


class Nodes:
    """A head without processors, and two nodes with one each."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster

        head = {"num_cpus": 0, "object_store_memory": _STORE, "include_dashboard": False, "dashboard_host": "127.0.0.1"}
        self._cluster: Any = Cluster(initialize_head=True, head_node_args=head)
        self._nodes = [self._added(), self._added()]
        self._cluster.wait_for_nodes(timeout=_JOINED)

    @property
    def address(self) -> str:
        """Where Ray's clients connect to."""
        return str(self._cluster.address)

    @property
    def session(self) -> str:
        """The name that the command of each of Ray's processes has in it."""
        return str(self._cluster.head_node.session_name)

    def lose_one(self) -> None:
        """Kill the older node and everything on it at once, and start another."""
        self._cluster.remove_node(self._nodes.pop(0), allow_graceful=False)
        self._nodes.append(self._added())

    def stop(self) -> None:
        """Stop all nodes."""
        import ray

        ray.shutdown()
        self._cluster.shutdown()

    def _added(self) -> Any:
        # Ray would wait half a minute and then give up; a job waits for it anyway.
        return self._cluster.add_node(wait=False, num_cpus=1, object_store_memory=_STORE)


@contextmanager
def two_nodes() -> Iterator[Nodes]:
    """Yield a cluster, which stops at the end. Its processes import the `dedupe` that this one does."""
    path = os.pathsep.join([str(Path(dedupe.__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])
    with patch.dict(os.environ, {"RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": path, **_PATIENCE}):
        nodes = Nodes()
        try:
            yield nodes
        finally:
            nodes.stop()
