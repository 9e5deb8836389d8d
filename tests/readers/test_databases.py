"""SQLite: tables, views and queries, and what a stranger's database cannot do."""

from __future__ import annotations

import gzip
import random
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from dedupe import Columns, InputError, read_headlines
from tests.support.command_line import one_error, refused, run
from tests.support.headline_files import TITLES, titles

ENDLESS = "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r)"


@pytest.fixture
def news(tmp_path) -> Path:
    path = tmp_path / "news.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE TABLE headlines (id INTEGER PRIMARY KEY, title TEXT, source TEXT, score REAL, raw BLOB)"
        )
        rows = [(title, "Herald", 0.5, b"\xff\0") for title in TITLES]
        connection.executemany("INSERT INTO headlines (title, source, score, raw) VALUES (?, ?, ?, ?)", rows)
        connection.execute("CREATE TABLE outlets (outlet TEXT)")
        connection.execute("CREATE VIEW late AS SELECT title FROM headlines WHERE id > 1")
        connection.execute(f"CREATE VIEW trap AS {ENDLESS} SELECT count(*) AS title FROM r")
        connection.commit()
    return path


@pytest.mark.parametrize("part", ["", "::headlines", "::HEADLINES"])
def test_a_table_is_read_with_all_its_values(news, part):
    source = read_headlines(f"{news}{part}")
    assert source.format == "sqlite" and titles(source) == TITLES
    assert source.headlines[0].columns == {
        "id": 1,
        "title": TITLES[0],
        "source": "Herald",
        "score": 0.5,
        "raw": b"\xff\0",
    }
    assert "table 'headlines'" in source.notes[0]


def test_a_view_and_a_query(news):
    assert titles(read_headlines(f"{news}::late")) == TITLES[1:]
    query = "select title as kop, 'a' || id as number from headlines where title like '%?%' or id = 2"
    source = read_headlines(f"{news}::{query}", columns=Columns(title="kop", id="number"))
    assert [(headline.title, headline.id) for headline in source.headlines] == [(TITLES[1], "a2")]


def test_a_glob_and_several_tables_of_one_database(news, tmp_path):
    (tmp_path / "other.db").write_bytes(news.read_bytes())
    assert titles(read_headlines(f"{tmp_path}/*.db::headlines")) == TITLES * 2
    source = read_headlines([f"{news}::headlines", f"{news}::late"])
    assert titles(source) == [*TITLES, *TITLES[1:]]
    assert [headline.file for headline in source.headlines][::3] == [f"{news}::headlines", f"{news}::late"]


def test_databases_that_are_no_plain_files(news, tmp_path):
    (tmp_path / "news.db.gz").write_bytes(gzip.compress(news.read_bytes()))
    assert titles(read_headlines(f"{tmp_path}/news.db.gz::headlines")) == TITLES
    shown = run("cluster", "--dry-run", "--", "-::headlines", input=news.read_bytes())
    assert "headlines: 3" in shown.stdout, shown.output
    with closing(sqlite3.connect(news)) as connection:
        connection.execute("PRAGMA journal_mode = wal")
    (tmp_path / "news.db.gz").write_bytes(gzip.compress(news.read_bytes()))
    assert titles(read_headlines(f"{tmp_path}/news.db.gz::headlines")) == TITLES


def test_rows_that_wait_in_the_log_of_a_live_database_are_read(news):
    with closing(sqlite3.connect(news)) as connection:
        connection.execute("PRAGMA journal_mode = wal")
        connection.execute("INSERT INTO headlines (title) VALUES ('Rates rise again in Norway')")
        connection.commit()
        assert len(read_headlines(f"{news}::headlines").headlines) == len(TITLES) + 1


def test_nothing_is_left_beside_a_database_and_nothing_changes_in_it(news):
    before, data = sorted(news.parent.iterdir()), news.read_bytes()
    read_headlines(f"{news}::headlines")
    assert sorted(news.parent.iterdir()) == before and news.read_bytes() == data


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("::nope", "no such table: name one of headlines, outlets, late, trap, or give a query"),
        ("::select title from headlines; drop table headlines", "one statement at a time"),
        ("::with x as (select 1) delete from headlines", "not authorized"),
        ("::with x as (select 1) insert into outlets select * from x", "not authorized"),
        ("::select load_extension('x') as title", "not authorized"),
        ("::select title from pragma_database_list", "not authorized|no such"),
        ("::trap", "not authorized"),
        ("::select title from trap", "not authorized"),
        ("::select nope from headlines", "no such column"),
        ("::select title, title from headlines", "more than one column is called 'title'"),
        ("::select title from headlines where id > 99", "has no rows"),
        ("::outlets", "no rows"),
        ("::drop table headlines", "no such table"),
    ],
)
def test_what_cannot_be_read_is_one_error(news, part, message):
    data = news.read_bytes()
    with pytest.raises(InputError, match=message) as error:
        read_headlines(f"{news}{part}")
    assert "\n" not in str(error.value) and news.read_bytes() == data


def test_a_database_of_several_tables_with_titles_asks_for_one(news):
    with closing(sqlite3.connect(news)) as connection:
        connection.execute("CREATE TABLE archive AS SELECT * FROM headlines")
        connection.commit()
    assert f"has several tables: give one of headlines, outlets, archive, as {news}::headlines" in refused(
        "cluster", news
    )


@pytest.mark.parametrize("damage", ["cut", "pages", "text"])
def test_a_damaged_database_is_one_error(news, tmp_path, damage):
    data = bytearray(news.read_bytes())
    if damage == "cut":
        del data[4096 + 100 :]
    elif damage == "pages":
        data[100:] = b"\xff" * (len(data) - 100)
    else:
        data[16:] = b"and so on"
    (tmp_path / "bad.db").write_bytes(data)
    with pytest.raises(InputError, match=r"bad\.db"):
        titles(read_headlines(tmp_path / "bad.db"))


def test_a_database_with_changed_bytes_is_read_or_refused(news, an_end):
    data, draw = news.read_bytes(), random.Random(0)
    for _ in range(100):
        changed = bytearray(data)
        for place in draw.choices(range(len(data)), k=8):
            changed[place] = draw.randrange(256)
        news.write_bytes(changed)
        for part in ("::headlines", "::late"):
            try:
                read_headlines(f"{news}{part}")
            except InputError as error:
                assert "\n" not in str(error)


def test_rows_beyond_the_limit_are_refused_while_they_are_read(news):
    start = time.monotonic()
    with pytest.raises(InputError, match="larger than 1 MB"):
        tables = ", ".join(f"headlines h{k}" for k in range(30))
        read_headlines(f"{news}::SELECT h1.title FROM {tables}", max_size="1MB")
    with pytest.raises(InputError, match="too big"):
        read_headlines(f"{news}::select zeroblob(100000000) as title", max_size="1MB")
    assert time.monotonic() - start < 60


def test_parts_are_of_databases_and_workbooks_only(tmp_path):
    (tmp_path / "a.csv").write_text("title\nRates rise again\n")
    assert "leave out ::titles" in refused("cluster", f"{tmp_path}/a.csv::titles")
    assert "no file" in refused("cluster", f"{tmp_path}/none.db::titles")
    (tmp_path / "a::b.txt").write_text("Rates rise again\n")
    assert titles(read_headlines(tmp_path / "a::b.txt")) == ["Rates rise again"]


def test_the_name_of_a_database_and_a_query_may_have_colons(news):
    path = news.rename(news.parent / "a::b.db")
    assert titles(read_headlines(f"{path}::headlines")) == TITLES
    assert titles(read_headlines(f"{path}::SELECT title FROM headlines WHERE title != 'a::b'")) == TITLES


def test_a_database_that_is_read_is_not_replaced(news):
    data = news.read_bytes()
    error = one_error(run("cluster", f"{news}::headlines", "-o", news, "--force"))
    assert "is also the input" in error and news.read_bytes() == data
