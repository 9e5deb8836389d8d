"""What is written around every title of a list: ranks, labels, outlets, buttons, a sentence behind it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

from dedupe.readers.pages.lines import ends_cut, is_prose
from dedupe.readers.pages.words import count_words

_RANK = re.compile(r"^\(?#?(\d{1,3})(?:[.):]+\s*|\s+)(?=\S)")
_WRITTEN_RANK = re.compile(r"^\(?#?(\d{1,3})[.)]\s+(?=\S)")
_NAME = r"[A-Z0-9][\w.'’&-]*"
_OUTLET = re.compile(
    rf" (?:[-–—|•·] ((?:{_NAME}|of|the|and)(?: (?:{_NAME}|of|the|and|&)){{0,4}})"
    rf"|\(((?:[\w-]+\.)+[a-z]{{2,}}(?:/\S*)?)\)|\(({_NAME}(?: {_NAME}){{0,3}})\))$"
)
_LABEL = re.compile(r"^[A-Z][A-Z ]{2,20} : (?=\S)")
_MARKS = re.compile(
    r"^(?:play|videos?|watch|live|gallery|photos?|pictures|audio|listen|podcast|slideshow|quiz|new|exclusive|updated)\s+(?=[A-Z\d'\"‘“])",
    re.IGNORECASE,
)
_DURATION = re.compile(r"(?<! at| by| to)(?<! from)\s+\d{1,2}:\d\d$")
_BUTTON = re.compile(r"\s+(?:\[?(?:full story|read more|read the full story|continue reading)\]?)\s*[»›>→.…]*$", re.I)
_BEHIND = re.compile(r" [-–—:|] ")
_MIN_FRAMED = 3  # lines with one frame, before it is one
_MIN_SHARE = 0.4  # of all titles


def without_ranks(titles: Sequence[str]) -> list[str]:
    """Return titles without the ranks before them: written as ranks, or numbers that count up from title to title."""
    numbers = [_RANK.match(title) for title in titles]
    counts_up = sum(bool(a and b and int(b[1]) in (int(a[1]) + 1, 1)) for a, b in pairwise(numbers))
    pattern = _RANK if counts_up >= max(2, 0.5 * (len(titles) - 1)) else _WRITTEN_RANK
    return [pattern.sub("", title) for title in titles]


def without_outlets(titles: Sequence[str]) -> list[tuple[str, str | None]]:
    """Return each title and the outlet behind it, where most titles of a page name one; else the titles as they are."""
    ends = [_OUTLET.search(title) for title in titles]
    named = [end for end in ends if end and not end[3]]
    if len(named) < max(_MIN_FRAMED, _MIN_SHARE * len(titles)):
        return [(title, None) for title in titles]
    return [
        (title[: end.start()], end[1] or end[2] or end[3])
        if end and count_words(title[: end.start()]) > 1
        else (title, None)
        for title, end in zip(titles, ends, strict=True)
    ]


def without_marks(titles: Sequence[str]) -> list[str]:
    """Return titles without marks of their form, such as "VIDEO" before them and how long it takes, where several have one."""
    marked = Counter(match[0] for title in titles if (match := _MARKS.match(title)))
    marks = {mark for mark, times in marked.items() if times >= _MIN_FRAMED and not mark.istitle()}
    bare = [_MARKS.sub("", title) if (m := _MARKS.match(title)) and m[0] in marks else title for title in titles]
    return [_DURATION.sub("", title) for title in bare]


def without_label(title: str) -> str:
    """Return a title without a label that is set off by spaces on both sides of a colon, and without a button behind it."""
    return _BUTTON.sub("", _LABEL.sub("", title))


def title_before_sentence(line: str) -> str | None:
    """Return the title of a line such as "Title - a whole sentence.", None for other lines."""
    for match in _BEHIND.finditer(line[:300]):
        title, rest = line[: match.start()], line[match.end() :]
        if count_words(title) > 1 and count_words(rest) > 7 and is_prose(rest):
            return title
    return None


def without_cut(titles: Iterable[str]) -> list[str]:
    """Return titles without those that are cut, and whole elsewhere among them."""
    kept = list(titles)
    ordered = sorted(kept)
    cut = set()
    for title in kept:
        start = title.rstrip(".… ")
        if start != title and ends_cut(title):
            k = bisect_left(ordered, start)
            near = (other for other in ordered[k : k + 2] if other != title)
            cut |= {title for other in near if other.startswith(start)}
    return [title for title in kept if title not in cut]
