"""The runner that kills and interrupts the program: it must notice what it looks for."""

from __future__ import annotations

from pathlib import Path

import pytest
from crash import bad, shares
from crash_index import Index, opened, state_of, steps, take
from crash_trials import Dedupe, Train


@pytest.mark.parametrize("number", [0, 1, 7, 1000])
def test_trials_are_shared_out(number: int) -> None:
    trials = dict(shares(number, "abcdef"))
    assert sum(trials.values()) == number and max(trials.values()) - min(trials.values()) <= 1


def test_what_must_not_occur_is_named() -> None:
    fine = {"seconds_undisturbed": 1.0, "outcomes": {"old files": 3, "new files": 2, "ended before": 1}}
    lost = {"seconds_undisturbed": 1.0, "outcomes": {"out.csv is lost": 2, "interrupted": 1}}
    assert bad({"kills": {"cluster": fine}, "interrupts": {}}) == []
    assert bad({"kills": {"cluster": lost}, "interrupts": {"dedupe": lost}}) == [
        "kills of cluster: 2 x out.csv is lost",
        "kills of cluster: 1 x interrupted",
        "interrupts of dedupe: 2 x out.csv is lost",
    ]


def test_a_folder_is_judged(tmp_path: Path) -> None:
    scenario = Dedupe(tmp_path)
    scenario._reference = {"kept.jsonl": b"new\n"}
    place = scenario.prepared("trial")
    assert (scenario.state(place), scenario.left_over(place)) == ("old files", [])
    (place / "kept.jsonl").write_text("ne")
    (place / ".headline-dedupe-1.tmp").write_text("")
    assert scenario.state(place) == "kept.jsonl is neither old nor new"
    assert scenario.left_over(place) == [".headline-dedupe-1.tmp"]
    (place / "kept.jsonl").write_text("new\n")
    assert scenario.state(place) == "new files"
    scenario.before = {"kept.jsonl": "old\n"}
    (place / "kept.jsonl").unlink()
    assert scenario.state(place) == "kept.jsonl is lost"


@pytest.mark.slow
def test_a_model_folder_outlives_kills(tmp_path: Path) -> None:
    scenario = Train(tmp_path)
    assert {scenario.killed(k, k / 5) for k in range(6)} == {"new files"}


@pytest.mark.slow
def test_an_index_is_judged(tmp_path: Path) -> None:
    scenario = Index(tmp_path)
    assert scenario.seconds > 0
    for name, damage in (
        ("lost", "DELETE FROM headline_rows WHERE row = 3"),
        ("moved", "UPDATE headline_rows SET story = (SELECT max(story) FROM headline_rows) WHERE row = 1"),
        ("unseen", "UPDATE counters SET next = 1 WHERE name = 'key'"),
    ):
        with opened(tmp_path / name) as index:
            for step in steps(0)[:5]:
                take(index, step)
            assert state_of(index)[0] == 4
            index._store.database.execute(damage)
        problem = scenario._left(tmp_path / name)
        assert problem in ("after 4 batches, other headlines or ids", "the next number of a kind was given before: key")


@pytest.mark.slow
def test_an_index_outlives_kills(tmp_path: Path) -> None:
    scenario = Index(tmp_path)
    assert {scenario.killed(k, k / 4) for k in range(4)} <= {"whole batches", "ended before"}
