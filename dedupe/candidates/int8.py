"""Int8 scalar quantization: products of bytes bound each cosine from above, at a fraction of the cost of float32.

Every unit row x is rounded to whole multiples of one step s: x = s c + e, where c fits into int8. Let r be the longest
error |e| of any row. By Cauchy-Schwarz, the cosine of x = s c + e and y = s d + f differs from s² (c·d) by at most
2 r + r². So a pair for which s² (c·d) + 2 r + r² is below the threshold can be dropped without loss; `cosines` decides
about the others. onnxruntime multiplies bytes with the best instructions that the processor has.
"""

from __future__ import annotations

from base64 import b64decode
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedupe.candidates.products import ROUNDING_ERROR, Products, buffer
from dedupe.embedding.vectors import Vectors
from dedupe.runtime.arrays import Ints
from dedupe.runtime.onnx import inference_session
from dedupe.runtime.parallel import in_order

MAX_ERROR = 0.05  # of a cosine, 2 r + r²; a larger one leaves so many pairs that float32 is faster
MIN_COMPARISONS = 10_000_000  # with fewer, quantization takes longer than it saves
_CHUNK_ROWS = 4096
GRAPH = b64decode(
    "CAgSADq8AQopCgVyaWdodBIGdHVybmVkIglUcmFuc3Bvc2UqDQoEcGVybUABQACgAQcKLAoEbGVmdAoGdHVybmVkCgR6ZXJvEgdwcm9kdWN0Ig1N"
    "YXRNdWxJbnRlZ2VyEgFnKgwQAioCgAFCBHplcm9aGAoEbGVmdBIQCg4IAhIKCgMSAW4KAxIBZFoZCgVyaWdodBIQCg4IAxIKCgMSAW0KAxIBZGIb"
    "Cgdwcm9kdWN0EhAKDggGEgoKAxIBbgoDEgFtQgQKABAN"
)
"""ONNX: product = MatMulInteger(left, Transpose(right), 128); a test rebuilds it."""


class Int8Products(Products):
    """Products of rows quantized to int8, c·d.

    `codes`: uint8, (n, d), c + 128. `step`: s. `error`: the bound on how far s² (c·d) is from the cosine. `largest`: the
    largest absolute code; default: the largest that the processor multiplies without overflow.
    """

    def __init__(self, vectors: Vectors, largest: int | None = None) -> None:
        super().__init__(vectors)
        chunks = [slice(start, start + _CHUNK_ROWS) for start in range(0, len(vectors), _CHUNK_ROWS)]
        highest = max(in_order(lambda chunk: float(np.abs(vectors[chunk]).max()), chunks))
        self.step = max(highest, 1e-6) / (largest or largest_code(session()))
        self.codes: NDArray[np.uint8] = np.empty(vectors.shape, np.uint8)

        def quantize(chunk: slice) -> float:
            rows = vectors[chunk]
            codes = np.rint(rows * np.float32(1 / self.step))
            self.codes[chunk] = codes + 128
            errors = rows - codes * np.float32(self.step)
            return float(np.einsum("nd,nd->n", errors, errors, dtype=np.float64).max())

        longest = max(in_order(quantize, chunks)) ** 0.5
        self.error = 2 * longest + longest**2 + ROUNDING_ERROR

    def left(self, rows: Ints) -> NDArray[Any]:
        """Return c + 128 of rows, uint8; valid until the next call."""
        codes = buffer("left", np.uint8, (len(rows), self.vectors.shape[1]))
        return self.codes.take(rows, axis=0, out=codes, mode="clip")

    def right(self, rows: Ints) -> NDArray[Any]:
        """Return c of rows, int8."""
        return (self.codes.take(rows, axis=0) ^ np.uint8(128)).view(np.int8)

    def product(self, left: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
        """Return c·d, int32."""
        return np.asarray(session().run(None, {"left": left, "right": right})[0])

    def least(self, threshold: float) -> np.generic:
        """Return the lowest c·d whose upper bound reaches the threshold."""
        return np.int32(np.floor((threshold - self.error) / self.step**2))


def products_of(vectors: Vectors, comparisons: int) -> Products:
    """Return the kind of products that is faster for so many comparisons."""
    if comparisons < MIN_COMPARISONS or not vectors.shape[1]:
        return Products(vectors)
    quantized = Int8Products(vectors)
    return quantized if quantized.error <= MAX_ERROR else Products(vectors)


def largest_code(multiplier: Any) -> int:
    """Return 127, or 63 where the processor lacks instructions for bytes: there the sum of two products of 127 overflows."""
    codes = np.full((8, 64), 127, np.int8)
    product = multiplier.run(None, {"left": codes.view(np.uint8) ^ np.uint8(128), "right": codes})[0]
    return 127 if (product == 64 * 127 * 127).all() else 63


@lru_cache(maxsize=1)
def session() -> Any:
    """Return the ONNX session that multiplies bytes, without threads of its own."""
    return inference_session(GRAPH)
