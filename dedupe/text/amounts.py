"""The amounts of a title as ranges, so that "nearly 1,000" and "987" agree, and what each measures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice, takewhile
from typing import NamedTuple

from dedupe.text.numbers import read_number
from dedupe.text.words import content_stem, has_number, words

_QUANTITY = re.compile(
    r"(?P<currency>\D*?)(?P<number>\d+(?:\.\d+)?)(?P<scale> trillion| billion| million)?(?P<percent>%?)"
)
_SCALES = {"": 1.0, " million": 1e6, " billion": 1e9, " trillion": 1e12}
_ABOVE = frozenset("over above least than exceeding upwards past".split())
_BELOW = frozenset("nearly almost under below most to".split())
_ABOUT = frozenset("about around roughly some approximately estimated circa approx approx. ~".split())
_FEWER = frozenset("less fewer lower smaller under".split())
_HEDGED = 0.1  # how far, as a share of itself, an amount with "nearly" or "more than" may be from the true one
_ROUNDED = 0.025  # the same for a whole number that ends in zeros, without such a word
_FEWEST_ROUNDED = 100.0  # smaller whole numbers without such a word are counted, not rounded
_CUTS = (",", ";", ":")
_AROUND = 2  # words with content on each side of an amount that tell what it measures
_SPANS = frozenset("minute hour day week month year decade".split())
_ALIKE = {
    stem: kind
    for kind, stems in {
        "kill": "kill dead die death toll fatal deadli died",
        "hurt": "hurt injur wound casualti",
        "job": "job layoff worker staff employe posit",
        "fall": "fall drop lose slide sink declin plung tumbl",
        "rise": "rise gain climb jump surg soar add",
    }.items()
    for stem in stems.split()
}


class Amount(NamedTuple):
    """An amount between `low` and `high`.

    `unit`: "%", a currency, a span of time such as "day", or ""; `about`: stems around it; `text`: as people read it.
    """

    unit: str
    low: float
    high: float
    about: frozenset[str]
    text: str

    def agrees(self, other: Amount) -> bool:
        """Return whether both may be one amount; a title may leave out the unit."""
        one_unit = self.unit == other.unit or not (self.unit and other.unit)
        return one_unit and self.low <= other.high and other.low <= self.high


def amounts(title: str) -> list[Amount]:
    """Return the amounts of a normalized title in the order of its words; counters, such as versions, are none."""
    pieces = ["", *title.split(), "", ""]
    found: list[Amount] = []
    for k in range(1, len(pieces) - 2):
        if has_number(pieces[k]):
            for quantity in read_number(*pieces[k - 1 : k + 3]).quantities:
                found += _amount(quantity, pieces, k)
    return found


def _amount(quantity: str, pieces: Sequence[str], k: int) -> Iterator[Amount]:
    match = _QUANTITY.fullmatch(quantity)
    if match is None:
        return
    number, scale = match["number"], _SCALES[match["scale"] or ""]
    value = float(number) * scale
    unit = 10.0 ** -len(number.partition(".")[2]) * scale
    rounded = bool(match["scale"] or match["percent"] or "." in number)
    if not rounded:
        unit = 10.0 ** (len(number) - len(number.rstrip("0"))) if value else 1.0
    low, high = _range(value, unit, rounded, _hedge(pieces, k))
    name = match["percent"] or match["currency"].strip() or _span(pieces, k)
    yield Amount(name, low, high, _about(pieces, k), quantity)


def _span(pieces: Sequence[str], k: int) -> str:
    """Return the span of time that an amount counts, such as "day" in "101-day-long" and "101 days", or ""."""
    tail = [*words(pieces[k])[1:2], *words(pieces[k + 1])[:1]]
    return next((word for word in map(str.casefold, tail) if word.removesuffix("s") in _SPANS), "").removesuffix("s")


def _hedge(pieces: Sequence[str], k: int) -> str:
    """Return in which direction the words before an amount, or a plus sign on it, move it: ">", "<", "~", or ""."""
    last, before = pieces[k - 1].casefold().strip("(\"'"), pieces[k - 2].casefold() if k > 1 else ""
    if "+" in pieces[k]:
        return ">"
    if last in _ABOVE:
        return "<" if last == "than" and before in _FEWER else ">"
    if last in _BELOW:
        return "<" if last != "to" or before in ("up", "close") else ""
    return "~" if last in _ABOUT or pieces[k].startswith("~") else ""


def _range(value: float, unit: float, rounded: bool, hedge: str) -> tuple[float, float]:
    far = max(_HEDGED * value, min(unit, value))
    if hedge:
        return (value if hedge == ">" else value - far), (value if hedge == "<" else value + far)
    if rounded:
        far = min(unit / 2, _HEDGED * value)
    else:
        far = min(unit / 2, _ROUNDED * value) if value >= _FEWEST_ROUNDED and unit > 1 else 0.0
    return value - far, value + far


def _about(pieces: Sequence[str], k: int) -> frozenset[str]:
    """Return the stems next to an amount, on both sides, without what a comma or the like cuts off."""
    before = list(takewhile(lambda piece: not piece.endswith(_CUTS), reversed(pieces[:k])))
    end = next((n for n in range(k, len(pieces)) if pieces[n].endswith(_CUTS)), len(pieces))
    return frozenset([*_stems(before), *_stems([pieces[k]]), *_stems(pieces[k + 1 : end + 1])])


def _stems(pieces: Sequence[str]) -> list[str]:
    """Return the first stems with content, those of one meaning in one form."""
    roots = filter(None, (content_stem(word) for piece in pieces for word in words(piece)))
    return [_ALIKE.get(root, root) for root in islice(roots, _AROUND)]
