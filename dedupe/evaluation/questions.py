"""Which pairs to ask people about, so that few answers say most about where the threshold of a level belongs.

Questions are about pairs of distinct titles that the floor joins, or that were scored. Pairs are sorted into strata by height;
within a stratum their order is random, but reproducible. The next question comes from the stratum where one more answer
shrinks the variance of the estimated number of true pairs most (Neyman, 1934), so strata with clear answers are soon left
alone. The questions of a stratum are a random sample of it, so each answer stands for a share of its pairs, see
`QuestionPairs.weights`. That the size of the sample depends on the answers biases the estimate a little.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from dedupe.errors import InputError
from dedupe.levels import JOINING_VERDICTS, SKIPPED
from dedupe.result.deduplication import Deduplication
from dedupe.runtime.arrays import Bools, Floats, Ints
from dedupe.text.normalize import key_of_normalized, normalize

Answer = tuple[str, str, str]
"""Two titles and the verdict on them."""
_EDGES = np.array([0.01, *np.arange(0.1, 1.0, 0.05)])  # heights; below the first, scored pairs that nothing joins
_STRATA = len(_EDGES) + 1
_LARGEST_LISTED = 1000  # distinct titles; of larger groups only scored pairs are listed
_PRIOR = 2.0  # answers that the judge's own probabilities count for, in each stratum


@dataclass(frozen=True, slots=True)
class QuestionPairs:
    """Pairs of nodes of a run, `i` < `j`; all (pairs,).

    `height`: the highest threshold that joins a pair, 0 where none does. `probability`: 0 where it was never scored.
    """

    i: Ints
    j: Ints
    height: Floats
    probability: Floats
    stratum: Ints

    @classmethod
    def of(cls, result: Deduplication, level: str) -> QuestionPairs:
        """Return the pairs that the tree of a level joins at the floor, and the other scored ones."""
        if level not in result.trees:
            raise InputError(f"this run has no level {level!r}: run it with level='story'")
        nodes, tree, table = len(result.nodes), result.trees[level], result.pair_table
        joined = _pairs_inside(tree.cut(result.floor))
        scored = table.i.astype(np.int64) * nodes + table.j
        keys = np.union1d(joined[0] * nodes + joined[1], scored)
        i, j = np.divmod(keys, nodes)
        probability = np.zeros(len(keys))
        probability[np.searchsorted(keys, scored)] = table.p(level)
        height = tree.cophenetic(i, j)
        return cls(i, j, height, probability, np.searchsorted(_EDGES, height, side="right"))

    def __len__(self) -> int:
        return len(self.i)

    def weights(self, answered: Ints) -> Floats:
        """Return how many pairs each answer stands for, (answered,); `answered`: the places of the pairs with an answer."""
        sizes, answers = (np.bincount(part, minlength=_STRATA) for part in (self.stratum, self.stratum[answered]))
        return np.asarray((sizes / np.maximum(answers, 1))[self.stratum[answered]])


def _pairs_inside(labels: Ints) -> Ints:
    """All pairs of nodes inside a group, (2, pairs), except in very large groups."""
    order = np.argsort(labels, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    small = [np.sort(group) for group in groups if 1 < len(group) <= _LARGEST_LISTED]
    pairs = [group[np.array(np.triu_indices(len(group), 1))] for group in small]
    return np.hstack([np.empty((2, 0), np.int64), *pairs])


class Questions:
    """The pairs of a run, the answers so far, and the next pair to ask about. A pair is named by its place among `pairs`.

    `answered`: the verdict on each pair of titles. It holds for all pairs of nodes with these titles: a time window may have
    made several.
    """

    def __init__(self, result: Deduplication, level: str, answers: Iterable[Answer] = (), seed: int = 0) -> None:
        """`answers`: to questions about this run or another; those about other titles are ignored. `seed`: of the order."""
        self.result, self.level, self.pairs = result, level, QuestionPairs.of(result, level)
        keys = [_fingerprint(result.headlines[row].title) for row in result.nodes.title_row.tolist()]
        ends = zip(self.pairs.i.tolist(), self.pairs.j.tolist(), strict=True)
        self._titles = [_unordered(keys[i], keys[j]) for i, j in ends]
        self._places = defaultdict[tuple[str, str], list[int]](list)
        for place, titles in enumerate(self._titles):
            self._places[titles].append(place)
        self._queues = self._shuffled(seed)
        self._sizes = np.bincount(self.pairs.stratum, minlength=_STRATA)
        sums = np.bincount(self.pairs.stratum, self.pairs.probability, minlength=_STRATA)
        self._expected = sums / np.maximum(self._sizes, 1)
        keyed = ((_key(answer), answer[2]) for answer in answers)
        self.answered = {titles: verdict for titles, verdict in keyed if titles in self._places}

    def answer(self, place: int, verdict: str) -> None:
        """Record the verdict on a pair, one of `VERDICTS`, or `SKIPPED`; it replaces an earlier one."""
        self.answered[self._titles[place]] = verdict

    def undo(self, place: int) -> None:
        """Remove the answer about a pair, if there is one."""
        self.answered.pop(self._titles[place], None)

    def verdicts(self) -> tuple[Ints, Bools]:
        """Return the places of the pairs that have an answer, ascending, and whether they belong together, (answers,)."""
        verdicts = sorted(
            (place, verdict in JOINING_VERDICTS[self.level])
            for titles, verdict in self.answered.items()
            if verdict != SKIPPED
            for place in self._places[titles]
        )
        return np.array([place for place, _ in verdicts], int), np.array([same for _, same in verdicts], bool)

    @property
    def count(self) -> int:
        """How many pairs of titles have an answer, skipped ones left out."""
        return sum(verdict != SKIPPED for verdict in self.answered.values())

    def unrelated(self, answers: Iterable[Answer]) -> int:
        """Return how many answers, skipped ones left out, are about no pair of this run."""
        return sum(_key(answer) not in self._places for answer in answers if answer[2] != SKIPPED)

    def next(self) -> int | None:
        """Return the place of the next pair to ask about, or None where all have been."""
        places, truth = self.verdicts()
        answers = np.bincount(self.pairs.stratum[places], minlength=_STRATA)
        same = np.bincount(self.pairs.stratum[places], truth, minlength=_STRATA)
        likely = (same + _PRIOR * self._expected) / (answers + _PRIOR)
        gain = self._sizes**2 * likely * (1 - likely) / ((answers + 1) * (answers + 0.5))
        queued = (place for stratum in np.argsort(-gain, kind="stable").tolist() for place in self._queues[stratum])
        return next((place for place in queued if self._titles[place] not in self.answered), None)

    def titles(self, place: int) -> tuple[int, int]:
        """Return the input positions of the headlines that stand for a pair."""
        row = self.result.nodes.title_row
        return int(row[self.pairs.i[place]]), int(row[self.pairs.j[place]])

    def _shuffled(self, seed: int) -> list[list[int]]:
        """The places of each stratum, in an order that depends on the titles and the seed only."""
        queues: list[list[int]] = [[] for _ in range(_STRATA)]
        keys = [crc32("\n".join(titles).encode(), seed) for titles in self._titles]
        for place in sorted(range(len(keys)), key=keys.__getitem__):
            if len(set(self._titles[place])) == 2:  # else copies of one title that the window separates: nothing to ask
                queues[self.pairs.stratum[place]].append(place)
        return queues


def _key(answer: Answer) -> tuple[str, str]:
    return _unordered(_fingerprint(answer[0]), _fingerprint(answer[1]))


def _fingerprint(title: str) -> str:
    return key_of_normalized(normalize(title))


def _unordered(first: str, second: str) -> tuple[str, str]:
    return (first, second) if first <= second else (second, first)
