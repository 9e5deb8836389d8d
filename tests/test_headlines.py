"""Rows of every accepted kind, and dates of every accepted form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from dedupe import Headline
from dedupe.headlines import as_headline, parse_date

NOON = datetime(2025, 8, 16, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2025-08-16T12:00:00Z", "2025-08-16T12:00", "2025-08-16 14:00:00+02:00", "Sat, 16 Aug 2025 12:00:00 GMT",
        "Sat, 16 Aug 2025 08:00:00 -0400", NOON.timestamp(), "1755345600", NOON.timestamp() * 1000,
        NOON, datetime(2025, 8, 16, 12), NOON.astimezone(timezone(timedelta(hours=5))),
    ],
)  # fmt: skip
def test_dates(value):
    assert parse_date(value) == NOON and parse_date(value).tzinfo is UTC


@pytest.mark.parametrize("value", [None, "", "  ", float("nan"), "soon", "2025-13-01", True, [], 1e300])
def test_no_date(value):
    assert parse_date(value) is None


def test_a_bad_date_is_kept_to_be_counted():
    assert Headline("x", published="soon").bad_date == "soon"
    assert Headline("x", published="").bad_date is None


def test_rows():
    assert as_headline("x") == Headline("x")
    row = as_headline({"title": "x", "id": 7, "source": "A", "desk": "money"})
    assert (row.id, row.source, row.extra) == ("7", "A", {"desk": "money"})
    assert row.columns == {"title": "x", "id": "7", "source": "A", "desk": "money"}
    assert as_headline({"titel": "x"}).title == ""
