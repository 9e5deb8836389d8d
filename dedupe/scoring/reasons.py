"""Why a pair got its probability, in words for people: what weighs most first, with its share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

from dedupe.text.document_frequencies import document_frequencies
from dedupe.text.kinds import one_and_other, read_title
from dedupe.text.numbers import series_of
from dedupe.text.words import OPPOSITES, Facts, facts, opposite_of, words, words_by_stem

_MAX_WORDS = 5
_MAX_ADDRESS = 100  # characters
_SURE = 2.0  # log odds of the reader, a probability of 0.88
_MIN_COMMON = 0.4  # of the feature `story_of_fewer`: nearly half of what one headline matches matches the other
_MANY_SHARED = 0.3  # of the feature `shared`: more than twice what candidate pairs usually have
_RARELY_COUNTED = ("address", "record")  # named even where they add nothing, since people expect them to count


def reasons(
    a: str,
    b: str,
    similarity: float,
    features: Mapping[str, float],
    added: Mapping[str, float],
    *,
    corrected: bool = False,
    address: str | None = None,
) -> list[str]:
    """Return sentences that say what speaks for and against one group of two titles, what weighs most first.

    Each begins with its share of all that was added, in whole per cent that sum to 100; what rounds to 0 is left out.

    `similarity`: the encoder's own cosine, not that on the judge's scale in `features`. `added`: the log odds that each
    aspect adds, see `Contributions`. `corrected`: whether a correction is about the pair. `address`: the cleaned address of
    both, None where they share none.
    """
    texts = dict(_texts(a, b, similarity, features, added))
    if address:
        texts["address"] = f"the same address, {address[:_MAX_ADDRESS]}{'…' * (len(address) > _MAX_ADDRESS)}"
    percent = shares(added)
    weighty = sorted((aspect for aspect in percent if percent[aspect]), key=lambda aspect: -abs(added[aspect]))
    lines = [f"{percent[x]} % {'for' if added[x] > 0 else 'against'}: {texts[x]}" for x in weighty]
    lines += [f"adds nothing: {texts[x]}" for x in _RARELY_COUNTED if x in texts and x not in weighty]
    return ["a correction says so"] * corrected + (lines or [texts["meaning"], texts["words"]])


def shares(added: Mapping[str, float]) -> dict[str, int]:
    """Return the share of each aspect in what all add, for or against, in whole per cent that sum to 100; {} for nothing."""
    total = sum(map(abs, added.values()))
    if not total:
        return {}
    exact = {aspect: 100 * abs(value) / total for aspect, value in added.items()}
    percent = {aspect: int(value) for aspect, value in exact.items()}
    by_remainder = sorted(exact, key=lambda aspect: percent[aspect] - exact[aspect])
    for aspect in by_remainder[: 100 - sum(percent.values())]:
        percent[aspect] += 1
    return percent


def _texts(
    a: str, b: str, similarity: float, features: Mapping[str, float], added: Mapping[str, float]
) -> Iterator[tuple[str, str]]:
    """Yield a text for each aspect that can weigh."""
    first, second = facts(a), facts(b)
    in_first, in_second = words_by_stem(a), words_by_stem(b)
    like = "similar in meaning" if added["meaning"] >= 0 else "not very similar in meaning"
    yield "meaning", f"{like} (cosine {similarity:.2f})"
    words = _words(first.stems, second.stems, in_first, in_second)
    # Where two titles are judged by themselves, many words in common speak against them: so it is with look-alikes.
    suspicious = added["words"] < 0 and features["shared"] >= _MANY_SHARED
    yield "words", f"as alike as titles of two events that look alike: {words}" if suspicious else words
    yield "numbers", _agreement("number", first.numbers, second.numbers)
    yield "counters", _counters(first.counters, second.counters, in_first | in_second)
    yield "days", _agreement("day", first.days, second.days)
    yield "opposites", _opposites(first, second)
    for aspect, predicate, of_first in (
        ("negation", "has a negative word", first.negated),
        ("question", "is a question", first.is_question),
        ("future", "is about the future", first.looks_ahead),
    ):
        yield aspect, f"only the {'first' if of_first else 'second'} {predicate}"
    yield "labels", "their labels name different forms of piece, such as live or opinion"
    yield "source", "both are from one source"
    if features.get("same_record"):
        yield "record", "they stand together in one item of the page"
    if features.get("difference"):
        yield "difference", _difference(a, b, features["difference"])
    yield "hours", _apart(features["hours"])
    if "read_story" in features:
        yield "reader", f"read side by side: {_opinion(features['read_wording'], features['read_story'])}"
    yield "context", _context(features["story_of_fewer"], added["context"])


def _words(
    first: frozenset[str], second: frozenset[str], in_first: Mapping[str, str], in_second: Mapping[str, str]
) -> str:
    parts = [
        f"{label} {_listed(words)}"
        for label, stems, readable in (
            ("both say", first & second, in_second),
            ("only the first says", first - second, in_first),
            ("only the second says", second - first, in_second),
        )
        if (words := [readable.get(stem, stem) for stem in _rarest(stems) if _speaks(readable.get(stem, stem))])
    ]
    return "; ".join(parts) or "hardly a word to compare"


def _rarest(stems: Iterable[str]) -> list[str]:
    return sorted(stems, key=lambda stem: (-document_frequencies().idf(stem), stem))


def _speaks(word: str) -> bool:
    """Whether a word means something by itself: no single letter, and no short word of another language, such as "de"."""
    return not word.isascii() or len(word) > 2 or (len(word) == 2 and not word.islower())


def _listed(words: list[str]) -> str:
    more = f" and {len(words) - _MAX_WORDS} more" if len(words) > _MAX_WORDS else ""
    return ", ".join(words[:_MAX_WORDS]) + more


def _counters(first: frozenset[str], second: frozenset[str], readable: Mapping[str, str]) -> str:
    """Say which counters are in both, and which differ within one series."""

    def spoken(counters: Iterable[str]) -> str:
        return ", ".join(_spoken(counter, readable) for counter in sorted(counters))

    parts = [f"both say {spoken(first & second)}"] if first & second else []
    for series in sorted({series_of(counter) for counter in first} & {series_of(counter) for counter in second}):
        a, b = ({counter for counter in side if series_of(counter) == series} for side in (first, second))
        if not a & b:
            parts.append(f"{spoken(a)} against {spoken(b)}")
    return "; ".join(parts) or "they count something else"


def _spoken(counter: str, readable: Mapping[str, str]) -> str:
    """Return a counter as people say it: "July 14" for "date july 14", "Brindle 1.2" for "brindl 1.2"."""
    series, _, value = counter.partition(" ")
    return (
        value.capitalize() if series in ("date", "month", "year") else f"{readable.get(series, series)} {value}".strip()
    )


def _agreement(what: str, first: frozenset[str], second: frozenset[str]) -> str:
    shared, of_first, of_second = sorted(first & second), sorted(first - second), sorted(second - first)
    parts = [f"same {what}{'s' * (len(shared) > 1)}: {', '.join(shared)}"] if shared else []
    if of_first and of_second:
        parts.append(f"different {what}s: {', '.join(of_first)} and {', '.join(of_second)}")
    elif of_first or of_second:
        side = "first" if of_first else "second"
        parts.append(f"only the {side} has the {what} {', '.join(of_first or of_second)}")
    return "; ".join(parts)


def _opposites(first: Facts, second: Facts) -> str:
    """Say which words are opposites of each other."""
    for side in sorted(first.opposites):
        if opposite_of(side) in second.opposites:
            words = OPPOSITES[int(side[:-1])]
            one, other = words if side[-1] == "+" else reversed(words)
            return f"one says {one}, the other {other}"
    return "one says the opposite of the other"


def _difference(a: str, b: str, log_odds: float) -> str:
    """Say what the one thing is in which the titles differ, see `minimal_pairs`."""
    if sorted(words(a.casefold())) == sorted(words(b.casefold())):
        stands_first = "it makes no difference which part stands first"
        return f"the same words, {f'and {stands_first}' if log_odds > 0 else 'but two parts have changed places'}"
    if log_odds > 0:
        return "the same words, apart from endings and synonyms"
    if named := one_and_other(read_title(a), read_title(b)):
        return f"alike, but one says {named[0]}, the other {named[1]}"
    return "alike, but one says the opposite of the other"


def _opinion(read_wording: float, read_story: float) -> str:
    """What the reader says, from its log odds, in words."""
    wording, story = ("surely" if abs(log_odds) >= _SURE else "probably" for log_odds in (read_wording, read_story))
    if read_wording >= 0:
        return f"{wording} one wording"
    return f"{story} one story, but {wording} two wordings" if read_story >= 0 else f"{story} two events"


def _apart(log_hours: float) -> str:
    hours = round(math.expm1(log_hours))
    return f"{hours} hour{'s' * (hours > 1)} apart" if hours else "less than an hour apart"


def _context(common: float, added: float) -> str:
    if common >= _MIN_COMMON:
        return "other headlines match both" if added >= 0 else "other headlines match both, but few of them"
    return "other headlines about it use the same words" if added >= 0 else "other headlines match only one of them"
