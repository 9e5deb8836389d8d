"""Names of inputs -> a `Source` of headlines: open, decode, sniff, parse."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import astuple, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dedupe.dates import DateRules
from dedupe.errors import EmptyInput, InputError
from dedupe.headlines import Headline
from dedupe.readers.columnar import open_parquet
from dedupe.readers.delimited import Columns, NoColumn
from dedupe.readers.encoding import Text, decode
from dedupe.readers.feeds import FEED_COLUMNS, feed_headlines
from dedupe.readers.listed_feeds import feeds_at, opml_source
from dedupe.readers.names import TIMEOUT, expand, is_address
from dedupe.readers.opening import PARQUET_MAGIC, SQLITE_MAGIC, Content, check_read_once, read_input
from dedupe.readers.options import ReadOptions
from dedupe.readers.page_source import page_source
from dedupe.readers.pages import looks_like_html, page_of, parts_of_page
from dedupe.readers.sniff import detect
from dedupe.readers.source import FORMATS, Source, incomplete, joined_source
from dedupe.readers.tables import database_source, parquet_source, table_source, workbook_source
from dedupe.readers.unpacking import SizeLimit
from dedupe.readers.visits import NOTHING_SAID, Unchanged, Visits
from dedupe.readers.workbooks import ZIP_MAGIC
from dedupe.runtime.arrow import StoredTable

if TYPE_CHECKING:
    pass

_MAGIC = {"parquet": PARQUET_MAGIC, "sqlite": SQLITE_MAGIC, "xlsx": ZIP_MAGIC}
_WITH_PARTS = ("sqlite", "xlsx")
_SPELLED_DELIMITERS = {"tab": "\t", "\\t": "\t"}
_MIN_PARTS, _PARTS_SHARE = 3, 0.05  # of lines that look like parts of a page, before a list of titles is doubted
_LINE_END = re.compile(r"\r\n|\r|\n")  # and no others: a title may hold other line separators


def read_headlines(
    inputs: str | Path | Iterable[str | Path],
    *,
    input_format: str | None = None,
    columns: Columns | Sequence[Columns] | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    skip_bad: bool = False,
    fetch: bool = False,
    max_size: int | str | None = None,
    allow_private: bool = False,
    timeout: float = TIMEOUT,
    prefer_feed: bool = False,
    layout: bool = True,
    day_first: bool | None = None,
    date_format: str | None = None,
    now: datetime | str | None = None,
    header: bool = True,
    visits: Visits | None = None,
) -> Source:
    """Read headlines from files, pipes, globs, addresses (http, https), or standard input ("-"); gzip and zstd are unpacked.

    Args:
        inputs: one or several. With several, the `file` of each headline is the name of its input. A table of a SQLite database,
            a query or a sheet of a workbook is named behind two colons, such as "news.db::headlines".
        input_format: one of `FORMATS`. This and the next three are detected from the content by default.
        columns: the names of the columns to read; of several, each input takes the first that fits it.
        delimiter: the character between CSV columns; also "tab".
        encoding: the encoding of text.
        skip_bad: collect lines that cannot be read in `rejects`, instead of raising `InputError` at the first. Of an input
            that was cut off, use the start.
        fetch: fetch the feeds that OPML lists.
        max_size: the most that an input may have in memory, unpacked, in bytes or such as "5GB". By default 2 GB and, from
            64 MB on, 200 times its packed size. The rows of a Parquet file stay in it.
        allow_private: let lists of feeds, and redirects from public addresses, lead to private networks and this machine.
        timeout: seconds for each download.
        prefer_feed: of a page that names a feed, fetch the feed and read it instead.
        layout: let headlines of pages keep the `record` that they share, which is evidence for one wording.
        day_first: whether dates such as 03/04/2026 have the day first, where the other rows of the column do not tell; by
            default such dates then count as missing.
        date_format: the format of the dates, as for `datetime.strptime`. Others are then read only if they have the year first,
            or the name of a month.
        now: the moment from which dates lie in the future, and count as missing; by default the clock's. Relative dates such as
            "5 h ago" count from it, by default from the moment at which the input was taken (docs/relative-dates.md).
        header: whether CSV, TSV and sheets begin with the names of their columns; else these are column_1, column_2 and so on.
        visits: what is known of addresses from earlier calls: those that have nothing new are not read again. With it, files may
            be empty.

    Raises `InputError` for an input that cannot be read, with the line number if one line is at fault.
    """
    if input_format is not None and input_format not in FORMATS:
        raise InputError(f"input format {input_format!r} is not one of {', '.join(FORMATS)}")
    if not timeout > 0:
        raise InputError(f"timeout must be a positive number of seconds, not {timeout!r}")
    csv.field_size_limit(2**31 - 1)  # by default 128 KiB, less than a title may have
    delimiter = _SPELLED_DELIMITERS.get(delimiter or "", delimiter)
    choices = [columns] if isinstance(columns, Columns) else list(columns or [Columns()])
    options = ReadOptions(
        format=input_format,
        columns=choices[-1],
        dates=DateRules(day_first, date_format, now),
        delimiter=delimiter,
        encoding=encoding,
        skip_bad=skip_bad,
        fetch=fetch,
        limit=SizeLimit.of(max_size),
        allow_private=allow_private,
        timeout=timeout,
        prefer_feed=prefer_feed,
        layout=layout,
        header=header,
        visits=visits,
    )
    names = expand([inputs] if isinstance(inputs, (str, Path)) else inputs)
    if not names:
        raise InputError("no input: give at least one file")
    check_read_once(names)
    sources = [_visited(name, options, choices) for name in names]
    return sources[0] if len(sources) == 1 else joined_source(names, sources)


def _visited(name: str, options: ReadOptions, choices: Sequence[Columns]) -> Source:
    """Read an input. Where it is read again and again, it may be empty or unchanged, and how that went is taken down."""
    visits = options.visits
    if visits is None:
        return _read(name, options, choices)
    try:
        return _read(name, options, choices)
    except InputError as error:
        if is_address(name):
            visits.note(name, error)
        if isinstance(error, Unchanged):
            return Source([], "feed", list(FEED_COLUMNS), notes=[str(error)])
        if isinstance(error, EmptyInput) and not is_address(name):
            return Source([], options.format or "lines", notes=[str(error).rpartition(": ")[0]])
        if is_address(name) and visits.go_on:
            return Source([], "feed", list(FEED_COLUMNS), warnings=[str(error)])
        raise


def _read(name: str, options: ReadOptions, choices: Sequence[Columns]) -> Source:
    """Open an input once, then parse it with the first of `choices` that fits."""
    try:
        content = read_input(
            name,
            options.limit,
            skip_bad=options.skip_bad,
            parquet=options.format in (None, "parquet"),
            database=options.format in (None, "sqlite"),
            timeout=options.timeout,
            allow_private=options.allow_private,
            visits=options.visits,
        )
        opened = _opened(content, options)
        for columns in choices[:-1]:
            try:
                return _parsed(opened, content, replace(options, columns=columns))
            except NoColumn:
                continue
        return _parsed(opened, content, options)
    except MemoryError:
        raise InputError(f"{name} does not fit into memory: split it, or free some memory") from None


def _opened(content: Content, options: ReadOptions) -> StoredTable | Text | str:
    """What the input holds: Parquet, text, or for a workbook or a database only its format."""
    format = options.format
    if format is None:
        kinds = [kind for kind, magic in _MAGIC.items() if content.data.startswith(magic)]
        format = "parquet" if content.parquet else "sqlite" if content.path else next(iter(kinds), None)
    if content.part and format not in _WITH_PARTS:
        raise InputError(
            f"{content.name}: only SQLite databases and Excel workbooks have parts: leave out ::{content.part}"
        )
    if format in _WITH_PARTS:
        return format
    return open_parquet(content) if format == "parquet" else _text(content, options)


def _text(content: Content, options: ReadOptions) -> Text:
    text = decode(content.data, content.name, options.encoding, content.charset, cut=bool(content.damage))
    if not re.search(r"[^\s\0\ufeff]", text.text):
        raise EmptyInput(f"{content.name} is empty: give a file with at least one headline")
    return text


def _parsed(opened: StoredTable | Text | str, content: Content, options: ReadOptions) -> Source:
    """Parse an input; of an address, take down that it was read, unless its content leads to other addresses."""
    options = replace(options, dates=options.dates.counted_from(content.origin))
    if isinstance(opened, StoredTable):
        kind = "parquet"
        source = parquet_source(opened, content, options.columns, options.limit, options.dates)
    elif opened == "xlsx":
        kind = opened
        source = workbook_source(content, options.columns, options.limit, options.dates, header=options.header)
    elif isinstance(opened, str):
        kind = opened
        source = database_source(content, options.columns, options.limit, options.dates)
    else:
        source, kind = _parsed_text(opened, content, options)
    leads_on = kind == "opml" or (kind == "page" and options.prefer_feed)
    if options.visits and is_address(content.name) and not leads_on:
        options.visits.note(content.name, NOTHING_SAID if source.warnings else content.answer)
    origin = options.dates.origin
    return replace(source, notes=[*source.notes, *origin.said(content.name)]) if origin else source


def _parsed_text(opened: Text, content: Content, options: ReadOptions) -> tuple[Source, str]:
    """The headlines of a text, and the format that it has."""
    text, rest = opened.text, ""
    named = options.columns.title
    kind = options.format or detect(text, content.suffix, options.delimiter, named, options.header)
    by_line = kind in ("lines", "csv", "tsv") or (kind == "page" and not looks_like_html(text))
    if content.damage and by_line:  # its last line may be half of one
        end = max(text.rfind("\n"), text.rfind("\r")) + 1
        text, rest = text[:end], text[end:]
    source = _source(text, content.name, kind, options, opened.encoding)
    if content.damage and not source.cut:  # readers of feeds and JSON notice a cut themselves
        source = incomplete(source, f"{content.name} cannot be unpacked to its end ({content.damage})", rest)
    return replace(source, notes=[*source.notes, *opened.notes]), kind


def _source(text: str, name: str, kind: str, options: ReadOptions, encoding: str) -> Source:
    how = "" if encoding in ("utf-8", "utf-8-sig") else f", {encoding.replace('_', '-')}"
    if kind in ("csv", "tsv", "jsonl"):
        return table_source(
            text,
            name,
            kind,
            options.columns,
            dates=options.dates,
            delimiter=options.delimiter,
            skip_bad=options.skip_bad,
            encoding=how,
            header=options.header,
        )
    if kind == "feed":
        return _feed(text, name, options)
    if kind == "opml":
        return opml_source(text, name, options, _listed_feed)
    columns = options.columns
    if columns != Columns():
        column = next(name for name in astuple(columns) if name is not None)
        raise NoColumn(f"{name}: no column {column!r}, it was read as {kind}: correct it, or give --input-format")
    return (
        _page(text, name, options, how) if kind == "page" else _lines(text, name, how, detected=options.format is None)
    )


def _feed(text: str, name: str, options: ReadOptions) -> Source:
    headlines, rest = feed_headlines(text, name, options.dates, skip_bad=options.skip_bad)
    notes = [f"read {name} as a feed: {len(headlines):,} entries"]
    source = Source(headlines, "feed", list(FEED_COLUMNS), notes=notes)
    return source if rest is None else incomplete(source, f"{name} was cut off", rest)


def _listed_feed(content: Content, options: ReadOptions) -> Source:
    """Parse a feed that a list or a page names."""
    return _parsed(_text(content, replace(options, encoding=None)), content, replace(options, format="feed"))


def _lines(text: str, name: str, encoding: str, *, detected: bool) -> Source:
    titles = [line.strip() for line in _LINE_END.split(text.removeprefix("\ufeff")) if line.strip()]
    notes = [f"read {name} as plain lines{encoding}: {len(titles):,} headlines"]
    if detected and (parts := parts_of_page(text)) >= max(_MIN_PARTS, _PARTS_SHARE * len(titles)):
        notes.append(f"{parts:,} lines look like parts of a news page: if it is one, add --input-format page")
    return Source([Headline(title) for title in titles], "lines", notes=notes)


def _page(text: str, name: str, options: ReadOptions, encoding: str) -> Source:
    page = page_of(text, name if is_address(name) else None, layout=options.layout, dates=options.dates)
    if not page.feeds:
        return page_source(page, name, encoding)
    if not options.prefer_feed:
        source = page_source(page, name, encoding)
        hint = f"{name} has a feed, with dates: add --prefer-feed to read {page.feeds[0]} instead"
        return replace(source, notes=[*source.notes, hint])
    feed = feeds_at(page.feeds[:1], options, _listed_feed)[0]
    if isinstance(feed, Unchanged):
        return Source([], "feed", list(FEED_COLUMNS), notes=[str(feed)])
    if isinstance(feed, InputError):
        raise InputError(f"{name}: {feed} (or leave out --prefer-feed)")
    return replace(feed, notes=[f"read the feed of {name}", *feed.notes])
