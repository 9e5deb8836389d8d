"""`in_order`: the same work on many pieces, on all threads, with results in the order of the pieces."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

from dedupe.runtime.threads import limit

Piece = TypeVar("Piece")
Result = TypeVar("Result")
_AHEAD = 2  # pieces a thread may be ahead of the reader, so that results do not pile up


def workers() -> int:
    """Return how many threads to use: the limit that was set, or every processor this process may run on."""
    here = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    return limit() or len(here)


def in_order(work: Callable[[Piece], Result], pieces: Iterable[Piece]) -> Iterator[Result]:
    """Yield `work(piece)` of each piece, in order.

    Each thread multiplies matrices by itself, so what a piece gives does not depend on how many there are.
    """
    with _libraries().limit(limits=1, user_api="blas"), ThreadPoolExecutor(workers()) as pool:
        waiting: deque[Future[Result]] = deque()
        try:
            for piece in pieces:
                waiting.append(pool.submit(work, piece))
                if len(waiting) >= _AHEAD * workers():
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


@lru_cache(maxsize=1)
def _libraries() -> Any:
    """What sets the threads of the libraries that multiply matrices; finding them takes a while."""
    return ThreadpoolController()
