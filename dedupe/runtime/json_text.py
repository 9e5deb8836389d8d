"""Values as JSON, whatever their type."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date
from typing import Any


def as_json(value: Any, *, indent: int | None = None) -> str:
    """Return a value as JSON, with `for_json` for what JSON lacks, and null for NaN and the infinities."""
    try:
        return json.dumps(value, ensure_ascii=False, default=for_json, allow_nan=False, indent=indent)
    except ValueError:  # raised for NaN: few rows have one
        return json.dumps(_finite(value), ensure_ascii=False, default=for_json, allow_nan=False, indent=indent)


def for_json(value: Any) -> Any:
    """Return a stand-in that JSON can hold: a date as ISO 8601, bytes and other types as text."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return dict(value) if isinstance(value, Mapping) else str(value)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key) if isinstance(key, float) else key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, (list, tuple)) else value
