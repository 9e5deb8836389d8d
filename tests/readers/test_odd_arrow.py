"""Parquet files and Arrow tables with values that Python lacks, and with damage: text and one clear line, no traceback."""

from __future__ import annotations

import io
import random
import struct
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dedupe import DedupeError, InputError, deduplicate, read_headlines, read_table
from dedupe.result.storage import load_result
from dedupe.writers.rows import ROW_FORMATS, write_rows, write_stories
from tests.support.headline_files import TITLES

FAR = 2**62  # after the year 9999 in every unit but nanoseconds


def raw(values, kind):
    return pa.array(values, pa.int32() if kind in (pa.date32(), pa.time32("s")) else pa.int64()).cast(kind)


def zoned(values, zone):
    return raw(values, pa.timestamp("us")).cast(pa.timestamp("us", zone))


def not_utf8():
    return pa.StringArray.from_buffers(3, pa.py_buffer(struct.pack("<4i", 0, 5, 8, 8)), pa.py_buffer(b"caf\xe9sabc"))


MICROSECONDS = int(datetime(2025, 8, 16, tzinfo=UTC).timestamp()) * 10**6
ODD = {
    "date after 9999": (raw([2**31 - 1, 0, -(2**31)], pa.date32()), "<value out of range: 2147483647>"),
    "time after 9999": (raw([FAR, 0, -FAR], pa.timestamp("us")), "<value out of range: 4611686018427387904>"),
    "zoned after 9999": (zoned([FAR, 0, -FAR], "Asia/Tokyo"), "17036-07-06 14:00:27.387904Z"),
    "unknown zone": (zoned([0, 1, 2], "Mars/Base"), datetime(1970, 1, 1, tzinfo=UTC)),
    "nanoseconds of a day": (raw([1500, 0, None], pa.time64("ns")), "00:00:00.000001"),
    "duration": (raw([FAR, 0, -FAR], pa.duration("s")), "4611686018427387904 s"),
    "not UTF-8": (not_utf8(), "caf\\xe9s"),
    "in lists": (
        pa.ListArray.from_arrays([0, 1, 2, 2], raw([FAR, 0], pa.duration("s"))),
        ["4611686018427387904 s"],
    ),
    "a name twice in a struct": (
        pa.StructArray.from_arrays([pa.array([1, 2, 3]), pa.array([4, 5, 6])], names=["a", "a"]),
        [["a", 1], ["a", 4]],
    ),
}


def opened(table, path):
    if path is None:
        return read_table(table)
    pq.write_table(table, path)
    return read_headlines(path).headlines


def write_all(result, folder):
    for form in ROW_FORMATS:
        write_rows(result.output, str(folder / f"out.{form}"), form)
    write_stories(result, str(folder / "out.json"))
    result.save(folder / "out.result")
    assert len(load_result(folder / "out.result")) == len(result)
    result.to_arrow(), result.to_pandas()


@pytest.mark.parametrize("stored", ["file", "table"])
@pytest.mark.parametrize(("column", "value"), ODD.values(), ids=ODD.keys())
def test_a_value_that_python_lacks_is_text_in_any_column(tmp_path, fake_encoder, stored, column, value):
    path = tmp_path / "news.parquet" if stored == "file" else None
    result = deduplicate(opened(pa.table({"title": TITLES, "published": column, "other": column}), path))
    first = result.rows()[0]["other"]
    assert first == value or str(first) == value
    assert len(result.to_pandas()) == 3
    write_all(result, tmp_path)


def test_dates_that_cannot_be_held_are_counted_and_not_lost(fake_encoder):
    result = deduplicate(pa.table({"title": TITLES, "published": raw([FAR, MICROSECONDS, None], pa.timestamp("us"))}))
    assert [headline.published for headline in result.headlines] == [None, datetime(2025, 8, 16, tzinfo=UTC), None]
    (caution,) = (caution for caution in result.cautions if caution.code == "bad-date")
    assert caution.positions == (0,)


def test_a_title_that_is_not_utf8(fake_encoder):
    assert [headline.title for headline in read_table(pa.table({"title": not_utf8()}))] == ["caf\\xe9s", "abc", ""]


DAMAGED = {
    "no such category": pa.DictionaryArray.from_arrays(pa.array([0, 1, 99], pa.int32()), pa.array(TITLES), safe=False),
    "category not UTF-8": pa.DictionaryArray.from_arrays([0, 1, 0], not_utf8()),
    "beyond a day": raw([-5, 0, 2**50], pa.time64("us")),
    "beyond a day, seconds": raw([-5, 0, 2**30], pa.time32("s")),
    "list not UTF-8": pa.ListArray.from_arrays([0, 1, 2, 3], not_utf8()),
}


@pytest.mark.parametrize("stored", ["file", "table"])
@pytest.mark.parametrize("name", ["title", "desk"])
@pytest.mark.parametrize("column", DAMAGED.values(), ids=DAMAGED.keys())
def test_damage_inside_values_is_reported(tmp_path, fake_encoder, stored, name, column):
    path = tmp_path / "news.parquet" if stored == "file" else None
    with pytest.raises(
        InputError, match=r"(news\.parquet|the table) is damaged \(.*(out of bounds|UTF8|acceptable range)"
    ):
        deduplicate(opened(pa.table({"title": TITLES} | {name: column}), path)).to_arrow()


DESCRIPTIONS = {
    "no JSON": b"{",
    "no object": b"[]",
    "null": b"null",
    "no UTF-8": b"\xff",
    "a number": b'{"index_columns": 5}',
    "no such column": b'{"index_columns": ["nope"], "columns": []}',
    "a range of text": b'{"index_columns": [{"kind": "range", "start": "x"}], "columns": []}',
    "no description": b'{"index_columns": ["desk"], "columns": []}',
    "no type": b'{"index_columns": ["desk"], "columns": [{"name": "desk", "pandas_type": "x", "numpy_type": "x"}]}',
}


@pytest.mark.parametrize("description", DESCRIPTIONS.values(), ids=DESCRIPTIONS.keys())
def test_a_damaged_description_of_a_pandas_index_loses_no_row(tmp_path, fake_encoder, description):
    table = pa.table({"title": TITLES, "desk": [1, 2, 3]}).replace_schema_metadata({b"pandas": description})
    result = deduplicate(opened(table, tmp_path / "news.parquet"))
    assert list(result.to_pandas()["title"]) == TITLES
    write_all(result, tmp_path)


def test_damaged_parquet_is_read_whole_or_refused_in_one_line(tmp_path, fake_encoder):
    table = pa.table({"title": pa.array(TITLES * 20).dictionary_encode(), "published": raw(range(60), pa.date32())})
    packed = io.BytesIO()
    pq.write_table(table, packed)
    rng, refused = random.Random(0), 0
    for _ in range(150):
        content = bytearray(packed.getvalue())
        for _ in range(rng.randint(1, 4)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        (tmp_path / "news.parquet").write_bytes(content)
        try:
            result = deduplicate(read_headlines(tmp_path / "news.parquet", input_format="parquet").headlines)
            result.to_arrow(), result.rows()
        except DedupeError as error:
            refused += 1
            assert "\n" not in str(error)
    assert 0 < refused < 150
