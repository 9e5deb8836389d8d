"""Which earlier headline of a run each later one repeats, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dedupe.levels import LEVELS
from dedupe.result.deduplication import Deduplication
from dedupe.result.groups import members_of
from dedupe.runtime.arrays import Bools, Floats, Ints, codes

_CHUNK_PAIRS = 1 << 20


@dataclass(frozen=True, slots=True)
class Closest:
    """The headline at `place` of a run, which another repeats: `level` and probability of one story."""

    place: int
    level: str
    probability: float


def closest_before(result: Deduplication, places: Ints, start: int = 0) -> dict[int, Closest]:
    """Return for headlines of a run the closest one of their story that comes before them, if any.

    The closest level counts, then the highest probability, then the first place. `places`: ascending; `start`: the first
    place that may be repeated.
    """
    exact, wanted = result.labels("exact"), np.zeros(len(result), bool)
    wanted[places] = True
    allowed = np.arange(start, len(result))
    first = np.full(int(exact.max(initial=-1)) + 1, -1)
    first[exact[allowed[::-1]]] = allowed[::-1]
    found = {k: Closest(int(first[exact[k]]), LEVELS[0], 1.0) for k in places.tolist() if first[exact[k]] < k}
    distinct = allowed[first[exact[allowed]] == allowed]  # the first of its copies
    story = result.labels("story")
    distinct = distinct[np.isin(story[distinct], story[places])]
    known = _Probabilities(result, places)
    for of_story in members_of(codes(story[distinct])):
        members = distinct[of_story]
        if len(members) > 1 and wanted[members].any():
            found |= dict(_closest_of(result, members, members[wanted[members]], known))
    return found


def _closest_of(
    result: Deduplication, members: Ints, later: Ints, known: _Probabilities
) -> Iterator[tuple[int, Closest]]:
    """Yield the closest of `members`, distinct titles of one story, before each of `later`."""
    wording = result.labels("wording")
    size = max(_CHUNK_PAIRS // len(members), 1)
    for begin in range(0, len(later), size):
        row, before = (grid.ravel() for grid in np.meshgrid(later[begin : begin + size], members, indexing="ij"))
        row, before = row[before < row], before[before < row]
        level = np.where(wording[row] == wording[before], 1, 2)
        probability = known.of(row, before)
        order = np.lexsort((before, -probability, level, row))
        best = order[np.unique(row[order], return_index=True)[1]]
        for k in best.tolist():
            yield int(row[k]), Closest(int(before[k]), LEVELS[level[k]], float(probability[k]))


class _Probabilities:
    """The probability of story of pairs of rows, one of them among `places`; 0 where a pair was not scored."""

    def __init__(self, result: Deduplication, places: Ints) -> None:
        self._result, table, self._nodes = result, result.pair_table, len(result.nodes)
        asked = np.zeros(self._nodes, bool)
        asked[result.nodes.of_row[places]] = True
        pairs = np.flatnonzero(asked[table.i] | asked[table.j])
        keys = table.i[pairs].astype(np.int64) * self._nodes + table.j[pairs]
        order = np.argsort(keys, kind="stable")
        self._keys, self._order = keys[order], pairs[order]

    def of(self, i: Ints, j: Ints) -> Floats:
        a, b = np.sort([self._result.nodes.of_row[i], self._result.nodes.of_row[j]], axis=0)
        wanted, p = a * self._nodes + b, np.zeros(len(a))
        if len(self._keys):
            at = np.searchsorted(self._keys, wanted).clip(max=len(self._keys) - 1)
            p = np.where(self._keys[at] == wanted, self._result.pair_table.p_story[self._order[at]], 0.0)
        linked: Bools = (a == b) | (self._result.trees["story"].cophenetic(a, b) == 1)
        p[linked] = 1.0
        return p.astype(np.float64)


def pairs_at(result: Deduplication, places: Ints) -> Ints:
    """Return the scored pairs with a headline at any of some places, ascending."""
    touched = np.zeros(len(result.nodes), bool)
    touched[result.nodes.of_row[places]] = True
    return np.flatnonzero(touched[result.pair_table.i] | touched[result.pair_table.j])


def closest_pair(
    result: Deduplication, level: str, first: Ints, second: Ints, among: Ints
) -> tuple[int, int, float] | None:
    """Return the scored pair of highest probability between two sets of places, the first place first.

    `among`: the scored pairs to choose from, ascending; all of either set must be there.
    """
    nodes, table = result.nodes, result.pair_table
    in_first, in_second = np.zeros((2, len(nodes)), bool)
    in_first[nodes.of_row[first]] = True
    in_second[nodes.of_row[second]] = True
    i, j = table.i[among], table.j[among]
    forward = in_first[i] & in_second[j]
    pairs = np.flatnonzero(forward | (in_second[i] & in_first[j]))
    if not len(pairs):
        return None
    best = int(pairs[np.argmax(table.p(level)[among[pairs]])])
    ends = (i[best], j[best]) if forward[best] else (j[best], i[best])
    a, b = (int(rows[nodes.of_row[rows] == end][0]) for rows, end in zip((first, second), ends, strict=True))
    return a, b, float(table.p(level)[among[best]])


def reasons_between(result: Deduplication, first: int, second: int) -> Sequence[str]:
    """Return why two headlines of a run are in one story, in words."""
    nodes = sorted(result.nodes.of_row[[first, second]].tolist())
    if nodes[0] == nodes[1]:
        return ("the same title after normalization",)
    i, j = sorted(result.nodes.title_row[nodes].tolist())
    places = np.flatnonzero((result.pairs.i == i) & (result.pairs.j == j))
    if not len(places):
        return ("other headlines of the story link them",)
    return next(iter(result.pairs.at(places))).reasons
