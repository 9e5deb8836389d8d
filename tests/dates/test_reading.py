"""One date by itself: every form of the page on dates, and what is no date."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe.dates import AMBIGUOUS, BAD, UNKNOWN_ZONE, Reading, read_date
from dedupe.dates.zones import zone_at, zone_of

PAGE = (Path(__file__).parents[2] / "docs" / "dates.md").read_text("utf-8")
FORMS = re.findall(r"^\|[^|`]*\| `([^`]+)` \| `([^`]+)` \|$", PAGE, re.MULTILINE)
ZONES = re.findall(r"^\| ([+-]\d\d:\d\d) \| ([A-Z ]+) \|$", PAGE, re.MULTILINE)
NOON = datetime(2025, 8, 16, 12, tzinfo=UTC)


@pytest.mark.parametrize(("written", "read"), FORMS)
def test_a_form_is_read_as_the_page_says(written, read):
    assert read_date(written) == Reading(datetime.fromisoformat(read))


def test_the_page_has_forms_and_zones():
    assert len(FORMS) == PAGE.count("+00:00` |") and len(ZONES) > 20


@pytest.mark.parametrize(("offset", "names"), ZONES)
def test_a_zone_is_where_the_page_says(offset, names):
    for name in names.split():
        when = datetime.fromisoformat(f"2026-03-04T10:00:00{offset}")
        assert (
            read_date(f"4 Mar 2026 10:00 {name}").when == read_date(f"2026-03-04 10:00:00 {name.lower()}").when == when
        )


def test_the_page_names_all_zones():
    from dedupe.dates import zones

    assert {name for _, names in ZONES for name in names.split()} == set(zones._OFFSETS)
    assert all(f"`{name}`" in PAGE for name in zones._WITH_SUMMER_TIME)


SPELLINGS = """
2026-03-04t10:45:00z = 2026-03-04T10:45:00
2026-03-04T10 = 2026-03-04T10:00:00
2026-03-04T10:45:00,5Z = 2026-03-04T10:45:00.500000
2026-03-04T24:00:00 = 2026-03-05T00:00:00
2026-03-04T23:59:60Z = 2026-03-05T00:00:00
2026-03-04T10:45:00.123456789 = 2026-03-04T10:45:00.123456
2026-03-04 10:45 −0130 = 2026-03-04T12:15:00
2026W103 = 2026-03-04T00:00:00
2026-03-04T10:45+0100 = 2026-03-04T09:45:00
2026063 = 2026-03-04T00:00:00
2026-03-04Z = 2026-03-04T00:00:00
2026-03-04 10:00 GMT+3 = 2026-03-04T07:00:00
2026-03-04 10:00 UTC -5 = 2026-03-04T15:00:00
2026-03-04 10:00 (EST) = 2026-03-04T15:00:00
2026-07-04 10:00 ET = 2026-07-04T14:00:00
2026-03-04 10:00 America/New_York = 2026-03-04T15:00:00
Wed Mar 04 10:00:00 +0000 2026 = 2026-03-04T10:00:00
Wed Mar  4 10:00:00 EST 2026 = 2026-03-04T15:00:00
10:15 UTC on 4 March 2026 = 2026-03-04T10:15:00
10:00 MAY 4 2026 = 2026-05-04T10:00:00
04MAR2026:10:15:00 = 2026-03-04T10:15:00
Sat, 28 Mar 2020 24:15:00 GMT = 2020-03-29T00:15:00
4 March 2026 12:30 AM = 2026-03-04T00:30:00
Wed 4 Mar 2026 10.15 GMT = 2026-03-04T10:15:00
1st March 2026 at 5.15pm = 2026-03-01T17:15:00
4 March 2026 12 p.m. = 2026-03-04T12:00:00
4 March 2026 15:30 PM = 2026-03-04T15:30:00
Mi., 04.03.2026, 10:15 Uhr MEZ = 2026-03-04T09:15:00
mercredi 4 mars 2026 à 10h30 = 2026-03-04T10:30:00
quarta-feira, 4 de março de 2026 = 2026-03-04T00:00:00
4 maart 2026 = 2026-03-04T00:00:00
2026. 03. 04. = 2026-03-04T00:00:00
4. 3. 2026 = 2026-03-04T00:00:00
2026년 3월 4일 10:15 = 2026-03-04T10:15:00
3.28.2026 = 2026-03-28T00:00:00
03/03/2026 = 2026-03-03T00:00:00
31/12/99 = 1999-12-31T00:00:00
1772621100.5 = 2026-03-04T10:45:00.500000
1772621100000000000 = 2026-03-04T10:45:00
18510304 = 1851-03-04T00:00:00
4 March 1851 = 1851-03-04T00:00:00
"""


@pytest.mark.parametrize(
    ("written", "read"),
    [
        *(line.split(" = ") for line in SPELLINGS.strip().splitlines()),
        (" '2026-03-04\u202f10:00\u00a0PM\u200e'", "2026-03-04T22:00:00"),
    ],
)
def test_other_spellings(written, read):
    assert read_date(written) == Reading(datetime.fromisoformat(read).replace(tzinfo=UTC))


NO_DATES = """
soon | x | 2026 | 2026-03 | March 2026 | 4 March | May | 10 | 2026-W10 | 12:30 | 5 h ago | yesterday | 1.2.3
Mar 14 1 | 2025-13-01 | 31/02/2026 | 13.13.2026 | 30 February 2026 | 2026-366 | 20260230 | 20260304250000
2026-03-04 25:00 | 4 March 2026 10:60 | 4 March 2026 13:30 am | 4 March 2026 0:30 pm | March 4 2026 5
Deadline 4 March 2026 | 4 Mar 2026 10:00 - 12:00 | 1.77E+12 | 1e9 | -1 | 1 | 100000 | 4102444801000000000000
99/12/31 | 2026-03-04 10:00 xyz | foo 10:00 XYZ | --------------------------------------------------
Mon, 01 Jan 0001 00:00:00 +0000 | 9999-12-31T23:59:59-23:00 | 0001-01-01T00:00:00+23:00 | 0000-00-00 | 1599-12-31
1970-01-01 | 1970-01-01T00:00:00Z | Thu, 01 Jan 1970 00:00:00 GMT | 1969-12-31 19:00:00 EST
1970-01-01T01:00:00+01:00 | 0 | 1900-01-01 | 1899-12-30 00:00:00 | 1601-01-01T00:00:00Z | 46085.4479 | 46085
"""


@pytest.mark.parametrize("text", [*re.split(r" \| |\n", NO_DATES.strip()), "1" * 5000, "2026-03-04\x0010:00"])
def test_no_date(text):
    assert read_date(text) == Reading(None, text, BAD)


HUGE = 10**5000


@pytest.mark.parametrize("value", [True, [], 1e300, float("inf"), b"2026-03-04", object(), datetime.min, datetime.max])
def test_values_that_are_no_date(value):
    assert read_date(value) == Reading(None, str(value), BAD)


def test_numbers_too_long_to_be_written():
    assert read_date(HUGE) == read_date(-HUGE) == Reading(None, "a number of type int", BAD)


@pytest.mark.parametrize("text", ["03/04/2026", "3-4-26", "10/11/2012 10:45", "3/4/2026 4 PM EST"])
def test_day_and_month_that_cannot_be_told_apart(text):
    assert read_date(text) == Reading(None, text, AMBIGUOUS)


@pytest.mark.parametrize("zone", ["XYZ", "SST", "A", "Mars/Base", "America/Argentina", "+15:00", "-00:75", "+99:99"])
def test_an_unknown_zone_is_not_utc(zone):
    assert read_date(f"4 Mar 2026 10:45 {zone}") == Reading(None, f"4 Mar 2026 10:45 {zone}", UNKNOWN_ZONE)


def test_no_zone_leads_out_of_the_folder_of_zones():
    assert [zone_of(name) for name in ("../../etc/passwd", "/etc/passwd", "a/\0", "Europe/Berlin\n")] == [None] * 4
    assert zone_at("nonsense") is None


@pytest.mark.parametrize("blank", [None, "", "  ", "\u00a0", float("nan"), pd.NaT, pd.NA, np.float32("nan")], ids=repr)
def test_blank(blank):
    assert read_date(blank) == Reading(None, None, None)


@pytest.mark.parametrize(
    "value",
    [
        NOON, datetime(2025, 8, 16, 12), NOON.astimezone(timezone(timedelta(hours=5))), pd.Timestamp(NOON),
        NOON.astimezone(ZoneInfo("Asia/Tokyo")), np.datetime64("2025-08-16T12:00:00"), NOON.timestamp(),
        NOON.timestamp() * 1000, np.int64(NOON.timestamp()), Decimal("1755345600"), "2025-08-16 14:00:00+02:00",
    ],
    ids=repr,
)  # fmt: skip
def test_values_of_every_type(value):
    reading = read_date(value)
    assert reading.when == NOON and reading.when.tzinfo is UTC


def test_a_day_without_a_time_is_midnight():
    assert read_date(date(2025, 8, 16)).when == datetime(2025, 8, 16, tzinfo=UTC)


@given(st.text() | st.from_regex(r"[0-9APMZTaeUr/:.,+ -]{1,30}") | st.integers() | st.floats())
def test_whatever_is_written_is_read_or_kept(value):
    reading = read_date(value)
    if reading.when is None:
        blank = value != value or not str(value).strip()
        assert (reading.bad, reading.problem is None) == ((None, True) if blank else (str(value), False))
    else:
        assert reading[1:] == (None, None) and reading.when.tzinfo is UTC


@given(st.datetimes(datetime(1990, 1, 1), datetime(2068, 12, 31)), st.integers(-14 * 4, 14 * 4))
def test_forms_of_the_standard_library_are_read_as_it_reads_them(when, quarters):
    when = when.replace(tzinfo=timezone(timedelta(minutes=15 * quarters)))
    for written in (
        when.isoformat(),
        when.isoformat(" ", "milliseconds"),
        f"{when:%Y%m%dT%H%M%S%z}",
        f"{when:%G-W%V-%uT%H:%M%z}",
    ):
        assert read_date(written).when == datetime.fromisoformat(written)
    written = format_datetime(when)
    assert read_date(written).when == parsedate_to_datetime(written)
    for unit in (10**3, 10**6):
        number = round(when.timestamp() * unit)
        assert abs(read_date(number).when - when) <= timedelta(milliseconds=1)
        assert read_date(str(number)) == read_date(number)
