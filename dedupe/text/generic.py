"""Titles that say nothing by themselves: "Corrections", "Live", "Morning briefing", "AP News", "Earthquake".

Such a title says which page it stands on, not what happened, and stands there again another day. It is known by a rule, not by
a list of titles: without the words that name parts of a site, days and dates, hardly a word is left, and none that reports.
"""

from __future__ import annotations

import re
from functools import lru_cache

from dedupe.text.document_frequencies import document_frequencies
from dedupe.text.outlets import NO_OUTLETS, Outlets, is_outlet
from dedupe.text.pieces import MONTHS
from dedupe.text.stems import stem
from dedupe.text.words import OPPOSITES, WEEKDAYS, content_stem, facts, words

_MAX_LENGTH = 60  # characters; longer titles say something
_MAX_SPACES = 9
_MAX_SPACES_IN_NAMES = 4  # of outlets
_MOST_WORDS = {0: 8, 1: 4, 2: 3}  # of all kinds, by how many of them name no part of a site
_FEW = 2  # words that say something, beside any number of times and the like: "Friday night open thread"
_MAX_IDF = 11.0  # of a common word; one that hardly any headline has says something, in whatever language
_NO_WORD = re.compile(r"(?:@|https?://|www\.)\S+|\bMarch (?=\d)|(?<=\d )March\b")  # March alone is a word, too
_SPACELESS = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_MAX_SPACELESS = 3  # characters of scripts without spaces, in which one says as much as a word
_NO_PAGE = re.compile(  # what a server says instead of an article
    r"""(?:error\W*)?(?:[45]\d\d\b)?[\W_]*(?:error|access\ denied|(?:page\ )?not\ found|forbidden|unauthorized|bad\ gateway
    |service\ unavailable|just\ a\ moment|attention\ required|untitled)\W*""",
    re.IGNORECASE | re.VERBOSE,
)
_MODIFIERS = """top latest today today's tonight daily weekly weekend ahead monthly morning evening night afternoon breaking live
    national international local exclusive premium full"""
_PARTS = """world us uk business money market sport politics health science tech technology entertainment culture opinion
    editorial video news story headline update briefing brief roundup digest letter correction newsletter quiz podcast home page
    watch listen photo picture gallery image analysis subscriber only read week day month year part post blog feed section archive
    index contact review result obituary calendar schedule notice alert column release thing know versus v vs"""
_TIMES = frozenset(stem(name.casefold()) for name in (*WEEKDAYS, *MONTHS))
_SUBJECTLESS = frozenset(map(stem, _MODIFIERS.split())) | _TIMES
_SAYING_NOTHING = frozenset(map(stem, _PARTS.split())) | _SUBJECTLESS
_VERBS = frozenset(stem(word) for pair in OPPOSITES for word in pair)
_TOLD = re.compile(r"\w+(?:ed|[^\W\ds]s)")  # the verb of a short sentence: "Ferry sinks", "Suspect arrested"


@lru_cache(maxsize=100_000)  # the titles of a run that is made again
def is_generic(core: str, source: str | None = None, outlets: Outlets = NO_OUTLETS) -> bool:
    """Return whether a normalized title without decorations says nothing by itself; not for an empty one.

    It is the name of an outlet (`source`: the row's own; `outlets`: others that the input makes known), the message of a server
    that has no page, or has at most two words besides stop words, parts of a site, days and months: none; one without a number;
    two names ("Rosen vs Lachs"); or two common words without a name and a verb ("Front matter", not "Ferry sinks").
    """
    spaces = core.count(" ")
    if not core or len(core) > _MAX_LENGTH or spaces > _MAX_SPACES:
        return False
    if not core.isascii() and len(_SPACELESS.findall(core)) > _MAX_SPACELESS:
        return False
    if spaces <= _MAX_SPACES_IN_NAMES and (is_outlet(core, source, outlets, behind=True) or _NO_PAGE.fullmatch(core)):
        return True
    written = words(_NO_WORD.sub(" ", core))
    stems = {content_stem(word) for word in written}
    saying = stems - _SAYING_NOTHING - {""}
    if len(written) > _MOST_WORDS.get(len(saying), 0) and not (len(saying) <= _FEW and stems <= saying | _SUBJECTLESS):
        return False
    return not saying or not _reports(written, saying)


def _reports(written: list[str], saying: set[str]) -> bool:
    """Whether a few words, of which one or two say something, report anything."""
    text = " ".join(written)
    stated = facts(text)
    if stated.numbers or stated.counters or stated.is_question or _has_verb(written, saying - stated.names):
        return True
    if len(saying) == 1 or saying <= stated.names:
        return False
    idf = document_frequencies().idf
    return bool(saying & stated.names or stated.looks_ahead or any(idf(word) >= _MAX_IDF for word in saying))


def _has_verb(written: list[str], saying: set[str]) -> bool:
    """Whether the last word looks like a verb, with a subject before it. `saying`: the stems that may be verbs."""
    stems = [content_stem(word) for word in written]
    if len(stems) < 2 or stems[-1] not in saying or stems[-2] in ("", *_SUBJECTLESS):
        return False
    return stems[-1] in _VERBS or _TOLD.fullmatch(written[-1].casefold()) is not None
