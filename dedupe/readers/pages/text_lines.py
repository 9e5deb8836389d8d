"""A page as text -> its lines: bare of bullets, ranks and Markdown, each with its kind."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dedupe.readers.pages.frames import title_before_sentence
from dedupe.readers.pages.lines import is_dateline, kind_of, without_bullet
from dedupe.readers.pages.words import count_words, is_capitalised

_LINE_END = re.compile(r"\r\n|\r|\n")
_RANK = re.compile(r"^\(?#?\d{1,3}[.)]\s+(?=\S)")
_HEADING = re.compile(r"^#{1,6}\s+(?=\S)")
_LINK = re.compile(r"\[([^\[\]]{1,400})\]\((https?://[^\s()]{1,2000})(?: \"[^\"]{0,300}\")?\)")
_MARKS = re.compile(r"^(\*\*|__|\*|_)(?=\S)(.{1,400}?)\1$")
_GAP = re.compile(r"\s{2,}|\t")
_MIN_GAPPED = 3  # parts of a line, with wide gaps between, that are a menu
_MAX_GAPPED = 400  # characters that are looked at for gaps
_MIN_MENU = 4  # short lines in a row, without anything else between them
_MENU_WORDS = 5
_SEEN_OFTEN = 3  # times; a short line that a page repeats so often is of its frame
_NUMBER = re.compile(r"^(\d{1,3})\s+(?=\S)")
_MIN_COUNTED = 3  # lines
_MAX_BETWEEN = 4  # lines from one number to the next
_MIN_DATELINES = 3
_NOTICE_WORDS = 7
_FRAME = ("button", "menu")
_ALL_SHORT = ("short", "button", "menu")


@dataclass(slots=True)
class Line:
    """A line that is not blank. `kind`: as `kind_of` says, then as the lines around it say. `number`: from 1.

    `marked`: whether Markdown says that it is a heading or a link. `split`: whether a sentence stood behind it.
    """

    text: str
    number: int
    kind: str
    marked: bool = False
    split: bool = False
    url: str | None = None


def lines_of(text: str) -> list[Line]:
    """Return the lines of a text that are not blank, each with its kind by its own look and by the menus around it."""
    lines = []
    for number, raw in enumerate(_LINE_END.split(text), 1):
        stripped = raw.strip().strip("\ufeff\u200b").strip()
        if stripped:
            lines.append(_line(stripped, number))
    _strip_counted(lines)
    _split_sentences(lines)
    _mark_datelines(lines)
    _mark_repeated(lines)
    _mark_menus(lines)
    _rescue_short(lines)
    _mark_isolated(lines)
    return lines


def _line(text: str, number: int) -> Line:
    parts = len(_GAP.split(text[:_MAX_GAPPED]))
    text = " ".join(text.split())
    if parts >= _MIN_GAPPED and count_words(text[:_MAX_GAPPED]) <= _MENU_WORDS * parts:
        return Line(text, number, "menu")
    heading = _HEADING.match(text)
    bare = text[heading.end() :].rstrip("# ") if heading else text
    bare = _RANK.sub("", without_bullet(bare)) or bare
    link = _LINK.fullmatch(bare)
    bare = _LINK.sub(r"\1", bare)
    if mark := _MARKS.match(bare):
        bare = mark[2]
    kind = kind_of(bare)
    marked = link is not None or heading is not None
    if marked and kind in ("prose", "cut", "name") and (link is not None or len(bare) < 200):
        kind = "title"
    return Line(bare, number, kind, marked, url=link[2] if link else None)


def _strip_counted(lines: Sequence[Line]) -> None:
    """Strip numbers that count up from 1 from line to line, with few lines between."""
    counted: list[Line] = []
    place = 0
    for k, line in enumerate(lines):
        match = _NUMBER.match(line.text)
        if match and int(match[1]) == len(counted) + 1 and (not counted or k - place <= _MAX_BETWEEN):
            counted.append(line)
            place = k
        elif match or k - place > _MAX_BETWEEN or k == len(lines) - 1:
            _strip_numbers(counted)
            counted = [line] if match and int(match[1]) == 1 else []
            place = k
    _strip_numbers(counted)


def _strip_numbers(counted: Sequence[Line]) -> None:
    if len(counted) >= _MIN_COUNTED:
        for line in counted:
            line.text = _NUMBER.sub("", line.text)
            line.kind = kind_of(line.text)


def _split_sentences(lines: list[Line]) -> None:
    """Leave of lines such as "1. Title - a whole sentence." the title, where a page has several."""
    titles = {
        k: title for k, line in enumerate(lines) if line.kind == "prose" and (title := title_before_sentence(line.text))
    }
    if len(titles) >= 3 and len(titles) >= 0.5 * sum(line.kind == "prose" for line in lines):
        for k, title in titles.items():
            lines[k].text, lines[k].kind, lines[k].split = title, "title", True


def _mark_datelines(lines: Sequence[Line]) -> None:
    """Mark lines such as "5 hours ago in Politics", where a page has several."""
    datelines = [line for line in lines if line.kind in ("title", "short") and is_dateline(line.text)]
    if len(datelines) >= _MIN_DATELINES:
        for line in datelines:
            line.kind = "meta"


def _mark_repeated(lines: Sequence[Line]) -> None:
    times = Counter(line.text for line in lines)
    for line in lines:
        if line.kind != "meta" and times[line.text] >= _SEEN_OFTEN and count_words(line.text) <= _MENU_WORDS:
            line.kind = "menu"


def _mark_menus(lines: Sequence[Line]) -> None:
    """Mark the lines of menus: several in a row that are short, or names of a few capitalised words."""
    start = 0
    while start < len(lines):
        end = start
        while end < len(lines) and _may_be_menu(lines[end]):
            end += 1
        if end - start >= _MIN_MENU:
            for line in lines[start:end]:
                line.kind = "menu"
        start = max(end, start + 1)


def _may_be_menu(line: Line) -> bool:
    if line.marked:
        return False
    return line.kind in _ALL_SHORT or (
        line.kind in ("title", "name") and is_capitalised(line.text) and count_words(line.text) <= _MENU_WORDS
    )


def _rescue_short(lines: Sequence[Line]) -> None:
    """Take short lines among titles as titles, where they read as a phrase and not as a name."""
    for k, line in enumerate(lines):
        if line.kind == "short" and (line.marked or (not is_capitalised(line.text) and count_words(line.text) > 1)):
            before, after = (lines[n].kind if 0 <= n < len(lines) else "" for n in (k - 1, k + 1))
            if after in ("title", "prose", "cut") and before in ("title", "prose", "cut", "marker", "meta"):
                line.kind = "title"


def _mark_isolated(lines: Sequence[Line]) -> None:
    """Mark short titles in the midst of the page's frame: notices, and entries of menus."""
    kinds = ["", "", *(line.kind for line in lines), "", ""]
    for k, line in enumerate(lines):
        around = kinds[k : k + 2] + kinds[k + 3 : k + 5]
        in_frame = all(kind in _FRAME for kind in around)
        if line.kind == "title" and in_frame and not line.marked and count_words(line.text) <= _NOTICE_WORDS:
            line.kind = "menu"
