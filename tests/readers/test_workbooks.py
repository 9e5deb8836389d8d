"""Excel workbooks: sheets, headers, types, and files that would fill the memory."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from dedupe import InputError, read_headlines
from tests.support.command_line import refused
from tests.support.headline_files import TITLES, titles

WHEN = datetime(2026, 3, 1, 8, 30)


def workbook(path: Path, sheets: dict[str, list[list[object]]], **states: str) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        sheet.sheet_state = states.get(name, "visible")
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


ROWS = [["Headline", "When", "n", "ok"], *([title, WHEN, k, True] for k, title in enumerate(TITLES))]


def repacked(path: Path, changed: dict[str, bytes]) -> Path:
    """The same workbook with other or further members."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (members | changed).items():
            archive.writestr(name, data)
    return path


def test_a_sheet_with_its_types(tmp_path):
    source = read_headlines(workbook(tmp_path / "news.xlsx", {"News": ROWS}))
    assert source.format == "xlsx" and titles(source) == TITLES and source.warnings == []
    assert source.headlines[1].columns == {"Headline": TITLES[1], "When": WHEN, "n": 1, "ok": True}
    assert "Excel (sheet 'News'): title from 'Headline'" in source.notes[0]


def test_blank_rows_and_columns_and_missing_names(tmp_path):
    rows = [
        [],
        [None, "title", None, None, 2026],
        [],
        [None, TITLES[0], None, "x"],
        [None, TITLES[1], None, None, 5, "y"],
        [],
    ]
    source = read_headlines(workbook(tmp_path / "a.xlsx", {"A": rows}))
    assert titles(source) == TITLES[:2] and source.columns == ["title", "column_4", "2026", "column_6"]
    assert source.headlines[0].columns == {"title": TITLES[0], "column_4": "x", "2026": None, "column_6": None}


def test_sheets_are_named_and_those_left_out_are_told(tmp_path):
    sheets = {"Notes": [], "Hidden": [["title"], ["Hidden news of the day"]], "News": ROWS, "Old": ROWS[:2]}
    path = workbook(tmp_path / "a.xlsx", sheets, Hidden="hidden")
    source = read_headlines(path)
    assert titles(source) == TITLES
    assert source.warnings == [f"{path}: only the sheet 'News' is read, not Old: name another as {path}::Old"]
    assert titles(read_headlines(f"{path}::old")) == TITLES[:1]
    assert titles(read_headlines(f"{path}::Hidden")) == ["Hidden news of the day"]
    assert "no such sheet: name one of Notes, Hidden, News, Old" in refused("cluster", f"{path}::New")


def test_a_sheet_without_a_header(tmp_path):
    path = workbook(tmp_path / "a.xlsx", {"A": [[k, title] for k, title in enumerate(TITLES)]})
    source = read_headlines(path, header=False)
    assert titles(source) == TITLES and source.columns == ["column_1", "column_2"]


def test_escapes_of_excel_are_read(tmp_path):
    """It writes the end of a line so, and what XML cannot hold."""
    path = workbook(tmp_path / "a.xlsx", {"A": [["title"], ["Ferry sinks_x000D_\noff Oslo_x0007_"]]})
    assert titles(read_headlines(path)) == ["Ferry sinks\r\noff Oslo\x07"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([["title", "title"], ["a", "b"]], "more than one column is called 'title'"),
        ([["title"]], "has no rows"),
        ([], "has no rows"),
        ([["kicker", "n"], ["One", 1]], "no title column among kicker, n"),
    ],
)
def test_tables_that_cannot_be_used(tmp_path, content, message):
    with pytest.raises(InputError, match=message):
        read_headlines(workbook(tmp_path / "a.xlsx", {"A": content}))


def test_a_far_cell_costs_nothing(tmp_path, an_end):
    """Each reader that makes a whole rectangle of it needs 500 GB."""
    book = openpyxl.Workbook()
    book.active["A1"], book.active["A2"], book.active["XFD1048576"] = "title", TITLES[0], "far"
    book.save(tmp_path / "a.xlsx")
    source = read_headlines(tmp_path / "a.xlsx")
    assert titles(source) == [TITLES[0], ""] and source.columns == ["title", "column_16384"]


def test_wide_rows_of_few_cells_are_refused(tmp_path, an_end):
    sheet = "".join(
        f'<row r="{k}"><c r="{openpyxl.utils.get_column_letter(k)}{k}"><v>1</v></c></row>' for k in range(1, 4001)
    )
    xml = f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{sheet}</sheetData></worksheet>'
    path = repacked(workbook(tmp_path / "a.xlsx", {"A": ROWS}), {"xl/worksheets/sheet1.xml": xml.encode()})
    with pytest.raises(InputError, match="refused: split it"):
        read_headlines(path)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = repacked(workbook(tmp_path / "a.xlsx", {"A": ROWS}), {"xl/media/a.bin": b"\0" * 100_000_000})
    with pytest.raises(InputError, match="unpacks to over 200 times its size"):
        read_headlines(path)
    assert titles(read_headlines(path, max_size="1GB")) == TITLES


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused(tmp_path, encoding):
    xml = '<?xml version="1.0"?><!-- x --><!DOCTYPE a [<!ENTITY b "bbbb">]><worksheet/>'.encode(encoding)
    path = repacked(workbook(tmp_path / "a.xlsx", {"A": ROWS}), {"xl/worksheets/sheet1.xml": xml})
    with pytest.raises(InputError, match="declares a document type"):
        read_headlines(path)


def test_damaged_and_other_files_are_one_error(tmp_path, an_end):
    data = workbook(tmp_path / "a.xlsx", {"A": ROWS}).read_bytes()
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("a.csv", "title\nRates rise\n")
    cases = {
        "cut.xlsx": data[: len(data) // 2],
        "zip.xlsx": zipped.getvalue(),
        "old.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    }
    messages = {
        "cut.xlsx": "damaged",
        "zip.xlsx": "a zip archive, not an Excel",
        "old.xls": "an old or password-protected",
    }
    for name, content in cases.items():
        (tmp_path / name).write_bytes(content)
        assert messages[name] in refused("cluster", tmp_path / name)
    for step in range(0, len(data), 97):
        (tmp_path / "b.xlsx").write_bytes(data[:step] + bytes([data[step] ^ 0x55]) + data[step + 1 :])
        try:
            read_headlines(tmp_path / "b.xlsx")
        except InputError as error:
            assert "\n" not in str(error)
