"""Parquet files and frames."""

from __future__ import annotations

import pickle
from copy import deepcopy
from datetime import UTC, datetime

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dedupe import Columns, InputError, deduplicate, read_headlines, read_table
from tests.support.headline_files import DAY, TITLES, titles


@pytest.mark.parametrize("groups", [1, 2, 100])
def test_parquet_of_pandas(tmp_path, frame, groups):
    frame.to_parquet(tmp_path / "news.parquet", row_group_size=groups)
    source = read_headlines(tmp_path / "news.parquet", columns=Columns(title="headline"))
    assert source.format == "parquet" and titles(source) == TITLES
    assert [h.published for h in source.headlines] == [DAY, datetime(2025, 8, 17, tzinfo=UTC), None]
    assert source.headlines[2].columns == {"n": 3, "headline": TITLES[2], "published": None, "tags": ["b", "c"]}
    assert source.headlines[0].columns["published"] == DAY, "rows are read in any order"
    assert not any(headline.bad_date for headline in source.headlines)


def test_parquet_of_pyarrow_by_content_whatever_its_name(tmp_path):
    table = pa.table({"title": pa.array(TITLES).dictionary_encode(), "when": pa.array([1, 2, 3], pa.timestamp("ns"))})
    pq.write_table(table, tmp_path / "news.bin", compression="zstd")
    assert titles(read_headlines(tmp_path / "news.bin")) == TITLES


def test_only_the_columns_of_a_headline_are_read(tmp_path, frame, monkeypatch):
    frame.to_parquet(tmp_path / "news.parquet")
    columns = []
    original = pq.ParquetFile.iter_batches

    def recorded(file, **options):
        columns.append(options["columns"])
        return original(file, **options)

    monkeypatch.setattr(pq.ParquetFile, "iter_batches", recorded)
    read_headlines(tmp_path / "news.parquet")
    assert columns == [["headline"], ["published"], ["headline"]], "a look at the titles, all dates, then all rows"


def test_a_parquet_file_cut_short_is_refused(tmp_path, frame):
    frame.to_parquet(tmp_path / "news.parquet")
    content = (tmp_path / "news.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match=r"cut\.parquet cannot be read as Parquet .*get it again"):
        read_headlines(tmp_path / "cut.parquet")


@pytest.mark.parametrize(("column", "step"), [(0, "reading"), (1, "writing")])
def test_a_damaged_part_of_a_parquet_file_is_reported_when_it_is_read(tmp_path, fake_encoder, column, step):
    path = tmp_path / "news.parquet"
    pq.write_table(pa.table({"title": TITLES, "body": [title * 9 for title in TITLES]}), path, compression="zstd")
    start = pq.ParquetFile(path).metadata.row_group(0).column(column).data_page_offset
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xff" * 24)
    with pytest.raises(InputError, match=r"news\.parquet is damaged .*get the file again"):
        headlines = read_headlines(path).headlines
        assert step == "writing"
        deduplicate(headlines).to_arrow()


def test_parquet_without_a_title_column_says_what_it_has(tmp_path):
    pq.write_table(pa.table({"a": [1]}), tmp_path / "news.parquet")
    with pytest.raises(InputError, match="no title column among a: name it with --title-column"):
        read_headlines(tmp_path / "news.parquet")


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow"])
def test_frames(frame, fake_encoder, kind):
    frame.index = [7, 8, 9]
    table = pa.Table.from_pandas(frame)
    table_like = {"pandas": frame, "polars": pl.from_arrow(table.drop_columns("__index_level_0__")), "arrow": table}[
        kind
    ]
    assert [headline.title for headline in read_table(table_like)] == TITLES
    rows = deduplicate(table_like).rows()
    assert [row["headline"] for row in rows] == TITLES
    assert list(rows[0])[:5] == ["n", "headline", "published", "tags", "dedupe_title"]
    assert rows[0]["published"] == DAY and rows[0]["tags"] == ["a"]


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_a_series_is_an_iterable_of_titles(frame, fake_encoder, kind):
    series = frame["headline"] if kind == "pandas" else pl.Series(TITLES)
    assert [headline.title for headline in deduplicate(series).headlines] == TITLES


@pytest.mark.parametrize(
    ("value", "message"), [(pl.LazyFrame({"title": TITLES}), "collect it first"), (3, "an iterable")]
)
def test_a_value_that_is_not_iterable_is_refused(fake_encoder, value, message):
    with pytest.raises(InputError, match=f"headlines is of type .*: .*{message}"):
        deduplicate(value)


def test_columns_of_a_frame_can_be_named(frame):
    headlines = read_table(frame.rename(columns={"headline": "words"}), Columns(title="words"))
    assert [headline.title for headline in headlines] == TITLES
    with pytest.raises(InputError, match="the table: no title column among n, words"):
        read_table(frame.rename(columns={"headline": "words"}))


def test_rows_of_parquet_can_be_pickled_and_copied(tmp_path, frame):
    frame.to_parquet(tmp_path / "news.parquet", row_group_size=1)
    headlines = read_headlines(tmp_path / "news.parquet").headlines
    pickled = pickle.dumps(headlines)
    (tmp_path / "news.parquet").unlink()
    for copies in (pickle.loads(pickled), deepcopy(headlines)):
        assert copies == headlines and [type(headline.row) for headline in copies] == [dict] * 3
        assert [headline.columns["n"] for headline in copies] == [1, 2, 3]


@pytest.mark.parametrize("kind", ["pandas", "arrow", "parquet"])
def test_a_repeated_column_name_is_refused(tmp_path, kind):
    table = pa.table([["Ferry sinks"], ["x"], ["y"]], names=["title", "desk", "desk"])
    message = "more than one column is called 'desk': give each column its own name"
    with pytest.raises(InputError, match=message):
        if kind == "parquet":
            pq.write_table(table, tmp_path / "news.parquet")
            read_headlines(tmp_path / "news.parquet")
        else:
            read_table(table.to_pandas() if kind == "pandas" else table)


@pytest.mark.parametrize("values", [[1, "z"], [object(), object()], [1j, 2j]])
def test_a_frame_that_arrow_cannot_hold_is_refused_with_its_column(values):
    frame = pd.DataFrame({"title": ["Ferry sinks", "Rates rise"], "desk": values})
    with pytest.raises(InputError, match=r"cannot be converted to Arrow .*column desk.*: give the column") as error:
        read_table(frame)
    assert "\n" not in str(error.value)
