"""How many public headlines hold each stem, and how often it is a name there.

The counts ship with the package; `dedupe.training.document_frequencies` makes them.
"""

from __future__ import annotations

import gzip
import math
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class DocumentFrequencies:
    """In how many of `documents` titles each stem occurs.

    `counts`: titles by stem. `capitalised`: by stem, the share of its titles that write it with a capital, among those
    where a capital marks a name.
    """

    counts: dict[str, int]
    documents: int
    capitalised: dict[str, float]

    def idf(self, stem: str) -> float:
        """Return the inverse document frequency, `ln(documents / (1 + count))`, at least 0."""
        return max(math.log(self.documents / (1 + self.counts.get(stem, 0))), 0.0)

    @property
    def max_idf(self) -> float:
        """The idf of a stem that was never counted."""
        return math.log(self.documents)


@lru_cache(maxsize=1)
def document_frequencies() -> DocumentFrequencies:
    """Return the counts that ship with the package."""
    packed = (files("dedupe") / "text" / "document_frequencies.tsv.gz").read_bytes()
    documents, *lines = gzip.decompress(packed).decode().splitlines()
    rows = [line.split("\t") for line in lines]
    capitalised = {stem: int(percent) / 100 for stem, _, percent in rows if percent}
    return DocumentFrequencies({stem: int(count) for stem, count, _ in rows}, int(documents), capitalised)
