"""Whole jobs, from Parquet to Parquet: rows, summary and warnings of one machine, however the input is cut."""

from __future__ import annotations

import random
from collections import Counter
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

import dedupe
from dedupe.clustering.crowds import CrowdSettings
from dedupe.distributed import deduplicate
from dedupe.distributed.nodes.crowds import find_crowds
from dedupe.distributed.pairs.context import LARGE, run_contexts
from dedupe.errors import EmptyInput, InputError
from dedupe.pipeline import collapse_crowds
from tests.support import corpus
from tests.support.crowds import other_numbers, same_news
from tests.support.fake_encoder import FakeEncoder
from tests.support.whole_jobs import NOW, check_summary, damaged, one_machine, without_ray, written

OPTIONS = [
    {},
    {"window": "30h", "keep": "earliest", "reader": "off"},
    {"level": "wording", "window": "3d", "keep": "latest"},
    {"never_same_source": True, "keep": "complete", "publishers": {"Daily Wire": "The Herald"}, "reader": "off"},
    {"prefer_sources": ["Daily Wire", "Morning Post"], "story_threshold": 0.3, "wording_threshold": 0.2},
]
FORMS = [("", "?utm_source=feed"), ("www.", ""), ("", "#top")]


@pytest.fixture(autouse=True)
def fake(monkeypatch):
    without_ray(monkeypatch, FakeEncoder())


def check(paths, out, rows_per_part, **options):
    """A job has the output of one machine; return both."""
    result, expected = one_machine(paths, **options)
    summary = deduplicate(paths, out, rows_per_part=rows_per_part, now=NOW, **options)
    found = written(out)
    assert found.equals(expected) if len(paths) == 1 else found.to_pylist() == expected.to_pylist()
    check_summary(summary, result)
    return result, summary


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: "-".join(options) or "plain")
@pytest.mark.parametrize(("group", "rows_per_part"), [(3, 8), (7, 19), (100, 100)])
def test_a_job_has_the_output_of_one_machine(tmp_path, options, group, rows_per_part):
    path = corpus.write(tmp_path, corpus.table(50, seed=len(options)), group)
    result, summary = check([path], tmp_path / "out", rows_per_part, **options)
    assert 1 < result.labels("wording").max() + 1 < len(result)  # or nothing was tested
    assert summary.recall == 1
    assert summary.flags == Counter(code for flags in result.flags() for code in flags.split(",") if code)


def test_every_row_may_be_a_part(tmp_path):
    path = corpus.write(tmp_path, corpus.table(12, seed=9), 1)
    check([path], tmp_path / "out", 1, window="3d")
    assert len(list((tmp_path / "out").iterdir())) == 12


@pytest.mark.parametrize("rows_per_part", [9, 50])
def test_several_files_and_folders_are_one_input(tmp_path, rows_per_part):
    (tmp_path / "more").mkdir()
    rows = corpus.table(40, seed=3)
    paths = [corpus.write(tmp_path, rows[:13], 5, "b"), corpus.write(tmp_path / "more", rows[13:], 4, "a")]
    check(paths, tmp_path / "out", rows_per_part, reader="off")
    folder = deduplicate(tmp_path / "more", tmp_path / "folder", now=NOW, reader="off")
    assert folder.rows == 27


@pytest.mark.parametrize("rows_per_part", [9, 100])
def test_files_may_lack_columns_that_others_have(tmp_path, rows_per_part):
    rows = corpus.table(40, seed=14)
    some = [rows[:10].drop_columns(["url", "published"]), rows[10:30], rows[30:].select(["score", "title"])]
    check([corpus.write(tmp_path, part, 5, f"{k}") for k, part in enumerate(some)], tmp_path / "out", rows_per_part)


def test_many_small_files_are_few_parts_and_damage_names_its_file(tmp_path):
    rows = corpus.table(30, seed=12)
    paths = [corpus.write(tmp_path, rows[k : k + 1], 1, f"{k:02}") for k in range(30)]
    check(paths, tmp_path / "out", 13, window="3d")
    assert [pq.read_metadata(path).num_rows for path in sorted((tmp_path / "out").iterdir())] == [13, 13, 4]
    damaged(paths[17], group=0)
    with pytest.raises(InputError, match=r"^row group 0 of .*17\.parquet is damaged"):
        deduplicate(paths, tmp_path / "refused", rows_per_part=13, now=NOW)
    summary = deduplicate(paths, tmp_path / "more", rows_per_part=13, now=NOW, skip_bad=True)
    assert summary.skipped == 1 and "row group 0 of " in summary.messages[0] and "17.parquet" in summary.messages[0]
    assert written(tmp_path / "more")["dedupe_file"].to_pylist() == [str(path) for path in paths if path != paths[17]]


@pytest.mark.parametrize("large", [LARGE, 2], ids=["components", "neighborhoods"])
def test_what_labels_tell_counts_in_context(tmp_path, monkeypatch, large):
    """Two live pages may differ by a word that tells two events elsewhere."""
    monkeypatch.setattr("dedupe.distributed.run.run_contexts", partial(run_contexts, large=large))
    metals = [f"{metal} price rises to record high in London" for metal in ("Gold", "Silver", "Copper")]
    strikes = [f"Ferry strike {verb} in Bergen harbour" for verb in ("begins", "ends")]
    path = tmp_path / "news.parquet"
    found = dict[str, list[float]]()
    for label in ("", "LIVE: "):
        titles = [label + title for title in (*metals, *strikes)]
        pq.write_table(pa.table({"title": titles}), path, row_group_size=2)
        out = tmp_path / f"out{len(found)}"
        result, _ = check([path], out, 2, reader="off")
        deduplicate(path, f"{out}-pairs", rows_per_part=2, now=NOW, reader="off", pairs=True)
        pairs = pq.read_table(f"{out}-pairs/_pairs").sort_by([("i", "ascending"), ("j", "ascending")])
        found[label] = pairs["p_story"].to_pylist()
        expected = sorted((pair.i, pair.j, pair.p_story) for pair in result.pairs)
        assert found[label] == pytest.approx([p for _, _, p in expected], abs=1e-6)
    assert max(found["LIVE: "]) > max(found[""], default=0), "or nothing was tested"


def corrections_between(titles, number, seed):
    """Corrections of some titles, and of one that is not there, of which none contradicts another."""
    draw, found = random.Random(seed), list[tuple[str, str, str]]()
    titles = [*filter(str.strip, titles), "A title that no row has"]
    while len(found) < number:
        try:
            one = [*found, (*draw.sample(titles, 2), draw.choice(["wording", "story", "different"]))]
            dedupe.deduplicate([dedupe.Headline(title) for title in titles], corrections=one, reader="off")
        except InputError:
            continue
        found = one
    return found


@pytest.mark.parametrize(
    ("seed", "options"),
    [(1, {}), (2, {"window": "30h"}), (3, {"level": "wording"}), (4, {"never_same_source": True, "keep": "complete"})],
)
@pytest.mark.parametrize("rows_per_part", [6, 100])
def test_corrections_are_those_of_one_machine(tmp_path, seed, options, rows_per_part):
    rows = corpus.table(40, seed=20 + seed)
    titles = list(dict.fromkeys(rows["title"].to_pylist()))
    some = corrections_between(titles, 14, seed)
    path = corpus.write(tmp_path, rows, 5)
    plain = one_machine([path], reader="off", **options)[1]
    result, summary = check([path], tmp_path / "out", rows_per_part, reader="off", corrections=some, **options)
    assert summary.corrections == result.corrections > 8
    assert not result.to_arrow().equals(plain), "or nothing was tested"
    if "window" in options:
        assert "uncorrected" in summary.flags


def test_titles_that_corrections_name_stay_out_of_crowds(tmp_path, monkeypatch):
    settings = CrowdSettings(size=20)
    monkeypatch.setattr("dedupe.distributed.run.find_crowds", partial(find_crowds, settings=settings))
    monkeypatch.setattr("dedupe.pipeline.collapse_crowds", partial(collapse_crowds, settings=settings))
    alike, numbered = same_news(60), other_numbers(60)
    rows = pa.concat_tables([corpus.table(40, seed=3).select(["title"]), pa.table({"title": [*alike, *numbered]})])
    some = [
        (alike[3], alike[20], "different"),
        (alike[5], numbered[7], "story"),
        (numbered[8], numbered[30], "wording"),
    ]
    path = corpus.write(tmp_path, rows, 9)
    result, summary = check([path], tmp_path / "out", 17, reader="off", corrections=some)
    labels = result.labels("story")[40:]
    assert labels[3] != labels[20] and labels[5] == labels[67] and labels[68] == labels[90]
    assert {"collapsed", "sparse"} <= summary.flags.keys()


def test_corrections_that_contradict_copies_are_one_line(tmp_path):
    path = tmp_path / "news.parquet"
    pq.write_table(pa.table({"title": ["Ferry sinks", "Ferry sinks!", "Bank fined"] * 2}), path, row_group_size=1)
    some = [("Ferry sinks", "ferry sinks", "different")]
    with pytest.raises(InputError) as alone:
        one_machine([path], corrections=some)
    with pytest.raises(InputError) as many:
        deduplicate(path, tmp_path / "out", rows_per_part=1, now=NOW, corrections=some)
    assert str(many.value) == str(alone.value) and "copies of one title" in str(alone.value)
    with pytest.raises(InputError, match="verdict must be one of"):
        deduplicate(path, tmp_path / "other", corrections=[("Ferry sinks", "Bank fined", "same")])
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("rows_per_part", [7, 100])
def test_progress_counts_the_rows_of_each_step(tmp_path, rows_per_part):
    path = corpus.write(tmp_path, corpus.table(40, seed=13), 3)
    seen = dict[str, list[tuple[int, int]]]()
    deduplicate(
        path,
        tmp_path / "out",
        rows_per_part=rows_per_part,
        now=NOW,
        progress=lambda step, *rows: seen.setdefault(step, []).append(rows),
    )
    assert {"rows", "vectors", "pairs", "context", "groups", "output"} <= seen.keys()
    for step, reports in seen.items():
        assert [total for _, total in reports] == [40] * len(reports), step
        done = [done for done, _ in reports]
        assert done == sorted(done) and done[0] == 0 and done[-1] == 40, step
    if rows_per_part == 7:
        assert [done for done, _ in seen["rows"]] == [0, 6, 12, 18, 24, 30, 36, 40]
        assert len({done for done, _ in seen["groups"]}) == 7, "known in equal shares only"


def test_titles_that_one_task_had_to_link_are_reported(tmp_path, monkeypatch):
    monkeypatch.setattr("dedupe.distributed.output.groups.LARGE", 3)
    path = corpus.write(tmp_path, corpus.table(60, seed=5), 6)
    result, _ = one_machine([path], story_threshold=0.2)
    i, j = zip(*((pair.i, pair.j) for pair in result.pairs if pair.p_story >= 0.2), strict=True)
    component = connected_components(coo_array((np.ones(len(i)), (i, j)), (60, 60)), directed=False)[1]
    sizes = sorted((int(size) for size in np.bincount(component) if size > 3), reverse=True)
    summary = deduplicate(path, tmp_path / "out", rows_per_part=13, now=NOW, story_threshold=0.2)
    told = [message for message in summary.messages if "connected by probable pairs" in message]
    assert len(sizes) > 1 and told == [
        f"{size} titles are connected by probable pairs, and were linked in one task: a window or a higher threshold makes such "
        "sets smaller"
        for size in sizes
    ]
    assert summary.linked == sizes[0]


@pytest.mark.parametrize("rows_per_part", [4, 9])
def test_addresses_connect_titles_of_any_parts(tmp_path, rows_per_part):
    draw = random.Random(5)
    events = ["Ferry sinks off Oslo", "Divers find wreck at last", "Bank of Ghent fined", "Penalty over hidden fees"]
    ends = ["", " - Fjord Radio", " today", " at night"]
    addresses = [*(f"https://{www}news.example/2026/{k}-ferry{tail}" for k in range(5) for www, tail in FORMS), None]
    titles = [draw.choice(events) + draw.choice(ends) for _ in range(24)]
    columns = {"title": titles, "link": [draw.choice(addresses) for _ in range(24)]}
    path = tmp_path / "news.parquet"
    pq.write_table(pa.table(columns), path, row_group_size=2)
    result, _ = check([path], tmp_path / "out", rows_per_part)
    without = dedupe.deduplicate([dedupe.Headline(title) for title in titles])
    assert {(pair.i, pair.j) for pair in result.pairs} - {(pair.i, pair.j) for pair in without.pairs}


@pytest.mark.parametrize("rows_per_part", [2, 100])
def test_skipped_row_groups_leave_the_output_of_the_others(tmp_path, rows_per_part):
    rows = corpus.table(20, seed=4)
    whole = corpus.write(tmp_path, pa.concat_tables([rows[:6], rows[9:]]), 3, "whole")
    path = damaged(corpus.write(tmp_path, rows, 3), group=2)
    with pytest.raises(InputError, match=r"row group 2 of .*news\.parquet"):
        deduplicate(path, tmp_path / "refused", rows_per_part=rows_per_part, now=NOW)
    result, expected = one_machine([whole])
    summary = deduplicate(path, tmp_path / "out", rows_per_part=rows_per_part, now=NOW, skip_bad=True)
    assert written(tmp_path / "out").equals(expected)
    assert (summary.rows, summary.skipped) == (17, 3)
    assert "3 rows skipped" in summary.messages[0] and "row group 2" in summary.messages[0]
    assert summary.messages[1:] == tuple(caution.message for caution in result.warnings)


def test_pairs_are_those_of_one_machine(tmp_path):
    path = corpus.write(tmp_path, corpus.table(40, seed=6), 4)
    result, _ = one_machine([path])
    deduplicate(path, tmp_path / "out", rows_per_part=9, now=NOW, pairs=True)
    pairs = pq.read_table(tmp_path / "out" / "_pairs")
    rows = [(min(i, j), max(i, j)) for i, j in zip(*pairs.select(["i", "j"]).to_pydict().values(), strict=True)]
    assert sorted(rows) == sorted((min(pair.i, pair.j), max(pair.i, pair.j)) for pair in result.pairs)
    assert pq.read_table(tmp_path / "out").num_rows == 40  # those who read the folder do not get pairs for rows


def test_titles_without_a_pair_are_groups_of_one(tmp_path):
    path = tmp_path / "news.parquet"
    pq.write_table(
        pa.table({"title": ["Ferry sinks", "", None, "Bank fined heavily in Porto"]}), path, row_group_size=1
    )
    check([path], tmp_path / "out", 1)


def test_a_single_title_is_enough(tmp_path):
    path = tmp_path / "news.parquet"
    pq.write_table(pa.table({"headline": ["Ferry sinks"]}), path)
    check([path], tmp_path / "out", 5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": "soon"}, "window"),
        ({"level": "exact"}, "level"),
        ({"story_threshold": 2}, "threshold"),
        ({"keep": "best"}, "keep"),
        ({"reader": "some"}, "reader"),
        ({"rows_per_part": 0}, "rows_per_part"),
        ({"now": "never"}, "never"),
        ({"columns": dedupe.Columns(title="headline")}, "headline"),
    ],
)
def test_an_option_that_cannot_be_is_one_line_before_any_work(tmp_path, options, message):
    path = corpus.write(tmp_path, corpus.table(5, seed=1), 5)
    with pytest.raises(InputError, match=message) as error:
        deduplicate(path, tmp_path / "out", **options)
    assert "\n" not in str(error.value) and not (tmp_path / "out").exists()


def test_no_rows_are_refused_as_on_one_machine(tmp_path):
    path = corpus.write(tmp_path, corpus.table(5, seed=1)[:0], 5)
    with pytest.raises(EmptyInput, match=r"news\.parquet"):
        deduplicate(path, tmp_path / "out")


@pytest.mark.slow
def test_the_bundled_model_and_its_reader_give_the_same(tmp_path, monkeypatch):
    monkeypatch.undo()
    without_ray(monkeypatch)
    path = corpus.write(tmp_path, corpus.table(80, seed=11), 6)
    result, _ = check([path], tmp_path / "out", 17, window="72h")
    assert result.pairs_read.read
