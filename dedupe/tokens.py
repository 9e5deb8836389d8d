"""The vocabulary of evidence: stems, numbers, names and negations of a normalized title, and how rare each stem is.

The document frequencies ship with the package; `dedupe.training` counted them over public headlines.
"""

from __future__ import annotations

import gzip
import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from Stemmer import Stemmer

_SNOWBALL = Stemmer("english")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?|\d[\d.,:]*\d|\d")
_NUMBER = re.compile(r"(?<![\w.,])[$€£#]?(\d[\d,]*(?:\.\d+)?)(?:st|nd|rd|th|[kmb]n?|%|x)?(?![\w])", re.IGNORECASE)
_POSSESSIVE = re.compile(r"'s?$")
_COUNTS = {
    word: str(value)
    for value, word in enumerate("zero one two three four five six seven eight nine ten eleven twelve".split())
}
_NEGATIONS = frozenset(
    """no not never without denies deny denied refuses refuse refused rejects reject rejected fails fail failed cannot
    nobody none nothing neither halts blocks blocked""".split()
)
_STOP = frozenset(
    """a an the of in on at to for from by with as and or but is are was were be been being it its this that these those
    his her their our your my he she they we you i who what when where why how after before over under into about amid
    than then up out off has have had will would can could may might do does did says say said new more most here there
    him them us all just not no so if s t""".split()
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What one title states: sets of stems, of numbers as digits, of stems written as names, and whether it negates."""

    stems: frozenset[str]
    numbers: frozenset[str]
    names: frozenset[str]
    negated: bool


def facts(title: str) -> Facts:
    """Return the facts of a normalized title."""
    words = _WORD.findall(title)
    folded = [_POSSESSIVE.sub("", word.casefold()) for word in words]
    stems = frozenset(stem(word) for word in folded if _is_content(word))
    return Facts(stems, _numbers(title, folded), _names(words, folded), any(_negates(word) for word in folded))


def _is_content(word: str) -> bool:
    return word not in _STOP and word not in _COUNTS and not word[0].isdigit()


def words_by_stem(title: str) -> dict[str, str]:
    """Return the words of a title as written, by stem, for telling people about stems."""
    return {stem(_POSSESSIVE.sub("", word.casefold())): _POSSESSIVE.sub("", word) for word in _WORD.findall(title)}


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Return the English Snowball stem of a casefolded word."""
    return str(_SNOWBALL.stemWord(word))


def _numbers(title: str, folded: Iterable[str]) -> frozenset[str]:
    written = {digits.replace(",", "") for digits in _NUMBER.findall(title)}
    return frozenset(written | {_COUNTS[word] for word in folded if word in _COUNTS})


def _names(words: list[str], folded: list[str]) -> frozenset[str]:
    """Stems of capitalised words; none in title case, where every word is capitalised and it says nothing."""
    content = [
        (word, low) for word, low in zip(words[1:], folded[1:], strict=True) if low not in _STOP and len(low) > 1
    ]
    capitalised = [low for word, low in content if word[0].isupper()]
    if len(capitalised) > 0.7 * max(len(content), 1):
        return frozenset()
    first = [low for word, low in zip(words[:1], folded[:1], strict=True) if low not in _STOP and word[0].isupper()]
    return frozenset(stem(low) for low in capitalised + first)


def _negates(word: str) -> bool:
    return word in _NEGATIONS or word.endswith("n't")


@dataclass(frozen=True, slots=True)
class Rarity:
    """Inverse document frequency of stems: `ln(documents / (1 + count))`, at least 0."""

    counts: dict[str, int]
    documents: int

    def idf(self, stem: str) -> float:
        """Return how rare a stem is; 0 is a word of every title."""
        return max(math.log(self.documents / (1 + self.counts.get(stem, 0))), 0.0)

    @property
    def highest(self) -> float:
        """The idf of a stem never seen."""
        return math.log(self.documents)


@lru_cache(maxsize=1)
def rarity() -> Rarity:
    """Return the shipped document frequencies."""
    packed = (files("dedupe") / "data" / "document_frequencies.tsv.gz").read_bytes()
    documents, *lines = gzip.decompress(packed).decode().splitlines()
    counts = {word: int(count) for word, count in (line.split("\t") for line in lines)}
    return Rarity(counts, int(documents))


def count_documents(titles: Iterable[str], least: int = 3) -> Rarity:
    """Count in how many of the normalized titles each stem occurs; stems in fewer than `least` are left out."""
    counts: Counter[str] = Counter()
    documents = 0
    for title in titles:
        documents += 1
        counts.update(facts(title).stems)
    return Rarity({word: count for word, count in counts.items() if count >= least}, documents)
