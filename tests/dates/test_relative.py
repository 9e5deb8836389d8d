"""Dates that count from now: every form of the page on them, what is none, and what always holds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe.dates import BAD, DateRules, Evidence, Origin, Reading, evidence_of, is_relative, read_date, read_dates
from dedupe.dates.relative import AGO

PAGE = (Path(__file__).parents[2] / "docs" / "relative-dates.md").read_text("utf-8")
FORMS = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|$", PAGE, re.MULTILINE)
LANGUAGES = [
    re.findall("`([^`]+)`", line) for line in PAGE.splitlines() if line.startswith("|") and line.count("`") == 12
]
MEANT = [
    "2026-03-04 05:45",
    "2026-03-04 09:45",
    "2026-03-02 00:00",
    "2026-03-03 00:00",
    "2026-03-02 00:00",
    "2026-03-03 14:05",
]
NOW = datetime(2026, 3, 4, 10, 45, tzinfo=UTC)  # a Wednesday
RULES = DateRules(now=NOW)


def read(text, now=NOW):
    """A column of this date alone, as text."""
    (reading,) = read_dates([text], DateRules(now=now))
    return reading.when and f"{reading.when:%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(("written", "meant"), FORMS)
def test_a_form_is_read_as_the_page_says(written, meant):
    assert read(written) == read(written.upper()) == meant
    assert read_date(written) == Reading(None, written, BAD)  # by itself it counts from nothing


@pytest.mark.parametrize("forms", LANGUAGES, ids=lambda forms: forms[3])
def test_other_languages(forms):
    assert [read(form) for form in forms] == MEANT
    assert all(map(is_relative, forms))


def test_the_page_has_forms_and_languages():
    assert len(FORMS) == PAGE.count("| `2026-") > 10 and len(LANGUAGES) == 6


OTHERS = """
5 hrs. ago = 2026-03-04 05:45
~5h ago = 2026-03-04 05:45
/ 5 h ago = 2026-03-04 05:45
One hour ago = 2026-03-04 09:45
an hour and 5 minutes ago = 2026-03-04 09:40
1h 20m ago = 2026-03-04 09:25
1 day 3 hours ago = 2026-03-03 07:45
90 seconds ago = 2026-03-04 10:43
0 minutes ago = 2026-03-04 10:45
365 days ago = 2025-03-04 00:00
Updated 3 hrs ago = 2026-03-04 07:45
Zuletzt aktualisiert: gestern, 14.05 Uhr = 2026-03-03 14:05
Publié il y a 3 heures = 2026-03-04 07:45
Mis à jour hier à 14h05 = 2026-03-03 14:05
Actualizado hace 2 horas = 2026-03-04 08:45
il y a une demi-heure = 2026-03-04 10:15
vor einer halben Stunde = 2026-03-04 10:15
hace media hora = 2026-03-04 10:15
mezz’ora fa = 2026-03-04 10:15
há meia hora atrás = 2026-03-04 10:15
een half uur geleden = 2026-03-04 10:15
vor wenigen Sekunden = 2026-03-04 10:45
à l’instant = 2026-03-04 10:45
aujourd’hui à 9h = 2026-03-04 09:00
Wednesday = 2026-03-04 00:00
Wed, 09:30 = 2026-03-04 09:30
Wed 11:30 UTC = 2026-02-25 11:30
Mi 09:30 = 2026-03-04 09:30
el lunes a las 14:05 = 2026-03-02 14:05
segunda-feira, 14h05 = 2026-03-02 14:05
Today, 11:30 = 2026-03-04 10:45
Today 11:30 CET = 2026-03-04 10:30
Yesterday 24:00 = 2026-03-04 00:00
Published 1 March 2026 = 2026-03-01 00:00
Publié le 1 mars 2026 à 10h30 = 2026-03-01 10:30
"""


@pytest.mark.parametrize("line", OTHERS.strip().splitlines())
def test_other_spellings(line):
    written, meant = line.split(" = ")
    assert read(written) == meant


NONE = """
2 weeks ago | 3 months ago | a year ago | vor 2 Wochen | il y a 3 mois | a few hours ago | 5 hours ago in Paris | ago
5 hours later | in 5 hours | tomorrow | tonight | Wed 11:30 | So | Mo | a day | an hour | hace | vor und | 5 min read
Monday night football | Today in pictures | Yesterday 25:00 | yesterday yesterday | 14:05 | Published | 3 dead
12345 hours ago | -5 h ago | 5.5 h ago | 5 h ago 3 h ago | Updated 5 | hier und heute | 10 Downing Street
"""


@pytest.mark.parametrize("text", re.split(r" \| |\n", NONE.strip()))
def test_no_date(text):
    assert read_dates([text, text], RULES) == [Reading(None, text, BAD)] * 2


def test_a_single_relative_date_of_a_column_stays_as_it_is():
    others = ["2026-03-01", "2026-03-02", "3 March 2026"]
    for text in ("5 h ago", "yesterday", "Mon 14:05"):
        assert [reading.problem for reading in read_dates([*others, text], RULES)] == [None, None, None, BAD]
        assert [reading.problem for reading in read_dates([*others, text, "2 h ago"], RULES)] == [None] * 5


def test_lengths_and_weekdays_are_dates_where_half_of_the_column_is():
    others = ["2026-03-01", "2026-03-02"]
    for text in ("5h", "20 min", "2d", "Monday"):
        assert [reading.problem for reading in read_dates([*others, text, text], RULES)] == [None] * 4
        assert [reading.problem for reading in read_dates([*others, *others, text, text], RULES)][4:] == [BAD] * 2
        assert [reading.problem for reading in read_dates([*others, text, "5 h ago", ""], RULES)] == [None] * 5


def test_now_may_be_in_any_zone_and_an_origin_is_asked_last():
    assert read("5 h ago", "2026-03-04T11:45:00+01:00") == "2026-03-04 05:45"
    origin = Origin(NOW.replace(microsecond=5), "when it was read")
    (reading,) = read_dates(["  5 h\u00a0ago "], DateRules(origin=origin))
    assert reading.when == NOW - timedelta(hours=5) and origin.example == "5 h ago"
    (line,) = origin.said("news.csv")
    assert line.startswith(
        "news.csv: dates such as '5 h ago' count from 2026-03-04 10:45Z, when it was read: give --now"
    )
    assert Origin(NOW, "when it was read").said("news.csv") == []
    counted = DateRules(now=NOW).counted_from(Origin(NOW - timedelta(days=9), "when it was read"))
    assert read_dates(["5 h ago"], counted) == [reading] and counted == RULES


def test_the_evidence_of_parts_adds_up():
    parts = [["5 h ago", "2026-03-01"], ["2d", None, "x"], ["Mon 14:05", "Monday"]]
    whole = [value for part in parts for value in part]
    total = Evidence(*map(sum, zip(*map(evidence_of, parts), strict=True)))
    assert total == evidence_of(whole) and (total.relative, total.lengths, total.filled) == (2, 2, 6)
    assert [r for part in parts for r in read_dates(part, RULES, total)] == read_dates(whole, RULES)


UNITS = {"seconds": 1, "min": 60, "Stunden": 3600, "heures": 3600, "horas": 3600, "days": 86400, "giorni": 86400}
FRAMES = ["{} ago", "vor {}", "il y a {}", "hace {}", "{} fa", "há {}", "{} geleden", "Updated {} ago", "{}"]
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))


@given(MOMENTS, st.sampled_from(FRAMES), st.sampled_from(list(UNITS)), st.lists(st.integers(0, 999), min_size=2))
def test_more_of_a_unit_is_earlier_and_nothing_is_after_now(now, frame, unit, numbers):
    numbers = sorted(numbers)
    dates = [reading.when for reading in read_dates([frame.format(f"{n} {unit}") for n in numbers], DateRules(now=now))]
    now = now.replace(microsecond=0)
    assert dates == sorted(dates, reverse=True) and dates[0] <= now
    for number, date in zip(numbers, dates, strict=True):
        exact = now - timedelta(seconds=number * UNITS[unit])
        assert date == (exact if UNITS[unit] < 86400 else exact.replace(hour=0, minute=0, second=0))
        assert exact - date < timedelta(days=1)


DAYS = ["today", "gestern", "anteayer", "Monday", "mardi", "Wed", "jueves", "venerdì", "zaterdag", "domingo"]
TIMES = st.times().map(lambda when: f"{when:%H:%M}")
ZONES = st.sampled_from(["", " UTC", " EST", " +14:00", " -12:00", " Asia/Tokyo"])


@given(MOMENTS, st.sampled_from(DAYS), TIMES, ZONES)
def test_a_time_of_a_day_is_the_last_before_now(now, day, time, zone):
    alone, timed = (read_dates([text], DateRules(now=now))[0] for text in (day, f"{day}, {time}{zone}"))
    weekday, week = day in DAYS[3:], timedelta(days=7)
    if alone.when is None:
        tomorrow = (now + timedelta(hours=14)).replace(hour=0, minute=0, second=0, microsecond=0)
        assert weekday and now < tomorrow and read_dates([day], DateRules(now=tomorrow))[0].when == tomorrow
    else:
        assert alone.when <= now and now - alone.when < week and alone.when.time() == datetime.min.time()
    if timed.when is None:
        assert weekday and zone == "" and timed.problem == BAD  # today or a week ago
    else:
        assert timed.when <= now and now - timed.when <= timedelta(days=8)
        assert f"{timed.when:%H:%M}" == time or zone or timed.when == now.replace(microsecond=0)


@pytest.mark.parametrize(
    ("text", "now", "when"),
    [
        ("Mon 00:30", "2026-03-01T20:00Z", None),  # Monday morning in Sydney, where it may be half past midnight
        ("Mon 00:30", "2026-03-01T10:29Z", "2026-02-23 00:30"),  # nowhere yet
        ("Mon 00:30", "2026-03-01T10:30Z", None),
        ("Mon 00:30 UTC", "2026-03-01T20:00Z", "2026-02-23 00:30"),
        ("Mon 00:30 AEDT", "2026-03-01T20:00Z", "2026-03-01 13:30"),
        ("Mon 00:30", "2026-03-02T00:29Z", None),
        ("Mon 00:30", "2026-03-02T00:30Z", "2026-03-02 00:30"),
        ("Monday", "2026-03-01T20:00Z", None),
        ("Monday", "2026-03-01T09:59Z", "2026-02-23 00:00"),
        ("Monday", "2026-03-02T00:00Z", "2026-03-02 00:00"),
        ("Sunday", "2026-03-01T20:00Z", "2026-03-01 00:00"),
    ],
)
def test_a_weekday_that_may_be_today_or_a_week_ago_is_missing(text, now, when):
    assert read(text, now) == when


def test_one_relative_date_is_enough_where_the_reader_says_so_but_not_for_lengths():
    values = ["5 h ago", "3h", *(f"2026-03-0{day}" for day in (1, 2, 3))]
    first, second, *others = read_dates(values, RULES, least_relative=1)
    assert (first.when, second.when, second.problem) == (NOW - timedelta(hours=5), None, BAD) and all(
        o.when for o in others
    )
    one = [values[0], *values[2:]]
    assert read_dates(one, RULES, least_relative=1)[0] == first and read_dates(one, RULES)[0].problem == BAD


ODD = st.from_regex(
    r"(\d{0,3} ?(h|min|hours|days|vor|ago|yesterday|Mon|il y a|hace|un'|\d:\d\d) ?){1,4}", fullmatch=True
)


@given(st.text() | ODD)
def test_whatever_is_written_is_read_or_kept(text):
    (reading,) = read_dates([text], RULES)
    if is_relative(text):
        assert reading.problem == BAD or reading.when <= NOW
    if reading.when is None:
        assert (reading.bad is None) == (not text or text.isspace())


def test_the_pattern_finds_what_is_read():
    pattern = re.compile(AGO, re.IGNORECASE)
    written = [form for form, _ in FORMS if form.endswith("ago")] + [form for forms in LANGUAGES for form in forms[:3]]
    assert len(written) > 20
    for form in written:
        (found,) = pattern.findall(f"World / {form} | 3 comments")
        assert found and read(found) == read(form)
