"""One value, of any type -> the moment that it stands for, or what it may stand for."""

from __future__ import annotations

import re
from datetime import datetime
from numbers import Real
from typing import Any

from dedupe.dates.meaning import BAD, Meaning, Reading, Unsettled, moment, reading_of
from dedupe.dates.numbers import Serial, date_of_number, number_in
from dedupe.dates.relative import Relative
from dedupe.dates.text import iso_date, meaning_of_text

_MAX_LENGTH = 100  # characters of a date
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def read_date(value: Any) -> Reading:
    """Return what a value says without a column around it."""
    meaning = meaning_of(value)
    if isinstance(meaning, Unsettled):
        meaning = meaning.settled(None)
    elif isinstance(meaning, (Serial, Relative)):
        meaning = BAD
    return reading_of(value, meaning)


def meaning_of(value: Any) -> Meaning:
    """Return what a value may mean: a date, a number, text, or anything else that is written as one of these."""
    if type(value) is str and (found := iso_date(value)):  # as most are
        return moment(found)
    if isinstance(value, datetime) and value == value:  # not NaT
        return moment(value)
    if is_blank(value):
        return None
    if isinstance(value, bool):
        return BAD
    number = value if isinstance(value, (int, float)) else None
    text = "" if number is not None else " ".join(_INVISIBLE.sub("", str(value)).split()).strip("'\"")
    if len(text) > _MAX_LENGTH:
        return BAD
    if number is None:
        number = number_in(text)
    if number is None:
        return meaning_of_text(text.replace("\u2212", "-"))
    of_number = date_of_number(number)
    return of_number if isinstance(of_number, Serial) else moment(of_number) if of_number else BAD


def is_relative(text: str) -> bool:
    """Return whether text surely is a date that counts from now, such as "5 h ago", and no length such as "5h"."""
    meaning = meaning_of(text)
    return isinstance(meaning, Relative) and not meaning.weak


def is_blank(value: Any) -> bool:
    """Return whether a value is none at all: blank text, None, NaN and their like."""
    if isinstance(value, str):
        return not value or value.isspace()
    if value is None or type(value).__name__ == "NAType":  # pandas' NA, which cannot be compared
        return True
    return isinstance(value, (Real, datetime)) and value != value  # NaN and NaT
