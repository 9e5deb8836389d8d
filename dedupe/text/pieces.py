"""What a piece of a title, between two spaces, says about numbers by itself: "$1.5bn," or "(S25)" or "19-year-old"."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

COUNTS = {
    word: str(value)
    for value, word in enumerate("zero one two three four five six seven eight nine ten eleven twelve".split())
}
_ORDINALS = {
    word: str(value)
    for value, word in enumerate("first second third fourth fifth sixth seventh eighth ninth tenth".split(), 1)
}
# Without March and May, which are words too.
MONTHS = "January February April June July August September October November December".split()
_ALL_MONTHS = [*MONTHS[:2], "March", MONTHS[2], "May", *MONTHS[3:]]
MONTH_OF = {short.casefold(): month.casefold() for month in _ALL_MONTHS for short in (month, month[:3])}
MONTH_OF["sept"] = "september"
COUNTED = {
    noun: noun
    for noun in """episode season series week day game round part chapter volume issue edition stage phase level
    lesson session inning lap heat case docket flight bill resolution proposition amendment article section title act
    rule page step group pool district precinct ward zone area unit block route highway interstate exit
    gate room channel class generation gen mark puzzle draft version update patch release build beta alpha model""".split()
}
"""Nouns in front of a number that tells things of one kind apart, as a counter names them."""
COUNTED |= {"ep": "episode", "no": "no", "number": "no", "vol": "volume", "pt": "part", "ch": "chapter", "wk": "week"}
COUNTED |= {
    "h.r": "bill",
    "s.b": "bill",
    "h.b": "bill",
    "prop": "proposition",
    "hwy": "highway",
    "quarter": "q",
    "ver": "version",
    "sec": "section",
}
SCALES = {"hundred": 1e2, "thousand": 1e3, "k": 1e3, "million": 1e6, "m": 1e6, "mn": 1e6, "mln": 1e6, "mil": 1e6}
SCALES |= {"billion": 1e9, "b": 1e9, "bn": 1e9, "bln": 1e9, "trillion": 1e12, "t": 1e12, "tn": 1e12, "trn": 1e12}
CURRENCIES = {"dollar": "$", "dollars": "$", "bucks": "$", "cents": "¢", "euro": "€", "euros": "€", "pounds": "£"}
CURRENCIES |= {"yen": "¥", "yuan": "CN¥", "rupees": "₹"}
PERCENT = frozenset(["%", "percent", "pct"])

_NUMBER_WORDS = frozenset([*COUNTS, *_ORDINALS])
_MARKS = "".join(chr(k) for k in range(33, 127) if not chr(k).isalnum() and chr(k) not in "#$%+") + "…"
_DIGIT = re.compile(r"\d")
_AMOUNT = re.compile(
    r"""(?P<currency>\#|(?:US|A|C|NZ|HK|S)?\$|[€£¥₹]|Rs\.?(?=\d))?
    (?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:[.]\d+)*)
    (?P<unit>st|nd|rd|th|bn|mn|mln|bln|trn|tn|[kmbtx]|%)?\+?
    (?:-(?P<tail>[a-z]+)[\w'-]*)?""",
    re.IGNORECASE | re.VERBOSE,
)
_DATE = re.compile(r"(?:19|20)\d\d-(?P<month>0?[1-9]|1[0-2])-(?P<day>0?[1-9]|[12]\d|3[01])")
_TWO = re.compile(r"(?P<first>\d{1,4})-(?P<second>\d{1,4})(?P<unit>%)?(?:-[a-z-]+)?", re.IGNORECASE)
_MODEL = re.compile(
    r"""(?P<letters>[A-Za-z](?:[A-Za-z.&]*[A-Za-z])?)[-:.]?
    (?P<value>\d+(?:[.,-]\d+)*(?:-?[A-Z][A-Z\d]*|[a-z]{1,2}\d*)?)(?:-[A-Za-z-]+|\+)?""",
    re.VERBOSE,
)
_TYPE = re.compile(r"-?[A-Z]$|s$")  # F-35B, F-35s: one model
_NOT_MODELS = frozenset("mid pre post sub under over top age aged non ages all near about up to of anti".split())
_CODE = re.compile(r"\d+[A-Za-z][A-Za-z\d]*")
_LOOSE = re.compile(r"(?<![\w.,])[$€£#]?(\d[\d,]*(?:\.\d+)?)(?![\w])")
_WORD = re.compile(r"[^\W\d_]+")


class Piece(NamedTuple):
    """A piece of a title.

    `core`: as written, without marks around it; `word`: the same, case folded. `opens`, `closes`: whether a mark before or
    after it cuts it off from its neighbours. `number`: as written, without commas; "" for none. `unit`: what stands on it:
    "%", "#", "th", "v", a scale ("bn"), "-" for two numbers, "code" for "5G", "word" for "two", "first" for "third".
    `currency`: in front of it. `tail`: the word after its hyphen. `counters`, `quantities`: what it says whatever its
    neighbours are.
    """

    core: str = ""
    word: str = ""
    opens: bool = False
    closes: bool = False
    number: str = ""
    unit: str = ""
    currency: str = ""
    tail: str = ""
    counters: tuple[str, ...] = ()
    quantities: tuple[str, ...] = ()


NOTHING = Piece()


def is_number(word: str) -> bool:
    """Return whether a word of a title is in digits, or a word for a number."""
    return word[0].isdigit() or word.casefold().removesuffix("'s") in _NUMBER_WORDS


@lru_cache(maxsize=200_000)
def number_piece(text: str) -> Piece:
    """Return what a piece of a normalized title with a digit or a word for a number says."""
    piece = read_piece(text)
    return _with_digits(piece) if _DIGIT.search(piece.core) else _with_word(piece)


@lru_cache(maxsize=200_000)
def read_piece(text: str) -> Piece:
    """Return a piece of a normalized title as a neighbour of a number; `NOTHING` for ""."""
    core = text.strip(_MARKS)
    if not core:
        return Piece(text, text, True, True) if text else NOTHING
    if core is text and core[-2:] != "'s":
        return Piece(core, core.casefold())
    start, _, end = text.partition(core)
    if core[-2:] in ("'s", "'S"):
        core, end = core[:-2], "'s"
    word = core.casefold()
    short = end == "." and (word in COUNTED or word in MONTH_OF)
    return Piece(core, word, bool(start), bool(end) and not short)


def _with_word(piece: Piece) -> Piece:
    word = piece.word
    number = next((COUNTS[part] for part in _WORD.findall(word) if part in COUNTS), "")
    first, _, tail = word.partition("-")
    if number:
        return piece._replace(number=number, unit="word", tail=tail)
    return piece._replace(number=_ORDINALS[first], unit="first", tail=tail) if first in _ORDINALS else piece


def _with_digits(around: Piece) -> Piece:
    core = around.core
    if match := _AMOUNT.fullmatch(core):
        currency, number, unit, tail = (group or "" for group in match.groups())
        unit, number = unit.casefold(), number.replace(",", "")
        tail = tail.casefold()
        unit = tail if not unit and (tail in SCALES or tail in PERCENT) else unit
        unit = "#" if currency == "#" else "th" if unit in ("st", "nd", "rd") else unit
        currency = {"#": "", "": ""}.get(currency, "₹" if currency[:2] == "Rs" else currency[-1:])
        return around._replace(number=number, unit=unit, currency=currency, tail=tail)
    if match := _DATE.fullmatch(core):
        month = _ALL_MONTHS[int(match["month"]) - 1].casefold()
        return around._replace(counters=(f"date {month} {int(match['day'])}", f"year {core[:4]}"))
    if match := _TWO.fullmatch(core):
        return around._replace(number=f"{match['first']}-{match['second']}", unit="-", tail=match["unit"] or "")
    if (match := _MODEL.fullmatch(core)) and match["letters"].casefold() not in _NOT_MODELS:
        return _model(around, match["letters"].casefold(), match["value"])
    if _CODE.fullmatch(core):
        return around._replace(number=around.word, unit="code")
    return around._replace(quantities=tuple(number.replace(",", "") for number in _LOOSE.findall(core)))


def _model(around: Piece, letters: str, value: str) -> Piece:
    value = _TYPE.sub("", value).casefold()
    if letters == "v":
        return around._replace(number=value, unit="v")
    if letters == "arxiv":
        value = value.partition("v")[0]
    return around._replace(counters=(f"{letters} {value}",))
