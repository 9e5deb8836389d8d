"""`ReadingsKept`: what the reader said of pairs of texts, so that it reads none again."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from dedupe.index.database import Database
from dedupe.runtime.arrays import Float32s


class ReadingsKept:
    """Log odds by pair; see `VectorsKept`."""

    def __init__(self, database: Database) -> None:
        self._database, self.writes, self.batch = database, False, 0

    def read(self, first: Sequence[str], second: Sequence[str], /) -> tuple[list[int], Float32s]:
        """Return the positions of the pairs that were read before, and their log odds: float32, (positions, 2)."""
        keys = _keys(first, second)
        query = "SELECT texts, wording, story FROM readings WHERE texts IN ({})"
        found = {key: log_odds for key, *log_odds in self._database.rows_in(query, keys)}
        positions = [k for k, key in enumerate(keys) if key in found]
        return positions, np.array([found[keys[k]] for k in positions], np.float32).reshape(-1, 2)

    def write(self, first: Sequence[str], second: Sequence[str], log_odds: Float32s, /) -> None:
        """Store the log odds of pairs, (pairs, 2)."""
        if not self.writes:
            return
        entries = [(key, self.batch, *row) for key, row in zip(_keys(first, second), log_odds.tolist(), strict=True)]
        with self._database.writing():
            self._database.execute_many("INSERT OR REPLACE INTO readings VALUES (?, ?, ?, ?)", entries)


def _keys(first: Sequence[str], second: Sequence[str]) -> list[bytes]:
    return [_hash(_hash(a) + _hash(b)) for a, b in zip(first, second, strict=True)]


def _hash(text: str | bytes) -> bytes:
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return blake2b(data, digest_size=16).digest()
