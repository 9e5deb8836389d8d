from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import check
import lookalikes
import numpy as np
import pytest
import quality
from cases import WINDOWS, cases
from click.testing import CliRunner
from decorated import DECORATIONS, MORE, decorate, decorated, differences, worst
from encoders import CachingEncoder
from figures import Part, near_misses, pairs_per_title
from held_out import held_out, held_out_third
from labelled import find_files, parts_of
from lookalikes import (
    COMPANIONS,
    OVERLAPS,
    Judged,
    contrast,
    contrast_rows,
    contrast_scores,
    gap,
    gap_scores,
    judge,
    overlap_bin,
)
from peers import GRID, LOWEST, semhash
from quality_tables import table
from records import read_rows

from dedupe import Headline, InputError
from dedupe.scoring.reader import PairsRead
from dedupe.training.contrast import contrast_part
from tests.support.fake_encoder import FakeEncoder

TITLES = [f"Ferry number {number} sinks off Oslo" for number in range(400)]
HELD_OUT_OF_FORTY = [1, 2, 25, 38]
THIRD_OF_TWELVE = [1, 6, 7, 11]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


# What training leaves out


def test_a_tenth_is_held_out_whatever_the_spelling():
    assert 20 <= sum(map(held_out, TITLES)) <= 60
    assert all(held_out(title) == held_out(f"  {title.upper()} ") for title in TITLES)
    assert all(held_out(title) == (contrast_part(title) == "test") for title in TITLES), (
        "the tenth that training leaves out"
    )


def test_the_rule_stays_since_models_were_fitted_by_it():
    assert [n for n, title in enumerate(TITLES[:40]) if held_out(title)] == HELD_OUT_OF_FORTY
    assert held_out_third(12).nonzero()[0].tolist() == THIRD_OF_TWELVE
    assert held_out_third(441).sum() == 147


# Data sets


def test_contrast_sets_are_no_groups_and_other_years_are_sets_of_their_own(tmp_path):
    labelled = [{"title": "Ferry sinks", "story": "a"}]
    scored = [{"a": "Ferry sinks", "b": "Ferry sank", "score": 5.0}]
    write(tmp_path / "gold" / "one.jsonl", labelled)
    write(tmp_path / "gold" / "two.jsonl.gz", [*labelled, {"title": "Storm", "story": "b", "split": "train"}])
    write(tmp_path / "other_years" / "early.jsonl.gz", labelled)
    write(tmp_path / "other_years" / "pairs.jsonl", scored)
    write(tmp_path / "stories" / "train.jsonl", labelled)
    write(tmp_path / "contrast" / "dev.jsonl", [{"title": "Ferry", "story": "Mayor speaks", "different": "Tram"}])
    expected = {"gold": [labelled, labelled], "early": [labelled], "pairs": [scored]}
    assert find_files(tmp_path) == expected
    assert find_files(tmp_path, {"early", "unknown"}) == {"early": [labelled]}


def test_pairs_are_counted_per_title_and_those_read():
    @dataclass
    class Table:
        i: list[int]

    @dataclass
    class Run:
        pair_table: Table
        pairs_read: PairsRead

        def __len__(self):
            return 4

    runs = [Run(Table([1, 2, 3]), PairsRead(8, 6, 2)), Run(Table([]), PairsRead(0, 0, 0))]
    assert pairs_per_title(runs) == {"pairs_scored_per_title": 0.38, "pairs_read_per_title": 0.75}


# Contrast sets and gaps


def judged(truth, verdict, p_story=0.5, p_wording=0.5, kind="", overlap=OVERLAPS[0]):
    return Judged(truth, kind, overlap, verdict, p_story, p_wording)


def test_shares_areas_and_calibration_of_contrast_pairs():
    pairs = [
        judged("wording", "exact", 1.0, 1.0, "place"),
        judged("wording", "story", 0.6, 0.2, "number", OVERLAPS[2]),
        judged("story", "story", 0.7, 0.3, "place"),
        judged("story", "wording", 0.9, 0.8, "number"),
        judged("story", "different", 0.2, 0.1, "number"),
        judged("different", "different", 0.1, 0.0, "place"),
        judged("different", "story", 0.8, 0.1, "number", OVERLAPS[1]),
    ]
    scores = contrast_scores(pairs)
    assert scores["pairs"] == {"wording": 2, "story": 3, "different": 2}
    assert [scores[name] for name in ("wording", "story", "story_joined", "different")] == [0.5, 0.3333, 0.6667, 0.5]
    assert scores["kinds"] == {
        "place": {"different": {"share": 1.0, "of": 1}},
        "number": {"different": {"share": 0.0, "of": 1}},
    }
    assert scores["overlap"][OVERLAPS[1]] == {"different": {"share": 0.0, "of": 1}}
    assert scores["overlap"][OVERLAPS[2]] == {"wording": {"share": 0.0, "of": 1}}
    # by hand: of the 3 x 2 pairs (story, different), 4 are in order; of the 2 x 3 (wording, story) 3 + 1
    assert scores["auc"] == {"story against different": 0.6667, "wording against story": 0.6667}
    gaps = [0.0, 0.4, 0.3, 0.1, 0.8, 0.1, 0.8]  # one pair per bin
    assert scores["story_calibration_error"] == pytest.approx(sum(gaps) / 7, abs=1e-4)


def test_what_has_no_pairs_has_no_figure():
    scores = contrast_scores([])
    assert {scores["wording"], scores["different"], scores["story_calibration_error"], *scores["auc"].values()} == {
        None
    }
    assert contrast_scores([judged("story", "story")])["auc"]["story against different"] is None


def test_overlap_is_the_share_of_common_words():
    assert overlap_bin("Ferry sinks", "Mayor speaks") == 0
    assert overlap_bin("A b", "b, C") == 1  # exactly a third
    assert overlap_bin("Ferry sinks off", "Ferry SINKS") == 1  # exactly two thirds
    assert overlap_bin("Ferry sinks off Oslo", "ferry sinks off!") == 2


def test_missing_companions_are_left_out_and_files_but_dev_are_held_out(tmp_path):
    row = {"title": "Ferry sinks off Oslo", "wording": "Ferry sinks off Oslo!", "different": None, "kind": "place"}
    encoder = CachingEncoder(FakeEncoder())
    assert [(pair.truth, pair.verdict) for pair in judge([row], encoder)] == [("wording", "exact")]
    rows = [{"title": title, "wording": f"{title}!", "different": "Mayor speaks"} for title in TITLES[:40]]
    train = write(tmp_path / "train.jsonl.gz", rows)
    write(tmp_path / "dev.jsonl", rows)
    assert [row["title"] for row in contrast_rows(train)] == [title for title in TITLES[:40] if held_out(title)]
    scores = contrast(tmp_path, encoder)
    count = len(HELD_OUT_OF_FORTY)
    assert {name: part["pairs"]["wording"] for name, part in scores.items()} == {"dev": 40, "train": count}
    assert scores["dev"]["wording"] == scores["dev"]["different"] == 1.0


def test_gaps_are_judged_with_dates_and_sources(tmp_path):
    verdicts = (*COMPANIONS, "different")
    rows = [
        {f"{field}_{side}": f"{field} {number}" for field in ("title", "source") for side in "ab"}
        | {"published_a": "2025-08-01T10:00Z", "published_b": "2025-08-11", "verdict": verdicts[number % 4]}
        for number in range(12)
    ]
    scores = gap(write(tmp_path / "pairs.jsonl", rows), CachingEncoder(FakeEncoder()))
    kept = [verdicts[number % 4] for number in THIRD_OF_TWELVE]
    assert scores["pairs"] == {truth: kept.count(truth) for truth in COMPANIONS}
    figures = gap_scores([judged("wording", "story"), judged("story", "wording"), judged("different", "different")])
    expected = {"wording_in_one_story": 1.0, "wording": 0.0, "story": 1.0, "different": 1.0}
    assert {name: figures[name] for name in expected} == expected


# Decorations


def part(size=9):
    headlines = [Headline(title, source="The Example", published=1e9) for title in TITLES[:size]]
    return Part(
        [*headlines, Headline("Storm"), Headline("Storm")], {"story": [[*range(size), "s", "s"]], "wording": []}
    )


def test_the_same_half_is_decorated_each_time_and_the_source_stays():
    before = part()
    changed = []
    for template in DECORATIONS + MORE:
        after = decorate(before, template, seed=1)
        rows = [n for n, (a, b) in enumerate(zip(before.headlines, after.headlines, strict=True)) if a != b]
        changed.append(rows)
        for n in rows:
            old, new = before.headlines[n], after.headlines[n]
            assert new.title == template.replace("{title}", old.title).replace("{source}", "The Example")
            assert (new.source, new.published) == (old.source, old.published)
    assert len(changed[0]) == 4 and changed == [changed[0]] * 9
    assert decorate(before, "{source}", seed=2) != decorate(before, "{source}", seed=1)


def test_differences_and_the_worst():
    plain = {"story": {"f1": 0.8}}
    changes = {name: differences(plain, {"story": {"f1": value}}) for name, value in (("x", 0.85), ("y", 0.7))}
    assert changes == {"x": {"story": {"f1": 0.05}}, "y": {"story": {"f1": -0.1}}}
    assert worst(changes) == {"story": {"f1": {"decoration": "y", "difference": -0.1}}}


def test_levels_without_labels_are_not_scored():
    result = decorated([part(3)], CachingEncoder(FakeEncoder()), seed=0)
    assert result["plain"].keys() == result["worst"].keys() == {"story"}
    assert result["differences"].keys() == {*DECORATIONS, *MORE}


# Cases


def write_cases(folder: Path) -> None:
    rows = "title,story\nFerry sinks off Oslo,a\nFerry sinks off Oslo!,a\nMayor speaks,b\n"
    for number in WINDOWS:
        (folder / f"{number}-name.csv").write_text(rows)
    (folder / "03-name.csv").write_text(rows.replace("speaks,b", "speaks,a"))
    (folder / "36-feed.xml").write_text("<rss/>")


def test_cases_are_right_where_every_group_is(tmp_path):
    write_cases(tmp_path)
    result = cases(tmp_path, CachingEncoder(FakeEncoder()))
    assert (result["right"], result["of"]) == (len(WINDOWS) - 1, len(WINDOWS))
    assert [name for name, scores in result["files"].items() if not scores["right"]] == ["03-name"]
    assert result["files"]["01-name"] == {"rows": 3, "b_cubed_f1": 1.0, "pairwise_f1": 1.0, "right": True}


def test_a_missing_case_is_named(tmp_path):
    write_cases(tmp_path)
    (tmp_path / "21-name.csv").unlink()
    with pytest.raises(InputError, match=r"for each of 21$"):
        cases(tmp_path, CachingEncoder(FakeEncoder()))


def test_look_alikes_of_the_repository_are_whole_and_a_tenth_is_scored():
    rows = list(read_rows(lookalikes.INVENTED))
    assert len({row["title"].casefold() for row in rows}) == len(rows) > 7000
    for row in rows:
        assert [*row] == ["title", *COMPANIONS, "kind"]
        assert len({row[name].strip().casefold() for name in ("title", *COMPANIONS)}) == 4, row
    assert 0.09 < len(contrast_rows(lookalikes.INVENTED)) / len(rows) < 0.12


# Near-misses and the check


@pytest.mark.parametrize(
    ("apart", "verdict", "right"),
    [
        ("wording", "exact", False),
        ("wording", "wording", False),
        ("wording", "story", True),
        ("story", "exact", False),
        ("story", "story", False),
        ("story", "different", True),
        (None, "exact", True),
        (None, "wording", True),
        (None, "story", False),
    ],
)
def test_near_misses_count_exact_copies_as_joined(apart, verdict, right):
    @dataclass
    class Pair:
        verdict: str

    row = {"kind": "places", "apart": apart, "a": "Ferry", "b": "Tram", "hours": 1}
    side = "apart" if apart else "together"
    assert near_misses([row], lambda a, b: Pair(verdict))["all"][side] == right


def test_a_fall_is_more_than_a_hundredth():
    before = {"a": 0.7, "b": 0.7, "c": 0.7}
    assert check.falls(before, {"a": 0.69, "b": 0.9, "c": 0.7}) == []
    assert check.falls(before, {"a": 0.6899, "b": 0.7, "c": 0.7}) == ["a fell from 0.7000 to 0.6899, by more than 0.01"]


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Data, near-misses and look-alikes, that are judged without the bundled model."""
    monkeypatch.setattr(check, "load_encoder", lambda name: FakeEncoder())
    monkeypatch.setattr(quality, "load_encoder", lambda name: FakeEncoder())
    rows = [
        {"title": title, "source": "The Example", "story": story, "wording": story}
        for story in ("ferry", "tram")
        for title in (f"The {story} sinks off Oslo", f"The {story} sinks off Oslo!", f"Mayor wants a {story}")
    ]
    write(tmp_path / "data" / "gold" / "one.jsonl", rows)
    row = {"title": "Ferry sinks", "wording": "Ferry sinks!", "story": "Ferry sinks fast", "different": "Mayor speaks"}
    write(tmp_path / "data" / "contrast" / "dev.jsonl", [row | {"kind": "place"}])
    scored = [{"a": "Tram stops", "b": f"Tram {verb}", "score": n} for verb, n in (("stops", 5), ("burns", 1))]
    write(tmp_path / "data" / "sts" / "pairs.jsonl", scored)
    close = {"kind": "places", "hours": 1, "a": "Ferry sinks off Oslo", "b": "Ferry sinks off Bergen"}
    near = write(tmp_path / "near.jsonl", [close | {"apart": "wording"}, close | {"apart": None}])
    monkeypatch.setattr(quality, "NEAR_MISSES", near)
    made_up = [row | {"title": title, "kind": "place"} for title in TITLES[:40]]
    monkeypatch.setattr(lookalikes, "INVENTED", write(tmp_path / "look_alikes.jsonl", made_up))
    return tmp_path / "data"


def committed(data: Path) -> Path:
    out = data.parent / "quality.json"
    result = CliRunner().invoke(quality.main, ["--data", str(data), "--out", str(out), "--no-peers"])
    assert result.exit_code == 0, result.output
    return out


def test_the_check_passes_on_equal_figures_and_fails_on_any_that_fell(data):
    out = committed(data)
    arguments = ["--committed", str(out), "--data", str(data)]
    assert CliRunner().invoke(check.main, arguments).exit_code == 0
    result = json.loads(out.read_text())
    names = [*check.headline_figures(result, with_data=True)]
    assert len(names) == 14
    result["near_misses"]["all"] |= {"apart_of": 50, "apart": 51, "together_of": 50, "together": 51}
    for level in ("story", "wording"):
        ours = result["data"]["gold"]["levels"][level]["systems"]["headline-dedupe"]
        ours |= {"b_cubed_f1": 1.02, "pairwise_f1": 1.02}
    for pairs in (result["contrast"]["dev"], result["look_alikes"]):
        pairs |= {name: 1.02 for name in ("wording", "story", "story_joined", "different")}
    out.write_text(json.dumps(result))
    fallen = CliRunner().invoke(check.main, arguments)
    assert fallen.exit_code == 1
    assert [line.partition(" fell from ")[0] for line in fallen.stderr.splitlines()] == names
    without_data = CliRunner().invoke(check.main, arguments[:2])
    assert without_data.exit_code == 1 and len(without_data.stderr.splitlines()) == 6


def test_the_check_says_what_it_cannot_use(data):
    out = committed(data)
    small = json.loads(out.read_text())
    small.pop("contrast")
    (data.parent / "small.json").write_text(json.dumps(small))
    (data.parent / "broken.json").write_text("{")
    (data.parent / "empty").mkdir()
    wrong = {
        "lacks a figure ('contrast')": ["--committed", str(data.parent / "small.json"), "--data", str(data)],
        "cannot read": ["--committed", str(data.parent / "broken.json")],
        "must hold a folder gold": ["--committed", str(out), "--data", str(data.parent / "empty")],
        "does not exist": ["--committed", str(out), "--data", str(data.parent / "nowhere")],
    }
    for message, arguments in wrong.items():
        result = CliRunner().invoke(check.main, arguments)
        assert result.exit_code == 2 and message in result.stderr, result.output


def test_sets_are_chosen_by_name_and_unknown_names_are_refused(data):
    out = data.parent / "some.json"
    chosen = ["--data", str(data), "--out", str(out), "--no-peers", "--sets"]
    result = CliRunner().invoke(quality.main, [*chosen, "sts,contrast,decorated"])
    assert result.exit_code == 0, result.output
    written = json.loads(out.read_text())
    assert [*written["data"]] == ["sts"]
    assert {"contrast", "decorated", "near_misses", "look_alikes"} <= written.keys() and "gap" not in written
    assert table(written) in result.output
    refused = CliRunner().invoke(quality.main, [*chosen, "sts,gap,cases"])
    assert refused.exit_code == 1 and "nothing to score for cases, gap" in refused.output


# Peers


def test_semhash_selects_anew_as_if_it_had_searched():
    pytest.importorskip("semhash")
    from semhash import SemHash
    from vicinity import Backend

    vectors = np.random.default_rng(0).normal(size=(300, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index = SemHash.from_embeddings(vectors, [str(n) for n in range(300)], model=None, ann_backend=Backend.BASIC)
    cut = semhash(vectors)
    assert GRID[0] == LOWEST
    for threshold in (0.9, 0.3, 0.7, 0.95):
        expected = np.arange(300)
        for duplicate in index.self_deduplicate(threshold=threshold).filtered:
            expected[int(duplicate.record)] = int(duplicate.duplicate_of)
        assert cut(threshold).tolist() == expected.tolist()


def test_slices_are_parts_of_their_own():
    rows = [{"title": "a", "story": 1, "slice": "x"}, {"title": "b", "story": 1, "slice": "y", "url": "https://e.org/"}]
    assert [[row.url for row in part.headlines] for part in parts_of(rows)] == [[None], ["https://e.org/"]]
