"""Titles -> normalized texts, fingerprints, and the facts that they state.

In: a title as a `str`. Out: a clean title, the key that exact copies share, `Facts`, and whether it is not English.
"""

from dedupe.text.document_frequencies import DocumentFrequencies, document_frequencies
from dedupe.text.language import not_english
from dedupe.text.normalize import MAX_LENGTH, fingerprint, key_of_normalized, normalize
from dedupe.text.words import (
    COUNTS,
    MONTHS,
    OPPOSITES,
    WEEKDAYS,
    WORD,
    Facts,
    Word,
    content_stem,
    facts,
    is_question,
    opposite_of,
    stem,
    tokens,
    word_of,
    words_by_stem,
)

__all__ = [
    "COUNTS",
    "MAX_LENGTH",
    "MONTHS",
    "OPPOSITES",
    "WEEKDAYS",
    "WORD",
    "DocumentFrequencies",
    "Facts",
    "Word",
    "content_stem",
    "document_frequencies",
    "facts",
    "fingerprint",
    "is_question",
    "key_of_normalized",
    "normalize",
    "not_english",
    "opposite_of",
    "stem",
    "tokens",
    "word_of",
    "words_by_stem",
]
