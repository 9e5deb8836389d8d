"""What `--dry-run` says: the inputs as they were understood, and what would be done with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from dedupe.cli.shared import count

if TYPE_CHECKING:
    from dedupe.embedding.cache import VectorCache
    from dedupe.readers.inputs import Source


def plan(
    source: Source,
    model: str | None,
    cache: VectorCache | None,
    output: str,
    format: str,
    settings: Mapping[str, Any],
) -> list[str]:
    """Return the lines to print; settings that are None are left to their defaults."""
    given = ", ".join(f"{name} {_said(value)}" for name, value in settings.items() if value is not None)
    kept = f"as {format} to {'standard output' if output == '-' else output}"
    return [
        *source.notes,
        f"headlines: {len(source.headlines):,}{_oddities(source)}",
        f"model: {model or 'the bundled one'}",
        f"settings: {given or 'defaults'}",
        f"cache of vectors: {'not used' if cache is None else cache.path}",
        f"would write {kept}; nothing was written, this is a dry run",
    ]


def _said(value: Any) -> str:
    return f"{value / timedelta(hours=1):g} hours" if isinstance(value, timedelta) else str(value)


def _oddities(source: Source) -> str:
    rows = source.headlines
    found = {
        "without a title": sum(not row.title.strip() for row in rows),
        "with a date": sum(row.published is not None for row in rows),
        "with a date that cannot be read": sum(row.bad_date is not None for row in rows),
        "with a source": sum(row.source is not None for row in rows),
    }
    parts = [f"{number:,} {what}" for what, number in found.items() if number]
    if source.rejects:
        parts.append(f"{count(len(source.rejects), 'bad row')} left out")
    return f" ({', '.join(parts)})" if parts else ""
