"""Corrections -> rules for the nodes of a run: which pairs are one group at each level, and which may never be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dedupe.candidates.join import CandidatePairs, Times
from dedupe.candidates.products import cosines
from dedupe.clustering.corrections import Correction, Given, Links, as_corrections, check
from dedupe.clustering.merge_tree import MergeTree
from dedupe.levels import APART, TOGETHER
from dedupe.scoring.prefilter import Notice, NoticedPairs
from dedupe.text.normalize import key_of_normalized

Ints = NDArray[np.int64]
_NONE = np.empty((2, 0), np.int64)


@dataclass(frozen=True, slots=True)
class Rules:
    """Pairs of nodes by level, (2, k) each; `applied`: how many corrections found both their titles."""

    together: dict[str, Ints]
    apart: dict[str, Ints]
    applied: int = 0

    @property
    def nodes(self) -> Ints:
        """The nodes that any of them is about."""
        return np.unique(np.concatenate([pairs.ravel() for pairs in (*self.together.values(), *self.apart.values())]))

    def pairs(self, notice: Notice, times: Times | None) -> NoticedPairs:
        """Return these pairs as far as they meet within the window, with the probability 1 or 0 that the verdict is."""
        i, j = np.unique(np.hstack([self.together["story"], self.apart["story"]]), axis=1)
        if times is not None:
            meet = times.meet(i, j)
            i, j = i[meet], j[meet]
        found = replace(notice, least=0).among(CandidatePairs(i, j, cosines(notice.rows, i, j)))
        sure = {level: _in(found, pairs).astype(np.float32) for level, pairs in self.together.items()}
        return replace(found, alone=sure)

    def unmet(self, trees: Mapping[str, MergeTree]) -> Ints:
        """Return the nodes that belong together and are not even at threshold 1, as the window keeps them apart."""
        return np.unique(np.concatenate([_torn(tree.cut(1.0), self.together[level]) for level, tree in trees.items()]))


def _torn(labels: Ints, pairs: Ints) -> Ints:
    return pairs[:, labels[pairs[0]] != labels[pairs[1]]].ravel()


def _in(found: NoticedPairs, pairs: Ints) -> NDArray[np.bool_]:
    wanted = set(zip(*pairs.tolist(), strict=True))
    return np.array([pair in wanted for pair in zip(found.i.tolist(), found.j.tolist(), strict=True)], bool)


def rules_of(corrections: Given, keys: Sequence[str], texts: Sequence[str], of: Ints) -> Rules:
    """Return corrections as rules for nodes; `InputError` where they contradict each other in this run.

    `keys`, `texts`: (rows,), fingerprints and normalized titles; `of`: (rows,), the node of each row. A title that stands
    for several nodes, since the window cut its copies, is meant wherever it stands. What two corrections say by way of a
    title that is not there holds as well.
    """
    found = as_corrections(corrections)
    rows = rows_named(found, keys, texts)
    check(found, _same(rows, keys))
    nodes = {key: sorted({int(of[row]) for row in places}) for key, places in rows.items()}
    links = {level: Links(found, verdicts) for level, verdicts in TOGETHER.items()}
    together = {
        level: _pairs(nodes, ((key, other) for key in nodes for other in links[level].beyond(key, nodes)))
        for level in TOGETHER
    }
    apart = {
        level: _pairs(nodes, _parted((one for one in found if one.verdict in APART[level]), links[level], nodes))
        for level in APART
    }
    return Rules(together, apart, sum(all(key in nodes for key in one.keys) for one in found))


def rows_named(corrections: Sequence[Correction], keys: Sequence[str], texts: Sequence[str]) -> dict[str, list[int]]:
    """Return the rows that each fingerprint of a correction names, of those that are there.

    A row's own fingerprint, of `keys`, knows its source, and so which end of a title is a publisher's mark; a correction
    does not. So a row is named by either, that and the one it would have without a source.
    """
    named = {key for one in corrections for key in one.keys}
    found: dict[str, list[int]] = defaultdict(list)
    for row, (key, text) in enumerate(zip(keys, texts, strict=True) if named else ()):
        for own in {key, key_of_normalized(text)} & named:
            found[own].append(row)
    return dict(found)


def _same(rows: Mapping[str, Sequence[int]], keys: Sequence[str]) -> dict[str, str]:
    """Which fingerprints of corrections name copies of one title, each with the title's own."""
    return {key: keys[places[0]] for key, places in rows.items()}


def _parted(corrections: Iterable[Correction], links: Links, nodes: Mapping[str, object]) -> Iterable[tuple[str, str]]:
    for one in corrections:
        ends, others = (links.nearest(key, nodes) for key in one.keys)
        yield from ((a, b) for a in ends for b in others)


def _pairs(nodes: Mapping[str, Sequence[int]], keys: Iterable[tuple[str, str]]) -> Ints:
    """Every pair of nodes of two fingerprints, the smaller node first."""
    found = {(min(a, b), max(a, b)) for one, other in keys for a in nodes[one] for b in nodes[other] if a != b}
    return np.array(sorted(found), np.int64).T if found else _NONE
