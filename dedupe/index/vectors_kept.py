"""`VectorsKept`: the vectors of an index by text, which `embed` looks up before it encodes."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from dedupe.index.database import Database
from dedupe.runtime.arrays import Float32s

_UNIT = 1e-3  # rows whose norm is this close to 1 are kept


class VectorsKept:
    """Vectors of one encoder. `writes`: whether they may be stored; `batch`: that they are stored under.

    They are committed as they come, so that what was encoded is not lost with the batch that it was encoded for.
    """

    def __init__(self, database: Database) -> None:
        self._database, self.writes, self.batch = database, False, 0

    def read(self, identity: str, texts: Sequence[str], /) -> tuple[list[int], Float32s]:
        """Return the positions of the `texts` that are stored, and their unit vectors: float32, (positions, d).

        `identity` is that of the encoder of the index, for which all are.
        """
        keys = list(map(key_of, texts))
        found = dict(self._database.rows_in("SELECT text, numbers FROM vectors WHERE text IN ({})", keys))
        positions = [k for k, key in enumerate(keys) if key in found]
        matrix = np.frombuffer(b"".join([found[keys[k]] for k in positions]), np.float32)
        return positions, matrix.reshape(len(positions), -1) if positions else matrix.reshape(0, 0)

    def write(self, identity: str, texts: Sequence[str], rows: Float32s, /) -> None:
        """Store the vectors of `texts`, (n, d), except those that are no unit vectors or stored already."""
        if not self.writes:
            return
        rows = np.ascontiguousarray(rows, np.float32)
        is_unit = np.abs(np.sqrt(np.einsum("nd,nd->n", rows, rows)) - 1) < _UNIT  # false for NaN
        entries = [(key_of(texts[k]), self.batch, rows[k].tobytes()) for k in np.flatnonzero(is_unit).tolist()]
        with self._database.writing():
            self._database.execute_many(
                "INSERT OR IGNORE INTO vectors (text, batch, numbers) VALUES (?, ?, ?)", entries
            )


def key_of(text: str) -> bytes:
    """Return the hash by which the vector of a text is found."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
