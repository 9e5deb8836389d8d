"""LabelledHeadlines headlines, edited copies and answers -> features of pairs, which the judge is fitted on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dedupe.candidates.join import candidate_pairs
from dedupe.candidates.pairs import PairTable
from dedupe.candidates.products import cosines
from dedupe.evaluation.labelled import LabelledHeadlines
from dedupe.headlines import Headline
from dedupe.levels import JOINING_VERDICTS, SCORED_LEVELS
from dedupe.runtime.arrays import Bools, Float32s, Floats, Ints
from dedupe.scoring.pair_features import FEATURES, pair_features
from dedupe.scoring.title_features import describe_titles
from dedupe.text.normalize import MAX_LENGTH, normalize
from dedupe.training.edits import EditedCopies
from dedupe.training.network import Network

FOLDS = 3
CANDIDATE_FLOOR = 0.35
"""Minimum story similarity of the pairs that the judge is fitted on."""
_EDIT_HOURS = 48.0  # an edited copy is published up to this much later than its original
Answer = tuple[Headline, Headline, str]
"""Two headlines and the verdict on them, one of `dedupe.levels.VERDICTS`."""


@dataclass(frozen=True, slots=True)
class EncodedTitles:
    """Titles with everything that features of their pairs need.

    `hours`: since the epoch, NaN where undated, (n,). `story`, `wording`: the unit rows that each level compares, (n, d).
    """

    texts: list[str]
    hours: Floats
    sources: list[str | None]
    story: Float32s
    wording: Float32s

    def take(self, rows: Ints) -> EncodedTitles:
        """Return copies of some rows."""
        texts, sources = [self.texts[k] for k in rows], [self.sources[k] for k in rows]
        return EncodedTitles(texts, self.hours[rows], sources, self.story[rows], self.wording[rows])

    def features(self, i: Ints, j: Ints) -> Float32s:
        """Return the features of pairs of rows, (pairs, len(FEATURES))."""
        titles = describe_titles(self.texts, self.hours, self.hours, self.sources)
        return pair_features(titles, i, j, cosines(self.story, i, j), cosines(self.wording, i, j))


@dataclass(frozen=True, slots=True)
class AnsweredPairs:
    """Features of pairs that people have answered about, (pairs, len(FEATURES)), and per level which are the same."""

    features: Float32s
    same: Mapping[str, Bools]


NO_ANSWERS = AnsweredPairs(np.empty((0, len(FEATURES)), np.float32), dict.fromkeys(SCORED_LEVELS, np.empty(0, bool)))


@dataclass(frozen=True, slots=True)
class SlicePairs:
    """The pairs of one slice of labelled headlines.

    `labels`: per level, the group of each headline. `pairs`: candidate pairs, by place in the slice, with `features`.
    `distant`: features of pairs with slices weeks away, which are never one story. `edited`: features of pairs with edited
    copies, which are never one wording; `edited_stories` marks those that are not one story either.
    """

    labels: dict[str, Ints]
    pairs: PairTable
    features: Float32s
    distant: Float32s
    edited: Float32s
    edited_stories: Bools

    def same(self, level: str, pairs: PairTable | None = None) -> Bools:
        """Which of its `pairs` have the same label; all of them if None."""
        labels, pairs = self.labels[level], self.pairs if pairs is None else pairs
        return np.equal(labels[pairs.i], labels[pairs.j])


def answered_pairs(answers: Sequence[Answer], network: Network) -> AnsweredPairs:
    """Return the features of answered pairs, on vectors of a network that did not learn from them."""
    if not answers:
        return NO_ANSWERS
    first, second, verdicts = zip(*answers, strict=True)
    headlines = [*first, *second]
    texts = [normalize(headline.title)[:MAX_LENGTH] for headline in headlines]
    story = network.encode(texts)
    sources = [headline.source for headline in headlines]
    titles = EncodedTitles(texts, _hours(headlines), sources, story, network.wording_rows(story))
    i = np.arange(len(answers))
    same = {level: np.isin(verdicts, joining) for level, joining in JOINING_VERDICTS.items()}
    return AnsweredPairs(titles.features(i, i + len(answers)), same)


def encode_folds(data: LabelledHeadlines, edits: EditedCopies, networks: Sequence[Network]) -> EncodedTitles:
    """Encode all headlines, then all edited copies, each by the network of its fold, which has not seen its slice.

    A single network encodes them all.
    """
    texts = data.texts + edits.texts
    story, wording = np.zeros((2, len(texts), networks[0].width), np.float32)
    for start, slices in ((0, data.slice), (len(data.texts), data.slice[edits.originals])):
        for fold, network in enumerate(networks):
            rows = start + np.flatnonzero(slices % len(networks) == fold)
            if len(rows):
                story[rows] = network.encode([texts[row] for row in rows])
                wording[rows] = network.wording_rows(story[rows])
    hours = np.concatenate([_hours(data.headlines), np.full(len(edits.texts), np.nan)])
    sources = [*(headline.source for headline in data.headlines), *[None] * len(edits.texts)]
    return EncodedTitles(texts, hours, sources, story, wording)


def slice_pairs(data: LabelledHeadlines, titles: EncodedTitles, edits: EditedCopies, k: int) -> SlicePairs:
    """Return the pairs of slice `k`; `titles` are those of `encode_folds`.

    Distant pairs are with later slices of the same fold: vectors of two folds come from two networks.
    """
    own = data.slices[k]
    part = titles.take(np.concatenate([own, *data.slices[k + FOLDS :: FOLDS]]))
    pairs = candidate_pairs(part.story, CANDIDATE_FLOOR)
    pairs = pairs.take(pairs.i < len(own))
    features, inside = part.features(pairs.i, pairs.j), pairs.j < len(own)
    labels = {level: data.labels[level][own] for level in SCORED_LEVELS}
    distant = undated(features[~inside])
    return SlicePairs(labels, pairs.take(inside), features[inside], distant, *_edited_pairs(data, titles, edits, k))


def _edited_pairs(
    data: LabelledHeadlines, titles: EncodedTitles, edits: EditedCopies, k: int
) -> tuple[Float32s, Bools]:
    """Pair each headline of slice `k` with the edited copies of its wording; return features and other stories."""
    own, wording = data.slices[k], data.labels["wording"]
    chosen = np.flatnonzero(data.slice[edits.originals] == k)
    originals = edits.originals[chosen]
    part = titles.take(np.concatenate([own, len(data.texts) + chosen]))
    later = np.random.default_rng(len(own)).uniform(0, _EDIT_HOURS, len(chosen))
    part.hours[len(own) :] = titles.hours[originals] + later
    copies, places = np.nonzero(wording[originals][:, None] == wording[own])
    return part.features(places, len(own) + copies), edits.other_story[chosen][copies]


def undated(features: Float32s) -> Float32s:
    """Return features as they would be without dates."""
    without = features.copy()
    without[:, FEATURES.index("hours")] = 0
    without[:, FEATURES.index("undated")] = 1
    return without


def _hours(headlines: Sequence[Headline]) -> Floats:
    return np.array([h.published.timestamp() / 3600 if h.published else np.nan for h in headlines], float)
