"""Text -> its format: lines, CSV, TSV, JSON Lines, a page, a feed or OPML. The content decides, then the suffix."""

from __future__ import annotations

import csv
import io
import re
from itertools import islice

from dedupe.readers.delimited import DELIMITERS
from dedupe.readers.feeds import detect_feed
from dedupe.readers.pages import looks_like_html, looks_like_mhtml, looks_like_page
from dedupe.readers.usual_names import USUAL_NAMES, folded

_FORMAT_OF_SUFFIX = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".html": "page", ".htm": "page"}
_FORMAT_OF_SUFFIX |= dict.fromkeys((".mhtml", ".mht"), "page")
_FORMAT_OF_SUFFIX |= dict.fromkeys((".jsonl", ".ndjson", ".json"), "jsonl")
_TITLES = frozenset(map(folded, USUAL_NAMES["title"]))
_SAMPLE_RECORDS = 50
_MAX_NAME_WORDS = 3  # a longer cell is a sentence and not the name of a column


def detect(text: str, suffix: str, delimiter: str | None = None, title: str | None = None, header: bool = True) -> str:
    """Return the format of `text`.

    `delimiter`, `title`: the delimiter and title column of its table, if the user named them. `header`: whether a table has one.
    """
    if feed := detect_feed(text):
        return feed
    if looks_like_html(text) or looks_like_mhtml(text):
        return "page"
    by_suffix = _FORMAT_OF_SUFFIX.get(suffix)
    if by_suffix == "jsonl" or _looks_like_json(text):
        return "jsonl"
    if by_suffix == "page":
        return "page"
    if not header:
        likely = delimiter or likely_delimiter(text, header=False)
        return "lines" if not _is_regular(text, likely) else "tsv" if likely == "\t" else "csv"
    separator = delimiter or _delimiter_of_header(text, title)
    if separator and (delimiter or title or by_suffix or _is_regular(text, separator)):
        return "tsv" if separator == "\t" else "csv"
    if by_suffix and not _is_list(text, likely_delimiter(text)):
        return by_suffix
    return "page" if looks_like_page(text) else "lines"


def likely_delimiter(text: str, title: str | None = None, *, header: bool = True) -> str:
    """Return the delimiter that gives the header a title column, or else the most columns; without a header, to most rows."""
    if not header:
        return max(
            DELIMITERS, key=lambda delimiter: (_is_regular(text, delimiter), max(_widths(text, delimiter), default=0))
        )
    return _delimiter_of_header(text, title) or max(DELIMITERS, key=lambda delimiter: len(_header(text, delimiter)))


def _looks_like_json(text: str) -> bool:
    """Whether text starts as an object with a key, or is an array of objects or titles."""
    start = re.match(r"\s*(\{\s*\"|\[\s*[\"{])", text)
    return start is not None and (start[1][0] == "{" or text.rstrip().endswith("]"))


def _delimiter_of_header(text: str, title: str | None) -> str | None:
    """The delimiter by which the first line is a header: short names, one of them `title` or a usual one."""
    named = (title or "").strip().casefold()
    for delimiter in DELIMITERS:
        cells = _header(text, delimiter)
        is_header = named in cells if title else any(folded(cell) in _TITLES for cell in cells)
        if len(cells) > 1 and is_header and not _is_prose(cells):
            return delimiter
    return "," if title and _header(text, ",") == [named] else None


def _is_list(text: str, delimiter: str) -> bool:
    """Whether a file named as a table is only a list of titles, some with commas, without a header."""
    header, widths = _header(text, delimiter), set(_widths(text, delimiter))
    if len(header) == 1 and folded(header[0]) in _TITLES:
        return False
    return widths == {1} or (len(widths) > 1 and _is_prose(header))


def _is_regular(text: str, delimiter: str) -> bool:
    """Whether most records have as many cells as the first; titles with commas do not."""
    widths = _widths(text, delimiter)
    return bool(widths) and widths.count(widths[0]) > 0.5 * len(widths)


def _is_prose(cells: list[str]) -> bool:
    return any(len(cell.split()) > _MAX_NAME_WORDS for cell in cells)


def _header(text: str, delimiter: str) -> list[str]:
    """The cells of the first record, stripped and in lower case."""
    return [cell.strip().casefold() for record in _records(text, delimiter, 1) for cell in record]


def _widths(text: str, delimiter: str) -> list[int]:
    return [len(record) for record in _records(text, delimiter, _SAMPLE_RECORDS)]


def _records(text: str, delimiter: str, count: int) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return list(islice((row for row in reader if any(map(str.strip, row))), count))
    except csv.Error:
        return []
