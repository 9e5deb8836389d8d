"""Titles that are alike but for one thing, which decides what they are to each other.

Two titles of the same words in which two parts have changed places tell two events ("Man bites dog", "Dog bites man"), unless
what stands between has no sides ("A meets B", "A and B") or one part tells what the other says ("A resigns, B says"). Titles in
which two names change places around one verb tell two events too. So do titles in which one word is replaced by its opposite
("Vaccine found safe", "Vaccine found unsafe"), and titles that name another thing of one kind ("Gold rises", "Silver rises") or
the other side of one matter ("Plane lands", "Plane takes off"). Titles of the same words, apart from inflection and synonyms,
tell one event. Vectors and word counts hardly differ for such pairs, and news has too few of them for the reader to learn from.
The words decide so clearly that the effect is set by hand: it is added to the log odds. Where another word may turn the sense
nothing is added. None of the 45,169 pairs of one story in the training data is taken for two events by
these rules, counted by hand.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cache

import numpy as np

from dedupe.candidates.pairs import PairTable
from dedupe.runtime.arrays import Float32s, Floats
from dedupe.scoring.model import sigmoid
from dedupe.scoring.title_features import TitleFeatures
from dedupe.text.decorations import FORMS
from dedupe.text.kind_lists import MORE_OPPOSITES
from dedupe.text.kinds import Title, may_decide, one_and_other, read_title, says_the_same
from dedupe.text.stems import STOP_WORDS, is_name, stem
from dedupe.text.words import OPPOSITES, words

OTHER_EVENT = -6.0
"""What is added to the log odds where two parts have changed places, or a word has become its opposite or another of its kind."""
SAME_EVENT = 3.0
"""The same where two parts have changed places around a word without sides, or all words are the same or synonyms."""
_MIN_SIMILARITY = 0.7  # cosine; titles that differ by so little have more, except short ones
_SHORT = 5  # words up to which titles are looked at whatever their cosine
_MOST_OTHER = 6  # words that one title has and the other lacks, where these may be one name and light words
_CONNECTIVES = frozenset("and or but as while vs versus v is are was were".split())
_REPORTING = frozenset(map(stem, "say insist suggest argue hope think".split()))  # never of a person
_MAY_REPORT = frozenset(map(stem, "claim warn fear report reveal show find believe announce confirm".split()))
_MIN_REPORTED = 3  # words of what is reported: "storm nears, mayor says"
_STUDIES = frozenset("study survey poll report research review analysis data inquiry inquest audit".split())
_OF_SENTENCES = frozenset(
    """is are was were be has have had will would can could may might must should not in on at by to from after over as near
    into amid""".split()
)
_WITHOUT_SIDES = frozenset(map(stem, "meet marry wed divorce draw tie face play clash debate merge talk agree".split()))
_OPPOSED = frozenset(frozenset(map(stem, pair)) for pair in (*OPPOSITES, *(pair.split("/") for pair in MORE_OPPOSITES)))
_NEGATIVE = ("un", "in", "im", "il", "ir", "non", "dis")
_MIN_NEGATED = 4  # letters of a word behind such a syllable; shorter ones are mostly others ("til", "until")
_SMALLEST = 1e-6  # probability, so that odds are finite


def difference_log_odds(titles: TitleFeatures, pairs: PairTable) -> Floats:
    """Return what is added to the log odds of each pair, (pairs,), mostly 0."""
    added, texts = np.zeros(len(pairs)), titles.texts
    short, live = titles.words <= _SHORT, titles.forms[:, FORMS.index("live")]
    looked_at = (pairs.similarity >= _MIN_SIMILARITY) | (short[pairs.i] & short[pairs.j])
    alike = np.flatnonzero(looked_at & ~(live[pairs.i] & live[pairs.j]))  # a live page is renamed as things turn
    said = {node: words(texts[node]) for node in np.unique([pairs.i[alike], pairs.j[alike]]).tolist()}
    sets = {node: frozenset(of_node) for node, of_node in said.items()}

    @cache
    def read(node: int) -> Title:  # few nodes are read, and each of them once
        return read_title(str(texts[node]))

    for place, i, j in zip(alike.tolist(), pairs.i[alike].tolist(), pairs.j[alike].tolist(), strict=True):
        if said[i] != said[j]:
            added[place] = _of_words(said[i], said[j])
            if not added[place] and _may_be_of_kinds(sets[i] - sets[j], sets[j] - sets[i]):
                added[place] = _of_kinds(read(i), read(j))
    return added


def with_difference(probability: Float32s, added: Floats) -> Float32s:
    """Return the probability of each pair after `added` log odds, (pairs,)."""
    changed = np.flatnonzero(added)
    p = np.clip(probability[changed].astype(np.float64), _SMALLEST, 1 - _SMALLEST)
    probability = probability.copy()
    probability[changed] = sigmoid(np.log(p / (1 - p)) + added[changed])
    return probability


def _of_words(first: Sequence[str], second: Sequence[str]) -> float:
    if len(first) == len(second):
        first, second = _differing(first, second)
        if len(first) == 1:
            return OTHER_EVENT if _are_opposites(first[0], second[0]) else 0.0
        if sorted(first) == sorted(second):
            return _of_places(first, second)
    return OTHER_EVENT if _names_changed_places(first, second) else 0.0


def _may_be_of_kinds(first: Collection[str], second: Collection[str]) -> bool:
    return max(len(first), len(second)) <= _MOST_OTHER and may_decide(first, second)


def _of_kinds(first: Title, second: Title) -> float:
    if says_the_same(first, second):
        return SAME_EVENT
    return OTHER_EVENT if one_and_other(first, second) else 0.0


def _differing(first: Sequence[str], second: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Return both, of equal length, without the words that they begin and end with alike."""
    start = next(k for k in range(len(first)) if first[k] != second[k])
    end = next(k for k in range(len(first), 0, -1) if first[k - 1] != second[k - 1])
    return first[start:end], second[start:end]


def _of_places(first: Sequence[str], second: Sequence[str]) -> float:
    return max((_of_middle(*seen) for seen in _middles(first, second)), default=0.0)


def _of_middle(middle: Sequence[str], parts: tuple[Sequence[str], Sequence[str]]) -> float:
    stems, (shorter, longer) = [stem(word) for word in middle], sorted(parts, key=len)
    if _CONNECTIVES.issuperset(middle):
        return SAME_EVENT
    if len(longer) >= _MIN_REPORTED:
        if stems[-1] in _REPORTING or (stems[-1] in _MAY_REPORT and not _STUDIES.isdisjoint(shorter)):
            return SAME_EVENT
        if stems[-1] in _MAY_REPORT and _may_be_a_sentence(longer):
            return 0.0
    if _WITHOUT_SIDES.isdisjoint(stems):
        return OTHER_EVENT
    verbs = {root for word, root in zip(middle, stems, strict=True) if word not in STOP_WORDS and not word[0].isdigit()}
    return SAME_EVENT if _WITHOUT_SIDES.issuperset(verbs) else 0.0  # "A refuses to meet B"


def _may_be_a_sentence(part: Sequence[str]) -> bool:
    """Whether a part may tell what happens: "storm nears coast", "arson in Leeds", not "Russian foreign minister"."""
    return any(word in _OF_SENTENCES or word.endswith(("s", "ed")) for word in part[1:-1])


def _names_changed_places(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether one says "A beat B" and the other "B beat A", of two names, and neither says both."""
    of_first, of_second = (set(zip(said, said[1:], said[2:], strict=False)) for said in (first, second))
    return any(
        (b, verb, a) in of_second
        and (b, verb, a) not in of_first
        and (a, verb, b) not in of_second
        and verb not in STOP_WORDS | _CONNECTIVES
        and stem(verb) not in _WITHOUT_SIDES
        and all(is_name(name, stem(name)) for name in (a, b))
        for a, verb, b in of_first
    )


def _are_opposites(first: str, second: str) -> bool:
    short, long = sorted((first, second), key=len)
    negated = len(short) >= _MIN_NEGATED and any(long == syllable + short for syllable in _NEGATIVE)
    return negated or frozenset((stem(first), stem(second))) in _OPPOSED


def _middles(
    first: Sequence[str], second: Sequence[str]
) -> Iterator[tuple[Sequence[str], tuple[Sequence[str], Sequence[str]]]]:
    """Yield what stands between two parts that have changed places, and the parts, for each way to see it so."""
    count = len(first)
    for left in range(1, count - 1):
        for right in range(1, count - left):
            before, middle, behind = first[:left], first[left : count - right], first[count - right :]
            if second == [*behind, *middle, *before]:
                yield middle, (before, behind)
