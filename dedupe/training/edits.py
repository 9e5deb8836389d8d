"""Edited copies of titles that say something else: the near-misses that three days of news hold too few of.

One fact of a title is changed: a number, a day or month, a name, two names swapped, a word turned into its opposite, a
statement negated. A copy never has the wording of its original; a changed name or day also makes it another story,
while a changed number or an opposite may be an update of the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dedupe.text.words import COUNTS, MONTHS, OPPOSITES, WEEKDAYS, facts, stem

_WORD = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(r"(?<![\w.,:])\d[\d,]*(?:\.\d+)?(?![\w:])")
_VERB = re.compile(r"\b(?:is|are|was|were|will|has|have|had|can|could|would|should|may|must)\b")
_DAYS = (WEEKDAYS, [*MONTHS[:2], "March", *MONTHS[2:]])
_TURNED = {one: other for pair in OPPOSITES for one, other in (pair, pair[::-1])}
_INFLECTIONS = ("", "s", "ed", "d", "ing")

Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Edit:
    """A copy of the title in row `of`; `story` says whether it is also another story."""

    of: int
    text: str
    story: bool


def edited(texts: Sequence[str], seed: int) -> list[Edit]:
    """Return one edited copy of each title that has something to edit, the same for the same seed."""
    rng = np.random.default_rng(seed)
    names = sorted({word for text in texts for word in _names(text)})
    made = []
    for row, text in enumerate(texts):
        for k in rng.permutation(len(_KINDS)).tolist():
            change, story = _KINDS[k]
            copy = change(text, names, rng)
            if copy is not None and copy != text:
                made.append(Edit(row, copy, story))
                break
    return made


def _names(text: str) -> list[str]:
    """The words of a title that are names, as written."""
    found = facts(text).names
    return [word for word in _WORD.findall(text) if len(word) > 2 and stem(word.casefold()) in found]


def _number(text: str, names: Sequence[str], rng: Rng) -> str | None:
    counts = list(COUNTS)[2:]
    spots = [(m, "digits") for m in _NUMBER.finditer(text)]
    spots += [(m, "word") for m in _WORD.finditer(text) if m.group().casefold() in counts]
    if not spots:
        return None
    match, kind = spots[rng.integers(len(spots))]
    if kind == "word":
        return _put(text, match, str(rng.choice([word for word in counts if word != match.group().casefold()])))
    value = float(match.group().replace(",", ""))
    factor = float(rng.choice([0.5, 0.7, 0.8, 1.2, 1.5, 2.0]))
    changed = value * factor if value * factor != value else value + 1
    return _put(
        text, match, f"{changed:.1f}" if "." in match.group() else f"{max(round(changed), round(value == 1) + 1):d}"
    )


def _day(text: str, names: Sequence[str], rng: Rng) -> str | None:
    spots = [(m, group) for m in _WORD.finditer(text) for group in _DAYS if m.group() in group]
    if not spots:
        return None
    match, group = spots[rng.integers(len(spots))]
    return _put(text, match, str(rng.choice([day for day in group if day != match.group()])))


def _name(text: str, names: Sequence[str], rng: Rng) -> str | None:
    own = _names(text)
    if not own:
        return None
    word = own[rng.integers(len(own))]
    others = [name for name in (names[k] for k in rng.integers(len(names), size=8)) if name not in own]
    return re.sub(rf"\b{word}\b", others[0], text) if others else None


def _swap(text: str, names: Sequence[str], rng: Rng) -> str | None:
    own = list(dict.fromkeys(_names(text)))
    apart = [(a, b) for a, b in pairwise(own) if f"{a} {b}" not in text]
    if not apart:
        return None
    one, other = apart[rng.integers(len(apart))]
    return re.sub(rf"\b(?:{one}|{other})\b", lambda m: other if m.group() == one else one, text)


def _opposite(text: str, names: Sequence[str], rng: Rng) -> str | None:
    spots = [(m, turned) for m in _WORD.finditer(text) if (turned := _turned(m.group().casefold()))]
    if not spots:
        return None
    match, turned = spots[rng.integers(len(spots))]
    return _put(text, match, turned.capitalize() if match.group()[0].isupper() else turned)


def _turned(word: str) -> str | None:
    for ending in _INFLECTIONS:
        base = word.removesuffix(ending)
        if base in _TURNED and (base + ending == word):
            return _inflected(_TURNED[base], ending)
    return None


def _inflected(word: str, ending: str) -> str:
    if word.endswith("y") and ending in ("s", "ed"):
        return f"{word[:-1]}ie{ending[-1]}"
    return word.removesuffix("e") + ending if ending in ("ed", "ing") else word + ending


def _negation(text: str, names: Sequence[str], rng: Rng) -> str | None:
    if facts(text).negated:
        return None
    match = _VERB.search(text)
    return _put(text, match, f"{match.group()} not") if match else None


def _put(text: str, match: re.Match[str], new: str) -> str:
    return text[: match.start()] + new + text[match.end() :]


_KINDS: list[tuple[Callable[[str, Sequence[str], Rng], str | None], bool]] = [
    (_number, False),
    (_day, True),
    (_name, True),
    (_swap, True),
    (_opposite, False),
    (_negation, False),
]


def pairs_of(edits: Sequence[Edit], wording: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which original each edit is compared with: the one it was made of and the others of its wording.

    Two arrays, (pairs,): positions in `edits`, and rows.
    """
    members: dict[int, list[int]] = {}
    for row, group in enumerate(wording.tolist()):
        members.setdefault(group, []).append(row)
    pairs = [(k, row) for k, edit in enumerate(edits) for row in members[int(wording[edit.of])]]
    columns = np.array(pairs, np.int64).reshape(len(pairs), 2)
    return columns[:, 0], columns[:, 1]
