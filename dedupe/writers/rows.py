"""Write rows and stories: JSON Lines, CSV, TSV, Parquet, plain lines, and nested JSON.

Text is UTF-8. In CSV and TSV nested values are JSON, dates are ISO 8601, and a cell that a spreadsheet would run as a
formula gets an apostrophe before it, unless asked not to.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from dedupe.errors import OutputError
from dedupe.result.columns import OutputRows
from dedupe.runtime.arrow import as_json, for_json, tables_of
from dedupe.runtime.files import PACKED, writing, writing_bytes

if TYPE_CHECKING:
    from dedupe.result.deduplication import Deduplication
    from dedupe.result.groups import Story, Wording
    from dedupe.result.pairs import ScoredPair

Row = Mapping[str, Any]
Rows = OutputRows | Sequence[Row]

ROW_FORMATS = ("jsonl", "csv", "tsv", "parquet", "lines")
_ENDINGS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".txt": "lines"}
_ENDINGS |= {".parquet": "parquet", ".pq": "parquet", ".json": "json"}
_FOREIGN = (".xlsx", ".xls", ".ods", ".html", ".htm", ".xml", ".pdf", ".db", ".sqlite", ".zip")
_FORMULA = re.compile(r"[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")  # how one begins, also in full width
_NUMBER = re.compile(r"[+-]?(\d[\d.,]*|\.\d+)([eE][+-]?\d+)?%?")


def format_of(path: str, known: Sequence[str] = (*ROW_FORMATS, "json")) -> str | None:
    """Return the format that the ending of `path` stands for, that under .gz or .zst; None where it stands for none.

    Raises `OutputError` for an ending of formats that are not `known`, and of others that are not written at all.
    """
    name = Path(path)
    ending = Path(name.stem).suffix.lower() if name.suffix.lower() in PACKED else name.suffix.lower()
    format = _ENDINGS.get(ending)
    if ending in _FOREIGN or (format and format not in known):
        raise OutputError(f"{path}: {ending} is not written here: name a file that ends in {_endings(known)}")
    return format


def _endings(known: Sequence[str]) -> str:
    """The usual ending of each of these formats, in words."""
    usual = [next(ending for ending, format in _ENDINGS.items() if format == one) for one in known]
    return " or ".join(filter(None, [", ".join(usual[:-1]), usual[-1]]))


def write_rows(rows: Rows, path: str, format: str, *, formulas: bool = False) -> None:
    """Write `rows` to `path` in one of `ROW_FORMATS` ("lines": the column `title`); `OutputError` if that fails.

    `formulas`: leave cells of CSV and TSV as they are, also those that a spreadsheet would run.
    """
    if format == "parquet":
        _write_parquet(rows, path)
        return
    with writing(path) as stream:
        if format in _DELIMITERS:
            _write_csv(rows, stream, _DELIMITERS[format], _cell if formulas else _safe_cell)
        else:
            _WRITERS[format](rows, stream)


def write_stories(result: Deduplication, path: str) -> None:
    """Write stories -> wordings -> headlines as one JSON document, largest story first.

    A headline is its output row, with `position`, its place in the input; the representatives are such positions.
    """
    rows = result.output
    with writing(path) as stream:
        stream.write('{"stories": [')
        for number, story in enumerate(_nested(result, rows)):
            stream.write(("," if number else "") + "\n" + as_json(story))
        stream.write("\n]}\n")


def write_pairs(pairs: Iterable[ScoredPair], titles: Callable[[int], str], path: str) -> None:
    """Write every judged pair with its evidence, as JSON Lines; `titles` gives the title at a position."""
    with writing(path) as stream:
        for pair in pairs:
            row = {
                "i": pair.i,
                "j": pair.j,
                "title_i": titles(pair.i),
                "title_j": titles(pair.j),
                "verdict": pair.verdict,
                "p_story": round(pair.p_story, 4),
                "p_wording": round(pair.p_wording, 4),
                "similarity": round(pair.similarity, 4),
                "reasons": list(pair.reasons),
                "features": {name: round(value, 4) for name, value in pair.features.items()},
            }
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")


def _nested(result: Deduplication, rows: OutputRows) -> Iterator[dict[str, Any]]:
    made = list(rows)
    for story in result.stories:
        yield {
            "story": story.id,
            "size": len(story.headlines),
            "cohesion": round(story.cohesion, 4),
            "representative": _place(story),
            "wordings": [
                {
                    "wording": wording.id,
                    "representative": _place(wording),
                    "headlines": [{"position": k} | made[k] for k in wording.positions.tolist()],
                }
                for wording in story.wordings
            ],
        }


def _place(group: Story | Wording) -> int:
    """The position of a group's representative."""
    members = zip(group.positions, group.headlines, strict=True)
    return int(next(place for place, headline in members if headline is group.representative))


def _write_jsonl(rows: Rows, stream: TextIO) -> None:
    for row in rows:
        stream.write(json.dumps(row, ensure_ascii=False, default=for_json) + "\n")


def _write_csv(rows: Rows, stream: TextIO, delimiter: str, cell: Callable[[Any], str]) -> None:
    columns = _columns(rows)
    plain = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
    # Before Python 3.13 the writer leaves a lone carriage return bare, and a reader then breaks the row at it.
    quoted = csv.writer(stream, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
    values: Iterator[list[Any]] = ([row.get(name) for name in columns] for row in rows)
    for line in chain([columns], values):
        cells = [cell(value) for value in line]
        (quoted if any("\r" in cell for cell in cells) else plain).writerow(cells)


def _columns(rows: Rows) -> list[str]:
    """All columns, in first-seen order."""
    return rows.columns if isinstance(rows, OutputRows) else list(dict.fromkeys(name for row in rows for name in row))


def _write_parquet(rows: Rows, path: str) -> None:
    import pyarrow.parquet as pq

    tables = rows.tables() if isinstance(rows, OutputRows) else tables_of(rows)
    first = next(tables)
    with writing_bytes(path) as stream, pq.ParquetWriter(stream, first.schema) as writer:
        for table in chain([first], tables):
            writer.write_table(table)


def _write_titles(rows: Rows, stream: TextIO) -> None:
    stream.writelines(" ".join(str(row.get("title", "")).splitlines()) + "\n" for row in rows)


_DELIMITERS = {"csv": ",", "tsv": "\t"}
_WRITERS: dict[str, Callable[[Rows, TextIO], None]] = {"jsonl": _write_jsonl, "lines": _write_titles}


def _safe_cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = _cell(value)
    return f"'{text}" if isinstance(value, str) and _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (Mapping, list, tuple)):
        return json.dumps(value, ensure_ascii=False, default=for_json)
    return str(for_json(value)) if isinstance(value, date) else str(value)
