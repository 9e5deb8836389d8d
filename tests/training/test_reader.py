"""The reader: the pairs it learns from, its loss, its loop and its file."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from dedupe.runtime.progress import silent
from dedupe.scoring.reader import Reader
from dedupe.training.contrast import Contrast, Events
from dedupe.training.network import Network
from dedupe.training.onnx_export import write_encoder, write_reader
from dedupe.training.optimization import optimize
from dedupe.training.reader_network import ExportedReader, PairNetwork
from dedupe.training.reader_pairs import (
    DIFFERENT,
    SAME,
    STORY,
    WORDING,
    Candidates,
    Pair,
    ReaderPairs,
    pairs_at,
    slices_apart,
)
from dedupe.training.reader_training import ReaderTraining, separation
from dedupe.training.stories import read_stories
from tests.support.tiny import labelled, write

LEARNED = [0, 1, 2, 6, 7, 8]
NO_EVENTS = Events([], np.zeros(0, np.int64))


@pytest.fixture(scope="module")
def data(stories):
    return read_stories(stories)


@pytest.fixture(scope="module")
def vectors(base, data):
    return Network(base).encode(data.texts)


def reader_pairs(data, vectors, contrasts=(), events=NO_EVENTS, seed=0):
    event_vectors = np.eye(max(len(events.texts), 1), dtype=np.float32)[: len(events.texts)]
    return ReaderPairs(data, vectors, LEARNED, contrasts, events, event_vectors, seed)


def test_no_title_of_another_slice_is_learned_from_and_labels_are_those_of_the_stories(data, vectors):
    learned = {data.texts[row]: row for k in LEARNED for row in data.slices[k]}
    other = set(data.texts) - set(learned)
    pairs = reader_pairs(data, vectors).epoch(0)
    assert not other & {text for pair in pairs for text in pair[:2]}
    checked = Counter()
    for first, second, label in pairs:
        if first in learned and second in learned and first != second:
            i, j = learned[first], learned[second]
            same = [data.labels[level][i] == data.labels[level][j] for level in ("story", "wording")]
            checked[label, tuple(same)] += 1
    labels = {DIFFERENT: (False, False), STORY: (True, False), WORDING: (True, True)}
    assert sum(checked.values()) > 100
    assert set(checked) == {(label, same) for label, same in labels.items()}


def test_a_story_has_a_few_pairs_and_there_are_as_many_others(tmp_path, base):
    rows = [row | ({"story": "one", "wording": "one"} if k < 8 else {}) for k, row in enumerate(labelled(6))]
    data = read_stories(write(tmp_path / "stories.jsonl", rows))
    candidates = Candidates.of(data, Network(base).encode(data.texts), [0, 1])
    for seed in range(3):
        places = candidates.draw(data.labels["story"], np.random.default_rng(seed))
        assert len(set(places.tolist())) == len(places)
        joined = places[candidates.label[places] > DIFFERENT]
        assert len(places) == 2 * len(joined)
        by_story = Counter(data.labels["story"][candidates.i[joined]].tolist())
        assert by_story[data.labels["story"][0]] == 12, "of 28 pairs"
        every = Counter(data.labels["story"][candidates.i[candidates.label > DIFFERENT]].tolist())
        assert all(count == min(every[story], 12) for story, count in by_story.items())
        assert len(pairs_at(data, candidates, places)) == len(places)


def test_pairs_of_distant_slices_are_the_most_alike_and_different(data, vectors):
    assert slices_apart(data, 0, 1) and slices_apart(data, 8, 0) and not slices_apart(data, 3, 3)
    place = {text: int(data.slice[row]) for row, text in enumerate(data.texts)}
    pairs = reader_pairs(data, vectors)._distant(50, np.random.default_rng(0))
    assert len(pairs) == 50
    for first, second, label in pairs:
        assert label == DIFFERENT and place[first] != place[second]
        others = vectors[data.slices[place[second]]]
        row = data.texts.index(first)
        best = (others @ vectors[row]).max()
        assert vectors[data.texts.index(second)] @ vectors[row] == pytest.approx(best, abs=1e-6)


def test_events_give_pairs_of_one_event_and_of_two(data, vectors):
    events = Events([f"event {k // 4} title {k}" for k in range(40)], np.arange(40) // 4)
    pairs = reader_pairs(data, vectors, events=events)._of_events(40, np.random.default_rng(0))
    number = {text: k for text, k in zip(events.texts, events.event.tolist(), strict=True)}
    assert Counter(pair.label for pair in pairs) == {SAME: 20, DIFFERENT: 20}
    for first, second, label in pairs:
        assert first != second and (number[first] == number[second]) == (label == SAME)


def test_titles_of_two_events_that_are_nearly_copies_are_no_pair(data, vectors):
    events = Events(["a", "b"], np.arange(2))
    pairs = ReaderPairs(data, vectors, LEARNED, [], events, np.ones((2, 1), np.float32), 0)
    assert pairs._of_events(4, np.random.default_rng(0)) == []


def test_companions_and_what_rules_make_of_titles(data, vectors):
    row = Contrast("Peru will vote on Monday", "Vote in Peru on Monday, officials say", "Who will win?", "Chile votes")
    pairs = reader_pairs(data, vectors, [row] * 30)
    made = Counter(pair.label for pair in pairs._edited(40, np.random.default_rng(0)))
    assert made == {DIFFERENT: 40}
    for first, second, label in pairs._rewritten(20, np.random.default_rng(0)):
        assert label == WORDING and first in row[1:] and second != first
    own = {frozenset(pair[:2]) for pair in row.companions()}
    epoch = pairs.epoch(0)
    assert own <= {frozenset((pair.first, pair.second)) for pair in epoch}


def test_an_epoch_is_the_same_for_its_number_and_seed_alone(data, vectors):
    pairs = reader_pairs(data, vectors)
    assert pairs.epoch(1) == reader_pairs(data, vectors).epoch(1)
    assert pairs.epoch(1) != pairs.epoch(0)
    assert pairs.epoch(1) != reader_pairs(data, vectors, seed=1).epoch(1)


@pytest.fixture
def training(base, data, vectors):
    def make(seed=0):
        pairs = reader_pairs(data, vectors)
        watched = {"slices": pairs.epoch(9)[:60]}
        return ReaderTraining(PairNetwork(base, seed), pairs, watched, seed)

    return make


def test_the_loss_is_the_log_probability_of_the_allowed_labels(training):
    objective = training()
    objective.network.eval()
    batch = [Pair("ferry sinks", "dam burns", label) for label in (DIFFERENT, STORY, WORDING, SAME)]
    with torch.no_grad():
        chance = objective._scores(batch[:1]).softmax(1)[0].numpy()
        losses = [objective.loss([pair]).item() for pair in batch]
        mean = objective.loss(batch).item()
    expected = -np.log([chance[0], chance[1], chance[2], chance[1] + chance[2]])
    np.testing.assert_allclose(losses, expected, rtol=2e-2)
    assert mean == pytest.approx(np.mean(losses), rel=1e-3)


def test_batches_hold_each_pair_of_an_epoch_once_in_either_order(training):
    objective = training()
    batches = objective.batches(0)
    assert max(map(len, batches)) <= 48
    seen = Counter((frozenset((p.first, p.second)), p.label) for batch in batches for p in batch)
    assert seen == Counter((frozenset((p.first, p.second)), p.label) for p in objective.pairs.epoch(0))
    assert batches == training().batches(0)


def test_separation_is_the_area_under_the_curve():
    rng = np.random.default_rng(0)
    label, odds = rng.integers(0, 4, 200), rng.normal(size=(200, 2)).astype(np.float32)
    areas = separation(label.tolist(), torch.from_numpy(odds))
    for k, (level, inside, outside) in enumerate((("story", 1, 0), ("wording", 2, 1))):
        rows = (label == inside) | (label == outside)
        assert areas[level] == pytest.approx(roc_auc_score(label[rows] == inside, odds[rows, k]), abs=1e-4)
    assert separation([0, 0, 1], torch.zeros(3, 2)) == {"story": 0.5}
    assert separation([], torch.zeros(0, 2)) == {}


@pytest.mark.slow
def test_an_interrupted_run_ends_at_the_same_weights_and_learns(training, tmp_path):
    class Stop(Exception):
        pass

    def stop(stage, done, total):
        if done > total // 2:
            raise Stop

    complete, interrupted, resumed = training(), training(), training()
    frozen = complete.network.trunk.embeddings.word_embeddings.weight.clone()
    history = optimize(complete, tmp_path / "complete", 2, silent)
    with pytest.raises(Stop):
        optimize(interrupted, tmp_path / "checkpoint", 2, stop)
    resumed_history = optimize(resumed, tmp_path / "checkpoint", 2, silent)
    weights = (objective.network.state_dict().values() for objective in (complete, resumed))
    assert all(torch.equal(first, second) for first, second in zip(*weights, strict=True))
    assert [record | {"seconds": 0} for record in history] == [record | {"seconds": 0} for record in resumed_history]
    assert history[1]["loss"] < history[0]["loss"]
    assert {"slices_story_auc", "slices_wording_auc"} <= set(history[0])
    assert torch.equal(complete.network.trunk.embeddings.word_embeddings.weight, frozen)


def test_the_written_reader_says_what_the_network_says(base, tmp_path):
    network = PairNetwork(base, 0)
    write_encoder(Network(base), tmp_path)
    write_reader(network, tmp_path)
    texts = ["ferry sinks in place1", "dam burns on monday with 14 hurt", "court wins"]
    first, second = np.array([0, 1, 2]), np.array([1, 2, 0])
    found = Reader(tmp_path, verified=False).log_odds(texts, first, second)
    network.eval()
    for k, (a, b) in enumerate(zip(first, second, strict=True)):
        one, other = sorted((texts[a], texts[b]))
        tokens = network.batch([one], [other])
        with torch.no_grad():
            expected = ExportedReader(network)(tokens["input_ids"], tokens["token_type_ids"])[0].numpy()
        np.testing.assert_allclose(found[k], expected, atol=0.05)
