from __future__ import annotations

import itertools
import json
import random
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import dedupe
from dedupe.clustering.merge_tree import MergeTree
from dedupe.errors import InputError
from dedupe.evaluation import Goal, ThresholdChoice, choose_threshold, pairwise, tune, tune_by_answers
from dedupe.evaluation.curves import StepCounts, reaching, smoothed
from dedupe.evaluation.labelled import LabelledHeadlines, read_labels, runs_of
from dedupe.evaluation.labelled_pairs import LabelledPairs, labelled_pairs
from dedupe.evaluation.metrics import connected_blocks
from dedupe.evaluation.tables import tuning_json, tuning_lines
from dedupe.evaluation.threshold_choice import SURE
from tests.support.command_line import refused, run
from tests.support.fake_encoder import FakeEncoder
from tests.support.labelled_news import clear_rows, labelled_rows

Pairs = dict[str, NDArray[Any]]
LEVELS = ("story", "wording")


def choose(heights: Any, same: Any, weights: Any = None, blocks: Any = None, **options: Any) -> ThresholdChoice:
    return choose_threshold(LabelledPairs.of(heights, same, weights, blocks), **options)


def random_tree(rng: np.random.Generator, nodes: int) -> MergeTree:
    """Merges in any order of heights, of groups named by the node of theirs that was never absorbed."""
    alive, left, right = list(range(nodes)), [], []
    for _ in range(int(rng.integers(0, nodes))):
        a, b = rng.choice(alive, 2, replace=False).tolist()
        left.append(a)
        right.append(b)
        alive.remove(b)
    return MergeTree(nodes, np.array(left, int), np.array(right, int), rng.choice(np.arange(1, 11) / 10, len(left)))


@pytest.mark.parametrize("seed", range(20))
def test_where_two_nodes_come_together_is_where_the_cuts_say(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tree = random_tree(rng, int(rng.integers(2, 30)))
    i, j = (side.reshape(-1) for side in np.indices((tree.nodes, tree.nodes)))
    slow = np.where(i == j, 1.0, 0.0)
    for threshold in np.arange(1, 11) / 10:
        labels = tree.cut(threshold)
        slow[(labels[i] == labels[j]) & (i != j)] = threshold
    assert np.array_equal(tree.cophenetic(i, j), slow)


def test_a_long_chain_is_climbed() -> None:
    n = 400
    tree = MergeTree(n, np.arange(1, n), np.arange(n - 1), np.linspace(1, 0.1, n - 1))
    assert tree.cophenetic(np.array([0, 0, 5]), np.array([n - 1, 1, 5])).tolist() == [0.1, 1.0, 1.0]


@pytest.fixture(scope="module")
def labelled() -> LabelledHeadlines:
    return read_labels(labelled_rows())


@pytest.fixture(scope="module")
def runs(labelled: LabelledHeadlines) -> list[dedupe.Deduplication]:
    return runs_of(labelled, encoder=FakeEncoder())


def listed(labelled: LabelledHeadlines, runs: list[dedupe.Deduplication], level: str) -> Pairs:
    """Every pair of labelled rows of a slice, by the book."""
    pairs: dict[str, list[Any]] = {"heights": [], "same": [], "blocks": []}
    for number, (rows, result) in enumerate(zip(labelled.slices, runs, strict=True)):
        truth = labelled.labels[level][rows]
        here = np.flatnonzero(truth >= 0)
        i, j = here[np.array(list(itertools.combinations(range(len(here)), 2))).T]
        heights = result.cophenetic(i, j, level)
        floor = result.regroup(**{f"{level}_threshold": result.floor}).labels("story")
        if level == "wording":
            floor = result.regroup(wording_threshold=result.floor).labels("wording")
        block = connected_blocks(np.unique(truth[here], return_inverse=True)[1], floor[here])
        block_of = dict(zip(here.tolist(), block.tolist(), strict=True))
        kept = (heights > 0) | (truth[i] == truth[j])
        pairs["heights"].append(heights[kept])
        pairs["same"].append((truth[i] == truth[j])[kept])
        pairs["blocks"].append(np.array([block_of[k] for k in i.tolist()])[kept] + 1000 * number)
    return {name: np.concatenate(values) for name, values in pairs.items()}


def test_rows_come_together_where_the_labels_say(runs: list[dedupe.Deduplication]) -> None:
    run = runs[0]
    i, j = np.triu_indices(len(run), 1)
    for level, threshold in itertools.product(LEVELS, (0.05, 0.2, 0.5, 0.9, 1.0)):
        labels = run.regroup(**{f"{level}_threshold": threshold}).labels(level)
        assert np.array_equal(run.cophenetic(i, j, level) >= threshold, labels[i] == labels[j])
    with pytest.raises(InputError, match="level must be one of"):
        run.cophenetic(i, j, "exact")


@pytest.mark.parametrize("level", LEVELS)
def test_the_curve_is_what_cutting_at_each_threshold_gives(
    labelled: LabelledHeadlines, runs: list[dedupe.Deduplication], level: str
) -> None:
    pairs = labelled_pairs(labelled, runs, level)
    curve = choose_threshold(pairs, resamples=5).curve
    truth = np.concatenate([labelled.labels[level][rows] for rows in labelled.slices])
    for k in range(0, len(curve.threshold), 5):
        cuts = [run.regroup(**{f"{level}_threshold": float(curve.threshold[k])}).labels(level) for run in runs]
        groups = np.concatenate([cut + 10_000 * part for part, cut in enumerate(cuts)])
        score = pairwise(truth[truth >= 0], groups[truth >= 0])
        if curve.joined[k]:
            assert curve.precision[k] == pytest.approx(score.precision)
            assert curve.f1[k] == pytest.approx(score.f1)
        assert curve.recall[k] == pytest.approx(score.recall)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("goal", [Goal(), Goal("precision", 0.2), Goal("recall", 0.5)], ids=str)
def test_pairs_counted_by_merge_choose_as_pairs_in_a_list(
    labelled: LabelledHeadlines, runs: list[dedupe.Deduplication], level: str, goal: Goal
) -> None:
    pairs, slow = labelled_pairs(labelled, runs, level), listed(labelled, runs, level)
    assert pairs.weights.sum() == len(slow["same"])
    fast = choose_threshold(pairs, goal, resamples=100)
    assert same_choice(fast, choose(**slow, goal=goal, resamples=100))


def same_choice(first: ThresholdChoice, second: ThresholdChoice) -> bool:
    names = ("threshold", "interval", "reached", "intervals", "pairs", "true", "blocks")
    return all(getattr(first, name) == getattr(second, name) for name in names)


# The choice


def sample(seed: int, pairs: int = 3000, blocks: int = 300) -> Pairs:
    """Pairs whose chance to be true is their height squared."""
    rng = np.random.default_rng(seed)
    heights = np.where(rng.random(pairs) < 0.1, 0.0, rng.uniform(0.05, 1, pairs))
    same = (rng.random(pairs) < heights**2) | (heights == 0)
    return {"heights": heights, "same": same, "blocks": rng.integers(blocks, size=pairs)}


@pytest.mark.parametrize("seed", range(5))
def test_a_precision_asked_for_holds_on_other_pairs(seed: int) -> None:
    choice = choose(**sample(seed), goal=Goal("precision", 0.8), resamples=200)
    others = sample(100 + seed, 20_000)
    together = others["heights"] >= choice.threshold
    assert others["same"][together].mean() >= 0.78
    assert choice.reached["precision"] >= 0.8
    assert choice.interval.low <= choice.threshold
    assert choice.intervals["recall"].low <= choice.reached["recall"] <= choice.intervals["recall"].high


def test_a_recall_asked_for_is_reached_and_no_higher_threshold_is_taken_than_all_pairs_allow() -> None:
    pairs = sample(1)
    choice = choose(**pairs, goal=Goal("recall", 0.6), resamples=200)
    highest = [t for t in choice.curve.threshold if recall(pairs, t) >= 0.6][-1]
    assert 0.05 < choice.threshold <= highest
    assert choice.reached["recall"] == pytest.approx(recall(pairs, choice.threshold))


def recall(pairs: Pairs, threshold: float) -> float:
    return float(((pairs["heights"] >= threshold) & pairs["same"]).sum() / pairs["same"].sum())


@pytest.mark.parametrize(("figure", "least"), [("precision", 0.8), ("recall", 0.6)])
def test_the_threshold_that_would_do_on_these_very_pairs_is_named(figure: str, least: float) -> None:
    choice = choose(**sample(1), goal=Goal(figure, least), resamples=200)
    assert choice.bare
    bare, reached = choice.bare
    enough = [t for t in choice.curve.threshold if getattr(choice.curve, figure)[choice.curve.threshold == t] >= least]
    assert bare == (min(enough) if figure == "precision" else max(enough))
    assert (bare <= choice.threshold) if figure == "precision" else (bare >= choice.threshold)
    assert least <= reached[figure] <= choice.reached[figure]
    assert choose(**sample(1), resamples=20).bare is None


def test_the_best_f1_is_near_the_best_of_all_thresholds() -> None:
    choice = choose(**sample(2), resamples=200)
    assert choice.reached["f1"] >= choice.curve.f1.max() - 0.01


def test_a_lucky_dip_does_not_choose() -> None:
    heights = np.repeat([0.2, 0.3, 0.6, 0.9], [60, 400, 400, 400])
    same = np.concatenate([np.ones(60), np.tile([1, 0], 200), np.tile([1] * 19 + [0], 20), np.ones(400)]).astype(bool)
    choice = choose(heights, same, goal=Goal("precision", 0.96), resamples=200)
    assert 0.3 < choice.threshold <= 0.6
    assert choose(heights, same, goal=Goal("precision", 0.99), resamples=200).threshold > 0.6


def test_few_right_pairs_prove_little() -> None:
    with pytest.raises(InputError, match=r"a precision of 0\.98 in 95% of the resamples .* ask for at most 0\.9, or"):
        choose(np.full(9, 0.9), np.ones(9, bool), goal=Goal("precision", 0.98))


@pytest.mark.parametrize("figure", ["precision", "recall"])
def test_what_the_refusal_says_can_be_asked_for(figure: str) -> None:
    pairs = sample(3, 600)
    with pytest.raises(InputError) as refused:
        choose(**pairs, goal=Goal(figure, 0.999), resamples=100)
    most = float(str(refused.value).partition("at most ")[2].partition(",")[0])
    assert choose(**pairs, goal=Goal(figure, most), resamples=100).reached[figure] >= most
    with pytest.raises(InputError, match="at most"):
        choose(**pairs, goal=Goal(figure, most + 0.001), resamples=100)


def test_neither_the_order_of_pairs_nor_the_numbers_of_blocks_matter() -> None:
    pairs = sample(4)
    order = np.random.default_rng(0).permutation(len(pairs["same"]))
    moved = {name: values[order] for name, values in pairs.items()}
    moved["blocks"] = 7 * (1000 - moved["blocks"])
    assert same_choice(choose(**pairs, resamples=50), choose(**moved, resamples=50))


def test_a_weight_is_so_many_pairs() -> None:
    pairs, times = sample(5), np.random.default_rng(1).integers(1, 4, 3000)
    repeated = {name: np.repeat(values, times) for name, values in pairs.items()}
    assert same_choice(choose(**repeated, resamples=50), choose(**pairs, weights=times, resamples=50))


def test_smoothing_keeps_the_number_of_true_pairs_and_makes_precision_rise() -> None:
    counts = StepCounts.of(LabelledPairs.of(**sample(6), weights=None), 0.05)
    (true,), (every,) = counts.drawn(np.ones((1, counts.blocks)))
    smooth = smoothed(true, every)
    assert smooth.sum() == pytest.approx(true.sum())
    joined = reaching(every)
    precision = reaching(smooth)[joined > 0] / joined[joined > 0]
    assert (np.diff(precision) > -1e-9).all()


def test_resamples_are_blocks_drawn_again() -> None:
    counts = StepCounts.of(LabelledPairs.of(**sample(7, 40, 6), weights=None), 0.05)
    true, every = counts.resampled(30, seed=3)
    rng = np.random.default_rng(3)
    times = rng.multinomial(counts.blocks, np.full(counts.blocks, 1 / counts.blocks), size=30)
    assert np.array_equal(every, times @ counts.all.toarray())
    assert np.array_equal(true, times @ counts.true.toarray())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((0.5, 0.6), (True,)), "need one value per pair"),
        (((0.5, 1.6), (True, False)), r"must lie in \[0, 1\]"),
        (((0.5, float("nan")), (True, False)), r"must lie in \[0, 1\]"),
        (((0.5, 0.6), (False, False)), "no pair truly belongs together"),
        (((0.5, 0.6), (True, False), (1, -1)), "weights must be finite"),
        (((0.5, 0.6), (True, False), (1, 1), (0,)), "need one value per pair"),
        (((), ()), "no pair truly belongs together"),
    ],
)
def test_pairs_that_do_not_fit_are_refused(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        choose(*arguments)


@pytest.mark.parametrize(
    ("goal", "message"),
    [
        (("accuracy", 0.9), "figure must be one of"),
        (("precision", None), "need a least value"),
        (("f1", 0.9), "f1 takes none"),
        (("recall", 1.2), "over 0 and up to 1"),
    ],
)
def test_goals_that_make_no_sense_are_refused(goal: tuple[str, float | None], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Goal(*goal)


def test_the_level_is_checked_before_any_work() -> None:
    with pytest.raises(InputError, match="level must be one of wording, story"):
        tune(labelled_rows(), level="exact")


def test_a_goal_is_checked_before_any_work() -> None:
    with pytest.raises(InputError, match=r"goal must be a Goal, such as Goal\('precision', 0.98\), not 'precision'"):
        tune([{"title": "a"}], "precision")
    with pytest.raises(InputError, match="goal must be a Goal"):
        choose([0.5], [True], goal="f1")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"floor": 2}, "floor must be over 0 and up to 1, not 2"),
        ({"floor": 0}, "floor must be over 0"),
        ({"floor": float("nan")}, "floor must be over 0"),
        ({"before": 1.5}, r"before must be from 0\.05 to 1, not 1\.5"),
        ({"before": 0.01}, "before must be from"),
    ],
)
def test_thresholds_that_cannot_be_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        choose([0.5, 0.6], [True, False], **options)


@pytest.mark.parametrize("level", LEVELS)
def test_the_threshold_in_force_is_that_given(csv: Path, level: str) -> None:
    rows = labelled_rows(1)
    options: dict[str, Any] = {"level": level, "encoder": FakeEncoder(), "resamples": 20, f"{level}_threshold": 0.9}
    assert tune(rows, **options).before == 0.9
    answers = [(first, second, verdict.replace("story", level)) for first, second, verdict in answered(csv, 60)]
    assert tune_by_answers(rows, answers, **options).before == 0.9


def test_the_order_of_the_input_does_not_matter() -> None:
    rows = labelled_rows()
    shuffled = random.Random(3).sample(rows, len(rows))
    first, second = (tune(headlines, encoder=FakeEncoder(), resamples=100) for headlines in (rows, shuffled))
    assert same_choice(first.choice, second.choice)
    assert sorted(first.probabilities) == sorted(second.probabilities)
    assert first.caution is not None
    assert first.scored + first.unlabelled == len(rows)


# The command


@pytest.fixture
def csv(tmp_path: Path, fake_encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A labelled file, in the current folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "labelled.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in labelled_rows()), "utf-8")
    return path


def test_a_threshold_is_put_into_settings_that_cluster_uses(csv: Path) -> None:
    outcome = run("tune", csv, "--precision", "0.7")
    assert outcome.exit_code == 0, outcome.output
    threshold = tomllib.loads(Path("headline-dedupe.toml").read_text("utf-8"))["story_threshold"]
    assert f"story threshold for a precision of 0.7: {threshold:.3f} (" in outcome.stdout
    assert "\nprecision: 0." in outcome.stdout
    assert "that belong together" in outcome.stdout
    assert f"headline-dedupe.toml: story_threshold = {threshold:g}\n" in outcome.stdout
    assert "warning: few labels: " in outcome.stderr
    used = run("cluster", csv, "--settings", "headline-dedupe.toml", "-o", "-")
    typed = run("cluster", csv, "--story-threshold", str(threshold), "-o", "-")
    assert used.exit_code == 0
    assert used.stdout == typed.stdout


@pytest.mark.slow
def test_only_the_threshold_changes_and_the_same_again_changes_nothing(csv: Path) -> None:
    before = '# ours\r\nwindow = "72h" # days\r\n\r\nstory_threshold = 0.99 # guessed\r\n\r\n[dedupe]\r\nkeep = "earliest"\r\n'
    settings = Path("desk.toml")
    settings.write_bytes(before.encode())
    assert "desk.toml: story_threshold = 0.99 -> 0." in run("tune", csv, "-o", settings).stdout
    after = settings.read_bytes().decode()
    threshold = tomllib.loads(after)["story_threshold"]
    assert after == before.replace("story_threshold = 0.99", f"story_threshold = {threshold}")
    again = run("tune", csv, "-o", settings)
    assert f"story_threshold = {threshold}, unchanged" in again.stdout
    assert settings.read_bytes().decode() == after
    assert run("tune", csv, "-o", settings, "--level", "wording").exit_code == 0
    assert tomllib.loads(settings.read_text("utf-8"))["wording_threshold"] > 0


def test_a_table_that_would_go_before_is_changed_too(csv: Path) -> None:
    Path("desk.toml").write_text('[cluster]\nstory_threshold = 0.999\n[match]\nwindow = "3d"\n', "utf-8")
    output = run("tune", csv, "-o", "desk.toml").stdout
    assert "desk.toml, [cluster]: story_threshold = 0.999 -> 0." in output
    assert "[match]" not in output
    written = tomllib.loads(Path("desk.toml").read_text("utf-8"))
    assert written["story_threshold"] == written["cluster"]["story_threshold"] < 0.999
    assert "story" not in written["match"]


@pytest.mark.slow
def test_pictures_are_drawn_beside_the_settings_or_where_asked(csv: Path) -> None:
    assert run("tune", csv, "-o", "desk.toml").exit_code == 0
    assert run("tune", csv, "-o", "desk.toml", "--level", "wording", "--plots", "deep/pictures").exit_code == 0
    for folder, level in ((".", "story"), ("deep/pictures", "wording")):
        for name in ("reliability", "precision-recall"):
            with Image.open(Path(folder) / f"desk-{level}-{name}.png") as picture:
                assert picture.format == "PNG"
                assert picture.size > (300, 300)
                assert len(picture.convert("RGB").getcolors(2**24) or ()) > 10


def test_json_says_the_same(csv: Path) -> None:
    outcome = run("tune", csv, "--recall", "0.5", "--format", "json", "-o", "desk.toml")
    report = json.loads(outcome.stdout)
    assert report["threshold"]["value"] == tomllib.loads(Path("desk.toml").read_text("utf-8"))["story_threshold"]
    assert report["goal"] == {"figure": "recall", "least": 0.5}
    assert report["recall"]["value"] >= 0.5
    assert report["slices"] == 2
    assert all(Path(picture).exists() for picture in report["plots"])


def test_the_text_says_why_the_threshold_overshoots(csv: Path) -> None:
    text = run("tune", csv, "--recall", "0.5").stdout
    report = json.loads(run("tune", csv, "--recall", "0.5", "--format", "json").stdout)
    bare = report["bare"]
    assert bare["recall"] >= 0.5
    line = f"why not {bare['threshold']:.3f}: it reaches the goal on these very labels (recall {bare['recall']:.3f}, "
    assert (line in text) == (bare["threshold"] != report["threshold"]["value"])
    assert "why not" not in run("tune", csv, "--f1").stdout


def test_what_cannot_be_reached_is_said_and_nothing_is_written(csv: Path) -> None:
    before = set(Path().iterdir())
    line = refused("tune", csv, "--precision", "0.999", "--plots", "pictures")
    assert "no threshold from 0.05 to 1 reaches a precision of 0.999" in line
    assert f"in {SURE:.0%} of the resamples" in line
    assert "label more" in line
    assert {path for path in Path().iterdir() if path.suffix != ".toml"} - before <= {Path("vector-cache")}
    assert not Path("headline-dedupe.toml").exists()


def test_a_dry_run_writes_nothing(csv: Path) -> None:
    outcome = run("tune", csv, "--dry-run")
    assert outcome.exit_code == 0
    assert "labels: story " in outcome.stdout
    assert not Path("headline-dedupe.toml").exists()


def test_wrong_calls_are_one_line(csv: Path) -> None:
    Path("bad.toml").write_text("story_threshold = = 1\n", "utf-8")
    alone = Path("alone.csv")
    alone.write_text("title,story\nFerry sinks,1\nBakery burns,2\n", "utf-8")
    assert "contradict" in refused("tune", csv, "--precision", "0.9", "--recall", "0.9")
    assert "is not valid TOML" in refused("tune", csv, "-o", "bad.toml")
    assert "must end in .toml: name a settings file with -o" in refused("tune", csv, "-o", "-")
    assert "is also the input" in refused("tune", csv, "-o", csv)
    assert "must end in .toml" in refused("tune", csv, "-o", "stories.jsonl")
    assert "has a story of its own" in refused("tune", alone)
    assert "no column 'wording'" in refused("tune", alone, "--level", "wording")
    alone.write_text("title,story,wording\nFerry sinks,1,\nFerry sinks!,1, \n", "utf-8")
    assert "no row with a story has a wording too: name the column" in refused("tune", alone, "--level", "wording")
    assert "0<x<=1" in refused("tune", csv, "--precision", "0")


def test_wordings_are_tuned_inside_the_stories_of_the_settings(csv: Path) -> None:
    Path("desk.toml").write_text("story_threshold = 1.0\n", "utf-8")
    inside = json.loads(run("tune", csv, "--level", "wording", "--format", "json", "-o", "desk.toml").stdout)
    typed = run(
        "tune", csv, "--level", "wording", "--format", "json", "-o", "other.toml", "--story-threshold", "1.0"
    ).stdout
    assert inside["threshold"] == json.loads(typed)["threshold"]
    assert inside["pairs"] == json.loads(typed)["pairs"]


@pytest.mark.slow
def test_what_stays_is_the_threshold_of_the_settings(csv: Path) -> None:
    clear = Path("clear.jsonl")
    clear.write_text("".join(json.dumps(row) + "\n" for row in clear_rows()), "utf-8")
    for level, text in (
        ("story", "story_threshold = 0.5\n"),
        ("wording", "wording_threshold = 0.5\n"),
        ("story", "[match]\nstory_threshold = 0.5\n"),
    ):
        Path("desk.toml").write_text(text, "utf-8")
        outcome = run("tune", clear, "-o", "desk.toml", "--level", level, "--format", "json")
        report = json.loads(outcome.stdout)
        assert report["before"] == 0.5
        assert any("0.5" in line for line in report["written"])
    Path("desk.toml").write_text("story_threshold = 0.5\n", "utf-8")
    assert (
        json.loads(run("tune", clear, "-o", "desk.toml", "--story-threshold", "0.6", "--format", "json").stdout)[
            "before"
        ]
        == 0.6
    )
    Path("desk.toml").write_text("story_threshold = 0.5\n", "utf-8")
    Path("other.toml").write_text("story_threshold = 0.7\n", "utf-8")
    for target, before in (("other.toml", 0.7), ("new.toml", 0.5)):
        text = run("tune", clear, "-o", target, "--settings", "desk.toml", "--format", "json")
        assert json.loads(text.stdout)["before"] == before


def test_what_is_said_to_stay_is_what_is_written(csv: Path) -> None:
    rows = [
        {"title": title, "story": title[0]} for title in ("Ferry sinks", "Ferry sinks!", "Bread is dear", "Rates rise")
    ]
    Path("copies.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    Path("desk.toml").write_text("story_threshold = 0.5\n", "utf-8")
    output = run("tune", "copies.jsonl", "-o", "desk.toml").stdout
    assert "story threshold for the best F1: 0.500 (" in output
    assert "; 0.5 stays in force, because no other threshold is clearly better on these labels\n" in output
    assert "desk.toml: story_threshold = 0.5, unchanged\n" in output


@pytest.mark.slow
def test_wordings_are_tuned_inside_the_stories_of_a_command_too(csv: Path) -> None:
    Path("desk.toml").write_text("[cluster]\nstory_threshold = 1.0\n", "utf-8")
    inside = json.loads(run("tune", csv, "--level", "wording", "--format", "json", "-o", "desk.toml").stdout)
    typed = run(
        "tune", csv, "--level", "wording", "--format", "json", "-o", "other.toml", "--story-threshold", "1.0"
    ).stdout
    assert inside["pairs"] == json.loads(typed)["pairs"]


@pytest.mark.parametrize("value", ['"high"', "true"])
def test_a_threshold_in_the_settings_that_is_none_is_said(csv: Path, value: str) -> None:
    Path("desk.toml").write_text(f"[match]\nstory_threshold = {value}\n", "utf-8")
    assert "desk.toml, [match]: story_threshold = " in refused("tune", csv, "-o", "desk.toml")


def test_options_without_a_meaning_are_refused_where_they_were_typed(csv: Path) -> None:
    answered(csv, 60)
    Path("desk.toml").write_text('story-column = "story"\nwording_threshold = 0.5\n', "utf-8")
    by_answers = ("tune", "news.jsonl", "--labels", "labels.csv")
    for column in ("story-column", "wording-column", "slice-column"):
        assert f"--{column} has no effect with --labels" in refused(*by_answers, f"--{column}", "story")
    line = refused(*by_answers, "--level", "wording", "--story-threshold", "0.5")
    assert "--story-threshold has no effect with --labels and --level wording" in line
    assert "--wording-threshold has no effect with --level story" in refused("tune", csv, "--wording-threshold", "0.5")
    assert run(*by_answers, "--settings", "desk.toml").exit_code == 0


def test_a_goal_that_was_typed_goes_before_that_of_the_settings(csv: Path) -> None:
    Path("desk.toml").write_text("[tune]\nprecision = 0.6\n", "utf-8")
    for typed, goal in (
        (("--recall", "0.5"), "a recall of 0.5"),
        (("--f1",), "the best F1"),
        ((), "a precision of 0.6"),
    ):
        assert f"goal {goal}" in run("tune", csv, "--settings", "desk.toml", "--dry-run", *typed).stdout
    Path("desk.toml").write_text("[tune]\nprecision = 0.6\nrecall = 0.5\n", "utf-8")
    assert "contradict" in refused("tune", csv, "--settings", "desk.toml")


def test_settings_may_name_where_it_is_written_as_the_command_line_does(csv: Path) -> None:
    Path("desk.toml").write_text('[tune]\noutput = "z.toml"\n', "utf-8")
    assert "output: z.toml, as settings" in run("tune", csv, "--settings", "desk.toml", "--dry-run").stdout
    assert "output: y.toml" in run("tune", csv, "--settings", "desk.toml", "--dry-run", "-o", "y.toml").stdout


def test_a_threshold_that_puts_nothing_together_is_said(csv: Path) -> None:
    choice = choose([0, 0, 0.5, 0.5], [True, True, False, False], before=1.0, resamples=20)
    assert (choice.threshold, choice.joined) == (1.0, 0.0)
    tuning = tune(labelled_rows(), encoder=FakeEncoder(), resamples=20)
    assert not any("none of the labelled pairs" in line for line in tuning_lines(tuning))
    assert "this threshold joins none of the labelled pairs" in tuning_lines(replace(tuning, choice=choice))
    assert tuning_json(replace(tuning, choice=choice))["found"] == 0


def test_warnings_of_the_run_are_shown(csv: Path) -> None:
    rows = [dict(row, published="soon") if k % 7 == 0 else row for k, row in enumerate(labelled_rows())]
    csv.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    outcome = run("tune", csv, "--format", "json")
    bad = [k for k, row in enumerate(rows) if row["published"] == "soon"]
    warnings = {warning["code"]: warning for warning in json.loads(outcome.stdout)["warnings"]}
    assert warnings["bad-date"]["rows"] == len(bad)
    assert f"(in one slice; {len(bad)} such rows in 2 slices)" in warnings["bad-date"]["message"]
    assert f"warning: {warnings['bad-date']['message']}\n" in outcome.stderr
    tuning = tune(rows, encoder=Foreign(), resamples=20)
    assert {caution.code: caution.positions for caution in tuning.warnings}["bad-date"] == tuple(bad)
    assert [caution.code for caution in tuning.warnings].count("uncalibrated") == 1
    by_answers = tune_by_answers(rows, answered(csv, 60), encoder=Foreign(), resamples=20)
    assert "uncalibrated" in [caution.code for caution in by_answers.warnings]


class Foreign:
    """An encoder of which nothing is known."""

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        return FakeEncoder().encode(texts)


def test_a_folder_that_cannot_be_made_is_said(csv: Path) -> None:
    assert "cannot make the folder" in refused("tune", csv, "--plots", csv / "pictures", "-q")


def test_settings_of_other_commands_do_not_say_where_it_is_written(csv: Path) -> None:
    Path("desk.toml").write_text('output = "stories.jsonl"\nwindow = "72h"\n', "utf-8")
    assert run("tune", csv, "--settings", "desk.toml", "-o", "desk.toml").exit_code == 0
    assert not Path("stories.jsonl").exists()
    assert tomllib.loads(Path("desk.toml").read_text("utf-8"))["window"] == "72h"


# Answers about pairs


def answered(csv: Path, number: int) -> list[tuple[str, str, str]]:
    """Answers to the questions about the file, as its labels have them, in a file of answers, too."""
    from dedupe.evaluation.answers import Answers
    from dedupe.evaluation.questions import Questions

    rows = [row for row in labelled_rows(1) if row["title"]]
    run = dedupe.deduplicate(rows, encoder=FakeEncoder())
    questions, answers = Questions(run, "story"), Answers(Path("labels.csv"))
    while len(questions.answered) < number and (place := questions.next()) is not None:
        first, second = (run.headlines[row] for row in questions.titles(place))
        verdict = "story" if first.extra["story"] == second.extra["story"] else "different"
        questions.answer(place, verdict)
        answers.add(first, second, verdict, "story")
    Path("news.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return answers.verdicts("story")


def test_all_pairs_answered_are_as_good_as_labels(csv: Path) -> None:
    rows = [row for row in labelled_rows(1) if row["title"]]
    tuning = tune_by_answers(rows, answered(csv, 10**6), encoder=FakeEncoder(), resamples=100)
    run = dedupe.deduplicate(rows, encoder=FakeEncoder())
    i, j = np.triu_indices(len(run.nodes.title_row), 1)
    stories = np.array([str(run.headlines[row].extra["story"]) for row in run.nodes.title_row])
    height = run.trees["story"].cophenetic(i, j)
    for k in range(0, len(tuning.choice.curve.threshold), 50):
        together = height >= tuning.choice.curve.threshold[k]
        right = together & (stories[i] == stories[j])
        assert tuning.choice.curve.joined[k] == pytest.approx(together.sum())
        if together.any():
            assert tuning.choice.curve.precision[k] == pytest.approx(right.sum() / together.sum())
    assert tuning.answers == len(answered(csv, 0))


@pytest.mark.slow
def test_answers_tune_on_the_command_line(csv: Path) -> None:
    answered(csv, 60)
    outcome = run("tune", "news.jsonl", "--labels", "labels.csv", "--format", "json")
    assert outcome.exit_code == 0, outcome.output
    assert json.loads(outcome.stdout)["answers"] == 60
    assert "the threshold rests on only 60 answers" in outcome.stderr
    assert "answers: 60, which stand for" in run("tune", "news.jsonl", "--labels", "labels.csv").stdout
    with Path("labels.csv").open("a", encoding="utf-8") as file:
        file.write("Glacier hut opens,Bread is dear,different,story,,,,\n")
    assert "answers: 60 (1 more are about other pairs" in run("tune", "news.jsonl", "--labels", "labels.csv").stdout
    line = refused("tune", "news.jsonl", "--labels", "labels.csv", "--level", "wording")
    assert "no answer for the level wording is about these headlines" in line
    assert "does not exist" in refused("tune", "news.jsonl", "--labels", "nowhere.csv")


def test_an_answer_said_twice_is_about_a_pair_of_these_both_times(csv: Path) -> None:
    answers = answered(csv, 60)
    rows = [row for row in labelled_rows(1) if row["title"]]
    twice = [*answers, *((second.upper(), first, verdict) for first, second, verdict in answers)]
    tuning = tune_by_answers(rows, twice, encoder=FakeEncoder(), resamples=20)
    assert (tuning.answers, tuning.unlabelled) == (60, 0)
    foreign = [("Glacier hut opens", "Bread is dear", "different"), ("Glacier hut opens", "Bread is dear", "skipped")]
    tuning = tune_by_answers(rows, [*answers[:30], *foreign], encoder=FakeEncoder(), resamples=20)
    assert (tuning.answers, tuning.unlabelled) == (30, 1)


@pytest.mark.slow
def test_verdicts_of_answers_are_read_as_those_of_corrections(csv: Path) -> None:
    answered(csv, 60)
    plain = run("tune", "news.jsonl", "--labels", "labels.csv").stdout
    text = Path("labels.csv").read_text("utf-8")
    Path("labels.csv").write_text(text.replace(",story,story,", ",Story,story,"), "utf-8")
    assert run("tune", "news.jsonl", "--labels", "labels.csv").stdout.splitlines()[:5] == plain.splitlines()[:5]
    Path("labels.csv").write_text(text.replace(",story,story,", ",,story,", 1), "utf-8")
    assert "answers: 59, which" in run("tune", "news.jsonl", "--labels", "labels.csv").stdout
    Path("labels.csv").write_text(text.replace(",story,story,", ",same,story,", 1), "utf-8")
    assert "verdict must be one of" in refused("tune", "news.jsonl", "--labels", "labels.csv")
    line = next(line for line in text.splitlines() if ",story,story," in line)
    Path("labels.csv").write_text(text + line.replace(",story,story,", ",different,story,") + "\n", "utf-8")
    assert "must not be one story" in refused("tune", "news.jsonl", "--labels", "labels.csv")
