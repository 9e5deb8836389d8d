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
from dedupe.scoring.model import load_judge
from dedupe.scoring.pair_features import FEATURES
from dedupe.training import document_frequencies, edits, fine_tuning, train
from dedupe.training.edits import edit_titles
from dedupe.training.fine_tuning import FineTuning, contrastive, cross_entropy, story_batches
from dedupe.training.network import Network
from dedupe.training.optimization import optimize
from dedupe.training.stories import read_stories
from dedupe.training.train_model import mean_weights, train_folds
from dedupe.training.training_pairs import answered_pairs, encode_folds, slice_pairs
from tests.support.tiny import labelled, save_model, write


@pytest.mark.slow
def test_the_command_writes_a_model_that_groups(base, stories, tmp_path):
    out = tmp_path / "model"
    given = ["train", str(stories), "-o", str(out), "--base", str(base), "--epochs", "1", "--about", "Made up."]
    done = CliRunner().invoke(cli, given, catch_exceptions=False)
    assert done.exit_code == 0
    assert "held-out pairwise F1: story" in done.stderr
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
    given = ["train", str(stories), "-o", str(tmp_path / "model"), "--base", str(base), "--epochs", "1"]
    assert CliRunner().invoke(cli, [*given, "--labels", str(labels)], catch_exceptions=False).exit_code == 0
    plain, taught = verify(model), verify(tmp_path / "model")
    assert (plain["answers"], taught["answers"]) == (0, 40)
    assert plain["sha256"]["encoder.onnx"] == taught["sha256"]["encoder.onnx"], "only the judge learns from them"
    unseen = [(Headline("mayor sinks in place1"), Headline("mayor wins in place1"), "wording")]
    features = answered_pairs(unseen, Network(base)).features
    before, after = (load_judge(folder).pair_log_odds(features)["wording"][0] for folder in (model, tmp_path / "model"))
    assert after > before


def test_the_features_of_answers_are_those_of_candidate_pairs(base, stories):
    data, network = read_stories(stories), Network(base)
    edits = edit_titles(data.texts, 0)
    part = slice_pairs(data, encode_folds(data, edits, [network]), edits, 0)
    rows = data.slices[0]
    chosen = range(0, len(part.pairs), max(1, len(part.pairs) // 20))
    answers = [(data.headlines[rows[part.pairs.i[k]]], data.headlines[rows[part.pairs.j[k]]], "story") for k in chosen]
    answered = answered_pairs(answers, network)
    np.testing.assert_allclose(answered.features, part.features[list(chosen)], atol=1e-5)
    assert answered.same["story"].all() and not answered.same["wording"].any()


def test_edited_copies_are_paired_with_every_headline_of_their_wording(base, stories):
    data, network = read_stories(stories), Network(base)
    edits = edit_titles(data.texts, 0)
    titles = encode_folds(data, edits, [network])
    wording, rows = data.labels["wording"], set(data.slices[1].tolist())
    expected = [
        (copy, row)
        for copy, original in enumerate(edits.originals)
        if original in rows
        for row in np.flatnonzero(wording == wording[original])
    ]
    part = slice_pairs(data, titles, edits, 1)
    similarity = [titles.story[row] @ titles.story[len(data.texts) + copy] for copy, row in expected]
    np.testing.assert_allclose(part.edited[:, FEATURES.index("similarity")], similarity, atol=1e-6)
    np.testing.assert_array_equal(part.edited_stories, edits.other_story[[copy for copy, _ in expected]])


@pytest.mark.slow
def test_the_written_encoder_has_the_mean_weights_of_the_networks(base, stories, model, tmp_path):
    """Also where titles of many lengths share a call, and for one that is cut."""
    data = read_stories(stories)
    texts = [*data.texts[:50], "ferry", "ferry " * 300]
    networks, _ = train_folds(data, base, tmp_path, epochs=1, seed=0)
    mean = Network(base)
    mean.load_state_dict(mean_weights(networks))
    assert len(networks) == 3
    assert np.einsum("nd,nd->n", load_encoder(model).encode(texts), mean.encode(texts)).min() > 0.999
    heads = [network.head.detach().numpy() for network in networks]
    np.testing.assert_allclose(np.load(model / "head.npy"), np.mean(heads, 0), atol=1e-6)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_model_and_another_does_not(base, stories, model, tmp_path):
    train(stories, tmp_path / "again", base=base, epochs=1)
    train(stories, tmp_path / "other", base=base, epochs=1, seed=1)
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
    history = optimize(complete, tmp_path / "complete", 3)
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
    optimize(FineTuning(trained := Network(base), data, data.slices, data.slices, seed=0), tmp_path / "a", 1)
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


@pytest.mark.slow
def test_a_missing_package_is_said_before_any_training(stories):
    code = "import sys; sys.modules['onnx'] = None; from dedupe.cli import main; main()"
    given = [sys.executable, "-c", code, "train", str(stories), "-o", "model"]
    done = subprocess.run(given, capture_output=True, text=True)
    assert done.returncode == 2
    assert re.fullmatch(r"headline-dedupe: error: training needs more .*\[train\]'\n", done.stderr)


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
        ('{"title": "a", "story": "1", "wording": "1", "slice": "x"}', "fewer than 3 slices"),
    ],
)
def test_stories_that_cannot_be_used(tmp_path, lines, message):
    path = tmp_path / "stories.jsonl"
    path.write_text(lines)
    with pytest.raises(InputError, match=f"{path}.*{message}"):
        read_stories(path)


def test_stories_that_are_no_text(tmp_path):
    path = tmp_path / "stories.jsonl"
    with pytest.raises(InputError, match="no file"):
        read_stories(path)
    path.write_bytes(gzip.compress(b"{}")[:-4])
    with pytest.raises(InputError, match="cannot be unpacked"):
        read_stories(path)


def test_without_slices_stories_are_cut_by_date_and_never_torn(tmp_path):
    rows = [
        {"title": f"t{k}", "story": str(k // 2), "wording": str(k), "published": f"2025-08-{1 + k:02d}"}
        for k in range(28)
    ]
    data = read_stories(write(tmp_path / "dated.jsonl", rows))
    assert 9 <= len(data.slices) <= 11
    assert all(data.slice[k] == data.slice[k + 1] for k in range(0, 28, 2))
    undated = read_stories(write(tmp_path / "undated.jsonl", [row | {"published": None} for row in rows]))
    assert 3 <= len(undated.slices) <= 8


def test_a_fold_without_a_pair_is_refused_before_any_training(base, tmp_path):
    rows = [row | {"wording": row["title"]} if row["slice"] == "t1" else row for row in labelled(3, 2)]
    with pytest.raises(InputError, match=r"slices 2, 5 ... hold no two headlines of one wording"):
        train(write(tmp_path / "stories.jsonl", rows), tmp_path / "model", base=base)


@pytest.mark.slow
def test_too_little_to_learn_from(base, tmp_path):
    rows = [row | {"story": row["slice"], "wording": row["slice"]} for row in labelled(3, 2)]
    with pytest.raises(InputError, match="the same answer: add stories"):
        train(write(tmp_path / "stories.jsonl", rows), tmp_path / "model", base=base, epochs=1)


@pytest.mark.parametrize(
    ("change", "text", "possible"),
    [
        (edits._change_number, "Toll rises to 1,200 in Cebu", r"Toll rises to (600|840|960|1440|1800|2400) in Cebu"),
        (edits._change_number, "Ferry sinks, three dead", r"Ferry sinks, (?!three)\w+ dead"),
        (edits._change_day, "Strike set for Monday", r"Strike set for (?!Monday)\w+day"),
        (edits._change_name, "Quake hits Peru", r"Quake hits (Chile|Oslo)"),
        (edits._swap_names, "Peru beats Chile in final", r"Chile beats Peru in final"),
        (edits._use_opposite, "Shares rise in London", r"Shares (fall|drop) in London"),
        (edits._use_opposite, "Team wins cup", r"Team loses cup"),
        (edits._use_opposite, "Minister confirmed the deal", r"Minister denied the deal"),
        (edits._negate, "Mayor will resign", r"Mayor will not resign"),
    ],
)
def test_an_edit_changes_one_fact(change, text, possible):
    for seed in range(20):
        found = change(text, ["Chile", "Oslo"], np.random.default_rng(seed))
        assert re.fullmatch(possible, found), found


def test_a_title_with_nothing_to_edit_has_no_copy():
    texts = ["the long wait", "Toll rises to 14", "Mayor will resign"]
    copies, again = edit_titles(texts, 0), edit_titles(texts, 0)
    assert copies.originals.tolist() == [1, 2]
    assert copies.texts == again.texts
    assert all(text != texts[original] for text, original in zip(copies.texts, copies.originals, strict=True))
    assert edit_titles(texts[:1], 0).texts == []


def test_every_story_of_two_is_learned_from_whole_and_with_its_nearest():
    rng = np.random.default_rng(0)
    story = np.sort(rng.integers(0, 60, 150))
    vectors = rng.normal(size=(150, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    slices = [np.arange(0, 80), np.arange(80, 150)]
    made = story_batches(slices, story, vectors, 20, [0, 0])
    seen = set()
    for rows in made:
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
    assert all(np.array_equal(a, b) for a, b in zip(made, again, strict=True))
    assert sum(map(len, made)) / len(made) < 35


def test_the_losses_are_the_textbook_ones():
    torch.manual_seed(0)
    rows = torch.nn.functional.normalize(torch.randn(7, 4), dim=1)
    groups = torch.tensor([0, 0, 1, 1, 1, 2, 3])
    similarity, same = rows @ rows.T, groups[:, None] == groups[None]
    per_row = []
    for i in range(7):
        others = [k for k in range(7) if k != i]
        whole = sum(np.exp(similarity[i, k].item() / fine_tuning.TEMPERATURE) for k in others)
        mates = [k for k in others if same[i, k]]
        if mates:
            chances = [np.exp(similarity[i, k].item() / fine_tuning.TEMPERATURE) / whole for k in mates]
            per_row.append(-np.mean(np.log(chances)))
    assert contrastive(similarity, same).item() == pytest.approx(np.mean(per_row), rel=1e-5)
    chance = 1 / (1 + np.exp(-similarity.numpy()))
    total = -sum(np.log(chance[i, j] if same[i, j] else 1 - chance[i, j]) for i in range(7) for j in range(i + 1, 7))
    assert cross_entropy(similarity, same).item() == pytest.approx(total / 7, rel=1e-5)
    alone = torch.eye(3, dtype=torch.bool)
    assert contrastive(similarity[:3, :3], alone).item() == 0


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


def test_words_are_counted_without_those_of_gold(tmp_path):
    for name in ("scale", "stream"):
        write(tmp_path / name / "headlines.jsonl.gz", [{"title": f"mayor resigns {k % 9}"} for k in range(9)])
    write(tmp_path / "gold" / "a.jsonl", [{"title": "mayor resigns 0"}])
    out = tmp_path / "counts.gz"
    given = ["--data", str(tmp_path), "--out", str(out)]
    assert CliRunner().invoke(document_frequencies.main, given, catch_exceptions=False).exit_code == 0
    counted = gzip.decompress(out.read_bytes()).decode().splitlines()
    assert counted == ["8", "mayor\t8\t", "resign\t8\t"]  # nine titles, less the one of the gold set
