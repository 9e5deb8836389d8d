"""`not_english`: which titles are surely in a language that the bundled model was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from string import punctuation
from typing import Any

import numpy as np

from dedupe.runtime.arrays import Bools
from dedupe.text.document_frequencies import document_frequencies
from dedupe.text.stems import stem

_SAMPLE = 300  # characters of a title are plenty to tell
_MIN_WORDS = 4  # shorter names and slogans look like any language
_MIN_LETTERS = 5  # the same for scripts without spaces between words
_MAX_P_ENGLISH = 0.01  # a title is flagged below this probability of English
# Frequent words that no other language below has: one of them settles it without the detector, which is slow.
_ENGLISH = frozenset(
    """the and with after says from his that what why how are this who new about against ahead amid because between calls
    could deadly death despite during election faces has into its judge killed least military officials prices say
    shooting should since strikes talks their they today trump's u.s. updates warns were when where which will would
    years your""".split()
)
_COMMON_TITLES = 30  # titles that a stem is in, of those that were counted, to be common in English news
_MAX_CAPITALISED = 0.5  # share from which a stem is a name, which looks the same in other languages
_UNKNOWN, _KNOWN, _COMMON = range(3)  # how well English headlines know a word
_LAST_LATIN = "\u024f"  # the end of Unicode's Latin Extended-B
_VIETNAMESE = ("\u1e00", "\u1eff")  # Latin Extended Additional
# The usual languages of news; the detector mistakes English titles for rarer ones and creoles.
_LANGUAGES = """
    ar bg ca cs da de el en es et fa fi fr he hi hr hu id it ja ko lt lv nl no pl pt ro ru sk sl sr sv th tr uk vi zh
"""


def not_english(titles: Sequence[str]) -> Bools:
    """Return a flag for each title, (n,): True if it is surely not English; False for a short or doubtful one."""
    return np.fromiter((_is_foreign(title[:_SAMPLE]) for title in titles), np.bool_, len(titles))


@lru_cache(maxsize=100_000)  # of an index, whose titles are looked at again and again
def _is_foreign(title: str) -> bool:
    if not title.isascii():
        letters = [character for character in title if character.isalpha()]
        if len(letters) >= _MIN_LETTERS and 2 * sum(map(_is_latin, letters)) < len(letters):
            return True
    words = title.casefold().split()
    if len(words) < _MIN_WORDS or not _ENGLISH.isdisjoint(words):
        return False
    commonness = [_commonness(word) for word in words]
    common, unknown = commonness.count(_COMMON), commonness.count(_UNKNOWN)
    if (common >= 2 and unknown <= 1) or common >= max(4, len(words) / 4):
        return False
    if sum(any(map(str.isalpha, word)) for word in words) < _MIN_WORDS:
        return False
    detector = _detector()
    if detector.classify(title)[0] == "en":  # takes half the time of `rank`
        return False
    p_english: float = dict(detector.rank(title))["en"]
    return p_english < _MAX_P_ENGLISH


def _is_latin(letter: str) -> bool:
    return letter <= _LAST_LATIN or _VIETNAMESE[0] <= letter <= _VIETNAMESE[1]


@lru_cache(maxsize=50_000)
def _commonness(word: str) -> int:
    """Return whether English headlines do not know a word, know it, or use it often and not as a name."""
    bare = word.strip(punctuation)
    if not bare.isalpha() or not bare.isascii():
        return _KNOWN if bare.isascii() else _UNKNOWN
    known, root = document_frequencies(), stem(bare)
    titles = known.counts.get(root, 0)
    if titles < _COMMON_TITLES or len(root) < 3 or known.capitalised.get(root, 1) >= _MAX_CAPITALISED:
        return _KNOWN if titles else _UNKNOWN
    return _COMMON


@lru_cache(maxsize=1)
def _detector() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    detector = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    detector.set_languages(_LANGUAGES.split())
    return detector
