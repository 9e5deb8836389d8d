"""Engines: what runs the tasks of a step, on the machines of a Ray cluster or, for tests, here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

from dedupe.errors import DedupeError, InputError
from dedupe.runtime.progress import Progress, silent

if TYPE_CHECKING:
    from dedupe.distributed.job import Job

Task = Callable[["Job", int], Any]
"""Makes one part of a step from work files, writes its own, and returns what JSON holds. It may run more than once."""
_AHEAD = 2  # tasks submitted for each processor, so that none waits for the driver
_REPORTED = 30.0  # seconds after which progress is told again, where no task ends
_RETRIES = 20  # of a task whose machine was lost
_NOT_LOADED = "The remote function failed to import"


class Engine(Protocol):
    """What runs the tasks of a step."""

    def run(
        self, job: Job, step: str, task: Task, parts: Iterable[int], rows: Sequence[int] | None = None
    ) -> dict[int, Any]:
        """Return what the task of each part returned; those that an earlier run finished are not run again.

        `rows`: for how many rows of the input each part stands, as progress tells; by default they are shared evenly.
        """


@dataclass(frozen=True)
class InOrder:
    """Runs tasks one after the other in this process."""

    progress: Progress = silent

    def run(
        self, job: Job, step: str, task: Task, parts: Iterable[int], rows: Sequence[int] | None = None
    ) -> dict[int, Any]:
        """Return what the task of each part returned."""
        wanted, results = list(parts), job.store.finished(step)
        share, done = _shares(job, wanted, rows), 0
        total = sum(share.values())
        for part in wanted:
            self.progress(step, done, total)
            if part not in results:
                results[part] = perform(job, step, task, part)
            done += share[part]
        self.progress(step, total, total)
        return results


def _shares(job: Job, parts: Sequence[int], rows: Sequence[int] | None) -> dict[int, int]:
    """Return for how many rows each part stands: all together for those of the input."""
    if rows is None:
        total = job.rows
        ends = [total * k // len(parts) for k in range(len(parts) + 1)] if parts else [0]
        rows = [end - start for start, end in pairwise(ends)]
    return dict(zip(parts, rows, strict=True))


def perform(job: Job, step: str, task: Task, part: int) -> Any:
    """Run a task and mark its part as finished; return its result."""
    result = task(job, part)
    job.store.finish(step, part, result)
    return result


@dataclass(frozen=True)
class OnRay:
    """Runs tasks on a Ray cluster that `ray.init` has connected to.

    Where one fails or the user interrupts, the others are not cancelled, since Ray may end the whole process over a task that
    finishes at that moment. They end with the connection, or by themselves where the caller keeps it.
    """

    progress: Progress = silent

    def run(
        self, job: Job, step: str, task: Task, parts: Iterable[int], rows: Sequence[int] | None = None
    ) -> dict[int, Any]:
        """Return what the task of each part returned; a task whose machine is lost runs again on another."""
        import ray

        remote, everywhere = ray.remote(max_retries=_RETRIES)(_on_worker), ray.put(job)
        wanted, results = list(parts), job.store.finished(step)
        waiting, running = [part for part in reversed(wanted) if part not in results], dict[Any, int]()
        share = _shares(job, wanted, rows)
        total = sum(share.values())
        done = total - sum(share[part] for part in waiting)
        while waiting or running:
            while waiting and len(running) < _AHEAD * _processors():
                part = waiting.pop()
                running[remote.options(name=f"{step} {part}").remote(everywhere, step, task, part)] = part
            self.progress(step, done, total)
            for ready in ray.wait(list(running), timeout=_REPORTED)[0]:
                part = running.pop(ready)
                results[part] = _result_of(ready, step, part)
                done += share[part]
        self.progress(step, total, total)
        return results


def _processors() -> int:
    import ray

    resources: dict[str, float] = ray.cluster_resources()
    return max(int(resources.get("CPU", 1)), 1)


def _on_worker(job: Job, step: str, task: Task, part: int) -> Any:
    """Run a task in a process that has one processor."""
    from dedupe.runtime.parallel import set_threads

    set_threads(1)
    return perform(job, step, task, part)


def _result_of(ready: Any, step: str, part: int) -> Any:
    import ray

    try:
        return ray.get(ready)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, DedupeError):
            raise error.cause from None
        told = str(error.cause).strip()
        if isinstance(error.cause, ray.exceptions.RaySystemError) or told.startswith(_NOT_LOADED):
            problem = f"a machine of the cluster cannot load the task ({_import_error(told)})"
            raise InputError(f"{problem}: install the same version of headline-dedupe on every machine") from None
        raise
    except ray.exceptions.RayError as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"part {part} of step {step!r} failed {_RETRIES} times ({reason}): start the job again"
        ) from None


def _import_error(told: str) -> str:
    """Return the line of a message that says what could not be imported, else its first."""
    lines = told.splitlines()
    return next((line.strip() for line in lines if "No module named" in line or "cannot import" in line), lines[0])
