"""Words of a line, whatever its script: how many, and how they begin."""

from __future__ import annotations

import re

# Of scripts that write no spaces: Han, kana; then Thai, Lao, Burmese, Khmer, whose words have more characters.
_IDEOGRAPHS = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002ebef]")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_IDEOGRAPHS_PER_WORD = 2
_UNSPACED_PER_WORD = 5
_WORD = re.compile(r"[^\W_][^\s]*")
_MINOR = frozenset("a an and as at but by for from in into of on or over the to vs with".split())


def count_words(text: str) -> int:
    """Return how many words a line has; in scripts without spaces they are estimated from its characters."""
    ideographs, unspaced = len(_IDEOGRAPHS.findall(text)), len(_UNSPACED.findall(text))
    if not ideographs + unspaced:
        return len(_WORD.findall(text))
    spaced = len(_WORD.findall(_UNSPACED.sub(" ", _IDEOGRAPHS.sub(" ", text))))
    return spaced + -(-ideographs // _IDEOGRAPHS_PER_WORD) + -(-unspaced // _UNSPACED_PER_WORD)


def is_capitalised(text: str) -> bool:
    """Return whether every word but minor ones begins with a capital or a digit, as in names, menus and some titles."""
    words = [word for word in _WORD.findall(text) if word not in _MINOR]
    return bool(words) and all(not word[0].islower() for word in words) and any(word[0].isupper() for word in words)


def capitals(text: str) -> float:
    """Return the share of words after the first that begin with a capital."""
    words = _WORD.findall(text)[1:]
    return sum(word[0].isupper() for word in words) / len(words) if words else 0.0


def long_words(text: str) -> set[str]:
    """Return the beginnings of words with four letters or more, in lower case."""
    return {word.casefold()[:5] for word in re.findall(r"\w{4,}", text)}
