"""Parts and rows of Parquet files against what one machine reads."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe import InputError
from dedupe.dates import DateRules
from dedupe.distributed.engine import InOrder
from dedupe.distributed.input.files import input_files
from dedupe.distributed.input.parts import columns_of, plan, with_fixed_now
from dedupe.distributed.input.rows import find_rows, headlines_of_rows
from dedupe.distributed.store import Store
from dedupe.errors import EmptyInput
from dedupe.readers import Columns, read_headlines
from dedupe.text.normalize import normalize
from tests.distributed.support import COLUMNS, DAY, EVENTS, NOW, ROWS, SPLITS, job_of, job_with_rows, write_rows

TITLED = [(event, None, DAY, None, str(k)) for k, event in enumerate(EVENTS)]


def rows_of(job):
    """The rows of all parts."""
    return pa.concat_tables([job.store.read("rows", p) for p in range(len(job.parts))]).sort_by("position")


@settings(deadline=None, max_examples=30)
@given(ROWS, SPLITS, st.sampled_from([1, 3]))
def test_rows_are_those_of_one_machine(rows, split, buckets):
    with tempfile.TemporaryDirectory() as folder:
        job, headlines = job_with_rows(Path(folder), rows, split, buckets=buckets)
        table = rows_of(job)
        gathered = [job.store.gather("rows", range(len(job.parts)), b, ["text"]) for b in range(buckets)]
    assert table["position"].to_pylist() == list(range(len(rows)))
    assert [str(h) for h in headlines_of_rows(table)] == [str(h) for h in headlines]
    assert table["text"].to_pylist() == [normalize(h.title) for h in headlines]
    different = [len(set(bucket["text"].to_pylist())) for bucket in gathered]
    assert sum(different) == len(set(table["text"].to_pylist())), "all rows with a text are in one bucket"


DAYS = st.sampled_from(
    ["03/04/2025", "13/04/2025", "03/14/2025", "03.04.2025", "2025-04-03", "45750", "soon", "5 h ago", "2d", "", None]
)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(DAYS, min_size=1, max_size=6), min_size=1, max_size=3), SPLITS, st.sampled_from([None, True]))
def test_the_dates_of_each_file_are_one_column(files, split, day_first):
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for k, days in enumerate(files):
            paths.append(Path(folder, f"{k}.parquet"))
            pq.write_table(
                pa.table({"title": [EVENTS[0]] * len(days), "date": pa.array(days, pa.string())}), paths[k], split
            )
        rules = DateRules(day_first, None, NOW)
        job = job_of(paths, Path(folder, "work"), rows_per_part=split, dates=rules)
        find_rows(job, InOrder())
        many = headlines_of_rows(rows_of(job))
        one = read_headlines(paths, day_first=day_first, now=NOW).headlines
    assert [(h.published, h.bad_date) for h in many] == [(h.published, h.bad_date) for h in one]


@pytest.mark.parametrize(
    "dates",
    [
        pa.array([0, 10**15, 2**62, None], pa.timestamp("us")),
        pa.array([1740000000, 1740000001, 2**40, None], pa.timestamp("s", "America/New_York")),
        pa.array([20000, 20001, -700000, None], pa.date32()),
        pa.array([45750.5, 45751.0, 1740000000.0, None]),
    ],
)
def test_dates_of_other_types(dates, tmp_path):
    path = tmp_path / "news.parquet"
    pq.write_table(pa.table({"title": EVENTS, "date": dates}), path, 1)
    job = job_of([path], tmp_path / "work", rows_per_part=1)
    find_rows(job, InOrder())
    many, one = headlines_of_rows(rows_of(job)), read_headlines(path, now=NOW).headlines
    assert [(h.published, h.bad_date) for h in many] == [(h.published, h.bad_date) for h in one]


def test_parts_are_row_groups_in_order_whatever_their_files(tmp_path):
    first = str(write_rows(tmp_path / "a.parquet", TITLED, 1))
    write_rows(tmp_path / "b.parquet", [])
    large = str(write_rows(tmp_path / "c.parquet", TITLED, 100))
    last = str(write_rows(tmp_path / "d.parquet", TITLED[:1], 100))
    parts = plan([str(tmp_path / "*.parquet")], 3).parts
    assert [(part.first, part.rows, [(p.path, p.groups, p.rows) for p in part.pieces]) for part in parts] == [
        (0, 3, [(first, (0, 1, 2), 3)]),
        (3, 1, [(first, (3,), 1)]),
        (4, 4, [(large, (0,), 4)]),
        (8, 1, [(last, (0,), 1)]),
    ]
    assert [[(p.path, p.groups) for p in part.pieces] for part in plan([first, last, large], 5).parts] == [
        [(first, (0, 1, 2, 3)), (last, (0,))],
        [(large, (0,))],
    ]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(st.integers(1, 5), min_size=1, max_size=6), min_size=1, max_size=12), st.integers(1, 20))
def test_parts_hold_every_row_group_once_and_are_no_smaller_than_need_be(files, most):
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for k, sizes in enumerate(files):
            paths.append(Path(folder, f"{k:02}.parquet"))
            schema = pa.schema([("title", pa.string())])
            with pq.ParquetWriter(paths[-1], schema) as writer:
                for size in sizes:
                    writer.write_table(pa.table({"title": ["Ferry sinks"] * size}, schema))
        parts = plan(paths, most).parts
    listed = [(piece.path, group) for part in parts for piece in part.pieces for group in piece.groups]
    assert listed == [
        (str(path), group) for path, sizes in zip(paths, files, strict=True) for group in range(len(sizes))
    ]
    size_of = dict(zip(listed, (size for sizes in files for size in sizes), strict=True))
    position = 0
    for part, later in zip(parts, [*parts[1:], None], strict=True):
        groups = [(piece.path, group) for piece in part.pieces for group in piece.groups]
        assert part.first == position and part.rows == sum(piece.rows for piece in part.pieces)
        assert part.rows == sum(map(size_of.__getitem__, groups)) and (part.rows <= most or len(groups) == 1)
        assert later is None or part.rows + size_of[later.pieces[0].path, later.pieces[0].groups[0]] > most
        position += part.rows


def test_names_are_those_of_one_machine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = ["news/2.parquet", "news/1.parquet", "news/deep/3.parquet"]
    Path("news/deep").mkdir(parents=True)
    for name in names:
        write_rows(Path(name), TITLED)
    for inputs in (["news/*.parquet", "news/deep/3.parquet"], [names[1], names[0], Path(names[2])], names):
        parts = plan(inputs, 100).parts
        pieces = [piece for part in parts for piece in part.pieces]
        assert [piece.name for piece in pieces] == [h.file for h in read_headlines(inputs).headlines[:: len(TITLED)]]
        assert [piece.path for piece in pieces] == [str(tmp_path / piece.name) for piece in pieces]


def test_folders_and_addresses(tmp_path):
    (tmp_path / "day=1").mkdir()
    (tmp_path / "_tmp").mkdir()
    for name in ("b.parquet", "day=1/a b.parquet", "_tmp/c.parquet", ".d.parquet"):
        write_rows(tmp_path / name, TITLED)
    (tmp_path / "_SUCCESS").touch()
    uri = tmp_path.as_uri()
    below = ["b.parquet", "day=1/a b.parquet"]
    assert [file.name for file in input_files([tmp_path])] == [str(tmp_path / name) for name in below]
    assert [file.name for file in input_files([uri])] == [f"{uri}/{name}" for name in below]
    assert [file.name for file in input_files([f"{uri}/*/*.parquet", f"{uri}/b.parquet"])] == [
        f"{uri}/_tmp/c.parquet",
        f"{uri}/day=1/a b.parquet",
        f"{uri}/b.parquet",
    ]
    fsspec.filesystem("memory").pipe("/corpus/x y/1.parquet", (tmp_path / "b.parquet").read_bytes())
    for far in ("memory://corpus", "memory://corpus/*/*"):
        assert [part.pieces[0].name for part in plan([far], 10).parts] == ["memory://corpus/x y/1.parquet"]
    with pytest.raises(InputError, match=r"no file memory://corpus/2\.parquet: check the path"):
        plan(["memory://corpus/2.parquet"], 10)
    job = job_of([uri], tmp_path / "work")
    assert find_rows(job, InOrder()).rows == 2 * len(TITLED)


def test_mistakes_in_paths_are_told(tmp_path):
    (tmp_path / "none").mkdir()
    (tmp_path / "text.parquet").write_text("title\nFerry sinks")
    empty = write_rows(tmp_path / "empty.parquet", [])
    for paths, message in (
        ([], "at least one"),
        ([tmp_path / "missing.parquet"], "no file .*missing.parquet: check the path"),
        ([(tmp_path / "missing.parquet").as_uri()], "no file .*missing.parquet: check the path"),
        ([tmp_path / "none"], "none is a folder without files"),
        ([(tmp_path / "none").as_uri()], "none is a folder without files"),
        ([tmp_path / "x*.parquet"], "no file matches"),
        ([f"{tmp_path.as_uri()}/x*.parquet"], "no file matches"),
        (["nowhere://corpus/a.parquet"], "nowhere://corpus/a.parquet cannot be reached"),
        ([tmp_path / "text.parquet"], "text.parquet cannot be read as Parquet"),
    ):
        with pytest.raises(InputError, match=message):
            plan(paths, 10)
    with pytest.raises(EmptyInput, match="have no rows"):
        plan([empty], 10)


def test_files_may_have_other_columns_and_lack_those_of_some_fields(tmp_path):
    rows = {"title": ["Ferry sinks"], "date": ["03/04/2026"], "x": [1]}
    tables = [
        rows,
        dict(reversed(rows.items())),
        {"title": ["Ferry sinks"], "date": ["14/04/2026"]},
        {"title": ["Ferry sinks"], "x": [1], "url": ["https://pebble.example/a"]},
        rows | {"source": ["Fjord Radio"], "y": [2]},
    ]
    paths = [tmp_path / f"{k}.parquet" for k in range(5)]
    for path, table in zip(paths, tables, strict=True):
        pq.write_table(pa.table(table), path)
    for some in (paths, paths[::-1], paths[2:]):
        for split in (1, 3, 100):
            job = job_of(some, tmp_path / f"work-{some[0].stem}-{len(some)}-{split}", rows_per_part=split)
            assert job.columns == {"title": "title", "date": "date", "source": "source", "url": "url"}
            find_rows(job, InOrder())
            many, one = headlines_of_rows(rows_of(job)), read_headlines(some, now=NOW).headlines
            told = [[(h.title, h.published, h.bad_date, h.source, h.url) for h in found] for found in (many, one)]
            assert told[0] == told[1]


def test_a_field_in_another_column_of_another_file_is_told(tmp_path):
    paths = []
    for name in ("date", "published"):
        paths.append(tmp_path / f"{name}.parquet")
        pq.write_table(pa.table({"title": ["Ferry sinks"], name: ["2026-03-04"]}), paths[-1])
    told = r"^date is read from 'date' in .*date\.parquet, but from 'published' in .*published\.parquet: give that"
    with pytest.raises(InputError, match=told):
        columns_of(plan(paths, 10), Columns())
    pq.write_table(pa.table({"x": [1]}), paths[1])
    with pytest.raises(InputError, match=r"published\.parquet: no title column among"):
        columns_of(plan(paths, 10), Columns())


@pytest.mark.parametrize("order", [1, -1])
def test_a_file_may_lack_a_column_that_the_user_names(tmp_path, order):
    paths = []
    for columns in (("title", "when"), ("title",)):
        paths.append(tmp_path / f"{len(columns)}.parquet")
        pq.write_table(pa.table({column: ["2026-03-04"] for column in columns}), paths[-1])
    found = plan(paths[::order], 10)
    assert columns_of(found, Columns(date="When"))[0] == {"title": "title", "date": "when"}
    with pytest.raises(InputError, match=rf"{paths[::order][0].name}: no column 'whenn'"):
        columns_of(found, Columns(date="whenn"))
    with pytest.raises(InputError, match=r"1\.parquet: no column 'when'"):
        columns_of(found, Columns(title="when"))
    pq.write_table(pa.table({"title": ["Ferry sinks"], "date": ["2026-03-04"]}), paths[1])
    with pytest.raises(InputError, match=r"^date is read from '.*: give that column one name"):
        columns_of(plan(paths[::order], 10), Columns(date="when"))


def test_the_column_of_titles_may_be_in_doubt_in_any_file(tmp_path):
    titles, rest, paths = ["Ferry sinks off Oslo at night"] * 3, ["x", "y", "z"], []
    for k, columns in enumerate(
        ({"text": titles}, {"text": titles, "headline": rest}, {"headline": rest, "text": titles, "x": rest})
    ):
        paths.append(tmp_path / f"{k}.parquet")
        pq.write_table(pa.table(columns), paths[-1])
    doubts = columns_of(plan(paths, 10), Columns())[1]
    assert doubts == read_headlines(paths).warnings and len(doubts) == 2


def test_titles_in_another_column_of_another_file_are_told(tmp_path):
    titles, rest, paths = ["Ferry sinks off Oslo at night", "Bank of Ghent fined"], ["x", "y"], []
    for k, columns in enumerate(({"text": titles, "headline": rest}, {"text": rest, "headline": titles, "x": rest})):
        paths.append(tmp_path / f"{k}.parquet")
        pq.write_table(pa.table(columns), paths[-1])
    told = r"^title is read from 'text' in .*0\.parquet, but from 'headline' in .*1\.parquet: give that column one name"
    with pytest.raises(InputError, match=told):
        columns_of(plan(paths, 10), Columns())
    assert columns_of(plan(paths, 10), Columns(title="text"))[0] == {"title": "text"}


def test_what_an_earlier_start_wrote_is_no_input(tmp_path):
    write_rows(tmp_path / "a.parquet", TITLED)
    (tmp_path / "out").mkdir()
    write_rows(tmp_path / "out" / "part-00000.parquet", TITLED)
    for out in (tmp_path / "out", tmp_path / "out/"):
        (part,) = plan([tmp_path], 10, str(out)).parts
        assert [piece.path for piece in part.pieces] == [str(tmp_path / "a.parquet")]
    (part,) = plan([tmp_path], 10, str(tmp_path)).parts
    assert len(part.pieces) == 2


def test_what_an_earlier_start_wrote_is_known_however_it_is_spelled(tmp_path, monkeypatch):
    (tmp_path / "corpus" / "out").mkdir(parents=True)
    corpus, memory = tmp_path / "corpus", fsspec.filesystem("memory")
    (tmp_path / "link").symlink_to(corpus)
    monkeypatch.chdir(tmp_path)
    for name in ("a.parquet", "out/part-00000.parquet", "outer.parquet"):
        write_rows(corpus / name, TITLED)
        memory.pipe(f"/spelled/{name}", (corpus / name).read_bytes())
    ways = [str(corpus), corpus.as_uri(), "corpus", "link", "x/../corpus", f"{corpus.as_uri()}/"]
    (tmp_path / "x").mkdir()
    try:
        for read, wrote in [*product(ways, ways), ("memory://spelled", "memory:///spelled")]:
            parts = plan([read], 100, f"{wrote}/out").parts
            names = [Path(piece.path).name for part in parts for piece in part.pieces]
            assert names == ["a.parquet", "outer.parquet"], (read, wrote)
        elsewhere = plan(["memory://spelled"], 100, "/spelled/out").parts
        assert sum(len(part.pieces) for part in elsewhere) == 3, "the same path in another store"
    finally:
        memory.rm("/spelled", recursive=True)


def test_columns_are_found_as_on_one_machine(tmp_path):
    path = tmp_path / "news.parquet"
    table = {"text": ["Ferry sinks off Oslo at night"] * 3, "headline": ["x", "y", "z"], "link": ["u"] * 3}
    pq.write_table(pa.table(table), path, 1)
    parts, source = plan([path], 1), read_headlines(path)
    columns, doubts = columns_of(parts, Columns())
    assert columns == {"title": "text", "url": "link"} and doubts == source.warnings
    assert columns_of(parts, Columns(title="HEADLINE"))[0]["title"] == "headline"
    with pytest.raises(InputError, match="no column 'titel'"):
        columns_of(parts, Columns(title="titel"))


def test_the_title_column_is_told_by_what_can_be_read(tmp_path):
    path = damaged(tmp_path / "news.parquet", 0, ("text", *COLUMNS[1:]))
    parts = plan([path], 1)
    assert columns_of(parts, Columns(), skip_bad=True)[0]["title"] == "text"
    with pytest.raises(InputError, match=r"row group 0 of .*news.parquet is damaged"):
        columns_of(parts, Columns())


def damaged(path, group=1, columns=COLUMNS):
    """Break the first column of one of the row groups of two rows."""
    write_rows(path, TITLED, 2, columns)
    place = pq.ParquetFile(path).metadata.row_group(group).column(0)
    data, start = bytearray(path.read_bytes()), place.dictionary_page_offset or place.data_page_offset
    data[start : start + place.total_compressed_size] = b"\xff" * place.total_compressed_size
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("split", [1, 100])
def test_a_damaged_row_group_is_named_or_left_out(split, tmp_path):
    good, path = write_rows(tmp_path / "a.parquet", TITLED), damaged(tmp_path / "b.parquet")
    with pytest.raises(InputError, match=r"row group 1 of .*b.parquet is damaged \(.*\): get the file again"):
        find_rows(job_of([good, path, good], tmp_path / "stopped", rows_per_part=split), InOrder())
    job = job_of([good, path, good], tmp_path / "work", rows_per_part=split, skip_bad=True)
    read = find_rows(job, InOrder())
    assert read.rows == 10 and [group[:3] for group in read.bad] == [(str(path), 1, 2)]
    assert find_rows(job, InOrder()) == read, "what is done is not done again"
    rows = rows_of(job)
    assert rows["position"].to_pylist() == [*range(6), *range(8, 12)]
    assert rows["title"].to_pylist() == [*EVENTS, *EVENTS[:2], *EVENTS]


def test_damage_of_a_column_that_is_not_read_counts_where_damage_is_skipped(tmp_path):
    path = damaged(tmp_path / "news.parquet")
    for skip_bad, rows in ((False, 4), (True, 2)):
        job = replace(job_of([path], tmp_path / f"work{rows}", skip_bad=True), columns={"title": "id"})
        assert find_rows(replace(job, skip_bad=skip_bad), InOrder()).rows == rows


def test_nothing_but_damage_is_an_error(tmp_path):
    path = damaged(tmp_path / "news.parquet", 0)
    (part,) = plan([path], 10).parts
    only = replace(part, pieces=(replace(part.pieces[0], groups=(0,), rows=2),), rows=2)
    job = replace(job_of([path], tmp_path / "work", skip_bad=True), parts=(only,))
    with pytest.raises(EmptyInput, match=r"no row group can be read, such as the first .*row group 0 of"):
        find_rows(job, InOrder())


def test_now_is_that_of_the_first_start(tmp_path):
    store, before = Store(str(tmp_path)), datetime.now(UTC)
    rules = with_fixed_now(DateRules(), store)
    assert before <= datetime.fromisoformat(rules.now) <= datetime.now(UTC)
    assert with_fixed_now(DateRules(), store) == rules
    assert with_fixed_now(DateRules(now=NOW), store).now == NOW
