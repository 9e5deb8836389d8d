"""Excel workbooks (.xlsx, .xlsm) -> the rows of one sheet. What a stranger's file may hold is checked before it is read."""

from __future__ import annotations

import io
import re
import warnings
import zlib
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any
from zipfile import BadZipFile, ZipFile

from dedupe.errors import InputError
from dedupe.readers.delimited import Rows, listed, unnamed_columns
from dedupe.readers.unpacking import SizeLimit
from dedupe.runtime.arrow import check_unique

ZIP_MAGIC = b"PK\x03\x04"
_PIECE = 1 << 20  # bytes
_CELL_BYTES = 8  # that a cell has at least
_MAX_REASON = 200  # characters
_ESCAPED = re.compile(r"_x([\da-fA-F]{4})_")  # how Excel writes what XML cannot hold


def read_workbook(
    data: bytes, name: str, sheet: str, limit: SizeLimit, *, header: bool = True
) -> tuple[Rows, str, list[str]]:
    """Return the rows of a sheet, its name, and warnings; rows without any value are left out.

    Args:
        data: the file.
        name: as messages call it.
        sheet: the name of the sheet, "" for the first that is shown and has rows.
        limit: on the size of what is packed in the file, and of its rows.
        header: whether the first row names the columns; one that has no name is called column_1 or the like.

    Formulas have the values that Excel has left in the file. Raises `InputError` for a file that cannot be read.
    """
    import openpyxl

    _check_archive(data, name, limit)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what it does not keep, such as charts
        try:
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            chosen, values, others = _sheet(book, sheet, name)
            table = _table(values, name, len(data), limit, header)
        except (InputError, MemoryError):
            raise
        except Exception as error:  # it has no errors of its own, but fails in many ways on damaged files
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:_MAX_REASON]
            raise InputError(f"{name} cannot be read as Excel ({reason}): save it again, or as CSV") from error
    left = f"{name}: only the sheet {chosen!r} is read, not {listed(others)}: name another as {name}::{(others or [''])[0]}"
    return table, chosen, [left] if others else []


def _check_archive(data: bytes, name: str, limit: SizeLimit) -> None:
    """Raise `InputError` where unpacking, or what the XML declares, could fill the memory."""
    try:
        with ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if "xl/workbook.xml" not in {member.filename for member in members}:
                raise InputError(f"{name} is a zip archive, not an Excel workbook: unpack it, or give .xlsx or CSV")
            limit.check(sum(member.file_size for member in members), len(data), name)
            for member in members:
                if member.filename.lower().endswith((".xml", ".rels")):
                    with archive.open(member) as file:  # which ends at the size that was checked
                        _refuse_declarations(iter(lambda: file.read(_PIECE), b""), name)
    except (BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError, ValueError) as error:
        raise InputError(f"{name} is a zip or Excel file, but damaged ({error}): get it again") from None


def _refuse_declarations(pieces: Iterator[bytes], name: str) -> None:
    """Raise `InputError` where XML declares anything: Excel never does, and entities could grow without end."""
    before = b""
    for piece in pieces:
        plain = before + piece.replace(b"\0", b"")  # of UTF-16 as well
        if b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
            raise InputError(f"{name} declares a document type, as no Excel workbook does: save it again, or as CSV")
        before = plain[-len("<!DOCTYPE") :]


def _sheet(book: Any, wanted: str, name: str) -> tuple[str, Iterator[Sequence[Any]], list[str]]:
    """The name and the rows of the sheet to read, and the names of other sheets that are shown and have rows."""
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    for sheet in sheets.values():
        sheet.reset_dimensions()  # it may declare a width of its own
    if wanted:
        titles = {title.casefold().strip(): title for title in sheets}
        if (key := wanted.casefold().strip()) not in titles:
            raise InputError(f"{name}: no such sheet: name one of {listed(list(sheets))}")
        return titles[key], _values(sheets[titles[key]]), []
    shown = [sheet for sheet in sheets.values() if sheet.sheet_state == "visible"] or list(sheets.values())
    filled = [sheet.title for sheet in shown if next(_values(sheet), None) is not None]
    if not filled:
        return (shown[0].title if shown else ""), iter(()), []
    return filled[0], _values(sheets[filled[0]]), filled[1:]


def _values(sheet: Any) -> Iterator[Sequence[Any]]:
    for row in sheet.iter_rows(values_only=True):
        if any(value is not None for value in row):
            yield [_unescaped(value) if isinstance(value, str) else value for value in row]


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda code: chr(int(code[1], 16)), text) if "_x" in text else text


def _table(values: Iterator[Sequence[Any]], name: str, packed: int, limit: SizeLimit, header: bool) -> Rows:
    """The rows under the first one, or all; a column without a name and without a value is left out."""
    rows = Rows(name, skip_bad=False, header=header)
    first = next(values, ())
    lines = values if header else chain([first] if first else [], values)
    cells, used = list[dict[int, Any]](), {k for k, value in enumerate(first) if header and value is not None}
    for line in lines:
        cells.append({k: value for k, value in enumerate(line) if value is not None})
        used.update(cells[-1])
        limit.check(_CELL_BYTES * len(used) * len(cells), packed, name)
    names = unnamed_columns(max(used, default=-1) + 1)
    columns = {
        k: str(first[k]) if header and k < len(first) and first[k] is not None else names[k] for k in sorted(used)
    }
    rows.columns = list(columns.values())
    check_unique(rows.columns, name)
    rows.records = [{column: row.get(k) for k, column in columns.items()} for row in cells]
    return rows
