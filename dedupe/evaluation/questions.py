"""Which pairs to ask people about, so that few answers say most about where the threshold of a level belongs.

What an answer is about is a pair of distinct titles that come together somewhere above the floor, or were judged and do not.
Pairs are sorted into strata by the threshold up to which they are together; within a stratum the order is random, but
always the same. The next question comes from the stratum whose answer shrinks the variance of the number of true pairs
most (Neyman, 1934), counting what is known so far, so that sure strata are soon left alone. As what was asked of a stratum
is a random sample of it, an answer can stand for all its pairs, see `weights`; that how many are asked depends on the
answers bends such an estimate a little.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from dedupe.errors import InputError
from dedupe.levels import SKIPPED, TOGETHER
from dedupe.result.deduplication import Deduplication
from dedupe.text.normalize import key_of_normalized, normalize

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
EDGES = np.array([0.01, *np.arange(0.1, 1.0, 0.05)])
"""The heights that part the strata; the first holds what was judged and never comes together."""
_LISTED = 1000  # distinct titles of a group up to which all its pairs are listed, not only those that were judged
_PRIOR = 2.0  # answers that the judge's own probabilities count for, in each stratum


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of nodes of a run, (pairs,) each: `i` < `j`, the height at which they come together, their probability (0
    where never judged), and the stratum.
    """

    i: Ints
    j: Ints
    height: Floats
    probability: Floats
    stratum: Ints

    @classmethod
    def of(cls, result: Deduplication, level: str) -> Pairs:
        """Return the pairs of a run that the tree of a level puts together at the floor, and the other judged ones."""
        if level not in result.trees:
            raise InputError(f"this run has no level {level!r}: run it with level='story'")
        nodes, tree = len(result.nodes.row), result.trees[level]
        inside = _inside(tree.cut(result.floor))
        judged = result.pair_table.i * nodes + result.pair_table.j
        order = np.argsort(judged, kind="stable")
        key = np.union1d(inside[0] * nodes + inside[1], judged)
        i, j = np.divmod(key, nodes)
        chance = np.zeros(len(key))
        chance[np.searchsorted(key, judged[order])] = result.pair_table.p(level)[order]
        height = tree.cophenetic(i, j)
        return cls(i, j, height, chance, np.searchsorted(EDGES, height, side="right"))

    def __len__(self) -> int:
        return len(self.i)

    def weights(self, answered: Ints) -> Floats:
        """Return how many pairs each answered one stands for, (answered,); `answered`: places of pairs."""
        sizes = np.bincount(self.stratum, minlength=len(EDGES) + 1)
        asked = np.bincount(self.stratum[answered], minlength=len(EDGES) + 1)
        found: Floats = (sizes / np.maximum(asked, 1))[self.stratum[answered]]
        return found


def _inside(labels: Ints) -> Ints:
    """All pairs of nodes inside a group, (2, pairs), but for very large groups."""
    order = np.argsort(labels, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1) if len(order) else []
    found = [np.sort(group)[np.array(np.triu_indices(len(group), 1))] for group in groups if 1 < len(group) <= _LISTED]
    return np.hstack(found) if found else np.empty((2, 0), np.int64)


class Questions:
    """The pairs of a run, the answers so far, and the next pair to ask about."""

    def __init__(self, result: Deduplication, level: str, answers: Iterable[tuple[str, str, str]] = ()) -> None:
        """`answers`: two titles and a verdict each, given to this run or another; those about other titles say nothing."""
        self.result, self.level, self.pairs = result, level, Pairs.of(result, level)
        self._keys = [_fingerprint(result.headlines[row].title) for row in result.nodes.row.tolist()]
        self._places = self._by_keys()
        self._queues = self._shuffled()
        strata = len(EDGES) + 1
        self.sizes = np.bincount(self.pairs.stratum, minlength=strata)
        sums = np.bincount(self.pairs.stratum, self.pairs.probability, minlength=strata)
        self._expected = sums / np.maximum(self.sizes, 1)
        self._same, self._asked = np.zeros(strata), np.zeros(strata)
        self.answered: dict[int, str] = {}
        for one, other, verdict in answers:
            if places := self._places.get(_key(_fingerprint(one), _fingerprint(other))):
                self.answer(places[0], verdict)

    def answer(self, place: int, verdict: str) -> None:
        """Take the verdict on a pair, one of `verdicts.VERDICTS`, or `SKIPPED`; a later one replaces an earlier.

        It holds for all pairs of these two titles, of which the window may have made several.
        """
        for one in self._alike(place):
            self._forget(one)
            self.answered[one] = verdict
            if verdict != SKIPPED:
                self._count(one, verdict, 1)

    def undo(self, place: int) -> None:
        """Take an answer back."""
        for one in self._alike(place):
            self._forget(one)

    @property
    def count(self) -> int:
        """How many pairs of titles have an answer, skipped ones left out."""
        given = (place for place, verdict in self.answered.items() if verdict != SKIPPED)
        return sum(self._alike(place)[0] == place for place in given)

    def _alike(self, place: int) -> list[int]:
        return self._places[_key(self._keys[self.pairs.i[place]], self._keys[self.pairs.j[place]])]

    def _forget(self, place: int) -> None:
        verdict = self.answered.pop(place, SKIPPED)
        if verdict != SKIPPED:
            self._count(place, verdict, -1)

    def _count(self, place: int, verdict: str, by: int) -> None:
        self._asked[self.pairs.stratum[place]] += by
        self._same[self.pairs.stratum[place]] += by * (verdict in TOGETHER[self.level])

    def next(self) -> int | None:
        """Return the place of the next pair to ask about, or None where all were."""
        likely = (self._same + _PRIOR * self._expected) / (self._asked + _PRIOR)
        gain = self.sizes**2 * likely * (1 - likely) / ((self._asked + 1) * (self._asked + 0.5))
        strata: list[int] = np.argsort(-gain, kind="stable").tolist()
        for stratum in strata:
            for place in self._queues[stratum]:
                if place not in self.answered:
                    return place
        return None

    def titles(self, place: int) -> tuple[int, int]:
        """Return the input positions of the headlines that stand for a pair."""
        first = self.result.nodes.row
        return int(first[self.pairs.i[place]]), int(first[self.pairs.j[place]])

    def _by_keys(self) -> dict[tuple[str, str], list[int]]:
        found: dict[tuple[str, str], list[int]] = {}
        for place, (i, j) in enumerate(zip(self.pairs.i.tolist(), self.pairs.j.tolist(), strict=True)):
            found.setdefault(_key(self._keys[i], self._keys[j]), []).append(place)
        return found

    def _shuffled(self) -> list[list[int]]:
        """The places of each stratum, in an order that depends on the titles alone."""
        queues: list[list[tuple[int, int]]] = [[] for _ in range(len(EDGES) + 1)]
        for keys, places in self._places.items():
            if keys[0] == keys[1]:
                continue  # copies of one title that the window keeps apart: nobody can say more about them
            number = crc32("\n".join(keys).encode())
            for place in places:
                queues[self.pairs.stratum[place]].append((number, place))
        return [[place for _, place in sorted(queue)] for queue in queues]


def _fingerprint(title: str) -> str:
    return key_of_normalized(normalize(title))


def _key(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one <= other else (other, one)
