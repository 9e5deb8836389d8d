from __future__ import annotations

import itertools
import json
import random
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import dedupe
from dedupe.errors import InputError
from dedupe.evaluation import GROUP_FIGURES, Evaluation, LabelColumns, evaluate, group_scores
from dedupe.evaluation.labelled import read_labels, runs_of
from tests.support.command_line import refused, run
from tests.support.fake_encoder import FakeEncoder
from tests.support.labelled_news import labelled_rows

# Reading labels


def test_labels_are_read_slice_by_slice() -> None:
    rows = [
        {"title": "a", "story": "1", "wording": "x", "slice": "mon"},
        {"title": "b", "story": 1.0, "wording": "x", "slice": "mon"},
        {"title": "c", "story": "1", "wording": "x", "slice": "tue"},
        {"title": "d", "story": " ", "wording": "x", "slice": "tue"},
        {"title": "e", "story": float("nan"), "wording": None, "slice": "tue"},
        {"title": "f", "story": "1", "slice": "tue"},
        {"title": "g", "story": "2", "wording": "x", "slice": "mon"},
    ]
    labelled = read_labels(rows)
    assert labelled.labels["story"].tolist() == [0, 0, 1, -1, -1, 1, 2]
    assert labelled.labels["wording"].tolist() == [0, 0, 1, -1, -1, -1, 2]
    assert [part.tolist() for part in labelled.slices] == [[0, 1, 6], [2, 3, 4, 5]]
    assert (labelled.scored("story"), labelled.pairs("story"), labelled.pairs("wording")) == (5, 2, 1)


def test_columns_have_the_names_that_were_given_in_capitals_or_not() -> None:
    rows = [{"title": "a", "Event": "1", "tongue": "x"}, {"title": "b", "Event": "1", "tongue": "y"}]
    labelled = read_labels(rows, LabelColumns(story="event", wording="tongue"))
    assert labelled.labels["story"].tolist() == [0, 0]
    assert labelled.labels["wording"].tolist() == [0, 1]
    assert list(read_labels(rows, LabelColumns(story="event")).labels) == ["story"]


@pytest.mark.parametrize(
    ("rows", "columns", "message"),
    [
        ([{"title": "a", "topic": "1"}], LabelColumns(), "no column 'story' among title, topic: rename yours"),
        (
            [{"title": "a", "story": "1"}],
            LabelColumns(wording="wordng"),
            "the labels: no column 'wordng': name one of title, story",
        ),
        ([{"title": "a", "story": "1"}], LabelColumns(slice="day"), "no column 'day'"),
        ([{"title": "a", "storey": "1"}], LabelColumns(story="stor"), "did you mean 'storey'"),
        ([{"title": "a", "story": ""}], LabelColumns(), "column 'story' is empty"),
        (["a", "b"], LabelColumns(), "no column 'story' among title"),
        ([], LabelColumns(), "no column 'story' among no columns at all"),
    ],
)
def test_labels_that_are_not_there_are_said(rows: list[Any], columns: LabelColumns, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_labels(rows, columns)


def test_a_frame_has_labels_too() -> None:
    frame = pd.DataFrame({"headline": ["Ferry sinks", "Ferry sinks!", "Rates rise"], "story": [1, 1, None]})
    evaluation = evaluate(frame, encoder=FakeEncoder(), resamples=10)
    assert evaluation.levels["story"].scored == 2
    assert evaluation.levels["story"].unlabelled == 1
    assert evaluation.levels["story"].scores["pairwise_f1"] == 1.0


def test_a_missing_value_of_pandas_is_no_label() -> None:
    rows = [{"title": title, "story": story} for title, story in (("a", "1"), ("b", pd.NA), ("c", pd.NaT), ("d", "1"))]
    assert read_labels(rows).labels["story"].tolist() == [0, -1, -1, 0]


# Evaluation


@pytest.mark.parametrize(
    ("options", "message"), [({"resamples": 0}, "resamples must be 1"), ({"worst": -1}, "worst must be 0")]
)
def test_numbers_that_make_no_sense_are_refused_before_any_work(options: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        evaluate([], **options)


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return evaluate(labelled_rows(), encoder=FakeEncoder(), worst=1000, resamples=50)


def grouped(level: str) -> tuple[list[str], list[str]]:
    """Truth and labels of all labelled rows, slice by slice, by the book."""
    truth, labels = [], []
    rows = labelled_rows()
    for part in ("day 0", "day 1"):
        members = [row for row in rows if row["slice"] == part]
        run = dedupe.deduplicate(members, encoder=FakeEncoder())
        for row, label in zip(members, run.labels(level).tolist(), strict=True):
            names = (row["story"], row["wording"].strip()) if level == "wording" else (row["story"],)
            if all(names):
                truth.append(f"{part} {names}")
                labels.append(f"{part} {label}")
    return truth, labels


@pytest.mark.parametrize("level", ["story", "wording"])
def test_each_slice_is_grouped_by_itself_and_scored_with_the_others(evaluation: Evaluation, level: str) -> None:
    truth, labels = grouped(level)
    scores = evaluation.levels[level]
    assert scores.scored == len(truth)
    assert scores.scored + scores.unlabelled == evaluation.headlines
    assert (scores.true_groups, scores.found_groups) == (len(set(truth)), len(set(labels)))
    assert scores.scores == pytest.approx(group_scores(truth, labels))
    assert all(scores.intervals[name].low <= scores.scores[name] + 0.1 for name in GROUP_FIGURES)


@pytest.mark.parametrize("level", ["story", "wording"])
def test_confusions_hold_every_wrong_pair_once(evaluation: Evaluation, level: str) -> None:
    truth, labels = grouped(level)
    pairs = list(itertools.combinations(range(len(truth)), 2))
    wrong = sum(labels[i] == labels[j] and truth[i] != truth[j] for i, j in pairs)
    missed = sum(labels[i] != labels[j] and truth[i] == truth[j] for i, j in pairs)
    scores = evaluation.levels[level]
    for side, number in ((scores.wrong, wrong), (scores.missed, missed)):
        assert sum(confusion.pairs for confusion in side) == number
        assert [confusion.pairs for confusion in side] == sorted((confusion.pairs for confusion in side), reverse=True)
        assert all(confusion.reasons for confusion in side)


def test_a_confusion_is_two_headlines_that_the_labels_part_or_join(evaluation: Evaluation) -> None:
    scores = evaluation.levels["story"]
    assert scores.wrong and scores.missed
    assert all(confusion.first.extra["story"] != confusion.second.extra["story"] for confusion in scores.wrong)
    assert all(confusion.first.extra["story"] == confusion.second.extra["story"] for confusion in scores.missed)
    assert all(confusion.probability > 0 for confusion in scores.wrong)


def test_the_pair_of_a_confusion_is_the_most_probable_one(evaluation: Evaluation) -> None:
    for part in ("day 0", "day 1"):
        rows = [row for row in labelled_rows() if row["slice"] == part]
        run = dedupe.deduplicate(rows, encoder=FakeEncoder())
        labels = run.labels("story")
        chance = {(pair.i, pair.j): pair.p_story for pair in run.pairs}
        for confusion in evaluation.levels["story"].missed:
            members = [k for k, row in enumerate(rows) if row["story"] == confusion.first.extra["story"]]
            if confusion.first.extra["slice"] != part or not confusion.scored:
                continue
            apart = [chance.get((i, j), 0.0) for i in members for j in members if i < j and labels[i] != labels[j]]
            assert confusion.probability == pytest.approx(max(apart))


def test_copies_that_are_labelled_apart_are_shown_as_such() -> None:
    rows = [{"title": "Ferry sinks off Oslo", "story": k} for k in ("a", "b")]
    rows += [{"title": "Bakery burns", "story": "c"}, {"title": "Bakery burns down", "story": "c"}]
    (confusion,) = evaluate(rows, encoder=FakeEncoder(), resamples=5).levels["story"].wrong
    assert (confusion.probability, confusion.pairs) == (1.0, 1)
    assert confusion.reasons == ("the same title, apart from case, punctuation and what is put around it",)


def test_what_the_run_never_compared_is_judged_alone_and_an_empty_title_not_at_all() -> None:
    rows = [{"title": title, "story": "a"} for title in ("Ferry sinks off Oslo", "Rates rise", "Ferry sinks off Oslo!")]
    rows += [{"title": title, "story": "b"} for title in ("", "Museum reopens")]
    missed = evaluate(rows, encoder=FakeEncoder(), resamples=5).levels["story"].missed
    assert [(confusion.pairs, confusion.scored) for confusion in missed] == [(2, False), (1, False)]
    assert missed[0].probability < 0.2
    assert missed[1].reasons == ("a title is empty",)


def test_the_order_of_the_input_does_not_matter(evaluation: Evaluation) -> None:
    rows = labelled_rows()
    shuffled = random.Random(1).sample(rows, len(rows))
    moved = evaluate(shuffled, encoder=FakeEncoder(), worst=1000, resamples=50)
    for level, scores in evaluation.levels.items():
        assert moved.levels[level].scores == pytest.approx(scores.scores)
        for name, interval in scores.intervals.items():
            moved_interval = moved.levels[level].intervals[name]
            assert (moved_interval.low, moved_interval.high) == pytest.approx((interval.low, interval.high))
        for kind in ("wrong", "missed"):
            before, after = (
                [(confusion.pairs, round(confusion.probability, 6)) for confusion in getattr(side, kind)]
                for side in (scores, moved.levels[level])
            )
            assert before == after


def test_which_copies_stand_for_a_confusion_does_not_depend_on_their_order() -> None:
    titles = [
        "Ferry sinks off Oslo",
        "Ferry sinks off Oslo coast",
        "Ferry sinks off Oslo",
        "Ferry sinks off Oslo coast",
    ]
    rows = [{"title": title, "story": f"s{k % 2}", "id": str(k + 1)} for k, title in enumerate(titles)]

    def shown(headlines: list[dict[str, str]]) -> list[Any]:
        scores = evaluate(headlines, encoder=FakeEncoder(), story_threshold=0.05, resamples=5).levels["story"]
        return [
            (confusion.first.id, confusion.second.id, confusion.reasons)
            for confusion in (*scores.wrong, *scores.missed)
        ]

    assert [ids for *ids, _ in shown(rows)] == [["1", "2"]]
    for order in itertools.permutations(rows):
        assert shown(list(order)) == shown(rows)


def test_of_wordings_that_no_rows_share_only_wrong_pairs_are_counted() -> None:
    rows = [{"title": "Ferry sinks", "story": "a", "wording": k} for k in "xyz"]
    evaluation = evaluate(rows, encoder=FakeEncoder(), resamples=5)
    assert evaluation.notes == ("no two rows share a wording: only wrongly joined pairs are counted",)
    story, wording = (evaluation.levels[level] for level in ("story", "wording"))
    assert (story.true_pairs, story.found_pairs, story.right_pairs) == (3, 3, 3)
    assert (wording.true_pairs, wording.found_pairs, wording.right_pairs) == (0, 3, 0)


@pytest.mark.parametrize("joined", [0, 3])
def test_headlines_of_which_none_belong_together_are_scored(joined: int) -> None:
    """A set of false merges: what matters is which pairs are joined."""
    told = ["Ferry sinks off Oslo"] * joined + ["Bank raises rates", "Museum reopens", "Storm closes port"]
    rows = [{"title": title, "story": k} for k, title in enumerate(told)]
    evaluation = evaluate(rows, encoder=FakeEncoder(), resamples=5)
    story = evaluation.levels["story"]
    assert (story.true_pairs, story.found_pairs, story.right_pairs) == (0, joined, 0)
    assert story.scores["b_cubed_precision"] == pytest.approx(4 / 6 if joined else 1)
    assert [confusion.pairs for confusion in story.wrong] == ([3] if joined else []) and story.missed == []


def test_counts_of_pairs_are_those_of_the_labels() -> None:
    rows, scores = labelled_rows(1), evaluate(labelled_rows(1), encoder=FakeEncoder(), resamples=5).levels["story"]
    run = dedupe.deduplicate(rows, encoder=FakeEncoder()).labels("story")
    known = [k for k, row in enumerate(rows) if row["story"]]
    same = [(rows[a]["story"] == rows[b]["story"], run[a] == run[b]) for a, b in itertools.combinations(known, 2)]
    counts = (sum(side) for side in ([t for t, _ in same], [f for _, f in same], [t and f for t, f in same]))
    assert (scores.true_pairs, scores.found_pairs, scores.right_pairs) == tuple(counts)


def test_a_threshold_is_taken() -> None:
    strict = evaluate(labelled_rows(), encoder=FakeEncoder(), story_threshold=1.0, worst=0, resamples=5).levels["story"]
    loose = evaluate(labelled_rows(), encoder=FakeEncoder(), story_threshold=0.05, worst=0, resamples=5).levels["story"]
    assert strict.threshold == 1.0
    assert strict.scores["pairwise_recall"] < loose.scores["pairwise_recall"]
    assert strict.wrong == strict.missed == []


# The command


@pytest.fixture
def labelled(tmp_path: Path, fake_encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A labelled file, in the current folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "labelled.csv"
    pd.DataFrame(labelled_rows()).rename(columns={"story": "event"}).to_csv(path, index=False)
    return path


def test_scores_come_as_json_into_a_pipe_and_a_file(labelled: Path, evaluation: Evaluation) -> None:
    piped = run("evaluate", labelled, "--story-column", "event", "--worst", "2")
    assert piped.exit_code == 0, piped.output
    scores = json.loads(piped.stdout)
    story = scores["levels"]["story"]
    assert story["scores"]["b_cubed_f1"]["value"] == round(evaluation.levels["story"].scores["b_cubed_f1"], 4)
    assert story["scores"]["b_cubed_f1"]["low"] <= story["scores"]["b_cubed_f1"]["value"]
    assert len(story["wrong"]) == len(story["missed"]) == 2
    assert set(story["wrong"][0]) == {"first", "second", "pairs", "probability", "reasons", "scored"}
    assert f"{story['unlabelled']} headlines without a story not scored" in piped.stderr
    run("evaluate", labelled, "--story-column", "event", "--worst", "2", "-o", "scores.json", "-q")
    assert json.loads(Path("scores.json").read_text("utf-8")) == scores
    assert "--force" in refused("evaluate", labelled, "--story-column", "event", "-o", "scores.json")


def test_the_table_has_scores_and_headlines(labelled: Path) -> None:
    output = run("evaluate", labelled, "--story-column", "event", "--format", "table").stdout
    for words in (
        "B-cubed",
        "pairwise",
        "adjusted Rand",
        "story: wrongly joined",
        "story: wrongly separated",
    ):
        assert words in output
    assert "wording, threshold" in output
    assert "both say" in output


def test_any_input_is_read(labelled: Path) -> None:
    frame = pd.read_csv(labelled)
    frame.to_parquet("labelled.parquet")
    frame.to_json("labelled.jsonl.gz", orient="records", lines=True)
    outcomes = [
        json.loads(run("evaluate", path, "--story-column", "event").stdout)
        for path in (labelled, "labelled.parquet", "labelled.jsonl.gz")
    ]
    assert outcomes[0] == outcomes[1] == outcomes[2]


def test_a_file_of_false_merges_is_scored_by_what_is_joined(labelled: Path) -> None:
    Path("merges.csv").write_text("title,story\nFerry sinks,1\nFerry sinks,2\nBakery burns,3\n", "utf-8")
    outcome = run("evaluate", "merges.csv", "--format", "table")
    assert outcome.exit_code == 0
    assert "story: 1 pair wrongly joined, of 3 pairs of which none belongs together" in outcome.stdout
    assert "pairwise" not in outcome.stdout and "adjusted" not in outcome.stdout
    assert "no two rows share a story: only wrongly joined pairs are counted" in outcome.stderr
    pairs = json.loads(run("evaluate", "merges.csv").stdout)["levels"]["story"]["pairs"]
    assert pairs == {"true": 0, "found": 1, "right": 0}


def test_wrong_calls_are_one_line(labelled: Path) -> None:
    Path("titles.txt").write_text("Ferry sinks\nBakery burns\n", "utf-8")
    assert "no column 'story' among title, published, source, event" in refused("evaluate", labelled)
    assert "no column 'wordings'" in refused(
        "evaluate", labelled, "--story-column", "event", "--wording-column", "wordings"
    )
    assert "no column 'story' among title" in refused("evaluate", "titles.txt")
    line = refused("evaluate", labelled, "-o", "scores.csv")
    assert "scores.csv: .csv files cannot be written: name a file that ends in .json or .txt" in line
    assert "is also the input" in refused("evaluate", labelled, "-o", labelled, "--force", "--format", "json")


def test_a_dry_run_tells_the_labels(labelled: Path) -> None:
    outcome = run("evaluate", labelled, "--story-column", "event", "--dry-run", "-o", "scores.json")
    assert outcome.exit_code == 0
    assert "labels: story " in outcome.stdout
    assert "2 slices" in outcome.stdout
    assert not Path("scores.json").exists()


def test_warnings_and_corrections_of_the_runs_are_told(labelled: Path) -> None:
    rows = [row for row in labelled_rows() if row["title"]]
    fixed = Path("fixed.csv")
    pd.DataFrame([(rows[0]["title"], rows[1]["title"], "different")], columns=["title_a", "title_b", "verdict"]).to_csv(
        fixed
    )
    command = ("evaluate", labelled, "--story-column", "event", "--corrections", fixed)
    outcome = run(*command)
    scores = json.loads(outcome.stdout)
    assert scores["corrections"] == 1
    assert ", 1 correction applied" in outcome.stderr
    assert "empty-title" in [warning["code"] for warning in scores["warnings"]]
    assert "warning: 1 row without a title: left ungrouped\n" in outcome.stderr
    assert "corrections 1\n" in run(*command, "--dry-run").stdout
    for option in (("-o", fixed, "--format", "json"), ("--skip-bad", "--rejects", fixed)):
        assert "is also the input" in refused(*command, "--force", *option)
    assert "applied" not in run(*command[:-2]).stderr


def test_a_foreign_encoder_is_said_to_be_uncalibrated() -> None:
    class Foreign:
        encode = FakeEncoder().encode

    evaluation = evaluate(labelled_rows(), encoder=Foreign(), resamples=5)
    assert [caution.code for caution in evaluation.warnings].count("uncalibrated") == 1


def test_corrections_may_be_an_address(labelled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Any] = []
    monkeypatch.setattr("dedupe.clustering.corrections.read_corrections", lambda path: read.append(path) or [])
    address = "https://example.org/fixed.csv"
    assert run("evaluate", labelled, "--story-column", "event", "--corrections", address, "--dry-run").exit_code == 0
    assert run("cluster", labelled, "--corrections", address, "--dry-run").exit_code == 0
    assert [list(paths) for paths in read] == [[address], [address]]


def test_an_iterator_of_corrections_serves_all_slices() -> None:
    rows = [
        *({"title": f"Ferry sinks off Oslo, {number} dead", "story": "1", "slice": "a"} for number in (3, 3)),
        {"title": "Storm closes port of Rotterdam", "story": "2", "slice": "b"},
        {"title": "Rotterdam port shut by storm", "story": "2", "slice": "b"},
    ]
    fixed = [(rows[2]["title"], rows[3]["title"], "different")]
    labelled = read_labels(rows)
    runs = [
        runs_of(labelled, encoder=FakeEncoder(), corrections=corrections)[1] for corrections in (fixed, iter(fixed))
    ]
    assert [run.corrections for run in runs] == [1, 1]
