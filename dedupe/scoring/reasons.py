"""The features of a pair in words, for people."""

from __future__ import annotations

import math
from collections.abc import Mapping

from dedupe.text.document_frequencies import document_frequencies
from dedupe.text.numbers import series_of
from dedupe.text.words import facts, words_by_stem

_MAX_WORDS = 5
_MAX_ADDRESS = 100  # characters
_SURE = 2.0  # log odds of the reader, a probability of 0.88
_MIN_COMMON = 0.4  # of the feature `story_of_fewer`: nearly half of what one headline matches matches the other


def reasons(
    a: str,
    b: str,
    similarity: float,
    features: Mapping[str, float],
    *,
    corrected: bool = False,
    address: str | None = None,
) -> list[str]:
    """Return short sentences that say why two titles were scored as they were.

    `similarity`: the encoder's own cosine, not that on the judge's scale in `features`. `corrected`: whether a correction
    is about the pair. `address`: the cleaned address of both, None where they share none.
    """
    first, second = facts(a), facts(b)
    readable = words_by_stem(a) | words_by_stem(b)
    sentences = ["a correction says so"] if corrected else []
    if address:
        sentences.append(f"the same address, {address[:_MAX_ADDRESS]}{'…' * (len(address) > _MAX_ADDRESS)}")
    if features.get("same_record"):
        sentences.append("they stand together in one item of the page")
    sentences.append(f"similarity of meaning: {similarity:.2f} (cosine)")
    for label, stems in (
        ("both say", first.stems & second.stems),
        ("only the first says", first.stems - second.stems),
        ("only the second says", second.stems - first.stems),
    ):
        if stems:
            rarest = sorted(stems, key=lambda stem: (-document_frequencies().idf(stem), stem))[:_MAX_WORDS]
            sentences.append(f"{label}: {', '.join(readable.get(stem, stem) for stem in rarest)}")
    sentences += _agreement("number", first.numbers, second.numbers) + _counters(first.counters, second.counters)
    sentences += _agreement("day", first.days, second.days)
    for predicate, in_first, in_second in (
        ("has a negative word", first.negated, second.negated),
        ("is a question", first.is_question, second.is_question),
        ("is about the future", first.looks_ahead, second.looks_ahead),
    ):
        if in_first != in_second:
            sentences.append(f"only the {'first' if in_first else 'second'} {predicate}")
    if features["opposed"]:
        sentences.append("one says the opposite of the other")
    if features["labels_differ"]:
        sentences.append("their labels name different forms of piece, such as live or opinion")
    if "read_story" in features:
        sentences.append(f"read side by side: {_opinion(features['read_wording'], features['read_story'])}")
    if features["story_of_fewer"] >= _MIN_COMMON:
        sentences.append("other headlines match both")
    if not features["undated"]:
        hours = round(math.expm1(features["hours"]))
        sentences.append(f"{hours} hour{'s' * (hours > 1)} apart" if hours else "less than an hour apart")
    return sentences


def _counters(first: frozenset[str], second: frozenset[str]) -> list[str]:
    """Say which counters are in both, and which differ within one series."""
    sentences = [f"both say {', '.join(map(_spoken, sorted(first & second)))}"] if first & second else []
    for series in sorted({series_of(counter) for counter in first} & {series_of(counter) for counter in second}):
        a, b = ({counter for counter in side if series_of(counter) == series} for side in (first, second))
        if not a & b:
            sentences.append(" against ".join(", ".join(map(_spoken, sorted(side))) for side in (a, b)))
    return sentences


def _spoken(counter: str) -> str:
    """Return a counter as people say it: "July 14" for "date july 14"."""
    series, _, value = counter.partition(" ")
    return value.capitalize() if series in ("date", "month", "year") else counter


def _opinion(read_wording: float, read_story: float) -> str:
    """What the reader says, from its log odds, in words."""
    for log_odds, same in ((read_wording, "one wording"), (read_story, "one story")):
        if log_odds >= 0:
            return f"{'surely' if log_odds >= _SURE else 'probably'} {same}"
    return f"{'surely' if read_story <= -_SURE else 'probably'} two events"


def _agreement(what: str, first: frozenset[str], second: frozenset[str]) -> list[str]:
    if shared := sorted(first & second):
        return [f"same {what}{'s' * (len(shared) > 1)}: {', '.join(shared)}"]
    if first and second:
        return [f"different {what}s: {', '.join(sorted(first))} and {', '.join(sorted(second))}"]
    return []
