"""Where bytes come from: files, globs, addresses, standard input; gzip and zstd."""

from __future__ import annotations

import io

import pyarrow as pa
import pytest

from dedupe import InputError, read_headlines
from tests.support.headline_files import TITLES, feed, titles


def test_addresses(server):
    folder, address = server
    (folder / "feed.xml").write_bytes(feed("rss"))
    (folder / "news.csv").write_text("title\nOne\nTwo\n", "utf-8")
    assert titles(read_headlines(f"{address}/feed.xml?page=1")) == TITLES
    assert titles(read_headlines(f"{address}/news.csv")) == ["One", "Two"]
    with pytest.raises(InputError, match=r"cannot be fetched \(.*404.*\): check the address"):
        read_headlines(f"{address}/none.csv")


@pytest.mark.parametrize("pack", ["gzip", "zstd"])
@pytest.mark.parametrize("name", ["news.csv", "news.jsonl", "feed.xml", "titles.txt", "news.parquet"])
def test_packed_files(tmp_path, frame, pack, name):
    plain = tmp_path / name
    if name == "news.csv":
        frame.to_csv(plain, index=False)
    elif name == "news.jsonl":
        frame.to_json(plain, orient="records", lines=True, date_format="iso")
    elif name == "news.parquet":
        frame.to_parquet(plain)
    else:
        plain.write_bytes(feed("atom") if name == "feed.xml" else "\n".join(TITLES).encode())
    packed = tmp_path / f"{name}.{'gz' if pack == 'gzip' else 'zst'}"
    with pa.CompressedOutputStream(str(packed), pack) as stream:
        stream.write(plain.read_bytes())
    source = read_headlines(packed)
    assert titles(source) == TITLES and source.format == read_headlines(plain).format


@pytest.mark.parametrize("pack", ["gzip", "zstd"])
def test_a_packed_file_cut_short_is_refused(tmp_path, pack):
    path = tmp_path / "news.packed"
    with pa.CompressedOutputStream(str(path), pack) as stream:
        stream.write(b"title\n" + b"Ferry sinks off Oslo\n" * 5000)
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(InputError, match="cannot be unpacked"):
        read_headlines(path)


def test_several_inputs_and_globs_and_each_row_knows_its_file(tmp_path):
    (tmp_path / "b.csv").write_text("title;date\nOne;2025-08-16\nTwo;nonsense\n", "utf-8")
    (tmp_path / "a.csv").write_text("title;outlet\nThree;x\n", "utf-8")
    (tmp_path / "feed.xml").write_bytes(feed("rss"))
    source = read_headlines([tmp_path / "feed.xml", str(tmp_path / "*.csv")])
    assert titles(source) == [*TITLES, "Three", "One", "Two"] and source.format == "mixed"
    assert [headline.file for headline in source.headlines[3:]] == [str(tmp_path / f"{k}.csv") for k in "abb"]
    assert source.headlines[-1].bad_date == "nonsense"
    assert len(source.notes) == 3
    with pytest.raises(InputError, match=r"no file matches .*\*\.nope"):
        read_headlines(str(tmp_path / "*.nope"))
    with pytest.raises(InputError, match="no input"):
        read_headlines([])


def test_a_file_whose_name_looks_like_a_glob_is_itself(tmp_path):
    (tmp_path / "a[1].txt").write_text("One\nTwo\n", "utf-8")
    source = read_headlines(str(tmp_path / "a[1].txt"))
    assert titles(source) == ["One", "Two"] and source.headlines[0].file is None


def test_missing_file_and_directory(tmp_path):
    with pytest.raises(InputError, match="no file"):
        read_headlines(tmp_path / "nothing.csv")
    with pytest.raises(InputError, match="is a folder"):
        read_headlines(tmp_path)


def test_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"Rates rise\nRain falls\n")))
    assert titles(read_headlines("-")) == ["Rates rise", "Rain falls"]
