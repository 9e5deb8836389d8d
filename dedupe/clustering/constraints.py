"""`Constraints`: corrections as must-links and cannot-links between the rows of a run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, product

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
    """Pairs of rows by level, (2, k) each; a row means its node. `applied`: how many corrections have both titles in the run."""

    must_link: Mapping[str, Ints]
    cannot_link: Mapping[str, Ints]
    applied: int = 0

    @property
    def rows(self) -> Ints:
        """The rows that constraints are about."""
        return np.unique(np.concatenate([p.ravel() for p in (*self.must_link.values(), *self.cannot_link.values())]))

    def violated(self, trees: Mapping[str, MergeTree], nodes: Nodes) -> Ints:
        """Return the nodes of must-links that no threshold joins, because of the window."""
        violated = [np.empty(0, np.int64)]
        for level, tree in trees.items():
            labels, (first, second) = tree.cut(1.0), nodes.of_row[self.must_link[level]]
            apart = labels[first] != labels[second]
            violated += [first[apart], second[apart]]
        return np.unique(np.concatenate(violated))


def constraints_of(corrections: Sequence[Correction], copies: Copies) -> Constraints:
    """Return corrections as constraints; `InputError` where they contradict each other in this run.

    Where the window cut the copies of a title into several nodes, a correction applies to all of them. What corrections
    imply through titles that are not in the run applies too.
    """
    nodes, fingerprints = copies.nodes, copies.fingerprints
    rows = rows_by_key(corrections, fingerprints, copies.texts)
    check_consistent(corrections, {key: fingerprints[of_key[0]] for key, of_key in rows.items()})
    named = {key: sorted({int(nodes.title_row[nodes.of_row[row]]) for row in of_key}) for key, of_key in rows.items()}
    return constraints_between(corrections, named)


def constraints_between(corrections: Sequence[Correction], named: Mapping[str, Sequence[int]]) -> Constraints:
    """Return corrections as constraints between what their titles name, such as one row of each node, by fingerprint."""
    must_link, cannot_link = dict[str, Ints](), dict[str, Ints]()
    for level in SCORED_LEVELS:
        links = Links(corrections, JOINING_VERDICTS[level])
        separated = [c.keys for c in corrections if c.verdict in SEPARATING_VERDICTS[level]]
        apart = (product(links.nearest(a, named), links.nearest(b, named)) for a, b in separated)
        must_link[level] = _pairs(named, ((key, linked) for key in named for linked in links.beyond(key, named)))
        cannot_link[level] = _pairs(named, chain.from_iterable(apart))
    return Constraints(must_link, cannot_link, sum(all(key in named for key in c.keys) for c in corrections))


def with_must_links(pairs: PairTable, level: str, must_link: Ints, nodes: int) -> tuple[Ints, Ints, Floats]:
    """Return the nodes and probability of the pairs of a table and of the must-links, (2, k); a must-link has 1."""
    i, j, p = pairs.i.astype(np.int64), pairs.j.astype(np.int64), pairs.p(level).astype(np.float64)
    if not must_link.size:
        return i, j, p
    low, high = must_link.min(axis=0), must_link.max(axis=0)
    free = ~np.isin(i * nodes + j, low * nodes + high)
    return np.append(i[free], low), np.append(j[free], high), np.append(p[free], np.ones(len(low)))


def rows_named(corrections: Sequence[Correction], copies: Copies, count: int) -> Ints:
    """Return those of the first `count` rows that corrections name, ascending."""
    rows = rows_by_key(corrections, copies.fingerprints[:count], copies.texts[:count])
    return np.unique(np.array([*chain.from_iterable(rows.values())], np.int64))


def rows_by_key(
    corrections: Sequence[Correction], fingerprints: Sequence[str], texts: Sequence[str]
) -> dict[str, list[int]]:
    """Return the rows that each fingerprint of a correction names, if any.

    The fingerprint of a row depends on its source, which tells the publisher's mark in the title; a correction has no
    source. So a row is named by its fingerprint either with or without the source.
    """
    keys = {key for correction in corrections for key in correction.keys}
    rows: dict[str, list[int]] = defaultdict(list)
    for row, (fingerprint, text) in enumerate(zip(fingerprints, texts, strict=True) if keys else ()):
        for key in {fingerprint, key_of_normalized(text)} & keys:
            rows[key].append(row)
    return dict(rows)


def _pairs(named: Mapping[str, Sequence[int]], keys: Iterable[tuple[str, str]]) -> Ints:
    """Return every pair of rows of two fingerprints, (2, pairs)."""
    pairs = {(min(a, b), max(a, b)) for first, second in keys for a in named[first] for b in named[second] if a != b}
    return np.array(sorted(pairs), np.int64).reshape(-1, 2).T
