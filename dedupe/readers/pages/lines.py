"""What a line of a page is, by its own look: a button, a date or byline, a caption, running text, or perhaps a title."""

from __future__ import annotations

import re

from dedupe.readers.pages.patterns import BUTTON, BUTTONS, CREDIT, MARKER, META, TIME_WORDS, TIMES
from dedupe.readers.pages.words import count_words, is_capitalised

MAX_TITLE = 260  # characters; longer lines are prose
_LOOKED_AT = 400  # characters of a line that patterns see, so that no line takes long
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
_NAMES = re.compile(
    r"[A-Z][\w.'’-]+(?: [A-Z][\w.'’-]*){1,3}(?:(?:, | and | & |, and )[A-Z][\w.'’-]+(?: [A-Z][\w.'’-]*){1,2}){1,4}"
)
_NAME_AND_OUTLET = re.compile(r"[A-Z][\w.'’-]+ (?:[A-Z][\w.'’-]* )?[A-Z][\w.'’-]+, [A-Z][\w.'’-]+(?: [A-Z][\w.'’-]+)?")
_ALLCAPS_NAMES = re.compile(r"(?:[A-Z][A-Z.'’-]+ ?){2,4}(?:(?:, |and )(?:[A-Z][A-Z.'’-]+ ?){2,4})+")
_BULLET = re.compile(r"^(?:[•▪●·*►»▶◆■‣→|–—-]+ *(?=\S))")


def kind_of(line: str) -> str:
    """Return what a line is: "marker" of a list, "button", "meta", "caption", "cut", "prose", "name", "short" or "title".

    "cut" is text that ends in an ellipsis, "short" has fewer than four words; only the lines around tell more of these.
    """
    seen = line[:_LOOKED_AT]
    if kind := _kind_by_words(seen):
        return kind
    if _CUT.search(line):
        return "cut"
    if is_prose(line):
        return "prose"
    if _STOP.search(line) and not _ABBREVIATION.search(line):
        return "prose" if count_words(line) > 3 else "button"
    if _NAMES.fullmatch(seen) or _NAME_AND_OUTLET.fullmatch(seen) or _ALLCAPS_NAMES.fullmatch(seen):
        return "name"
    return "short" if count_words(seen) < 4 else "title"


def _kind_by_words(line: str) -> str | None:
    parts = len(_SEPARATOR.split(line))
    if parts >= _MIN_MENU_PARTS and count_words(line) < 5 * parts:
        return "meta" if TIMES.search(line) else "button"
    if MARKER.fullmatch(line):
        return "marker"
    if BUTTON.fullmatch(line) or ((line.isupper() or "|" in line) and len(BUTTONS.findall(line)) > 1):
        return "button"
    if is_meta(line):
        return "meta"
    return "caption" if CREDIT.search(line) else None


def is_meta(line: str) -> bool:
    """Return whether a line only says when, by whom or where something was published."""
    if META.fullmatch(line):
        return True
    rest, times = TIMES.subn(" ", line)
    if not times:
        return False
    words = count_words(TIME_WORDS.sub(" ", rest))
    separated = len(_SEPARATOR.findall(rest))
    return (
        words <= 1
        or (words <= 3 and is_capitalised(TIME_WORDS.sub(" ", rest)))
        or (separated > 0 and words <= 8)
        or separated > 2
    )


def is_prose(line: str) -> bool:
    """Return whether a line is running text: a sentence with its stop, several sentences, or too long for a title."""
    if len(line) > MAX_TITLE:
        return True
    if len(line) > 90 and _INNER_STOP.search(line[:_LOOKED_AT]):
        return True
    return len(line) > _MIN_PROSE * _width(line) and bool(_STOP.search(line)) and not _ABBREVIATION.search(line)


def ends_cut(line: str) -> bool:
    """Return whether a line ends in an ellipsis."""
    return _CUT.search(line) is not None


def without_bullet(line: str) -> str:
    """Return a line without a bullet before it."""
    return _BULLET.sub("", line)


def _width(line: str) -> float:
    """How many characters of usual script one of this line counts for."""
    return 1.0 if line.isascii() else min(1.0, len(line) / (5 * max(count_words(line), 1)))
