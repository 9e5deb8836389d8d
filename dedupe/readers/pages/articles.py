"""The running text of a page's own article: its title stays, its subheads and captions are no headlines."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from dedupe.readers.pages.text_lines import Line
from dedupe.readers.pages.words import count_words, is_capitalised

_MIN_PARAGRAPHS = 2  # in a row; a teaser has one
_MIN_RECORDS = 3  # titles with one paragraph each, one after another, that are a list also behind an article
_TEASER_LENGTH = 0.8  # of the length of the article's paragraphs, which teasers behind it do not exceed
_BREAKS = ("marker", "menu")
_SECTION_WORDS = 5


@dataclass(slots=True)
class _Run:
    """Lines of one kind in a row, but for dates, captions and buttons between them: "title", "prose", "cut" or "break"."""

    kind: str
    lines: list[Line]


def mark_articles(lines: Sequence[Line]) -> None:
    """Mark the titles of an article that are none, as "subhead", and names of sections above it as "menu"."""
    runs = _runs(lines)
    inside: list[Line] = []  # the paragraphs of the article that is being read
    for k, run in enumerate(runs):
        if run.kind == "break" or run.kind == "cut":
            inside = []
        elif run.kind == "prose":
            if len(run.lines) >= _MIN_PARAGRAPHS:
                if not inside:
                    _mark_above(_above(lines, run.lines[0]), first=k < 2)
                inside = inside + run.lines
        elif inside:
            after = runs[k + 1].kind if k + 1 < len(runs) else ""
            if len(run.lines) > 1 or after == "cut" or _starts_list(runs, k, inside):
                inside = []
            else:
                run.lines[0].kind = "subhead"


def _runs(lines: Sequence[Line]) -> list[_Run]:
    def kind(line: Line) -> str:
        return "break" if line.kind in _BREAKS else line.kind

    seen = [line for line in lines if line.kind in ("title", "prose", "cut", *_BREAKS)]
    return [_Run(name, list(run)) for name, run in groupby(seen, kind)]


def _starts_list(runs: Sequence[_Run], k: int, paragraphs: Sequence[Line]) -> bool:
    """Whether titles with one shorter paragraph each follow from run k on."""
    following = runs[k : k + 2 * _MIN_RECORDS]
    if len(following) < 2 * _MIN_RECORDS or any(
        len(run.lines) > 1 or run.kind in ("break", "cut") for run in following
    ):
        return False
    usual = sum(len(line.text) for line in paragraphs) / len(paragraphs)
    return all(len(run.lines[0].text) <= _TEASER_LENGTH * usual for run in following[1::2])


def _above(lines: Sequence[Line], paragraph: Line) -> list[Line]:
    """The lines above an article, up to other text or a list with a heading."""
    end = bisect_left(lines, paragraph.number, key=lambda line: line.number)
    start = end
    while start and lines[start - 1].kind not in ("prose", "cut", "marker"):
        start -= 1
    return list(lines[start:end])


def _mark_above(above: Sequence[Line], first: bool) -> None:
    """Of the lines above an article, mark its title, the names of sections, and what follows the only title."""
    titles = [line for line in above if line.kind == "title"]
    named = [line for line in titles if is_capitalised(line.text) and count_words(line.text) <= _SECTION_WORDS]
    others = [line for line in titles if line not in named]
    short = [line for line in above if line.kind == "short" and count_words(line.text) > 1]
    phrases = [line for line in short if not is_capitalised(line.text)]
    own = (others or phrases or named or short)[-1:]
    for line in named:
        if own and line is not own[0] and line.number < own[0].number:
            line.kind = "menu"
    for line in own:
        line.kind = "title"
    if first and len(others) == 2 and not any(line.marked for line in others):
        others[1].kind = "subhead"
