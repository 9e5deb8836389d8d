"""CSV, TSV and JSON Lines -> headlines, with every column of the row untouched."""

from __future__ import annotations

import csv
import difflib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dedupe.errors import InputError
from dedupe.headlines import Headline, as_headline

DELIMITERS = ",;\t|"
_KNOWN = {
    "title": ("title", "headline", "headlines", "name", "header", "text"),
    "date": (
        *("published", "date", "published_at", "pubdate", "published_date", "publish_date", "created_at"),
        *("datetime", "timestamp", "time", "first_seen"),
    ),
    "source": ("source", "publisher", "outlet", "site", "domain", "feed"),
    "id": ("id", "guid", "uuid"),
    "url": ("url", "link", "href"),
}


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of the columns to read; what is not given is found by its usual names."""

    title: str | None = None
    date: str | None = None
    source: str | None = None
    id: str | None = None
    url: str | None = None


@dataclass(slots=True)
class Rows:
    """The rows of a table as they are read, with the lines that could not be."""

    name: str
    skip_bad: bool
    found: list[tuple[int, Mapping[str, Any]]] = field(default_factory=list)
    rejects: list[str] = field(default_factory=list)

    def bad(self, line: int, raw: str, what: str) -> None:
        """Set a bad line aside, or raise `InputError` where none may be skipped."""
        if not self.skip_bad:
            raise InputError(f"{self.name}, line {line}: {what}: correct it, or go on without it by --skip-bad")
        self.rejects.append(raw.rstrip("\r\n"))


def read_csv(text: str, name: str, delimiter: str, skip_bad: bool) -> tuple[Rows, list[str]]:
    """Return the rows under the header line, and the header. A row of another width than the header's is bad."""
    csv.field_size_limit(2**31 - 1)
    rows = Rows(name, skip_bad)
    lines = _Recorder(io.StringIO(text, newline=""))
    reader = csv.reader(lines, delimiter=delimiter)
    header: list[str] = []
    for cells in _records(reader, lines, rows):
        if not header:
            header = _header(cells, name)
        elif len(cells) != len(header):
            what = f"{len(cells)} fields where the header has {len(header)} ({', '.join(header[:6])})"
            rows.bad(lines.first, lines.taken, what)
        else:
            rows.found.append((lines.first, dict(zip(header, cells, strict=True))))
        lines.start()
    return rows, header


def _records(reader: Iterator[list[str]], lines: _Recorder, rows: Rows) -> Iterator[list[str]]:
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            rows.bad(lines.first, lines.taken, f"not CSV ({error})")
            lines.start()
            continue
        if cells is None:
            return
        if cells:
            yield cells
        else:
            lines.start()


def _header(cells: list[str], name: str) -> list[str]:
    header = [cell.strip() for cell in cells]
    twice = sorted({cell for cell in header if header.count(cell) > 1})
    if twice:
        raise InputError(f"{name}: the header has {twice[0]!r} more than once: give each column a name of its own")
    return header


class _Recorder:
    """Lines for the CSV reader, remembering those of the record being read and where it began."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines, self._count, self.first, self.taken = lines, 0, 1, ""

    def __iter__(self) -> _Recorder:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self._count += 1
        self.taken += line
        return line

    def start(self) -> None:
        self.first, self.taken = self._count + 1, ""


def read_jsonl(text: str, name: str, skip_bad: bool) -> tuple[Rows, list[str]]:
    """Return the rows of JSON Lines (or of one JSON array) of objects or titles, and all column names as first seen."""
    rows = Rows(name, skip_bad)
    array = text.lstrip().startswith("[")
    values = list(enumerate(_array(text, name), 1) if array else _lines(text, rows))
    for line, value in values:
        row = {"title": value} if isinstance(value, str) else value
        if isinstance(row, dict):
            rows.found.append((line, row))
        else:
            rows.bad(line, json.dumps(value), f"a {type(value).__name__} where an object or a title is expected")
    return rows, list(dict.fromkeys(key for _, row in rows.found for key in row))


def _array(text: str, name: str) -> list[Any]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name}: not a JSON array ({error}): correct it, or give one object a line") from None
    return values if isinstance(values, list) else [values]


def _lines(text: str, rows: Rows) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(io.StringIO(text), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                rows.bad(number, line, f"not JSON ({error})")


def find_columns(have: list[str], asked: Columns, name: str) -> dict[str, str]:
    """Return the column of each field that there is one for: the one asked for, or one of its usual names."""
    folded = {column.casefold().strip(): column for column in reversed(have)}
    chosen = {}
    for wanted, usual in _KNOWN.items():
        given = getattr(asked, wanted)
        if given is not None:
            chosen[wanted] = given if given in have else _folded(given, folded, have, name)
        else:
            known = next((folded[column] for column in usual if column in folded), None)
            if known is not None:
                chosen[wanted] = known
    if "title" not in chosen:
        raise InputError(f"{name}: no title column among {_listed(have)}: name it by --title-column")
    return chosen


def _folded(given: str, folded: Mapping[str, str], have: list[str], name: str) -> str:
    if given.casefold() in folded:
        return folded[given.casefold()]
    close = difflib.get_close_matches(given, have, 1)
    hint = f", did you mean {close[0]!r}?" if close else ":"
    raise InputError(f"{name}: no column {given!r}{hint} it has {_listed(have)}")


def _listed(columns: list[str]) -> str:
    return ", ".join(columns[:20]) + (", ..." if len(columns) > 20 else "") if columns else "no columns at all"


def as_table_headline(row: Mapping[str, Any], columns: Mapping[str, str]) -> Headline:
    """Return one row as a headline that keeps the whole row."""
    names = {"title": "title", "date": "published", "source": "source", "id": "id", "url": "url"}
    fields = {names[wanted]: row.get(column) for wanted, column in columns.items()}
    headline = as_headline(fields)
    return Headline(headline.title, headline.id, fields.get("published"), headline.source, headline.url, row=row)
