"""Which rows of a run to keep, which to drop, and which kept row each dropped one repeats."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from dedupe.clustering.representatives import best_first
from dedupe.headlines import Headline
from dedupe.levels import LEVELS, SCORED_LEVELS
from dedupe.result.display import shortened
from dedupe.result.groups import ShortList
from dedupe.result.publishers import preference_of
from dedupe.runtime.arrays import Floats, Ints
from dedupe.text.contradictions import contradictions
from dedupe.text.decorations import undecorated
from dedupe.text.normalize import MAX_LENGTH, is_escaped, normalize

if TYPE_CHECKING:
    from dedupe.result.deduplication import Deduplication

STRICT = 0.8
"""With `strict`, the least probability at the level asked for of a row and the very row that it repeats."""
_MOST_COMPARED = (
    50  # kept rows of one group with which a row is compared; one that differs from all of them is kept, too
)
_UNSCORED = "joined by way of other headlines: this pair was not scored"


class KeepOptions(TypedDict, total=False):
    """The options of `Deduplication.kept` and `Deduplication.dropped`."""

    drop_contradictions: bool
    strict: bool
    one_per_source: bool


@dataclass(frozen=True, slots=True)
class KeepRules:
    """What more than one row of each group is kept for.

    `contradictions`: rows of a wording that contradict each other are all kept. `strict`: so are rows that are not surely
    alike; `one_per_source`: and the best row of each publisher.
    """

    contradictions: bool = True
    strict: bool = False
    one_per_source: bool = False

    @classmethod
    def of(cls, *, drop_contradictions: bool = False, strict: bool = False, one_per_source: bool = False) -> KeepRules:
        """Return the rules of these options."""
        return cls(not drop_contradictions, strict, one_per_source)


@dataclass(frozen=True, slots=True, repr=False)
class Dropped:
    """A row that is not kept, by input position, and the kept row that it repeats.

    `level`: the closest that they share. `probability`: that they belong together at this level, 1.0 for copies; where the pair
    was never scored, the highest threshold at which they are in one group. `reasons`: in words, `row` being the first title.
    """

    row: int
    kept: int
    headline: Headline
    kept_headline: Headline
    level: str
    probability: float
    reasons: tuple[str, ...]

    def __repr__(self) -> str:
        titles = f"{shortened(self.headline.title)!r} repeats {shortened(self.kept_headline.title)!r}"
        return f"Dropped({self.row} -> {self.kept}, {self.level}, {self.probability:.2f}: {titles})"


def rows_best_first(result: Deduplication, level: str, some: Ints | None = None) -> Ints:
    """Return all rows group by group, by label, and in each the best one first; see `Deduplication.best_first`.

    `some`: rows that make up whole groups; the places of these are returned instead.
    """
    settings, some = result.settings, np.arange(len(result)) if some is None else some
    rows, nodes = [result.headlines[row] for row in some.tolist()], result.nodes
    hours = np.array([row.published.timestamp() / 3600 if row.published else np.nan for row in rows], float)
    preferred = settings.sources.preferred
    preference = preference_of(rows, preferred) if preferred else None
    labels = result.labels(level)[some]
    nodes = replace(nodes, of_row=nodes.of_row[some], ties=nodes.ties[some])
    escaped = np.fromiter((is_escaped(row.title) for row in rows), bool, len(rows))
    return best_first(labels, nodes, result.vectors, result.facts, settings.keep, hours, preference, escaped)


def kept_of_each(result: Deduplication, level: str, rules: KeepRules) -> Ints:
    """Return for each row the kept row that it repeats, (rows,); a kept row repeats itself."""
    repeats = np.arange(len(result))
    order, labels = result.best_first(level), result.labels(level)
    parts = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1) if len(order) else []
    exact, test = result.labels("exact"), _Test(result, level, rules)
    publishers = result.publishers if rules.one_per_source else np.zeros(len(result), np.int64)
    for rows in parts:
        kept: dict[int, list[int]] = defaultdict(list)  # by publisher
        settled: dict[tuple[int, int], int] = {}  # what the copies of a title repeat
        for row in rows.tolist() if len(rows) > 1 else ():
            publisher, title = int(publishers[row]), (int(publishers[row]), int(exact[row]))
            if title not in settled:
                settled[title] = next((other for other in kept[publisher][:_MOST_COMPARED] if test(row, other)), row)
                if settled[title] == row:
                    kept[publisher].append(row)
            repeats[row] = settled[title]
    return repeats


def contradicting(result: Deduplication, some: Ints | None = None) -> Ints:
    """Return the rows that contradict the headline that represents their wording, ascending by wording; their copies included.

    `some`: rows of whose wordings alone this is asked.
    """
    exact, labels = result.labels("exact"), result.labels("wording")
    rows = np.arange(len(result)) if some is None else np.flatnonzero(np.isin(labels, labels[some]))
    order = rows[rows_best_first(result, "wording", None if some is None else rows)]
    core, found = _Cores(result), []
    for members in np.split(order, np.flatnonzero(np.diff(labels[order])) + 1) if len(order) else ():
        if len(members) > 1 and (exact[members] != exact[members[0]]).any():
            best = core(int(members[0]))
            found += [row for row in np.sort(members).tolist() if contradictions(core(row), best)]
    return np.array(found, np.int64)


def dropped_rows(result: Deduplication, level: str, rules: KeepRules) -> ShortList[Dropped]:
    """Return the rows that are dropped, in input order."""
    repeats = kept_of_each(result, level, rules)
    rows = np.flatnonzero(repeats != np.arange(len(repeats)))
    return ShortList(_explained(result, rows, repeats[rows]))


def _explained(result: Deduplication, rows: Ints, kept: Ints) -> Iterator[Dropped]:
    labels = [result.labels(level) for level in LEVELS]
    rank = np.argmax([of[rows] == of[kept] for of in labels], axis=0)
    probability = _probabilities(result, rows, kept, rank)
    said, core = result.pairs.reasons_of(rows, kept), _Cores(result)
    for row, other, level, p in zip(rows.tolist(), kept.tolist(), rank.tolist(), probability.tolist(), strict=True):
        reasons = next(said) or ((_UNSCORED,) if level else ("the same title after normalization",))
        against = contradictions(core(row), core(other)) if level else []
        reasons = (*(f"contradiction: {each}" for each in against), *reasons)
        yield Dropped(row, other, result.headlines[row], result.headlines[other], LEVELS[level], p, reasons)


def _probabilities(result: Deduplication, rows: Ints, kept: Ints, rank: Ints) -> Floats:
    probability = np.ones(len(rows))
    for level in SCORED_LEVELS:
        at = np.flatnonzero(rank == LEVELS.index(level))
        tree = level if level in result.trees else result.level
        p = result.pairs.probability(rows[at], kept[at], tree)
        probability[at] = np.where(np.isnan(p), result.cophenetic(rows[at], kept[at], tree), p)
    return probability


class _Cores:
    """The core of the title of each row, made when it is needed."""

    def __init__(self, result: Deduplication) -> None:
        self._of: Callable[[int], str] = lru_cache(maxsize=100_000)(lambda row: _core(result, row))

    def __call__(self, row: int) -> str:
        return self._of(row)


def _core(result: Deduplication, row: int) -> str:
    headline = result.headlines[row]
    return undecorated(normalize(headline.title), headline.source, result.outlets).cut(MAX_LENGTH).core


class _Test:
    """Whether a row may be dropped for a row with another title of its group."""

    def __init__(self, result: Deduplication, level: str, rules: KeepRules) -> None:
        self._result, self._level, self._rules, self._core = result, level, rules, _Cores(result)

    def __call__(self, row: int, kept: int) -> bool:
        if self._rules.strict and not self._surely(row, kept):
            return False
        kept_apart = self._rules.contradictions and self._level == "wording"
        return not (kept_apart and contradictions(self._core(row), self._core(kept)))

    def _surely(self, row: int, kept: int) -> bool:
        level = self._level if self._level in self._result.trees else self._result.level
        return bool(self._result.pairs.probability(np.array([row]), np.array([kept]), level)[0] >= STRICT)
