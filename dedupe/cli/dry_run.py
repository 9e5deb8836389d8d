"""What `--dry-run` prints: the inputs as they were understood, and what would be done with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from dedupe.cli.shared import count

if TYPE_CHECKING:
    from dedupe.embedding.cache import VectorCache
    from dedupe.readers.inputs import Source


def plan(
    source: Source, model: str | None, cache: VectorCache | None, output: str, format: str, values: Mapping[str, Any]
) -> list[str]:
    """Return the lines to print; `values`: of options, None where the default holds."""
    spelled = {
        name.replace("_", " "): f"{value / timedelta(hours=1):g} hours" if isinstance(value, timedelta) else value
        for name, value in values.items()
        if value is not None
    }
    return [
        *source.notes,
        f"headlines: {len(source.headlines):,}{_details(source)}",
        f"model: {model or 'bundled'}",
        f"options: {', '.join(f'{name} {value}' for name, value in spelled.items()) or 'defaults'}",
        f"vector cache: {'none' if cache is None else cache.path}",
        f"output: {'standard output' if output == '-' else output}, as {format}",
        "dry run: nothing was written",
    ]


def _details(source: Source) -> str:
    rows = source.headlines
    counts = {
        "without a title": sum(not row.title.strip() for row in rows),
        "with a date": sum(row.published is not None for row in rows),
        "with an unreadable date": sum(row.bad_date is not None for row in rows),
        "with a source": sum(row.source is not None for row in rows),
    }
    parts = [f"{number:,} {what}" for what, number in counts.items() if number]
    if source.rejects:
        parts.append(f"{count(len(source.rejects), 'bad row')} skipped")
    return f" ({', '.join(parts)})" if parts else ""
