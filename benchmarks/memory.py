"""`apart`: work in a fresh process, and the most memory that it held."""

from __future__ import annotations

import resource
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import active_children, get_context
from pathlib import Path
from threading import Event, Thread
from typing import Any

EVERY = 0.1  # seconds between two looks
STATUS = Path("/proc/self/status")
FIELDS = {"VmRSS": "rss", "RssAnon": "anonymous"}  # anonymous: without files mapped into memory


class Peak:
    """A context that looks at this process's memory again and again; `gigabytes` (10^9 bytes) is the most it saw.

    `rss` and `anonymous` are sampled. `max_rss` is the kernel's own count over the life of the process, which is never
    less than what the process that started this one held then.
    """

    def __init__(self) -> None:
        self._stop, self._thread = Event(), Thread(target=self._watch, daemon=True)
        self._most = dict.fromkeys(FIELDS.values(), 0)

    def __enter__(self) -> Peak:
        """Start looking."""
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        """Look a last time."""
        self._stop.set()
        self._thread.join()

    @property
    def gigabytes(self) -> dict[str, float]:
        """The most memory, by kind."""
        most = self._most | {"max_rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
        return {kind: round(size / 1e9, 3) for kind, size in most.items()}

    def _watch(self) -> None:
        while True:
            stopped = self._stop.wait(EVERY)
            for line in STATUS.read_text(encoding="ascii").splitlines():
                name, _, value = line.partition(":")
                if name in FIELDS:
                    kind = FIELDS[name]
                    self._most[kind] = max(self._most[kind], int(value.split()[0]) * 1024)
            if stopped:
                return


def apart(work: Callable[..., Any], *given: Any, within: float | None = None) -> tuple[Any, dict[str, float]]:
    """Return what `work(*given)` returns in a process of its own, and the gigabytes it held at most.

    `TimeoutError` where it takes more than `within` seconds; it is stopped then.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        future = pool.submit(_watched, work, given)
        try:
            return future.result(within)
        except TimeoutError:
            for process in active_children():
                process.kill()
            raise


def _watched(work: Callable[..., Any], given: tuple[Any, ...]) -> tuple[Any, dict[str, float]]:
    with Peak() as peak:
        found = work(*given)
    return found, peak.gigabytes
