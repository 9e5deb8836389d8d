"""Whole runs over Parquet files of odd types and values: the output is that of one machine."""

from __future__ import annotations

import warnings
from contextlib import nullcontext
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dedupe import deduplicate, distributed
from dedupe.distributed.engine import InOrder
from dedupe.readers import read_headlines
from dedupe.runtime.arrow_values import python_values
from tests.support.fake_encoder import FakeEncoder

NOW = "2026-03-04T12:00:00Z"
TITLES = [
    "Dam closes after flood in Pebble valley",
    "Dam closes after flood in the Pebble valley",
    "dam closes after flood in pebble valley.",
    "Ferry sinks off Oslo, 12 rescued",
    "Ferry sinks off Oslo, twelve rescued",
    None,
    "Dam closes after flood in Pebble valley - Fjord Radio",
]
ROWS = len(TITLES)
HOURS = [1_772_400_000, 1_772_403_600, None, 1_772_500_000, 1_772_503_600, None, 1_772_400_000]  # seconds since 1970
TITLED = {"title": pa.array(TITLES)}


def times(unit, zone=None):
    scale = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    return pa.array([None if hour is None else hour * scale + 1 for hour in HOURS], pa.timestamp(unit, zone))


def text_of(values):
    """Text with bytes that need not be UTF-8."""
    return pa.Array.from_buffers(pa.string(), len(values), pa.array(values, pa.binary()).buffers())


TABLES = {
    "categories": {"title": pa.array(TITLES).dictionary_encode(), "source": pa.array(["a", "b"] * 3 + ["a"])},
    "categories of large text": {"title": pa.array(TITLES, pa.large_string()).dictionary_encode()},
    "large text": {"title": pa.array(TITLES, pa.large_string())},
    "views": {"title": pa.array(TITLES, pa.string_view()), "other": pa.array(["x"] * ROWS, pa.string_view())},
    "bytes": {"title": pa.array([None if t is None else t.encode() for t in TITLES], pa.binary())},
    "bytes in another encoding": {"title": pa.array(["Zürich lake freezes over".encode("latin-1")] * ROWS)},
    "text that is not UTF-8": {"title": text_of([b"Dam closes \xff after flood", b"Dam closes after flood"] * 3)},
    "surrogates as bytes": {"title": text_of([b"Dam closes \xed\xa0\x80 after flood", b"Dam closes"] * 3)},
    "NUL characters": {"title": pa.array([f"{t}\0" if t else "\0" for t in TITLES]), "id": ["a\0", "a"] * 3 + ["\0"]},
    "sources with NUL": {**TITLED, "source": ["Fjord\0Radio", "Fjord", "\0", None, "", "Fjord\0", "Fjord Radio"]},
    "numbers as titles": {"title": pa.array([7, 7, None, 8, 9, 10, 2**62])},
    "fractions as titles": {"title": pa.array([0.5, float("nan"), float("inf"), None, 0.5, -0.0, 0.0])},
    "no titles": {"title": pa.nulls(ROWS, pa.string()), "id": [str(k) for k in range(ROWS)]},
    "nothing but nulls": {**TITLED, "source": pa.nulls(ROWS), "published": pa.nulls(ROWS)},
    "decimals as ids": {**TITLED, "id": pa.array([Decimal("1.50")] * ROWS)},
    "numbers as ids": {**TITLED, "id": pa.array([1.0, 1.5, None, 1.0, 2.0, 3.0, 1.0])},
    "truth values as ids": {**TITLED, "id": pa.array([True, False, None, True, True, False, True])},
    "lists as sources": {**TITLED, "source": pa.array([["a"], ["b"], None, [], ["a"], ["a", "b"], ["a"]])},
    "columns of an earlier run": {
        "dedupe_story": pa.array([f"old {k}" for k in range(ROWS)]),
        **TITLED,
        "dedupe_flag": pa.array([1] * ROWS),
        "dedupe_title": pa.array([2] * ROWS),
        "dedupe_file": pa.array([3] * ROWS),
    },
    "own columns of many types": {
        **TITLED,
        "price": pa.array([Decimal("1.50")] * ROWS),
        "code": pa.array([b"ab\xff"] * ROWS, pa.binary(3)),
        "far": pa.array([2**62] * ROWS, pa.timestamp("us")),
        "lasts": pa.array([5] * ROWS, pa.duration("ns")),
        "clock": pa.array([5] * ROWS, pa.time64("ns")),
        "half": pa.array([5] * ROWS, pa.time32("s")),
        "tags": pa.array([[{"a": 1}], [], None, [{"a": None}], [None], [{"a": 2}], []]),
        "where": pa.array([{"lat": 1.5, "names": ["x"]}] * ROWS),
        "pairs": pa.array([[("k", 1)]] * ROWS, pa.map_(pa.string(), pa.int8())),
    },
    "an unknown zone": {**TITLED, "published": times("us", "Mars/Phobos")},
    "titles under another name": {"headline": pa.array(TITLES), "published": times("s", "UTC")},
    "two columns of titles": {"headline": pa.array(TITLES), "title": pa.array(["", *TITLES[1:]])},
    "an index of pandas": {**TITLED, "__index_level_0__": pa.array(range(ROWS))},
    **{
        f"times in {unit} {zone}": {**TITLED, "published": times(unit, zone)}
        for unit, zone in (("s", "UTC"), ("ms", "+05:30"), ("us", None), ("ns", "America/New_York"), ("ns", None))
    },
    "days": {**TITLED, "date": pa.array([date(2026, 3, 1)] * ROWS)},
    "days as numbers": {**TITLED, "date": pa.array([None if hour is None else hour / 86400 for hour in HOURS])},
}


@pytest.fixture(autouse=True)
def encoder(monkeypatch):
    monkeypatch.setattr("dedupe.distributed.run.connected", lambda address: nullcontext(""))
    monkeypatch.setattr("dedupe.distributed.run.OnRay", InOrder)
    for module in ("job", "plan", "run"):
        monkeypatch.setattr(f"dedupe.distributed.{module}.load_encoder", lambda name=None: FakeEncoder())
    warnings.simplefilter("ignore")


def check(tmp_path, paths, read):
    """The output for `paths`, in parts of two rows, is that of one machine for `read`."""
    result = deduplicate(read_headlines(read, now=NOW).headlines, encoder=FakeEncoder(), window=72, reader="off")
    out, options = tmp_path / "out", {"window": 72, "reader": "off", "now": NOW}
    summary = distributed.deduplicate(paths, out, rows_per_part=2, **options)
    table, expected = pa.concat_tables([pq.read_table(file) for file in sorted(out.iterdir())]), result.to_arrow()
    assert table.schema == expected.schema
    for name in table.column_names:  # as text, since no NaN equals another
        assert str(python_values(table[name])) == str(python_values(expected[name])), name
    assert summary.flags == {c.code: len(c.positions) for c in result.warnings if c.positions}


@pytest.mark.parametrize("columns", TABLES.values(), ids=TABLES)
def test_types_and_values(tmp_path, columns):
    path = tmp_path / "news.parquet"
    pq.write_table(pa.table(columns), path, row_group_size=2)
    check(tmp_path, [path], [path])


def test_a_file_without_rows_beside_others(tmp_path):
    table, paths = pa.table(TITLED), [tmp_path / f"{name}.parquet" for name in "abc"]
    for path, rows in zip(paths, (table[:0], table[:4], table[4:]), strict=True):
        pq.write_table(rows, path, row_group_size=2)
    check(tmp_path, paths, paths[1:])
