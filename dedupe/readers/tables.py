"""Tables (CSV, TSV, JSON Lines, Parquet) -> a `Source`."""

from __future__ import annotations

from dedupe.dates import DateRules
from dedupe.errors import EmptyInput, InputError
from dedupe.readers.columnar import stored_headlines
from dedupe.readers.delimited import Columns, find_columns, headlines_of, read_csv, read_jsonl
from dedupe.readers.opening import Content
from dedupe.readers.sniff import likely_delimiter
from dedupe.readers.source import Source, incomplete
from dedupe.readers.unpacking import SizeLimit
from dedupe.runtime.arrow import StoredTable


def parquet_source(table: StoredTable, content: Content, choice: Columns, limit: SizeLimit, dates: DateRules) -> Source:
    """Return the headlines of a Parquet file, whose rows stay in it. `limit`: on the columns that are compared, in memory."""
    columns = find_columns(list(table.names), choice, content.name)
    size, name = content.size, content.name
    headlines = stored_headlines(table, columns, dates, lambda unpacked: limit.check(unpacked, size, name))
    if not headlines:
        raise EmptyInput(f"{name} has no rows: give a file with at least one headline")
    return Source(headlines, "parquet", list(table.names), notes=[_table_note(name, "Parquet", columns)])


def table_source(
    text: str,
    name: str,
    kind: str,
    choice: Columns,
    *,
    dates: DateRules,
    delimiter: str | None,
    skip_bad: bool,
    encoding: str,
) -> Source:
    """Return the headlines of CSV, TSV or JSON Lines, by `kind`. `encoding`: what notes say of it."""
    if kind == "jsonl":
        rows, how = read_jsonl(text, name, skip_bad), "JSON Lines"
    else:
        delimiter = delimiter or ("\t" if kind == "tsv" else likely_delimiter(text, choice.title))
        if len(delimiter) != 1:
            raise InputError(f"delimiter {delimiter!r} is not one character: give one, such as ';'")
        rows = read_csv(text, name, delimiter, skip_bad)
        how = "TSV" if delimiter == "\t" else f"CSV (delimiter {delimiter!r})"
    if not rows.records:
        bad = f", only {len(rows.rejects)} bad lines" if rows.rejects else ""
        raise EmptyInput(f"{name} has no rows{bad}: give a file with at least one headline")
    columns = find_columns(rows.columns, choice, name)
    notes = [_table_note(name, f"{how}{encoding}", columns)]
    if rows.rejects:
        notes.append(f"{len(rows.rejects):,} bad line{'s' * (len(rows.rejects) > 1)} skipped")
    headlines = headlines_of(rows.records, columns, dates)
    source = Source(headlines, kind, rows.columns, rejects=rows.rejects, notes=notes)
    return incomplete(source, f"{name} is damaged or cut off", "") if rows.cut else source


def _table_note(name: str, how: str, columns: dict[str, str]) -> str:
    return f"read {name} as {how}: " + ", ".join(f"{key} from {column!r}" for key, column in columns.items())
