"""`ScoredPairs`: the pairs of a run by input position, as objects made on demand; their features and reasons as well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe.candidates.pairs import PairTable
from dedupe.levels import SCORED_LEVELS
from dedupe.result.display import counted
from dedupe.result.groups import ShortList
from dedupe.runtime.arrays import Float32s, Floats, Ints
from dedupe.runtime.arrow import column_of
from dedupe.scoring.context import CONTEXT_FEATURES
from dedupe.scoring.pair_features import FEATURES, pair_features
from dedupe.scoring.reasons import reasons
from dedupe.scoring.similarity_scale import Scale
from dedupe.scoring.title_features import TitleFeatures, describe_titles
from dedupe.text.normalize import MAX_LENGTH, normalize

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from dedupe.result.deduplication import Deduplication

_CHUNK_PAIRS = 65_536  # pairs whose features are made at a time


@dataclass(frozen=True, slots=True, repr=False)
class ScoredPair:
    """Two headlines, by input position, with the probability of each level and the features behind it.

    `similarity`: cosine similarity of the encoder's vectors. `p_wording`, `p_story`: what the model says. `verdict`: the closest
    level that the pair reaches at the thresholds in force, or that a correction says: exact, wording, story or different.
    `reasons`: the features in words.
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
    """The scored pairs of a run as a sequence; its columns are there as arrays, too.

    `i` < `j`: input positions, sorted; `similarity`, `p_wording`, `p_story`: float64; all (pairs,). Copies are implied: a
    pair stands for all copies of its titles.
    """

    def __init__(self, result: Deduplication) -> None:
        self._result, table, rows = result, result.pair_table, result.nodes.title_row
        a, b = rows[table.i], rows[table.j]
        order = np.lexsort((np.maximum(a, b), np.minimum(a, b)))
        self._table = table.take(order)
        self.i: Ints = np.minimum(a, b)[order]
        self.j: Ints = np.maximum(a, b)[order]
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

    def at(self, places: Ints) -> Iterator[ScoredPair]:
        """Yield the pairs at some places, (k,), of the sequence; features are made for many at a time."""
        for start in range(0, len(places), _CHUNK_PAIRS):
            yield from self._chunk(places[start : start + _CHUNK_PAIRS])

    def to_arrow(self, *, reasons: bool = False) -> pa.Table:
        """Return the pairs as an Arrow table: `i`, `j`, their titles, `similarity`, `p_wording`, `p_story`, `verdict`.

        `reasons`: add them as a column of lists; this takes about a minute for each hundred thousand pairs.
        """
        import pyarrow as pa

        titles = column_of([headline.title for headline in self._result.headlines], text=True).cast(pa.large_string())
        columns = {
            "i": pa.array(self.i, pa.int64()),
            "j": pa.array(self.j, pa.int64()),
            "title_i": titles.take(pa.array(self.i)),
            "title_j": titles.take(pa.array(self.j)),
            "similarity": pa.array(self.similarity),
            "p_wording": pa.array(self.p_wording),
            "p_story": pa.array(self.p_story),
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
        thresholds, rows = self._result.thresholds, len(self._result)
        reached = [self.p(level) >= thresholds[level] for level in SCORED_LEVELS]
        verdicts: list[str] = np.select(reached, SCORED_LEVELS, "different").tolist()
        for (i, j), verdict in self._result.corrected.items():
            place = int(np.searchsorted(self.i * rows + self.j, i * rows + j))
            if place < len(self) and (self.i[place], self.j[place]) == (i, j):
                verdicts[place] = verdict
        return verdicts

    def _chunk(self, places: Ints) -> Iterator[ScoredPair]:
        result, rows = self._result, np.stack([self.i[places], self.j[places]], axis=1).tolist()
        features = table_features(self._table.take(places), result).tolist()
        for k, (i, j), values in zip(places.tolist(), rows, features, strict=True):
            yield scored_pair(
                (i, j),
                (result.headlines[i].title, result.headlines[j].title),
                float(self.similarity[k]),
                {"wording": float(self.p_wording[k]), "story": float(self.p_story[k])},
                result.thresholds,
                values,
                result.corrected.get((i, j)),
            )


def scored_pair(
    positions: tuple[int, int],
    titles: tuple[str, str],
    similarity: float,
    probability: Mapping[str, float],
    thresholds: Mapping[str, float],
    features: Sequence[float],
    corrected: str | None = None,
) -> ScoredPair:
    """Return a pair with its verdict at these thresholds, or the one that a correction says, and its reasons."""
    named = dict(zip((*FEATURES, *CONTEXT_FEATURES), features, strict=True))
    reached = (level for level in SCORED_LEVELS if probability[level] >= thresholds[level])
    sentences = tuple(reasons(*titles, similarity, named, corrected=corrected is not None))
    verdict = corrected or next(reached, "different")
    return ScoredPair(*positions, similarity, probability["wording"], probability["story"], verdict, named, sentences)


def exact_pair() -> ScoredPair:
    """Return the pair of two headlines, at positions 0 and 1, with one fingerprint."""
    return ScoredPair(0, 1, 1.0, 1.0, 1.0, "exact", {}, ("the same title after normalization",))


def table_features(pairs: PairTable, result: Deduplication) -> Float32s:
    """Return the features of some pairs of a run's table, with those of context, (pairs, features)."""
    used, places = np.unique(np.stack([pairs.i, pairs.j]), return_inverse=True)
    i, j = places.reshape(2, -1)
    return features_of_pairs(_describe(result, used), replace(pairs, i=i, j=j), result.scale)


def features_of_pairs(titles: TitleFeatures, pairs: PairTable, scale: Scale) -> Float32s:
    """Return the features of pairs of titles and their context, (pairs, features)."""
    own = pair_features(titles, pairs.i, pairs.j, scale(pairs.similarity), scale(pairs.wording_similarity))
    return np.hstack([own, pairs.context.astype(np.float32)])


def _describe(result: Deduplication, nodes: Ints) -> TitleFeatures:
    headlines, of = result.headlines, result.nodes
    texts = [normalize(headlines[row].title)[:MAX_LENGTH] for row in of.text_row[nodes].tolist()]
    sources = [headlines[row].source for row in of.title_row[nodes].tolist()]
    return describe_titles(texts, of.first[nodes], of.last[nodes], sources)
