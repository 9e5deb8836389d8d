"""A job that loses a node in the middle of each of its steps, and one that loses its driver: are the labels the same?"""

from __future__ import annotations

import os
import signal
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree
from subprocess import Popen
from time import perf_counter
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from cluster_nodes import Nodes, two_nodes
from cluster_runs import NOW, WINDOW, parquet

ROWS, ROWS_PER_PART = 400, 100
_DRIVER = """
import sys
sys.path.insert(0, sys.argv[1])
from cluster_kills import job_of_driver
job_of_driver(*sys.argv[2:])
"""


def measure(data: Path, cache: Path, rows: int = ROWS, rows_per_part: int = ROWS_PER_PART) -> dict[str, Any]:
    """Return whether the labels stay the same where a node is killed in every step of one job, and the driver of another."""
    reports = defaultdict[str, list[int]](list)
    with two_nodes() as nodes:
        rmtree(cache / "job-kills", ignore_errors=True)
        job = _Job(parquet(data, cache, "stream", rows), cache / "job-kills", nodes.address, cache, rows_per_part)
        began = perf_counter()
        expected = job.labels(lambda step, done, total: reports[step].append(done) if done < total else None)
        seconds = round(perf_counter() - began, 1)
        middle = {step: done[len(done) // 2] for step, done in reports.items()}
        lost = _with_nodes_lost(job, nodes, middle, expected)
        drivers = _with_drivers_lost(job, middle, expected)
    return {
        "rows": rows,
        "rows_per_part": rows_per_part,
        "undisturbed": {"seconds": seconds, "steps": len(middle)},
        "a node killed in every step": lost,
        "the driver killed in every step": drivers,
    }


def _with_nodes_lost(job: _Job, nodes: Nodes, middle: dict[str, int], expected: pa.Table) -> dict[str, Any]:
    """Kill a node in each step once so many rows are done."""
    killed: list[str] = []

    def kill(step: str, done: int, total: int) -> None:
        if step not in killed and middle[step] <= done < total:
            killed.append(step)
            nodes.lose_one()

    rmtree(job.out)
    began = perf_counter()
    labels = job.labels(kill)
    seconds = round(perf_counter() - began, 1)
    return {"equal": labels.equals(expected), "seconds": seconds, "killed": len(killed), "steps": killed}


def _with_drivers_lost(job: _Job, middle: dict[str, int], expected: pa.Table) -> dict[str, Any]:
    """Start the job again and again, each time to be killed in the next step."""
    rmtree(job.out)
    killed: list[str] = []
    began = perf_counter()
    for step, done in middle.items():
        arguments = [sys.executable, "-c", _DRIVER, str(Path(__file__).parent), *job.arguments(), step, str(done)]
        with Popen(arguments) as driver:
            driver.wait()
        if driver.returncode == -signal.SIGKILL:
            killed.append(step)
    labels = job.labels(lambda *_: None)
    seconds = round(perf_counter() - began, 1)
    return {"equal": labels.equals(expected), "seconds": seconds, "killed": len(killed), "steps": killed}


def job_of_driver(path: str, out: str, address: str, cache: str, rows_per_part: str, step: str, middle: str) -> None:
    """Run a job in this process, which kills itself in a step once so many rows are done."""

    def kill(current: str, done: int, total: int) -> None:
        if current == step and int(middle) <= done < total:
            os.kill(os.getpid(), signal.SIGKILL)

    _Job(Path(path), Path(out), address, Path(cache), int(rows_per_part)).labels(kill)


class _Job:
    """A job on two nodes."""

    def __init__(self, path: Path, out: Path, address: str, cache: Path, rows_per_part: int) -> None:
        self.path, self.out, self.address, self.cache = path, out, address, cache
        self.rows_per_part = rows_per_part

    def arguments(self) -> list[str]:
        """Return what makes the same job in another process."""
        return list(map(str, (self.path, self.out, self.address, self.cache, self.rows_per_part)))

    def labels(self, progress: Callable[[str, int, int], None]) -> pa.Table:
        """Run the job to its end, and return what it says of each row."""
        from dedupe.distributed import deduplicate

        deduplicate(
            self.path,
            self.out,
            address=self.address,
            cache=self.cache,
            now=NOW,
            window=WINDOW,
            rows_per_part=self.rows_per_part,
            progress=progress,
        )
        tables = [pq.read_table(part) for part in sorted(self.out.glob("part-*.parquet"))]
        return pa.concat_tables(tables).select(["dedupe_story", "dedupe_wording", "dedupe_probability"])
