"""Threads: the limit on their number, and parallel work whose results come in order."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from threading import Lock
from typing import Any, TypeVar

from dedupe.errors import InputError

Piece = TypeVar("Piece")
Result = TypeVar("Result")
MAX_THREADS = 1024
_PIECES_AHEAD = 2  # per thread, so that few results wait to be read
_limit: int | None = None


def set_threads(number: int | None) -> None:
    """Limit the threads that this process uses to encode, search and score; results do not depend on it.

    `number`: 1 to `MAX_THREADS`, or None, the default, for one per processor. Raises `InputError` for another number.
    """
    if number is not None and not 1 <= number <= MAX_THREADS:
        rule = (
            f"the number of threads must be at least 1, not {number}"
            if number < 1
            else f"{number} threads are too many"
        )
        raise InputError(f"{rule}: leave the number out to use all processors")
    import faiss

    global _limit
    _limit = number
    faiss.omp_set_num_threads(workers())
    if "torch" in sys.modules:
        limit_torch()


def workers() -> int:
    """Return how many threads to use: the limit, or one for each processor that this process may run on."""
    return _limit or len(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1))


def limit_torch() -> None:
    """Apply the limit to torch; without a limit, torch decides."""
    if _limit:
        import torch

        torch.set_num_threads(_limit)


def in_order(work: Callable[[Piece], Result], pieces: Iterable[Piece]) -> Iterator[Result]:
    """Yield `work(piece)` for each piece, in order, computed on all threads.

    Matrix products inside `work` use one thread each, so results do not depend on the number of threads.
    """
    with _one_blas_thread(), ThreadPoolExecutor(workers()) as pool:
        futures: deque[Future[Result]] = deque()
        try:
            for piece in pieces:
                futures.append(pool.submit(work, piece))
                if len(futures) >= _PIECES_AHEAD * workers():
                    yield futures.popleft().result()
            while futures:
                yield futures.popleft().result()
        finally:
            for future in futures:
                future.cancel()


class _Limited:
    """How many calls limit the threads of matrix products at the moment, and what restores their number."""

    lock = Lock()
    calls = 0
    limiter: Any = None


@contextmanager
def _one_blas_thread() -> Iterator[None]:
    """Limit matrix products to one thread until the last of all overlapping calls ends, as the limit is the process's."""
    with _Limited.lock:
        if not _Limited.calls:
            _Limited.limiter = _thread_pools().limit(limits=1, user_api="blas")
        _Limited.calls += 1
    try:
        yield
    finally:
        with _Limited.lock:
            _Limited.calls -= 1
            if not _Limited.calls:
                _Limited.limiter.restore_original_limits()


@lru_cache(maxsize=1)  # finding the pools of all loaded libraries takes a while
def _thread_pools() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
