"""What comes out: formats with the same columns everywhere, nested stories, pairs, formulas made harmless."""

from __future__ import annotations

import csv
import io
import json
import random
import re

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dedupe import deduplicate, read_headlines
from dedupe.result.columns import OutputRows
from dedupe.writers.rows import write_rows
from tests.support.command_line import json_lines, one_error, run

TITLES = ["Ferry sinks off Oslo, three dead", "FERRY SINKS OFF OSLO, THREE DEAD", "Central bank raises rates"]
pytestmark = pytest.mark.usefixtures("fake_encoder")


@pytest.fixture
def table(tmp_path):
    rows = [{"n": k, "headline": title, "tags": [k]} for k, title in enumerate(TITLES)]
    pd.DataFrame(rows).to_parquet(tmp_path / "news.parquet")
    return tmp_path / "news.parquet"


def read_back(path, format):
    if format == "parquet":
        return pq.read_table(path).to_pylist()
    if format == "jsonl":
        return json_lines(path.read_text("utf-8"))
    return list(
        csv.DictReader(io.StringIO(path.read_bytes().decode(), newline=""), delimiter="," if format == "csv" else "\t")
    )


@pytest.mark.parametrize("kind", ["lines", "parquet", "two files"])
def test_the_same_columns_in_every_format(tmp_path, table, kind):
    (tmp_path / "more.txt").write_text("\n".join(TITLES), "utf-8")
    inputs = {"lines": ["more.txt"], "parquet": ["news.parquet"], "two files": ["more.txt", "news.parquet"]}[kind]
    columns = []
    for format in ("jsonl", "csv", "tsv", "parquet"):
        output = tmp_path / f"out.{format}"
        assert run("cluster", *(tmp_path / name for name in inputs), "-o", output).exit_code == 0
        rows = read_back(output, format)
        columns.append(list(dict.fromkeys(name for row in rows for name in row)))
        assert len(rows) == 3 * len(inputs)
    assert columns[1] == columns[2] == columns[3] and set(columns[0]) == set(columns[1])
    assert ("dedupe_file" in columns[0]) == (len(inputs) > 1)


def test_parquet_keeps_the_types_of_parquet(tmp_path, table):
    assert run("cluster", table, "-o", tmp_path / "out.parquet").exit_code == 0
    found = pq.read_schema(tmp_path / "out.parquet")
    before = pq.read_schema(table)
    assert all(found.field(name).type == before.field(name).type for name in ("n", "headline", "tags"))
    assert found.field("dedupe_story").type == pa.int64() and found.field("dedupe_flag").type == pa.string()
    assert run("dedupe", table, "-o", tmp_path / "kept.parquet").exit_code == 0
    kept = pq.read_table(tmp_path / "kept.parquet")
    assert kept.schema.equals(before, check_metadata=False) and len(kept) == 2


def test_grouping_again_replaces_the_old_groups(tmp_path, table):
    once, twice = tmp_path / "once.parquet", tmp_path / "twice.parquet"
    assert run("cluster", table, "-o", once).exit_code == 0
    assert run("cluster", once, "--title-column", "headline", "-o", twice).exit_code == 0
    assert pq.read_table(once).equals(pq.read_table(twice))


@pytest.mark.parametrize("ending", ["gz", "zst"])
@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet"])
def test_compressed_output_is_read_again(tmp_path, table, ending, format):
    plain, packed = tmp_path / f"o.{format}", tmp_path / f"o.{format}.{ending}"
    for output in (plain, packed):
        assert run("cluster", table, "-o", output).exit_code == 0
    assert packed.read_bytes()[:2] in (b"\x1f\x8b", b"\x28\xb5")
    rows = [[headline.columns for headline in read_headlines(path).headlines] for path in (plain, packed)]
    assert rows[0] == rows[1] and len(rows[0]) == 3


@pytest.mark.parametrize(
    ("command", "name"), [("cluster", "o.xls"), ("cluster", "o.md"), ("dedupe", "o.html"), ("dedupe", "o.json")]
)
def test_an_unsupported_ending_is_refused(tmp_path, table, command, name):
    assert "cannot be written" in one_error(run(command, table, "-o", tmp_path / name))


def test_frames_come_back_as_frames(table):
    result = deduplicate(pd.read_parquet(table))
    assert list(result.to_pandas().columns) == result.to_arrow().column_names == list(result.rows()[0])
    assert result.to_arrow()["dedupe_story"].to_pylist() == result.labels("story").tolist()
    assert deduplicate([]).to_arrow().num_rows == 0


def test_frames_of_polars_come_back_too(tmp_path):
    frame = pl.DataFrame({"title": TITLES, "n": [1, 2, 3]})
    assert deduplicate(frame).to_arrow()["title"].to_pylist() == TITLES
    frame.write_parquet(tmp_path / "a.parquet")
    assert run("dedupe", tmp_path / "a.parquet", "-o", tmp_path / "kept.parquet").exit_code == 0
    assert pl.read_parquet(tmp_path / "kept.parquet")["n"].to_list() == [1, 3]


def test_values_of_several_kinds_become_text_in_a_table():
    rows = [
        {"title": "One", "x": 1},
        {"title": "Two", "x": "b"},
        {"title": "Three", "x": {"a": [2]}},
        {"title": "\ud800"},
    ]
    table = deduplicate(rows).to_arrow()
    assert table["x"].to_pylist() == ["1", "b", '{"a": [2]}', None]
    assert table["title"].to_pylist()[3] == "\\ud800"


def test_nested_json_has_every_headline_once(tmp_path, table):
    output = tmp_path / "stories.json"
    assert run("cluster", table, "-o", output).exit_code == 0
    stories = json.loads(output.read_text("utf-8"))["stories"]
    headlines = [h for story in stories for wording in story["wordings"] for h in wording["headlines"]]
    assert sorted(h["dedupe_position"] for h in headlines) == [0, 1, 2]
    assert stories[0]["size"] == 2 and stories[0]["representative"] in (0, 1)
    assert {h["dedupe_story"] for h in stories[0]["wordings"][0]["headlines"]} == {stories[0]["story"]}


def test_every_judged_pair_is_explained(tmp_path):
    titles = [*TITLES, "Three dead as ferry sinks off Oslo", "Bank raises rates again"]
    (tmp_path / "a.txt").write_text("\n".join(titles), "utf-8")
    assert run("cluster", tmp_path / "a.txt", "--explain", tmp_path / "p.jsonl", "-o", tmp_path / "o").exit_code == 0
    pairs = json_lines((tmp_path / "p.jsonl").read_text("utf-8"))
    expected = deduplicate(titles).pairs
    assert [(p["i"], p["j"]) for p in pairs] == [(p.i, p.j) for p in expected] and pairs
    for found, pair in zip(pairs, expected, strict=True):
        assert found["reasons"] == list(pair.reasons) and found["title_a"] == titles[pair.i]
        assert found["p_story"] == pytest.approx(pair.p_story, abs=1e-4)
        assert found["features"] == pytest.approx(pair.features, abs=1e-4)


def test_pairs_are_the_same_one_by_one_and_as_a_list():
    pairs = deduplicate([f"Ferry {word} off Oslo, three dead" for word in ("sinks", "sank", "burns", "lost")]).pairs
    assert list(pairs) == [pairs[k] for k in range(len(pairs))] == pairs[:] and len(pairs) > 2
    assert pairs[-1] == pairs[len(pairs) - 1]
    with pytest.raises(IndexError):
        pairs[len(pairs)]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        *(("=1+1", "'=1+1"), ("@SUM(A1)", "'@SUM(A1)"), ("+1 more dead", "'+1 more dead"), ("-x", "'-x")),
        *(("\t=1", "'\t=1"), ("＝1", "'＝1"), ("-5", "-5"), ("+3.5%", "+3.5%"), ("-1,200", "-1,200"), ("a=b", "a=b")),
        *((-7, "-7"), ("", ""), ("'=1", "'=1")),
        *(("Rates;=1+1", "Rates;'=1+1"), ("Rates\n@SUM(A1)", "Rates\n'@SUM(A1)"), ("a\r=1;-x", "a\r'=1;'-x")),
        *(('x;"=1"', 'x;"\'=1"'), ("a;-5;b", "a;-5;b"), ("a; =1", "a; =1"), ("=1;=2", "'=1;'=2"), ("a;b=c", "a;b=c")),
        (["x;=1"], '["x;\'=1"]'),
    ],
)
@pytest.mark.parametrize("format", ["csv", "tsv"])
def test_no_cell_is_a_formula(tmp_path, value, written, format):
    write_rows([{"title": value}], str(tmp_path / "o"), format)
    assert read_back(tmp_path / "o", format) == [{"title": written}]
    write_rows([{"title": value}], str(tmp_path / "raw"), format, formulas=True)
    assert read_back(tmp_path / "raw", format) == [{"title": value if isinstance(value, str) else json.dumps(value)}]


@pytest.mark.parametrize("format", ["csv", "tsv"])
def test_no_cell_is_a_formula_where_a_semicolon_separates(tmp_path, format):
    """As in spreadsheets of many countries; some also end a row at a line break in quotes."""
    pieces = ["=1+1", "-x", "word", ";", "\n", "\r", '"', "@a", ",", " ", "\t", "5"]
    draw = random.Random(0)
    rows = [{"title": "".join(draw.choices(pieces, k=draw.randint(1, 6)))} for _ in range(500)]
    write_rows(rows, str(tmp_path / "o"), format)
    for line in re.split(r"[\r\n]", (tmp_path / "o").read_bytes().decode()):
        for cells in csv.reader([line], delimiter=";"):
            assert not any(re.match(r"[=@-]", cell) for cell in cells), line


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_json_has_no_numbers_that_json_lacks(tmp_path, value):
    """In rows, nested in them, as keys, and in cells of CSV; finite neighbours stay as they are."""
    row = {"title": "One", "x": value, "deep": {"a": [1.5, value, {"b": (value,)}]}, "key": {value: 1}, "n": 2.5}
    write_rows([row, {"title": "Two"}], str(tmp_path / "o.jsonl"), "jsonl")
    first, second = map(strict_json, (tmp_path / "o.jsonl").read_text("utf-8").splitlines())
    assert first == {
        "title": "One",
        "x": None,
        "deep": {"a": [1.5, None, {"b": [None]}]},
        "key": {str(value): 1},
        "n": 2.5,
    }
    assert second == {"title": "Two"}
    write_rows([row], str(tmp_path / "o.csv"), "csv")
    (cells,) = read_back(tmp_path / "o.csv", "csv")
    assert strict_json(cells["deep"]) == {"a": [1.5, None, {"b": [None]}]}


@pytest.mark.parametrize("format", ["json", "jsonl"])
def test_numbers_of_the_input_that_json_lacks_are_null(tmp_path, format):
    (tmp_path / "a.jsonl").write_text('{"title": "One", "x": NaN}\n{"title": "Two", "x": [-Infinity, 3]}\n')
    assert run("cluster", tmp_path / "a.jsonl", "--format", format, "-o", tmp_path / "o").exit_code == 0
    text = (tmp_path / "o").read_text("utf-8")
    rows = [strict_json(text)] if format == "json" else list(map(strict_json, text.splitlines()))
    assert '"x": null' in text and "[null, 3]" in text and rows


def strict_json(text):
    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    return json.loads(text, parse_constant=refuse)


def test_a_column_name_is_no_formula(tmp_path):
    write_rows([{"title": "One", "=cmd": 1}], str(tmp_path / "o"), "csv")
    assert (tmp_path / "o").read_text("utf-8").splitlines()[0] == "title,'=cmd"


def test_formulas_are_kept_on_request(tmp_path):
    (tmp_path / "a.csv").write_text("title\n=Museum reopens\n", "utf-8")
    assert "'=Museum" in run("dedupe", tmp_path / "a.csv").stdout
    assert "'=Museum" not in run("dedupe", tmp_path / "a.csv", "--keep-formulas").stdout


def test_a_dry_run_shows_what_would_be_done_and_writes_nothing(tmp_path, table):
    outcome = run("cluster", table, "-o", tmp_path / "o.csv", "--dry-run", "--window", "3d")
    assert outcome.exit_code == 0 and not (tmp_path / "o.csv").exists()
    for message in ("title from 'headline'", "headlines: 3", "model: bundled", "window 72 hours", "as csv"):
        assert message in outcome.stdout
    assert run("match", table, "--against", table, "--dry-run").exit_code == 0


def test_info_prints_what_a_bug_report_needs():
    outcome = run("info")
    assert outcome.exit_code == 0
    for message in ("headline-dedupe ", "python ", "numpy ", "model: ", "cache: ", "threads: "):
        assert message in outcome.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell):
    assert "_HEADLINE_DEDUPE_COMPLETE" in run("completion", shell).stdout


def test_settings_give_defaults_to_the_command_line(tmp_path, table):
    (tmp_path / "batch.toml").write_text(
        f'inputs = "{table}"\nwindow = 72\n[cluster]\nformat = "csv"\n[dedupe]\nkeep = "earliest"\n', "utf-8"
    )
    outcome = run("cluster", "--settings", tmp_path / "batch.toml", "--dry-run")
    assert "as csv" in outcome.stdout and "window 72 hours" in outcome.stdout
    over = run(
        "cluster", table, "--settings", tmp_path / "batch.toml", "--dry-run", "--format", "tsv", "--window", "1h"
    )
    assert "as tsv" in over.stdout and over.stdout.count("window 1 hour\n")
    assert run("dedupe", "--settings", tmp_path / "batch.toml").exit_code == 0
    (tmp_path / "match.toml").write_text(f'against = "{table}"\nkeep = "earliest"\n', "utf-8")
    assert run("match", table, "--settings", tmp_path / "match.toml").exit_code == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('windo = "72h"', "cluster has no option 'windo', did you mean 'window'?"),
        ('zzz = "72h"', "cluster has no option 'zzz': see"),
        ("window = ", "is not valid TOML"),
        ('window = "soon"', "is not a positive time span"),
        ('keep = "best"', "'best' is not one of"),
        (None, "cannot be read"),
    ],
)
def test_bad_settings_are_refused_in_one_line(tmp_path, table, text, message):
    if text is not None:
        (tmp_path / "bad.toml").write_text(text, "utf-8")
    error = one_error(run("cluster", table, "--settings", tmp_path / "bad.toml"))
    assert message in error and f"settings {tmp_path / 'bad.toml'}" in error


def test_a_wrong_value_of_the_command_line_is_not_blamed_on_the_settings(tmp_path, table):
    (tmp_path / "good.toml").write_text('keep = "earliest"', "utf-8")
    assert "settings" not in one_error(
        run("cluster", table, "--settings", tmp_path / "good.toml", "--story-threshold", "8")
    )


def test_a_file_in_place_of_a_command(table):
    assert f"write headline-dedupe cluster {table}" in one_error(run(table))
    assert "Did you mean 'cluster'" in one_error(run("clutser", table))


def test_rows_of_a_parquet_file_are_read_again_where_they_are_written(tmp_path):
    """Rows that are not in order, and more than are read at a time."""
    count = 70_000
    titles = [f"Number {k} of the series" for k in range(count)]
    pq.write_table(pa.table({"title": titles, "n": range(count)}), tmp_path / "many.parquet", row_group_size=20_000)
    headlines = read_headlines(tmp_path / "many.parquet").headlines
    kept, places = tmp_path / "out.parquet", (1, 3, count - 2)
    write_rows(OutputRows([headlines[k] for k in places], {"x": [7, 8, 9]}), str(kept), "parquet")
    assert pq.read_table(kept).to_pydict() == {
        "title": [titles[k] for k in places],
        "n": list(places),
        "x": [7, 8, 9],
    }
    mixed = OutputRows([headlines[k] for k in (count - 2, 3, 3)], {"x": [7, 8, 9]}).to_arrow()
    assert mixed["n"].to_pylist() == [count - 2, 3, 3] and mixed["x"].to_pylist() == [7, 8, 9]
    for k in (0, count - 1, 19_999, 20_000, 43_001, 2):
        assert headlines[k].columns == {"title": titles[k], "n": k}
