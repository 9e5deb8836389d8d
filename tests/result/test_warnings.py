"""Warnings about the input reach Python callers, once."""

from __future__ import annotations

import inspect
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import dedupe
from dedupe import DedupeWarning, VectorCache, deduplicate, match
from dedupe.cli import cli
from dedupe.evaluation.scores import evaluate
from tests.support.fake_encoder import FakeEncoder
from tests.support.labelled_news import clear_rows

ODD = [{"title": ""}, {"title": "Rates rise", "published": "soon"}, {"title": "word " * 900}]


def issued(call: Any) -> list[warnings.WarningMessage]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DedupeWarning)
        call()
    return [warning for warning in caught if issubclass(warning.category, DedupeWarning)]


def test_one_warning_with_all_that_matters_at_the_line_of_the_user() -> None:
    with pytest.warns(DedupeWarning) as caught:
        line = inspect.currentframe().f_lineno + 1
        deduplicate([*ODD, "Rates \x00rise"], encoder=FakeEncoder(), window="72h")
    (warning,) = caught
    assert warning.filename == __file__ and warning.lineno == line
    message = str(warning.message)
    for part in (
        "1 row without a title",
        "1 row with a date that cannot be read",
        "by the first",
        "see result.warnings",
    ):
        assert part in message
    assert "the window has no effect" in message and "control" not in message and "\n" not in message


def test_the_warning_can_be_an_error() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", dedupe.DedupeWarning)
        with pytest.raises(DedupeWarning, match="without a title"):
            deduplicate(["", "x"], encoder=FakeEncoder())


def test_clean_input_and_harmless_oddities_cause_no_warning() -> None:
    rows = [{"title": "Rates rise", "id": 1}, {"title": "Rates\x07 fall", "id": 1}]
    assert issued(lambda: deduplicate(rows, encoder=FakeEncoder())) == []
    assert {caution.code for caution in deduplicate(rows, encoder=FakeEncoder()).warnings} == {
        "duplicate-id",
        "control-characters",
    }


def test_vectors_of_another_model_and_dates_out_of_the_window() -> None:
    (warning,) = issued(lambda: deduplicate(["Rates rise"], embeddings=np.ones((1, 8))))
    assert "another model" in str(warning.message)
    rows = [{"title": f"Ferry {k} sinks", "published": f"2025-08-{1 + 9 * k:02d}"} for k in range(2)]
    together = [(rows[0]["title"], rows[1]["title"], "story")]
    (warning,) = issued(lambda: deduplicate(rows, encoder=FakeEncoder(), window=1, corrections=together))
    assert "the window keeps apart" in str(warning.message)


def test_match_warns_once() -> None:
    (warning,) = issued(lambda: match(ODD, reference=ODD, encoder=FakeEncoder(), window="24h"))
    assert "see matches.run.warnings" in str(warning.message) and warning.filename == __file__


def test_a_cache_that_cannot_be_used_is_reported(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path)
    for call in (
        lambda: deduplicate(["Rates rise"], encoder=FakeEncoder(), cache=cache),
        lambda: match(["Rates rise"], reference=["Rates fall"], encoder=FakeEncoder(), cache=cache),
    ):
        (warning,) = issued(call)
        assert "no `identity`" in str(warning.message)


def test_commands_and_evaluation_report_in_their_own_way(tmp_path: Path, fake_encoder: FakeEncoder) -> None:
    (tmp_path / "odd.csv").write_text("title,published\n,\nRates rise,soon\n", "utf-8")
    outcome: Any = None

    def call() -> None:
        nonlocal outcome
        outcome = CliRunner().invoke(cli, ["cluster", str(tmp_path / "odd.csv"), "-o", str(tmp_path / "o.csv")])

    assert issued(call) == []
    assert outcome.exit_code == 0 and outcome.stderr.count("without a title") == 1
    labelled = [row | {"slice": str(k % 2), "published": "soon"} for k, row in enumerate(clear_rows())]
    assert issued(lambda: evaluate(labelled, encoder=fake_encoder)) == []


def test_options_without_effect_are_refused() -> None:
    titles = ["Rates rise", "Rates fall"]
    with pytest.raises(dedupe.InputError, match="cache has no effect"):
        deduplicate(titles, embeddings=np.ones((2, 3)), cache=VectorCache("nowhere"))
    with pytest.raises(dedupe.InputError, match="story_threshold has no effect"):
        deduplicate(titles, encoder=FakeEncoder(), level="wording", story_threshold=0.5)
    with pytest.raises(dedupe.InputError, match="story_threshold has no effect"):
        deduplicate(titles, encoder=FakeEncoder(), level="wording").regroup(story_threshold=0.5)
    for option in ("keep", "level", "embeddings", "treshold"):
        with pytest.raises(TypeError, match=f"unexpected keyword argument '{option}'"):
            match(titles, reference=titles, encoder=FakeEncoder(), **{option: "central"})


def test_match_refuses_wrong_settings_before_the_work() -> None:
    class Never(FakeEncoder):
        def encode(self, texts: list[str]) -> Any:
            raise AssertionError("encoded")

    for options in ({"window": "soon"}, {"story_threshold": 7.0}):
        with pytest.raises(dedupe.InputError):
            match(["Rates rise"], reference=["Rates fall"], encoder=Never(), **options)


def test_few_titles_of_another_model_are_said_to_be_joined_too_easily() -> None:
    def message(count: int) -> str:
        vectors = np.random.default_rng(0).normal(size=(count, 8)) + 1
        result = deduplicate([f"Title number {k}" for k in range(count)], embeddings=vectors, reader="off")
        return next(caution.message for caution in result.warnings if caution.code == "uncalibrated")

    assert "under 50 titles they are mostly too high: give more titles at once" in message(49)
    assert "check the thresholds" in message(50)
