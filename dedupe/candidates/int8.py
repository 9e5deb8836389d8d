"""Which pairs of rows can reach a cosine: products of bytes say so, with a fraction of the arithmetic of floats.

A unit row is a step times whole numbers, and a rest: x = s c + e. If no rest is longer than r, the cosine of two rows is
within 2 r + r² of s² times the product of their whole numbers (Cauchy-Schwarz), so a pair whose product says less cannot
reach the cosine. It is exact: no pair is overlooked, and `tiles.cosines` decides on those that are left. onnxruntime
multiplies bytes on whatever the processor has for it.
"""

from __future__ import annotations

from base64 import b64decode
from functools import lru_cache
from threading import local
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dedupe.embedding.vectors import Vectors
from dedupe.runtime.parallel import in_order

Ints = NDArray[np.int64]
MARGIN = 1e-5
"""A product of floats sums in an order that depends on its shape: look this much lower."""
SLACK = 0.05  # the farthest that bytes may be off: where vectors do not fit into them, floats are quicker
WORTH = 10_000_000  # comparisons from which making bytes pays
_TOGETHER = 4096  # rows turned into bytes at a time
_GRAPH = b64decode(
    "CAgSADq8AQopCgVyaWdodBIGdHVybmVkIglUcmFuc3Bvc2UqDQoEcGVybUABQACgAQcKLAoEbGVmdAoGdHVybmVkCgR6ZXJvEgdwcm9kdWN0Ig1N"
    "YXRNdWxJbnRlZ2VyEgFnKgwQAioCgAFCBHplcm9aGAoEbGVmdBIQCg4IAhIKCgMSAW4KAxIBZFoZCgVyaWdodBIQCg4IAxIKCgMSAW0KAxIBZGIb"
    "Cgdwcm9kdWN0EhAKDggGEgoKAxIBbgoDEgFtQgQKABAN"
)
"""ONNX: product = MatMulInteger(left, Transpose(right), 128); a test makes it anew."""
_buffers = local()


class Screen(Protocol):
    """Rows of which blocks are multiplied with each other."""

    def __len__(self) -> int:
        """Return the number of rows."""

    def left(self, places: Ints) -> Any:
        """Return rows as one side of a product."""

    def right(self, places: Ints) -> Any:
        """Return rows as the other side."""

    def other(self, vectors: NDArray[np.float32]) -> Any:
        """Return rows of elsewhere as the other side of a product."""

    def product(self, left: Any, right: Any) -> NDArray[Any]:
        """Return the products of two sides, (left, right), higher where rows are nearer; valid until the next call."""

    def reaching(self, left: Any, right: Any, threshold: float) -> NDArray[np.bool_]:
        """Return where the cosine of two sides may reach a threshold, (left, right); valid until the next call."""


class Floats:
    """A screen that multiplies the vectors themselves."""

    def __init__(self, vectors: Vectors) -> None:
        self.vectors = vectors

    def __len__(self) -> int:
        return len(self.vectors)

    def left(self, places: Ints) -> NDArray[np.float32]:
        """Return those rows."""
        return self.vectors[places]

    right = left

    def other(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return these rows."""
        return vectors

    def product(self, left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the matrix product."""
        found: NDArray[np.float32] = np.matmul(left, right.T, out=_room("product", np.float32, (len(left), len(right))))
        return found

    def reaching(self, left: NDArray[np.float32], right: NDArray[np.float32], threshold: float) -> NDArray[np.bool_]:
        """Return where the product is not under the threshold by more than a rounding."""
        return _at_least(self.product(left, right), np.float32(threshold - MARGIN))


class Bytes:
    """A screen that multiplies whole numbers of one byte.

    `codes`: uint8, (n, d), 128 higher than the numbers; `step`: what one of them stands for; `slack`: how far a product
    of two rows may be off.
    """

    def __init__(self, vectors: Vectors) -> None:
        blocks = range(0, len(vectors), _TOGETHER)
        largest = max(in_order(lambda start: float(np.abs(vectors[start : start + _TOGETHER]).max()), blocks))
        self._width = vectors.shape[1]
        self.step = max(largest, 1e-6) / _most()
        self.codes = np.empty(vectors.shape, np.uint8)

        def fill(start: int) -> float:
            rows = vectors[start : start + _TOGETHER]
            whole = np.rint(rows * np.float32(1 / self.step))
            self.codes[start : start + _TOGETHER] = whole + 128
            rest = rows - whole * np.float32(self.step)
            return float(np.einsum("nd,nd->n", rest, rest, dtype=np.float64).max())

        rest = max(in_order(fill, blocks)) ** 0.5
        self.slack = 2 * rest + rest**2 + MARGIN

    def __len__(self) -> int:
        return len(self.codes)

    def left(self, places: Ints) -> NDArray[np.uint8]:
        """Return those rows, each number 128 higher; valid until the next call."""
        room: NDArray[np.uint8] = _room("left", np.uint8, (len(places), self._width))
        return np.take(self.codes, places, axis=0, out=room, mode="clip")

    def right(self, places: Ints) -> NDArray[np.int8]:
        """Return those rows."""
        return (self.codes.take(places, axis=0) ^ np.uint8(128)).view(np.int8)

    def other(self, vectors: NDArray[np.float32]) -> NDArray[np.int8]:
        """Return these rows in bytes of their own step."""
        return Bytes(vectors).right(np.arange(len(vectors)))

    def product(self, left: NDArray[np.uint8], right: NDArray[np.int8]) -> NDArray[np.int32]:
        """Return the product of the whole numbers."""
        found: NDArray[np.int32] = _session().run(None, {"left": left, "right": right})[0]
        return found

    def reaching(self, left: NDArray[np.uint8], right: NDArray[np.int8], threshold: float) -> NDArray[np.bool_]:
        """Return where the product says that the cosine may reach the threshold."""
        least = np.floor((threshold - self.slack) / self.step**2)
        return _at_least(self.product(left, right), np.int32(least))


def screen_of(vectors: Vectors, comparisons: int) -> Screen:
    """Return the quicker screen for so many comparisons of some rows."""
    if comparisons < WORTH or not vectors.shape[1]:
        return Floats(vectors)
    coded = Bytes(vectors)
    return coded if coded.slack <= SLACK else Floats(vectors)


@lru_cache(maxsize=1)
def _most() -> int:
    """The largest whole number to use: without instructions made for it, sums of two products of full bytes overflow."""
    extreme = np.full((8, 64), 127, np.int8)
    exact = (
        _session().run(None, {"left": extreme.view(np.uint8) ^ np.uint8(128), "right": extreme})[0] == 64 * 127 * 127
    ).all()
    return 127 if exact else 63


@lru_cache(maxsize=1)
def _session() -> Any:
    """A graph of one product, on the thread that runs it."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(_GRAPH, options, ["CPUExecutionProvider"])


def _at_least(product: NDArray[Any], least: np.generic) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = np.greater_equal(product, least, out=_room("reached", np.bool_, product.shape))
    return found


def _room(name: str, kind: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    """The thread's own room for a matrix, made once: asking the system for it anew costs as much as filling it."""
    size = shape[0] * shape[1]
    held = getattr(_buffers, name, None)
    if held is None or held.size < size:
        held = np.empty(size, kind)
        setattr(_buffers, name, held)
    return held[:size].reshape(shape)
