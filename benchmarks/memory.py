"""`apart`: run work in a fresh process and measure its peak memory."""

from __future__ import annotations

import resource
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import active_children, get_context
from pathlib import Path
from threading import Event, Thread
from typing import Any

INTERVAL = 0.1  # seconds between two samples
STATUS = Path("/proc/self/status")
FIELDS = {"VmRSS": "rss", "RssAnon": "anonymous"}  # anonymous: without mapped files


class Peak:
    """A context that samples the memory of this process; `gigabytes` (10^9 bytes) is the peak.

    `rss` and `anonymous` are sampled. `max_rss` is the kernel's own count over the life of the process. It is never less
    than what the parent process held at the start.
    """

    def __init__(self) -> None:
        self._stop, self._thread = Event(), Thread(target=self._sample, daemon=True)
        self._most = dict.fromkeys(FIELDS.values(), 0)

    def __enter__(self) -> Peak:
        """Start sampling."""
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        """Take a last sample."""
        self._stop.set()
        self._thread.join()

    @property
    def gigabytes(self) -> dict[str, float]:
        """Peak memory by kind."""
        most = self._most | {"max_rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
        return {kind: round(size / 1e9, 3) for kind, size in most.items()}

    def _sample(self) -> None:
        while True:
            stopped = self._stop.wait(INTERVAL)
            for line in STATUS.read_text(encoding="ascii").splitlines():
                name, _, value = line.partition(":")
                if name in FIELDS:
                    kind = FIELDS[name]
                    self._most[kind] = max(self._most[kind], int(value.split()[0]) * 1024)
            if stopped:
                return


def apart(work: Callable[..., Any], *arguments: Any, within: float | None = None) -> tuple[Any, dict[str, float]]:
    """Return the result of `work(*arguments)` in a separate process, and its peak memory in gigabytes.

    After more than `within` seconds the process is stopped, and `TimeoutError` is raised.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        future = pool.submit(_measured, work, arguments)
        try:
            return future.result(within)
        except TimeoutError:
            for process in active_children():
                process.kill()
            raise


def _measured(work: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[Any, dict[str, float]]:
    with Peak() as peak:
        result = work(*arguments)
    return result, peak.gigabytes
