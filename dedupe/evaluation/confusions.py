"""The mistakes of a grouping as pairs of headlines: one for each group that holds too much, one for each label torn apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedupe.clustering.collapse import tie_ranks
from dedupe.embedding import encoders as encoders
from dedupe.evaluation.labelled import Labelled
from dedupe.headlines import Headline, tie_key
from dedupe.pipeline import compare
from dedupe.result.deduplication import Deduplication
from dedupe.result.pairs import ScoredPairs
from dedupe.scoring.reasons import reasons
from dedupe.text.normalize import normalize

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Confusion:
    """Two headlines that stand for one mistake: of all its pairs, the one most probable to belong together.

    `pairs`: how many pairs of headlines it gets wrong. `probability`: that the two belong together at the level, and
    `reasons` for it, in words. `judged`: whether the run judged the two; what it never looked at is judged alone here.
    """

    one: Headline
    other: Headline
    pairs: int
    probability: float
    reasons: tuple[str, ...]
    judged: bool


@dataclass(frozen=True, slots=True)
class _Mistake:
    """A mistake before it is put in words: its run, two rows of it in the order of ties, and their place among the judged
    pairs or -1.
    """

    pairs: int
    probability: float
    run: int
    rows: tuple[int, int]
    judged: int


def confusions_of(
    labelled: Labelled, runs: list[Deduplication], level: str, encoder: encoders.Encoder, worst: int
) -> tuple[list[Confusion], list[Confusion]]:
    """Return the worst groups that hold several labels, and the worst labels that lie in several groups.

    Ranked by how many pairs a mistake gets wrong, then by the probability of the pair that stands for it. Which rows stand
    for a title that several have, and which of two comes first, does not depend on the order of the input.
    """
    wrong, missed = list[_Mistake](), list[_Mistake]()
    judged = [run.pairs for run in runs]
    ties = [tie_ranks(run.headlines) for run in runs]
    for number, (rows, run) in enumerate(zip(labelled.slices, runs, strict=True)):
        truth, found = labelled.labels[level][rows], run.labels(level)
        wrong += _mistakes(number, run, judged[number], ties[number], level, inside=found, apart=truth)
        missed += _mistakes(number, run, judged[number], ties[number], level, inside=truth, apart=found)
    told = [
        [
            _told(mistake, runs[mistake.run], judged[mistake.run], level, encoder)
            for mistake in _worst(side, runs, worst)
        ]
        for side in (wrong, missed)
    ]
    return told[0], told[1]


def _worst(mistakes: list[_Mistake], runs: list[Deduplication], worst: int) -> list[_Mistake]:
    def rank(mistake: _Mistake) -> tuple[Any, ...]:
        headlines = [runs[mistake.run].headlines[row] for row in mistake.rows]
        titles = sorted(headline.title for headline in headlines)
        return -mistake.pairs, -mistake.probability, titles, list(map(tie_key, headlines))

    return sorted(mistakes, key=rank)[:worst]


def _mistakes(
    number: int, run: Deduplication, judged: ScoredPairs, ties: Ints, level: str, *, inside: Ints, apart: Ints
) -> Iterator[_Mistake]:
    """Yield a mistake for each group of `inside` whose labelled rows are in several groups of `apart`.

    Both are numbers for each row, -1 where it has none; `ties`: the rank of each row, (n,) each.
    """
    rows = np.flatnonzero((inside >= 0) & (apart >= 0))
    rows = rows[np.lexsort((ties[rows], run.nodes.of[rows]))]  # neither is the order of the input
    cost = _torn(inside[rows], apart[rows])
    pairs, chance, places = _candidates(run, judged, level, rows, inside, apart)
    ranks = np.sort(ties[np.stack(pairs)], axis=0)
    order = np.lexsort((ranks[1], ranks[0], -chance, inside[pairs[0]]))
    groups, first = np.unique(inside[pairs[0]][order], return_index=True)
    best = dict(zip(groups.tolist(), order[first].tolist(), strict=True))
    for group in np.flatnonzero(cost).tolist():
        k = best.get(group)
        ends = _apart(rows[inside[rows] == group], apart) if k is None else (int(pairs[0][k]), int(pairs[1][k]))
        one, other = sorted(ends, key=lambda row: int(ties[row]))
        seen = (0.0, -1) if k is None else (float(chance[k]), int(places[k]))
        yield _Mistake(int(cost[group]), seen[0], number, (one, other), seen[1])


def _apart(members: Ints, apart: Ints) -> tuple[int, int]:
    """The first of these rows, and the first that is in another group."""
    other = members[apart[members] != apart[members[0]]][0]
    return int(members[0]), int(other)


def _candidates(
    run: Deduplication, judged: ScoredPairs, level: str, rows: Ints, inside: Ints, apart: Ints
) -> tuple[tuple[Ints, Ints], NDArray[np.float64], Ints]:
    """The pairs of rows, both labelled, in one group of `inside` and two of `apart`: copies, then what was judged.

    With the probability of each and its place among the judged pairs, -1 for copies.
    """
    of = run.nodes.of
    stands = np.full(len(run.nodes.row), -1)
    stands[of[rows[::-1]]] = rows[::-1]  # the first row of each node stands for it
    one = np.concatenate([stands[of[rows]], stands[of[judged.i]]])
    other = np.concatenate([rows, stands[of[judged.j]]])
    chance = np.concatenate([np.ones(len(rows)), judged.p(level)])
    places = np.concatenate([np.full(len(rows), -1), np.arange(len(judged))])
    kept = (one >= 0) & (other >= 0) & (inside[one] == inside[other]) & (apart[one] != apart[other])
    return (one[kept], other[kept]), chance[kept], places[kept]


def _torn(inside: Ints, apart: Ints) -> Ints:
    """How many pairs of each group of `inside` are in two groups of `apart`, by number."""
    cells, counts = np.unique(np.stack([inside, apart]), axis=1, return_counts=True)
    torn = _pairs(np.bincount(inside))
    np.subtract.at(torn, cells[0], _pairs(counts))
    return torn


def _told(
    mistake: _Mistake, run: Deduplication, judged: ScoredPairs, level: str, encoder: encoders.Encoder
) -> Confusion:
    one, other = (run.headlines[row] for row in mistake.rows)
    if mistake.judged >= 0:
        pair = judged[mistake.judged]
        pair = replace(pair, reasons=tuple(reasons(one.title, other.title, pair.similarity, pair.features)))
    elif all(normalize(headline.title) for headline in (one, other)):
        pair = compare(one, other, encoder=encoder)
    else:
        return Confusion(one, other, mistake.pairs, 0.0, ("a title is empty",), judged=False)
    return Confusion(
        one,
        other,
        mistake.pairs,
        (pair.p_story if level == "story" else pair.p_wording),
        pair.reasons,
        judged=mistake.judged >= 0,
    )


def _pairs(sizes: Ints) -> Ints:
    return sizes * (sizes - 1) // 2
