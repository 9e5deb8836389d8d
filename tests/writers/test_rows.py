from __future__ import annotations

import csv
import io
import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe.errors import OutputError
from dedupe.runtime.files import check_output, write_lines, writing
from dedupe.writers.rows import format_of, write_rows

ROWS: list[dict[str, Any]] = [
    {"title": 'Mayor says "no", twice', "n": 1, "when": datetime(2024, 5, 1, 12, tzinfo=UTC)},
    {"title": "Zug entgleist bei Köln", "kept": True, "tags": ["a", {"b": None}], "n": None},
]


def read_csv(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline=""), delimiter=delimiter))


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("a.jsonl", "jsonl"),
        ("a.NDJSON", "jsonl"),
        ("a.csv", "csv"),
        ("a.b.tsv", "tsv"),
        ("a.txt", "lines"),
        ("a", None),
    ],
)
def test_the_ending_sets_the_format(name: str, format: str | None) -> None:
    assert format_of(name) == format


@pytest.mark.parametrize(
    ("name", "known", "message"),
    [
        ("l.parquet", ("csv", "tsv", "jsonl"), r"ends in \.csv, \.tsv or \.jsonl$"),
        ("l.csv", ("json",), r"ends in \.json$"),
        ("l.xlsx", ("json", "lines"), r"\.xlsx files cannot be written: name a file that ends in \.json or \.txt$"),
    ],
)
def test_the_error_names_the_supported_endings(name: str, known: tuple[str, ...], message: str) -> None:
    with pytest.raises(OutputError, match=message):
        format_of(name, known)


def test_jsonl_keeps_types_and_writes_iso_dates(tmp_path: Path) -> None:
    write_rows(ROWS, str(tmp_path / "o"), "jsonl")
    text = (tmp_path / "o").read_text("utf-8")
    assert "Köln" in text
    first, second = map(json.loads, text.splitlines())
    assert first == {"title": 'Mayor says "no", twice', "n": 1, "when": "2024-05-01T12:00:00+00:00"}
    assert second == ROWS[1]


@pytest.mark.parametrize(("format", "delimiter"), [("csv", ","), ("tsv", "\t")])
def test_csv_columns_are_the_union_in_first_seen_order(tmp_path: Path, format: str, delimiter: str) -> None:
    write_rows(ROWS, str(tmp_path / "o"), format)
    first, second = read_csv(tmp_path / "o", delimiter)
    assert list(first) == ["title", "n", "when", "kept", "tags"]
    assert first | {"when": "2024-05-01T12:00:00+00:00", "kept": "", "tags": ""} == first
    assert (second["kept"], second["n"], json.loads(second["tags"])) == ("true", "", ["a", {"b": None}])


def test_lines_are_titles_each_on_one_line(tmp_path: Path) -> None:
    write_rows([{"title": "Two\nlines"}, {"title": "One"}], str(tmp_path / "o"), "lines")
    assert (tmp_path / "o").read_bytes() == b"Two lines\nOne\n"


cells = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(st.fixed_dictionaries({"title": cells, "b": cells}), min_size=1))
@pytest.mark.parametrize(("format", "delimiter"), [("csv", ","), ("tsv", "\t")])
def test_any_text_survives_csv(format: str, delimiter: str, rows: list[dict[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_rows(rows, f"{folder}/o", format, formulas=True)
        assert read_csv(Path(folder, "o"), delimiter) == rows


def test_a_lone_surrogate_survives_json(tmp_path: Path) -> None:
    write_rows([{"title": "\ud800"}], str(tmp_path / "o"), "jsonl")
    assert json.loads((tmp_path / "o").read_bytes()) == {"title": "\ud800"}


@pytest.mark.parametrize("failure", [KeyboardInterrupt, ValueError])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, failure: type[BaseException]) -> None:
    target = tmp_path / "o"
    target.write_text("old")
    with pytest.raises(failure), writing(str(target)) as stream:
        stream.write("half")
        raise failure
    assert [p.name for p in tmp_path.iterdir()] == ["o"]
    assert target.read_text() == "old"


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    write_lines(["new"], str(tmp_path / "link"))
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_is_an_output_error() -> None:
    with pytest.raises(OutputError, match=r"cannot write /dev/full \(No space left"):
        write_lines(["x" * 100_000], "/dev/full")


def test_standard_output_is_utf_8(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    write_lines(["Köln"], "-")
    assert capfdbinary.readouterr().out == "Köln\n".encode()


def test_check_output(tmp_path: Path) -> None:
    target, other = tmp_path / "o", tmp_path / "i"
    other.write_text("")
    check_output(str(target), [str(other)])
    check_output("-", ["-"])
    target.write_text("")
    with pytest.raises(OutputError, match="exists: name another output, or add --force"):
        check_output(str(target), [str(other)])
    check_output(str(target), [str(other)], force=True)
    with pytest.raises(OutputError, match="is also the input"):
        check_output(f"{tmp_path}/./i", [str(other)], force=True)
    with pytest.raises(OutputError, match="is a folder"):
        check_output(str(tmp_path), [])
    with pytest.raises(OutputError, match="cannot write into"):
        check_output(str(tmp_path / "absent" / "o"), [])
    with pytest.raises(OutputError, match="cannot write"):
        check_output(str(tmp_path / ("x" * 5000)), [])
