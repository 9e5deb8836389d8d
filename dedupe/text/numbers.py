"""The numbers of a title as people read them: quantities and counters.

A quantity measures: a toll, a price, a share. Another title on the same event may give another one. A counter tells things
of one kind apart: an episode, a version, a year, a date, a score. Where it differs, so does the thing.
"""

from __future__ import annotations

from typing import NamedTuple

from dedupe.text.pieces import (
    COUNTED,
    COUNTS,
    CURRENCIES,
    MONTH_OF,
    NOTHING,
    PERCENT,
    SCALES,
    Piece,
    number_piece,
    read_piece,
)
from dedupe.text.stems import MIN_CAPITALISED, STOP_WORDS, is_name, stem

_MIN_PRODUCT = 0.3  # share of capitals from which a word with one, in front of a number, is a product: "Llama 3"
_YEARS = range(1990, 2101)
_LOST = frozenset("lose loses lost losing lead led leads down trail trails fall falls fell beat beats beaten".split())
_MEASURES = frozenset(
    """people dead killed hurt injured wounded men women children years year days day weeks week months month hours hour
    minutes points percent more others times of to or and in on at for off a.m p.m am pm""".split()
)
_SCALE_NAMES = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))


class Numbers(NamedTuple):
    """`quantities`: amounts in one notation ("1200", "$1.5 billion", "4%"); `counters`: a series and a value
    ("episode 101", "version 1.3.0", "year 2026", "date july 14", "score 2-1").
    """

    quantities: tuple[str, ...] = ()
    counters: tuple[str, ...] = ()


def read_number(before: str, piece: str, after: str, later: str) -> Numbers:
    """Return what a piece of a normalized title says in numbers; the other pieces, "" for none, stand around it."""
    read = number_piece(piece)
    if not read.number:
        return Numbers(read.quantities, read.counters)
    left, right = NOTHING if read.opens else read_piece(before), NOTHING if read.closes else read_piece(after)
    left = NOTHING if left.closes else left
    counters = _counter(read, left, right)
    if counters is not None:
        return Numbers((), tuple(counters))
    if read.unit in ("code", "v") or read.number.count(".") > 1:
        return Numbers()
    last = NOTHING if read.closes or right.closes else read_piece(later)
    if read.unit == "-":
        return Numbers(tuple(_amount(number, "", read.tail, right, last) for number in read.number.split("-")))
    return Numbers((_amount(read.number, read.currency, read.unit, right, last),))


def series_of(counter: str) -> str:
    """Return what a counter counts on in: "episode" for "episode 101"."""
    return counter.partition(" ")[0]


def _counter(piece: Piece, before: Piece, after: Piece) -> list[str] | None:
    """Return what a number counts, none or some counters; None for a quantity."""
    number, unit = piece.number, piece.unit
    if unit == "first":
        noun = COUNTED.get(piece.tail or after.word)
        return [f"{noun} {number}"] if noun else []
    if unit == "-":
        return _pair_counter(piece, before, after)
    if piece.currency or unit in SCALES or unit == "%" or after.word in SCALES or after.word in PERCENT:
        return None
    if dated := _dated(number, unit, before, after):
        return dated
    if unit == "th":
        noun = piece.tail or after.word
        return [f"{COUNTED.get(noun) or (stem(noun) if noun and noun not in STOP_WORDS else 'th')} {number}"]
    if before.word in COUNTED:
        return [f"{COUNTED[before.word]} {number}"]
    if unit == "#":
        return [f"no {number}"]
    if unit == "v" or number.count(".") > 1:
        return [f"{_product(before) or 'version'} {number}"]
    if piece.tail or unit == "word" or after.word in _MEASURES:
        return None
    product = _product(before)
    return [f"{product} {number}"] if product else [] if unit == "code" else None


def _dated(number: str, unit: str, before: Piece, after: Piece) -> list[str]:
    """Return the counters of a year, and of a day or year next to its month."""
    if not number.isdigit():
        return []
    month, value = MONTH_OF.get(before.word), int(number)
    if not unit and value in _YEARS and len(number) == 4:
        return [f"year {value}", *([f"month {month}"] if month else [])]
    month = month or MONTH_OF.get(after.word)
    return [f"date {month} {value}"] if month and unit in ("", "th") and 1 <= value <= 31 else []


def _pair_counter(piece: Piece, before: Piece, after: Piece) -> list[str] | None:
    """Return the counter of a season, score or number of a document; None for a range."""
    first, second = map(int, piece.number.split("-"))
    if first in _YEARS:
        return [f"season {piece.number}"]
    if before.word in COUNTED:
        return [f"{COUNTED[before.word]} {piece.number}"]
    if piece.tail or after.word in PERCENT or after.word in SCALES:
        return None
    told = before.word in _LOST or after.core[:1].isupper()
    return [f"score {max(first, second)}-{min(first, second)}"] if first >= second or told else None


def _product(before: Piece) -> str:
    """Return the stem of a name in front of a number; "" for any other word."""
    word, written = before.word, before.core
    if len(word) < 2 or not word[0].isalpha() or word in STOP_WORDS or word in MONTH_OF or word in COUNTS:
        return ""
    root = stem(word)
    mixed = not (written.islower() or written.istitle() or written.isupper())  # "iPhone"
    return root if mixed or is_name(written, root, _MIN_PRODUCT if written[0].isupper() else MIN_CAPITALISED) else ""


def _amount(number: str, currency: str, unit: str, following: Piece, later: Piece) -> str:
    """Return an amount in one notation."""
    scale, noun = SCALES.get(unit, 1.0), following
    if unit not in SCALES and following.word in SCALES:
        scale, noun = SCALES[following.word], later
    percent = "%" if unit in PERCENT or noun.word in PERCENT or (noun.word, later.word) == ("per", "cent") else ""
    value = float(number) * scale
    if value < 1e6:
        return f"{currency or CURRENCIES.get(noun.word, '')}{value:.12g}{percent}"
    size, name = next(((size, f" {name}") for size, name in _SCALE_NAMES if value >= size))
    return f"{currency or CURRENCIES.get(noun.word, '')}{value / size:.12g}{name}{percent}"
