"""Dates that an HTML page shows as text, and the records of its headlines that they stand beside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from dedupe.dates import read_date, time_ago
from dedupe.readers.pages.dates import date_in
from dedupe.readers.pages.lines import is_meta
from dedupe.readers.pages.patterns import HAS_TIME
from dedupe.readers.pages.pieces import Piece, clean, upwards

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_MAX_LENGTH = 100  # characters of a line that says when
_MAX_BESIDE = 2000  # elements of one parent
_MIN_PAIRS, _MIN_SHARE = 2, 0.5  # of headlines with a date beside them; one alone may be that of something else
LEVELS = 6  # of elements around a headline

Records = Mapping[int, set[str | int]]
"""The records in each element, by its number."""


def shown_dates(tree: LexborHTMLParser) -> Iterator[tuple[LexborNode, str]]:
    """Yield the elements whose own text only says when something was published, each with the date as it is written."""
    if tree.body is None:
        return
    for node in tree.body.traverse(include_text=True):
        if node.tag == "-text" and node.parent is not None:
            text = clean(node.text(deep=False))
            if len(text) <= _MAX_LENGTH and HAS_TIME.search(text) and is_meta(text) and (date := date_in(text)):
                yield node.parent, date


def last_shown(tree: LexborHTMLParser) -> datetime | None:
    """Return the last moment at which the page was shown, by elements with a date that say "5 h ago"; None without any."""
    moments = []
    for node in tree.css("time[datetime]"):
        when, ago = read_date(node.attributes.get("datetime")).when, time_ago(clean(node.text()))
        if when and ago and not ago.to_day:
            moments.append(when + ago.span)
    return max(moments, default=None)


def beside(pieces: Iterable[Piece], records: Records, dates: Mapping[int, str]) -> dict[int, str]:
    """Return the date beside the record of each headline, by its place: where dates and records take turns."""
    found: dict[int, str] = {}
    known: dict[int, dict[int, str]] = {}
    for piece in pieces:
        for element in upwards(piece.node, LEVELS):
            parent = element.parent
            if parent is None or len(records.get(element.mem_id, ())) > 1:
                break
            if len(records.get(parent.mem_id, ())) > 1:
                if parent.mem_id not in known:
                    known[parent.mem_id] = _turns(parent, records, dates)
                if element.mem_id in known[parent.mem_id]:
                    found[piece.place] = known[parent.mem_id][element.mem_id]
                break
    return found


def _turns(parent: LexborNode, records: Records, dates: Mapping[int, str]) -> dict[int, str]:
    """The date next to each child with a headline, by its number: dates stand before all of them or behind all."""
    ids = [child.mem_id for child in islice(parent.iter(), _MAX_BESIDE)]
    turns = [k for k in ids if k in records or k in dates]
    found: dict[int, str] = {}
    date = None
    for k in turns if turns and turns[0] not in records else turns[::-1]:
        if k in records:
            if date and len(records[k]) == 1:
                found[k] = date
            date = None
        else:
            date = dates[k]
    return found if len(found) >= max(_MIN_PAIRS, _MIN_SHARE * sum(k in records for k in turns)) else {}
