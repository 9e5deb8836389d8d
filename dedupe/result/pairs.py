"""`ScoredPairs`: the pairs of a run by input position, as objects made on demand; their features and reasons as well."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe.candidates.pairs import PairTable
from dedupe.headlines import Headline
from dedupe.levels import SCORED_LEVELS
from dedupe.result.display import counted
from dedupe.result.groups import ShortList
from dedupe.runtime.arrays import Bools, Float32s, Floats, Ints
from dedupe.runtime.arrow import column_of
from dedupe.scoring.contributions import COLUMNS, NEUTRAL, Contributions
from dedupe.scoring.minimal_pairs import difference_log_odds
from dedupe.scoring.model import crowdedness
from dedupe.scoring.pair_features import pair_features
from dedupe.scoring.reasons import reasons
from dedupe.scoring.similarity_scale import Scale
from dedupe.scoring.title_features import TitleFeatures, describe_titles
from dedupe.text.decorations import Undecorated, undecorated
from dedupe.text.normalize import MAX_LENGTH, normalize
from dedupe.text.outlets import Outlets

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from dedupe.result.deduplication import Deduplication

_CHUNK_PAIRS = 65_536  # pairs whose features are made at a time


@dataclass(frozen=True, slots=True, repr=False)
class ScoredPair:
    """Two headlines, by input position, with the probability of each level and the features behind it.

    `similarity`: cosine similarity of the encoder's vectors. `p_wording`, `p_story`: the model's probabilities. `verdict`: the
    closest level that they reach at the thresholds of the run ("exact", "wording", "story" or "different"), or the verdict of
    a correction. `reasons`: what speaks for and against one group at the widest level of the run, what weighs most first, with
    its share.
    """

    i: int
    j: int
    similarity: float
    p_wording: float
    p_story: float
    verdict: str
    features: dict[str, float]
    reasons: tuple[str, ...]

    def __repr__(self) -> str:
        figures = ", ".join(f"{name}={getattr(self, name):.2f}" for name in ("similarity", "p_wording", "p_story"))
        return f"ScoredPair({self.i}, {self.j}, {self.verdict!r}, {figures})"


class ScoredPairs(Sequence[ScoredPair]):
    """The scored pairs of a run as a sequence, and their columns as arrays.

    `i` < `j`: input positions, sorted; `similarity`, `p_wording`, `p_story`: float64; all (pairs,). Copies are implied: a
    pair stands for all copies of its titles.
    """

    def __init__(self, result: Deduplication) -> None:
        self._result, table, rows = result, result.pair_table, result.nodes.title_row
        i, j = np.sort([rows[table.i], rows[table.j]], axis=0)
        order = np.lexsort((j, i))
        self._table = table.take(order)
        self.i: Ints = i[order]
        self.j: Ints = j[order]
        self.similarity: Floats = self._table.similarity.astype(np.float64)
        self.p_wording: Floats = self._table.p_wording.astype(np.float64)
        self.p_story: Floats = self._table.p_story.astype(np.float64)

    def p(self, level: str) -> Floats:
        """Return the probabilities of a level, (pairs,)."""
        return self.p_story if level == "story" else self.p_wording

    def __len__(self) -> int:
        return len(self.i)

    def __repr__(self) -> str:
        return f"ScoredPairs({counted(len(self), 'pair')} of {counted(len(self._result), 'headline')})"

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return ShortList(self.at(np.arange(len(self))[index]))
        return next(self.at(np.array([range(len(self))[index]])))

    def __iter__(self) -> Iterator[ScoredPair]:
        """Yield each pair."""
        return self.at(np.arange(len(self)))

    def at(self, places: Ints, level: str | None = None, *, swapped: Bools | None = None) -> Iterator[ScoredPair]:
        """Yield the pairs at some places, (k,), of the sequence; features are made for many at a time.

        `level`: what the reasons are about, the widest level of the run by default. `swapped`, (k,): which of them have `i` and
        `j`, and so the first and the second title of their reasons, exchanged.
        """
        result, swapped = self._result, np.zeros(len(places), bool) if swapped is None else swapped
        weigh = Contributions(result.judge, crowdedness(len(result.nodes)), level or result.level)
        for start in range(0, len(places), _CHUNK_PAIRS):
            chunk = places[start : start + _CHUNK_PAIRS]
            pairs = self._table.take(chunk)
            nodes, numbers = np.unique(np.stack([pairs.i, pairs.j]), return_inverse=True)
            i, j = numbers.reshape(2, -1)
            features = features_of_pairs(_describe(result, nodes), replace(pairs, i=i, j=j), result.scale)
            ends, back = np.stack([self.i[chunk], self.j[chunk]]), swapped[start : start + _CHUNK_PAIRS]
            by_row = replace(pairs, i=np.where(back, ends[1], ends[0]), j=np.where(back, ends[0], ends[1]))
            yield from scored_pairs(
                by_row,
                features,
                result.headlines,
                result.thresholds,
                result.corrected,
                result.shared_addresses if result.level == "story" else {},  # at the other level they do not count
                result.shared_records,
                result.outlets,
                weigh,
            )

    def places(self, rows: Ints, others: Ints) -> Ints:
        """Return the place of the pair of the titles of two rows in the sequence, (k,); -1 where they were not scored."""
        title, count = self._result.nodes.title_row[self._result.nodes.of_row], max(len(self._result), 1)
        low, high = np.sort([title[rows], title[others]], axis=0)
        if not len(self):
            return np.full(len(low), -1)
        known, wanted = self.i * count + self.j, low * count + high
        place = np.searchsorted(known, wanted).clip(max=len(known) - 1)
        return np.where(known[place] == wanted, place, -1)

    def probability(self, rows: Ints, others: Ints, level: str) -> Floats:
        """Return the probability of pairs of rows at a level, (k,); NaN where they were not scored."""
        place = self.places(rows, others)
        if not len(self):
            return np.full(len(place), np.nan)
        return np.where(place >= 0, self.p(level)[place], np.nan)

    def reasons_of(self, rows: Ints, others: Ints) -> Iterator[tuple[str, ...]]:
        """Yield the reasons of pairs of rows, the title of `rows` being the first of each; () where they were not scored."""
        place = self.places(rows, others)
        scored = np.flatnonzero(place >= 0)
        first = self._result.nodes.title_row[self._result.nodes.of_row[rows[scored]]]
        pairs = self.at(place[scored], swapped=first != self.i[place[scored]])
        for known in (place >= 0).tolist():
            yield next(pairs).reasons if known else ()

    def to_arrow(self, *, reasons: bool = False) -> pa.Table:
        """Return the pairs as an Arrow table: `i`, `j`, their titles, `similarity`, `p_wording`, `p_story`, `verdict`.

        `reasons`: add them as a column of lists; this takes about a minute for each hundred thousand pairs.
        """
        import pyarrow as pa

        titles = column_of([headline.title for headline in self._result.headlines], text=True).cast(pa.large_string())
        columns: dict[str, Any] = {
            "i": self.i,
            "j": self.j,
            "title_a": titles.take(pa.array(self.i)),
            "title_b": titles.take(pa.array(self.j)),
            "similarity": self.similarity,
            "p_wording": self.p_wording,
            "p_story": self.p_story,
            "verdict": pa.array(self.verdicts(), pa.string()),
        }
        if reasons:
            columns["reasons"] = pa.array([list(pair.reasons) for pair in self], pa.list_(pa.string()))
        return pa.table(columns)

    def to_pandas(self, *, reasons: bool = False) -> pd.DataFrame:
        """Return the same as a pandas frame; raises `ModuleNotFoundError` if pandas is not installed."""
        return self.to_arrow(reasons=reasons).to_pandas()

    def verdicts(self) -> list[str]:
        """Return the verdict on each pair, as `ScoredPair` has it."""
        rows = zip(self.i.tolist(), self.j.tolist(), strict=True)
        verdicts = zip(rows, _verdicts(self._table, self._result.thresholds), strict=True)
        return [self._result.corrected.get(pair, verdict) for pair, verdict in verdicts]


def scored_pairs(
    pairs: PairTable,
    features: Float32s,
    headlines: Sequence[Headline],
    thresholds: Mapping[str, float],
    corrected: Mapping[tuple[int, int], str],
    addresses: Mapping[tuple[int, int], str],
    records: Collection[tuple[int, int]],
    outlets: Outlets,
    weigh: Contributions,
) -> Iterator[ScoredPair]:
    """Yield the pairs of a table whose `i` and `j` are places in `headlines`, with verdicts and reasons.

    `features`: those of `features_of_pairs`. `corrected`: the verdict of corrections on pairs of places; `addresses`: the
    cleaned address of those that share one; `records`: those that share an item of a page.
    `outlets`: those that the headlines make known. `weigh`: measures the reasons.
    """
    keys = [*zip(*np.sort([pairs.i, pairs.j], axis=0).tolist(), strict=True)]
    same = [np.array([key in known for key in keys], np.float32) for known in (addresses, records)]
    values = np.column_stack([features, pairs.read_wording, pairs.read_story, *same])
    added = weigh.of(values)
    columns = [pairs.i, pairs.j, pairs.similarity, pairs.p_wording, pairs.p_story, values, added]
    verdicts = _verdicts(pairs, thresholds)
    for key, i, j, similarity, p_wording, p_story, row, weights, verdict in zip(
        keys, *(column.tolist() for column in columns), verdicts, strict=True
    ):
        named = {name: value for name, value in zip(COLUMNS, row, strict=True) if not math.isnan(value)}
        (a, b), correction = (_undecorated(headlines[k], outlets).core for k in (i, j)), corrected.get(key)
        weight, address = dict(zip(NEUTRAL, weights, strict=True)), addresses.get(key)
        sentences = reasons(a, b, similarity, named, weight, corrected=correction is not None, address=address)
        yield ScoredPair(i, j, similarity, p_wording, p_story, correction or verdict, named, tuple(sentences))


def _verdicts(pairs: PairTable, thresholds: Mapping[str, float]) -> list[str]:
    reached = [pairs.p(level).astype(np.float64) >= thresholds[level] for level in SCORED_LEVELS]
    verdicts: list[str] = np.select(reached, SCORED_LEVELS, "different").tolist()
    return verdicts


def features_of_pairs(titles: TitleFeatures, pairs: PairTable, scale: Scale) -> Float32s:
    """Return the features of pairs of titles, their context, and what their difference adds, (pairs, features)."""
    own = pair_features(titles, pairs.i, pairs.j, scale(pairs.similarity), scale(pairs.wording_similarity))
    difference = difference_log_odds(titles, pairs).astype(np.float32)
    return np.column_stack([own, pairs.context.astype(np.float32), difference])


def _describe(result: Deduplication, nodes: Ints) -> TitleFeatures:
    headlines, of = result.headlines, result.nodes
    titles = [_undecorated(headlines[row], result.outlets) for row in of.text_row[nodes].tolist()]
    sources = [headlines[row].source for row in of.title_row[nodes].tolist()]
    texts, labels = [title.core for title in titles], [title.labels for title in titles]
    return describe_titles(texts, of.first[nodes], of.last[nodes], sources, labels)


def _undecorated(headline: Headline, outlets: Outlets) -> Undecorated:
    return undecorated(normalize(headline.title), headline.source, outlets).cut(MAX_LENGTH)
