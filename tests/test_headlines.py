"""Rows of every accepted kind; for dates see tests/dates."""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dedupe import Headline, InputError
from dedupe.headlines import as_headline, as_headlines

NOON = datetime(2025, 8, 16, 12, 0, tzinfo=UTC)


def test_a_bad_date_is_kept_to_be_counted():
    assert Headline("x", published="soon").bad_date == "soon"
    assert [Headline("x", published=blank).bad_date for blank in ("", None, float("nan"), pd.NaT)] == [None] * 4


def test_a_bad_date_survives_a_copy_and_ends_with_a_good_one():
    bad = Headline("x", published="soon")
    assert replace(bad, file="a.csv").bad_date == pickle.loads(pickle.dumps(bad)).bad_date == "soon"
    good = replace(bad, published=NOON.isoformat())
    assert (good.published, good.bad_date) == (NOON, None)


@pytest.mark.parametrize(
    ("date", "problem"),
    [("soon", "bad-date"), ("03/04/2026", "ambiguous-date"), ("2026-03-04 10:00 XYZ", "unknown-zone"), (None, None)],
)
def test_why_a_date_counts_as_missing(date, problem):
    headline = Headline("x", published=date)
    assert (headline.published, headline.bad_date, headline.date_problem) == (None, date, problem)


def test_the_dates_of_mappings_are_one_column():
    rows = [{"title": "x", "published": date} for date in ("03/04/2026", "28/03/2026")]
    mixed = as_headlines([rows[0], "y", Headline("z", published="2026-01-01"), rows[1], {"title": "no date"}])
    assert [headline.published and f"{headline.published:%m-%d}" for headline in mixed] == [
        "04-03",
        None,
        "01-01",
        "03-28",
        None,
    ]
    assert as_headline(rows[0]).date_problem == "ambiguous-date"


def test_headlines_are_frozen_and_equal_by_value():
    first, second = Headline("x", published=NOON.timestamp()), Headline("x", published="2025-08-16T12:00Z")
    assert first == second and Headline("x").published is None
    with pytest.raises(AttributeError):
        first.published = None


def test_rows():
    assert as_headline("x") == Headline("x")
    row = as_headline({"title": "x", "id": 7, "source": "A", "desk": "money"})
    assert (row.id, row.source, row.extra) == ("7", "A", {"desk": "money"})
    assert row.columns == {"title": "x", "id": "7", "source": "A", "desk": "money"}
    assert as_headline({"titel": "x"}).title == ""


def test_a_missing_title_is_an_empty_one():
    rows = ["x", None, float("nan"), np.float32("nan"), pd.NA, {"title": None}]
    assert [headline.title for headline in as_headlines(rows)] == ["x", "", "", "", "", ""]


@pytest.mark.parametrize("row", [7, 1.5, True, ["x"], b"x", object()])
def test_a_row_of_another_type_is_refused_with_its_position(row):
    message = f"headline 1 is of type {type(row).__name__}: give a str, a mapping with the key 'title', or a Headline"
    with pytest.raises(InputError, match=message):
        as_headlines(["x", row])


USER = """
from dataclasses import replace
from datetime import datetime

from dedupe import Headline

for headline in (Headline("x", published="2025-08-16"), Headline("x", published=0), Headline("x", published=0.5)):
    when: datetime | None = headline.published
replace(Headline("x", published=datetime.now()), published=None)
Headline("x", published=[])
text: str = Headline("x").published
"""


@pytest.mark.slow
def test_published_takes_more_types_than_it_has(tmp_path):
    (tmp_path / "user.py").write_text(USER, "utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", str(tmp_path / "user.py")]
    check = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True)
    first, second, summary = check.stdout.splitlines()
    assert 'user.py:10: error: Argument "published" to "Headline" has incompatible type' in first
    assert 'user.py:11: error: Incompatible types in assignment (expression has type "datetime | None"' in second
    assert summary.startswith("Found 2 errors in 1 file")
