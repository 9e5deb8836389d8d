"""Write the rows that were dropped, each with the kept row that it repeats and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dedupe.result import OutputRows
from dedupe.writers.rows import write_rows

if TYPE_CHECKING:
    from dedupe.result.keeping import Dropped

DROPPED_FORMATS = ("jsonl", "csv", "tsv", "parquet")
_TEXTS = ("dedupe_kept_id", "dedupe_kept_title", "dedupe_level", "dedupe_reasons")


def write_dropped(dropped: Sequence[Dropped], path: str, format: str, *, formulas: bool = False) -> None:
    """Write one row per dropped row, in one of `DROPPED_FORMATS`: its own columns, then those of `docs/columns.md`."""
    added: dict[str, Sequence[Any]] = {
        "dedupe_row": [row.row for row in dropped],
        "dedupe_kept_row": [row.kept for row in dropped],
        "dedupe_kept_id": [row.kept_headline.id for row in dropped],
        "dedupe_kept_title": [row.kept_headline.title for row in dropped],
        "dedupe_level": [row.level for row in dropped],
        "dedupe_probability": [round(row.probability, 4) for row in dropped],
        "dedupe_reasons": ["; ".join(row.reasons) for row in dropped],
    }
    write_rows(OutputRows([row.headline for row in dropped], added, _TEXTS), path, format, formulas=formulas)
