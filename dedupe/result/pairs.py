"""Judged pairs: as arrays over nodes inside a run, as objects by input position at its edge."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedupe.errors import InputError
from dedupe.headlines import Headline
from dedupe.scoring.reasons import in_words

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
_TOGETHER = 4096  # pairs whose evidence is made at a time


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """Two headlines, by input position, with the probability of each level and the evidence behind it.

    `verdict` is the closest level the pair reaches at the thresholds in force: exact, wording, story or different.
    `reasons` says the evidence in words.
    """

    i: int
    j: int
    similarity: float
    wording: float
    story: float
    verdict: str
    evidence: dict[str, float]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JudgedNodes:
    """Pairs of nodes with a probability of at least the floor on some level; arrays of one length.

    `evidence`: of the pairs at some places, (places, len(names)), made when it is asked for.
    """

    i: Ints
    j: Ints
    similarity: NDArray[np.float32]
    probability: dict[str, Floats]
    evidence: Callable[[Ints], NDArray[np.float32]]
    names: tuple[str, ...]


class JudgedPairs(Sequence[JudgedPair]):
    """The judged pairs of a run as a sequence; its columns are there as arrays too.

    `i` < `j`: input positions, sorted; `similarity`, `wording`, `story`: floats; all (pairs,).
    """

    def __init__(
        self, headlines: Sequence[Headline], rows: Ints, judged: JudgedNodes, thresholds: dict[str, float]
    ) -> None:
        """`rows`: (nodes,), the row that stands for each node."""
        self._headlines, self._judged, self._thresholds = headlines, judged, thresholds
        a, b = rows[judged.i], rows[judged.j]
        self._order = np.lexsort((np.maximum(a, b), np.minimum(a, b)))
        self.i: Ints = np.minimum(a, b)[self._order]
        self.j: Ints = np.maximum(a, b)[self._order]
        self.similarity = judged.similarity[self._order]
        self.wording = judged.probability["wording"][self._order]
        self.story = judged.probability["story"][self._order]

    def __len__(self) -> int:
        return len(self.i)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return list(self.at(np.arange(len(self))[index]))
        return next(self.at(np.array([range(len(self))[index]])))

    def __iter__(self) -> Iterator[JudgedPair]:
        """Yield each pair."""
        return self.at(np.arange(len(self)))

    def at(self, places: Ints) -> Iterator[JudgedPair]:
        """Yield the pairs at some places, (k,), of the sequence; the evidence is made for many at a time."""
        for start in range(0, len(places), _TOGETHER):
            yield from self._at(places[start : start + _TOGETHER])

    def _at(self, places: Ints) -> Iterator[JudgedPair]:
        for k, values in zip(places.tolist(), self._judged.evidence(self._order[places]).tolist(), strict=True):
            i, j = int(self.i[k]), int(self.j[k])
            yield judged_pair(
                (i, j),
                (self._headlines[i].title, self._headlines[j].title),
                float(self.similarity[k]),
                {"wording": float(self.wording[k]), "story": float(self.story[k])},
                self._thresholds,
                dict(zip(self._judged.names, values, strict=True)),
            )


def judged_pair(
    positions: tuple[int, int],
    titles: tuple[str, str],
    similarity: float,
    probability: Mapping[str, float],
    thresholds: Mapping[str, float],
    evidence: dict[str, float],
    *,
    exact: bool = False,
) -> JudgedPair:
    """Return a `JudgedPair`, with its verdict at these thresholds and its evidence in words."""
    reached = [level for level in ("wording", "story") if probability[level] >= thresholds[level]]
    verdict = "exact" if exact else reached[0] if reached else "different"
    reasons = ("the same title after normalization",) if exact else tuple(in_words(*titles, similarity, evidence))
    return JudgedPair(*positions, similarity, probability["wording"], probability["story"], verdict, evidence, reasons)


def check_thresholds(thresholds: dict[str, float], floor: float) -> dict[str, float]:
    """Return the thresholds; `InputError` where one lies outside what the run has judged."""
    for level, value in thresholds.items():
        if not floor <= value <= 1:
            raise InputError(f"{level} threshold {value:g} is outside {floor:g} to 1: weaker pairs are not kept")
    return thresholds
