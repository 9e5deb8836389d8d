"""The evidence of a judged pair, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping

from dedupe.text.document_frequencies import document_frequencies
from dedupe.text.words import facts, words_by_stem

CORRECTED = "corrected"
"""The name, among evidence, of whether people have decided about the pair."""
_SHOWN = 5
_COMPANY = 0.4  # log of the summed products of probabilities: about one headline that surely goes with both, or more


def in_words(a: str, b: str, similarity: float, evidence: Mapping[str, float]) -> list[str]:
    """Return short sentences that say why two titles were judged as they were.

    `similarity` is the encoder's own; `evidence` holds it on the judge's scale.
    """
    one, two = facts(a), facts(b)
    readable = words_by_stem(a) | words_by_stem(b)
    found = ["a correction says so"] if evidence.get(CORRECTED) else []
    found.append(f"similar meaning: cosine {similarity:.2f}")
    for label, stems in (
        ("both say", one.stems & two.stems),
        ("only the first says", one.stems - two.stems),
        ("only the second says", two.stems - one.stems),
    ):
        if stems:
            rarest = sorted(stems, key=lambda s: (-document_frequencies().idf(s), s))[:_SHOWN]
            found.append(f"{label}: {', '.join(readable.get(s, s) for s in rarest)}")
    found += _facts("number", one.numbers, two.numbers) + _facts("day", one.days, two.days)
    for verb, first, second in (
        ("negates", one.negated, two.negated),
        ("asks", one.is_question, two.is_question),
        ("looks ahead", one.looks_ahead, two.looks_ahead),
    ):
        if first != second:
            found.append(f"only the {'first' if first else 'second'} {verb}")
    if evidence["opposed"]:
        found.append("one says the opposite of the other")
    if evidence["story_common"] >= _COMPANY:
        found.append("other headlines go with both")
    if not evidence["undated"]:
        hours = round(math.expm1(evidence["hours"]))
        found.append(f"{hours} hour{'s' * (hours > 1)} apart" if hours else "published within the hour")
    return found


def _facts(what: str, one: frozenset[str], two: frozenset[str]) -> list[str]:
    if one & two:
        return [f"same {what}: {', '.join(sorted(one & two))}"]
    if one and two:
        return [f"other {what}s: {', '.join(sorted(one))} against {', '.join(sorted(two))}"]
    return []
