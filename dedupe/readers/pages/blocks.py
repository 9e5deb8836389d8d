"""Pieces of one kind, judged together: are they headlines, or menus, teasers, labels, bylines?

Every piece has some likeness to a headline by its own look. The mean over a kind decides for all of them, so that a short
headline among longer ones is taken, and a long item of a menu is not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median

from dedupe.readers.pages.lines import is_prose
from dedupe.readers.pages.pieces import Piece, names_around
from dedupe.readers.pages.words import count_words, is_capitalised


def _named(names: str) -> re.Pattern[str]:
    """A pattern for any of these names of classes, alone or between hyphens."""
    return re.compile(rf"(?<![a-z])(?:{'|'.join(names.split())})(?![a-z])")


TAKEN = 0.55
"""The least likeness of a kind of pieces that are taken as headlines."""
SURE = 0.75
"""The likeness from which they surely are."""
_LIKENESS = (0.0, 0.05, 0.25, 0.5, 0.8)
"""Of a piece with so many words; 1 with more."""
_MENU = _named(
    "nav navbar navigation mainnav subnav topnav menu submenu mainmenu topmenu megamenu dropdown breadcrumb breadcrumbs footer"
    " foot topics social share sharing toolbar subscribe signin login sign-in pagination pager utility directory weather language"
    " languages author byline"
)
_TITLE = _named("headline headlines hl hed title titles heading story-link articlelink article-link")
_LABEL = _named(
    "kicker label category section-name tag tags eyebrow byline author time timestamp date meta credit caption rank comment"
    " comments flag"
)
_TEASER = _named("desc description dek deck summary teaser excerpt standfirst subtitle blurb intro snippet")
_IN_HEADER = re.compile(r"\bli\b.* < header\b")
_IN_TITLES = re.compile(r"[?!:'’‘\"“,]|\.\.\.|…")
_LONG = 7  # words, on average, that items of a menu do not have
_MIN_DISTINCT = 0.34  # of the texts of a kind
_OTHERS = ("button", "meta", "marker", "caption")


@dataclass(frozen=True, slots=True)
class Block:
    """Pieces of one kind. `likeness`: to headlines, from 0; `why`: what they are if they are none."""

    pieces: Sequence[Piece]
    likeness: float
    why: str


def judged(pieces: Sequence[Piece], with_teasers: bool, beside_heading: bool) -> Block:
    """Return the block of pieces of one kind.

    `with_teasers`: whether most stand before running text. `beside_heading`: whether most are in a link with a heading, which
    they are not.
    """
    looks = {piece.text: piece.look for piece in pieces}
    if why := _other(looks, pieces):
        return Block(pieces, 0.0, why)
    texts = [text for text, look in looks.items() if look not in _OTHERS]
    words = [count_words(text) for text in texts]
    likeness = mean(map(likeness_of, texts, words)) + 0.15 * (pieces[0].heading != "") + 0.2 * with_teasers
    innermost = pieces[0].kind.split(" < ", 1)[0]
    if _TITLE.search(innermost):
        likeness += 0.15
    if beside_heading:
        likeness -= 0.6
    if _LABEL.search(innermost) or _TEASER.search(innermost):
        likeness -= 0.4
    short = median(words) < _LONG
    if short and (_IN_HEADER.search(pieces[0].kind) or _MENU.search(names_around(pieces[0].node))):
        likeness -= 0.5
    if 1 < len(looks) < _MIN_DISTINCT * len(pieces):
        likeness -= 0.3  # labels and buttons repeat, headlines hardly do
    return Block(pieces, likeness, "menu or section" if short else "other text")


def likeness_of(text: str, words: int) -> float:
    """Return the likeness to a headline, 0 to 1, of one piece that is no button, date or caption."""
    value = _LIKENESS[words] if words < len(_LIKENESS) else 1.0
    if words < len(_LIKENESS) and is_capitalised(text):
        value *= 0.6
    if words > 1 and _IN_TITLES.search(text):
        value += 0.15
    return min(value, 1.0)


def _other(looks: Mapping[str, str], pieces: Sequence[Piece]) -> str | None:
    """What pieces of this kind are, where they are surely no headlines; `looks`: of each of their texts."""
    most, kinds = 0.5 * len(looks), Counter(looks.values())
    others = sum(kinds[kind] for kind in _OTHERS)
    if sum(piece.in_prose for piece in pieces) > 0.5 * len(pieces):
        return "link in text"
    if others > most or others == len(looks):
        return "date, byline or button"
    if kinds["name"] > most:
        return "name"
    return "running text" if sum(map(is_prose, looks)) > most else None
