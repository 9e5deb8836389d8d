"""Every input column and value comes out as it came in, whatever the columns are called and whichever holds the titles."""

from __future__ import annotations

import csv
import gc
import io
import json
import sqlite3
from contextlib import closing
from datetime import date, datetime
from itertools import zip_longest
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dedupe import Columns, deduplicate, match, read_headlines
from dedupe.errors import OutputError
from dedupe.headlines import Headline
from dedupe.result.columns import OutputRows
from dedupe.runtime.arrow import StoredRow, StoredTable
from dedupe.writers import write_rows, write_stories
from dedupe.writers.cells import text_of
from tests.support.command_line import run

pytestmark = pytest.mark.usefixtures("fake_encoder")
FORMATS = ("jsonl", "csv", "tsv", "parquet", "xlsx", "sqlite", "json")
text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
value = st.one_of(
    st.none(),
    text,
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["=1+1", "_x0041_", " a ", "007"]),
)
names = st.lists(
    st.one_of(text, st.sampled_from(["title", "headline", "position", "story", "size", "text", "=cmd", " id "])).filter(
        lambda name: not name.casefold().strip().startswith("dedupe_")
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda name: name.casefold().strip(),
)


@st.composite
def tables(draw):
    columns = draw(names)
    kinds = [draw(st.sampled_from([text, st.integers(-9, 9), value])) for _ in columns]
    count = draw(st.integers(1, 5))
    return [{name: draw(kind) for name, kind in zip(columns, kinds, strict=True)} for _ in range(count)]


def read_back(path: Path, format: str):
    """The rows of a file, by other means than our own readers."""
    if format == "jsonl":
        return [json.loads(line) for line in path.read_text("utf-8").split("\n")[:-1]]
    if format == "json":
        stories = json.loads(path.read_text("utf-8"))["stories"]
        found = [row for story in stories for wording in story["wordings"] for row in wording["headlines"]]
        return sorted(found, key=lambda row: row["dedupe_position"])
    if format == "parquet":
        return pq.read_table(path).to_pylist()
    if format == "sqlite":
        with closing(sqlite3.connect(path)) as connection:
            cursor = connection.execute("SELECT * FROM headlines")
            return [dict(zip([column[0] for column in cursor.description], row, strict=True)) for row in cursor]
    if format == "xlsx":
        with closing(openpyxl.load_workbook(path, read_only=True)) as book:
            header, *rows = book.worksheets[0].iter_rows(values_only=True)
            return [dict(zip_longest(header, row)) for row in rows]
    rows = csv.DictReader(
        io.StringIO(path.read_bytes().decode(), newline=""), delimiter="," if format == "csv" else "\t"
    )
    return list(rows)


def same(found, before, format: str) -> bool:
    """Whether a value is the one that went in, as far as the format can tell values apart."""
    if format in ("jsonl", "json"):
        return found == before and type(found) is type(before)
    if format in ("csv", "tsv"):
        return found == text_of(before)
    if format == "xlsx" and before in ("", None):
        return found is None
    if format == "xlsx" and isinstance(before, float) and abs(before) > 9.99999999999999e307:  # more than Excel has
        return found == text_of(before)
    if format == "xlsx" and isinstance(before, float):
        return found == pytest.approx(before, rel=1e-14, abs=0)  # Excel has 15 digits
    if format == "xlsx":
        return found == (excel(before) if isinstance(before, str) else before)
    return found in (before, text_of(before))  # text where a column of Parquet has values of several types


def excel(written: str) -> str:
    """What a file of Excel has for a text that XML cannot hold."""
    from dedupe.writers.workbooks import _value

    return _value(written, "")


@settings(
    deadline=None,
    max_examples=15,
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(table=tables(), data=st.data())
def test_random_tables_come_out_in_every_format(tmp_path, table, data):
    columns = list(table[0])
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in table), "utf-8")
    title = data.draw(st.sampled_from(columns))
    headlines = read_headlines(path, columns=Columns(title=title)).headlines
    result = deduplicate(headlines)
    for output in (result.output, OutputRows(headlines), match(headlines, reference=["Ferry sinks off Oslo"]).output):
        for format in FORMATS:
            target = tmp_path / f"out.{format}"
            if format == "json":
                write_stories(result, str(target))
            else:
                write_rows(output, str(target), format, formulas=True)
            found = read_back(target, format)
            assert len(found) == len(table)
            keys = [excel(name) if format == "xlsx" else name for name in columns]
            for row, before in zip(found, table, strict=True):
                values = list(row.items())[: len(columns)]
                assert [name if name is not None else "" for name, _ in values] == keys, format
                for (name, after), own in zip(values, before.values(), strict=True):
                    assert same(after, own, format), (format, name, own, after)
            if format in ("jsonl", "json") and (output is result.output):
                for row, headline in zip(found, headlines, strict=True):
                    assert as_title(row.get("dedupe_title", row.get("title"))) == headline.title


def as_title(value) -> str:
    return "" if value is None or not str(value).strip() else str(value)


@pytest.mark.parametrize("command", ["cluster", "dedupe", "match"])
@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet", "xlsx", "db"])
def test_a_title_column_does_not_overwrite_another(tmp_path, command, ending):
    rows = [("Mr", "Ferry sinks off Oslo, 3 dead"), ("Dr", "Bank of Norway raises rates")]
    (tmp_path / "a.csv").write_text("title,headline\n" + "".join(f'{a},"{b}"\n' for a, b in rows), "utf-8")
    more = ["--against", tmp_path / "a.csv"] if command == "match" else []
    out = tmp_path / f"o.{ending}"
    done = run(command, tmp_path / "a.csv", *more, "--title-column", "headline", "-o", out)
    assert done.exit_code == 0, done.output
    source = read_headlines(out, columns=Columns(title="headline"))
    assert [(row.columns["title"], row.columns["headline"]) for row in source.headlines] == rows
    assert ("dedupe_title" in source.columns) == (command != "dedupe")
    if command != "dedupe":  # which is what reads it again without a name
        assert [headline.title for headline in read_headlines(out).headlines] == [title for _, title in rows]


def test_the_title_is_not_added_where_it_is_there_already():
    plain = [{"title": "Ferry sinks off Oslo"}, {"title": None}, {"title": 7}, "Rates rise", Headline("One"), None]
    assert "dedupe_title" not in deduplicate(plain).rows()[0]
    table = StoredTable(pa.table({"title": ["a", None], "kicker": ["x", "y"]}))
    for titles, added in ((["a", ""], False), (["x", "y"], True)):
        rows = [Headline(title, row=StoredRow(table, k)) for k, title in enumerate(titles)]
        assert ("dedupe_title" in deduplicate(rows).output.columns) == added


def test_a_column_position_stays_in_nested_json(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"title": "Ferry sinks off Oslo", "position": "left"}\n', "utf-8")
    assert run("cluster", tmp_path / "a.jsonl", "-o", tmp_path / "o.json").exit_code == 0
    (headline,) = read_headlines(tmp_path / "o.json").headlines
    assert headline.columns["position"] == "left"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        *((datetime(2026, 3, 1, 8, 30), datetime(2026, 3, 1, 8, 30)), (date(2026, 3, 1), datetime(2026, 3, 1))),
        *(("=1+1", "=1+1"), ("@SUM(A1)", "@SUM(A1)"), ("-5", "-5"), ("#N/A", "#N/A"), ("a\r\nb\x07", "a\r\nb\x07")),
        *(
            ([1, {"a": 2}], '[1, {"a": 2}]'),
            (10**17, str(10**17)),
            (float("inf"), None),
            (1.7976931348623157e308, "1.7976931348623157e+308"),
            (True, True),
            ("\ud800", "\\ud800"),
        ),
        (datetime.fromisoformat("2026-03-01T08:30:00+02:00"), "2026-03-01T08:30:00+02:00"),
    ],
)
def test_values_in_excel_are_read_again_and_none_is_a_formula(tmp_path, written, read):
    path = tmp_path / "a.xlsx"
    write_rows([{"title": "Ferry sinks off Oslo", "x": written}], str(path), "xlsx")
    (headline,) = read_headlines(path).headlines
    assert headline.columns.get("x") == read
    cell = openpyxl.load_workbook(path).worksheets[0].cell(2, 2)
    assert cell.data_type != "f" and (not isinstance(written, str) or cell.data_type in "s")


def test_what_a_format_cannot_hold_is_an_error(tmp_path):
    with pytest.raises(OutputError, match="a text of 40,000 characters, and Excel allows 32,767"):
        write_rows([{"title": "x"}, {"title": "x" * 40_000}], str(tmp_path / "a.xlsx"), "xlsx")
    gc.collect()  # nothing that was begun complains
    with pytest.raises(OutputError, match="duplicate column name"):
        write_rows([{"title": "x", "Title": "y"}], str(tmp_path / "a.db"), "sqlite")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ["xlsx", "db", "db.gz"])
def test_a_table_that_was_written_is_read_again_with_its_types(tmp_path, ending):
    rows = [{"title": f"Ferry {k} sinks off Oslo", "n": k, "x": k / 4, "ok": k > 1, "none": None} for k in range(4)]
    write_rows(rows, str(tmp_path / f"a.{ending}"), "xlsx" if ending == "xlsx" else "sqlite")
    assert [headline.columns for headline in read_headlines(tmp_path / f"a.{ending}").headlines] == rows
