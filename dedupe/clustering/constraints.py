"""`Constraints`: corrections as must-links and cannot-links between the rows of a run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dedupe.candidates.pairs import PairTable
from dedupe.clustering.collapse import Copies, Nodes
from dedupe.clustering.corrections import Correction, Links, check_consistent
from dedupe.clustering.merge_tree import MergeTree
from dedupe.levels import JOINING_VERDICTS, SCORED_LEVELS, SEPARATING_VERDICTS
from dedupe.runtime.arrays import Floats, Ints
from dedupe.text.normalize import key_of_normalized


@dataclass(frozen=True, slots=True)
class Constraints:
    """Pairs of rows by level, (2, k) each; `applied`: how many corrections found both their titles.

    A row stands for its node: one that names it.
    """

    must_link: Mapping[str, Ints]
    cannot_link: Mapping[str, Ints]
    applied: int = 0

    @property
    def rows(self) -> Ints:
        """The rows that any constraint is about."""
        return np.unique(np.concatenate([p.ravel() for p in (*self.must_link.values(), *self.cannot_link.values())]))

    def violated(self, trees: Mapping[str, MergeTree], nodes: Nodes) -> Ints:
        """Return the nodes of must-links that no threshold joins, since the window keeps them apart."""
        violated = [np.empty(0, np.int64)]
        for level, tree in trees.items():
            labels, (first, second) = tree.cut(1.0), nodes.of_row[self.must_link[level]]
            apart = labels[first] != labels[second]
            violated += [first[apart], second[apart]]
        return np.unique(np.concatenate(violated))


def constraints_of(corrections: Sequence[Correction], copies: Copies) -> Constraints:
    """Return corrections as constraints; `InputError` where they contradict each other in this run.

    A title that several nodes have, since the window cut its copies, is meant wherever it stands. What corrections imply by
    way of titles that are absent holds as well.
    """
    nodes, fingerprints = copies.nodes, copies.fingerprints
    rows = _rows_by_key(corrections, fingerprints, copies.texts)
    check_consistent(corrections, {key: fingerprints[places[0]] for key, places in rows.items()})
    named = {key: sorted({int(nodes.title_row[nodes.of_row[row]]) for row in places}) for key, places in rows.items()}
    links = {level: Links(corrections, JOINING_VERDICTS[level]) for level in SCORED_LEVELS}
    must_link = {
        level: _pairs(named, ((key, other) for key in named for other in links[level].beyond(key, named)))
        for level in SCORED_LEVELS
    }
    cannot_link = {
        level: _pairs(
            named, _separated((c for c in corrections if c.verdict in SEPARATING_VERDICTS[level]), links[level], named)
        )
        for level in SCORED_LEVELS
    }
    return Constraints(must_link, cannot_link, sum(all(key in named for key in c.keys) for c in corrections))


def with_must_links(pairs: PairTable, level: str, must_link: Ints, nodes: int) -> tuple[Ints, Ints, Floats]:
    """Return the pairs of a table and the must-links, (2, k) of nodes, with their probability: 1 for a must-link."""
    i, j, p = pairs.i.astype(np.int64), pairs.j.astype(np.int64), pairs.p(level).astype(np.float64)
    if not must_link.size:
        return i, j, p
    low, high = must_link.min(axis=0), must_link.max(axis=0)
    others = ~np.isin(i * nodes + j, low * nodes + high)
    return np.append(i[others], low), np.append(j[others], high), np.append(p[others], np.ones(len(low)))


def rows_named(corrections: Sequence[Correction], copies: Copies, count: int) -> Ints:
    """Return which of the first `count` rows corrections name, ascending."""
    rows = _rows_by_key(corrections, copies.fingerprints[:count], copies.texts[:count])
    return np.unique(np.array([row for places in rows.values() for row in places], np.int64))


def _rows_by_key(
    corrections: Sequence[Correction], fingerprints: Sequence[str], texts: Sequence[str]
) -> dict[str, list[int]]:
    """Return the rows that each fingerprint of a correction names, for those that are there.

    A row's own fingerprint knows its source, and so which end of the title is the publisher's mark; a correction does not. So
    a row is named by either fingerprint, with its source or without.
    """
    keys = {key for correction in corrections for key in correction.keys}
    rows: dict[str, list[int]] = defaultdict(list)
    for row, (fingerprint, text) in enumerate(zip(fingerprints, texts, strict=True) if keys else ()):
        for key in {fingerprint, key_of_normalized(text)} & keys:
            rows[key].append(row)
    return dict(rows)


def _separated(
    corrections: Iterable[Correction], links: Links, named: Mapping[str, object]
) -> Iterable[tuple[str, str]]:
    for correction in corrections:
        first, second = (links.nearest(key, named) for key in correction.keys)
        yield from ((a, b) for a in first for b in second)


def _pairs(named: Mapping[str, Sequence[int]], keys: Iterable[tuple[str, str]]) -> Ints:
    """Return every pair of rows of two fingerprints, (2, pairs)."""
    pairs = {(min(a, b), max(a, b)) for first, second in keys for a in named[first] for b in named[second] if a != b}
    return np.array(sorted(pairs), np.int64).reshape(-1, 2).T
