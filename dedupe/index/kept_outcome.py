"""`Outcome`: what a run came to, so that another process that asks the same gets the answer without a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

import numpy as np

from dedupe.candidates import PairTable
from dedupe.clustering import Collapsed, Constraints, Copies, Correction
from dedupe.clustering.merge_tree import MergeTree
from dedupe.headlines import Headline
from dedupe.index.kept_titles import Told
from dedupe.pipeline import result_of
from dedupe.result.cautions import Caution
from dedupe.result.deduplication import Deduplication
from dedupe.result.settings import Settings
from dedupe.scoring import PairsRead, Scorer


@dataclass(frozen=True)
class Outcome:
    """What a run came to, besides its pairs. What it was a run over is told apart, see `Asked`."""

    copies: Copies
    corrections: Sequence[Correction]
    constraints: Constraints
    cautions: tuple[Caution, ...]
    read: PairsRead
    trees: Mapping[str, MergeTree]

    def result(self, settings: Settings, scorer: Scorer, pairs: PairTable) -> Deduplication:
        """Return the run; `scorer`, `pairs`: of it."""
        crowds = Collapsed(self.copies.nodes, scorer, (), np.zeros(len(self.copies.headlines), bool))
        return result_of(
            self.copies, settings, self.cautions, self.constraints, crowds, 1.0, pairs, self.read, self.trees
        )


class Asked(NamedTuple):
    """What a run was asked: of `asked_of`; and what was found out about its titles, see `KeptTitles`."""

    key: bytes
    tell: Callable[[], Iterable[Told]]


def asked_of(rows: Sequence[Headline], corrections: Sequence[Correction]) -> bytes:
    """Return a hash of all that a run depends on, besides settings."""
    digest = blake2b(digest_size=16)
    for row in rows:
        when = row.published and row.published.timestamp()
        said = (row.title, row.id, when, row.source, row.url, row.bad_date, row.record, row.title_made)
        digest.update(repr(said).encode())  # where lone surrogates are escaped
    digest.update(repr([(correction.keys, correction.verdict) for correction in corrections]).encode())
    return digest.digest()
