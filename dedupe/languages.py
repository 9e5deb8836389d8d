"""`not_english`: which titles are surely in another language than the bundled model's."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LOOKED_AT = 300  # characters of a title are plenty to tell
_FEWEST_WORDS = 4  # names and slogans of fewer words look like any language
_FEWEST_LETTERS = 5  # the same where words are not parted by spaces
_ENGLISH_AT_MOST = 0.01  # the probability of English below which a title is flagged
_ENGLISH = frozenset("the and with after says from his that what why how are this who new".split())  # settle it unasked
_LAST_LATIN = "\u024f"  # the end of Unicode's Latin Extended-B
_VIETNAMESE = ("\u1e00", "\u1eff")  # Latin Extended Additional
# Those news is published in; rare ones and creoles only take English titles for theirs.
_LANGUAGES = """
    ar bg ca cs da de el en es et fa fi fr he hi hr hu id it ja ko lt lv nl no pl pt ro ru sk sl sr sv th tr uk vi zh
"""


def not_english(texts: Sequence[str]) -> NDArray[np.bool_]:
    """Return one flag a text: True where it is surely not English, so False for a short or doubtful one."""
    return np.fromiter((_is_foreign(text[:_LOOKED_AT]) for text in texts), dtype=np.bool_, count=len(texts))


def _is_foreign(text: str) -> bool:
    if not text.isascii():
        letters = [character for character in text if character.isalpha()]
        if len(letters) >= _FEWEST_LETTERS and 2 * sum(map(_is_latin, letters)) < len(letters):
            return True
    if sum(any(map(str.isalpha, word)) for word in text.split()) < _FEWEST_WORDS:
        return False
    return _ENGLISH.isdisjoint(text.casefold().split()) and _probability_of_english(text) < _ENGLISH_AT_MOST


def _is_latin(letter: str) -> bool:
    return letter <= _LAST_LATIN or _VIETNAMESE[0] <= letter <= _VIETNAMESE[1]


def _probability_of_english(text: str) -> float:
    return float(dict(_identifier().rank(text))["en"])


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(_LANGUAGES.split())
    return identifier
