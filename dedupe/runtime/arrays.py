"""Names for the array types that every step uses, and the two things that several steps count."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.signedinteger[Any]]
Floats = NDArray[np.float64]
Float32s = NDArray[np.float32]
Bools = NDArray[np.bool_]
_Sizes = TypeVar("_Sizes", int, Ints, Floats)


def codes(values: Iterable[Hashable] | NDArray[Any]) -> NDArray[np.int64]:
    """Number values from 0 by first appearance, (n,); None is -1."""
    if isinstance(values, np.ndarray) and values.ndim == 1 and values.dtype.kind in "iu":
        _, first, inverse = np.unique(values, return_index=True, return_inverse=True)
        number = np.empty(first.size, np.int64)
        number[np.argsort(first)] = np.arange(first.size)
        return number[inverse.reshape(-1)]
    numbers: dict[Hashable, int] = {None: -1}
    return np.array([numbers.setdefault(value, len(numbers) - 1) for value in values], np.int64)


def pairs_within(sizes: _Sizes) -> _Sizes:
    """Return how many pairs groups of these sizes have: n (n - 1) / 2 each."""
    return sizes * (sizes - 1) // 2
