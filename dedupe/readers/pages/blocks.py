"""Pieces of one kind, judged together: are they headlines, or menus, teasers, labels, bylines?

Every piece has some likeness to a headline by its own look. The mean over a kind decides for all of them, so that a short
headline among longer ones is taken, and a long item of a menu is not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, median

from dedupe.readers.pages.lines import is_prose, kind_of
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
_TITLE = _named(
    "headline headlines hl hed title titles heading storylink story-link articlelink article-link titleline"
)
_LABEL = _named(
    "kicker label category section-name tag tags eyebrow byline author time timestamp date meta credit caption rank comment"
    " comments flag"
)
_TEASER = _named(
    "desc description dek deck summary teaser excerpt standfirst subtitle blurb intro snippet trailtext trail-text"
)
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
    texts = list(dict.fromkeys(piece.text for piece in pieces))
    kinds = Counter(kind_of(text) for text in texts)
    if why := _other(texts, kinds, pieces):
        return Block(pieces, 0.0, why)
    texts = [text for text in texts if kind_of(text) not in _OTHERS]
    words = [count_words(text) for text in texts]
    likeness = mean(map(likeness_of, texts, words))
    innermost = pieces[0].kind.split(" < ", 1)[0]
    likeness += 0.15 * (pieces[0].heading != "") + 0.15 * (_TITLE.search(innermost) is not None) + 0.2 * with_teasers
    if beside_heading or _LABEL.search(innermost) or _TEASER.search(innermost):
        likeness -= 0.4
    in_header = " header" in pieces[0].kind and "li." in pieces[0].kind.replace("li ", "li. ")
    if median(words) < 7 and (in_header or _MENU.search(names_around(pieces[0].node))):
        likeness -= 0.5
    if len(texts) > 1 and len(texts) < 0.34 * len(pieces):
        likeness -= 0.3  # labels and buttons repeat, headlines hardly do
    return Block(pieces, likeness, "menu or section" if median(words) < 7 else "other text")


def likeness_of(text: str, words: int) -> float:
    """Return the likeness of one piece to a headline, 0 to 1."""
    if kind_of(text) in _OTHERS:
        return 0.0
    value = _LIKENESS[words] if words < len(_LIKENESS) else 1.0
    if words < 5 and is_capitalised(text):
        value *= 0.6
    if words > 1 and re.search(r"[?!:'’‘\"“,]|\.\.\.|…", text):
        value += 0.15
    return min(value, 1.0)


def _other(texts: Sequence[str], kinds: Counter[str], pieces: Sequence[Piece]) -> str | None:
    """What pieces of this kind are, where they are surely no headlines."""
    most = 0.5 * len(texts)
    if all(kind in _OTHERS for kind in kinds):
        return "date, byline or button"
    if sum(piece.in_prose for piece in pieces) > 0.5 * len(pieces):
        return "link in text"
    if sum(kinds[kind] for kind in _OTHERS) > most:
        return "date, byline or button"
    if kinds["name"] > most:
        return "name"
    return "running text" if sum(map(is_prose, texts)) > most else None
