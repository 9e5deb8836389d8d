"""`not_english`: which titles are surely in another language than the bundled model's."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

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
_NEAR = 0.1  # log of a probability over the limit's; rounding comes to a thousandth of it
_CHUNK = 20_000  # titles at a time, to bound memory


def not_english(texts: Sequence[str]) -> NDArray[np.bool_]:
    """Return one flag a text: True where it is surely not English, so False for a short or doubtful one."""
    starts = [text[:_LOOKED_AT] for text in texts]
    found = np.fromiter(map(_is_foreign_by_script, starts), np.bool_, len(texts))
    doubtful = [k for k, text in enumerate(starts) if not found[k] and _is_doubtful(text)]
    for k in range(0, len(doubtful), _CHUNK):
        part = doubtful[k : k + _CHUNK]
        found[part] = _probabilities_of_english([starts[k] for k in part]) < _ENGLISH_AT_MOST
    return found


def _is_foreign_by_script(text: str) -> bool:
    if text.isascii():
        return False
    letters = [character for character in text if character.isalpha()]
    return len(letters) >= _FEWEST_LETTERS and 2 * sum(map(_is_latin, letters)) < len(letters)


def _is_latin(letter: str) -> bool:
    return letter <= _LAST_LATIN or _VIETNAMESE[0] <= letter <= _VIETNAMESE[1]


def _is_doubtful(text: str) -> bool:
    """Whether a text is long enough to tell, and holds none of the words that settle it."""
    if not _ENGLISH.isdisjoint(text.casefold().split()):
        return False
    words = (word for word in text.split() if word.isalpha() or any(map(str.isalpha, word)))
    return len(list(islice(words, _FEWEST_WORDS))) == _FEWEST_WORDS


def _probabilities_of_english(texts: Sequence[str]) -> Floats:
    """What py3langid answers, for many texts at once; those near the limit it is asked itself, as sums round otherwise."""
    tables = _tables()
    encoded = list(map(_encoded, texts))
    scores = np.asarray(tables.count(encoded).log1p() @ tables.weights + tables.prior, np.float64)
    scores /= np.sqrt(list(map(len, encoded)))[:, None]
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    found: Floats = shares[:, tables.english] / shares.sum(axis=1)
    near = np.abs(np.log(np.maximum(found, 1e-9) / _ENGLISH_AT_MOST)) < _NEAR
    for k in np.flatnonzero(near).tolist():
        found[k] = dict(_identifier().rank(texts[k]))["en"]
    return found


def _encoded(text: str) -> bytes:
    lowered = text.lower() if text.isupper() else text
    return unicodedata.normalize("NFC", lowered).encode("utf8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class _Tables:
    """py3langid 0.4 as arrays: an automaton over bytes whose states may be features, and what those say of languages.

    `row`: (states,), where the state's row of `following` starts. `feature`: (states,), -1 for none. `weights`:
    (features, languages). `english`: the column of English.
    """

    row: Ints
    following: NDArray[np.uint32]
    feature: Ints
    weights: NDArray[np.float32]
    prior: NDArray[np.float32]
    english: int

    def count(self, encoded: Sequence[bytes]) -> csr_matrix:
        """How often each feature occurs in each text, (texts, features)."""
        lengths = np.array(list(map(len, encoded)))
        letters = np.frombuffer(b"".join(encoded), np.uint8)
        longest_first = np.argsort(-lengths, kind="stable")
        at = (np.cumsum(lengths) - lengths)[longest_first]
        state = np.zeros(len(encoded), np.uint32)
        rows, features = [], []
        for step in range(lengths.max()):
            going = np.count_nonzero(lengths > step)
            state = self.following[self.row[state[:going]] + letters[at[:going] + step]]
            feature = self.feature[state]
            there = feature >= 0
            rows.append(longest_first[:going][there])
            features.append(feature[there])
        ones = np.ones(sum(map(len, rows)), np.float32)
        where = np.concatenate(rows), np.concatenate(features)
        return csr_matrix((ones, where), shape=(len(encoded), len(self.weights)))


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    known = _identifier()
    return _Tables(
        row=np.array(known.tk_row, np.int64) << 8,
        following=np.asarray(known.tk_nextmove),
        feature=np.array(known.tk_output, np.int64),
        weights=known.nb_ptc.astype(np.float32),
        prior=known.nb_pc,
        english=known.nb_classes.index("en"),
    )


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(_LANGUAGES.split())
    return identifier
