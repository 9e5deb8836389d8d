"""Which column holds the titles: names and contents together, and what is said of it."""

from __future__ import annotations

import csv
import io
import re
import time
import warnings
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe import Columns, DedupeWarning, InputError, deduplicate, read_headlines, read_table
from dedupe.readers.title_column import title_column
from dedupe.readers.usual_names import USUAL_NAMES, folded, usual_columns
from tests.support.command_line import json_lines, refused, run
from tests.support.headline_files import feed, titles, write

TITLES = [
    "Ferry sinks off Oslo, 3 dead",
    "Bank of Norway raises rates",
    "Rotterdam port shut by storm",
    "Museum reopens after flood",
]
OTHERS = {
    "names": ["Ada Berg", "Bo Lind", "Cecilia Dahl Moe", "Dag Holm"],
    "handles": ["@adaberg", "@bo_lind", "@cdm", "@dag"],
    "numbers": ["17", "3.5", "-8", "1,200"],
    "web addresses": ["https://a.example/1", "https://a.example/2", "www.b.example/3", "c@d.example"],
    "single words": ["Oslo", "Bergen", "Rotterdam", "Ghent"],
    "nothing": ["", "", "", ""],
    "long texts": [f"{k} " + "word after word " * 30 for k in range(4)],
}


def table(path: Path, columns: dict[str, list[str]]) -> Path:
    out = io.StringIO()
    csv.writer(out).writerows([list(columns), *zip(*columns.values(), strict=True)])
    return write(path, out.getvalue())


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("sure", ["title", "headline"])
def test_a_column_that_holds_something_else_is_not_taken(tmp_path, kind, sure):
    """Beside one that holds titles, whatever both are called."""
    for wrong, right in (("name", "text"), (sure, "text"), ("name", "content"), ("Title", "Headline")):
        source = read_headlines(table(tmp_path / "a.csv", {wrong: OTHERS[kind], right: TITLES}))
        assert titles(source) == TITLES
        (warning,) = source.warnings
        assert f"titles are taken from {right!r}" in warning and f"{wrong!r} holds {kind}" in warning
        assert "--title-column" in warning


@pytest.mark.parametrize("kind", [kind for kind in OTHERS if kind != "long texts"])
def test_no_column_is_taken_for_its_name_alone(tmp_path, kind):
    """The error says what it holds, and what could be meant."""
    path = table(tmp_path / "a.csv", {"name": OTHERS[kind], "n": ["1"] * 4})
    with pytest.raises(InputError, match=f"no title column among name, n .'name' holds {kind}.: name it with --title"):
        read_headlines(path)
    path = table(tmp_path / "b.csv", {"name": OTHERS[kind], "kicker": TITLES})
    with pytest.raises(InputError, match="by its values it could be 'kicker': name it"):
        read_headlines(path)
    assert titles(read_headlines(path, columns=Columns(title="kicker"))) == TITLES


def test_a_sure_name_is_taken_with_a_warning_where_nothing_looks_like_titles(tmp_path):
    source = read_headlines(table(tmp_path / "a.csv", {"title": ["Oslo"] * 10, "n": ["1"] * 10}))
    assert source.warnings == [
        f"{tmp_path}/a.csv: titles are taken from 'title' (it holds single words): name another with --title-column"
        " if it is not that"
    ]
    few = read_headlines(table(tmp_path / "b.csv", {"title": ["Oslo"] * 3, "n": ["1"] * 3}))
    assert few.warnings == []


def test_few_values_that_repeat_are_no_titles(tmp_path):
    sections = ["World news and views", "Sport from all over"] * 30
    path = table(
        tmp_path / "a.csv", {"text": sections, "summary": [f"{title} {k}" for k in range(15) for title in TITLES]}
    )
    assert "'text' holds few values, again and again" in read_headlines(path).warnings[0]


def test_a_plain_table_is_read_without_a_word(tmp_path):
    source = read_headlines(table(tmp_path / "a.csv", {"title": TITLES, "text": OTHERS["long texts"], "name": TITLES}))
    assert titles(source) == TITLES and source.warnings == []
    both = read_headlines(table(tmp_path / "b.csv", {"title": TITLES, "headline": TITLES[::-1]}))
    assert titles(both) == TITLES and "'headline' holds titles, too" in both.warnings[0]


def test_the_user_s_choice_is_not_doubted(tmp_path):
    path = table(tmp_path / "a.csv", {"name": OTHERS["names"], "text": TITLES})
    source = read_headlines(path, columns=Columns(title="name"))
    assert titles(source) == OTHERS["names"] and source.warnings == []


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "frame", "xlsx"])
def test_every_kind_of_table_is_read_alike(tmp_path, kind):
    frame = pd.DataFrame({"name": OTHERS["names"], "text": TITLES, "n": [1, 2, 3, 4]})
    path = tmp_path / f"a.{kind}"
    if kind == "frame":
        with pytest.warns(DedupeWarning, match=r"from 'text' .* name another with Columns\(title=...\)"):
            assert [headline.title for headline in read_table(frame)] == TITLES
        return
    if kind == "csv":
        frame.to_csv(path, index=False)
    elif kind == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    elif kind == "xlsx":
        frame.to_excel(path, index=False)
    else:
        pq.write_table(pa.Table.from_pandas(frame), path)
    source = read_headlines(path)
    assert titles(source) == TITLES and "from 'text'" in source.warnings[0]


@given(
    st.lists(
        st.tuples(st.sampled_from([*USUAL_NAMES["title"], "kicker"]), st.sampled_from([*OTHERS, "titles"])),
        unique_by=lambda column: folded(column[0]),
        min_size=1,
        max_size=5,
    )
)
@settings(deadline=None)
def test_what_is_taken_looks_like_titles_or_is_surely_called_so(columns):
    held = dict(columns)
    chosen = title_column(list(held), lambda name: OTHERS.get(held[name], TITLES))
    named = usual_columns(list(held), "title")
    if named and named[0] == "dedupe_title":
        assert chosen.column == "dedupe_title"
    elif any(held[name] == "titles" for name in named):
        assert chosen.column is not None and held[chosen.column] == "titles"
    else:
        assert chosen.column is None or held[chosen.column] == "long texts" or chosen.column in named
    if chosen.column is None:
        assert all(name in chosen.remark for name in named)


def test_names_are_found_whatever_their_case_and_signs(tmp_path):
    path = table(
        tmp_path / "a.csv", {" Headline Text": TITLES, "Published-At": ["2026-03-01"] * 4, "Source Name": ["A"] * 4}
    )
    source = read_headlines(path)
    assert titles(source) == TITLES and source.headlines[0].source == "A" and source.headlines[0].published
    assert source.columns == [" Headline Text", "Published-At", "Source Name"], "they come out as they are"


def test_all_names_are_in_the_docs_and_in_a_dry_run(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "formats.md").read_text("utf-8")
    shown = run("cluster", table(tmp_path / "a.csv", {"headline": TITLES}), "--dry-run").stdout
    for field, names in USUAL_NAMES.items():
        (row,) = re.findall(rf"^\| {field} \| (.*) \|$", page, re.MULTILINE)
        assert re.findall(r"`(\w+)`", row) == list(names)
        assert f"usual names of the column of {field}: {', '.join(names)}\n" in shown


@pytest.mark.parametrize(("ending", "delimiter"), [("csv", ","), ("tsv", "\t"), ("txt", ";")])
def test_a_table_without_a_header(tmp_path, fake_encoder, ending, delimiter):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(
        [str(k), title, "Herald"] for k, title in enumerate(TITLES)
    )
    path = write(tmp_path / f"a.{ending}", out.getvalue())
    source = read_headlines(path, header=False)
    assert titles(source) == TITLES and source.columns == ["column_1", "column_2", "column_3"]
    assert source.headlines[0].columns == {"column_1": "0", "column_2": TITLES[0], "column_3": "Herald"}
    for name in ("3", "column_3"):
        assert titles(read_headlines(path, header=False, columns=Columns(title=name))) == ["Herald"] * 4
    done = run(
        "dedupe",
        path,
        "--no-header",
        "--source-column",
        "3",
        "-o",
        tmp_path / f"kept.{'csv' if ending == 'txt' else ending}",
    )
    assert done.exit_code == 0, done.output
    kept = (tmp_path / f"kept.{'csv' if ending == 'txt' else ending}").read_text("utf-8")
    assert len(kept.splitlines()) == len(TITLES) and "column" not in kept


def test_without_a_header_several_columns_may_be_meant(tmp_path):
    path = write(tmp_path / "a.csv", "".join(f"{title} again,{title}\n" for title in TITLES[1:]))
    assert "'column_1', 'column_2' could be it" in refused("cluster", path, "--no-header")
    assert "name it with --title-column" in refused("cluster", path, "--no-header")


def test_no_header_is_refused_where_it_means_nothing(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"title": "Ferry sinks off Oslo"}\n')
    assert "--no-header has no effect on jsonl input" in refused("cluster", path, "--no-header")


def test_a_short_row_without_a_header_is_named(tmp_path):
    path = write(tmp_path / "a.csv", f"1,{TITLES[1]}\n2,{TITLES[2]}\n3\n")
    with pytest.raises(InputError, match="line 3: 1 fields where the first row has 2"):
        read_headlines(path, header=False)


def test_a_frame_of_titles_gives_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_table(pd.DataFrame({"title": TITLES}))


def test_a_frame_s_doubtful_column_is_warned_of_at_the_caller_s_line(fake_encoder):
    frame = pd.DataFrame({"name": OTHERS["handles"], "text": TITLES})
    for call in (read_table, deduplicate):
        with pytest.warns(DedupeWarning, match="titles are taken from 'text'") as caught:
            call(frame)
        assert caught[0].filename == __file__


def test_long_texts_are_taken_with_a_warning_where_there_is_nothing_else(tmp_path):
    source = read_headlines(table(tmp_path / "a.csv", {"content": OTHERS["long texts"], "n": ["1"] * 4}))
    assert titles(source) == OTHERS["long texts"] and "(it holds long texts)" in source.warnings[0]


def test_a_sheet_without_a_header_is_written_without_one(tmp_path, fake_encoder):
    pd.DataFrame({"a": [1, 2], "b": TITLES[:2]}).to_excel(tmp_path / "a.xlsx", header=False, index=False)
    assert run("dedupe", tmp_path / "a.xlsx", "--no-header", "-o", tmp_path / "b.xlsx").exit_code == 0
    assert pd.read_excel(tmp_path / "b.xlsx", header=None).values.tolist() == [[1, TITLES[0]], [2, TITLES[1]]]


def test_a_feed_beside_a_table_without_a_header_gives_the_output_one(tmp_path, fake_encoder):
    (tmp_path / "feed.xml").write_bytes(feed("rss"))
    path = write(tmp_path / "a.csv", f"1,{TITLES[1]}\n2,{TITLES[2]}\n")
    assert run("dedupe", path, tmp_path / "feed.xml", "--no-header", "-o", tmp_path / "o.csv").exit_code == 0
    assert (tmp_path / "o.csv").read_text("utf-8").startswith("column_1,column_2,title,")


@pytest.mark.parametrize("piece", ["1", "@", "a@", "www.", "1 ", "A ", "- "])
def test_long_values_take_no_time(tmp_path, piece):
    long = piece * (200_000 // len(piece)) + "x"
    start = time.process_time()
    title_column(["title", "text"], lambda name: [long] * 1000)
    assert time.process_time() - start < 10


def test_the_known_headlines_of_match_have_a_header(tmp_path, fake_encoder):
    new = write(tmp_path / "new.csv", f"7,{TITLES[1]}\n8,{TITLES[2]}\n")
    known = table(tmp_path / "known.csv", {"title": TITLES, "id": ["a", "b", "c", "d"]})
    done = run("match", new, "--no-header", "--against", known)
    assert [row["dedupe_match_id"] for row in json_lines(done.stdout)] == ["b", "c"], done.output
