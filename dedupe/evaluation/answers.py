"""The file of answers that `label` writes: a table that `tune`, `train` and `--corrections` read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dedupe.clustering.corrections import read_corrections
from dedupe.errors import EmptyInput, InputError
from dedupe.headlines import Headline
from dedupe.levels import SKIPPED, VERDICT_COLUMNS
from dedupe.readers import Columns, read_headlines
from dedupe.writers.rows import format_of, write_rows

ASKED_FOR = "asked_for"
"""The column that says for which level a pair was drawn: by hand made corrections have none, and are no sample."""
_FORMATS = ("csv", "tsv", "jsonl")
Row = Mapping[str, Any]


class Answers:
    """The rows of such a file. Each change is on disk, whole, before the next question."""

    def __init__(self, path: Path) -> None:
        """Read what is there; `InputError` where it is no file of answers, `OutputError` where its ending is foreign."""
        self.path = path
        self.format = format_of(str(path), _FORMATS) or "csv"
        self.rows: list[Row] = []
        if path.exists():
            self.rows = read_answers(path)

    def add(self, one: Headline, other: Headline, verdict: str, level: str) -> None:
        """Append an answer."""
        row = {
            VERDICT_COLUMNS[0]: one.title,
            VERDICT_COLUMNS[1]: other.title,
            VERDICT_COLUMNS[2]: verdict,
            ASKED_FOR: level,
        }
        for side, headline in (("a", one), ("b", other)):
            when = headline.published
            row |= {f"published_{side}": when.isoformat() if when else "", f"source_{side}": headline.source or ""}
        self.rows.append(row)
        self._write()

    def undo(self) -> Row:
        """Take the last answer back, and return it."""
        row = self.rows.pop()
        self._write()
        return row

    def given(self, level: str | None = None) -> list[tuple[str, str, str]]:
        """Return both titles and the verdict of each row that has one; with `level` only of those asked for it."""
        chosen = [row for row in self.rows if level is None or row.get(ASKED_FOR) == level]
        found = [(str(row[VERDICT_COLUMNS[0]]), str(row[VERDICT_COLUMNS[1]]), _verdict(row)) for row in chosen]
        return [answer for answer in found if answer[2]]

    def _write(self) -> None:
        names = list(dict.fromkeys(name for row in self.rows for name in row)) or list(VERDICT_COLUMNS)
        rows = [{name: row.get(name, "") for name in names} for row in self.rows]
        if not rows and self.format != "jsonl":
            self.path.unlink(missing_ok=True)
            return
        write_rows(rows, str(self.path), self.format, formulas=True)


def read_answers(path: Path) -> list[Row]:
    """Return the rows of a file of answers; `InputError` where it is none."""
    try:
        source = read_headlines([str(path)], columns=Columns(title=VERDICT_COLUMNS[0]))
    except EmptyInput:
        return []
    missing = [column for column in VERDICT_COLUMNS if column not in source.columns]
    if missing:
        raise InputError(f"{path} is no file of answers, as it has no column {missing[0]!r}: name another")
    return [dict(headline.own) for headline in source.headlines]


def answered_headlines(path: Path) -> list[tuple[Headline, Headline, str]]:
    """Return both headlines and the verdict of each answer, without those that were skipped."""
    read_corrections(path)  # raises for what is no verdict, and for contradictions
    found = []
    for row in read_answers(path):
        verdict = _verdict(row)
        if verdict and verdict != SKIPPED:
            found.append((_headline(row, "a"), _headline(row, "b"), verdict))
    return found


def _verdict(row: Row) -> str:
    """The verdict as `read_corrections` takes it; "" where there is none."""
    return str(row.get(VERDICT_COLUMNS[2]) or "").strip().lower()


def _headline(row: Row, side: str) -> Headline:
    published, source = (row.get(f"{name}_{side}") or None for name in ("published", "source"))
    return Headline(str(row[f"title_{side}"]), published=published, source=source)
