"""A scraped news page as text -> its headlines.

A page has its own headline and article, then lists of items: a title, often a reworded title, then a teaser. The lists
begin at a line such as "You May Also Like"; of an article before it only the headline counts, not its captions. A page
without an article, such as a section front, is one list. Inside a list each line is taken for what it looks like: a
title has some words and no full stop, a teaser is cut by an ellipsis or ends a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

_LIST = re.compile(
    r"\W*(you (may|might) (also )?(like|enjoy)|recommended( (for you|stories|reading|videos?|articles))?"
    r"|related( (stories|articles|content|news|coverage|posts|links|reading))?"
    r"|more (from|on|in)( [\w.'’&-]+){1,4}|more (stories|news|headlines|top stories)( [\w.'’&-]+){0,3}"
    r"|trending( (now|stories|news|today))?|most (read|popular|viewed|shared)( [\w.'’&-]+){0,3}"
    r"|popular( (now|stories|posts))?|up next|(what to )?read (next|more|also)"
    r"|suggested( (for you|stories|articles|reading))?|(top|latest) (stories|news|headlines|articles)|latest"
    r"|editors?['’]?s?['’]? picks|(from )?around the web|don['’]t miss|also on( [\w.'’&-]+){1,4}"
    r"|in case you missed it|other stories|keep reading)\W*",
    re.IGNORECASE,
)
_CHROME = re.compile(
    r"\W*(share( and follow| this( article| story| page)?)?|follow( us)?( on \w+)?|home( page)?|sections?|menu|search"
    r"|log ?(in|out)|sign ?(in|up|out)( .{1,30})?|subscribe( .{1,30})?|advertisement|sponsored( .{1,20})?|skip to .*"
    r"|newsletters?|(\d+ )?comments?|print|e-?mail|facebook|twitter|x|whatsapp|copy link"
    r"|(read|see|view|load|show) (more|all|full story|the full story|comments)"
    r"( (about|on|of)? ?(this|the|our|all) .*| \w+)?"
    r"|read (more|also|next): .*|continue reading.*|click here .*|(privacy|cookie) (policy|notice|settings).*"
    r"|terms (of|and) (the )?(use|service|conditions)\b.*|©.*|copyright (©|\d|by).*|(about|contact) us"
    r"|advertise with .*"
    r"|photos?|videos?|live tv|watch live|listen( live)?|https?://\S+"
    r"|(\d+|an?) (minute|min|hour|hr|day|week)s? (read|ago)\b.{0,30})\W*",
    re.IGNORECASE,
)
_MONTH = r"(jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
_NOT_TITLE = re.compile(
    r"^by (?-i:[A-Z])[\w.'’-]*( (?-i:[A-Z])[\w.'’-]*){1,3}(\W.{0,40})?$"
    r"|^posted:|^(updated|published|last updated|modified)( on| at)?:? (\d|"
    + _MONTH
    + r" \d|(mon|tue|wed|thu|fri|sat|sun))"
    r"|^(photo(graph)?s?|image( credit)?|credit|file( photo)?|picture)( by\b|:)|^(via|source):?( \S+){1,3}$"
    r"|^gambling (content|problem)|^\(.*\)$|^(mon|tues|wednes|thurs|fri|satur|sun)day,? (\d{1,2} )?"
    + _MONTH
    + r"\b.{0,25}$"
    r"|\b(affiliate (commission|links?)|may (receive|earn) (an? |us )?(\w+ )?commission"
    r"|contributed to this report|via ap\)"
    r"|getty images|ap photo|all rights reserved)",
    re.IGNORECASE,
)
_DATE = re.compile(
    rf"\W*({_MONTH} \d{{1,2}},? \d{{4}}|\d{{1,2}} {_MONTH},? \d{{4}}|\d{{1,4}}[/.-]\d{{1,2}}[/.-]\d{{1,4}})\b.{{0,25}}",
    re.I,
)
_TEASER = re.compile(r"(…|\.\.\.|[.;:,]|\[…\])[\"'”’)\]]*$")
_ABBREVIATION = re.compile(
    r"(\b([A-Za-z]\.){2,}|\b[A-Z]\.|\b(Jr|Sr|Inc|Co|Corp|Ltd|St|Dr|No|vs|Minn|Calif|Fla|Ga|Mich|Pa|Va|Wis|Tenn|Conn|Colo|Okla|Ariz)\.)[\"'”’)]*$"
)
_BULLET = re.compile(r"^([•▪●·*►»–-]|\d{1,2}[.)])\s+")
_WORDS = 4  # a line with fewer is a section's name, a button or a place, unless what follows says otherwise
_LONGEST = 220  # characters; longer lines are prose
_SENTENCE = 60  # characters; shorter ones may be titles that end in a full stop
_MENU = 6  # words


def looks_like_page(text: str) -> bool:
    """Whether text that is not HTML is a page rather than a list of titles: a list marker, or titles among teasers."""
    lines = _lines(text)
    prose = sum(_is_prose(line) for line in lines)
    cut = sum(line.endswith(("…", "...")) for line in lines)
    if len(lines) < 3 or not prose + cut:
        return False
    if any(_LIST.fullmatch(line) for line in lines) and max(prose, cut) >= 0.1 * len(lines):
        return True
    paragraphs = sum(len(line) > 140 and line.endswith(".") for line in lines)
    return cut + paragraphs >= max(0.15 * len(lines), 2) and re.search(r"\n\s*\n", text.strip()) is not None


def looks_like_html(text: str) -> bool:
    """Whether this is HTML, by its first tags."""
    tags = r"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype html|html|head|body|div|article|main|section|ul|ol|h1)\b"
    return re.match(tags, text[:5000].lstrip("\ufeff"), re.I | re.S) is not None


def titles_of_text(text: str) -> list[str]:
    """Return the headlines of a page's text, in order, each line as it stands but for a bullet or rank."""
    lines = _lines(text)
    first = next((k for k, line in enumerate(lines) if _LIST.fullmatch(line)), len(lines))
    head, rest = lines[:first], lines[first:]
    if not _has_article(head):
        return list(_titles(lines))
    own = _own_title(head)
    return ([own] if own else []) + list(_titles(rest))


def _lines(text: str) -> list[str]:
    stripped = (line.strip().strip("\ufeff") for line in re.split(r"\r\n|\r|\n", text))
    return [_BULLET.sub("", line) for line in stripped if line]


def _has_article(lines: Sequence[str]) -> bool:
    """Two paragraphs in a row, or three in all: items have one teaser each, cut or short."""
    paragraphs = [len(line) > 80 and _is_prose(line) and not line.endswith(("…", "...")) for line in lines]
    row = any(one and two for one, two in pairwise(paragraphs))
    long = sum(one and len(line) > 120 for one, line in zip(paragraphs, lines, strict=True))
    return row or long >= 3


def _own_title(lines: Sequence[str]) -> str | None:
    """The article's headline: the first title before its text that is no menu, or else the line nearest to it."""
    prose = next(k for k, line in enumerate(lines) if len(line) > 80 and _is_prose(line))
    before = [line for line in lines[:prose] if len(line.split()) > 1 and not _is_other(line)]
    clear = (line for line in before if is_title(line) and not _is_menu(line))
    return next(clear, before[-1] if before else None)


def _is_menu(line: str) -> bool:
    words = re.findall(r"[^\W_]\S*", line)
    return len(words) <= _MENU and all(word[0].isupper() for word in words) and not re.search(r"[\d?!:,’']", line)


def _is_prose(line: str) -> bool:
    return len(line) > _SENTENCE and bool(_TEASER.search(line)) and not _ABBREVIATION.search(line)


def _titles(lines: Sequence[str]) -> Iterator[str]:
    for k, line in enumerate(lines):
        if is_title(line) or (_short(line) and _begins_item(lines, k)):
            yield line


def is_title(line: str) -> bool:
    """Whether a line of a list reads as a headline: some words, no full stop, no credit, date, button or disclaimer."""
    return len(line.split()) >= _WORDS and len(line) <= _LONGEST and not _is_other(line)


def _is_other(line: str) -> bool:
    if any(pattern.fullmatch(line) for pattern in (_LIST, _CHROME, _DATE)) or _NOT_TITLE.search(line):
        return True
    return bool(_TEASER.search(line)) and not _ABBREVIATION.search(line)


def _short(line: str) -> bool:
    return len(line.split()) == _WORDS - 1 and not _is_other(line)


def _begins_item(lines: Sequence[str], k: int) -> bool:
    """Whether a line of three words stands where a title does: after an item, and before a teaser or a rewording."""
    after = lines[k + 1] if k + 1 < len(lines) else ""
    if k and not (_LIST.fullmatch(lines[k - 1]) or _TEASER.search(lines[k - 1])):
        return False
    return _is_prose(after) or (is_title(after) and bool(_words(lines[k : k + 1]) & _words([after])))


def _words(lines: Iterable[str]) -> set[str]:
    return {word.casefold() for line in lines for word in re.findall(r"\w{4,}", line)}
