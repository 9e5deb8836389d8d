"""The date and the source of a record of HTML: those that stand in the largest element around its headline alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from dedupe.readers.pages.pieces import Piece, clean, upwards
from dedupe.readers.pages.words import count_words

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_LEVELS = 6  # of elements around a headline
_SOURCES = "[class*=source], [class*=publisher], [class*=outlet]"
_MAX_SOURCE_WORDS = 5


def details_of(tree: LexborHTMLParser, pieces: Iterable[Piece]) -> dict[int, tuple[str | None, str | None]]:
    """Return the date and the source of each piece, by its place; None where its record says none."""
    pieces = list(pieces)
    records: dict[int, set[str | int]] = defaultdict(set)
    for piece in pieces:
        for element in upwards(piece.node, _LEVELS):
            records[element.mem_id].add(piece.href or piece.record)
    dates = _around(tree.css("time[datetime]"), "datetime")
    sources = _around(tree.css(_SOURCES), None)
    return {piece.place: (_of(piece, records, dates), _of(piece, records, sources)) for piece in pieces}


def _around(nodes: Iterable[LexborNode], attribute: str | None) -> dict[int, str]:
    """The first value inside each of the elements around some nodes, by their number."""
    found: dict[int, str] = {}
    for node in nodes:
        value = clean((node.attributes.get(attribute) or "") if attribute else node.text())
        if value and (attribute or count_words(value) <= _MAX_SOURCE_WORDS):
            for element in upwards(node, _LEVELS):
                found.setdefault(element.mem_id, value)
    return found


def _of(piece: Piece, records: dict[int, set[str | int]], values: dict[int, str]) -> str | None:
    for element in upwards(piece.node, _LEVELS):
        if len(records[element.mem_id]) > 1:
            return None
        if element.mem_id in values:
            return values[element.mem_id]
    return None
