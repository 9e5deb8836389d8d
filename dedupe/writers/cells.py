"""Values as the text of one cell, and text that no spreadsheet runs as a formula."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from dedupe.runtime.json_text import as_json

_SIGNS = r"[=+\-@\uff1d\uff0b\uff0d\uff20]"  # also in full width
_FORMULA = re.compile(rf"{_SIGNS}|[\t\r]")  # how one begins
_LATER_CELL = re.compile(rf'(?<=[;\r\n])("*)({_SIGNS}[^;\r\n]*)')  # where a spreadsheet ends a cell at other characters
_NUMBER = re.compile(r"[+-]?(\d[\d.,]*|\.\d+)([eE][+-]?\d+)?%?")


def text_of(value: Any) -> str:
    """Return a value as text: nested ones as JSON, dates as ISO 8601."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (Mapping, list, tuple)):
        return as_json(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def safe_text_of(value: Any) -> str:
    """Return the same with an apostrophe before what a spreadsheet would run as a formula."""
    text = text_of(value)
    if isinstance(value, (bool, int, float, date)):
        return text
    text = _LATER_CELL.sub(lambda cell: cell[1] + _unless_number(cell[2]), text)
    return _unless_number(text) if _FORMULA.match(text) else text


def _unless_number(formula: str) -> str:
    return formula if _NUMBER.fullmatch(formula.rstrip('"')) else f"'{formula}"
