"""Vectors and readings that are kept in memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class MemoryVectors:
    """A `VectorStore` in memory."""

    def __init__(self):
        self.rows: dict[tuple[str, str], np.ndarray] = {}

    def read(self, identity: str, texts: Sequence[str]):
        known = [k for k, text in enumerate(texts) if (identity, text) in self.rows]
        return known, np.array([self.rows[identity, texts[k]] for k in known] or np.empty((0, 0)), np.float32)

    def write(self, identity: str, texts: Sequence[str], rows):
        self.rows.update({(identity, text): row.copy() for text, row in zip(texts, rows, strict=True)})


class MemoryReadings:
    """A `ReadingStore` in memory; `read_again`: how many pairs were read that it already had."""

    def __init__(self):
        self.rows: dict[tuple[str, str], np.ndarray] = {}
        self.read_again = 0

    def read(self, first: Sequence[str], second: Sequence[str]):
        pairs = list(zip(first, second, strict=True))
        known = [k for k, pair in enumerate(pairs) if pair in self.rows]
        return known, np.array([self.rows[pairs[k]] for k in known], np.float32).reshape(len(known), 2)

    def write(self, first: Sequence[str], second: Sequence[str], log_odds):
        for pair, row in zip(zip(first, second, strict=True), log_odds, strict=True):
            self.read_again += pair in self.rows
            self.rows[pair] = row.copy()
