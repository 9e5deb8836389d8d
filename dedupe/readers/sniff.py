"""What a text is: lines, CSV, TSV, JSON Lines, a page, a feed or OPML; content first, then the file's ending."""

from __future__ import annotations

import csv
import io
import re
from itertools import islice

from dedupe.readers.delimited import DELIMITERS, TITLES
from dedupe.readers.feeds import looks_like_feed, looks_like_opml
from dedupe.readers.page_text import looks_like_html, looks_like_page

ENDINGS = {
    **{".csv": "csv", ".tsv": "tsv", ".tab": "tsv"},
    **{".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"},
    **{".html": "page", ".htm": "page"},
}
_SNIFFED = 50  # records that settle a format
_NAME_WORDS = 3  # a column's name is no sentence


def detect(text: str, ending: str, delimiter: str | None = None, title: str | None = None) -> str:
    """Return the format of `text`; `title` is a column that it is said to have."""
    if looks_like_opml(text):
        return "opml"
    if looks_like_feed(text):
        return "feed"
    if looks_like_html(text):
        return "page"
    by_ending = ENDINGS.get(ending)
    if by_ending == "jsonl" or _looks_like_json(text):
        return "jsonl"
    if by_ending == "page":
        return "page"
    separator = delimiter or named_delimiter(text, title)
    if separator and (delimiter or title or by_ending or _mostly_as_wide(text, separator)):
        return "tsv" if separator == "\t" else "csv"
    if by_ending and not _is_list(text, likely_delimiter(text)):
        return by_ending
    return "page" if looks_like_page(text) else "lines"


def _looks_like_json(text: str) -> bool:
    """Whether it begins as an object with a key, or is in brackets that hold objects or titles."""
    if re.match(r"\s*\{\s*\"", text):
        return True
    return bool(re.match(r"\s*\[\s*[\"{]", text)) and text.rstrip().endswith("]")


def named_delimiter(text: str, title: str | None = None) -> str | None:
    """The delimiter of a table that says so: several short column names, with `title` or a usual one."""
    known = {title.strip().casefold()} if title else set(TITLES)
    for delimiter in DELIMITERS:
        cells = _header(text, delimiter)
        names = [cell.strip().casefold() for cell in cells]
        if len(cells) > 1 and known & set(names) and not _is_prose(cells):
            return delimiter
    single = _header(text, ",")
    return "," if title and len(single) == 1 and single[0].strip().casefold() in known else None


def likely_delimiter(text: str, title: str | None = None) -> str:
    """The delimiter of a table: the one that gives it a title column, or else most columns."""
    return named_delimiter(text, title) or max(DELIMITERS, key=lambda delimiter: len(_header(text, delimiter)))


def _is_list(text: str, delimiter: str) -> bool:
    """Whether a file that ends as a table's is only a list of titles, with commas in some and no header."""
    header = _header(text, delimiter)
    if header and header[0].strip().casefold() in TITLES and len(header) == 1:
        return False
    widths = {len(row) for row in _records(text, delimiter)}
    return widths == {1} or (len(widths) > 1 and _is_prose(header))


def _mostly_as_wide(text: str, delimiter: str) -> bool:
    """Whether most records are as wide as the first, which a title with commas is not."""
    widths = [len(row) for row in _records(text, delimiter)]
    return widths.count(widths[0]) > 0.5 * len(widths)


def _is_prose(cells: list[str]) -> bool:
    return any(len(cell.split()) > _NAME_WORDS for cell in cells)


def _header(text: str, delimiter: str) -> list[str]:
    return next(iter(_records(text, delimiter, 1)), [])


def _records(text: str, delimiter: str, count: int = _SNIFFED) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return list(islice((row for row in reader if any(cell.strip() for cell in row)), count))
    except csv.Error:
        return []
