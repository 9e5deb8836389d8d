"""Stems of words, and which of them are names."""

from __future__ import annotations

from functools import lru_cache

from Stemmer import Stemmer

from dedupe.text.document_frequencies import document_frequencies

_SNOWBALL = Stemmer("english", 0)  # without its own cache: `stem` has one
MIN_CAPITALISED = 0.6  # share of capitals from which a stem is a name
STOP_WORDS = frozenset(
    """a an the of in on at to for from by with as and or but is are was were be been being it its this that these those
    his her their our your my he she they we you i who what when where why how after before over under into about amid
    than then up out off has have had will would can could may might do does did says say said new more most here there
    him them us all just not no so if s t""".split()
)


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Return the English Snowball stem of a casefolded word."""
    return str(_SNOWBALL.stemWord(word))


def is_name(word: str, root: str, min_capitalised: float = MIN_CAPITALISED) -> bool:
    """Return whether a word, as written, with the stem `root`, is a name.

    It is if at least `min_capitalised` of the public headlines with the stem capitalise it, however this title writes it.
    A stem that was never counted is a name if it has a capital here: words that rare are mostly names.
    """
    share = document_frequencies().capitalised.get(root)
    return word[0].isupper() if share is None else share >= min_capitalised
