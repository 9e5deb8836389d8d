"""What two titles of one news contradict each other in: numbers, counters, days, opposites, negation.

The judge may find two titles alike enough for one wording and overlook the word that matters, as in "Fed raises rates" and "Fed
cuts rates". These are rules, made to be seldom wrong for titles that a person finds to be one wording.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from dedupe.text.amounts import Amount, amounts
from dedupe.text.numbers import series_of
from dedupe.text.stems import stem
from dedupe.text.words import OPPOSITES, WEEKDAYS, Facts, facts, opposite_of, words

_MORE_OPPOSITES = [
    pair.split("/")
    for pair in """block/allow block/clear block/approve block/permit ban/permit halt/resume halt/continue pause/resume
    suspend/resume suspend/reinstate suspend/restore add/cut hire/cut raise/hold hold/cut extend/end sign/veto
    affirm/overturn affirm/reverse pass/reject pass/block adopt/reject beat/trail tighten/loosen widen/narrow
    strengthen/weaken improve/worsen recover/worsen restrict/expand arrest/free detain/release charge/clear
    convict/clear withdraw/deploy withdraw/enter retreat/advance defeat/victory increase/reduce rise/slip
    climb/slip gain/slip rise/slide gain/slide climb/slide gain/fall profit/loss hawkish/dovish remove/install""".split()
]
_SIDES: dict[str, frozenset[str]] = defaultdict(frozenset)
for _number, _pair in enumerate([*OPPOSITES, *_MORE_OPPOSITES]):
    for _sign, _word in zip("+-", _pair, strict=True):
        _SIDES[stem(_word)] |= {f"{_number}{_sign}"}
_NEGATIONS = frozenset("not no never cannot without neither nor nobody none".split())
_UNWILLING = frozenset(map(stem, "refuse decline fail deny".split()))
_ENDING = frozenset(map(stem, "lift end reverse remove overturn rescind repeal withdraw undo scrap unblock".split()))
_STOPPING = {
    stem(word): kind
    for kind, words_of_kind in {
        "halt": "halt pause freeze stop suspend suspension moratorium hold",
        "ban": "ban block bar prohibit prohibition blockade embargo",
        "limit": "limit restrict restriction curb curfew lockdown quarantine sanction",
        "stay": "stay injunction",
    }.items()
    for word in words_of_kind.split()
}
_PREFIXES = ("un", "in", "im", "il", "ir", "non", "dis")
_MIN_PREFIXED = 4  # letters of a word that has an opposite with a prefix
_REACH = 5  # words between "lifts" and the "ban"
_SAME_SENTENCE = 0.6  # share of the stems of both titles that both have, where a negation turns the sense
_SAME_THING = 0.4  # the same where a word and its opposite do
_TEMPLATE = 0.8  # the same from which any two amounts of one unit are of one thing


class _Claims(NamedTuple):
    facts: Facts
    words: frozenset[str]
    amounts: tuple[Amount, ...]
    sides: frozenset[str]
    negated: bool
    stopped: frozenset[str]  # kinds of stopping words
    resumed: frozenset[str]  # those of them that something ends


def contradictions(first: str, second: str) -> list[str]:
    """Return in words in what two normalized titles, taken to be of one news, contradict each other; [] for nothing."""
    a, b = _claims(first), _claims(second)
    shared = a.facts.stems & b.facts.stems
    likeness = len(shared) / max(len(a.facts.stems | b.facts.stems), 1)
    return [*_of_amounts(a, b, likeness), *_of_counters(a, b, likeness), *_of_days(a, b), *_of_senses(a, b, likeness)]


@lru_cache(maxsize=50_000)
def _claims(title: str) -> _Claims:
    stated, written = facts(title), [word.casefold() for word in words(title)]
    stems = [stem(word) for word in written]
    sides = frozenset().union(*(_SIDES[root] for root in stems if root in _SIDES))
    negated = any(word in _NEGATIONS or word.endswith("n't") for word in written)
    negated |= any(root in _UNWILLING and after == "to" for root, after in zip(stems, written[1:], strict=False))
    places = [(k, _STOPPING[root]) for k, root in enumerate(stems) if root in _STOPPING]
    resumed = {kind for k, kind in places if not _ENDING.isdisjoint(stems[max(k - _REACH, 0) : k])}
    stopped = frozenset(kind for _, kind in places)
    return _Claims(stated, frozenset(written), tuple(amounts(title)), sides, negated, stopped, frozenset(resumed))


def _of_amounts(a: _Claims, b: _Claims, likeness: float) -> Iterator[str]:
    left = [amount for amount in a.amounts if not any(map(amount.agrees, b.amounts))]
    right = [amount for amount in b.amounts if not any(map(amount.agrees, a.amounts))]
    for one in left:
        for other in right:
            if one.unit == other.unit and (likeness >= _TEMPLATE or one.about & other.about):
                yield f"other numbers: {one.text} and {other.text}"
                return


def _of_counters(a: _Claims, b: _Claims, likeness: float) -> Iterator[str]:
    for series in sorted(a.facts.series & b.facts.series):
        mine, theirs = ([c for c in side.facts.counters if series_of(c) == series] for side in (a, b))
        if set(mine).isdisjoint(theirs) and (series != "year" or likeness >= _SAME_SENTENCE):
            yield f"{min(mine)} and {min(theirs)}"


def _of_days(a: _Claims, b: _Claims) -> Iterator[str]:
    for kind in (frozenset(WEEKDAYS), (a.facts.days | b.facts.days).difference(WEEKDAYS)):
        mine, theirs = a.facts.days & kind, b.facts.days & kind
        if mine and theirs and mine.isdisjoint(theirs):
            yield f"other days: {', '.join(sorted(mine))} and {', '.join(sorted(theirs))}"


def _of_senses(a: _Claims, b: _Claims, likeness: float) -> Iterator[str]:
    opposed = likeness >= _SAME_THING and (_have_opposites(a.sides, b.sides) or _have_prefixes(a.words, b.words))
    negated = likeness >= _SAME_SENTENCE and a.negated != b.negated
    if opposed and a.negated == b.negated:  # "not guilty" is "acquitted"
        yield "one says the opposite of the other"
    if negated and not opposed:
        yield f"only the {'first' if a.negated else 'second'} is negated"
    if likeness >= _SAME_THING and (a.stopped & b.stopped) & (a.resumed ^ b.resumed):
        yield f"only the {'first' if a.resumed - b.resumed else 'second'} says that it ends"


def _have_opposites(a: frozenset[str], b: frozenset[str]) -> bool:
    """Whether a title takes a side that the other does not take, and the other takes the opposite side alone."""
    return not {opposite_of(side) for side in a - b}.isdisjoint(b - a)


def _have_prefixes(a: frozenset[str], b: frozenset[str]) -> bool:
    """Whether a title has a word ("safe") that the other has only with a prefix that turns its sense ("unsafe")."""
    return any(
        f"{prefix}{word}" in others
        for mine, others in ((a - b, b - a), (b - a, a - b))
        for word in mine
        if len(word) >= _MIN_PREFIXED
        for prefix in _PREFIXES
    )
