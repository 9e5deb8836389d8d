"""The pairs of titles that the reader learns from: other ones in every epoch, drawn by its number.

| from | pairs |
|---|---|
| labelled slices | candidate pairs of one story, as many of two stories, and the most alike titles of slices two weeks apart |
| contrast titles | each two of a title and its companions |
| events | two titles of one event, and a title beside the most alike one of another event |
| rules | one fact changed, a companion in other words, a title in decoration; in a quarter of all others, other names |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import combinations
from typing import NamedTuple

import numpy as np

from dedupe.candidates.join import candidate_pairs
from dedupe.candidates.products import cosines
from dedupe.evaluation.labelled import LabelledHeadlines
from dedupe.runtime.arrays import Float32s, Floats, Ints
from dedupe.training.contrast import Contrast, Events, clean
from dedupe.training.edits import change_fact, name_words, replace_names
from dedupe.training.reader_network import VERDICTS
from dedupe.training.rewrites import decorate, rewrite

DIFFERENT, STORY, WORDING = range(len(VERDICTS))
SAME = len(VERDICTS)
"""The label of two titles of one story whose wordings are not known."""
CANDIDATE_FLOOR = 0.35
"""Minimum story similarity of the pairs that the reader and the judge learn from."""
APART = timedelta(days=14)
"""Slices so far apart share no story."""
_STORY_PAIRS = 12  # of one story in an epoch, at most
_ALIKE_TITLES = 100  # of two slices apart
_DISTANT, _EVENTS, _EDITED, _REWRITTEN, _DECORATED = 0.15, 0.12, 0.22, 0.11, 0.02  # as shares of the pairs of slices
_OTHER_NAMES = 0.25  # share of the pairs with names replaced
_ALSO_DECORATED = 0.04  # share of all pairs of which one title is decorated
_NEARLY_COPIES = 0.93  # cosine from which titles of one wording are too alike to change one of them
_OTHER_EVENTS = 0.85  # cosine from which titles of two events may be of one
_BLOCK = 256  # titles whose cosines with all others are computed together
_SOURCES = ["Reuters", "AP News", "BBC", "The Daily Post"]  # for titles without any

Rng = np.random.Generator


class Pair(NamedTuple):
    """Two normalized titles, and what they are to each other."""

    first: str
    second: str
    label: int


@dataclass(frozen=True, slots=True)
class Candidates:
    """Candidate pairs of slices, (pairs,): rows, cosine, and label."""

    i: Ints
    j: Ints
    cosine: Float32s
    label: Ints

    @classmethod
    def of(cls, data: LabelledHeadlines, vectors: Float32s, slices: Sequence[int]) -> Candidates:
        """Return the candidate pairs inside these slices; `vectors`: unit rows of all headlines, (n, d)."""
        tables = [(data.slices[k], candidate_pairs(vectors[data.slices[k]], CANDIDATE_FLOOR)) for k in slices]
        i, j = (np.concatenate([rows[getattr(pairs, side)] for rows, pairs in tables]) for side in ("i", "j"))
        story, wording = (np.equal(data.labels[level][i], data.labels[level][j]) for level in ("story", "wording"))
        return cls(i, j, cosines(vectors, i, j), story.astype(np.int64) + (story & wording))

    def draw(self, story: Ints, rng: Rng) -> Ints:
        """Return places of pairs of one story, a few of each, and of as many others, mostly alike ones; `story`: (n,)."""
        joined = rng.permutation(np.flatnonzero(self.label > DIFFERENT))
        joined = joined[_count_before(story[self.i[joined]]) < _STORY_PAIRS]
        apart = np.flatnonzero(self.label == DIFFERENT)
        weight: Floats = np.maximum(self.cosine[apart].astype(float) - CANDIDATE_FLOOR, 1e-6)
        count = min(len(joined), len(apart))
        others = rng.choice(apart, count, replace=False, p=weight / weight.sum()) if count else apart
        return np.concatenate([joined, others])


def _count_before(values: Ints) -> Ints:
    """How many of the values before each are equal to it."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    first = np.searchsorted(ordered, ordered)
    count = np.empty(len(values), np.int64)
    count[order] = np.arange(len(values)) - first
    return count


@dataclass
class ReaderPairs:
    """What the reader learns from.

    `vectors`, `event_vectors`: unit rows of the headlines and of the titles of `events`. `learned`: numbers of slices.
    """

    data: LabelledHeadlines
    vectors: Float32s
    learned: Sequence[int]
    contrasts: Sequence[Contrast]
    events: Events
    event_vectors: Float32s
    seed: int
    candidates: Candidates = field(init=False)

    def __post_init__(self) -> None:
        self.candidates = Candidates.of(self.data, self.vectors, self.learned)
        self._rows = np.concatenate([self.data.slices[k] for k in self.learned])
        self._names = name_words(self.data.texts[row] for row in self._rows.tolist())
        sources = {self.data.headlines[row].source for row in self._rows.tolist()}
        self._sources = sorted(source for source in sources if source) or _SOURCES
        self._companions = [companion for row in self.contrasts for companion in row.companions()]
        self._far_apart = [pair for pair in combinations(sorted(self.learned), 2) if slices_apart(self.data, *pair)]

    def epoch(self, number: int) -> list[Pair]:
        """Return the pairs of an epoch, shuffled."""
        rng = np.random.default_rng([self.seed, number])
        places = self.candidates.draw(self.data.labels["story"], rng)
        pairs = pairs_at(self.data, self.candidates, places)

        def share(of_slices: float) -> int:
            return round(of_slices * len(places))

        pairs += self._distant(share(_DISTANT), rng)
        pairs += [Pair(first, second, VERDICTS.index(verdict)) for first, second, verdict in self._companions]
        pairs += self._of_events(share(_EVENTS), rng)
        pairs = [self._with_other_names(pair, rng) if rng.random() < _OTHER_NAMES else pair for pair in pairs]
        pairs += self._edited(share(_EDITED), rng) + self._rewritten(share(_REWRITTEN), rng)
        pairs = [self._decorated(pair, rng) if rng.random() < _ALSO_DECORATED else pair for pair in pairs]
        rows = rng.choice(self._rows, min(share(_DECORATED), len(self._rows)), replace=False)
        texts = [self.data.texts[row] for row in rows.tolist()]
        pairs += [self._decorated(Pair(text, text, WORDING), rng) for text in texts]
        return [pairs[k] for k in rng.permutation(len(pairs)).tolist()]

    def _distant(self, count: int, rng: Rng) -> list[Pair]:
        """The most alike titles of slices far apart."""
        pairs: list[Pair] = []
        for number in rng.permutation(len(self._far_apart)).tolist():
            if len(pairs) >= count:
                break
            rows, others = (self.data.slices[k] for k in self._far_apart[number])
            similarity = self.vectors[rows] @ self.vectors[others].T
            best = others[similarity.argmax(1)]
            for k in np.argsort(-similarity.max(1), kind="stable")[:_ALIKE_TITLES].tolist():
                first, second = self.data.texts[rows[k]], self.data.texts[best[k]]
                if first.casefold() != second.casefold():
                    pairs.append(Pair(first, second, DIFFERENT))
        return pairs[:count]

    def _of_events(self, count: int, rng: Rng) -> list[Pair]:
        """Half of them of one event, half of two."""
        texts, event = self.events.texts, self.events.event
        pairs: list[Pair] = []
        if not texts:
            return pairs
        for row in rng.permutation(len(texts))[: count // 2].tolist():
            same = np.flatnonzero(event == event[row])
            same = same[same != row]
            if len(same):
                pairs.append(Pair(texts[row], texts[int(rng.choice(same))], SAME))
        rows = rng.permutation(len(texts))[: count // 2]
        for block in np.split(rows, range(_BLOCK, len(rows), _BLOCK)):
            similarity = self.event_vectors[block] @ self.event_vectors.T
            similarity[(event[block][:, None] == event) | (similarity > _OTHER_EVENTS)] = -1
            nearest, there = similarity.argmax(1), similarity.max(1, initial=-1) > -1
            pairs += [Pair(texts[a], texts[b], DIFFERENT) for a, b in zip(block[there], nearest[there], strict=True)]
        return pairs

    def _with_other_names(self, pair: Pair, rng: Rng) -> Pair:
        return Pair(*replace_names(pair.first, pair.second, self._names, rng), pair.label)

    def _edited(self, count: int, rng: Rng) -> list[Pair]:
        """A title with one fact changed, beside the title or another one of its wording."""
        texts, candidates = self.data.texts, self.candidates
        one_wording = np.flatnonzero((candidates.label == WORDING) & (candidates.cosine < _NEARLY_COPIES))
        chosen = rng.permutation(one_wording)[:count]
        sources = [(texts[candidates.i[k]], texts[candidates.j[k]]) for k in chosen.tolist()]
        wordings = [(first, second) for first, second, verdict in self._companions if verdict == "wording"]
        sources += [*wordings, *(pair[::-1] for pair in wordings)]
        sources += [(texts[row], texts[row]) for row in rng.permutation(self._rows)[:count].tolist()]
        pairs: list[Pair] = []
        for k in rng.permutation(len(sources)).tolist():
            first, second = sources[k] if rng.random() < 0.5 else sources[k][::-1]
            changed = clean(change_fact(first, self._names, rng))
            if changed != first and changed.casefold() != second.casefold():
                pairs.append(Pair(changed, second, DIFFERENT))
            if len(pairs) >= count:
                break
        return pairs

    def _rewritten(self, count: int, rng: Rng) -> list[Pair]:
        """A companion beside itself in slightly other words."""
        texts = [text for row in self.contrasts for text in row[1:] if text]
        pairs: list[Pair] = []
        for k in rng.permutation(len(texts)).tolist():
            if len(pairs) >= count:
                break
            if (rewritten := clean(rewrite(texts[k], rng))) != texts[k]:
                pairs.append(Pair(texts[k], rewritten, WORDING))
        return pairs

    def _decorated(self, pair: Pair, rng: Rng) -> Pair:
        """The pair with something put to one of its titles."""
        first, second, label = pair
        if rng.random() < 0.5:
            return Pair(clean(decorate(first, self._sources, rng)), second, label)
        return Pair(first, clean(decorate(second, self._sources, rng)), label)


def pairs_at(data: LabelledHeadlines, candidates: Candidates, places: Ints) -> list[Pair]:
    """Return the candidate pairs at these places."""
    columns = (column[places].tolist() for column in (candidates.i, candidates.j, candidates.label))
    return [Pair(data.texts[i], data.texts[j], label) for i, j, label in zip(*columns, strict=True)]


def slices_apart(data: LabelledHeadlines, one: int, other: int) -> bool:
    """Whether two slices lie so far apart that they share no story; undated ones do not."""
    dates = [[date for row in data.slices[k].tolist() if (date := data.headlines[row].published)] for k in (one, other)]
    if not all(dates):
        return False
    (start, end), (other_start, other_end) = ((min(some), max(some)) for some in dates)
    return bool(max(other_start - end, start - other_end) >= APART)
