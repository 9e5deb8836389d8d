"""The evidence of each candidate pair: a matrix of numbers in [0, 1] or so, one row a pair, one column a kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from scipy.sparse import csr_matrix

from dedupe.tokens import Facts, facts, other_side, rarity

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Similarity = NDArray[np.floating[Any]]

EVIDENCE = (
    "similarity",  # cosine of the vectors
    "wording_similarity",  # cosine as the wording level sees them
    "shared",  # idf of the words in both, as a share of the idf of all their words
    "contained",  # idf of the words in both, as a share of the shorter title's
    "rare",  # idf of the rarest word in both, 1 for a word never seen
    "missing",  # mean idf mass of the words that only one has, on a log scale
    "conflict",  # the smaller of the two masses that "missing" is the mean of, on a log scale: both say something else
    "names",  # idf of the names in both, as a share of the names of the title with fewer; 0.5 where either has none
    "names_shared",  # idf mass of the names in both, on a log scale
    "names_conflict",  # the smaller of the two idf masses of names that only one has, on a log scale
    "numbers_agree",  # share of the numbers of both that are in both
    "numbers_conflict",  # 1 where both have numbers of which the other has none
    "numbers_differ",  # 1 where both have numbers that the other lacks
    "numbers_lone",  # 1 where one of the two has numbers
    "days_agree",  # 1 where both name days or months and share one
    "days_conflict",  # 1 where both name days or months that the other does not
    "opposed",  # 1 where one says the opposite of a word of the other ("rise", "fall")
    "negation",  # 1 where one of the two negates
    "question",  # 1 where one of the two asks
    "ahead",  # 1 where one of the two looks ahead
    "letters",  # rapidfuzz token_set_ratio, 0 to 1
    "order",  # rapidfuzz ratio, 0 to 1
    "length",  # words of the shorter as a share of the longer's
    "hours",  # log of hours apart; 0 where a date is missing
    "undated",  # 1 where a date is missing
    "same_source",  # 1 where both come from one source
)
_CHUNK = 50_000  # pairs at a time, to bound memory


@dataclass(frozen=True, slots=True)
class Titles:
    """What the judge knows of each title: sparse rows of idf mass, and sets as sparse 0/1 rows."""

    texts: list[str]
    stems: csr_matrix
    names: csr_matrix
    numbers: csr_matrix
    days: csr_matrix
    sides: csr_matrix
    other_sides: csr_matrix
    moods: NDArray[np.bool_]
    words: Floats
    first: Floats
    last: Floats
    sources: Ints
    facts: Ints


def describe(
    texts: Sequence[str],
    first: Floats | None = None,
    last: Floats | None = None,
    sources: Sequence[str | None] | None = None,
) -> Titles:
    """Extract the facts of normalized titles once, so that judging any number of pairs needs no Python loop.

    `first`, `last`: hours since the epoch of the earliest and latest copy, NaN where undated, (n,). `sources`: names.
    """
    found = [facts(text) for text in texts]
    idf = rarity()
    undated = np.full(len(texts), np.nan)

    def weight(stem: str) -> float:
        return max(idf.idf(stem), 0.1) / idf.highest

    sides = _rows([f.sides for f in found] + [frozenset(map(other_side, f.sides)) for f in found])
    return Titles(
        texts=list(texts),
        stems=_rows([f.stems for f in found], weight),
        names=_rows([f.names for f in found], weight),
        numbers=_rows([f.numbers for f in found]),
        days=_rows([f.days for f in found]),
        sides=sides[: len(found)],
        other_sides=sides[len(found) :],
        moods=np.array([(f.negated, f.asks, f.foresees) for f in found], bool).reshape(len(found), 3),
        words=np.array([max(len(t.split()), 1) for t in texts], float),
        first=undated if first is None else first,
        last=undated if last is None else last,
        sources=_codes(sources or [None] * len(texts)),
        facts=np.array([_count(f) for f in found], np.int64),
    )


def _count(found: Facts) -> int:
    return len(found.stems) + len(found.numbers)


def _rows(sets: Sequence[frozenset[str]], weight: Callable[[str], float] = lambda _: 1.0) -> csr_matrix:
    """Sets of strings as a sparse matrix, one row a set."""
    columns: dict[str, int] = {}
    indices, data, starts = [], [], [0]
    for members in sets:
        for member in sorted(members):
            indices.append(columns.setdefault(member, len(columns)))
            data.append(weight(member))
        starts.append(len(indices))
    return csr_matrix(
        (np.array(data, float), np.array(indices, np.int32), starts), shape=(len(sets), max(len(columns), 1))
    )


def _codes(sources: Sequence[str | None]) -> Ints:
    """One number a source; each row without one gets a number of its own."""
    known: dict[str, int] = {}
    return np.array(
        [-1 - k if not s else known.setdefault(s.casefold(), len(known)) for k, s in enumerate(sources)], np.int64
    )


def evidence(
    titles: Titles, i: Ints, j: Ints, similarity: Similarity, wording_similarity: Similarity
) -> NDArray[np.float32]:
    """Return the evidence of each pair, float32, (pairs, len(EVIDENCE)), columns as in `EVIDENCE`."""
    chunks = [slice(k, k + _CHUNK) for k in range(0, len(i), _CHUNK)]
    parts = [_evidence(titles, i[k], j[k], similarity[k], wording_similarity[k]) for k in chunks]
    return np.concatenate(parts) if parts else np.zeros((0, len(EVIDENCE)), np.float32)


def _evidence(
    t: Titles, i: Ints, j: Ints, similarity: Similarity, wording_similarity: Similarity
) -> NDArray[np.float32]:
    shared, total_i, total_j, rare = _overlap(t.stems, i, j)
    same_names, names_i, names_j, _ = _overlap(t.names, i, j)
    same_numbers, numbers_i, numbers_j, _ = _overlap(t.numbers, i, j)
    same_days, days_i, days_j, _ = _overlap(t.days, i, j)
    both_days = (days_i > 0) & (days_j > 0)
    moods = t.moods[i] != t.moods[j]
    gap = np.maximum(np.maximum(t.first[i], t.first[j]) - np.minimum(t.last[i], t.last[j]), 0.0)
    undated = np.isnan(gap)
    a, b = [t.texts[k].casefold() for k in i.tolist()], [t.texts[k].casefold() for k in j.tolist()]
    columns = {
        "similarity": similarity,
        "wording_similarity": wording_similarity,
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
        "days_agree": both_days & (same_days > 0),
        "days_conflict": np.minimum(days_i, days_j) > same_days,
        "opposed": _meet(t.sides, t.other_sides, i, j),
        "negation": moods[:, 0],
        "question": moods[:, 1],
        "ahead": moods[:, 2],
        "letters": process.cpdist(a, b, scorer=fuzz.token_set_ratio, dtype=np.float32) / 100,
        "order": process.cpdist(a, b, scorer=fuzz.ratio, dtype=np.float32) / 100,
        "length": np.minimum(t.words[i], t.words[j]) / np.maximum(t.words[i], t.words[j]),
        "hours": np.where(undated, 0.0, np.log1p(np.nan_to_num(gap))),
        "undated": undated,
        "same_source": t.sources[i] == t.sources[j],
    }
    return np.column_stack([np.asarray(columns[name], np.float32) for name in EVIDENCE])


def _overlap(matrix: csr_matrix, i: Ints, j: Ints) -> tuple[Floats, Floats, Floats, Floats]:
    """Mass that two rows share, mass of each row, and the largest single shared entry."""
    total: Floats = np.asarray(matrix.sum(axis=1), np.float64).ravel()
    both = matrix[i].minimum(matrix[j])
    shared: Floats = np.asarray(both.sum(axis=1), np.float64).ravel()
    largest: Floats = np.asarray(both.max(axis=1).todense(), np.float64).ravel()
    return shared, total[i], total[j], largest


def _meet(one: csr_matrix, other: csr_matrix, i: Ints, j: Ints) -> NDArray[np.bool_]:
    """Whether row i of one matrix and row j of the other have an entry in common."""
    return np.asarray(one[i].multiply(other[j]).sum(axis=1)).ravel() > 0


def _share(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
