"""The worst cases for the number of pairs: titles that are all alike, and no copies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from random import Random
from typing import Any

from memory import apart
from runs import timed_run
from stopwatch import SEED
from stored import Settings

import dedupe

SIZES = (5_000, 20_000, 50_000)
WITHIN = 3600.0  # seconds
NOTE = (
    "titles made of nine of the same sixteen words, of one template with other names, of one word repeated, and equal but for a "
    "number. Encoded by the bundled model; level story, no dates; seconds from titles to labels, without encoding"
)
WORDS = (
    "storm ferry mayor bridge school union court museum strike budget river police market harbor senate winter".split()
)
SYLLABLES = "ba den for gil hol kirk lan mar nor ost port ros stan thor ul wick".split()


def permutations(number: int, chance: Random) -> str:
    """Return nine of sixteen words, in any order."""
    return " ".join(chance.sample(WORDS, 9))


def template(number: int, chance: Random) -> str:
    """Return a title of one template, with another place."""
    place = "".join(chance.choices(SYLLABLES, k=4)).title()
    return f"Weather forecast for {place} on Monday: {chance.choice(WORDS)} expected"


def word(number: int, chance: Random) -> str:
    """Return one word, so often as the number says, with as many letters."""
    return " ".join(["goal"] * (number % 40 + 1) + ["go" + "a" * (number // 40 % 40) + "l"] + ["oh"] * (number // 1600))


def numbers(number: int, chance: Random) -> str:
    """Return a title that differs in a number alone."""
    return f"Council approves a budget of {number} pounds for schools"


KINDS: dict[str, Callable[[int, Random], str]] = {
    "permutations": permutations,
    "template": template,
    "word": word,
    "numbers": numbers,
}


def run(settings: Settings) -> Iterator[dict[str, Any]]:
    """Yield the figures of each kind and size; a kind ends at the size that takes too long or too much memory."""
    results: dict[str, Any] = {"what": NOTE, "within": WITHIN}
    for kind in KINDS:
        for size in dict.fromkeys(min(size, settings.limit or size) for size in SIZES):
            try:
                result, memory = apart(_once, kind, size, within=WITHIN)
            except (TimeoutError, BrokenProcessPool, MemoryError) as error:
                results[f"{kind}, {size}"] = {"stopped": type(error).__name__}
                yield results
                break
            results[f"{kind}, {size}"] = result | {"memory_gb": memory}
            yield results


def _once(kind: str, size: int) -> dict[str, Any]:
    titles = _titles(KINDS[kind], size)
    return timed_run(titles, dedupe.load_encoder().encode(titles), "story", warnings=True)


def _titles(kind: Callable[[int, Random], str], count: int) -> list[str]:
    """`count` different titles of a kind."""
    chance, titles, number = Random(SEED), dict[str, None](), 0
    while len(titles) < count:
        titles[kind(number, chance)] = None
        number += 1
    return list(titles)
