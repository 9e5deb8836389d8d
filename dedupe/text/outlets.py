"""Which marks around a title name a news outlet: by the row's source, by name, or by the other titles of the input."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from functools import lru_cache
from typing import NamedTuple

from dedupe.text.mentions import mentions

MAX_MARK_LENGTH = 60
"""Characters; no outlet's name is longer."""
_SEPARATOR_BEHIND = re.compile(r"\s[-•·]\s|\|")
_SEPARATOR_BEFORE = re.compile(r"[:|]|\s[-•·]\s")
_MAX_MARK_BEFORE = 40  # characters
_MIN_TITLES = 3  # distinct titles around a mark for it to be an outlet of the input
_MAX_WORDS = 6

_SITE = re.compile(r"(?:https?://)?(?:www\.)?([\w-]+(?:\.[\w-]+)*?)(?:\.com?)?\.[a-z]{2,4}(?:/.*)?", re.IGNORECASE)
_PAPER = re.compile(r"(?:times|post|journal|tribune|herald|gazette|chronicle)", re.IGNORECASE)
_DOT_COM = re.compile(r"[\w-]+\.(?:com|org|net|co\.uk|com\.au|ie|ca)", re.IGNORECASE)
_NOT_IN_NAMES = frozenset(
    """a an the in on at of to after as and is no not new good bad big best great fake false breaking latest more old
    other our their his her your hard end all five four three two first last facebook instagram social blog blasts
    says truth twitter x tv sunday monday""".split()
)
_NOT_IN_MARKS = frozenset(
    """a an here here's how why what what's when where who this that it is are was will can says say said report reports
    source sources official officials again now live update updates watch video""".split()
)
_CONNECTIVES = frozenset("of the and for de la le & in on".split())
_DESKS = frozenset("news com online politics business world sport sports health us uk live".split())
_OUTLETS = frozenset(
    """abc abcnews afp aljazeera aljazeeraenglish ap apnews arstechnica associatedpress atlantic axios bbc bbcnews bbcsport
    bloomberg bloombergnews bostonglobe businessinsider buzzfeed buzzfeednews canadianpress cbc cbcnews cbs cbsnews
    cbssports chicagotribune cnbc cnet cnn cnnbusiness cnncom cnnpolitics csmonitor dailybeast dailymail dw economist
    engadget espn euronews eweek financialtimes foxbusiness foxnews france24 ft gizmodo globeandmail guardian haaretz hill
    hindustantimes hollywoodreporter huffingtonpost huffpost independent indianexpress irishtimes japantimes jerusalempost
    kyivindependent latimes losangelestimes marketwatch mashable msnbc nbc nbcnews newsweek newyorker newyorkpost
    newyorktimes npr nydailynews nypost nyt nytimes oregonpublicbroadcasting pbs pbsnewshour politico presstv propublica
    reuters rollingstone rte scmp seattletimes sfgate skynews skysports southchinamorningpost straitstimes techcrunch
    telegraph theathletic theverge timecom timesofindia timesofisrael torontostar upi upicom usatoday usnews verge vox
    wallstreetjournal wapo washingtonexaminer washingtonpost washingtontimes wired wsj wsjcom xinhua yahoo yahoofinance
    yahoonews zdnet""".split()
)
# Names that are words, parties, places or subjects of news too: outlets only behind a title, or with "The".
_AMBIGUOUS = frozenset("atlantic economist ft guardian hill independent telegraph verge vox wired yahoo".split())


class Outlets(NamedTuple):
    """Outlets that an input makes known, case folded: marks that are sources of its rows, and names behind its titles."""

    sources: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()


NO_OUTLETS = Outlets()


@lru_cache(maxsize=50_000)
def outlet_key(name: str) -> str:
    """Return what the spellings of an outlet's name share: "newyorktimes" for "The New York Times", "cnn" for "cnn.com"."""
    site = _SITE.fullmatch(name.strip())
    key = re.sub(r"[\W_]+", "", (site[1] if site else name).casefold())
    return key[3:] if key.startswith("the") and len(key) > 5 else key


def without_desk(key: str, known: Collection[str]) -> str:
    """Return the key of an outlet without its desk ("bbc" for "bbcsport"), where what is left is among `known` or well known."""
    shorter = (key.removesuffix(desk) for desk in sorted(_DESKS, key=len, reverse=True) if key.endswith(desk))
    return next((name for name in shorter if name in known or name in _OUTLETS), key)


def is_outlet(mark: str, source: str | None, outlets: Outlets, *, behind: bool) -> bool:
    """Return whether a mark names an outlet.

    `source`: the row's own; `outlets`: other outlets that `outlets_of` found. `behind`: whether the mark follows the
    title after a separator. Elsewhere only names that mean nothing else count.
    """
    if not mark:
        return False
    if source and _same_outlet(mark, source):
        return True
    if not mark[0].isupper() and "." not in mark:
        return False
    key, folded = outlet_key(mark), mark.casefold()
    if folded in outlets.sources or (
        key in _OUTLETS and (behind or key not in _AMBIGUOUS or folded.startswith("the "))
    ):
        return True
    if behind and (folded in outlets.names or _DOT_COM.fullmatch(mark)):
        return True
    words = mark.removeprefix("The ").split()
    return (
        (behind or mark.startswith("The "))
        and 2 <= len(words) <= 4
        and (_PAPER.fullmatch(words[-1]) is not None or (behind and words[-1].casefold() == "news"))
        and all(word[0].isupper() and word.casefold() not in _NOT_IN_NAMES for word in words)
    )


def outlets_of(texts: Sequence[str], sources: Sequence[str | None]) -> Outlets:
    """Return the outlets that the input itself makes known.

    These are sources of rows that stand around the titles of others, and names behind at least three different titles. A
    mark that titles mention more often than rows carry it is a topic. `texts`: normalized titles; order does not matter.
    """
    marks = Marks()
    marks.update(set(texts))
    return marks.outlets(sources)


class Marks:
    """What may be marks around a set of titles, which may be replaced by another one."""

    def __init__(self) -> None:
        self._texts: set[str] = set()
        self._rests: dict[str, Counter[str]] = {}  # the titles around each mark
        self._words, self._names = Counter[str](), Counter[str]()  # how many titles have a mark that is no name, or one
        self._mentions: dict[str, int] = {}

    def update(self, texts: set[str]) -> None:
        """Replace the titles by these; only those that come or go take time."""
        came, went = texts - self._texts, self._texts - texts
        for changed, sign in ((came, 1), (went, -1)):
            for mark, count in mentions(self._mentions.keys(), map(str.casefold, changed)).items():
                self._mentions[mark] += sign * count
            for found in marks_of(changed):
                self._count(found, sign)
        self._texts = texts

    def _count(self, mark: Mark, sign: int) -> None:
        folded = mark.folded
        _add(self._rests.setdefault(folded, Counter()), mark.rest, sign)
        if not self._rests[folded]:
            del self._rests[folded]
        if mark.is_words:
            _add(self._words, folded, sign)
        if mark.is_name:
            _add(self._names, folded, sign)

    def outlets(self, sources: Iterable[str | None]) -> Outlets:
        """Return the outlets that titles and the sources of all rows make known."""
        rows_of = Counter(map(outlet_key, filter(None, sources)))
        carried = {mark: len(rests) for mark, rests in self._rests.items()}
        of_rows, names = possible_outlets(carried, self._words.keys(), self._names.keys(), rows_of)
        self._count_mentions(of_rows | names)

        def no_topic(mark: str) -> bool:
            return not is_topic(self._mentions[mark], carried[mark], rows_of[outlet_key(mark)])

        return Outlets(frozenset(filter(no_topic, of_rows)), frozenset(filter(no_topic, names)))

    def _count_mentions(self, marks: set[str]) -> None:
        """Count how often titles mention these marks, of which most are known from before."""
        counts = mentions(marks - self._mentions.keys(), map(str.casefold, self._texts))
        self._mentions = {mark: counts[mark] if mark in counts else self._mentions.get(mark, 0) for mark in marks}


def _add(counts: Counter[str], key: str, sign: int) -> None:
    counts[key] += sign
    if not counts[key]:
        del counts[key]


def possible_outlets(
    carried: Mapping[str, int], words: Set[str], names: Set[str], rows_of: Mapping[str, int]
) -> tuple[set[str], set[str]]:
    """Return the marks that are outlets unless titles mention them often: those of sources, and other names behind titles.

    `carried`: around how many different titles each mark stands, case folded; `words`, `names`: those that `Mark` calls so
    anywhere; `rows_of`: how many rows have a source with an outlet key.
    """
    of_rows = {mark for mark in carried if outlet_key(mark) in rows_of} - words
    return of_rows, {mark for mark in names if carried[mark] >= _MIN_TITLES} - words - of_rows


def is_topic(mentioned: int, carried: int, rows: int) -> bool:
    """Return whether titles mention a mark more often than titles and rows carry it."""
    return mentioned - carried > carried + rows


class Mark(NamedTuple):
    """What may be a mark around a title: its case folded text, the other part of the title, and what it looks like.

    `is_words`: whether it is written as no name is. `is_name`: whether it stands behind the title as names of outlets do.
    """

    folded: str
    rest: str
    is_words: bool
    is_name: bool


def marks_of(texts: Iterable[str]) -> Iterator[Mark]:
    """Yield what may be marks around normalized titles."""
    for text in texts:
        if not (":" in text or "|" in text or " - " in text or not text.isascii()):
            continue
        if before := separator_before(text, 0, len(text)):
            mark = text[: before.start()].strip()
            yield Mark(mark.casefold(), text[before.end() :], not _is_name(mark), is_name=False)
        if behind := separator_behind(text, 0, len(text)):
            mark = text[behind.end() :].strip()
            is_words, sure = not _is_name(mark), "|" in behind[0] or " " in mark or "." in mark
            yield Mark(mark.casefold(), text[: behind.start()], is_words, is_name=sure and not is_words)


def separator_before(text: str, start: int, end: int) -> re.Match[str] | None:
    """Return the first separator of `text[start:end]` with a mark of a possible length before it."""
    return _SEPARATOR_BEFORE.search(text, start, min(end, start + _MAX_MARK_BEFORE))


def separator_behind(text: str, start: int, end: int) -> re.Match[str] | None:
    """Return the last separator of `text[start:end]` with a mark of a possible length behind it."""
    start = max(start, end - MAX_MARK_LENGTH)
    last = text[start:end]
    if not (" - " in last or "|" in last or not last.isascii()):
        return None
    return max(_SEPARATOR_BEHIND.finditer(text, start, end), key=re.Match.start, default=None)


def _is_name(mark: str) -> bool:
    words = mark.split()
    return (
        0 < len(words) <= _MAX_WORDS
        and all(word[0].isupper() or word in _CONNECTIVES for word in words)
        and not any(character.isdigit() for character in mark)
        and "'s " not in mark  # "BoE's Bean" is who said it
        and _NOT_IN_MARKS.isdisjoint(mark.casefold().split())
    )


def _same_outlet(mark: str, source: str) -> bool:
    """Whether `mark` names `source`, also with a desk: "CNN Politics" for "cnn.com", "BBC" for "BBC News"."""
    short, long = sorted((outlet_key(mark), outlet_key(source)), key=len)
    return bool(short) and long.startswith(short) and (long == short or long[len(short) :] in _DESKS)
