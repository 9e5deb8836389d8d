"""A news page as text -> its headlines: the page's own article, and the records of its lists.

A list repeats a record: perhaps a date or section, a title, perhaps a reworded title, perhaps a teaser. An article is
paragraphs one after another, without titles between them but its subheads; lists may come before, inside or after it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from statistics import median

from dedupe.readers.pages.articles import mark_articles
from dedupe.readers.pages.dates import dates_of
from dedupe.readers.pages.found import Found, LeftOut, Reading
from dedupe.readers.pages.frames import without_label, without_marks, without_outlets
from dedupe.readers.pages.lines import kind_of
from dedupe.readers.pages.records import mark_records, records_of
from dedupe.readers.pages.text_lines import Line, lines_of

_WHY = {
    "button": "button or notice",
    "meta": "date or byline",
    "name": "date or byline",
    "caption": "caption or credit",
    "prose": "running text",
    "cut": "teaser",
    "teaser": "teaser",
    "marker": "heading of a list",
    "menu": "menu or section",
    "short": "menu or section",
    "subhead": "subheading or caption",
}
_MIN_PAGE_LINES = 3
_SAMPLE_LINES = 3000
_SAMPLE_LENGTH = 2_000_000  # characters, of which as many lines are looked at
_PARTS = ("button", "meta", "marker", "caption", "cut")


def read_text(text: str) -> Reading:
    """Return the headlines of a page's text in order, each distinct text once."""
    lines = lines_of(text)
    mark_articles(lines)
    mark_records(lines)
    records, dates = records_of(lines), dates_of(lines)
    titles = [line for line in lines if line.kind == "title"]
    texts = without_outlets(without_marks([without_label(line.text) for line in titles]))
    of_line = dict(zip((line.number for line in titles), texts, strict=True))
    found: dict[str, Found] = {}
    section = None
    for line in lines:
        if line.kind in ("marker", "short"):
            section = line.text
        if line.number in of_line:
            title, source = of_line[line.number]
            found.setdefault(
                title,
                Found(title, line.number, records[line.number], line.url, section, dates.get(line.number), source),
            )
    left_out = [LeftOut(line.text, line.number, _WHY[line.kind]) for line in lines if line.kind != "title"]
    return Reading(list(found.values()), left_out, sure=_is_sure(lines))


def looks_like_page(text: str) -> bool:
    """Return whether text, not HTML, is a page and not a list of titles: titles with other kinds of lines between them."""
    lines = lines_of(_start(text))
    counts = Counter(line.kind for line in lines)
    prose = counts["prose"] + counts["cut"]
    frame = counts["menu"] + counts["button"] + counts["short"] + counts["meta"]
    if len(lines) < _MIN_PAGE_LINES:
        return False
    if sum(line.split for line in lines) >= 0.3 * len(lines) or (counts["meta"] >= max(3, 0.1 * len(lines))):
        return True
    if sum(line.marked for line in lines) >= max(3, 0.2 * len(lines)):
        return True
    if not _is_longer(lines):
        return counts["marker"] > 0 and counts["cut"] >= 0.1 * len(lines)
    if prose >= max(2, 0.15 * len(lines)) or (prose >= _MIN_PAGE_LINES and frame >= 0.3 * len(lines)):
        return True
    return counts["marker"] > 0 and prose > 0


def parts_of_page(text: str) -> int:
    """Return how many of the first lines of a list of titles look like parts of a page: buttons, dates, credits, teasers."""
    return sum(kind_of(line) in _PARTS for line in map(str.strip, _start(text).splitlines()) if line)


def _start(text: str) -> str:
    """The first lines of a text, enough to tell what it is."""
    return text[: next(islice((match.end() for match in re.finditer("\n", text)), _SAMPLE_LINES, None), _SAMPLE_LENGTH)]


def _is_longer(lines: Sequence[Line]) -> bool:
    """Whether running text is clearly longer than titles are, or cut; the sentences of a list of titles are not."""
    titles = [len(line.text) for line in lines if line.kind == "title"]
    texts = [len(line.text) for line in lines if line.kind == "prose"]
    cut = sum(line.kind == "cut" for line in lines)
    return cut > len(texts) or not titles or (bool(texts) and median(texts) >= 1.5 * median(titles))


def _is_sure(lines: Sequence[Line]) -> bool:
    """Whether a title stands where titles stand: before running text or a teaser, below a date or in a list with a heading."""
    kinds = ["", *(line.kind for line in lines), ""]
    around = zip(kinds, kinds[1:], kinds[2:], strict=False)
    return any(
        kind == "title" and (after in ("prose", "cut", "teaser") or before in ("marker", "meta"))
        for before, kind, after in around
    ) or any(line.marked or line.split for line in lines)
