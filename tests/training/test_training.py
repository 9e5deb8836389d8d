"""Training: labelled stories in, a model folder out, and each step on the way."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from dedupe import Headline, deduplicate, load_encoder
from dedupe.cli import cli
from dedupe.embedding.model_folder import FILES, MANIFEST, verify
from dedupe.errors import InputError, ModelError, OutputError
from dedupe.runtime.locks import exclusive
from dedupe.runtime.progress import silent
from dedupe.scoring.model import load_judge
from dedupe.training import document_frequencies, fine_tuning, train
from dedupe.training.contrast import contrast_part
from dedupe.training.fine_tuning import FineTuning, contrastive, cross_entropy, story_batches
from dedupe.training.network import Network
from dedupe.training.optimization import optimize
from dedupe.training.output_folder import writing_folder
from dedupe.training.stories import read_stories
from dedupe.training.training_pairs import EncodedTitles
from tests.support.tiny import labelled, save_model, write


@pytest.mark.slow
def test_the_command_writes_a_model_that_groups(base, stories, tmp_path):
    out = tmp_path / "model"
    companions = [
        {
            "title": f"ferry sinks in place{k}",
            "wording": f"in place{k} ferry sinks",
            "different": f"dam sinks in place{k}",
        }
        for k in range(20)
    ]
    contrast, events = write(tmp_path / "contrast.jsonl", companions), write(tmp_path / "events.jsonl", labelled(1))
    options = [
        "--base",
        str(base),
        "--epochs",
        "1",
        "--reader-epochs",
        "1",
        "--about",
        "Made up.",
        "--hold-back",
        "t2..t4",
    ]
    files = ["--contrast", str(contrast), "--events", str(events)]
    arguments = ["train", str(stories), "-o", str(out), *options, *files]
    outcome = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert outcome.exit_code == 0
    manifest = verify(out)
    assert manifest["held_back"] == ["t2", "t3", "t4"]
    assert manifest["encoder_slices"] == manifest["reader_slices"] == ["t0", "t1", "t5", "t6", "t7", "t8"]
    assert (manifest["contrasts"], manifest["events"]) == (20, 24)
    assert manifest["answers"] == 2 * sum(contrast_part(row["title"]) == "judge" for row in companions)
    assert "held-out pairwise F1: story" in outcome.stderr
    assert sorted(path.name for path in out.iterdir()) == sorted([*FILES, MANIFEST, "README.md"])
    assert not list(tmp_path.glob("*.part")) and not list(tmp_path.glob("*.checkpoints"))
    assert "Made up." in (out / "README.md").read_text()
    titles = ["ferry sinks in place1 on monday", "in place1 ferry sinks monday", "court wins with 14 hurt"]
    result = deduplicate(titles, encoder=load_encoder(out))
    assert result.calibrated
    assert result.labels("story").tolist() == [0, 0, 1]


@pytest.mark.slow
def test_the_judge_learns_from_answers_too(base, stories, model, tmp_path):
    labels = tmp_path / "labels.csv"
    pairs = [f"ferry sinks in place{k},ferry wins in place{k},wording,2025-08-01,2025-08-02" for k in range(40)]
    lines = ["title_a,title_b,verdict,published_a,published_b", *pairs, "a dam closes,a court burns,skipped,,"]
    labels.write_text("\n".join(lines) + "\n")
    arguments = ["train", str(stories), "-o", str(tmp_path / "model"), "--base", str(base), "--epochs", "1"]
    arguments += ["--reader-epochs", "1"]
    assert CliRunner().invoke(cli, [*arguments, "--labels", str(labels)], catch_exceptions=False).exit_code == 0
    plain, taught = verify(model), verify(tmp_path / "model")
    assert (plain["answers"], taught["answers"]) == (0, 40)
    for name in ("encoder.onnx", "reader.onnx"):
        assert plain["sha256"][name] == taught["sha256"][name], "only the judge learns from them"
    unseen = [Headline("mayor sinks in place1"), Headline("mayor wins in place1")]
    titles = EncodedTitles.of(unseen, load_encoder(model), np.load(model / "head.npy"))
    features = titles.examples(np.array([0]), np.array([1]), {}).features
    before, after = (load_judge(folder).pair_log_odds(features)["wording"][0] for folder in (model, tmp_path / "model"))
    assert after > before


@pytest.mark.slow
def test_the_same_seed_gives_the_same_model_and_another_does_not(base, stories, model, tmp_path):
    train(stories, tmp_path / "again", base=base, epochs=1, reader_epochs=1)
    train(stories, tmp_path / "other", base=base, epochs=1, reader_epochs=1, seed=1)
    assert verify(tmp_path / "again")["sha256"] == verify(model)["sha256"]
    assert verify(tmp_path / "other")["sha256"] != verify(model)["sha256"]


@pytest.mark.slow
def test_an_interrupted_run_ends_at_the_same_weights(base, stories, tmp_path):
    data = read_stories(stories)

    def tuning():
        return FineTuning(Network(base), data, data.slices[:4], data.slices[4:], seed=0)

    class Stop(Exception):
        pass

    def stop(stage, done, total):
        if done > total // 2:
            raise Stop

    complete, interrupted, resumed = tuning(), tuning(), tuning()
    history = optimize(complete, tmp_path / "complete", 3, silent)
    with pytest.raises(Stop):
        optimize(interrupted, tmp_path / "checkpoint", 3, stop)
    shares = []
    resumed_history = optimize(
        resumed, tmp_path / "checkpoint", 3, lambda stage, done, total: shares.append(done / total)
    )
    assert shares[0] > 0.3, "it did not start over"
    weights = (objective.network.state_dict().values() for objective in (complete, resumed))
    assert all(torch.equal(first, second) for first, second in zip(*weights, strict=True))
    for first, second in zip(history, resumed_history, strict=True):
        assert {**first, "seconds": 0} == {**second, "seconds": 0}


@pytest.mark.slow
def test_every_network_starts_from_the_untouched_base(base, stories, tmp_path):
    data = read_stories(stories)
    before = Network(base).encode(data.texts)
    optimize(FineTuning(trained := Network(base), data, data.slices, data.slices, seed=0), tmp_path / "a", 1, silent)
    assert not np.allclose(trained.encode(data.texts), before, atol=1e-4)
    np.testing.assert_array_equal(Network(base).encode(data.texts), before)


def test_checkpoints_of_other_settings_are_refused(base, stories, tmp_path):
    folder = tmp_path / "model.checkpoints"
    folder.mkdir()
    (folder / "settings.json").write_text('{"seed": 5}')
    with pytest.raises(InputError, match="other data or settings: delete it"):
        train(stories, tmp_path / "model", base=base)


def test_a_folder_that_exists_is_kept(stories, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    for force in (False, True):
        with pytest.raises(OutputError, match="exists: choose another folder"):
            train(stories, tmp_path, force=force)
    assert (tmp_path / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("force", [False, True])
def test_what_appears_in_place_of_the_folder_meanwhile_is_kept(tmp_path, monkeypatch, force):
    monkeypatch.setattr("dedupe.training.output_folder._card", lambda template, record: "")
    out = tmp_path / "model"
    with (
        pytest.raises(OutputError, match="exists: choose another folder"),
        writing_folder(out, {}, "trained", silent, force=force) as partial,
    ):
        for name in FILES:
            (partial / name).write_text(name)
        write(out / "mine.jsonl", [])
    assert [path.name for path in out.iterdir()] == ["mine.jsonl"]


def test_a_second_run_into_the_same_folder_is_refused(stories, tmp_path):
    with exclusive(tmp_path / "model"):
        outcome = CliRunner().invoke(cli, ["train", str(stories), "-o", str(tmp_path / "model")])
    assert outcome.exit_code == 2 and "another headline-dedupe is writing" in outcome.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_missing_package_is_reported_before_any_training(stories):
    code = "import sys; sys.modules['onnx'] = None; from dedupe.cli import main; main()"
    arguments = [sys.executable, "-c", code, "train", str(stories), "-o", "model"]
    outcome = subprocess.run(arguments, capture_output=True, text=True)
    assert outcome.returncode == 2
    assert re.fullmatch(r"headline-dedupe: error: training needs more .*\[train\]'\n", outcome.stderr)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("", "is empty"),
        ('{"title": "a", "story": "1"}', "row 1: nothing under 'wording'"),
        (
            '{"title": "a", "story": "1", "wording": "1"}\n{"title": " ", "story": "1", "wording": "1"}',
            "row 2: nothing under 'title'",
        ),
        ('\n{"title": "a", "story": 1, "wording": null}', "row 1: nothing under 'wording'"),
        ('{"title": "a", "story": "1"}\n{"title"', "line 2: not JSON"),
        ("[1]", "item 1: "),
        ('{"title": "a", "story": "1", "wording": "1", "slice": "x"}', "fewer than 6 slices"),
    ],
)
def test_stories_that_cannot_be_used(tmp_path, lines, message):
    path = tmp_path / "stories.jsonl"
    path.write_text(lines)
    with pytest.raises(InputError, match=f"{path}.*{message}"):
        read_stories(path)


def test_a_file_that_is_missing_or_cut_short(tmp_path):
    path = tmp_path / "stories.jsonl"
    with pytest.raises(InputError, match="no file"):
        read_stories(path)
    path.write_bytes(gzip.compress(b"{}")[:-4])
    with pytest.raises(InputError, match="cannot be unpacked"):
        read_stories(path)


def test_without_slices_stories_are_cut_by_date_and_never_split(tmp_path):
    rows = [
        {"title": f"t{k}", "story": str(k // 2), "wording": str(k), "published": f"2025-08-{1 + k:02d}"}
        for k in range(28)
    ]
    data = read_stories(write(tmp_path / "dated.jsonl", rows))
    assert 9 <= len(data.slices) <= 11
    assert all(data.slice[k] == data.slice[k + 1] for k in range(0, 28, 2))
    undated = read_stories(write(tmp_path / "undated.jsonl", [row | {"published": None} for row in rows]))
    assert 6 <= len(undated.slices) <= 8


@pytest.mark.parametrize(("slice_", "role"), [("t4", "held back"), ("t0 t1 t2 t6 t7 t8", "to learn from")])
def test_slices_without_a_pair_are_refused_before_any_training(base, tmp_path, slice_, role):
    rows = [row | {"wording": row["title"]} if row["slice"] in slice_.split() else row for row in labelled(9, 2)]
    with pytest.raises(InputError, match=f"the slices {role}.* hold no two headlines of one wording"):
        train(write(tmp_path / "stories.jsonl", rows), tmp_path / "model", base=base)
    assert not (tmp_path / "model.checkpoints").exists()


@pytest.mark.slow
def test_too_little_to_learn_from(base, tmp_path):
    rows = [row | {"story": row["slice"], "wording": row["slice"]} for row in labelled(9, 2)]
    with pytest.raises(InputError, match="the same answer: add stories"):
        train(write(tmp_path / "stories.jsonl", rows), tmp_path / "model", base=base, epochs=1, reader_epochs=1)


@pytest.mark.slow
def test_an_encoder_can_be_kept(base, stories, model, tmp_path):
    """What it learned from is not held back, and its files stay as they are."""
    with pytest.raises(InputError, match=r"3 slices to learn from and 0 held back|0 held back"):
        train(stories, tmp_path / "new", base=base, encoder=model, hold_back=("t6", "t8"))
    more = [row | {"slice": f"new-{row['slice']}", "published": f"2024{row['published'][4:]}"} for row in labelled(9)]
    both = write(tmp_path / "both.jsonl", [*more, *labelled(9)])
    made = train(both, tmp_path / "new", base=base, encoder=model, reader_epochs=1)
    assert not set(made["held_back"]) & set(made["encoder_slices"])
    assert made["encoder_slices"] == sorted(verify(model)["encoder_slices"])
    for name in ("encoder.onnx", "head.npy", "tokenizer.json"):
        assert (tmp_path / "new" / name).read_bytes() == (model / name).read_bytes()
    assert verify(tmp_path / "new")["sha256"]["reader.onnx"] != verify(model)["sha256"]["reader.onnx"]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda folder: (folder / "head.npy").write_bytes(b"x"), ModelError, "head.npy was changed"),
        (lambda folder: (folder / "model.json").unlink(), ModelError, "name a model folder"),
        (lambda folder: None, InputError, "nothing can be held back"),
        (lambda folder: rewrite(folder, encoder_slices=[], base="other"), InputError, "name that with --base"),
    ],
)
def test_an_encoder_that_cannot_be_kept(base, stories, tmp_path, change, error, message):
    folder = save_model(base, tmp_path / "model")
    change(folder)
    with pytest.raises(error, match=message):
        train(stories, tmp_path / "new", encoder=folder)


def rewrite(folder, **changed):
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(manifest | changed))


def test_every_story_of_two_is_in_a_batch_complete_and_with_its_nearest():
    rng = np.random.default_rng(0)
    story = np.sort(rng.integers(0, 60, 150))
    vectors = rng.normal(size=(150, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    slices = [np.arange(0, 80), np.arange(80, 150)]
    batches = story_batches(slices, story, vectors, 20, [0, 0])
    seen = set()
    for rows in batches:
        assert len(set(rows.tolist())) == len(rows)
        inside = slices[0] if rows[0] < 80 else slices[1]
        assert np.isin(rows, inside).all()
        for name in set(story[rows].tolist()):
            assert set(np.flatnonzero(story == name)) & set(inside) <= set(rows.tolist())
            seen.add((name, bool(rows[0] < 80)))
    for rows, first in zip(slices, (True, False), strict=True):
        names, sizes = np.unique(story[rows], return_counts=True)
        assert {(name, first) for name in names[sizes > 1].tolist()} <= seen
    again = story_batches(slices, story, vectors, 20, [0, 0])
    assert all(np.array_equal(a, b) for a, b in zip(batches, again, strict=True))
    assert sum(map(len, batches)) / len(batches) < 35


def test_the_losses_are_the_textbook_ones():
    torch.manual_seed(0)
    rows = torch.nn.functional.normalize(torch.randn(7, 4), dim=1)
    groups = torch.tensor([0, 0, 1, 1, 1, 2, 3])
    similarity, same = rows @ rows.T, groups[:, None] == groups[None]
    per_row = []
    for i in range(7):
        others = [k for k in range(7) if k != i]
        total = sum(np.exp(similarity[i, k].item() / fine_tuning.TEMPERATURE) for k in others)
        same_group = [k for k in others if same[i, k]]
        if same_group:
            chances = [np.exp(similarity[i, k].item() / fine_tuning.TEMPERATURE) / total for k in same_group]
            per_row.append(-np.mean(np.log(chances)))
    assert contrastive(similarity, same).item() == pytest.approx(np.mean(per_row), rel=1e-5)
    chance = 1 / (1 + np.exp(-similarity.numpy()))
    total = -sum(np.log(chance[i, j] if same[i, j] else 1 - chance[i, j]) for i in range(7) for j in range(i + 1, 7))
    assert cross_entropy(similarity, same).item() == pytest.approx(total / 7, rel=1e-5)
    no_pairs = torch.eye(3, dtype=torch.bool)
    assert contrastive(similarity[:3, :3], no_pairs).item() == 0


def test_a_changed_file_is_not_loaded(base, tmp_path):
    model = save_model(base, tmp_path / "model")
    for name in FILES:
        copy = tmp_path / name.replace(".", "-")
        shutil.copytree(model, copy)
        with (copy / name).open("ab") as file:
            file.write(b" ")
        with pytest.raises(ModelError, match=f"{name} has SHA-256 .*train or copy it again"):
            load_encoder(copy)


def test_a_model_of_another_version_is_not_loaded(base, tmp_path):
    copy = save_model(base, tmp_path / "copy")
    manifest = json.loads((copy / MANIFEST).read_text())
    (copy / MANIFEST).write_text(json.dumps(manifest | {"format": 99}))
    with pytest.raises(ModelError, match="another version"):
        load_encoder(copy)
    (copy / MANIFEST).write_text("{")
    with pytest.raises(ModelError, match="cannot be read"):
        load_encoder(copy)


def test_words_are_counted_without_the_gold_titles(tmp_path):
    for name in ("scale", "stream"):
        write(tmp_path / name / "headlines.jsonl.gz", [{"title": f"mayor resigns {k % 9}"} for k in range(9)])
    write(tmp_path / "gold" / "a.jsonl", [{"title": "mayor resigns 0"}])
    out = tmp_path / "counts.gz"
    arguments = ["--data", str(tmp_path), "--out", str(out)]
    assert CliRunner().invoke(document_frequencies.main, arguments, catch_exceptions=False).exit_code == 0
    lines = gzip.decompress(out.read_bytes()).decode().splitlines()
    assert lines == ["8", "mayor\t8\t", "resign\t8\t"]  # nine titles, less the one of the gold set
