"""Values of rows as JSON and back, with their types: what JSON lacks becomes `{"$": kind, "value": ...}`."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np

KIND = "$"
_MISSING = ("NaTType", "NAType")  # of pandas


def to_json(value: Any) -> Any:
    """Return a value as what JSON can hold; `TypeError` for a type that cannot be kept."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, Mapping):
        if all(isinstance(key, str) for key in value) and KIND not in value:
            return {key: to_json(item) for key, item in value.items()}
        return _tagged("map", [[to_json(key), to_json(item)] for key, item in value.items()])
    if isinstance(value, list):
        return [to_json(item) for item in value]
    if isinstance(value, (np.generic, np.ndarray)):
        return to_json(value.tolist())
    if type(value).__name__ in _MISSING:
        return None
    for kind, (of, encode, _) in _KINDS.items():
        if isinstance(value, of):
            return _tagged(kind, encode(value))
    raise TypeError(f"a {type(value).__name__}")


def from_json(value: Any) -> Any:
    """Return what `to_json` was given; `ValueError`, `TypeError` or `KeyError` for what it never returns."""
    if isinstance(value, list):
        return [from_json(item) for item in value]
    if not isinstance(value, dict):
        return value
    if KIND not in value:
        return {key: from_json(item) for key, item in value.items()}
    if value[KIND] == "map":
        return {from_json(key): from_json(item) for key, item in value["value"]}
    return _KINDS[value[KIND]][2](value["value"])


def _tagged(kind: str, value: Any) -> dict[str, Any]:
    return {KIND: kind, "value": value}


def _encode_datetime(value: datetime) -> list[Any]:
    zone = getattr(value.tzinfo, "key", None) or getattr(value.tzinfo, "zone", None)  # of zoneinfo, of pytz
    return [value.isoformat(), value.fold, zone]


def _decode_datetime(value: list[Any]) -> datetime:
    text, fold, zone = value
    moment = datetime.fromisoformat(text)
    return (moment.astimezone(ZoneInfo(zone)) if zone else moment).replace(fold=fold)


_KINDS: dict[str, tuple[type, Callable[[Any], Any], Callable[[Any], Any]]] = {
    "datetime": (datetime, _encode_datetime, _decode_datetime),  # before date, which it is too
    "date": (date, date.isoformat, date.fromisoformat),
    "time": (
        time,
        lambda clock: [clock.isoformat(), clock.fold],
        lambda parts: time.fromisoformat(parts[0]).replace(fold=parts[1]),
    ),
    "timedelta": (
        timedelta,
        lambda span: [span.days, span.seconds, span.microseconds],
        lambda parts: timedelta(*parts),
    ),
    "decimal": (Decimal, str, Decimal),
    "bytes": (bytes, lambda raw: b64encode(raw).decode(), lambda text: b64decode(text, validate=True)),
    "tuple": (tuple, lambda items: [to_json(item) for item in items], lambda items: tuple(from_json(items))),
    "uuid": (UUID, str, UUID),
}
