"""Things of one kind, of which one title names one and another title another: countries, metals, teams, directions.

Where all else is alike, such titles tell two events: "Gold rises 1%" and "Silver rises 1%", "Plane lands" and "Plane takes off".
`kind_lists` says which words are of one kind. A city and its country are of two kinds, since one event has both; so are a
country and its people ("Russian strike", "strike in Ukraine"). Nothing is said where another word may turn the sense ("fails to
pass", "rejects"). The module also tells whether two titles have the same words apart from inflection and synonyms.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from dedupe.text.kind_lists import KINDS, SIDES, SYNONYMS
from dedupe.text.pieces import COUNTS
from dedupe.text.stems import is_name, stem
from dedupe.text.words import facts, words

_LIGHT = frozenset(
    """a an the of in on at to for from by with as and is are was were be been being it its this that these those his her their
    our your my has have had amid""".split()
)
_MEANINGS = frozenset(group.partition("/")[0] for group in SYNONYMS.split())
_CONVERSE = frozenset(
    map(stem, "win won gain beat take took lose lost buy bought acquire sell sold give gave get got receive".split())
)
"""What one of two parties does and the other meets with: if Leeds win, Everton lose."""
_TURNING = frozenset(
    map(
        stem,
        """not no never nor neither none nobody cannot without against refuse fail failure decline deny denial reject repeal
        reverse reversal overturn avoid block bar ban stop halt end prevent oppose defy dismiss drop scrap lift quash undo
        escape resist unable unlikely hardly barely less fewer least despite lack threat risk fear bid call""".split(),
    )
)
"""Words beside which one side may mean the other: who "refuses to overturn" a ban upholds it."""
_VOWELS = frozenset("aeiouy")
_ENDINGS = ("ings", "ing", "ed", "es", "s", "e")
_MIN_BASE = 2  # letters of a word without its ending
_NO_OBJECT = frozenset(
    "in on at to for from by with as and over after before under into amid near during against".split()
)
"""What stands behind a verb without an object."""


class Title(NamedTuple):
    """A title as `one_and_other` and `says_the_same` compare it; see `read_title`.

    `text`: as given. `names`: the stem of each word, or of several words that are one name. `written`: how the title writes it.
    `meanings`: one text for all forms and synonyms of a name. `things`: per kind, those that the title names, as it writes them.
    """

    text: str
    names: tuple[str, ...]
    written: tuple[str, ...]
    meanings: tuple[str, ...]
    things: Mapping[str, Mapping[str, str]]


def read_title(text: str) -> Title:
    """Return what a normalized title names."""
    named = list(_named(words(text)))
    things: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for (before, _, _), (name, as_written, _) in pairwise([("", "", ""), *named]):
        if before != "sinc":  # "the most since June" tells of no event in June
            for kind, thing in _names().get(name, {}).items():
                things[kind][thing] = as_written
    names, written, meanings = (tuple(parts[k] for parts in named) for k in range(3))
    return Title(text, names, written, meanings, things)


def may_decide(first: Collection[str], second: Collection[str]) -> bool:
    """Return whether the rules may speak of two titles, by the words that only the first and only the second has.

    It takes little time. Apart from inflection, each title must lack nothing of the other or have a part of a name or synonym
    that the other lacks, and at most one word besides such parts.
    """
    mine, theirs = ({_uninflected(word) for word in own if word not in _LIGHT} for own in (first, second))
    return _may_be_thing(mine - theirs) and _may_be_thing(theirs - mine)


def _may_be_thing(only: Collection[str]) -> bool:
    parts = sum(map(_is_part_of_name, only))
    return not only or (parts > 0 and len(only) - parts <= 1)


def one_and_other(a: Title, b: Title) -> tuple[str, str] | None:
    """Return what each title names, as it writes it, if it is of one kind and nearly nothing else differs; else None."""
    for kind, things in a.things.items():
        others = b.things.get(kind, things)
        if len(things) == len(others) == 1 and things.keys() != others.keys() and _else_alike(a, b, kind):
            return next(iter(things.values())), next(iter(others.values()))
    return None


def says_the_same(a: Title, b: Title) -> bool:
    """Return whether two titles have the same words in the same order, apart from endings and synonyms, and the same numbers.

    Of an active verb and a passive one ("Bank fines", "Bank fined over leak") it says nothing: it is False.
    """
    if a.meanings != b.meanings or any(map(_may_be_passive, a.written, b.written, _next(a), a.meanings)):
        return False
    of_first, of_second = facts(a.text), facts(b.text)
    return of_first.numbers == of_second.numbers and of_first.counters == of_second.counters


def _next(title: Title) -> Sequence[str]:
    return [*title.names[1:], "in"]


def _may_be_passive(first: str, second: str, after: str, meaning: str) -> bool:
    """Whether a verb without an object has "-ed" in one title alone, so that who does it there may be who suffers it here."""
    return after in _NO_OBJECT and meaning not in _MEANINGS and first.endswith("ed") != second.endswith("ed")


def _else_alike(a: Title, b: Title, kind: str) -> bool:
    """Whether each title has at most one word that the other lacks, apart from those of `kind`.

    Around one of two sides words must keep their order, since who sells to a buyer tells of one event with who buys. Only one of
    the titles may have another word there, and none that turns the sense.
    """
    mine, theirs = set(a.names) - set(b.names) - _LIGHT, set(b.names) - set(a.names) - _LIGHT
    if min(len(mine), len(theirs)) > 1 and not _CONVERSE.isdisjoint(mine) and not _CONVERSE.isdisjoint(theirs):
        return False  # "Leeds win final", "Everton lose final"
    if kind == "office" and not _holders(a).isdisjoint(_holders(b)):
        return False  # "President Duarte", "PM Duarte": one person
    first, second = (_others(title, kind) for title in (a, b))
    shared = (Counter(first) & Counter(second)).total()
    if not shared or max(len(first), len(second)) - shared > (shared > 1):
        return False
    if kind in KINDS:
        return True
    is_turned = any(_turns(name) for name in mine | theirs if kind not in _names().get(name, ()))
    return not is_turned and _has_one_sense(a, b, kind, first, second)


def _others(title: Title, kind: str) -> list[str]:
    named = zip(title.names, title.meanings, strict=True)
    return [meaning for name, meaning in named if name not in _LIGHT and kind not in _names().get(name, ())]


def _has_one_sense(a: Title, b: Title, kind: str, first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether each title has one word for its side and at most one title has another word, the rest being in one order."""
    if any(sum(kind in _names().get(name, ()) for name in title.names) > 1 for title in (a, b)):
        return False  # "court rejects bid to block merger" lets it happen
    if Counter(first) - Counter(second) and Counter(second) - Counter(first):
        return False  # "unemployment falls", "employment rises"
    return [word for word in first if word in second] == [word for word in second if word in first]


def _turns(name: str) -> bool:
    return name in _TURNING or name.endswith("n't")


def _holders(title: Title) -> set[str]:
    """Return the names that stand behind offices."""
    following = zip(title.names, title.names[1:], strict=False)
    return {after for name, after in following if "office" in _names().get(name, ()) and is_name(after.title(), after)}


def _named(written: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yield the stem of each word, or of several words that are one name, how the title writes it, and its meaning."""
    stems, bases, k = [_stem(word) for word in written], [_uninflected(word) for word in written], 0
    while k < len(stems):
        longest = max(_longest_names().get(stems[k], 1), _longest_names().get(bases[k], 1))
        spans = ((k, k + count) for count in range(min(longest, len(stems) - k), 1, -1))
        known = ((i, j) for i, j in spans if " ".join(stems[i:j]) in _names() or " ".join(bases[i:j]) in _synonyms())
        _, end = next(known, (k, k + 1))
        base = " ".join(bases[k:end])
        meaning = _synonyms().get(base, base)
        if meaning != "percent":  # "%" is no word either
            yield " ".join(stems[k:end]), " ".join(written[k:end]), meaning
        k = end


def _stem(word: str) -> str:
    word = _without_possessive(word)
    return COUNTS.get(word) or stem(word)


@lru_cache(maxsize=200_000)
def _uninflected(word: str) -> str:
    """Return one text for all forms of a word that differ in number, person or tense, and for no other word.

    It is the stem, and the word without its ending: "conservative" and "conservation" have one stem, "plan" and "planed" are one
    without their endings. Forms of names are not looked for: "Roberts" is not several of "Robert".
    """
    word = _without_possessive(word)
    root = _stem(word)
    if root[:1].isdigit():
        return root
    if is_name(word, root):
        return f"{root}:{word}"
    cut = next((word[: -len(end)] for end in _ENDINGS if _ends(word, end)), word)
    if len(cut) > _MIN_BASE and cut[-1] == cut[-2]:
        cut = cut[:-1]
    return f"{root}:{cut[:-1] + 'i' if cut[-1] == 'y' else cut}"


def _ends(word: str, ending: str) -> bool:
    rest = word[: -len(ending)]
    return word.endswith(ending) and len(rest) >= _MIN_BASE and rest[-1] != ending and not _VOWELS.isdisjoint(rest)


def _without_possessive(word: str) -> str:
    return word.casefold().removesuffix("'s").removesuffix("'")


@lru_cache(maxsize=200_000)
def _is_part_of_name(uninflected: str) -> bool:
    return uninflected in _parts() or uninflected.partition(":")[0] in _parts()


@lru_cache(maxsize=1)
def _parts() -> frozenset[str]:
    return frozenset(part for name in (*_names(), *_synonyms()) for part in name.split())


def _stems(name: str) -> str:
    return " ".join(map(_stem, name.split("_")))


@lru_cache(maxsize=1)
def _names() -> Mapping[str, Mapping[str, str]]:
    """Return the kinds of each name, in stems, and which thing of the kind it names."""
    names: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for kind, things in [*KINDS.items(), *((sides, sides) for sides in SIDES)]:
        for thing in things.split():
            for name in thing.split("/"):
                names[_stems(name)][kind] = thing
    return names


@lru_cache(maxsize=1)
def _synonyms() -> Mapping[str, str]:
    """Return for each synonym, as `_uninflected` has it, the one that stands for all."""
    return {
        " ".join(map(_uninflected, name.split("_"))): group.partition("/")[0]
        for group in SYNONYMS.split()
        for name in group.split("/")
    }


@lru_cache(maxsize=1)
def _longest_names() -> Mapping[str, int]:
    """Return the number of words of the longest name or synonym that begins with a word."""
    names = sorted(([*name.split()] for name in (*_names(), *_synonyms())), key=len)
    return {first: 1 + len(others) for first, *others in names}
