"""Titles in which one fact is changed, so that they tell another event: near-misses, of which news has too few.

A change is a number after a word ("Season 3", "iOS 18"), a day or month, a name, the order of two names, a word to another
that contradicts it, or a negation. A plain number is left alone, since a new count is often an update of the same story.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import numpy as np

from dedupe.text.pieces import MONTHS
from dedupe.text.stems import stem
from dedupe.text.words import OPPOSITES, WEEKDAYS, facts
from dedupe.training.edit_words import OTHER_FACTS

_WORD = re.compile(r"[^\W\d_]+")
_JOINED_WORD = re.compile(r"[\w'-]+")
_COUNTED = "season episode game week day round part chapter volume version phase stage level grade age top v".split()
_COUNTER = re.compile(
    rf"(?:\b(?:[A-Z][a-z]+|{'|'.join(_COUNTED)}|class of|[Nn]o\.|Q|V|GPT-|iOS|iPhone|Galaxy S)|#) ?(?P<number>\d+(?:\.\d+)*)\b"
)
_LONGEST_NUMBER = 6  # digits and points
_VERB = re.compile(r"\b(?:is|are|was|were|will|has|have|had|can|could|would|should|may|must)\b")
_CALENDAR = (WEEKDAYS, [*MONTHS[:2], "March", *MONTHS[2:]])
_OPPOSITES = {word: opposite for pair in OPPOSITES for word, opposite in (pair, pair[::-1])}
_INFLECTIONS = ("", "s", "ed", "d", "ing")
_STEPS = (-3, -2, -1, 1, 1, 2, 3)  # by which a counter is changed

Rng = np.random.Generator


def name_words(texts: Iterable[str]) -> list[str]:
    """Return the capitalised names in at least two of the texts, sorted: what names are replaced by."""
    counts = Counter(word for text in texts for word in set(_names(text)) if word[0].isupper())
    return sorted(word for word, count in counts.items() if count > 1)


def change_fact(text: str, names: Sequence[str], rng: Rng) -> str:
    """Return the text with one fact changed, or the same where it has none to change; `names`: see `name_words`."""
    for k in rng.permutation(len(_CHANGES)).tolist():
        changed: str = _CHANGES[k](text, names, rng)
        if changed != text:
            return changed
    return text


def replace_names(first: str, second: str, names: Sequence[str], rng: Rng) -> tuple[str, str]:
    """Return two texts with one or two of the names that both have replaced by others: they stay to each other what they are."""
    others = set(_WORD.findall(second))
    shared = [word for word in dict.fromkeys(_names(first)) if word[0].isupper() and word in others]
    for word in [shared[k] for k in rng.permutation(len(shared))[: int(rng.integers(1, 3))]]:
        if names:
            foreign = names[int(rng.integers(len(names)))]
            first, second = (re.sub(rf"\b{re.escape(word)}\b", foreign, text) for text in (first, second))
    return first, second


def _names(text: str) -> list[str]:
    """The words of a title that are names, as written."""
    stems = facts(text).names
    return [word for word in _WORD.findall(text) if len(word) > 2 and stem(word.casefold()) in stems]


# Each change returns a changed title, or the same where it has nothing to change. `names` are those of all titles.


def _change_counter(text: str, names: Sequence[str], rng: Rng) -> str:
    spots = [match for match in _COUNTER.finditer(text) if len(match["number"]) <= _LONGEST_NUMBER]
    if not spots:
        return text
    match = spots[int(rng.integers(len(spots)))]
    parts = match["number"].split(".")
    k = int(rng.integers(len(parts)))
    value = int(parts[k])
    changed = max(value + int(rng.choice(_STEPS)), min(value, 1))
    parts[k] = str(changed if changed != value else value + 1)
    return text[: match.start("number")] + ".".join(parts) + text[match.end("number") :]


def _change_day(text: str, names: Sequence[str], rng: Rng) -> str:
    words = list(_WORD.finditer(text))
    spots = [(m, [d for d in days if d != m.group()]) for m in words for days in _CALENDAR if m.group() in days]
    return _replace_random(text, spots, rng)


def _use_opposite(text: str, names: Sequence[str], rng: Rng) -> str:
    words = [(match, _opposite(match.group().casefold())) for match in _WORD.finditer(text)]
    spots = [(m, [word.capitalize() if m.group()[0].isupper() else word]) for m, word in words if word]
    return _replace_random(text, spots, rng)


def _opposite(word: str) -> str | None:
    """The opposite of a word, with the same inflection."""
    for ending in _INFLECTIONS:
        opposite = _OPPOSITES.get(word.removesuffix(ending)) if word.endswith(ending) else None
        if opposite and opposite.endswith("y") and ending in ("s", "ed"):
            return f"{opposite[:-1]}ie{ending[-1]}"
        if opposite:
            return (opposite.removesuffix("e") if ending in ("ed", "ing") else opposite) + ending
    return None


def _contradict(text: str, names: Sequence[str], rng: Rng) -> str:
    words = [(match, _other_fact(match.group())) for match in _JOINED_WORD.finditer(text)]
    return _replace_random(text, [(match, [other]) for match, other in words if other], rng)


def _other_fact(word: str) -> str | None:
    if word in OTHER_FACTS:
        return OTHER_FACTS[word]
    other = OTHER_FACTS.get(word.lower())
    return other.capitalize() if other else None


def _negate(text: str, names: Sequence[str], rng: Rng) -> str:
    return text if facts(text).negated else _VERB.sub(r"\g<0> not", text, count=1)


def _replace_random(text: str, spots: Sequence[tuple[re.Match[str], list[str]]], rng: Rng) -> str:
    """Replace one of the matches by one of its alternatives."""
    if not spots:
        return text
    match, alternatives = spots[int(rng.integers(len(spots)))]
    return text[: match.start()] + str(rng.choice(alternatives)) + text[match.end() :]


def _change_name(text: str, names: Sequence[str], rng: Rng) -> str:
    own = _names(text)
    if not own or not names:
        return text
    word = own[rng.integers(len(own))]
    foreign = [name for name in (names[k] for k in rng.integers(len(names), size=8)) if name not in own]
    return re.sub(rf"\b{word}\b", foreign[0], text) if foreign else text


def _swap_names(text: str, names: Sequence[str], rng: Rng) -> str:
    own = list(dict.fromkeys(_names(text)))
    separate = [(a, b) for a, b in pairwise(own) if f"{a} {b}" not in text]
    if not separate:
        return text
    first, second = separate[rng.integers(len(separate))]
    return re.sub(rf"\b(?:{first}|{second})\b", lambda m: second if m.group() == first else first, text)


_CHANGES: list[Callable[[str, Sequence[str], Rng], str]] = [
    *[_change_counter] * 2,  # the most telling ones are tried more often
    *[_use_opposite] * 2,
    *[_contradict] * 2,
    _change_day,
    _change_name,
    _swap_names,
    _negate,
]
