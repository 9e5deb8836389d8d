"""Edited copies of titles that say something else: near-misses, of which three days of news have too few.

One fact is changed: a number, a day or month, a name, the order of two names, a word to its opposite, or a statement is
negated. A copy never has the wording of its original. A changed name or day also makes another story; a changed number or
an opposite may be an update of the same story.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dedupe.runtime.arrays import Bools, Ints
from dedupe.text.pieces import COUNTS, MONTHS
from dedupe.text.stems import stem
from dedupe.text.words import OPPOSITES, WEEKDAYS, facts

_WORD = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(r"(?<![\w.,:])\d[\d,]*(?:\.\d+)?(?![\w:])")
_VERB = re.compile(r"\b(?:is|are|was|were|will|has|have|had|can|could|would|should|may|must)\b")
_COUNTS = list(COUNTS)[2:]
_CALENDAR = (WEEKDAYS, [*MONTHS[:2], "March", *MONTHS[2:]])
_OPPOSITES = {word: opposite for pair in OPPOSITES for word, opposite in (pair, pair[::-1])}
_INFLECTIONS = ("", "s", "ed", "d", "ing")

Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class EditedCopies:
    """Copies of the titles in rows `originals`, (copies,); `other_story` marks those that also tell another story."""

    originals: Ints
    texts: list[str]
    other_story: Bools


def edit_titles(texts: Sequence[str], seed: int) -> EditedCopies:
    """Return one edited copy of each title that has something to edit, the same for the same seed."""
    rng = np.random.default_rng(seed)
    names = sorted({word for text in texts for word in _names(text)})
    rows, copies, other_stories = [], [], []
    for row, text in enumerate(texts):
        for k in rng.permutation(len(_EDITS)).tolist():
            edit, other_story = _EDITS[k]
            if (copy := edit(text, names, rng)) != text:
                rows.append(row)
                copies.append(copy)
                other_stories.append(other_story)
                break
    return EditedCopies(np.array(rows, np.int64), copies, np.array(other_stories, bool))


def _names(text: str) -> list[str]:
    """The words of a title that are names, as written."""
    stems = facts(text).names
    return [word for word in _WORD.findall(text) if len(word) > 2 and stem(word.casefold()) in stems]


# Each edit returns a changed title, or the same where it has nothing to change. `names` are those of all titles.


def _change_number(text: str, names: Sequence[str], rng: Rng) -> str:
    spots = [(match, _near_numbers(match.group())) for match in _NUMBER.finditer(text)]
    counts = [match for match in _WORD.finditer(text) if match.group().casefold() in _COUNTS]
    spots += [(match, [count for count in _COUNTS if count != match.group().casefold()]) for match in counts]
    return _replace_random(text, spots, rng)


def _near_numbers(digits: str) -> list[str]:
    value = float(digits.replace(",", ""))
    numbers = [value * factor if value else 1.0 for factor in (0.5, 0.7, 0.8, 1.2, 1.5, 2.0)]
    return [f"{n:.1f}" if "." in digits else f"{max(round(n), round(value == 1) + 1):d}" for n in numbers]


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
    if not own:
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


_EDITS: list[tuple[Callable[[str, Sequence[str], Rng], str], bool]] = [
    (_change_number, False),
    (_change_day, True),
    (_change_name, True),
    (_swap_names, True),
    (_use_opposite, False),
    (_negate, False),
]
