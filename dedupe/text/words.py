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
from typing import NamedTuple

from Stemmer import Stemmer

_SNOWBALL = Stemmer("english", 0)  # without its own cache: `stem` has one
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?|\d[\d.,:]*\d|\d")
_DIGIT = re.compile(r"\d")
_NUMBER = re.compile(r"(?<![\w.,])[$€£#]?(\d[\d,]*(?:\.\d+)?)(?:st|nd|rd|th|[kmb]n?|%|x)?(?![\w])", re.IGNORECASE)
_POSSESSIVE = re.compile(r"'s?$")
COUNTS = {
    word: str(value)
    for value, word in enumerate("zero one two three four five six seven eight nine ten eleven twelve".split())
}
_NEGATIONS = frozenset(
    """no not never without denies deny denied refuses refuse refused rejects reject rejected fails fail failed cannot
    nobody none nothing neither halts blocks blocked""".split()
)
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = (
    "January February April June July August September October November December".split()
)  # March, May are words too
_DAYS = {short.casefold(): name for name in WEEKDAYS + MONTHS for short in (name, name[:3])}
_DAYS |= {"tues": "Tuesday", "thur": "Thursday", "thurs": "Thursday", "sept": "September"}
_QUESTIONS = frozenset("will can could should is are was does do did has who what why how where when which".split())
_AHEAD = frozenset(
    """will set expected expects could may might ahead preview previews predictions prediction odds poised plans planned
    prepares braces awaits eyes faces upcoming next ready seeks considers weighs threatens vows proposes""".split()
)
_NAME = 0.6  # share of capitals from which a stem is a name
_TITLE_CASE = 0.7  # share of capitalised words from which a title capitalises for style
OPPOSITES = [
    pair.split("/")
    for pair in """rise/fall rise/drop gain/lose up/down win/lose beat/lose increase/cut raise/cut raise/lower increase/decrease
    climb/fall jump/plunge surge/plunge soar/plunge confirm/deny admit/deny accept/reject approve/reject back/oppose
    support/oppose allow/ban open/close reopen/close start/end begin/end launch/end launch/cancel guilty/acquitted
    convicted/acquitted guilty/innocent free/jail release/arrest alive/dead survive/die buy/sell hire/fire agree/refuse
    join/leave stay/leave enter/leave arrive/leave keep/drop grant/deny pass/fail succeed/fail save/lose enter/quit
    ahead/behind best/worst first/last more/fewer more/less strong/weak hot/cold early/late uphold/overturn
    lift/impose ease/tighten expand/shrink build/demolish attack/defend praise/criticize lead/trail top/miss""".split()
]
_STOP = frozenset(
    """a an the of in on at to for from by with as and or but is are was were be been being it its this that these those
    his her their our your my he she they we you i who what when where why how after before over under into about amid
    than then up out off has have had will would can could may might do does did says say said new more most here there
    him them us all just not no so if s t""".split()
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What one title states.

    Sets of stems, of numbers as digits, of stems that are names, of days and months, and of opposites that it could take
    the side of ("3+" for the first of the third pair, "3-" for the second); and whether it negates, asks, or looks
    ahead.
    """

    stems: frozenset[str]
    numbers: frozenset[str]
    names: frozenset[str]
    days: frozenset[str]
    sides: frozenset[str]
    negated: bool
    asks: bool
    foresees: bool


class Word(NamedTuple):
    """What a word of a title says wherever it stands, as `Facts` has it; "" or nothing where it says no such thing."""

    stem: str = ""
    name: bool = False
    number: str = ""
    day: str = ""
    sides: tuple[str, ...] = ()
    negates: bool = False
    foresees: bool = False


def facts(title: str) -> Facts:
    """Return the facts of a normalized title."""
    words = [word_of(written) for written in said(title)]
    return Facts(
        stems=frozenset(w.stem for w in words if w.stem),
        numbers=frozenset(w.number for w in words if w.number),
        names=frozenset(w.stem for w in words if w.name),
        days=frozenset(w.day for w in words if w.day),
        sides=frozenset(side for w in words for side in w.sides),
        negated=any(w.negates for w in words),
        asks=asks(title),
        foresees=any(w.foresees for w in words),
    )


def said(title: str) -> list[str]:
    """Return the words of a title as written, then its numbers, each marked by "#"; none of them holds white space."""
    words: list[str] = _WORD.findall(title)
    if _DIGIT.search(title):
        words += ["#" + digits.replace(",", "") for digits in _NUMBER.findall(title)]
    return words


def word_of(written: str) -> Word:
    """Return what one of the words of `said` says.

    Names are the stems that are mostly written with a capital, wherever they stand and however this title is written. A
    word that was never counted is a name where it is capitalised: what is that rare mostly is one.
    """
    if written[0] == "#":
        return Word(number=written[1:])
    folded = _folded(written)
    root, content = stem(folded), _is_content(folded)
    share = rarity().capitalised.get(root)
    capital = written[0].isupper() if share is None else share >= _NAME
    return Word(
        stem=root if content else "",
        name=content and len(folded) > 1 and capital,
        number=COUNTS.get(folded, ""),
        day=_DAYS.get(folded, ""),
        sides=_sides().get(root, ()),
        negates=folded in _NEGATIONS or folded.endswith("n't"),
        foresees=folded in _AHEAD,
    )


def asks(title: str) -> bool:
    """Say whether a title is a question, by its end or by its first word."""
    first = _WORD.search(title)
    return title.rstrip("\"'”’ ").endswith("?") or (first is not None and _folded(first[0]) in _QUESTIONS)


def _folded(word: str) -> str:
    return _POSSESSIVE.sub("", word.casefold())


def _stems(folded: Iterable[str]) -> frozenset[str]:
    return frozenset(stem(word) for word in folded if _is_content(word))


def _is_content(word: str) -> bool:
    return word not in _STOP and word not in COUNTS and not word[0].isdigit()


def words_by_stem(title: str) -> dict[str, str]:
    """Return the words of a title as written, by stem, for telling people about stems."""
    return {stem(_folded(word)): _POSSESSIVE.sub("", word) for word in _WORD.findall(title)}


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Return the English Snowball stem of a casefolded word."""
    return str(_SNOWBALL.stemWord(word))


def names_as_written(title: str) -> tuple[set[str], set[str]]:
    """Return the stems of a title that are capitalised and those that are not, past its first word.

    Both are empty for a title that says nothing about names: one that capitalises most words, or none.
    """
    words = [word for word in _WORD.findall(title)[1:] if _is_content(_folded(word))]
    upper = [word for word in words if word[0].isupper()]
    if not 0 < len(upper) <= _TITLE_CASE * len(words):
        return set(), set()
    stems = [{stem(_folded(word)) for word in side} for side in (upper, words)]
    return stems[0], stems[1] - stems[0]


@lru_cache(maxsize=1)
def _sides() -> dict[str, tuple[str, ...]]:
    """The sides that a stem takes."""
    found: dict[str, tuple[str, ...]] = {}
    for k, pair in enumerate(OPPOSITES):
        for side, root in zip("+-", map(stem, pair), strict=True):
            found[root] = (*found.get(root, ()), f"{k}{side}")
    return found


def other_side(side: str) -> str:
    """Return what a side of `Facts.sides` is opposed to."""
    return side[:-1] + ("-" if side[-1] == "+" else "+")


@dataclass(frozen=True, slots=True)
class Rarity:
    """Inverse document frequency of stems, `ln(documents / (1 + count))`, at least 0; and how often each is a name.

    `capitalised`: the share of its titles in which a stem past the first word has a capital.
    """

    counts: dict[str, int]
    documents: int
    capitalised: dict[str, float]

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
    packed = (files("dedupe") / "text" / "document_frequencies.tsv.gz").read_bytes()
    documents, *lines = gzip.decompress(packed).decode().splitlines()
    rows = [line.split("\t") for line in lines]
    capitalised = {word: int(percent) / 100 for word, _, percent in rows if percent}
    return Rarity({word: int(count) for word, count, _ in rows}, int(documents), capitalised)


def count_documents(titles: Iterable[str], least: int = 3) -> Rarity:
    """Count in how many of the normalized titles each stem occurs; stems in fewer than `least` are left out."""
    counts: Counter[str] = Counter()
    upper: Counter[str] = Counter()
    lower: Counter[str] = Counter()
    documents = 0
    for title in titles:
        documents += 1
        counts.update(_stems(map(_folded, _WORD.findall(title))))
        capitalised, plain = names_as_written(title)
        upper.update(capitalised)
        lower.update(plain)
    kept = {word: count for word, count in counts.items() if count >= least}
    shares = {word: upper[word] / (upper[word] + lower[word]) for word in kept if upper[word] + lower[word]}
    return Rarity(kept, documents, shares)
