"""A column of dates: its rows together tell what one of them leaves open, and nothing changes unseen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe import InputError
from dedupe.dates import AMBIGUOUS, BAD, UNKNOWN_ZONE, DateRules, Reading, read_date, read_dates

NOW = datetime(2026, 11, 1, tzinfo=UTC)
RULES = DateRules(now=NOW)


def read(*values, **rules):
    """What a column says, as month and day, or the problem."""
    readings = read_dates(values, DateRules(**{"now": NOW, **rules}))
    return [f"{reading.when:%m-%d}" if reading.when else reading.problem for reading in readings]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (["03/04/2026", "28/03/2026"], ["04-03", "03-28"]),
        (["03/04/2026", "03/28/2026"], ["03-04", "03-28"]),
        (["03/04/2026", "03-28-2026"], ["03-04", "03-28"]),
        (["03/04/2026", "28/03/2026", "03/28/2026"], [AMBIGUOUS, "03-28", "03-28"]),
        (["03/04/2026", "02/02/2026", ""], [AMBIGUOUS, "02-02", None]),
        (["03/04/2026", "2026-03-28", "28 March 2026"], [AMBIGUOUS, "03-28", "03-28"]),
        (["03.04.2026", "02.04.2026"], ["04-03", "04-02"]),
        (["03.04.2026", "03.28.2026"], ["03-04", "03-28"]),
        (["03.04.2026", "28.03.2026", "03.28.2026"], ["04-03", "03-28", "03-28"]),
        (["03.04.2026", "03/28/2026"], ["04-03", "03-28"]),
        (["03/04/2026", "28.03.2026"], [AMBIGUOUS, "03-28"]),
        (["03/04/2026", "30/12/1899"], ["04-03", BAD]),
        (["03/04/2026", "12/31/1969 19:00 EST"], ["03-04", BAD]),
        (["3/4/26 10:45 AM EST", "3/28/26 10:45 XYZ"], [AMBIGUOUS, UNKNOWN_ZONE]),
    ],
)
def test_day_and_month(column, expected):
    assert read(*column) == expected
    assert read(*column[::-1]) == expected[::-1]


def test_rows_tell_the_order_before_the_user():
    assert read("03/04/2026", "28/03/2026", day_first=False) == ["04-03", "03-28"]
    assert read("03/04/2026", "03/28/2026", "04.03.2026", day_first=True) == ["03-04", "03-28", "03-04"]


def test_an_order_that_is_given_settles_what_the_rows_do_not():
    column = ["03/04/2026", "28/03/2026", "03/28/2026", "2026-03-28", "03.04.2026"]
    assert read(*column, day_first=True) == ["04-03", "03-28", "03-28", "03-28", "04-03"]
    assert read(*column, day_first=False) == ["03-04", "03-28", "03-28", "03-28", "03-04"]
    assert read(*column[:1], day_first=True) == ["04-03"]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (["46085", "46086.4479", "46087,5"], ["03-04", "03-05", "03-06"]),
        ([46085, 46086.5, None, ""], ["03-04", "03-05", None, None]),
        (["46085", "28/03/2026"], ["03-04", "03-28"]),
        (["46085", "28/03/2026", "2026-03-04"], [BAD, "03-28", "03-04"]),
        (["2026", "46085"], [BAD, "03-04"]),
        (["32873", "12", "73415"], [BAD] * 3),
    ],
)
def test_days_as_excel_counts_them(column, expected):
    assert read(*column) == expected


def test_the_times_of_excel_are_whole_seconds():
    (reading,) = read_dates(["46085.447916666664"], RULES)
    assert reading.when == datetime(2026, 3, 4, 10, 45, tzinfo=UTC)


def test_dates_over_a_day_in_the_future_are_bad():
    dates = [NOW, NOW + timedelta(days=1), NOW + timedelta(days=1, seconds=1), datetime(9999, 12, 31)]
    column = [*dates, *(when.isoformat() for when in dates)]
    assert [reading.problem for reading in read_dates(column, RULES)] == [None, None, BAD, BAD] * 2
    for now in (NOW.replace(tzinfo=None), "2026-11-01", "Sun, 01 Nov 2026 01:00:00 CET"):
        assert read_dates(column, DateRules(now=now)) == read_dates(column, RULES)
    with pytest.raises(InputError, match="now is 'soon', which is no date"):
        DateRules(now="soon")
    assert read_date(dates[2]).problem is None  # by itself a date is compared with no clock


def test_without_a_moment_the_clock_tells_what_is_in_the_future():
    future = datetime.now(UTC) + timedelta(days=2)
    assert [reading.problem for reading in read_dates([future, future - timedelta(days=2)])] == [BAD, None]


def test_a_format():
    column = ["26/03/04", "26/02/30", "2026-03-04", "March 4, 2026", "03/04/2026", "20260304", "", None, NOW]
    read_so = read(*column, date_format="%y/%m/%d")
    assert read_so == ["03-04", BAD, "03-04", "03-04", BAD, BAD, None, None, "11-01"]
    assert read(20260304, 1772621100, 1772621100.5, date_format="%Y%m%d") == ["03-04", BAD, BAD]
    typed = read_dates([NOW, NOW.date()], DateRules(date_format="%Y-%d-%m", now=NOW))
    assert [reading.when for reading in typed] == [NOW, NOW]
    zoned = read_dates(
        ["04.03.2026 10 Uhr CET", "04.03.2026 10 Uhr XYZ"], DateRules(date_format="%d.%m.%Y %H Uhr %Z", now=NOW)
    )
    assert [reading.when for reading in zoned] == [datetime(2026, 3, 4, 9, tzinfo=UTC), None]


@pytest.mark.parametrize("date_format", ["%d.%m", "%Y", "%Q", "", "x", "%Z %Y-%m-%d", "%H:%M", "%j", "\ud800"])
def test_a_format_that_gives_no_date_is_refused(date_format):
    with pytest.raises(InputError, match=r"date format .* cannot be used"):
        DateRules(date_format=date_format)


MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2026, 10, 31), timezones=st.just(UTC)).map(
    lambda when: when.replace(microsecond=0)
)
FORMS = {
    "iso": lambda when: when.isoformat(),
    "rfc 822": lambda when: when.strftime("%a, %d %b %Y %H:%M:%S GMT"),
    "zone": lambda when: (when - timedelta(hours=5)).strftime("%Y-%m-%d %H:%M:%S EST"),
    "epoch": lambda when: str(int(when.timestamp())),
    "milliseconds": lambda when: int(when.timestamp()) * 1000,
    "digits": lambda when: when.strftime("%Y%m%d%H%M%S"),
    "words": lambda when: when.strftime("%B %d, %Y %I:%M:%S %p"),
    "british": lambda when: when.strftime("%d %B %Y, %H:%M:%S"),
    "german": lambda when: when.strftime("%d.%m.%Y %H:%M:%S Uhr"),
    "slashes": lambda when: f"{when.year}/{when.month}/{when.day} {when:%H:%M:%S}",
    "day first": lambda when: when.strftime("%d/%m/%Y %H:%M:%S"),
    "month first": lambda when: when.strftime("%m/%d/%y %I:%M:%S %p"),
    "excel": lambda when: (when - datetime(1899, 12, 30, tzinfo=UTC)) / timedelta(days=1),
}


@pytest.mark.parametrize("form", FORMS)
@given(moments=st.lists(MOMENTS, min_size=1))
def test_what_is_written_in_a_form_comes_back(form, moments):
    moments = [*moments, datetime(2026, 3, 28, tzinfo=UTC)]  # tells the order
    assert [reading.when for reading in read_dates(map(FORMS[form], moments), RULES)] == moments


ODD = st.sampled_from(
    ["", "soon", "03/04/2026", "04/03/2026", "28/03/2026", "03/28/2026", "46085", "46090.5", "2026", "0", "1970-01-01",
     "03.04.2026",
     "2026-03-04 10:00 XYZ", "2126-03-04", "10/11/12", "0001-01-01", "1e9", None, True]
)  # fmt: skip
CELLS = (
    ODD
    | MOMENTS.flatmap(lambda when: st.sampled_from([write(when) for write in FORMS.values()]))
    | st.text(max_size=12)
)


@given(st.lists(CELLS), st.sampled_from([None, True, False]), st.randoms())
def test_no_date_is_changed_or_lost_unseen(column, day_first, random):
    rules = DateRules(day_first, now=NOW)
    readings = read_dates(column, rules)
    assert len(readings) == len(column)
    for value, reading in zip(column, readings, strict=True):
        alone = read_date(value)
        if alone.when and reading.when:  # rows around a date change none that is certain, dots aside
            assert alone.when == reading.when or "." in str(value)
        if reading.when is None:
            assert (reading.bad is None) == (alone == Reading())  # flagged, unless blank
    order = random.sample(range(len(column)), len(column))
    assert read_dates([column[k] for k in order], rules) == [readings[k] for k in order]
