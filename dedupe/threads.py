"""`set_threads`: how many threads the encoder and the search may use."""

from __future__ import annotations

from dedupe.errors import InputError


def set_threads(number: int) -> None:
    """Let torch and FAISS use `number` threads in this process; the result does not depend on it.

    Raises `InputError` for a number below 1.
    """
    if number < 1:
        raise InputError(f"the number of threads must be at least 1, not {number}: leave it out to use them all")
    import faiss
    import torch

    torch.set_num_threads(number)
    faiss.omp_set_num_threads(number)
