"""CSV, TSV and JSON Lines -> headlines, with every column of the row untouched."""

from __future__ import annotations

import csv
import difflib
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from dedupe.errors import InputError
from dedupe.headlines import Headline, of_fields

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


TITLES = _KNOWN["title"]
FIELDS = {"title": "title", "date": "published", "source": "source", "id": "id", "url": "url"}
"""The field of a headline that each column fills."""
_JSON_TYPES = {int: "a number", float: "a number", bool: "true or false", type(None): "null", list: "a list"}


_NESTED = re.compile(r'\s*\{\s*"stories"\s*:\s*\[')


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
    found: list[Mapping[str, Any]] = field(default_factory=list)
    rejects: list[str] = field(default_factory=list)

    def bad(self, line: int, raw: str, what: str, unit: str = "line") -> None:
        """Set a bad line aside, or raise `InputError` where none may be skipped."""
        if not self.skip_bad:
            raise InputError(f"{self.name}, {unit} {line}: {what}: correct it, or go on without it by --skip-bad")
        self.rejects.append(raw.rstrip("\r\n"))


def read_csv(text: str, name: str, delimiter: str, skip_bad: bool) -> tuple[Rows, list[str]]:
    """Return the rows under the header line, and the header. A row of another width than the header's is bad."""
    rows = Rows(name, skip_bad)
    lines = _Recorder(io.StringIO(text, newline=""))
    plain = delimiter == "\t" and _quotes_are_text(text)
    header: list[str] = []
    for cells in _records(lines, rows, delimiter, csv.QUOTE_NONE if plain else csv.QUOTE_MINIMAL):
        if not header:
            header = _header(cells, name)
        elif len(cells) != len(header):
            what = f"{len(cells)} fields where the header has {len(header)} ({', '.join(header[:6])})"
            rows.bad(lines.first, lines.taken, what)
        else:
            rows.found.append(dict(zip(header, cells, strict=True)))
    return rows, header


def _records(lines: _Recorder, rows: Rows, delimiter: str, quoting: Literal[0, 3]) -> Iterator[list[str]]:
    """Yield the records that are not blank; one whose quotes do not match costs its first line only."""
    width = 0
    while True:
        lines.start()
        # A reader for each record: one that a stray quote led astray must not take the lines after it.
        try:
            cells = next(csv.reader(lines, delimiter=delimiter, quoting=quoting), None)
        except csv.Error as error:
            rows.bad(lines.first, lines.keep_first(), f"not CSV ({error})")
            continue
        if cells is None:
            return
        if lines.span > 1 and not _quotes_match(lines.taken, delimiter):
            rows.bad(lines.first, lines.keep_first(), "a quote is opened that is never closed")
        elif cells and (any(cell.strip() for cell in cells) or len(cells) > 1 or width == 1):
            width = width or len(cells)
            yield cells


def _quotes_match(record: str, delimiter: str) -> bool:
    try:
        list(csv.reader(io.StringIO(record, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return False
    return True


def _quotes_are_text(text: str) -> bool:
    """Whether the quotes of tab-separated text enclose nothing: as CSV they do not match, left alone the widths do."""
    if '"' not in text or _quotes_match(text, "\t"):
        return False
    plain = csv.reader(io.StringIO(text, newline=""), delimiter="\t", quoting=csv.QUOTE_NONE)
    return len({len(cells) for cells in plain if any(cell.strip() for cell in cells)}) == 1


def _header(cells: list[str], name: str) -> list[str]:
    header = [cell.strip() for cell in cells]
    twice = sorted({cell for cell in header if header.count(cell) > 1})
    if twice:
        raise InputError(f"{name}: the header has {twice[0]!r} more than once: give each column a name of its own")
    return header


class _Recorder:
    """Lines for the CSV reader, remembering those of the record being read and where it began."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines, self._again = lines, list[str]()  # lines to be read again, the next one last
        self._record: list[str] = []
        self.first = 1

    def __iter__(self) -> _Recorder:
        return self

    def __next__(self) -> str:
        line = self._again.pop() if self._again else next(self._lines)
        self._record.append(line)
        return line

    @property
    def taken(self) -> str:
        return "".join(self._record)

    @property
    def span(self) -> int:
        return len(self._record)

    def start(self) -> None:
        """Begin a record after the lines taken."""
        self.first, self._record = self.first + len(self._record), []

    def keep_first(self) -> str:
        """Return the record's first line and give the others back to be read again."""
        self._again += reversed(self._record[1:])
        self._record = self._record[:1]
        return self.taken


def read_jsonl(text: str, name: str, skip_bad: bool) -> tuple[Rows, list[str]]:
    """Return the rows of JSON Lines (or of one JSON array) of objects or titles, and all column names as first seen."""
    rows, bare = Rows(name, skip_bad), list[int]()
    array = text.lstrip().startswith("[") and not _first_line_is_json(text)
    if _NESTED.match(text):
        text, array = _flat(text, name), True
    for number, raw, value in _array(text, rows) if array else _lines(text, rows):
        if isinstance(value, (dict, str)):
            if isinstance(value, str):
                bare.append(len(rows.found))
            rows.found.append(value if isinstance(value, dict) else {"title": value})
        else:
            what = f"{_JSON_TYPES[type(value)]} where an object or a title is expected"
            rows.bad(number, raw, what, "item" if array else "line")
    return rows, _name_bare_titles(rows, bare)


def _flat(text: str, name: str) -> str:
    """The headlines of nested stories, which `cluster` writes, as an array in the order they came in."""
    try:
        stories = json.loads(text)["stories"]
        found = [headline for story in stories for wording in story["wordings"] for headline in wording["headlines"]]
        found.sort(key=lambda headline: headline.get("position", 0))
        return json.dumps([{key: value for key, value in one.items() if key != "position"} for one in found])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{name}: not stories as `--format json` writes them ({error!r}): give JSON Lines") from None


def _name_bare_titles(rows: Rows, bare: list[int]) -> list[str]:
    """Put the titles that came without an object in the column where the objects have theirs; return all columns."""
    alone = set(bare)
    have = list(dict.fromkeys(key for k, row in enumerate(rows.found) if k not in alone for key in row))
    folded = {column.casefold().strip(): column for column in reversed(have)}
    title = next((folded[usual] for usual in TITLES if usual in folded), "title")
    for k in bare:
        rows.found[k] = {title: rows.found[k]["title"]}
    return list(dict.fromkeys([*have, title])) if bare else have


def _first_line_is_json(text: str) -> bool:
    """Whether text in brackets is lines of which the first is a list, rather than one array."""
    first, _, rest = text.strip().partition("\n")
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return False
    return bool(rest.strip())


def _array(text: str, rows: Rows) -> Iterator[tuple[int, str, Any]]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{rows.name}: not a JSON array ({error}): correct it, or give one object a line") from None
    for number, value in enumerate(values, 1):
        yield number, json.dumps(value, ensure_ascii=False), value


def _lines(text: str, rows: Rows) -> Iterator[tuple[int, str, Any]]:
    for number, line in enumerate(io.StringIO(text), 1):
        if not line.isspace():
            try:
                yield number, line, json.loads(line)
            except (ValueError, RecursionError) as error:
                rows.bad(number, line, f"not JSON ({error})")


def find_columns(have: list[str], asked: Columns, name: str, by: str = "--title-column") -> dict[str, str]:
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
        raise InputError(f"{name}: no title column among {listed(have)}: name it by {by}")
    return chosen


def named_column(given: str, have: list[str], name: str) -> str:
    """Return the column that is called `given`, in capitals or not; `InputError`, with those that there are, if none is."""
    folded = {column.casefold().strip(): column for column in reversed(have)}
    return given if given in have else _folded(given, folded, have, name)


def _folded(given: str, folded: Mapping[str, str], have: list[str], name: str) -> str:
    if given.casefold().strip() in folded:
        return folded[given.casefold().strip()]
    close = difflib.get_close_matches(given.casefold(), folded, 1)
    hint = f", did you mean {folded[close[0]]!r}?" if close else ":"
    raise InputError(f"{name}: no column {given!r}{hint} it has {listed(have)}")


def listed(columns: list[str]) -> str:
    """Return the names of columns for a message."""
    return ", ".join(columns[:20]) + (", ..." if len(columns) > 20 else "") if columns else "no columns at all"


def as_table_headline(row: Mapping[str, Any], columns: Mapping[str, str]) -> Headline:
    """Return one row as a headline that keeps the whole row."""
    return of_fields({FIELDS[wanted]: row.get(column) for wanted, column in columns.items()}, row=row)
