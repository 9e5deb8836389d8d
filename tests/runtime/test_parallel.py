from __future__ import annotations

import threading

import numpy as np  # noqa: F401 - loads the BLAS whose threads are counted
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from dedupe.errors import InputError
from dedupe.runtime.parallel import in_order, set_threads, workers


@pytest.fixture(autouse=True)
def all_threads_afterwards():
    yield
    set_threads(None)


@pytest.mark.slow
def test_threads_are_limited_in_every_library():
    import faiss
    import torch

    before = torch.get_num_threads()
    set_threads(1)
    try:
        assert workers() == torch.get_num_threads() == faiss.omp_get_max_threads() == 1
    finally:
        torch.set_num_threads(before)
    set_threads(None)
    assert workers() == faiss.omp_get_max_threads() >= 1


def test_no_threads():
    with pytest.raises(InputError, match="at least 1, not 0"):
        set_threads(0)


@pytest.mark.parametrize("number", [1, 3])
def test_results_come_in_the_order_of_the_pieces(number):
    set_threads(number)
    third = threading.Event()

    def work(piece):
        if piece == 0 and number > 2:
            assert third.wait(10), "other threads work on while the first is busy"
        if piece == 2:
            third.set()
        return piece * piece

    assert list(in_order(work, range(20))) == [k * k for k in range(20)]


def test_an_error_reaches_the_reader():
    with pytest.raises(ZeroDivisionError):
        list(in_order(lambda piece: 1 // piece, [1, 0, 1]))


def blas_threads():
    """Of the products of NumPy; other libraries bring their own."""
    pools = (pool for pool in threadpool_info() if pool["user_api"] == "blas" and "numpy" in pool["filepath"])
    return {pool["num_threads"] for pool in pools}


def test_overlapping_calls_leave_matrix_products_their_threads():
    with threadpool_limits(2, "blas"):
        first, second = in_order(abs, range(3)), in_order(abs, range(3))
        next(first), next(second)
        first.close()
        assert blas_threads() == {1}, "the second call has not ended"
        second.close()
        assert blas_threads() == {2}
        assert list(in_order(lambda piece: blas_threads(), [0])) == [{1}]
        assert blas_threads() == {2}
