"""A scraped news page as text -> its headlines.

A page has its own headline and article, then lists of items: a title, often a reworded title, then a teaser. The lists
start at a line such as "You May Also Like". Of the article before them only the headline counts. A page without an article,
such as a section front, is one list. In a list each line is judged by its look: a title has several words and no full
stop; a teaser ends a sentence or is cut by an ellipsis.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
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
_HTML = re.compile(  # `(?>` gives back nothing: comments cannot be split in several ways
    r"(?>\s+|<\?xml[^>]*>|<!--.*?-->)*+<(!doctype html|html|head|body|div|article|main|section|ul|ol|h1)\b", re.I | re.S
)
_SAMPLE = 5000  # characters in which a page's first tag is looked for
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
_MIN_WORDS = 4  # a shorter line is a section's name, a button or a place, unless the next line says otherwise
_MAX_LENGTH = 220  # characters; longer lines are prose
_END = 60  # characters of a line that show how it ends
_MIN_PROSE = 60  # characters; shorter lines with a full stop may be titles
_MAX_MENU_WORDS = 6
_CUT = ("…", "...")


def looks_like_page(text: str) -> bool:
    """Return whether text, not HTML, is a page and not a list of titles: it has a list marker, or teasers among titles."""
    lines = _lines(text)
    prose = sum(map(_is_prose, lines))
    cut = sum(line.endswith(_CUT) for line in lines)
    if len(lines) < 3 or not prose + cut:
        return False
    if any(map(_starts_list, lines)) and max(prose, cut) >= 0.1 * len(lines):
        return True
    paragraphs = sum(len(line) > 140 and line.endswith(".") for line in lines)
    return cut + paragraphs >= max(0.15 * len(lines), 2) and re.search(r"\n\s*\n", text.strip()) is not None


def looks_like_html(text: str) -> bool:
    """Return whether this is HTML, by its first tags."""
    return _HTML.match(text[:_SAMPLE].lstrip("\ufeff")) is not None


def titles_of_text(text: str) -> list[str]:
    """Return the headlines of a page's text in order, each without its bullet or rank."""
    lines = _lines(text)
    first = next((k for k, line in enumerate(lines) if _starts_list(line)), len(lines))
    if not _has_article(lines[:first]):
        return _titles(lines)
    return _article_title(lines[:first]) + _titles(lines[first:])


def _lines(text: str) -> list[str]:
    stripped = (line.strip().strip("\ufeff") for line in re.split(r"\r\n|\r|\n", text))
    return [_BULLET.sub("", line) for line in stripped if line]


def _has_article(lines: Sequence[str]) -> bool:
    """Whether there are two paragraphs in a row, or three long ones: a list item has one teaser, cut or short."""
    paragraphs = [line if len(line) > 80 and _is_prose(line) and not line.endswith(_CUT) else "" for line in lines]
    in_a_row = any(first and second for first, second in pairwise(paragraphs))
    return in_a_row or sum(len(paragraph) > 120 for paragraph in paragraphs) >= 3


def _article_title(lines: Sequence[str]) -> list[str]:
    """The first title before the article's text that is no menu, or else the line nearest to the text."""
    start = next(k for k, line in enumerate(lines) if len(line) > 80 and _is_prose(line))
    before = [line for line in lines[:start] if len(line.split()) > 1 and not _is_other(line)]
    return [line for line in before if is_title(line) and not _is_menu(line)][:1] or before[-1:]


def _is_menu(line: str) -> bool:
    words = re.findall(r"[^\W_]\S*", line)
    return len(words) <= _MAX_MENU_WORDS and all(w[0].isupper() for w in words) and not re.search(r"[\d?!:,’']", line)


def _titles(lines: Sequence[str]) -> list[str]:
    return [line for k, line in enumerate(lines) if is_title(line) or _is_short_title(lines, k)]


def is_title(line: str) -> bool:
    """Return whether a line of a list reads as a headline: several words, no full stop, no credit, date or button."""
    return len(line.split()) >= _MIN_WORDS and len(line) <= _MAX_LENGTH and not _is_other(line)


def _starts_list(line: str) -> bool:
    return len(line) <= _MAX_LENGTH and _LIST.fullmatch(line) is not None


def _is_other(line: str) -> bool:
    if len(line) > _MAX_LENGTH:  # longer lines are told by their end alone: the patterns take the square of a length
        return _ends_as_teaser(line)
    is_chrome = any(pattern.fullmatch(line) for pattern in (_LIST, _CHROME, _DATE))
    return is_chrome or _NOT_TITLE.search(line) is not None or _ends_as_teaser(line)


def _is_prose(line: str) -> bool:
    return len(line) > _MIN_PROSE and _ends_as_teaser(line)


def _ends_as_teaser(line: str) -> bool:
    end = line[-_END:]
    return bool(_TEASER.search(end)) and not _ABBREVIATION.search(end)


def _is_short_title(lines: Sequence[str], k: int) -> bool:
    """Whether line k has three words and the place of a title: after an item, and before a teaser or a rewording."""
    line, after = lines[k], lines[k + 1] if k + 1 < len(lines) else ""
    if len(line.split()) != _MIN_WORDS - 1 or _is_other(line):
        return False
    if k and not (_starts_list(lines[k - 1]) or _TEASER.search(lines[k - 1][-_END:])):
        return False
    return _is_prose(after) or (is_title(after) and not _long_words(line).isdisjoint(_long_words(after)))


def _long_words(line: str) -> set[str]:
    return {word.casefold() for word in re.findall(r"\w{4,}", line)}
