from __future__ import annotations

from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dedupe import pipeline
from dedupe.clustering.crowds import CrowdSettings, collapse_crowds
from dedupe.distributed.engine import InOrder
from dedupe.distributed.job import Part, Piece
from dedupe.distributed.output import groups
from dedupe.distributed.output.files import PAIRS, finish
from dedupe.distributed.output.own_columns import as_schema, joined, own_rows
from dedupe.errors import InputError, OutputError
from tests.support import corpus
from tests.support.crowds import other_numbers, same_news
from tests.support.earlier_steps import Watched, job_of, parts_of
from tests.support.fake_encoder import FakeEncoder

COLUMNS = {name: name for name in ("title", "source", "id", "url")} | {"date": "published"}
CUTS = [(1, 1, 1), (7, 1, 4), (5, 3, 6)]  # rows in a row group, row groups in a part, parts of each step before
RULES = [
    {},
    {"window": "30h", "keep": "latest", "sampled": 5},
    {"window": "3d", "keep": "complete", "never_same_source": True},
    {"level": "wording", "keep": "first", "prefer_sources": ["Daily Wire", "Morning Post"]},
    {"keep": "earliest", "publishers": {"Daily Wire": "The Herald"}, "story_threshold": 0.3, "wording_threshold": 0.2},
]


class Bare:
    """The fake without a model folder: one on which no judge was fitted."""

    encode = FakeEncoder.encode


@pytest.fixture(autouse=True)
def encoder(monkeypatch):
    use(monkeypatch, FakeEncoder())


def use(monkeypatch, encoder):
    monkeypatch.setattr("dedupe.distributed.job.load_encoder", lambda name=None: encoder)


def prepared(monkeypatch, tmp_path, paths, cut=CUTS[1], columns=COLUMNS, **options):
    """Return a run on one machine and a job that has its pairs."""
    options = {"encoder": FakeEncoder(), "reader": "off"} | options
    watched = Watched.of(monkeypatch, paths, columns["title"], **options)
    work, parts = tmp_path / "out" / "_work", parts_of(paths, cut[1])
    return watched, job_of(watched, work, parts, columns, seed=sum(cut), few=cut[2])


def run(monkeypatch, tmp_path, paths, cut=CUTS[1], pairs=False, **options):
    """Return the result of one machine, the table that the steps wrote, and their summary."""
    watched, job = prepared(monkeypatch, tmp_path, paths, cut, **options)
    summary = finish(job, InOrder(), str(tmp_path / "out"), skipped=skipped_in(watched.result), pairs=pairs)
    files = sorted(file for file in (tmp_path / "out").glob("*") if file.name != "_work")
    assert [file.name for file in files] == [PAIRS] * pairs + [f"part-{k:05}.parquet" for k in range(len(job.parts))]
    assert [pq.read_metadata(file).num_rows for file in files[pairs:]] == [part.rows for part in job.parts]
    return watched.result, written(tmp_path), summary


def written(tmp_path):
    return pa.concat_tables([pq.read_table(file) for file in sorted((tmp_path / "out").glob("*.parquet"))])


def skipped_in(result):
    message = next((caution.message for caution in result.cautions if caution.code == "sparse"), ": 0")
    return int(message.rpartition(": ")[2].split()[0].replace(",", ""))


def check_summary(summary, result):
    """The summary has the counts and the warnings of one machine."""
    stories, wordings, exact = (result.labels(level).max() + 1 for level in ("story", "wording", "exact"))
    counts = {"rows": len(result), "stories": stories, "wordings": wordings, "exact_copies": len(result) - exact}
    counts |= {"pairs": len(result.pairs), "largest_story": np.bincount(result.labels("story")).max(), "large": []}
    assert {name: summary[name] for name in counts} == counts
    assert summary["warnings"] == [(caution.code, caution.message) for caution in result.warnings]
    assert summary["flags"] == {c.code: len(c.positions) for c in result.warnings if c.positions}


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("rules", RULES)
def test_the_output_is_that_of_one_machine(monkeypatch, tmp_path, cut, rules):
    path = corpus.write(tmp_path, corpus.table(150, seed=cut[0]), cut[0])
    result, table, summary = run(monkeypatch, tmp_path, [path], cut, **rules)
    assert table.equals(result.to_arrow())
    check_summary(summary, result)


def test_crowds(monkeypatch, tmp_path):
    small = partial(collapse_crowds, settings=CrowdSettings(size=20))
    monkeypatch.setattr(pipeline, "collapse_crowds", small)
    titles = [*same_news(60), *other_numbers(60)]
    rows = pa.concat_tables([corpus.table(60, seed=3).select(["title"]), pa.table({"title": titles * 2})])
    path = corpus.write(tmp_path, rows, 9)
    result, table, summary = run(monkeypatch, tmp_path, [path], columns={"title": "title"})
    assert table.equals(result.to_arrow())
    check_summary(summary, result)
    assert {"collapsed", "sparse"} <= summary["flags"].keys()


def test_suspicious_stories_have_the_numbers_of_the_output(monkeypatch, tmp_path):
    monkeypatch.setattr("dedupe.result.cautions._MAX_TITLES", 1)
    monkeypatch.setattr("dedupe.result.cautions._MIN_PROBABILITY", 0.9)
    for module in ("result.cautions", "distributed.output.groups", "distributed.output.files"):
        monkeypatch.setattr(f"dedupe.{module}.MAX_LISTED", 3)
    path = corpus.write(tmp_path, corpus.table(150, seed=4), 10)
    result, table, summary = run(monkeypatch, tmp_path, [path], CUTS[2], story_threshold=0.1)
    assert table.equals(result.to_arrow())
    check_summary(summary, result)
    messages = dict(summary["warnings"])
    assert messages["large-story"].endswith(", ...") and "loose-story" in messages


def test_large_components_are_reported(monkeypatch, tmp_path):
    monkeypatch.setattr(groups, "LARGE", 1)
    path = corpus.write(tmp_path, corpus.table(60, seed=5), 10)
    _, job = prepared(monkeypatch, tmp_path, [path])
    sizes = np.unique(job.store.read_array("forest_link", 0, "labels"), return_counts=True)[1]
    assert finish(job, InOrder(), str(tmp_path / "out"))["large"] == sorted(sizes.tolist(), reverse=True)


def test_vectors_that_are_stored_as_integers(monkeypatch, tmp_path):
    monkeypatch.setattr("dedupe.embedding.vectors.MAX_FLOAT32_BYTES", 0)
    path = corpus.write(tmp_path, corpus.table(100, seed=6), 10)
    result, table, _ = run(monkeypatch, tmp_path, [path])
    assert table.equals(result.to_arrow())


def test_an_encoder_of_others_and_no_dates(monkeypatch, tmp_path):
    use(monkeypatch, Bare())
    path = corpus.write(tmp_path, corpus.table(60, seed=7).drop_columns("published"), 10)
    columns = {name: column for name, column in COLUMNS.items() if name != "date"}
    result, table, summary = run(monkeypatch, tmp_path, [path], columns=columns, encoder=Bare(), window="3d")
    assert table.equals(result.to_arrow())
    check_summary(summary, result)
    assert {"undated", "uncalibrated"} <= dict(summary["warnings"]).keys()


@pytest.mark.parametrize("titles", [[""], ["", "Corrections", None], ["Dam closes after flood"] * 3])
def test_few_rows_leave_buckets_empty(monkeypatch, tmp_path, titles):
    path = corpus.write(tmp_path, pa.table({"title": pa.array(titles, pa.string())}), 1)
    result, table, summary = run(monkeypatch, tmp_path, [path], CUTS[2], columns={"title": "title"})
    assert table.equals(result.to_arrow())
    check_summary(summary, result)


@pytest.mark.parametrize("own", ["same", "other", "none"])
def test_titles_that_are_in_no_column_called_title(monkeypatch, tmp_path, own):
    rows = corpus.table(30, seed=8)
    titles = rows["title"].to_pylist()
    rows = rows.append_column("headline", [titles])
    if own == "none":
        rows = rows.drop_columns("title")
    if own == "other":
        titles[17] = "Seventeen"
        rows = rows.set_column(1, "title", [titles])
    path = corpus.write(tmp_path, rows, 4)
    result, table, _ = run(monkeypatch, tmp_path, [path], columns=COLUMNS | {"title": "headline"})
    assert table.equals(result.to_arrow())
    assert ("dedupe_title" in table.column_names) == (own != "same")


def test_several_files_whose_columns_have_other_types(monkeypatch, tmp_path):
    first, second = corpus.table(40, seed=9), corpus.table(40, seed=10)
    names = first.column_names
    changed = {
        "score": second["score"].cast(pa.int64()),
        "tags": second["id"],
        "source": second["source"].cast("string"),
    }
    for name, column in changed.items():
        second = second.set_column(names.index(name), name, column)
    paths = [corpus.write(tmp_path, rows, 6, name) for rows, name in ((first, "b"), (second, "a"))]
    result, table, _ = run(monkeypatch, tmp_path, paths, CUTS[2])
    expected = result.to_arrow()
    assert table.column_names == expected.column_names and "dedupe_file" in table.column_names
    assert table.to_pylist() == expected.to_pylist()


def test_several_files_with_other_columns(monkeypatch, tmp_path):
    first, second, third = (corpus.table(20, seed=k) for k in range(3))
    second = second.drop_columns(["score", "dedupe_story", "url"])
    third = third.append_column("more", [list(range(20))]).select([*reversed(third.column_names), "more"])
    tables = {"c": first, "a": second, "b": third}
    paths = [corpus.write(tmp_path, rows, 6, name) for name, rows in tables.items()]
    result, table, _ = run(monkeypatch, tmp_path, paths, CUTS[2])
    expected = result.to_arrow()
    assert set(table.column_names) == set(expected.column_names) and "more" in table.column_names
    assert table.select(expected.column_names).to_pylist() == expected.to_pylist()


def test_one_schema_for_files_with_others():
    kinds = {"a": (pa.int16(), pa.float64(), pa.float64()), "b": (pa.string(), pa.int64(), pa.string())}
    kinds |= {"c": (pa.null(), pa.bool_(), pa.bool_()), "d": (pa.list_(pa.int8()), pa.date32(), pa.string())}
    first, second, expected = (pa.schema([(name, kind[k]) for name, kind in kinds.items()]) for k in range(3))
    assert joined([first, second]) == expected
    table = pa.table({"a": [1], "b": ["x"], "c": [None], "d": [[5]]}, schema=first)
    assert as_schema(table, expected, "news").to_pylist() == [{"a": 1.0, "b": "x", "c": None, "d": "[5]"}]
    assert as_schema(table.select(["a"]), expected, "news").to_pylist() == [{"a": 1.0, "b": None, "c": None, "d": None}]
    with pytest.raises(InputError, match=r"news: column 'a' does not fit that of other files .* in all files"):
        as_schema(pa.table({"a": [2**53 + 1]}), pa.schema([("a", pa.float64())]), "news")


def test_an_address_as_output(monkeypatch, tmp_path):
    path = corpus.write(tmp_path, corpus.table(20, seed=15), 10)
    watched, job = prepared(monkeypatch, tmp_path, [path])
    finish(job, InOrder(), (tmp_path / "out").as_uri())
    assert written(tmp_path).equals(watched.result.to_arrow())


def test_pairs(monkeypatch, tmp_path):
    path = corpus.write(tmp_path, corpus.table(100, seed=11), 10)
    result, _, summary = run(monkeypatch, tmp_path, [path], CUTS[2], pairs=True)
    files = sorted((tmp_path / "out" / PAIRS).iterdir())
    table = pa.concat_tables(map(pq.read_table, files)).sort_by([("i", "ascending"), ("j", "ascending")])
    assert table.equals(result.pairs.to_arrow().select(["i", "j", "similarity", "p_wording", "p_story"]))
    assert len(table) == summary["pairs"] > 0


class Breaking(InOrder):
    """Breaks off at the second part of the output."""

    def run(self, job, step, task, parts, rows=None):
        if step != "output":
            return super().run(job, step, task, parts, rows)
        super().run(job, step, task, list(parts)[:1])
        raise KeyboardInterrupt


def test_a_run_that_broke_off_goes_on(monkeypatch, tmp_path):
    path = corpus.write(tmp_path, corpus.table(40, seed=12), 10)
    watched, job = prepared(monkeypatch, tmp_path, [path])
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        finish(job, Breaking(), str(out))
    first = out / "part-00000.parquet"
    before = first.stat().st_mtime_ns
    (out / "part-00001.parquet.0123456789abcdef.tmp").write_bytes(b"half of it")
    finish(job, InOrder(), str(out))
    assert first.stat().st_mtime_ns == before
    assert sorted(path.name for path in out.iterdir()) == ["_work"] + [f"part-{k:05}.parquet" for k in range(4)]
    assert written(tmp_path).equals(watched.result.to_arrow())


def test_a_folder_that_cannot_be_written(monkeypatch, tmp_path):
    path = corpus.write(tmp_path, corpus.table(10, seed=13), 10)
    _, job = prepared(monkeypatch, tmp_path, [path])
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OutputError, match=r"part-00000\.parquet cannot be written to .*file"):
        finish(job, InOrder(), str(tmp_path / "file"))


def test_row_groups_without_rows_in_the_output_are_not_read(tmp_path):
    rows = corpus.table(30, seed=14)
    path = corpus.write(tmp_path, rows, 10)
    group = pq.read_metadata(path).row_group(1)
    columns = [group.column(k) for k in range(group.num_columns)]
    content = bytearray(path.read_bytes())
    for column in columns:
        start = column.dictionary_page_offset or column.data_page_offset
        content[start : start + column.total_compressed_size] = b"\xff" * column.total_compressed_size
    path.write_bytes(content)
    part = Part((Piece(str(path), (0, 1, 2), 30, "news.parquet"),), 100, 30)
    good = np.array([100, 103, 120, 129])
    ((name, found),) = own_rows(part, good)
    assert name == "news.parquet" and found.to_pylist() == rows.take(good - 100).to_pylist()
    ((_, found),) = own_rows(part, good, ["id", "none"])
    assert found.to_pylist() == rows.take(good - 100).select(["id"]).to_pylist()
    with pytest.raises(InputError, match=r"row group 1 of news\.parquet"):
        list(own_rows(part, np.array([115])))
