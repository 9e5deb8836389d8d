"""Titles in other words or in decoration, which say the same: so that how a title is written does not tell what it is."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from dedupe.training.edit_words import SYNONYMS

_MOST_SYNONYMS = 3  # in a title
_TURNED = 0.4  # share of the titles of two parts whose parts are turned
_SAID = re.compile(r"(?P<news>.{15,}), (?P<who>[\w' -]+ (?:says?|said|reports?|officials say|police say))")
_CLAUSE_FIRST = re.compile(r"(?P<clause>(?:As|After|Amid|Following|With) [^,]{8,}), (?P<news>.{15,})")
_CLAUSE_LAST = re.compile(r"(?P<news>.{15,}) (?P<clause>(?:as|after|amid|following) .{10,})")
_DECORATIONS = (
    "{title} - {source}",
    "{title} | {source}",
    "{source}: {title}",
    "LIVE: {title}",
    "[Subscriber-only] {title}",
    "Video: {title}",
    "RT @{source}: {title}",
)

Rng = np.random.Generator


def rewrite(text: str, rng: Rng) -> str:
    """Return the text with up to three words said otherwise, or its parts turned; the same where nothing can be."""
    left = int(rng.integers(1, _MOST_SYNONYMS + 1))
    for k in rng.permutation(len(SYNONYMS)).tolist():
        one, other = SYNONYMS[k] if rng.random() < 0.5 else SYNONYMS[k][::-1]
        if left and one in text:
            text, done = re.subn(rf"(?<![\w'-]){re.escape(one)}(?![\w'-])", other, text, count=1)
            left -= done
    return _turned(text) if rng.random() < _TURNED else text


def decorate(text: str, sources: Sequence[str], rng: Rng) -> str:
    """Return the text with the name of a source or a label put to it."""
    pattern = _DECORATIONS[int(rng.integers(len(_DECORATIONS)))]
    return pattern.format(title=text, source=sources[int(rng.integers(len(sources)))])


def _turned(text: str) -> str:
    if match := _SAID.fullmatch(text):
        return f"{_upper(match['who'])} {_lower(match['news'])}"
    if match := _CLAUSE_FIRST.fullmatch(text):
        return f"{match['news']} {_lower(match['clause'])}"
    if match := _CLAUSE_LAST.fullmatch(text):
        return f"{_upper(match['clause'])}, {match['news']}"
    return text


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]


def _lower(text: str) -> str:
    """The text with a small first letter, unless its first word has capitals throughout."""
    return text if text[1:2].isupper() else text[0].lower() + text[1:]
