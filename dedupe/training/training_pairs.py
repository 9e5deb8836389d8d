"""Labelled headlines, edited copies and answers -> the features of pairs that the judge is fitted on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from dedupe.candidates.join import candidate_pairs
from dedupe.candidates.pairs import PairTable
from dedupe.candidates.products import cosines
from dedupe.evaluation.labelled import LabelledHeadlines
from dedupe.headlines import Headline
from dedupe.levels import JOINING_VERDICTS, SCORED_LEVELS
from dedupe.runtime.arrays import Bools, Float32s, Floats, Ints
from dedupe.scoring.pair_features import FEATURES, pair_features
from dedupe.scoring.title_features import TitleFeatures, describe_titles
from dedupe.text.decorations import undecorated
from dedupe.text.normalize import MAX_LENGTH, normalize
from dedupe.training.edits import EditedCopies
from dedupe.training.network import Network

FOLDS = 3
CANDIDATE_FLOOR = 0.35
"""Minimum story similarity of the pairs that the judge is fitted on."""
_EDIT_HOURS = 48.0  # an edited copy is published up to this much later than its original
_Slice = TypeVar("_Slice")
Answer = tuple[Headline, Headline, str]
"""Two headlines and the verdict on them, one of `dedupe.levels.VERDICTS`."""


@dataclass(frozen=True, slots=True)
class EncodedTitles:
    """What the features of pairs of titles are made of; `story`, `wording`: unit rows that each level compares, (n, d)."""

    titles: TitleFeatures
    story: Float32s
    wording: Float32s

    def pair_features(self, i: Ints, j: Ints) -> Float32s:
        """Return the features of pairs of rows, (pairs, len(FEATURES))."""
        return pair_features(self.titles, i, j, cosines(self.story, i, j), cosines(self.wording, i, j))


@dataclass(frozen=True, slots=True)
class AnsweredPairs:
    """Features of pairs that people have answered about, (pairs, len(FEATURES)), and per level which are the same."""

    features: Float32s
    same: Mapping[str, Bools]


@dataclass(frozen=True, slots=True)
class SlicePairs:
    """The pairs of one slice of labelled headlines.

    `labels`: per level, the group of each headline. `pairs`: candidate pairs, by place in the slice, with `features`.
    `distant`: features of pairs with slices weeks away, which are never one story. `edited`: per level, features of pairs
    of a headline and an edited copy that differ at that level; at the wording level all do.
    """

    labels: dict[str, Ints]
    pairs: PairTable
    features: Float32s
    distant: Float32s
    edited: dict[str, Float32s]

    def same(self, level: str, pairs: PairTable) -> Bools:
        """Return which pairs of headlines of the slice have the same label."""
        labels = self.labels[level]
        return np.equal(labels[pairs.i], labels[pairs.j])


def folds(slices: Sequence[_Slice]) -> list[tuple[list[_Slice], list[_Slice]]]:
    """Return for each fold the slices outside it and the slices inside it, which are every `FOLDS`th."""
    outside = [[part for k, part in enumerate(slices) if k % FOLDS != fold] for fold in range(FOLDS)]
    return [(outside[fold], list(slices[fold::FOLDS])) for fold in range(FOLDS)]


def answered_pairs(answers: Sequence[Answer], network: Network) -> AnsweredPairs:
    """Return the features of answered pairs, on vectors of a network that did not learn from them."""
    if not answers:
        nothing = np.empty(0, bool)
        return AnsweredPairs(np.empty((0, len(FEATURES)), np.float32), dict.fromkeys(SCORED_LEVELS, nothing))
    first, second, verdicts = zip(*answers, strict=True)
    headlines = [*first, *second]
    cores = [undecorated(normalize(headline.title), headline.source).cut(MAX_LENGTH) for headline in headlines]
    texts, labels = [title.core for title in cores], [title.labels for title in cores]
    story, hours = network.encode(texts), _hours(headlines)
    titles = describe_titles(texts, hours, hours, [headline.source for headline in headlines], labels)
    i = np.arange(len(answers))
    features = EncodedTitles(titles, story, network.wording_rows(story)).pair_features(i, i + len(answers))
    return AnsweredPairs(features, {level: np.isin(verdicts, joining) for level, joining in JOINING_VERDICTS.items()})


def encode_folds(data: LabelledHeadlines, edits: EditedCopies, networks: Sequence[Network]) -> EncodedTitles:
    """Encode all headlines, then all edited copies, each by the network of its fold, which has not seen its slice.

    A single network encodes them all.
    """
    texts, slices_of_copies = data.texts + edits.texts, data.slice[edits.originals]
    story, wording = np.zeros((2, len(texts), networks[0].width), np.float32)
    for start, slices in ((0, data.slice), (len(data.texts), slices_of_copies)):
        for fold, network in enumerate(networks):
            rows = start + np.flatnonzero(slices % len(networks) == fold)
            if len(rows):
                story[rows] = network.encode([texts[row] for row in rows])
                wording[rows] = network.wording_rows(story[rows])
    delays = np.zeros(len(edits.texts))
    for k, own in enumerate(data.slices):
        copies = np.flatnonzero(slices_of_copies == k)
        delays[copies] = np.random.default_rng(len(own)).uniform(0, _EDIT_HOURS, len(copies))
    hours = _hours(data.headlines)
    hours = np.concatenate([hours, hours[edits.originals] + delays])
    sources = [*(headline.source for headline in data.headlines), *[None] * len(edits.texts)]
    labels = [title.labels for title in data.undecorated]
    labels += [labels[original] for original in edits.originals.tolist()]
    return EncodedTitles(describe_titles(texts, hours, hours, sources, labels), story, wording)


def slice_pairs(data: LabelledHeadlines, titles: EncodedTitles, edits: EditedCopies, k: int) -> SlicePairs:
    """Return the pairs of slice `k`; `titles` are those of `encode_folds`.

    Distant pairs are with later slices of the same fold: vectors of two folds come from two networks.
    """
    own = data.slices[k]
    rows = np.concatenate([own, *data.slices[k + FOLDS :: FOLDS]])
    pairs = candidate_pairs(titles.story[rows], CANDIDATE_FLOOR)
    pairs = pairs.take(pairs.i < len(own))
    features, inside = titles.pair_features(rows[pairs.i], rows[pairs.j]), pairs.j < len(own)
    copies, wording = np.flatnonzero(data.slice[edits.originals] == k), data.labels["wording"]
    place, headline = np.nonzero(wording[edits.originals[copies]][:, None] == wording[own])
    edited = titles.pair_features(own[headline], len(data.texts) + copies[place])
    return SlicePairs(
        labels={level: data.labels[level][own] for level in SCORED_LEVELS},
        pairs=pairs.take(inside),
        features=features[inside],
        distant=undated(features[~inside]),
        edited={"wording": edited, "story": edited[edits.other_story[copies[place]]]},
    )


def undated(features: Float32s) -> Float32s:
    """Return features as they would be without dates."""
    features = features.copy()
    features[:, FEATURES.index("hours")] = 0
    features[:, FEATURES.index("undated")] = 1
    return features


def _hours(headlines: Sequence[Headline]) -> Floats:
    return np.array([h.published.timestamp() / 3600 if h.published else np.nan for h in headlines], float)
