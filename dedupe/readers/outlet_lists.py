"""Small files about outlets: an order of sources, and which outlets belong to one publisher."""

from __future__ import annotations

from pathlib import Path

from dedupe.errors import EmptyInput, InputError
from dedupe.readers.delimited import Columns
from dedupe.readers.inputs import read_headlines

_OUTLET, _PUBLISHER = "source", "publisher"


def read_source_order(path: str) -> list[str]:
    """Read the names of sources, one a line, best first; empty lines are left out.

    Raises `InputError` where the file cannot be read, is no text in UTF-8, or names none.
    """
    try:
        text = Path(path).read_text("utf-8-sig")
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): check the path") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is no text in UTF-8: write one source a line") from None
    names = [line.strip() for line in text.splitlines() if line.strip()]
    if not names:
        raise InputError(f"{path} names no source: write one a line, best first")
    return names


def read_publishers(path: str) -> dict[str, str]:
    """Read a table with the columns `source` and `publisher`, and return the publisher of each source.

    Raises `InputError`, with the row, where a column is missing, a name is empty, or a source has two publishers.
    """
    try:
        table = read_headlines([path], columns=Columns(title=_OUTLET))
    except EmptyInput:
        raise InputError(f"{path} has no rows: it needs the columns {_OUTLET} and {_PUBLISHER}") from None
    if _PUBLISHER not in table.columns:
        raise InputError(f"{path} has no column {_PUBLISHER!r}: it needs {_OUTLET} and {_PUBLISHER}")
    publishers: dict[str, str] = {}
    for number, headline in enumerate(table.headlines, 1):
        outlet, publisher = headline.title.strip(), str(headline.own.get(_PUBLISHER) or "").strip()
        if not outlet or not publisher:
            empty = _PUBLISHER if outlet else _OUTLET
            raise InputError(f"{path}, row {number}: {empty} is empty: give both names, or delete the row")
        if publishers.setdefault(outlet, publisher) != publisher:
            both = f"{publishers[outlet]!r} and {publisher!r}"
            raise InputError(f"{path}, row {number}: {outlet!r} has two publishers, {both}: keep one")
    return publishers
