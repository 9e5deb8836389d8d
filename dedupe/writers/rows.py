"""Write rows and stories: JSON Lines, CSV, TSV, Parquet, Excel, SQLite, plain lines, and nested JSON.

Text is UTF-8. In CSV and TSV, nested values are JSON and dates are ISO 8601. An apostrophe goes before what a spreadsheet
would run as a formula, unless `formulas` is set: also after a semicolon or a line break, where some of them begin a new cell.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from dedupe.errors import OutputError
from dedupe.result import OutputRows
from dedupe.result.columns import POSITION, TITLE
from dedupe.runtime.arrow import tables_of
from dedupe.runtime.files import PACKED, writing, writing_bytes
from dedupe.runtime.json_text import as_json
from dedupe.writers.cells import safe_text_of, text_of
from dedupe.writers.databases import write_database
from dedupe.writers.workbooks import write_workbook

if TYPE_CHECKING:
    from dedupe.result.deduplication import Deduplication
    from dedupe.result.groups import Story, Wording

Rows = OutputRows | Sequence[Mapping[str, Any]]

ROW_FORMATS = ("jsonl", "csv", "tsv", "parquet", "xlsx", "sqlite", "lines")
BINARY_FORMATS = ("parquet", "xlsx", "sqlite")
"""Those that are not for a terminal."""
_ENDINGS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".txt": "lines"}
_ENDINGS |= {".parquet": "parquet", ".pq": "parquet", ".json": "json", ".xlsx": "xlsx"}
_ENDINGS |= {".db": "sqlite", ".sqlite": "sqlite", ".sqlite3": "sqlite", ".md": "markdown"}
_UNSUPPORTED = (".xls", ".xlsm", ".ods", ".html", ".htm", ".xml", ".pdf", ".zip")
_DELIMITERS = {"csv": ",", "tsv": "\t"}


def format_of(path: str, known: Sequence[str] = (*ROW_FORMATS, "json")) -> str | None:
    """Return the format for the ending of `path`, before any .gz or .zst; None for an unknown ending.

    Raises `OutputError` for a format that is not in `known`, and for endings of formats that are never written.
    """
    name = Path(path)
    ending = Path(name.stem).suffix.lower() if name.suffix.lower() in PACKED else name.suffix.lower()
    format = _ENDINGS.get(ending)
    if ending in _UNSUPPORTED or (format and format not in known):
        usual = [next(ending for ending, format in _ENDINGS.items() if format == name) for name in known]
        names = " or ".join(filter(None, [", ".join(usual[:-1]), usual[-1]]))
        raise OutputError(f"{path}: {ending} files cannot be written: name a file that ends in {names}")
    return format


def write_rows(
    rows: Rows, path: str, format: str, *, formulas: bool = False, header: bool = True, table: str = "headlines"
) -> None:
    """Write rows in one of `ROW_FORMATS`; "lines" is their titles.

    With `formulas`, cells of CSV and TSV are left as they are, even if a spreadsheet would run them. Without `header`, they
    and Excel begin with the first row. `table`: the name of the table of SQLite, or of the sheet. Raises `OutputError` where
    the file cannot be written.
    """
    if format == "parquet":
        _write_parquet(rows, path)
        return
    if format in BINARY_FORMATS:
        columns = _columns(rows)
        values = ([row.get(name) for name in columns] for row in rows)
        if format == "xlsx":
            write_workbook(columns, values, path, table, header=header)
        else:
            write_database(columns, values, path, table)
        return
    with writing(path) as stream:
        if format in _DELIMITERS:
            _write_csv(rows, stream, _DELIMITERS[format], text_of if formulas else safe_text_of, header)
        elif format == "lines":
            titles = (str(row.get(TITLE, row.get("title", ""))) for row in rows)
            stream.writelines(" ".join(title.splitlines()) + "\n" for title in titles)
        else:
            stream.writelines(as_json(row) + "\n" for row in rows)


def write_stories(result: Deduplication, path: str) -> None:
    """Write one JSON document of stories, their wordings and headlines, largest story first.

    A headline is its output row with `dedupe_position`, its place in the input. A representative is such a position.
    """
    with writing(path) as stream:
        stream.write('{"stories": [')
        for number, story in enumerate(_nested(result)):
            stream.write(("," if number else "") + "\n" + as_json(story))
        stream.write("\n]}\n")


def write_pairs(result: Deduplication, path: str) -> None:
    """Write every scored pair with its titles, features and reasons, as JSON Lines."""
    with writing(path) as stream:
        for pair in result.pairs:
            row = {
                "i": pair.i,
                "j": pair.j,
                "title_a": result.headlines[pair.i].title,
                "title_b": result.headlines[pair.j].title,
                "similarity": round(pair.similarity, 4),
                "p_wording": round(pair.p_wording, 4),
                "p_story": round(pair.p_story, 4),
                "verdict": pair.verdict,
                "features": {name: round(value, 4) for name, value in pair.features.items()},
                "reasons": list(pair.reasons),
            }
            stream.write(as_json(row) + "\n")


def _nested(result: Deduplication) -> Iterator[dict[str, Any]]:
    rows = list(result.output)
    for story in result.stories:
        yield {
            "story": story.id,
            "size": len(story.headlines),
            "cohesion": round(story.cohesion, 4),
            "representative": _representative(story),
            "wordings": [
                {
                    "wording": wording.id,
                    "representative": _representative(wording),
                    "headlines": [rows[k] | {POSITION: k} for k in wording.positions.tolist()],
                }
                for wording in story.wordings
            ],
        }


def _representative(group: Story | Wording) -> int:
    place = next(k for k, headline in enumerate(group.headlines) if headline is group.representative)
    return int(group.positions[place])


def _columns(rows: Rows) -> list[str]:
    return rows.columns if isinstance(rows, OutputRows) else list(dict.fromkeys(name for row in rows for name in row))


def _write_csv(rows: Rows, stream: TextIO, delimiter: str, cell: Callable[[Any], str], header: bool) -> None:
    columns = _columns(rows)
    plain = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
    # Before Python 3.13 the writer leaves a lone carriage return bare, and a reader then breaks the row at it.
    quoted = csv.writer(stream, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
    values: Iterator[list[Any]] = ([row.get(name) for name in columns] for row in rows)
    for line in chain([columns] if header else [], values):
        cells = [cell(value) for value in line]
        (quoted if any("\r" in cell for cell in cells) else plain).writerow(cells)


def _write_parquet(rows: Rows, path: str) -> None:
    import pyarrow.parquet as pq

    tables = rows.tables() if isinstance(rows, OutputRows) else tables_of(rows)
    first = next(tables)
    with writing_bytes(path) as stream, pq.ParquetWriter(stream, first.schema) as writer:
        for table in chain([first], tables):
            writer.write_table(table)
