"""Files -> headlines: plain lines, CSV and TSV, JSON Lines, and a scraped news page as text or HTML."""

from __future__ import annotations

import csv
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from dedupe.errors import InputError
from dedupe.headlines import Headline
from dedupe.sources.decoding import decode
from dedupe.sources.detecting import detect, likely_delimiter
from dedupe.sources.markup import texts_of_html, titles_of_html
from dedupe.sources.pages import looks_like_html, titles_of_text
from dedupe.sources.tables import Columns, as_table_headline, find_columns, read_csv, read_jsonl

__all__ = ["FORMATS", "Columns", "Source", "read_headlines"]

FORMATS = ("lines", "csv", "tsv", "jsonl", "page")
_SPELLED = {"tab": "\t", "\\t": "\t"}
_LINE = re.compile(r"\r\n|\r|\n")  # and no others: a title may hold a line separator of its own


@dataclass(frozen=True, slots=True)
class Source:
    """What was read: the headlines, and how.

    `columns`: of a table, in order. `skipped_lines`: lines of a page not taken as headlines. `rejects`: raw lines that
    could not be read and were skipped. `notes`: facts for people, one line each.
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
    csv.field_size_limit(2**31 - 1)  # the default of 128 KiB is less than a title may have
    text, found = decode(_bytes(path, name), name, encoding)
    if not text.strip("\ufeff\0 \t\r\n"):
        raise InputError(f"{name} is empty: give a file with at least one headline")
    asked = columns or Columns()
    separator = _SPELLED.get(delimiter or "", delimiter)
    kind = input_format or detect(text, Path(name).suffix.lower(), separator, asked.title)
    shown = "" if found in ("utf-8", "utf-8-sig") else f", {found.replace('_', '-')}"
    if kind in ("csv", "tsv", "jsonl"):
        return _table(text, name, kind, asked, separator, skip_bad, shown)
    if asked != Columns():
        named = next(value for value in (asked.title, asked.date, asked.source, asked.id, asked.url) if value)
        raise InputError(f"{name}: no column {named!r}, it was read as {kind}: correct it, or give --input-format")
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
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"{name} cannot be read ({why}): check the path and its permissions") from None


def _table(
    text: str, name: str, kind: str, asked: Columns, delimiter: str | None, skip_bad: bool, encoding: str
) -> Source:
    if kind == "jsonl":
        rows, have = read_jsonl(text, name, skip_bad)
        how = "JSON Lines"
    else:
        separator = delimiter or ("\t" if kind == "tsv" else likely_delimiter(text, asked.title))
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
        notes.append(f"{len(rows.rejects):,} bad line{'s' * (len(rows.rejects) > 1)} skipped")
    headlines = [as_table_headline(row, columns) for row in rows.found]
    return Source(headlines, kind, have, 0, rows.rejects, notes)


def _list(text: str, name: str, kind: str, encoding: str) -> Source:
    """A page or plain lines; blank lines count for nothing."""
    lines = [line.strip() for line in _LINE.split(text.removeprefix("\ufeff")) if line.strip()]
    if kind == "page":
        html = looks_like_html(text)
        titles = titles_of_html(text) if html else titles_of_text(text)
        how = "an HTML page" if html else "a news page"
        skipped = max(0, (texts_of_html(text) if html else len(lines)) - len(titles))
    else:
        titles, how, skipped = lines, "plain lines", 0
    if not titles:
        raise InputError(f"{name}: no headline found, read as {how}: say what it is by --input-format")
    left = f", {skipped:,} lines not taken as headlines" if skipped else ""
    notes = [f"read {name} as {how}{encoding}: {len(titles):,} headlines{left}"]
    return Source([Headline(title) for title in titles], kind, [], skipped, [], notes)
