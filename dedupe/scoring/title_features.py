"""Titles -> `TitleFeatures`: what each title states, computed once for all its pairs."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack, vstack

from dedupe.runtime.arrays import Bools, Floats, Ints, codes
from dedupe.text.decorations import FORMS
from dedupe.text.document_frequencies import document_frequencies
from dedupe.text.numbers import Numbers, read_number, series_of
from dedupe.text.pieces import is_number
from dedupe.text.words import (
    OPPOSITES,
    Facts,
    facts_of_word,
    is_question,
    opposite_of,
    words,
)

Member = tuple[int, str]
T = TypeVar("T", bound=Hashable)

KINDS = ("stems", "names", "numbers", "counters", "series", "days", "opposites")
"""Kinds of what a title states: the sets of `dedupe.text.words.Facts`, in its order."""
_STEMS, _NAMES, _NUMBERS, _COUNTERS, _SERIES, _DAYS, _SIDES = range(len(KINDS))
_ALL_SIDES = [(_SIDES, side) for k in range(len(OPPOSITES)) for side in (f"{k}+", opposite_of(f"{k}+"))]
_MIN_IDF = 0.1  # of the most common stems


@dataclass(frozen=True, slots=True)
class TitleFeatures:
    """What n titles state.

    `texts`: cores of normalized titles, case folded, (n,). `entries`: float32, (n, columns), a column for each member of each
    kind, sorted in each row: idf mass for stems and names, 1 for the others. `mirrored`: the same with every opposite replaced
    by the other side. `kind`: (columns,), indices into `KINDS`. `mass`: (n, kinds), row sums of `entries`. `moods`: (n, 3),
    whether a title negates, asks, looks ahead. `forms`: (n, forms), which of `FORMS` it is labelled as. `words`: (n,), at
    least 1. `first`, `last`: (n,), hours since the epoch, NaN where undated. `sources`: (n,), a number for each source.
    `facts`: (n,), how many stems, numbers, counters.
    """

    texts: NDArray[np.object_]
    entries: csr_matrix
    mirrored: csr_matrix
    kind: NDArray[np.uint8]
    mass: Floats
    moods: Bools
    forms: Bools
    words: Floats
    first: Floats
    last: Floats
    sources: Ints
    facts: Ints

    @classmethod
    def of(
        cls,
        texts: Sequence[str],
        entries: csr_matrix,
        kind: NDArray[np.uint8],
        columns: Mapping[str, NDArray[Any]],
        sources: Ints | None = None,
    ) -> TitleFeatures:
        """Return the features of titles from `entries`, `kind` and the other columns, by name. `sources`: default: none."""
        folded = np.empty(len(texts), object)
        folded[:] = [text.casefold() for text in texts]
        numbers = numbered_sources([None] * len(texts)) if sources is None else sources
        return cls(texts=folded, entries=entries, mirrored=_mirrored(entries), kind=kind, sources=numbers, **columns)

    def take(self, titles: Ints) -> TitleFeatures:
        """Return the features of these titles."""
        columns = {column.name: getattr(self, column.name) for column in fields(self)}
        return TitleFeatures(**{name: value if name == "kind" else value[titles] for name, value in columns.items()})

    def aligned(self, members: Sequence[Member], known: Vocabulary) -> TitleFeatures:
        """Return the same in the columns of a vocabulary, which grows by what is new; `members`: what the columns stand for."""
        used = np.zeros(len(members), bool)
        used[self.entries.indices] = True
        columns = (np.cumsum(used) - 1)[self.entries.indices]
        shape = self.entries.shape[0], int(np.count_nonzero(used))
        own = csr_matrix((self.entries.data, columns, self.entries.indptr), shape)
        entries, kind = known.aligned(own, [members[k] for k in np.flatnonzero(used).tolist()])
        return replace(self, entries=entries, mirrored=_mirrored(entries), kind=kind)


def describe_titles(
    texts: Sequence[str],
    first: Floats | None = None,
    last: Floats | None = None,
    sources: Sequence[str | None] | None = None,
    labels: Sequence[frozenset[str]] | None = None,
    known: Vocabulary | None = None,
) -> TitleFeatures:
    """Return the features of normalized titles without decorations.

    `first`, `last`: hours since the epoch of the earliest and latest copy, NaN where undated, (n,). `sources`: names.
    `labels`: those of `dedupe.text.decorations`. `known`: what the columns of other titles stand for, so that these have the
    same; it grows by what is new.
    """
    # Each distinct piece between spaces is split into words once, and the facts of each distinct word are found once.
    pieces, of_titles = _incidence(map(str.split, texts))
    distinct, of_pieces = _incidence(map(words, pieces))
    stated = list(map(facts_of_word, distinct))
    members, of_words = _incidence(map(_members, stated), _ALL_SIDES)
    numeric = of_pieces @ np.fromiter(map(is_number, distinct), np.float32, len(distinct)) > 0
    numbers, of_numbers = _numbers(pieces, of_titles, numeric)
    members += numbers
    stating = hstack([of_titles @ (of_pieces @ of_words), of_numbers], "csr")
    entries, kind = _weighted(stating, members), np.array([kind for kind, _ in members], np.uint8)
    if known is not None:
        entries, kind = known.aligned(entries, members)
    moods = np.array([(word.negated, word.looks_ahead) for word in stated], np.float32).reshape(-1, 2)
    negated, looks_ahead = (of_titles @ (of_pieces @ moods)).T > 0
    undated = np.full(len(texts), np.nan)
    return TitleFeatures(
        texts=np.array([text.casefold() for text in texts], object),
        entries=entries,
        mirrored=_mirrored(entries),
        kind=kind,
        mass=entries @ (kind[:, None] == range(len(KINDS))).astype(float),
        moods=np.column_stack([negated, np.fromiter(map(is_question, texts), bool, len(texts)), looks_ahead]),
        forms=_forms(labels or [], len(texts)),
        words=np.maximum(np.diff(of_titles.indptr), 1).astype(float),
        first=undated if first is None else first,
        last=undated if last is None else last,
        sources=numbered_sources(sources or [None] * len(texts)),
        facts=_count(entries, np.isin(kind, (_STEMS, _NUMBERS, _COUNTERS))),
    )


class Vocabulary:
    """What the columns of features stand for: members by kind. It grows as more titles are described."""

    def __init__(self) -> None:
        self._column: dict[Member, int] = {member: k for k, member in enumerate(_ALL_SIDES)}
        self._kinds = bytearray(kind for kind, _ in _ALL_SIDES)

    @classmethod
    def of(cls, kinds: NDArray[np.uint8], members: Sequence[str]) -> Vocabulary:
        """Return the vocabulary that has this `content`."""
        vocabulary = cls()
        vocabulary._column = {member: k for k, member in enumerate(zip(kinds.tolist(), members, strict=True))}
        vocabulary._kinds = bytearray(kinds.tobytes())
        return vocabulary

    def content(self) -> tuple[NDArray[np.uint8], list[str]]:
        """Return the kind of each column, and the member that it stands for."""
        return np.frombuffer(bytes(self._kinds), np.uint8), [member for _, member in self._column]

    def __len__(self) -> int:
        return len(self._column)

    def aligned(self, entries: csr_matrix, members: Sequence[Member]) -> tuple[csr_matrix, NDArray[np.uint8]]:
        """Return entries, whose columns stand for `members`, in the columns of this vocabulary; and the kinds of these."""
        for member in members:
            if member not in self._column:
                self._column[member] = len(self._column)
                self._kinds.append(member[0])
        column = np.array([self._column[member] for member in members], np.int32)
        shape = entries.shape[0], len(self._column)
        data = entries.data.copy()  # which is sorted in place, and may belong to others
        aligned = csr_matrix((data, column[entries.indices], entries.indptr), shape=shape)
        aligned.sort_indices()
        return aligned, np.frombuffer(bytes(self._kinds), np.uint8)


def stacked(*titles: TitleFeatures) -> TitleFeatures:
    """Return the features of the titles of all, whose columns stand for the same, though later ones may have more of them.

    The numbers of sources are taken over.
    """
    kind = titles[-1].kind

    def joined(name: str) -> Any:
        parts = [getattr(part, name) for part in titles]
        if not isinstance(parts[0], csr_matrix):
            return np.concatenate(parts)
        shapes = [(part.shape[0], len(kind)) for part in parts]
        return vstack([csr_matrix((p.data, p.indices, p.indptr), s) for p, s in zip(parts, shapes, strict=True)], "csr")

    return TitleFeatures(
        **{column.name: joined(column.name) for column in fields(TitleFeatures) if column.name != "kind"}, kind=kind
    )


def numbered_sources(sources: Sequence[str | None]) -> Ints:
    """Return a number for each source, (n,); titles without one share none."""
    source = codes(name.casefold() if name else None for name in sources)
    return np.where(source < 0, -1 - np.arange(len(sources)), source)


def _forms(labels: Sequence[frozenset[str]], count: int) -> Bools:
    forms = np.zeros((count, len(FORMS)), bool)
    for title, of_title in enumerate(labels):
        if of_title:
            forms[title] = [form in of_title for form in FORMS]
    return forms


def _incidence(rows: Iterable[Iterable[T]], known: Iterable[T] = ()) -> tuple[list[T], csr_matrix]:
    """Return the distinct members of all rows, `known` ones first, and how often each row has each, (rows, members)."""
    column: defaultdict[T, int] = defaultdict()
    column.default_factory = column.__len__  # a member not seen before takes the next column
    column.update((member, k) for k, member in enumerate(known))
    indices, ends = array("i"), array("q", [0])
    for row in rows:
        indices.extend(map(column.__getitem__, row))
        ends.append(len(indices))
    ones = np.ones(len(indices), np.float32)
    matrix = csr_matrix((ones, np.array(indices), np.array(ends)), shape=(len(ends) - 1, len(column)))
    return list(column), matrix


def _numbers(pieces: Sequence[str], of_titles: csr_matrix, numeric: Bools) -> tuple[list[Member], csr_matrix]:
    """Return what titles state in numbers, as `_incidence` does; `numeric` marks the pieces that hold one."""
    at = np.flatnonzero(numeric[of_titles.indices])
    title = np.searchsorted(of_titles.indptr, at, side="right") - 1
    around = at[:, None] + np.arange(-1, 3)
    inside = (around >= of_titles.indptr[title][:, None]) & (around < of_titles.indptr[title + 1][:, None])
    around = np.where(inside, of_titles.indices[np.clip(around, 0, of_titles.nnz - 1)], len(pieces))
    text = [*pieces, ""]
    read = (read_number(text[a], text[b], text[c], text[d]) for a, b, c, d in around.tolist())
    members, of_places = _incidence(map(_members_of_number, read))
    starts = np.searchsorted(at, of_titles.indptr)
    places = csr_matrix((np.ones(len(at), np.float32), np.arange(len(at)), starts), (len(starts) - 1, len(at)))
    return members, places @ of_places


def _members_of_number(read: Numbers) -> list[Member]:
    members = [(_NUMBERS, quantity) for quantity in read.quantities]
    for counter in read.counters:
        members += ((_COUNTERS, counter), (_SERIES, series_of(counter)))
    return members


def _members(word: Facts) -> list[Member]:
    sets = ((_STEMS, word.stems), (_NAMES, word.names), (_DAYS, word.days), (_SIDES, word.opposites))
    return [(kind, member) for kind, members in sets if members for member in members]


def _weighted(entries: csr_matrix, members: Sequence[Member]) -> csr_matrix:
    # A member counts once, however often a title has it. Float64 sums of float32 weights are exact, so order is no matter.
    idf, max_idf = document_frequencies().idf, document_frequencies().max_idf
    weights = [max(idf(word), _MIN_IDF) / max_idf if kind in (_STEMS, _NAMES) else 1.0 for kind, word in members]
    entries.sort_indices()
    entries.data = np.array(weights, np.float32)[entries.indices]
    return entries


def _mirrored(entries: csr_matrix) -> csr_matrix:
    mirror = np.arange(entries.shape[1], dtype=entries.indices.dtype)
    mirror[: len(_ALL_SIDES)] ^= 1  # opposed sides are neighbours
    mirrored = csr_matrix((entries.data, mirror[entries.indices], entries.indptr), shape=entries.shape)
    mirrored.sort_indices()  # the data can be shared: sides come first in a row and all weigh 1
    return mirrored


def _count(entries: csr_matrix, counted: Bools) -> Ints:
    before = np.concatenate([[0], np.cumsum(counted[entries.indices])])
    return np.diff(before[entries.indptr])
