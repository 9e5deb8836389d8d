"""What a line of a page is, by its own look: a button, a date or byline, a caption, running text, or perhaps a title."""

from __future__ import annotations

import re
from functools import lru_cache

from dedupe.dates.relative import AGO, TODAY
from dedupe.readers.pages.patterns import (
    BUTTON,
    BUTTONS,
    CREDIT,
    CREDIT_START,
    CREDIT_WORDS,
    HAS_TIME,
    MARKER,
    META,
    META_END,
    NOTICE,
    NOTICE_WORDS,
    TIME_WORDS,
    TIMES,
)
from dedupe.readers.pages.times import relative_in
from dedupe.readers.pages.words import count_words, is_capitalised

MAX_TITLE = 200  # characters; longer lines are prose
_LOOKED_AT = 400  # characters of a line that patterns see, so that no line takes long
_END = 60  # characters at the end of a line that tell how it ends
_MAX_META = 80  # characters
_MIN_PROSE = 60  # characters; shorter lines with a full stop may be titles

_SEPARATOR = re.compile(r"[|·•]| / ")
_MIN_MENU_PARTS = 4  # of a line with separators that is a menu
_STOP = re.compile(r"(?:[.;:,،؛。]|[!?？！](?=[\"'”’]))[\"'”’)\]]*$")
_CUT = re.compile(r"(?:…|\.\.\.|\[…\]|\[\.\.\.\])[\"'”’)\]]*$")
_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Za-z]\.){2,}|\b[A-Z]\.|\b(?:Jr|Sr|Inc|Co|Corp|Ltd|St|Dr|No|vs|Minn|Calif|Fla|Ga|Mich|Pa|Va|Wis|Tenn|Conn"
    r"|Colo|Okla|Ariz)\.)[\"'”’)]*$"
)
_INNER_STOP = re.compile(r"[a-z\d”’)]{3}\.[\"”’']? [A-Z“\"‘]")
_NAME = r"[A-Z][\w.'’-]+(?: [A-Z][\w.'’-]*){1,2}"
_CAPITALS = r"[A-Z][A-Z.'’-]+(?: [A-Z][A-Z.'’-]+){1,3}"
_NAMES = re.compile(
    rf"{_NAME}(?: [A-Z][\w.'’-]*)?(?:(?:, and |, | and | & ){_NAME}){{1,4}}"
    rf"|{_NAME}, [A-Z][\w.'’-]+(?: [A-Z][\w.'’-]+)?|{_CAPITALS}(?:(?:, and |, | AND | and ){_CAPITALS}){{1,4}}"
)
_AGO_IN = re.compile(rf"(?:{AGO}|{TODAY}) (?:in|im|en|em|near|from)\b", re.IGNORECASE)
_BULLET = re.compile(r"^(?:[•▪●·*►»▶◆■‣→|–—-]+ *(?=\S))")


def kind_of(line: str) -> str:
    """Return what a line is: "marker" of a list, "button", "meta", "caption", "cut", "prose", "name", "short" or "title".

    "cut" is text that ends in an ellipsis, "short" has fewer than four words; only the lines around tell more of these.
    """
    if len(line) > _LOOKED_AT:
        return _kind_by_words(line[:_LOOKED_AT]) or ("cut" if ends_cut(line) else "prose")
    return _kind_of(line)


@lru_cache(maxsize=1 << 15)  # lines of a page are asked for several times, and many repeat
def _kind_of(line: str) -> str:
    if kind := _kind_by_words(line):
        return kind
    if ends_cut(line):
        return "cut"
    if is_prose(line):
        return "prose"
    words = count_words(line)
    if _stops(line):
        return "prose" if words > 3 else "button"
    if _NAMES.fullmatch(line):
        return "name"
    return "short" if words < 4 else "title"


def _kind_by_words(line: str) -> str | None:
    parts = len(_SEPARATOR.split(line))
    if parts >= _MIN_MENU_PARTS and count_words(line) < 5 * parts:
        return "meta" if TIMES.search(line) else "button"
    if MARKER.fullmatch(line):
        return "marker"
    lower = line.lower()  # to look for single words takes a tenth of the time of a pattern
    if BUTTON.fullmatch(line) or (any(word in lower for word in NOTICE_WORDS) and NOTICE.search(line)):
        return "button"
    if (line.isupper() or parts > 1) and len(BUTTONS.findall(line)) > 1:
        return "button"
    if is_meta(line):
        return "meta"
    credited = any(word in lower for word in CREDIT_WORDS) and CREDIT.search(line)
    return "caption" if CREDIT_START.match(line) or credited else None


def is_meta(line: str) -> bool:
    """Return whether a line only says when, by whom or where something was published."""
    if META.fullmatch(line) or (len(line) < _MAX_META and META_END.search(line)):
        return True
    if not HAS_TIME.search(line):
        return False
    relative = relative_in(line)
    rest, times = (line.replace(relative, " ", 1), 1) if relative else TIMES.subn(" ", line)
    if not times or is_dateline(line):
        return False
    words = count_words(TIME_WORDS.sub(" ", rest))
    separated = len(_SEPARATOR.findall(rest))
    return (
        words <= 1
        or (words <= 3 and is_capitalised(TIME_WORDS.sub(" ", rest)))
        or (separated > 0 and words <= 8)
        or separated > 2
    )


def is_dateline(line: str) -> bool:
    """Return whether a line is like "5 hours ago in Paris": a title, unless several lines of a page are."""
    match = _AGO_IN.match(line)
    return match is not None and is_capitalised(line[match.end() :])


def is_prose(line: str) -> bool:
    """Return whether a line is running text: a sentence with its stop, several sentences, or too long for a title."""
    if len(line) > MAX_TITLE:
        return True
    if len(line) > 90 and _INNER_STOP.search(line[:_LOOKED_AT]):
        return True
    return len(line) > _MIN_PROSE * _width(line) and _stops(line)


def _stops(line: str) -> bool:
    """Whether a line ends as a sentence does, and not in an abbreviation."""
    end = line[-_END:]
    return _STOP.search(end) is not None and _ABBREVIATION.search(end) is None


def ends_cut(line: str) -> bool:
    """Return whether a line ends in an ellipsis."""
    return _CUT.search(line[-_END:]) is not None


def without_bullet(line: str) -> str:
    """Return a line without a bullet before it."""
    return _BULLET.sub("", line)


def _width(line: str) -> float:
    """How many characters of usual script one of this line counts for."""
    return 1.0 if line.isascii() else min(1.0, len(line) / (5 * max(count_words(line), 1)))
