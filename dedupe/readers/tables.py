"""Tables (CSV, TSV, JSON Lines, Parquet, Excel, SQLite) -> a `Source`."""

from __future__ import annotations

from dataclasses import replace

from dedupe.dates import DateRules
from dedupe.errors import EmptyInput, InputError
from dedupe.readers.columnar import stored_headlines, values_of
from dedupe.readers.delimited import Columns, Rows, find_columns, headlines_of, read_csv, read_jsonl
from dedupe.readers.opening import Content
from dedupe.readers.sniff import likely_delimiter
from dedupe.readers.source import Source, incomplete
from dedupe.readers.unpacking import SizeLimit
from dedupe.readers.workbooks import read_workbook
from dedupe.runtime.arrow import StoredTable


def parquet_source(table: StoredTable, content: Content, choice: Columns, limit: SizeLimit, dates: DateRules) -> Source:
    """Return the headlines of a Parquet file, whose rows stay in it. `limit`: on the columns that are compared, in memory."""
    columns, doubts = find_columns(list(table.names), choice, content.name, values_of(table))
    size, name = content.size, content.name
    headlines = stored_headlines(table, columns, dates, lambda unpacked: limit.check(unpacked, size, name))
    if not headlines:
        raise EmptyInput(f"{name} has no rows: give a file with at least one headline")
    notes = [_table_note(name, "Parquet", columns)]
    return Source(headlines, "parquet", list(table.names), notes=notes, warnings=doubts)


def workbook_source(content: Content, choice: Columns, limit: SizeLimit, dates: DateRules, *, header: bool) -> Source:
    """Return the headlines of an Excel sheet, the named one or the first. `limit`: on what is packed in the file."""
    rows, sheet, left_out = read_workbook(content.data, content.name, content.part, limit, header=header)
    source = _rows_source(rows, "xlsx", f"Excel (sheet {sheet!r})", choice, dates)
    return replace(source, warnings=[*left_out, *source.warnings])


def database_source(content: Content, choice: Columns, limit: SizeLimit, dates: DateRules) -> Source:
    """Return the headlines of a SQLite table or query. `limit`: on its rows in memory."""
    from dedupe.readers.databases import read_database

    rows, how = read_database(content, limit)
    return _rows_source(rows, "sqlite", f"SQLite ({how})", choice, dates)


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
    header: bool = True,
) -> Source:
    """Return the headlines of CSV, TSV or JSON Lines, by `kind`. `encoding`: what notes say of it."""
    if kind == "jsonl":
        rows, how = read_jsonl(text, name, skip_bad), "JSON Lines"
    else:
        delimiter = delimiter or ("\t" if kind == "tsv" else likely_delimiter(text, choice.title, header=header))
        if len(delimiter) != 1:
            raise InputError(f"delimiter {delimiter!r} is not one character: give one, such as ';'")
        rows = read_csv(text, name, delimiter, skip_bad, header=header)
        how = "TSV" if delimiter == "\t" else f"CSV (delimiter {delimiter!r})"
    source = _rows_source(rows, kind, f"{how}{encoding}", choice, dates)
    return incomplete(source, f"{name} is damaged or cut off", "") if rows.cut else source


def _rows_source(rows: Rows, kind: str, how: str, choice: Columns, dates: DateRules) -> Source:
    """Return the headlines of rows that were read. `how`: what notes say of the format."""
    if not rows.records:
        bad = f", only {len(rows.rejects)} bad lines" if rows.rejects else ""
        raise EmptyInput(f"{rows.name} has no rows{bad}: give a file with at least one headline")
    columns, doubts = find_columns(
        rows.columns,
        choice,
        rows.name,
        lambda column: (row.get(column) for row in rows.records),
        header=rows.header,
    )
    notes = [_table_note(rows.name, how, columns)]
    if rows.rejects:
        notes.append(f"{len(rows.rejects):,} bad line{'s' * (len(rows.rejects) > 1)} skipped")
    return Source(
        headlines_of(rows.records, columns, dates),
        kind,
        rows.columns,
        rejects=rows.rejects,
        notes=notes,
        warnings=doubts,
        header=rows.header,
    )


def _table_note(name: str, how: str, columns: dict[str, str]) -> str:
    return f"read {name} as {how}: " + ", ".join(f"{key} from {column!r}" for key, column in columns.items())
