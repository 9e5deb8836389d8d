"""`undecorated`: the core of a title, without what feeds and sites put around it.

Decorations are outlets ("T - CNN", "Reuters: T"), labels ("Live: T", "T [Video]", "UPDATE 2-T"), marks of social media
("RT @x: T", hashtags at the end), clock times, bullets, emoji, and the tail that arXiv's feed adds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from dedupe.text.outlets import (
    MAX_MARK_LENGTH,
    NO_OUTLETS,
    Outlets,
    is_outlet,
    separator_before,
    separator_behind,
)

FORMS = ("live", "video", "photos", "podcast", "opinion", "analysis", "explainer")
"""Labels that tell what kind of piece a title belongs to; the others say how it is published."""
_LABEL = re.compile(
    r"""
      (?P<live>(?:watch\ |follow\ )?live(?:\ (?:news\ )?updates?|\ ?blog|\ coverage)?|latest\ updates|as\ it\ happened)
    | (?P<breaking>breaking(?:\ news)?|just\ in|developing)
    | (?P<update>updated?\ ?\#?\d*|updates)
    | (?P<exclusive>exclusive|scoop)
    | (?P<video>(?:\+\ ?)?videos?|watch)
    | (?P<photos>(?:in\ )?(?:photos?|pictures)|(?:photo\ )?gallery)
    | (?P<opinion>opinion|op-?ed|editorial|commentary|column|perspective)
    | (?P<analysis>(?:news\ )?analysis)
    | (?P<explainer>explainer|explained)
    | (?P<podcast>podcast|listen|audio)
    | (?P<subscribers>(?:for\ )?(?:subscribers?|members?)(?:[\ -](?:only|exclusive))?|premium|paywall(?:ed)?|gift\ article)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_WIRE = re.compile(  # as agencies write them, in capitals and without a space before the title
    r"""(?:
        (?P<update>UPDATE|WRAPUP|REFILE|CORRECTED|RPT)
      | (?P<exclusive>EXCLUSIVE)
      | (?P<breaking>BREAKING)
      | (?P<analysis>ANALYSIS)
      | (?P<explainer>EXPLAINER|FACTBOX)
    )(?:\ \d+)?\ ?-\s*""",
    re.VERBOSE,
)
_SYMBOLS = (  # bullets, arrows, dingbats, emoji, flags
    "\u00b7\u2022\u2023\u203c\u2043\u2049\u20e3\u2190-\u21ff\u2300-\u23ff\u25a0-\u27bf\u2b00-\u2bff"
    "\U0001f000-\U0001faff"
)
_HOUR = r"(?:[01]?\d|2[0-3])"
_MINUTE = r"[0-5]\d(?::[0-5]\d)?(?:\ ?[ap]\.?m\b\.?)?(?:\ (?:GMT|UTC|BST|CET|ET|EDT|EST|PT)\b)?"
_NOISE_BEFORE = re.compile(
    rf"""
        [{_SYMBOLS}]+\s*(?:[|:]\s*|-\s+)?
      | (?:[-*]|>+|\#+|\d\d?\))\s+
      | (?:(?:RT|MT|via)\ )?@\w+\s?:\s+ | (?:RT|MT)\ @\w+\s+
      | {_HOUR}[:.h]{_MINUTE}\s*(?:[|:]|-(?=\s))\s*(?!\d)
      | [\[(]{_HOUR}[:.]{_MINUTE}[\])]\s*
      | 0\d:{_MINUTE}\s+ | {_HOUR}:{_MINUTE}\s+(?=['"]?(?-i:[A-Z\d]|[a-z][A-Z]))
      | (?-i:[A-Z])[\w.,'\ ]{{1,30}}\ \((?-i:AP|Reuters|AFP|UPI)\)\s+-\s+
      | \[\d{{4}}\.\d{{4,5}}(?:v\d+)?\]\s+
    """,
    re.IGNORECASE | re.VERBOSE,
)
_ARXIV = r"(?:\s+(?:updated|cross\ listed))*"
_NOISE_BEHIND = re.compile(
    rf"""(?:
        \s*[{_SYMBOLS}]+
      | (?:\s+\#\w+){{2,}}
      | \s+https?://\S+
      | \s+(?:[-|]\s|\()?(?:via|h/t)\ @\w+\)?
      | \.?\s+\(?arxiv:\d{{4}}\.\d{{4,5}}(?:v\d+)?(?:\s*\[[\w.\ -]+\])?{_ARXIV}\)?
      | \s+\[(?:cs|math|stat|econ|eess|physics|astro-ph|cond-mat|quant-ph|q-bio|q-fin)(?:\.[\w-]+)?\]{_ARXIV}
      | \s+\[u\]
    )\Z""",
    re.IGNORECASE | re.VERBOSE,
)
_LIVE_BEHIND = re.compile(r"\s?[,:]\ live(?:\ updates?|\ ?blog)?\Z", re.IGNORECASE)
_BRACKETS_BEFORE = re.compile(r"[\[(]([^\[\]()]{2,40})[\])]\s*(?:[:|]\s*|-\s+)?")
_BRACKETS_BEHIND = re.compile(r"\s*[\[(]([^\[\]()]{2,40})[\])]\Z")
_TWO_WORDS = re.compile(r"[^\W\d_]\S*\s(?:.*\s)?\S*[^\W\d_]|[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]{4}")
_SECTION_WORDS = frozenset(
    """the and top latest today today's daily weekly morning evening all more our breaking live world us u.s. uk local
    national international business money markets sport sports politics health science tech technology entertainment
    culture opinion video videos news stories headlines updates update briefing roundup digest letters corrections
    newsletter quiz podcast home page watch listen photos analysis exclusive premium subscribers only""".split()
)
_MAX_SECTION_LENGTH = 80  # characters of a title that is only the name of a section or outlet
_MAX_BEHIND = 300  # characters of the end in which a decoration is looked for


class Undecorated(NamedTuple):
    """A title without its decorations. `labels`: the removed labels, as `FORMS` and the like name them."""

    core: str
    labels: frozenset[str] = frozenset()

    def cut(self, length: int) -> Undecorated:
        """Return the same with at most `length` characters of the core."""
        return self if len(self.core) <= length else self._replace(core=self.core[:length])


def undecorated(text: str, source: str | None = None, outlets: Outlets = NO_OUTLETS) -> Undecorated:
    """Return the core of a normalized title; doing so twice removes nothing more.

    `source`: the row's outlet, by name or site. `outlets`: other outlets, see `outlets_of`. At least two words
    always stay, and so do titles that are only a label, a section or an outlet.
    """
    if not _may_be_decorated(text):
        return Undecorated(text)
    strip = _Stripping(text, source, outlets)
    while strip.before() or strip.behind():
        pass
    return Undecorated(text[strip.start : strip.end], frozenset(strip.labels)) if strip.done else Undecorated(text)


def _may_be_decorated(text: str) -> bool:
    """Whether `text` has what every decorated title has; quicker than the patterns."""
    if ":" in text or " - " in text or "|" in text or "]" in text or not text.isascii():
        return True
    if not text:
        return False
    if not text[0].isalnum() or text[-1] == ")" or "#" in text or " @" in text or ", live" in text.casefold():
        return True
    return text[:3].isupper() or text[0].isdigit()


def undecorated_all(texts: Sequence[str], sources: Sequence[str | None], outlets: Outlets) -> list[Undecorated]:
    """Return the cores of the normalized titles of one input, (n,)."""
    return [undecorated(text, source, outlets) for text, source in zip(texts, sources, strict=True)]


def _has_noise(end: str) -> bool:
    """Whether the end of a title has what all of `_NOISE_BEHIND` has; quicker than the pattern."""
    return not end.isascii() or "#" in end or "@" in end or "://" in end or "]" in end or "arxiv:" in end.casefold()


class _Stripping:
    """A title whose core shrinks to `text[start:end]`; each step takes one decoration, or none."""

    def __init__(self, text: str, source: str | None, outlets: Outlets) -> None:
        self.text, self.source, self.outlets = text, source, outlets
        self.start, self.end = 0, len(text)
        self.labels = set[str]()
        self.done = False

    def before(self) -> bool:
        """Remove one decoration from the front, and return whether there was one."""
        text, start, end = self.text, self.start, self.end
        if noise := _NOISE_BEFORE.match(text, start, end):
            return self._cut(noise.end(), end)
        if wire := _WIRE.match(text, start, end):
            return self._cut(wire.end(), end, wire.lastgroup)
        if brackets := _BRACKETS_BEFORE.match(text, start, end):
            return self._cut_mark(brackets[1], brackets.end(), end)
        separator = separator_before(text, start, end)
        return separator is not None and self._cut_mark(text[start : separator.start()], separator.end(), end)

    def behind(self) -> bool:
        """Remove one decoration from the end, and return whether there was one."""
        text, start, end = self.text, max(self.start, self.end - _MAX_BEHIND), self.end
        if _has_noise(text[start:end]) and (noise := _NOISE_BEHIND.search(text, start, end)):
            return self._cut(self.start, noise.start())
        start = max(self.start, end - MAX_MARK_LENGTH)
        if "live" in text[start:end].casefold() and (live := _LIVE_BEHIND.search(text, start, end)):
            return self._cut(self.start, live.start(), "live")
        if text.endswith((")", "]"), start, end) and (brackets := _BRACKETS_BEHIND.search(text, start, end)):
            return self._cut_mark(brackets[1], self.start, brackets.start())
        separator = separator_behind(text, self.start, end)
        if separator is None:
            return False
        return self._cut_mark(text[separator.end() : end], self.start, separator.start(), behind=True)

    def _cut_mark(self, mark: str, start: int, end: int, *, behind: bool = False) -> bool:
        """Cut to these places if the mark that they leave out is a label or an outlet."""
        mark = mark.strip()
        if label := _LABEL.fullmatch(mark):
            return self._cut(start, end, label.lastgroup)
        return is_outlet(mark, self.source, self.outlets, behind=behind) and self._cut(start, end)

    def _cut(self, start: int, end: int, label: str | None = None) -> bool:
        """Cut to these places, without white space, unless nothing of substance would be left."""
        text = self.text
        while end > start and text[end - 1].isspace():
            end -= 1
        while start < end and text[start].isspace():
            start += 1
        if not self._has_substance(text[start : min(end, start + _MAX_BEHIND)]):
            return False
        self.start, self.end, self.done = start, end, True
        self.labels |= {label} if label else set()
        return True

    def _has_substance(self, rest: str) -> bool:
        if not _TWO_WORDS.search(rest):
            return False
        if len(rest) > _MAX_SECTION_LENGTH:
            return True
        words = re.sub(r"[^\w\s.']", " ", rest.casefold()).split()
        return not _SECTION_WORDS.issuperset(words) and not is_outlet(rest, self.source, self.outlets, behind=True)
