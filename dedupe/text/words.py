"""The facts of a normalized title: its stems, numbers, names, days, opposites, and whether it negates or asks."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from typing import NamedTuple

from dedupe.text.numbers import read_number, series_of
from dedupe.text.pieces import COUNTS, MONTHS, is_number
from dedupe.text.stems import STOP_WORDS, is_name, stem

WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?|\d[\d.,:]*\d|\d")
_POSSESSIVE = re.compile(r"'s?$")
_NEGATIONS = frozenset(
    """no not never without denies deny denied refuses refuse refused rejects reject rejected fails fail failed cannot
    nobody none nothing neither halts blocks blocked""".split()
)
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_DAYS = {short.casefold(): name for name in WEEKDAYS + MONTHS for short in (name, name[:3])}
_DAYS |= {"tues": "Tuesday", "thur": "Thursday", "thurs": "Thursday", "sept": "September"}
_QUESTION_WORDS = frozenset(
    "will can could should is are was does do did has who what why how where when which".split()
)
_FUTURE_WORDS = frozenset(
    """will set expected expects could may might ahead preview previews predictions prediction odds poised plans planned
    prepares braces awaits eyes faces upcoming next ready seeks considers weighs threatens vows proposes""".split()
)
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

_NONE: frozenset[str] = frozenset()


class Facts(NamedTuple):
    """What a title, or one of its tokens, states.

    `stems`, `names`: Snowball stems, and those among them that are names. `numbers`, `counters`: see
    `dedupe.text.numbers`; `series`: of the counters. `days`: weekdays and months. `opposites`: its words among
    `OPPOSITES`, "3+" for the first word of pair 3 and "3-" for the second.
    """

    stems: frozenset[str] = _NONE
    names: frozenset[str] = _NONE
    numbers: frozenset[str] = _NONE
    counters: frozenset[str] = _NONE
    series: frozenset[str] = _NONE
    days: frozenset[str] = _NONE
    opposites: frozenset[str] = _NONE
    negated: bool = False
    looks_ahead: bool = False
    is_question: bool = False


def facts(title: str) -> Facts:
    """Return the facts of a normalized title."""
    pieces = ["", *title.split(), "", ""]
    numbers = [facts_of_number(*pieces[k - 1 : k + 3]) for k in range(1, len(pieces) - 2) if has_number(pieces[k])]
    parts = [Facts(), *map(facts_of_word, words(title)), *numbers]
    sets = [
        (part.stems, part.names, part.numbers, part.counters, part.series, part.days, part.opposites) for part in parts
    ]
    stems, names, quantities, counters, series, days, opposites = (
        frozenset().union(*members) for members in zip(*sets, strict=True)
    )
    negated, looks_ahead = any(part.negated for part in parts), any(part.looks_ahead for part in parts)
    moods = negated, looks_ahead, is_question(title)
    return Facts(stems, names, quantities, counters, series, days, opposites, *moods)


def has_number(piece: str) -> bool:
    """Return whether a piece of a title, between two spaces, has a number, in digits or as a word."""
    return any(map(is_number, words(piece)))


def words(title: str) -> list[str]:
    """Return the words of a title as written, and its numbers; none holds white space."""
    found: list[str] = WORD.findall(title)
    return found


def facts_of_word(written: str) -> Facts:
    """Return what a word adds to the facts of any title."""
    word = _folded(written)
    root = stem(word)
    stems = frozenset([root]) if _is_content(word) else _NONE
    names = stems if len(word) > 1 and is_name(written, root) else _NONE
    days = frozenset([_DAYS[word]]) if word in _DAYS else _NONE
    opposites = _opposites_of_stems().get(root, _NONE)
    negated = word in _NEGATIONS or word.endswith("n't")
    return Facts(stems, names, _NONE, _NONE, _NONE, days, opposites, negated, word in _FUTURE_WORDS)


def facts_of_number(before: str, piece: str, after: str, later: str) -> Facts:
    """Return what a piece with a number adds to the facts of a title; see `dedupe.text.numbers.read_number`."""
    quantities, counters = read_number(before, piece, after, later)
    return Facts(
        numbers=frozenset(quantities), counters=frozenset(counters), series=frozenset(map(series_of, counters))
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
    return folded not in STOP_WORDS and folded not in COUNTS and not folded[0].isdigit()


def opposite_of(side: str) -> str:
    """Return the other side of an opposite: "3-" for "3+"."""
    return side[:-1] + ("-" if side[-1] == "+" else "+")


def _folded(word: str) -> str:
    folded = word.casefold()
    return _POSSESSIVE.sub("", folded) if "'" in folded else folded


@lru_cache(maxsize=1)
def _opposites_of_stems() -> dict[str, frozenset[str]]:
    opposites: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
    for k, pair in enumerate(OPPOSITES):
        for sign, word in zip("+-", pair, strict=True):
            opposites[stem(word)] |= {f"{k}{sign}"}
    return opposites
