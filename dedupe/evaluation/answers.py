"""The file of answers that `label` writes: a table that `tune`, `train` and `--corrections` read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dedupe.clustering.corrections import check_consistent, corrections_in
from dedupe.errors import EmptyInput, InputError
from dedupe.evaluation.questions import Answer
from dedupe.headlines import Headline
from dedupe.levels import SKIPPED, VERDICT_COLUMNS
from dedupe.readers import Columns, read_headlines
from dedupe.writers.rows import format_of, write_rows

_FIRST, _SECOND, _VERDICT = VERDICT_COLUMNS
_LEVEL = "asked_for"  # what a pair was drawn for; corrections made by hand have none, as they are no random sample
Row = Mapping[str, Any]


class Answers:
    """The rows of such a file. Each change is written at once, as a whole file."""

    def __init__(self, path: Path) -> None:
        """Read an existing file; `InputError` where it holds no answers, `OutputError` for another ending."""
        self.path = path
        self.format = format_of(str(path), ("csv", "tsv", "jsonl")) or "csv"
        self.rows = _read(path) if path.exists() else []

    def check(self) -> None:
        """Raise `InputError`, with the row, for an unknown verdict and for answers that contradict each other."""
        check_consistent(list(corrections_in(self.rows, str(self.path))))

    def add(self, first: Headline, second: Headline, verdict: str, level: str) -> None:
        """Append an answer."""
        row = {_FIRST: first.title, _SECOND: second.title, _VERDICT: verdict, _LEVEL: level}
        for side, headline in (("a", first), ("b", second)):
            date = headline.published
            row |= {f"published_{side}": date.isoformat() if date else "", f"source_{side}": headline.source or ""}
        self.rows.append(row)
        self._write()

    def undo(self) -> None:
        """Remove the last answer."""
        self.rows.pop()
        self._write()

    def verdicts(self, level: str | None = None) -> list[Answer]:
        """Return both titles and the verdict of each row that has one; with `level` only of those asked for it."""
        rows = [row for row in self.rows if level is None or row.get(_LEVEL) == level]
        return [(str(row[_FIRST]), str(row[_SECOND]), _verdict(row)) for row in rows if _verdict(row)]

    def _write(self) -> None:
        if not self.rows:
            self.path.unlink(missing_ok=True)
            return
        names = dict.fromkeys(name for row in self.rows for name in row)
        rows = [{name: row.get(name, "") for name in names} for row in self.rows]
        write_rows(rows, str(self.path), self.format, formulas=True)


def answered_headlines(path: Path) -> list[tuple[Headline, Headline, str]]:
    """Return both headlines and the verdict of each answer, skipped ones left out."""
    answers = Answers(path)
    answers.check()
    rows = [row for row in answers.rows if _verdict(row) not in ("", SKIPPED)]
    return [(_headline(row, "a"), _headline(row, "b"), _verdict(row)) for row in rows]


def _read(path: Path) -> list[Row]:
    try:
        source = read_headlines([str(path)], columns=Columns(title=_FIRST))
    except EmptyInput:
        return []
    missing = [column for column in VERDICT_COLUMNS if column not in source.columns]
    if missing:
        raise InputError(f"{path} holds no answers, as it has no column {missing[0]!r}: name another file")
    return [dict(headline.own) for headline in source.headlines]


def _verdict(row: Row) -> str:
    """The verdict as `read_corrections` reads it; "" where there is none."""
    return str(row.get(_VERDICT) or "").strip().lower()


def _headline(row: Row, side: str) -> Headline:
    published, source = (row.get(f"{name}_{side}") or None for name in ("published", "source"))
    return Headline(str(row[f"title_{side}"]), published=published, source=source)
