"""Inputs as other programs write them: Parquet, feeds, OPML, packed files, globs, addresses, frames."""

from __future__ import annotations

import gzip
import http.server
import json
import threading
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from feedgen.feed import FeedGenerator

from dedupe import Columns, InputError, deduplicate, read_headlines, read_table
from dedupe.readers.inputs import FORMATS
from tests.support.command_line import run

SPREADSHEET = Path(__file__).parents[1] / "fixtures" / "spreadsheet.csv"
TITLES = ["Ferry sinks off Oslo, three dead", "Central bank raises rates", "Museum reopens <after> flood & fire"]
DAY = datetime(2025, 8, 16, 9, 30, tzinfo=UTC)


def titles(source):
    return [headline.title for headline in source.headlines]


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "n": [1, 2, 3],
            "headline": TITLES,
            "published": pd.to_datetime(["2025-08-16 09:30", "2025-08-17 00:00", None]).tz_localize("UTC"),
            "tags": [["a"], [], ["b", "c"]],
        }
    )


def feed(kind: str) -> bytes:
    made = FeedGenerator()
    made.id("urn:feed")
    made.title("The Daily")
    made.link(href="https://daily.example/")
    made.description("News")
    for k, title in enumerate(TITLES):
        entry = made.add_entry(order="append")
        entry.id(f"urn:{k}")
        entry.title(title)
        entry.link(href=f"https://daily.example/{k}")
        entry.published(DAY)
        entry.updated(DAY)
    return made.rss_str() if kind == "rss" else made.atom_str()


def json_feed() -> bytes:
    items = [{"id": str(k), "title": title, "url": f"https://daily.example/{k}"} for k, title in enumerate(TITLES)]
    items[0]["date_published"] = DAY.isoformat()
    made = {"version": "https://jsonfeed.org/version/1.1", "title": "The Daily", "items": items}
    return json.dumps(made, indent=1).encode()


OPML = '<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0"><head/><body><outline text="News">{}</outline></body></opml>'


def opml(*addresses: str) -> str:
    return OPML.format("".join(f'<outline type="rss" xmlUrl="{address}"/>' for address in addresses))


@pytest.fixture
def server(tmp_path):
    """Serves a folder of its own on this machine."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, directory=str(folder), **kwargs)

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


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
    asked = []
    original = pq.ParquetFile.iter_batches
    monkeypatch.setattr(
        pq.ParquetFile, "iter_batches", lambda self, **given: asked.append(given["columns"]) or original(self, **given)
    )
    read_headlines(tmp_path / "news.parquet")
    assert asked == [["headline", "published"]]


def test_a_parquet_file_cut_short_is_refused(tmp_path, frame):
    frame.to_parquet(tmp_path / "news.parquet")
    whole = (tmp_path / "news.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"cut\.parquet is no Parquet file that can be read .*damaged or cut short"):
        read_headlines(tmp_path / "cut.parquet")


@pytest.mark.parametrize(("column", "found"), [(0, "reading"), (1, "writing")])
def test_a_damaged_part_of_a_parquet_file_is_told_where_it_is_met(tmp_path, fake_encoder, column, found):
    path = tmp_path / "news.parquet"
    pq.write_table(pa.table({"title": TITLES, "body": [title * 9 for title in TITLES]}), path, compression="zstd")
    start = pq.ParquetFile(path).metadata.row_group(0).column(column).data_page_offset
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xff" * 24)
    with pytest.raises(InputError, match=r"news\.parquet has a damaged part .*get it anew"):
        headlines = read_headlines(path).headlines
        assert found == "writing"
        deduplicate(headlines).to_arrow()


def test_parquet_without_a_title_column_says_what_it_has(tmp_path):
    pq.write_table(pa.table({"a": [1]}), tmp_path / "news.parquet")
    with pytest.raises(InputError, match="no title column among a: name it by --title-column"):
        read_headlines(tmp_path / "news.parquet")


@pytest.mark.parametrize("kind", ["rss", "atom", "json"])
@pytest.mark.parametrize("name", ["feed.xml", "feed"])
def test_feeds(tmp_path, kind, name):
    (tmp_path / name).write_bytes(json_feed() if kind == "json" else feed(kind))
    source = read_headlines(tmp_path / name)
    assert source.format == "feed" and titles(source) == TITLES
    first = source.headlines[0]
    assert (first.published, first.source, first.url) == (DAY, "The Daily", "https://daily.example/0")
    assert list(first.columns) == source.columns == ["title", "published", "source", "url", "id"]


def test_an_entry_of_a_feed_of_feeds_names_its_own_outlet_and_loses_its_markup(tmp_path):
    (tmp_path / "a.rss").write_text(
        '<?xml version="1.0" encoding="latin-1"?><rss version="2.0"><channel><title>All</title><item>'
        "<title>Caf&#233; &lt;b&gt;owner&lt;/b&gt; wins</title><source url='https://a.example'>Herald</source>"
        "<pubDate>no date</pubDate></item></channel></rss>",
        "utf-8",
    )
    (headline,) = read_headlines(tmp_path / "a.rss").headlines
    assert (headline.title, headline.source, headline.bad_date) == ("Café owner wins", "Herald", "no date")


def test_a_broken_feed_is_refused(tmp_path):
    (tmp_path / "a.rss").write_text("<rss version='2.0'><channel><item", "utf-8")
    with pytest.raises(InputError, match=r"a\.rss is a feed that cannot be read"):
        read_headlines(tmp_path / "a.rss")
    (tmp_path / "b.json").write_text('{"version": "https://jsonfeed.org/version/1", "items": 3}', "utf-8")
    with pytest.raises(InputError, match=r"b\.json is not a JSON Feed"):
        read_headlines(tmp_path / "b.json")


def test_no_file_is_read_that_a_feed_names(tmp_path):
    """An entity that names a file must stay what it is."""
    (tmp_path / "secret").write_text("secret words", "utf-8")
    (tmp_path / "a.rss").write_text(
        f'<!DOCTYPE rss [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]><rss version="2.0"><channel>'
        "<item><title>News &x; today</title></item></channel></rss>",
        "utf-8",
    )
    try:
        found = titles(read_headlines(tmp_path / "a.rss", input_format="feed"))
    except InputError:
        found = []
    assert not any("secret words" in title for title in found)


def test_opml_is_fetched_only_where_that_is_asked_for(tmp_path, server):
    folder, address = server
    (folder / "rss.xml").write_bytes(feed("rss"))
    (folder / "atom.xml").write_bytes(gzip.compress(feed("atom")))
    path = tmp_path / "feeds.opml"
    path.write_text(opml(f"{address}/rss.xml", f"{address}/atom.xml", f"{address}/none.xml"), "utf-8")
    with pytest.raises(InputError, match=r"lists feeds \(3\): add --fetch"):
        read_headlines(path)
    source = read_headlines(path, fetch=True)
    assert titles(source) == TITLES * 2
    assert "6 entries of 2 of 3 feeds" in source.notes[0] and "none.xml cannot be fetched" in source.notes[1]


def test_opml_without_feeds_or_whose_feeds_all_fail(tmp_path):
    path = tmp_path / "feeds.opml"
    path.write_text(opml(), "utf-8")
    with pytest.raises(InputError, match="lists no feeds"):
        read_headlines(path, fetch=True)
    path.write_text(opml("file:///etc/hostname"), "utf-8")
    with pytest.raises(InputError, match=r"no feed of 1 could be read; the first: file:///etc/hostname is no http"):
        read_headlines(path, fetch=True)


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


def test_the_format_can_be_said(tmp_path):
    (tmp_path / "a").write_bytes(feed("rss"))
    assert set(FORMATS) == {"lines", "csv", "tsv", "jsonl", "parquet", "feed", "opml", "page"}
    assert titles(read_headlines(tmp_path / "a", input_format="lines"))[0].startswith("<?xml")
    with pytest.raises(InputError, match="is no Parquet file"):
        read_headlines(tmp_path / "a", input_format="parquet")


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow"])
def test_frames(frame, fake_encoder, kind):
    frame.index = [7, 8, 9]
    table = pa.Table.from_pandas(frame)
    given = {"pandas": frame, "polars": pl.from_arrow(table.drop_columns("__index_level_0__")), "arrow": table}[kind]
    assert [headline.title for headline in read_table(given)] == TITLES
    rows = deduplicate(given).rows()
    assert [row["headline"] for row in rows] == TITLES
    assert list(rows[0])[:5] == ["n", "headline", "published", "tags", "title"]
    assert rows[0]["published"] == DAY and rows[0]["tags"] == ["a"]


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_a_series_is_an_iterable_of_titles(frame, fake_encoder, kind):
    series = frame["headline"] if kind == "pandas" else pl.Series(TITLES)
    assert [headline.title for headline in deduplicate(series).headlines] == TITLES


@pytest.mark.parametrize(("given", "said"), [(pl.LazyFrame({"title": TITLES}), "collect it first"), (3, "an iterable")])
def test_what_is_no_iterable_is_refused(fake_encoder, given, said):
    with pytest.raises(InputError, match=f"headlines is a .*: .*{said}"):
        deduplicate(given)


def test_stories_that_cluster_nested_are_read_again(tmp_path, fake_encoder):
    (tmp_path / "a.txt").write_text("\n".join([*TITLES, TITLES[0].upper()]), "utf-8")
    assert run("cluster", tmp_path / "a.txt", "-o", tmp_path / "stories.json").exit_code == 0
    source = read_headlines(tmp_path / "stories.json")
    assert titles(source) == [*TITLES, TITLES[0].upper()] and source.columns[:2] == ["title", "dedupe_story"]
    (tmp_path / "bad.json").write_text('{"stories": [{"a": 1}]}', "utf-8")
    with pytest.raises(InputError, match="not stories as"):
        read_headlines(tmp_path / "bad.json")


def test_a_spreadsheet_s_export_with_semicolons_in_utf_16(fake_encoder):
    """Written by Gnumeric: ssconvert -T Gnumeric_stf:stf_assistant -O 'separator=; charset=UTF-16 eol=windows'."""
    source = read_headlines(SPREADSHEET, columns=Columns(date="Datum", source="quelle"))
    assert titles(source) == ["Fähre sinkt; drei Tote", 'Bank says "no" to cut', "=Museum reopens"]
    assert [h.published.day for h in source.headlines] == [16, 17, 18]
    assert source.headlines[0].source == "Küstenblatt"
    assert "delimiter ';'" in source.notes[0] and "utf-16" in source.notes[0]


def test_columns_of_a_frame_can_be_named(frame):
    found = read_table(frame.rename(columns={"headline": "words"}), Columns(title="words"))
    assert [headline.title for headline in found] == TITLES
    with pytest.raises(InputError, match="the table: no title column among n, words"):
        read_table(frame.rename(columns={"headline": "words"}))
