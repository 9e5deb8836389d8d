"""The facts of a normalized title: its stems, numbers, names, days, opposites, and whether it negates or asks."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from typing import NamedTuple

from Stemmer import Stemmer

from dedupe.text.document_frequencies import document_frequencies

_SNOWBALL = Stemmer("english", 0)  # without its own cache: `stem` has one
WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?|\d[\d.,:]*\d|\d")
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
# Without March and May, which are words too.
MONTHS = "January February April June July August September October November December".split()
_DAYS = {short.casefold(): name for name in WEEKDAYS + MONTHS for short in (name, name[:3])}
_DAYS |= {"tues": "Tuesday", "thur": "Thursday", "thurs": "Thursday", "sept": "September"}
_QUESTION_WORDS = frozenset(
    "will can could should is are was does do did has who what why how where when which".split()
)
_FUTURE_WORDS = frozenset(
    """will set expected expects could may might ahead preview previews predictions prediction odds poised plans planned
    prepares braces awaits eyes faces upcoming next ready seeks considers weighs threatens vows proposes""".split()
)
_MIN_CAPITALISED = 0.6  # share of capitals from which a stem is a name
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
_STOP_WORDS = frozenset(
    """a an the of in on at to for from by with as and or but is are was were be been being it its this that these those
    his her their our your my he she they we you i who what when where why how after before over under into about amid
    than then up out off has have had will would can could may might do does did says say said new more most here there
    him them us all just not no so if s t""".split()
)


_NONE: frozenset[str] = frozenset()


class Facts(NamedTuple):
    """What a title, or one of its tokens, states.

    `stems`, `names`: Snowball stems, and those among them that are names. `numbers`: as digits. `days`: weekdays and
    months. `opposites`: its words among `OPPOSITES`, "3+" for the first word of pair 3 and "3-" for the second.
    """

    stems: frozenset[str] = _NONE
    names: frozenset[str] = _NONE
    numbers: frozenset[str] = _NONE
    days: frozenset[str] = _NONE
    opposites: frozenset[str] = _NONE
    negated: bool = False
    looks_ahead: bool = False
    is_question: bool = False


def facts(title: str) -> Facts:
    """Return the facts of a normalized title."""
    parts = [facts_of_token(token) for token in tokens(title)]
    sets = [(part.stems, part.names, part.numbers, part.days, part.opposites) for part in [Facts(), *parts]]
    stems, names, numbers, days, opposites = (frozenset().union(*members) for members in zip(*sets, strict=True))
    negated, looks_ahead = any(part.negated for part in parts), any(part.looks_ahead for part in parts)
    return Facts(stems, names, numbers, days, opposites, negated, looks_ahead, is_question(title))


def tokens(title: str) -> list[str]:
    """Return the words of a title as written, then its numbers, each marked by "#"; no token holds white space."""
    words: list[str] = WORD.findall(title)
    if _DIGIT.search(title):
        words += ["#" + digits.replace(",", "") for digits in _NUMBER.findall(title)]
    return words


def facts_of_token(token: str) -> Facts:
    """Return what a token of `tokens` adds to the facts of any title.

    A stem is a name if most public headlines capitalise it, however this title writes it. A stem that was never counted is
    a name if it has a capital here: words that rare are mostly names.
    """
    if token[0] == "#":
        return Facts(numbers=frozenset([token[1:]]))
    word = _folded(token)
    root = stem(word)
    share = document_frequencies().capitalised.get(root)
    capitalised = token[0].isupper() if share is None else share >= _MIN_CAPITALISED
    stems = frozenset([root]) if _is_content(word) else _NONE
    return Facts(
        stems,
        stems if len(word) > 1 and capitalised else _NONE,
        frozenset([COUNTS[word]]) if word in COUNTS else _NONE,
        frozenset([_DAYS[word]]) if word in _DAYS else _NONE,
        _opposites_of_stems().get(root, _NONE),
        word in _NEGATIONS or word.endswith("n't"),
        word in _FUTURE_WORDS,
    )


def is_question(title: str) -> bool:
    """Return whether a title is a question, by its end or its first word."""
    first = WORD.search(title)
    return title.rstrip("\"'”’ ").endswith("?") or (first is not None and _folded(first[0]) in _QUESTION_WORDS)


def words_by_stem(title: str) -> dict[str, str]:
    """Return the words of a title as written, by stem, to show stems to people."""
    return {stem(_folded(word)): _POSSESSIVE.sub("", word) for word in WORD.findall(title)}


def content_stem(word: str) -> str:
    """Return the stem of a word as written; "" for stop words, counts and digits."""
    folded = _folded(word)
    return stem(folded) if _is_content(folded) else ""


def _is_content(folded: str) -> bool:
    return folded not in _STOP_WORDS and folded not in COUNTS and not folded[0].isdigit()


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Return the English Snowball stem of a casefolded word."""
    return str(_SNOWBALL.stemWord(word))


def opposite_of(side: str) -> str:
    """Return the other side of an opposite: "3-" for "3+"."""
    return side[:-1] + ("-" if side[-1] == "+" else "+")


def _folded(word: str) -> str:
    return _POSSESSIVE.sub("", word.casefold())


@lru_cache(maxsize=1)
def _opposites_of_stems() -> dict[str, frozenset[str]]:
    opposites: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
    for k, pair in enumerate(OPPOSITES):
        for sign, word in zip("+-", pair, strict=True):
            opposites[stem(word)] |= {f"{k}{sign}"}
    return opposites
