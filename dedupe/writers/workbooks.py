"""Rows -> an Excel workbook of one sheet."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from itertools import chain
from typing import Any

from dedupe.errors import OutputError
from dedupe.runtime.files import writing_bytes
from dedupe.writers.cells import text_of

_MAX_ROWS, _MAX_COLUMNS, _MAX_CHARACTERS = 1_048_576, 16_384, 32_767  # of Excel
_MAX_FLOAT = 9.99999999999999e307  # in Excel; larger numbers become text
_MAX_DIGITS = 10**15  # beyond, Excel rounds
_FIRST_YEAR = 1900
_ESCAPE = re.compile(r"_(?=x[\da-fA-F]{4}_)")  # an underscore that begins what Excel would take for an escape
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")


def write_workbook(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], path: str, sheet: str, *, header: bool = True
) -> None:
    """Write rows of values in the order of `columns`, below their names if there is a `header`.

    Text is stored as text, so none of it is ever run as a formula. Numbers and dates without a zone stay what they are, all
    else is text. Raises `OutputError` where a sheet is too small for them, and where the file cannot be written.
    """
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    if len(columns) > _MAX_COLUMNS:
        raise _too_much(path, f"{len(columns):,} columns", f"{_MAX_COLUMNS:,}")
    book = Workbook(write_only=True)
    page = book.create_sheet(sheet)

    def cell(value: Any) -> Any:
        plain = _value(value, path)
        if not isinstance(plain, str):
            return plain
        made = WriteOnlyCell(page, plain)
        made.data_type = "s"  # it may look like a formula or an error
        return made

    try:
        for number, row in enumerate(chain([columns] if header else [], rows), 1):
            if number > _MAX_ROWS:
                raise _too_much(path, f"over {_MAX_ROWS:,} rows", f"{_MAX_ROWS:,}")
            page.append([cell(value) for value in row])
    except BaseException:
        page.close()  # what it has begun, which would complain when it is collected
        raise
    buffer = io.BytesIO()
    book.save(buffer)
    with writing_bytes(path) as stream:
        stream.write(buffer.getbuffer())


def _value(value: Any, path: str) -> Any:
    if value is None or isinstance(value, (bool, time)):
        return value
    if isinstance(value, int) and abs(value) < _MAX_DIGITS:
        return value
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, float) and abs(value) <= _MAX_FLOAT:
        return value
    if isinstance(value, date) and value.year >= _FIRST_YEAR and getattr(value, "tzinfo", None) is None:
        return value if not isinstance(value, datetime) or value.microsecond == 0 else value.isoformat()
    text = text_of(value).encode("utf-8", "backslashreplace").decode()
    if len(text) > _MAX_CHARACTERS:
        raise _too_much(path, f"a text of {len(text):,} characters", f"{_MAX_CHARACTERS:,} in a cell")
    return _CONTROL.sub(lambda match: f"_x{ord(match[0]):04X}_", _ESCAPE.sub("_x005F_", text))


def _too_much(path: str, what: str, most: str) -> OutputError:
    return OutputError(f"{path} would have {what}, and Excel allows {most}: write CSV or Parquet instead")
