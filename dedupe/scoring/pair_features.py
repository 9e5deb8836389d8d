"""Candidate pairs -> features: a matrix of numbers, mostly in [0, 1], with a row for each pair and a column for each feature.

Comparing letters takes longest, so it can be done for fewer pairs: `word_features` first, then `add_letter_features`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from dedupe.runtime.arrays import Bools, Float32s, Floats, Ints
from dedupe.scoring.title_features import KINDS, TitleFeatures

FEATURES = (
    "similarity",  # cosine of the vectors
    "wording_similarity",  # cosine of the vectors of the wording level
    "shared",  # idf of the words in both, as a share of the idf of all their words
    "contained",  # idf of the words in both, as a share of the shorter title's
    "rare",  # idf of the rarest word in both, 1 for a word never seen
    "missing",  # mean of the two idf masses of the words that only one title has, on a log scale
    "conflict",  # the smaller of these two, on a log scale: high where both say something else
    "names",  # idf of the names in both, as a share of the names of the title with fewer; 0.5 where either has none
    "names_shared",  # idf mass of the names in both, on a log scale
    "names_conflict",  # the smaller of the two idf masses of names that only one has, on a log scale
    "numbers_agree",  # share of the numbers of both that are in both
    "numbers_conflict",  # 1 where both have numbers and share none
    "numbers_differ",  # 1 where both have numbers that the other lacks
    "numbers_lone",  # 1 where only one has numbers
    "counters_agree",  # share of the counters of both, as "episode 3", that are in both
    "counters_conflict",  # 1 where both count on in one series ("episode") and differ
    "days_agree",  # 1 where both name days or months and share one
    "days_conflict",  # 1 where both name days or months that the other does not
    "opposed",  # 1 where one says the opposite of a word of the other ("rise", "fall")
    "negation",  # 1 where only one negates
    "question",  # 1 where only one is a question
    "ahead",  # 1 where only one looks ahead
    "labels_differ",  # 1 where labels name different forms of piece ("live", "opinion"), or only one has such a label
    "letters",  # rapidfuzz token_set_ratio, 0 to 1
    "order",  # rapidfuzz ratio, 0 to 1
    "length",  # words of the shorter as a share of the longer's
    "hours",  # log of hours apart; 0 where a date is missing
    "undated",  # 1 where a date is missing
    "same_source",  # 1 where both come from one source
)
LETTER_FEATURES = {"order": fuzz.ratio, "letters": fuzz.token_set_ratio}
"""The features that compare letters, the cheaper first."""
_OTHER_NUMBERS = ("numbers_conflict", "numbers_differ", "numbers_lone", "counters_conflict")
_CHUNK_PAIRS = 16_384  # their columns fit into the processor's cache
_KINDS, _STEMS = len(KINDS), KINDS.index("stems")


def pair_features(
    titles: TitleFeatures, i: Ints, j: Ints, similarity: Float32s, wording_similarity: Float32s
) -> Float32s:
    """Return the features of each pair, float32, (pairs, len(FEATURES)), columns as in `FEATURES`, each contiguous.

    `i`, `j`: indices of titles; `similarity`, `wording_similarity`: cosine similarity on the judge's scale; all (pairs,).
    """
    features = word_features(titles, i, j, similarity, wording_similarity)
    add_letter_features(features, titles, i, j)
    return features


def word_features(
    titles: TitleFeatures, i: Ints, j: Ints, similarity: Float32s, wording_similarity: Float32s
) -> Float32s:
    """Return what `pair_features` returns, with 0 in the columns of `LETTER_FEATURES`."""
    features = np.zeros((len(i), len(FEATURES)), np.float32, order="F")
    for start in range(0, len(i), _CHUNK_PAIRS):
        k = slice(start, start + _CHUNK_PAIRS)
        columns = {"similarity": similarity[k], "wording_similarity": wording_similarity[k]}
        columns |= _of_words(titles, i[k], j[k]) | _of_titles(titles, i[k], j[k])
        for name, column in columns.items():
            features[k, FEATURES.index(name)] = column
    return features


def other_numbers(titles: TitleFeatures, i: Ints, j: Ints) -> Bools:
    """Return which pairs of titles state other numbers or counters, (pairs,)."""
    columns = _of_words(titles, i, j)
    others: Bools = np.logical_or.reduce([columns[name] for name in _OTHER_NUMBERS])
    return others


def add_letter_features(
    features: Float32s, titles: TitleFeatures, i: Ints, j: Ints, names: Sequence[str] = tuple(LETTER_FEATURES)
) -> None:
    """Fill these columns of `LETTER_FEATURES`, in place."""
    a, b = titles.texts[i], titles.texts[j]
    for name in names:
        features[:, FEATURES.index(name)] = process.cpdist(a, b, scorer=LETTER_FEATURES[name], dtype=np.float32) / 100


def _of_words(t: TitleFeatures, i: Ints, j: Ints) -> dict[str, NDArray[Any]]:
    both, rare = _overlap(t, i, j)
    of_i, of_j = t.mass[i], t.mass[j]
    shared, same_names, same_numbers, same_counters, same_series, same_days, opposed = both.T
    total_i, names_i, numbers_i, counters_i, _, days_i, _ = of_i.T
    total_j, names_j, numbers_j, counters_j, _, days_j, _ = of_j.T
    return {
        "shared": _share(shared, total_i + total_j - shared),
        "contained": _share(shared, np.minimum(total_i, total_j)),
        "rare": rare,
        "missing": np.log1p((total_i + total_j - 2 * shared) / 2),
        "conflict": np.log1p(np.minimum(total_i, total_j) - shared),
        "names": np.where((names_i > 0) & (names_j > 0), _share(same_names, np.minimum(names_i, names_j)), 0.5),
        "names_shared": np.log1p(same_names),
        "names_conflict": np.log1p(np.minimum(names_i, names_j) - same_names),
        "numbers_agree": _share(same_numbers, numbers_i + numbers_j - same_numbers),
        "numbers_conflict": (numbers_i > 0) & (numbers_j > 0) & (same_numbers == 0),
        "numbers_differ": np.minimum(numbers_i, numbers_j) > same_numbers,
        "numbers_lone": (numbers_i > 0) != (numbers_j > 0),
        "counters_agree": _share(same_counters, counters_i + counters_j - same_counters),
        "counters_conflict": same_series > same_counters,
        "days_agree": (days_i > 0) & (days_j > 0) & (same_days > 0),
        "days_conflict": np.minimum(days_i, days_j) > same_days,
        "opposed": opposed > 0,
    }


def _of_titles(t: TitleFeatures, i: Ints, j: Ints) -> dict[str, NDArray[Any]]:
    gap = np.maximum(np.maximum(t.first[i], t.first[j]) - np.minimum(t.last[i], t.last[j]), 0.0)
    undated = np.isnan(gap)
    negation, question, ahead = (t.moods[i] != t.moods[j]).T
    return {
        "negation": negation,
        "question": question,
        "ahead": ahead,
        "labels_differ": (t.forms[i] != t.forms[j]).any(axis=1),
        "length": np.minimum(t.words[i], t.words[j]) / np.maximum(t.words[i], t.words[j]),
        "hours": np.where(undated, 0.0, np.log1p(np.nan_to_num(gap))),
        "undated": undated,
        "same_source": t.sources[i] == t.sources[j],
    }


def _overlap(t: TitleFeatures, i: Ints, j: Ints) -> tuple[Floats, Floats]:
    """Return the mass that two titles share by kind, (pairs, kinds), and the mass of the rarest stem they share, (pairs,).

    For opposites it is the mass of words to which the other title has the opposite.
    """
    both = t.entries[i].minimum(t.mirrored[j])
    pair = np.repeat(np.arange(len(i)), np.diff(both.indptr))
    kind = t.kind[both.indices]
    masses = np.bincount(pair * _KINDS + kind, both.data, minlength=len(i) * _KINDS)
    rare, filled = np.zeros(len(i)), np.flatnonzero(np.diff(both.indptr))
    if len(filled):
        rare[filled] = np.maximum.reduceat(np.where(kind == _STEMS, both.data, 0), both.indptr[filled])
    return masses.reshape(len(i), _KINDS).astype(np.float64), rare


def _share(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
