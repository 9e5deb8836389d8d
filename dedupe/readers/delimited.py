"""CSV, TSV and JSON Lines -> rows with all their columns, and the columns that hold the fields of a headline."""

from __future__ import annotations

import csv
import difflib
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, Literal

from dedupe.dates import NO_RULES, DateRules, read_dates
from dedupe.errors import InputError
from dedupe.headlines import Headline, from_fields
from dedupe.readers.title_column import Values, title_column, title_column_by_contents
from dedupe.readers.usual_names import USUAL_NAMES, usual_columns
from dedupe.runtime.arrow import check_unique

DELIMITERS = ",;\t|"
FIELDS = {"title": "title", "date": "published", "source": "source", "id": "id", "url": "url"}
"""The field of a `Headline` that each of `Columns` fills."""
_BETWEEN_ITEMS = re.compile(r"[\s,]*")
_UNNAMED = "column_"  # with a number: the name of a column that has none


class NoColumn(InputError):
    """A table lacks a column; one with other names may be meant."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of the columns to read; a column that is not named is found by its usual names."""

    title: str | None = None
    date: str | None = None
    source: str | None = None
    id: str | None = None
    url: str | None = None


@dataclass(slots=True)
class Rows:
    """The rows of the table `name`, its columns in order, and the raw lines that could not be read.

    `header`: whether the table names its columns.
    """

    name: str
    skip_bad: bool
    header: bool = True
    records: list[Mapping[str, Any]] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    rejects: list[str] = field(default_factory=list)
    cut: bool = False  # whether nothing can be read after some damage

    def reject(self, number: int, raw: str, problem: str, unit: str = "line") -> None:
        """Keep a bad line aside; `InputError` unless bad lines are skipped."""
        if not self.skip_bad:
            raise InputError(f"{self.name}, {unit} {number}: {problem}: correct it, or add --skip-bad to leave it out")
        self.rejects.append(raw.rstrip("\r\n"))


def read_csv(text: str, name: str, delimiter: str, skip_bad: bool, *, header: bool = True) -> Rows:
    """Return the rows under the header line, or all where there is none. A row with more or fewer fields than that is bad."""
    rows = Rows(name, skip_bad, header)
    lines = list(io.StringIO(text, newline=""))
    quoting: Literal[0, 3] = csv.QUOTE_NONE if delimiter == "\t" and _quotes_are_text(text) else csv.QUOTE_MINIMAL
    ends = _record_ends(lines, delimiter) if quoting == csv.QUOTE_MINIMAL else range(1, len(lines) + 1)
    start = 0
    while start < len(lines):
        cells, problem, end = list[str](), "", ends[start]
        try:
            cells = next(csv.reader(lines[start:end], delimiter=delimiter, quoting=quoting)) if end else cells
        except csv.Error as error:
            problem = f"not CSV ({error})"
        if not end:
            problem = "a quote is opened that is never closed"
        width = len(rows.columns)
        if problem:
            end = start + 1  # a stray quote must not swallow the rows after it
        elif not any(map(str.strip, cells)) and (not cells or (len(cells) == 1 and width != 1)):
            pass  # a blank line
        elif not rows.columns:
            rows.columns = cells if header else unnamed_columns(len(cells))
            check_unique(rows.columns, name)
            rows.records += [] if header else [dict(zip(rows.columns, cells, strict=True))]
        elif len(cells) != width:
            of_header = f"the header has {width} ({', '.join(rows.columns[:6])})"
            problem = f"{len(cells)} fields where {of_header if header else f'the first row has {width}'}"
        else:
            rows.records.append(dict(zip(rows.columns, cells, strict=True)))
        if problem:
            rows.reject(start + 1, "".join(lines[start:end]), problem)
        start = end
    return rows


def _record_ends(lines: list[str], delimiter: str) -> list[int]:
    """Return where the record that starts at each line ends; 0 where it opens a quote that is never closed, or closed badly.

    Each line is looked at once, from the last to the first: by itself, and as what follows an open quote.
    """
    ends, closing = [0] * len(lines), 0  # `closing`: where a record ends that has an open quote before the line below
    for k in range(len(lines) - 1, -1, -1):
        line = lines[k]
        ends[k] = k + 1
        if '"' not in line:
            continue
        if k + 1 < len(lines) and _leaves_quote_open(line, delimiter, strict=False):
            ends[k] = closing if _leaves_quote_open(line, delimiter, strict=True) else 0
        after = _leaves_quote_open(f'"{line}', delimiter, strict=True)
        closing = closing if after else 0 if after is None else k + 1
    return ends


def _leaves_quote_open(line: str, delimiter: str, *, strict: bool) -> bool | None:
    """Whether a quote is open after a line of CSV; None where, read strictly, its quotes do not match."""
    reader = csv.reader([line, '"'], delimiter=delimiter, strict=strict)
    try:
        next(reader)
    except csv.Error:
        return None
    return reader.line_num > 1


def _quotes_match(record: str, delimiter: str) -> bool:
    try:
        list(csv.reader(io.StringIO(record, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return False
    return True


def _quotes_are_text(text: str) -> bool:
    """Whether quotes in tab-separated text are plain characters: as CSV they do not match, as text all rows are as wide."""
    if '"' not in text or _quotes_match(text, "\t"):
        return False
    plain = csv.reader(io.StringIO(text, newline=""), delimiter="\t", quoting=csv.QUOTE_NONE)
    return len({len(cells) for cells in plain if any(map(str.strip, cells))}) == 1


def read_jsonl(text: str, name: str, skip_bad: bool) -> Rows:
    """Return the rows of JSON Lines, one JSON array, or nested stories; each item is an object or a title."""
    rows, values = Rows(name, skip_bad), list[dict[str, Any] | str]()
    for number, line, value in _json_items(text, rows):
        if isinstance(value, (dict, str)):
            values.append(value)
        else:
            raw = line or json.dumps(value, ensure_ascii=False)
            problem = f"{raw.strip()[:40]} where an object or a title is expected"
            rows.reject(number, raw, problem, "line" if line else "item")
    columns = dict.fromkeys(key for value in values if isinstance(value, dict) for key in value)
    title = next(iter(usual_columns(list(columns), "title")), "title")
    rows.records = [{title: value} if isinstance(value, str) else value for value in values]
    rows.columns = list(columns | dict.fromkeys(key for row in rows.records for key in row))
    return rows


def _json_items(text: str, rows: Rows) -> Iterator[tuple[int, str, Any]]:
    """Yield the number, the line ("" if all is one document), and the value of each item."""
    document, stripped = None, text.strip()
    try:
        value, end = json.JSONDecoder().raw_decode(stripped)
        document = value if end == len(stripped) else None  # the first of several lines
    except (ValueError, RecursionError) as error:
        if stripped.startswith("["):
            document, end = array_start(stripped)
            if not (rows.skip_bad and document):
                advice = "correct it, or give one object per line" + ", or add --skip-bad to read its start" * bool(
                    document
                )
                raise InputError(f"{rows.name}: not a JSON array ({error}): {advice}") from None
            rows.rejects.append(stripped[end:])
            rows.cut = True
    if isinstance(document, dict) and list(document) == ["stories"]:
        document = _headlines_of_stories(document["stories"], rows.name)
    if isinstance(document, list):
        yield from ((number, "", value) for number, value in enumerate(document, 1))
        return
    for number, line in enumerate(io.StringIO(text), 1):
        if not line.isspace():
            try:
                yield number, line, json.loads(line)
            except (ValueError, RecursionError) as error:
                rows.reject(number, line, f"not JSON ({error})")


def array_start(text: str, start: int = 0) -> tuple[list[Any], int]:
    """Return the values of the JSON array that begins at `start`, up to one that is cut or damaged, and where that begins."""
    values, decoder, position = list[Any](), json.JSONDecoder(), start + 1
    while True:
        between = _BETWEEN_ITEMS.match(text, position)
        position = between.end() if between else position
        try:
            value, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            return values, position
        values.append(value)


def _headlines_of_stories(stories: Any, name: str) -> list[dict[str, Any]]:
    """The rows of nested stories, as `cluster` writes them, in the order of the input."""
    try:
        rows = [row for story in stories for wording in story["wordings"] for row in wording["headlines"]]
        rows.sort(key=lambda row: row.get("dedupe_position", 0))
        return [{key: value for key, value in row.items() if key != "dedupe_position"} for row in rows]
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{name}: not stories as `--format json` writes them ({error!r}): give JSON Lines") from None


def find_columns(
    available: list[str],
    columns: Columns,
    name: str,
    values: Values,
    *,
    option: str = "--title-column",
    header: bool = True,
) -> tuple[dict[str, str], list[str]]:
    """Return the column for each field of `Columns` that the table has, and warnings where another may be meant.

    A column is the named one, or has a usual name; that of the title must look like it, too. `values`: those of a column.
    `header`: whether the columns have names of their own. Raises `NoColumn` where a named column, or one of titles, is missing.
    """
    chosen, warnings = {}, list[str]()
    for key in USUAL_NAMES:
        named: str | None = getattr(columns, key)
        if named is not None:
            chosen[key] = named_column(named, available, name)
        elif key == "title":
            title = (title_column if header else title_column_by_contents)(available, values)
            if title.column is None:
                raise NoColumn(
                    f"{name}: no title column among {listed(available)}{title.remark}: name it with {option}"
                )
            chosen[key] = title.column
            if title.remark:
                advice = f"name another with {option} if it is not that"
                warnings.append(f"{name}: titles are taken from {title.column!r} ({title.remark}): {advice}")
        elif usual := usual_columns(available, key):
            chosen[key] = usual[0]
    return chosen, warnings


def unnamed_columns(count: int) -> list[str]:
    """Return names for columns that have none: column_1, column_2, ..."""
    return [f"{_UNNAMED}{number}" for number in range(1, count + 1)]


def named_column(column: str, available: list[str], name: str) -> str:
    """Return the available column called `column`, whatever its case; `InputError` with the available ones if none is."""
    if column in available:
        return column
    folded, key = _by_folded_name(available), column.casefold().strip()
    for same in (key, f"{_UNNAMED}{key}"):  # the number of a column that has no name
        if same in folded:
            return folded[same]
    close = difflib.get_close_matches(key, folded, 1)
    hint = f", did you mean {folded[close[0]]!r}?" if close else ":"
    raise NoColumn(f"{name}: no column {column!r}{hint} name one of {listed(available)}")


def _by_folded_name(columns: list[str]) -> dict[str, str]:
    return {column.casefold().strip(): column for column in reversed(columns)}


def listed(columns: list[str]) -> str:
    """Return column names for a message."""
    return ", ".join(columns[:20]) + (", ..." if len(columns) > 20 else "") if columns else "no columns at all"


def headlines_of(
    rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], rules: DateRules = NO_RULES
) -> list[Headline]:
    """Return rows as headlines that keep the whole row; `columns` as `find_columns` returns them, `rules` for their dates."""
    dates = read_dates((row.get(columns["date"]) for row in rows), rules) if "date" in columns else repeat(None)
    return [
        from_fields({FIELDS[key]: row.get(column) for key, column in columns.items()}, date, row=row)
        for row, date in zip(rows, dates, strict=False)
    ]
