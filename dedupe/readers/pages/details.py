"""The date and the source of a record of HTML: those that stand in the largest element around its headline alone.

Where none stands there, a date is looked for beside this element, up to that of the next headline.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from dedupe.readers.pages.pieces import Piece, clean, upwards
from dedupe.readers.pages.shown_dates import LEVELS, Records, beside, shown_dates
from dedupe.readers.pages.words import count_words

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_SOURCES = "[class*=source], [class*=publisher], [class*=outlet]"
_MAX_SOURCE_WORDS = 5


def details_of(tree: LexborHTMLParser, pieces: Iterable[Piece]) -> dict[int, tuple[str | None, str | None]]:
    """Return the date and the source of each piece, by its place; None where its record says none.

    A date is that of an element `time`, or else one that is written; it may stand beside the record.
    """
    pieces = list(pieces)
    records: dict[int, set[str | int]] = defaultdict(set)
    for piece in pieces:
        for element in upwards(piece.node, LEVELS):
            records[element.mem_id].add(piece.href or piece.record)
    stated = _around((node, node.attributes.get("datetime") or "") for node in tree.css("time[datetime]"))
    shown = _around(shown_dates(tree))
    sources = _around((node, _name(node)) for node in tree.css(_SOURCES))
    near = beside(pieces, records, shown) | beside(pieces, records, stated)

    def date_of(piece: Piece) -> str | None:
        return _inside(piece, records, stated) or _inside(piece, records, shown) or near.get(piece.place)

    return {piece.place: (date_of(piece), _inside(piece, records, sources)) for piece in pieces}


def _name(node: LexborNode) -> str:
    name = clean(node.text())
    return name if count_words(name) <= _MAX_SOURCE_WORDS else ""


def _around(values: Iterable[tuple[LexborNode, str]]) -> dict[int, str]:
    """The first value inside each of the elements around some nodes, by their number."""
    found: dict[int, str] = {}
    for node, value in values:
        if value := clean(value):
            for element in upwards(node, LEVELS):
                found.setdefault(element.mem_id, value)
    return found


def _inside(piece: Piece, records: Records, values: Mapping[int, str]) -> str | None:
    for element in upwards(piece.node, LEVELS):
        if len(records[element.mem_id]) > 1:
            return None
        if element.mem_id in values:
            return values[element.mem_id]
    return None
