"""Titles -> normalized texts, fingerprints, and the facts that they state.

In: a title as a `str`. Out: a clean title, its core without decorations, the key that exact copies share, `Facts`, and
whether it is not English. The parts of a fact (tokens, stems, document frequencies) are in the modules.
"""

from dedupe.text.decorations import Undecorated, undecorated
from dedupe.text.language import not_english
from dedupe.text.normalize import MAX_LENGTH, fingerprint, key_of_normalized, normalize
from dedupe.text.words import Facts, facts, words_by_stem

__all__ = [
    "MAX_LENGTH",
    "Facts",
    "Undecorated",
    "facts",
    "fingerprint",
    "key_of_normalized",
    "normalize",
    "not_english",
    "undecorated",
    "words_by_stem",
]
