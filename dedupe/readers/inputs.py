"""Inputs -> headlines: plain lines, CSV, TSV, JSON Lines, Parquet, feeds, OPML, scraped news pages, and frames.

One straight line: names -> bytes (`opening`) -> text (`decoding`) -> which format (`detecting`) -> rows -> headlines.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from dedupe.errors import EmptyInput, InputError
from dedupe.headlines import Headline
from dedupe.readers.columnar import MARK, headlines_of, is_parquet_file, open_parquet, read_table
from dedupe.readers.delimited import Columns, as_table_headline, find_columns, read_csv, read_jsonl
from dedupe.readers.encoding import decode
from dedupe.readers.feeds import COLUMNS, feeds_of, read_feed
from dedupe.readers.fetch import contents, ending, expanded, is_address, shown
from dedupe.readers.html import texts_of_html, titles_of_html
from dedupe.readers.page_text import looks_like_html, titles_of_text
from dedupe.readers.sniff import detect, likely_delimiter

__all__ = ["FORMATS", "Columns", "Source", "read_headlines", "read_table"]

FORMATS = ("lines", "csv", "tsv", "jsonl", "parquet", "feed", "opml", "page")
_SPELLED = {"tab": "\t", "\\t": "\t"}
_LINE = re.compile(r"\r\n|\r|\n")  # and no others: a title may hold a line separator of its own
_AT_ONCE = 8  # feeds fetched


@dataclass(frozen=True, slots=True)
class Source:
    """What was read: the headlines, and how.

    `format`: one of `FORMATS`, or "mixed" where inputs differ. `columns`: of a table, in order. `skipped_lines`: lines of
    a page not taken as headlines. `rejects`: raw lines that could not be read and were skipped. `notes`: facts for people,
    one line each.
    """

    headlines: list[Headline]
    format: str
    columns: list[str] = field(default_factory=list)
    skipped_lines: int = 0
    rejects: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the caller said about the inputs."""

    format: str | None
    columns: Columns
    delimiter: str | None
    encoding: str | None
    skip_bad: bool
    fetch: bool


def read_headlines(
    inputs: str | Path | Iterable[str | Path],
    *,
    input_format: str | None = None,
    columns: Columns | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    skip_bad: bool = False,
    fetch: bool = False,
) -> Source:
    """Read headlines from files, globs, addresses (http, https) or, for "-", from standard input.

    Any of them may be packed by gzip or zstd. `input_format` is one of `FORMATS`; format, delimiter, encoding and columns
    are found by content if not given. With `skip_bad` lines that cannot be read go to `rejects`; otherwise the first is an
    `InputError` with its line number. `fetch` lets the feeds that OPML lists be fetched. Of several inputs each headline
    names its own as `file`.
    """
    if input_format is not None and input_format not in FORMATS:
        raise InputError(f"input format {input_format!r} is not one of {', '.join(FORMATS)}")
    csv.field_size_limit(2**31 - 1)  # the default of 128 KiB is less than a title may have
    separator = _SPELLED.get(delimiter or "", delimiter)
    asked = _Asked(input_format, columns or Columns(), separator, encoding, skip_bad, fetch)
    given = [inputs] if isinstance(inputs, (str, Path)) else inputs
    names = expanded(given)
    if not names:
        raise InputError("no input: give at least one file")
    return _joined([(name, _read(name, asked)) for name in names])


def _read(name: str, asked: _Asked) -> Source:
    if asked.format in (None, "parquet") and name != "-" and not is_address(name) and is_parquet_file(name):
        return _parquet(name, None, asked)
    raw, name = contents(name), shown(name)
    if asked.format == "parquet" or (asked.format is None and raw.startswith(MARK)):
        return _parquet(name, raw, asked)
    text, found = decode(raw, name, asked.encoding)
    if not text.strip("\ufeff\0 \t\r\n"):
        raise EmptyInput(f"{name} is empty: give a file with at least one headline")
    kind = asked.format or detect(text, ending(name), asked.delimiter, asked.columns.title)
    encoding = "" if found in ("utf-8", "utf-8-sig") else f", {found.replace('_', '-')}"
    if kind in ("csv", "tsv", "jsonl"):
        return _table(text, name, kind, asked, encoding)
    if asked.columns != Columns() and kind not in ("feed", "opml"):
        columns = asked.columns
        column = next(c for c in (columns.title, columns.date, columns.source, columns.id, columns.url) if c)
        raise InputError(f"{name}: no column {column!r}, it was read as {kind}: correct it, or give --input-format")
    if kind == "feed":
        return _feed(text, name)
    return _opml(text, name, asked) if kind == "opml" else _list(text, name, kind, encoding)


def _joined(sources: list[tuple[str, Source]]) -> Source:
    """All inputs as one; a single one as it is."""
    if len(sources) == 1:
        return sources[0][1]
    parts = [source for _, source in sources]
    formats = {part.format for part in parts}
    return Source(
        [_with_file(headline, name) for name, part in sources for headline in part.headlines],
        parts[0].format if len(formats) == 1 else "mixed",
        list(dict.fromkeys(column for part in parts for column in part.columns)),
        sum(part.skipped_lines for part in parts),
        [line for part in parts for line in part.rejects],
        [note for part in parts for note in part.notes],
    )


def _with_file(headline: Headline, name: str) -> Headline:
    named = replace(headline, file=name)
    if headline.bad_date is not None:
        object.__setattr__(named, "bad_date", headline.bad_date)
    return named


def _parquet(name: str, raw: bytes | None, asked: _Asked) -> Source:
    stored = open_parquet(name, raw)
    columns = find_columns(list(stored.names), asked.columns, name)
    headlines = headlines_of(stored, columns)
    if not headlines:
        raise EmptyInput(f"{name} has no rows: give a file with at least one headline")
    return Source(headlines, "parquet", list(stored.names), notes=[_as_read(name, "Parquet", columns)])


def _feed(text: str, name: str) -> Source:
    rows = read_feed(text, name)
    columns = {"title": "title", "date": "published", "source": "source", "id": "id", "url": "url"}
    headlines = [as_table_headline(row, columns) for row in rows]
    return Source(headlines, "feed", list(COLUMNS), notes=[f"read {name} as a feed: {len(rows):,} entries"])


def _opml(text: str, name: str, asked: _Asked) -> Source:
    """The entries of the feeds that it lists; one that cannot be had is said in the notes."""
    addresses = feeds_of(text, name)
    if not addresses:
        raise InputError(f"{name} lists no feeds: give OPML with outlines that have an xmlUrl")
    if not asked.fetch:
        raise InputError(f"{name} lists feeds ({len(addresses):,}): add --fetch to fetch them")
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(pool.map(_fetched_feed, addresses))
    failures = [failure for failure in found if isinstance(failure, InputError)]
    if len(failures) == len(found):
        raise InputError(f"{name}: no feed of {len(found):,} could be read; the first: {failures[0]}")
    headlines = [h for feed in found if isinstance(feed, Source) for h in feed.headlines]
    read = len(found) - len(failures)
    notes = [f"read {name} as OPML: {len(headlines):,} entries of {read} of {len(found)} feeds", *map(str, failures)]
    return Source(headlines, "feed", list(COLUMNS), notes=notes)


def _fetched_feed(address: str) -> Source | InputError:
    try:
        if not is_address(address):
            raise InputError(f"{address} is no http or https address: correct it in the list of feeds")
        return _feed(decode(contents(address), address)[0], address)
    except InputError as error:
        return error


def _table(text: str, name: str, kind: str, asked: _Asked, encoding: str) -> Source:
    if kind == "jsonl":
        rows, have = read_jsonl(text, name, asked.skip_bad)
        how = "JSON Lines"
    else:
        separator = asked.delimiter or ("\t" if kind == "tsv" else likely_delimiter(text, asked.columns.title))
        if len(separator) != 1:
            raise InputError(f"delimiter {separator!r} is not one character: give one, such as ';'")
        rows, have = read_csv(text, name, separator, asked.skip_bad)
        how = "TSV" if separator == "\t" else f"CSV (delimiter {separator!r})"
    if not rows.found:
        bad = f", only {len(rows.rejects)} bad lines" if rows.rejects else ""
        raise EmptyInput(f"{name} has no rows{bad}: give a file with at least one headline")
    columns = find_columns(have, asked.columns, name)
    notes = [_as_read(name, f"{how}{encoding}", columns)]
    if rows.rejects:
        notes.append(f"{len(rows.rejects):,} bad line{'s' * (len(rows.rejects) > 1)} skipped")
    headlines = [as_table_headline(row, columns) for row in rows.found]
    return Source(headlines, kind, have, 0, rows.rejects, notes)


def _as_read(name: str, how: str, columns: dict[str, str]) -> str:
    used = ", ".join(f"{wanted} from {column!r}" for wanted, column in columns.items())
    return f"read {name} as {how}: {used}"


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
