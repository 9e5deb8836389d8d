"""Held-back headlines and answers -> the pairs that the judge is fitted on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dedupe.candidates.join import candidate_pairs
from dedupe.candidates.pairs import PairTable
from dedupe.candidates.products import cosines
from dedupe.embedding.vectors import unit_rows
from dedupe.evaluation.labelled import LabelledHeadlines
from dedupe.headlines import Headline
from dedupe.levels import JOINING_VERDICTS, SCORED_LEVELS
from dedupe.runtime.arrays import Bools, Float32s, Ints
from dedupe.scoring.pair_features import FEATURES, pair_features
from dedupe.scoring.title_features import TitleFeatures, describe_titles
from dedupe.text.decorations import undecorated
from dedupe.text.normalize import MAX_LENGTH, normalize
from dedupe.training.reader_pairs import CANDIDATE_FLOOR, slices_apart

_UNRELATED = 200  # pairs of titles of a slice at random
_DISTANT = 500  # of the most alike pairs of two distant slices
_DISTANT_SLICES = 1  # later slices that the headlines of a slice are paired with
Answer = tuple[Headline, Headline, str]
"""Two headlines and the verdict on them, one of `dedupe.levels.VERDICTS`."""


@dataclass(frozen=True, slots=True)
class EncodedTitles:
    """What the features of pairs of titles are made of; `story`, `wording`: unit rows that each level compares, (n, d)."""

    titles: TitleFeatures
    story: Float32s
    wording: Float32s

    @classmethod
    def of(cls, headlines: Sequence[Headline], encoder: Any, head: Float32s | None) -> EncodedTitles:
        """Encode headlines; `head`: what turns the encoder's rows into those of the wording level, the same ones if None."""
        cores = [undecorated(normalize(headline.title), headline.source).cut(MAX_LENGTH) for headline in headlines]
        texts, labels = [title.core for title in cores], [title.labels for title in cores]
        story = np.asarray(unit_rows(encoder.encode(texts), len(texts)))
        hours = np.array([h.published.timestamp() / 3600 if h.published else np.nan for h in headlines], float)
        titles = describe_titles(texts, hours, hours, [headline.source for headline in headlines], labels)
        return cls(titles, story, story if head is None else np.asarray(unit_rows(story @ head, len(texts))))

    def examples(self, i: Ints, j: Ints, same: Mapping[str, Bools]) -> Examples:
        """Return pairs of rows to learn from, which nobody has read yet."""
        features = pair_features(self.titles, i, j, cosines(self.story, i, j), cosines(self.wording, i, j))
        return Examples(i, j, features, same, np.full((len(i), len(SCORED_LEVELS)), np.nan, np.float32))


@dataclass(frozen=True, slots=True)
class Examples:
    """Pairs of rows of `EncodedTitles` to learn from, (pairs,).

    `features`: (pairs, len(FEATURES)). `same`: per level, which are the same. `log_odds`: (pairs, 2), what the reader says of
    them, NaN where it was not asked.
    """

    i: Ints
    j: Ints
    features: Float32s
    same: Mapping[str, Bools]
    log_odds: Float32s

    def __len__(self) -> int:
        return len(self.i)

    @property
    def read(self) -> Bools:
        """Which pairs were read."""
        return ~np.isnan(self.log_odds[:, 0])

    def take(self, rows: Bools | Ints | slice) -> Examples:
        """Return the examples that a mask, indices or a slice select."""
        same = {level: same[rows] for level, same in self.same.items()}
        return Examples(self.i[rows], self.j[rows], self.features[rows], same, self.log_odds[rows])

    def undated(self) -> Examples:
        """Return the same pairs as they would be without dates."""
        features = self.features.copy()
        features[:, FEATURES.index("hours")] = 0
        features[:, FEATURES.index("undated")] = 1
        return replace(self, features=features)


def joined(parts: Iterable[Examples]) -> Examples:
    """Return all examples of some parts, of which there is at least one."""
    every = list(parts)
    same = {level: np.concatenate([part.same[level] for part in every]) for level in SCORED_LEVELS}
    i, j, features, log_odds = (
        np.concatenate([getattr(part, name) for part in every]) for name in ("i", "j", "features", "log_odds")
    )
    return Examples(i, j, features, same, log_odds)


@dataclass(frozen=True, slots=True)
class SlicePairs:
    """The pairs of one slice of labelled headlines.

    `titles`: of the slice. `labels`, `vectors`: per level, the group and the unit row of each headline. `pairs`: candidate
    pairs, by place in the slice; `inside`: the same as examples. `distant`: undated pairs with slices weeks away, which are
    never one story.
    `unrelated`: undated pairs of the slice at random, less those of one story.
    `answered`: a share of the answers, so that judges are cross-fitted on these as well.
    """

    titles: TitleFeatures
    labels: dict[str, Ints]
    vectors: dict[str, Float32s]
    pairs: PairTable
    inside: Examples
    distant: Examples
    unrelated: Examples
    answered: Examples


def slice_pairs(
    data: LabelledHeadlines, titles: EncodedTitles, numbers: Sequence[int], answers: Sequence[Answer]
) -> list[SlicePairs]:
    """Return the pairs of slices, in order of time; `titles`: of `data`, then the first and the second of each answer."""
    shares = np.array_split(np.arange(len(answers)), len(numbers))
    parts = []
    for place, (number, share) in enumerate(zip(numbers, shares, strict=True)):
        rows = data.slices[number]
        pairs = candidate_pairs(titles.story[rows], CANDIDATE_FLOOR)
        labels = {level: data.labels[level][rows] for level in SCORED_LEVELS}
        same = {level: np.equal(labels[level][pairs.i], labels[level][pairs.j]) for level in SCORED_LEVELS}
        later = [other for other in numbers[place + 1 :] if slices_apart(data, number, other)][:_DISTANT_SLICES]
        parts.append(
            SlicePairs(
                titles=titles.titles.take(rows),
                labels=labels,
                vectors={"wording": titles.wording[rows], "story": titles.story[rows]},
                pairs=pairs,
                inside=titles.examples(rows[pairs.i], rows[pairs.j], same),
                distant=_distant(titles, rows, [data.slices[other] for other in later]),
                unrelated=_unrelated(titles, rows, data.labels["story"][rows], number),
                answered=_answered(titles, answers, share, len(data.headlines)),
            )
        )
    return parts


def _distant(titles: EncodedTitles, rows: Ints, others: Sequence[Ints]) -> Examples:
    every = np.concatenate([rows, *others])
    pairs = candidate_pairs(titles.story[every], CANDIDATE_FLOOR)
    pairs = pairs.take((pairs.i < len(rows)) & (pairs.j >= len(rows)))
    pairs = pairs.take(np.argsort(-pairs.similarity, kind="stable")[:_DISTANT])
    different = dict.fromkeys(SCORED_LEVELS, np.zeros(len(pairs), bool))
    return titles.examples(every[pairs.i], every[pairs.j], different).undated()


def _unrelated(titles: EncodedTitles, rows: Ints, story: Ints, seed: int) -> Examples:
    i, j = np.random.default_rng(seed).integers(len(rows), size=(2, _UNRELATED))
    apart = story[i] != story[j]
    different = dict.fromkeys(SCORED_LEVELS, np.zeros(int(apart.sum()), bool))
    return titles.examples(rows[i[apart]], rows[j[apart]], different).undated()


def _answered(titles: EncodedTitles, answers: Sequence[Answer], share: Ints, start: int) -> Examples:
    verdicts = [answers[k][2] for k in share.tolist()]
    same = {level: np.isin(verdicts, joining) for level, joining in JOINING_VERDICTS.items()}
    return titles.examples(start + share, start + len(answers) + share, same)


def headlines_of(data: LabelledHeadlines, answers: Sequence[Answer]) -> list[Headline]:
    """Return the headlines that `slice_pairs` needs encoded, in its order."""
    return [*data.headlines, *(first for first, _, _ in answers), *(second for _, second, _ in answers)]
