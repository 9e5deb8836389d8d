"""`set_threads`: how many threads the encoder and the search may use."""

from __future__ import annotations

import sys

from dedupe.errors import InputError

_limit = 0


def set_threads(number: int) -> None:
    """Let encoders and FAISS use `number` threads in this process; the result does not depend on it.

    Raises `InputError` for a number below 1.
    """
    if number < 1:
        raise InputError(f"the number of threads must be at least 1, not {number}: leave it out to use them all")
    import faiss

    global _limit
    _limit = number
    faiss.omp_set_num_threads(number)
    if "torch" in sys.modules:
        limit_torch()


def limit() -> int:
    """Return the number that was set, 0 if none was."""
    return _limit


def limit_torch() -> None:
    """Bring torch under the limit; to be called once it is imported."""
    if _limit:
        import torch

        torch.set_num_threads(_limit)
