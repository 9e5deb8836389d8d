"""`LocatedPairs`: the scored pairs of a part, whose nodes go by number, and where the features of these nodes are found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dedupe.candidates.pairs import PairTable
from dedupe.distributed.job import Job
from dedupe.distributed.store import arrow
from dedupe.runtime.arrays import Bools, Ints

_ALONE = ("similarity", "wording_similarity", "p_pair_wording", "p_pair_story")
_READ = ("read_wording", "read_story")


@dataclass(frozen=True, slots=True)
class LocatedPairs:
    """Pairs of nodes, whose `i` and `j` are numbers (int64), the regions of both (int32), and which are scored in any case.

    Log odds from the reader are NaN until pairs are read.
    """

    pairs: PairTable
    gi: Ints
    gj: Ints
    forced: Bools

    def __len__(self) -> int:
        return len(self.pairs)

    def take(self, index: Bools | Ints) -> LocatedPairs:
        """Return the pairs that a mask or indices select."""
        return LocatedPairs(self.pairs.take(index), self.gi[index], self.gj[index], self.forced[index])

    def with_pairs(self, pairs: PairTable) -> LocatedPairs:
        """Return the same with other columns."""
        return replace(self, pairs=pairs)

    def write(self, job: Job, step: str, part: int, *, read: bool) -> None:
        """Write the pairs as a part of a step, in order of (i, j), `read`: with what the reader says of them."""
        order = np.lexsort((self.pairs.j, self.pairs.i))
        sorted_pairs = self.take(order)
        columns: dict[str, Any] = {
            "i": sorted_pairs.pairs.i.astype(np.int64),
            "j": sorted_pairs.pairs.j.astype(np.int64),
            "gi": sorted_pairs.gi.astype(np.int32),
            "gj": sorted_pairs.gj.astype(np.int32),
        }
        none = np.empty(0, np.float32)  # what a table without pairs has in each column
        for name in _ALONE + _READ * read:
            columns[name] = getattr(sorted_pairs.pairs, name) if len(self) else none
        job.store.write(step, part, arrow(columns | {"forced": sorted_pairs.forced}))

    @classmethod
    def read(cls, job: Job, step: str, part: int) -> LocatedPairs:
        """Return the pairs of a part of a step."""
        table = job.store.read(step, part)
        columns = {name: table[name].to_numpy() for name in table.column_names}
        gi, gj, forced = (columns.pop(name) for name in ("gi", "gj", "forced"))
        for name in _READ:
            columns.setdefault(name, np.full(len(table), np.nan, np.float32))
        return cls(PairTable(**columns), gi, gj, forced)
