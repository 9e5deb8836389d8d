"""Files -> headlines: plain lines, CSV and TSV, JSON Lines, and a scraped news page as text or HTML."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from dedupe.errors import InputError
from dedupe.headlines import Headline
from dedupe.sources.decoding import decode
from dedupe.sources.pages import looks_like_html, looks_like_page, titles_of_html, titles_of_text
from dedupe.sources.tables import DELIMITERS, Columns, as_table_headline, find_columns, read_csv, read_jsonl

__all__ = ["FORMATS", "Columns", "Source", "read_headlines"]

FORMATS = ("lines", "csv", "tsv", "jsonl", "page")
_ENDINGS = {
    **{".csv": "csv", ".tsv": "tsv", ".tab": "tsv"},
    **{".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"},
    **{".html": "page", ".htm": "page"},
}
_SNIFFED = 50  # lines that settle a format


@dataclass(frozen=True, slots=True)
class Source:
    """What was read: the headlines, and how.

    `columns`: of a table, in order. `skipped_lines`: lines of a page or list not taken as headlines. `rejects`: raw lines
    that could not be read and were skipped. `notes`: facts for people, one line each.
    """

    headlines: list[Headline]
    format: str
    columns: list[str] = field(default_factory=list)
    skipped_lines: int = 0
    rejects: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_headlines(
    path: str | Path,
    *,
    input_format: str | None = None,
    columns: Columns | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    skip_bad: bool = False,
) -> Source:
    """Read headlines from a file, or from standard input for "-".

    `input_format` is one of `FORMATS`; format, delimiter, encoding and columns are found by content if not given. With
    `skip_bad` lines that cannot be read go to `rejects`; otherwise the first is an `InputError` with its line number.
    """
    name = "standard input" if str(path) == "-" else str(path)
    if input_format is not None and input_format not in FORMATS:
        raise InputError(f"input format {input_format!r} is not one of {', '.join(FORMATS)}")
    text, found = decode(_bytes(path, name), name, encoding)
    if not text.strip("\ufeff\0 \t\r\n"):
        raise InputError(f"{name} is empty: give a file with at least one headline")
    kind = input_format or _detect(text, Path(name).suffix.lower(), delimiter)
    shown = "" if found.startswith("utf-8") else f", {found.replace('_', '-')}"
    if kind in ("csv", "tsv", "jsonl"):
        return _table(text, name, kind, columns or Columns(), delimiter, skip_bad, shown)
    return _list(text, name, kind, shown)


def _bytes(path: str | Path, name: str) -> bytes:
    if str(path) == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise InputError(f"no file {name}: check the path, or give - for standard input") from None
    except IsADirectoryError:
        raise InputError(f"{name} is a directory: give a file in it") from None
    except OSError as error:
        raise InputError(f"{name} cannot be read ({error.strerror}): check its permissions") from None


def _detect(text: str, ending: str, delimiter: str | None) -> str:
    """Content first where it is plain, then the ending, then the look of the lines."""
    if looks_like_html(text):
        return "page"
    if re.match(r"\s*(\{\s*\"|\[\s*[\"{])", text):
        return "jsonl"
    if ending in _ENDINGS:
        return _ENDINGS[ending]
    separator = delimiter or _table_delimiter(text)
    if separator:
        return "tsv" if separator == "\t" else "csv"
    return "page" if looks_like_page(text) else "lines"


def _table_delimiter(text: str) -> str | None:
    """The delimiter of a table without a telling name: its header must hold a usual title column."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    for delimiter in DELIMITERS:
        cells = [cell.strip().strip('"').casefold() for cell in header.split(delimiter)]
        if len(cells) > 1 and {"title", "headline"} & set(cells):
            return delimiter
    return None


def _header_delimiter(text: str) -> str:
    """The delimiter that the header has most of; a comma for a single column."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    return max(DELIMITERS, key=header.count) if any(d in header for d in DELIMITERS) else ","


def _table(
    text: str, name: str, kind: str, asked: Columns, delimiter: str | None, skip_bad: bool, encoding: str
) -> Source:
    if kind == "jsonl":
        rows, have = read_jsonl(text, name, skip_bad)
        how = "JSON Lines"
    else:
        separator = delimiter or ("\t" if kind == "tsv" else _header_delimiter(text))
        if len(separator) != 1:
            raise InputError(f"delimiter {separator!r} is not one character: give one, such as ';'")
        rows, have = read_csv(text, name, separator, skip_bad)
        how = "TSV" if separator == "\t" else f"CSV (delimiter {separator!r})"
    if not rows.found:
        bad = f", only {len(rows.rejects)} bad lines" if rows.rejects else ""
        raise InputError(f"{name} has no rows{bad}: give a file with at least one headline")
    columns = find_columns(have, asked, name)
    used = ", ".join(f"{wanted} from {column!r}" for wanted, column in columns.items())
    notes = [f"read {name} as {how}{encoding}: {used}"]
    if rows.rejects:
        notes.append(f"{len(rows.rejects):,} bad lines skipped")
    headlines = [as_table_headline(row, columns) for _, row in rows.found]
    return Source(headlines, kind, have, 0, rows.rejects, notes)


def _list(text: str, name: str, kind: str, encoding: str) -> Source:
    """A page or plain lines; blank lines count for nothing."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if kind == "page":
        html = looks_like_html(text)
        titles = titles_of_html(text) if html else titles_of_text(text)
        how = "an HTML page" if html else "a news page"
        skipped = 0 if html else len(lines) - len(titles)
    else:
        titles, how, skipped = lines, "plain lines", 0
    if not titles:
        raise InputError(f"{name}: no headline found, read as {how}: say what it is by --input-format")
    left = f", {skipped:,} lines not taken as headlines" if skipped else ""
    notes = [f"read {name} as {how}{encoding}: {len(titles):,} headlines{left}"]
    return Source([Headline(title) for title in titles], kind, [], skipped, [], notes)
