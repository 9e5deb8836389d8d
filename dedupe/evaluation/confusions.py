"""The mistakes of a grouping as pairs of headlines: one for each group that holds too much, one for each label split up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dedupe.embedding.encoders import Encoder
from dedupe.evaluation.labelled import LabelledHeadlines
from dedupe.headlines import Headline, tie_key
from dedupe.pipeline import compare
from dedupe.result.deduplication import Deduplication
from dedupe.runtime.arrays import Floats, Ints, pairs_within
from dedupe.text.normalize import normalize


@dataclass(frozen=True, slots=True)
class Confusion:
    """Two headlines that show one mistake: the most probable of the pairs that it gets wrong.

    `pairs`: how many pairs the mistake gets wrong. `probability`: that these two belong together at the level, with `reasons`.
    `scored`: whether the run scored this pair; if not, it was scored afterwards, without the context of other headlines.
    """

    first: Headline
    second: Headline
    pairs: int
    probability: float
    reasons: tuple[str, ...]
    scored: bool


_Mistake = tuple[Confusion, Deduplication, int, bool]
"""A confusion without reasons, its run, the place of its pair among those of the run, -1 if it was never scored, and whether the
pair has its titles in the other order."""


def confusions_of(
    labelled: LabelledHeadlines, runs: list[Deduplication], level: str, encoder: Encoder, worst: int
) -> tuple[list[Confusion], list[Confusion]]:
    """Return the worst groups that hold several labels, and the worst labels that lie in several groups."""
    wrong, missed = list[_Mistake](), list[_Mistake]()
    for rows, run in zip(labelled.slices, runs, strict=True):
        truth, groups = labelled.labels[level][rows], run.labels(level)
        wrong += _mistakes(run, level, inside=groups, across=truth)
        missed += _mistakes(run, level, inside=truth, across=groups)
    worst_wrong, worst_missed = (
        [_explained(*mistake, level, encoder) for mistake in sorted(mistakes, key=_rank)[:worst]]
        for mistakes in (wrong, missed)
    )
    return worst_wrong, worst_missed


def _rank(mistake: _Mistake) -> tuple[Any, ...]:
    confusion = mistake[0]
    first, second = confusion.first, confusion.second
    titles = sorted((first.title, second.title))
    return -confusion.pairs, -confusion.probability, titles, tie_key(first), tie_key(second)


def _mistakes(run: Deduplication, level: str, *, inside: Ints, across: Ints) -> Iterator[_Mistake]:
    """Yield a mistake for each group of `inside` whose labelled rows lie in several groups of `across`.

    Both hold a group's number for each row, (n,), -1 where it has none.
    """
    ties = run.nodes.ties
    rows = np.flatnonzero((inside >= 0) & (across >= 0))
    rows = rows[np.lexsort((ties[rows], run.nodes.of_row[rows]))]
    cost = _split_pairs(inside[rows], across[rows])
    pairs, probability, places = _candidates(run, level, rows, inside, across)
    ranks = np.sort(ties[pairs], axis=0)
    order = np.lexsort((ranks[1], ranks[0], -probability, inside[pairs[0]]))
    groups, start = np.unique(inside[pairs[0]][order], return_index=True)
    best = dict(zip(groups.tolist(), order[start].tolist(), strict=True))
    for group in np.flatnonzero(cost).tolist():
        if group in best:
            k = best[group]
            ends, p, place = pairs[:, k], float(probability[k]), int(places[k])
        else:  # none of its pairs was scored
            members = rows[inside[rows] == group]
            ends, p, place = np.array([members[0], members[across[members] != across[members[0]]][0]]), 0.0, -1
        ends = ends[np.argsort(ties[ends])]
        first, second = (run.headlines[row] for row in ends)
        swapped = place >= 0 and run.nodes.of_row[run.pairs.i[place]] != run.nodes.of_row[ends[0]]
        yield Confusion(first, second, int(cost[group]), p, (), place >= 0), run, place, bool(swapped)


def _candidates(run: Deduplication, level: str, rows: Ints, inside: Ints, across: Ints) -> tuple[Ints, Floats, Ints]:
    """The pairs of labelled rows in one group of `inside` and two of `across`, (2, pairs): copies, and the run's pairs.

    With the probability of each and its place among the run's pairs, -1 for copies.
    """
    node, pairs = run.nodes.of_row, run.pairs
    row_of = np.full(len(run.nodes), -1)
    row_of[node[rows[::-1]]] = rows[::-1]
    first = row_of[node]  # the first labelled row of each row's node
    ends = np.hstack([[first[rows], rows], [first[pairs.i], first[pairs.j]]])
    probability = np.concatenate([np.ones(len(rows)), pairs.p(level)])
    places = np.concatenate([np.full(len(rows), -1), np.arange(len(pairs))])
    kept = (ends >= 0).all(axis=0) & (inside[ends[0]] == inside[ends[1]]) & (across[ends[0]] != across[ends[1]])
    return ends[:, kept], probability[kept], places[kept]


def _split_pairs(inside: Ints, across: Ints) -> Ints:
    """How many pairs of each group of `inside` lie in two groups of `across`, by number."""
    cells, counts = np.unique(np.stack([inside, across]), axis=1, return_counts=True)
    split = pairs_within(np.bincount(inside))
    np.subtract.at(split, cells[0], pairs_within(counts))
    return split


def _explained(
    confusion: Confusion, run: Deduplication, place: int, swapped: bool, level: str, encoder: Encoder
) -> Confusion:
    first, second = confusion.first, confusion.second
    if place >= 0:
        pair = next(run.pairs.at(np.array([place]), level, swapped=np.array([swapped])))
    elif normalize(first.title) and normalize(second.title):
        pair = compare(first, second, encoder=encoder, level=level)
    else:
        return replace(confusion, probability=0.0, reasons=("a title is empty",))
    probability = pair.p_story if level == "story" else pair.p_wording
    return replace(confusion, probability=probability, reasons=pair.reasons)
