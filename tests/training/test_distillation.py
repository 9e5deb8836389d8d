"""Distilling: titles and a trained model in, a smaller model folder out."""

from __future__ import annotations

import random
import re

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from dedupe import deduplicate, load_encoder
from dedupe.cli import cli
from dedupe.embedding.cache import VectorCache
from dedupe.embedding.model_folder import FILES, MANIFEST, verify
from dedupe.errors import InputError, OutputError
from dedupe.training import distil, distillation
from dedupe.training.distillation import imitation_loss
from dedupe.training.network import Network
from tests.support.tiny import WORDS, save_model


def titles(count=400):
    rng = random.Random(1)
    return [f"{' '.join(rng.sample(WORDS, 5))} place{k}" for k in range(count)]


@pytest.fixture(scope="module")
def teacher(base, tmp_path_factory):
    return save_model(base, tmp_path_factory.mktemp("teacher") / "model")


@pytest.fixture(scope="module")
def small(base, teacher, tmp_path_factory):
    out = tmp_path_factory.mktemp("small") / "model"
    distil(titles(), out, teacher=teacher, base=base, layers=[1], epochs=2)
    return out


@pytest.mark.slow
def test_the_command_writes_a_model_that_groups(base, teacher, tmp_path):
    archive, out = tmp_path / "titles.txt", tmp_path / "small"
    archive.write_text("\n".join(titles()) + "\n")
    options = ["--model", str(teacher), "--base", str(base), "--layers", "1", "--epochs", "1", "--about", "Made up."]
    outcome = CliRunner().invoke(cli, ["distil", str(archive), "-o", str(out), *options], catch_exceptions=False)
    assert outcome.exit_code == 0
    assert re.search(r"held-out cosine to the teacher: [01]\.\d{3}\n", outcome.stderr)
    assert sorted(path.name for path in out.iterdir()) == sorted([*FILES, MANIFEST, "README.md"])
    assert not list(tmp_path.glob("*.part")) and not list(tmp_path.glob("*.checkpoints"))
    assert "Made up." in (out / "README.md").read_text()
    result = deduplicate(["ferry sinks in place1 on monday", "court wins with 14 hurt"], encoder=load_encoder(out))
    assert result.calibrated


def test_the_student_comes_nearer_to_its_teacher(base, teacher, small):
    untrained = Network(base)
    untrained.keep_layers([1])
    unseen = ["union strikes in place7 on monday", "storm floods museum", "bakery reopens with mayor"]
    targets = load_encoder(teacher).encode(unseen)
    before, after = (
        np.einsum("nd,nd->n", rows.encode(unseen), targets).mean() for rows in (untrained, load_encoder(small))
    )
    assert after > before
    log = verify(small)["epochs_log"]
    assert log[1]["loss"] < log[0]["loss"]


def test_it_has_the_chosen_layers_and_the_judge_of_its_teacher(teacher, small):
    student, original = verify(small), verify(teacher)
    assert student["layers"] == [1]
    assert (small / "encoder.onnx").stat().st_size < (teacher / "encoder.onnx").stat().st_size
    for name in ("judge.json", "fallback.json", "head.npy"):
        assert student["sha256"][name] == original["sha256"][name]


@pytest.mark.slow
def test_the_same_seed_gives_the_same_model(base, teacher, small, tmp_path):
    """Whatever the order of the titles, and whether the teacher's vectors come from the cache."""
    cache = VectorCache(tmp_path / "cache")
    for name in ("first", "second"):
        distil(
            titles()[::-1] + titles(), tmp_path / name, teacher=teacher, base=base, layers=[1], epochs=2, cache=cache
        )
        assert verify(tmp_path / name)["sha256"] == verify(small)["sha256"]


@pytest.mark.slow
def test_titles_left_out_are_not_learned_from(base, teacher, tmp_path):
    without = [title.upper().lower() + " " for title in titles()[:100]]
    made = distil(titles(), tmp_path / "model", without=without, teacher=teacher, base=base, layers=[1], epochs=1)
    plain = distil(titles()[100:], tmp_path / "plain", teacher=teacher, base=base, layers=[1], epochs=1)
    assert made["titles"] == 300
    assert made["titles_sha256"] == plain["titles_sha256"]


@pytest.mark.slow
def test_an_interrupted_run_ends_at_the_same_weights(base, teacher, small, tmp_path):
    class Stop(Exception):
        pass

    def stop(stage, done, total):
        if stage == "imitating" and done > total // 2 + 1:
            raise Stop

    steps = []

    def watch(stage, done, total):
        if stage == "imitating":
            steps.append(done / total)

    arguments = {"teacher": teacher, "base": base, "layers": [1], "epochs": 2}
    with pytest.raises(Stop):
        distil(titles(), tmp_path / "model", **arguments, progress=stop)
    assert not (tmp_path / "model").exists()
    distil(titles(), tmp_path / "model", **arguments, progress=watch)
    assert steps[0] > 0.5, "it did not start over"
    assert verify(tmp_path / "model")["sha256"] == verify(small)["sha256"]


def test_the_loss_is_zero_for_equal_rows_and_adds_the_error_of_similarities():
    rows = torch.nn.functional.normalize(torch.randn(5, 8, generator=torch.Generator().manual_seed(0)), dim=1)
    targets = rows.flip(0)
    assert imitation_loss(rows, rows).item() == pytest.approx(0, abs=1e-6)
    a, b = rows.numpy().astype(float), targets.numpy().astype(float)
    error = 1 - np.mean([x @ y for x, y in zip(a, b, strict=True)])
    squares = np.mean([[(a[i] @ a[j] - b[i] @ b[j]) ** 2 for i in range(5)] for j in range(5)])
    assert imitation_loss(rows, targets).item() == pytest.approx(
        error + distillation.SIMILARITY_WEIGHT * squares, rel=1e-5
    )


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"layers": [2]}, r"layers \[2\] cannot be kept: choose from 0 to 1"),
        ({"layers": []}, "cannot be kept"),
        ({"titles": titles(100)}, "100 distinct titles are too few"),
        ({"base": None}, "384 numbers in the base, 32 in the teacher"),
    ],
)
def test_what_cannot_be_distilled(base, teacher, tmp_path, changed, message):
    arguments = {"titles": titles(), "teacher": teacher, "base": base, "layers": [1]} | changed
    with pytest.raises(InputError, match=message):
        distil(arguments.pop("titles"), tmp_path / "model", **arguments)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_exists_is_kept(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    for force in (False, True):
        with pytest.raises(OutputError, match="exists: choose another folder"):
            distil(titles(), tmp_path, force=force)
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_layers_are_numbers(tmp_path):
    outcome = CliRunner().invoke(cli, ["distil", "titles.txt", "-o", str(tmp_path / "x"), "--layers", "first"])
    assert outcome.exit_code == 2
    assert "give numbers separated by commas" in outcome.stderr
