"""Which column of a table holds the titles: names and contents decide together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from statistics import median
from typing import Any

from dedupe.readers.pages.words import count_words, is_capitalised
from dedupe.readers.usual_names import SURE_TITLES, folded, usual_columns

Values = Callable[[str], Iterable[Any]]
"""The values of a column, from the first row on."""

_SAMPLE_ROWS = 1000
_READ, _TESTED = 400, 100  # characters of a value whose words are counted, and whose kind is told
_FEW = 10  # values, too few to say of a column called `title` that it has none
_MANY = 20  # values, of which some repeat if they are titles, but not nearly all
_MIN_DISTINCT = 0.05  # of many values
_NAME_WORDS = 3
_TITLE_WORDS = 40
_SUGGESTED_FROM = 20  # columns
_NUMBER = re.compile(r"[\d\s.,:;/+\-–%$€£#()TZ]*\d[\d\s.,:;/+\-–%$€£#()TZ]*")  # also a date
_ADDRESS = re.compile(r"(?:\w+://|www\.)\S+|\S+@\S+\.\S+", re.IGNORECASE)
_HANDLE = re.compile(r"[@#]\S+")
_SURE = frozenset(map(folded, SURE_TITLES))


@dataclass(frozen=True, slots=True)
class TitleColumn:
    """The column of titles, None where none can be told. `remark`: why it is this one or none, "" where it is plain."""

    column: str | None
    remark: str = ""


def title_column(available: list[str], values: Values) -> TitleColumn:
    """Return the column of titles: of those with a usual name, the first whose values look like titles.

    A column with a sure name is taken also where no values do; no other is.
    """
    candidates = usual_columns(available, "title")
    if not candidates or folded(candidates[0]) == folded(SURE_TITLES[0]):
        return TitleColumn(candidates[0]) if candidates else TitleColumn(None, _suggestion(available, values))
    held = {column: _held(values(column)) for column in candidates}
    sure = [column for column in candidates if folded(column) in _SURE]
    ranked = [
        *(column for column in candidates if not held[column][0]),
        *(column for column in candidates if held[column][0] == "long texts"),
        *sure,
    ]
    if not ranked:
        why = ", ".join(f"{column!r} holds {held[column][0]}" for column in candidates)
        return TitleColumn(None, f" ({why})" + _suggestion(available, values))
    chosen = ranked[0]
    what, count = held[chosen]
    rivals = [column for column in candidates if column != chosen and _is_rival(column, chosen, candidates, held)]
    others = [f"{column!r} holds {held[column][0] or 'titles, too'}" for column in rivals]
    if what and (count >= _FEW or chosen not in sure):
        others.insert(0, f"it holds {what}")
    return TitleColumn(chosen, "; ".join(others))


def title_column_by_contents(available: list[str], values: Values) -> TitleColumn:
    """Return the column of titles in a table without names: the only one whose values look like titles."""
    like = [column for column in available if not _held(values(column))[0]] if len(available) > 1 else available
    if len(like) == 1:
        return TitleColumn(like[0], "the only one whose values look like titles" if len(available) > 1 else "")
    return TitleColumn(None, f" ({', '.join(map(repr, like)) or 'none'} could be it)")


def _is_rival(column: str, chosen: str, candidates: Sequence[str], held: dict[str, tuple[str, int]]) -> bool:
    """Whether a user who sees what was taken may have meant this column instead."""
    if folded(chosen) not in _SURE or candidates.index(column) < candidates.index(chosen):
        return True
    return folded(column) in _SURE and not held[column][0]


def _held(values: Iterable[Any]) -> tuple[str, int]:
    """What a column holds instead of titles, "" for titles; and how many values say so."""
    sample = (str(value).strip()[:_READ] for value in islice(values, _SAMPLE_ROWS) if value is not None)
    texts = [text for text in sample if text]
    if not texts:
        return "nothing", 0
    count, words = len(texts), [count_words(text) for text in texts]

    def most(test: Callable[[str], Any], share: float = 0.5) -> bool:
        return sum(bool(test(text[:_TESTED])) for text in texts) >= share * count

    kinds = (
        ("numbers", most(_NUMBER.fullmatch)),
        ("web addresses", most(_ADDRESS.fullmatch)),
        ("handles", most(_HANDLE.fullmatch)),
        ("single words", median(words) <= 1),
        ("few values, again and again", count >= _MANY and len(set(texts)) < _MIN_DISTINCT * count),
        ("names", median(words) <= _NAME_WORDS and most(is_capitalised, 0.8)),
        ("long texts", median(words) > _TITLE_WORDS),
    )
    return next((kind for kind, holds in kinds if holds), ""), count


def _suggestion(available: list[str], values: Values) -> str:
    """Which columns look like titles by their contents alone, for a message."""
    like = [repr(column) for column in available[:_SUGGESTED_FROM] if not _held(values(column))[0]]
    return f"; by its values it could be {' or '.join(like[:3])}" if like else ""
