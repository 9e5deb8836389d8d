"""The context of pairs, against sums written out pair by pair."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.candidates.pairs import PairTable
from dedupe.candidates.products import spread
from dedupe.levels import SCORED_LEVELS
from dedupe.scoring.context import CONTEXT_FEATURES, Context, Matrices, sums_of
from dedupe.scoring.title_features import KINDS, describe_titles


def table(i, j, probability):
    p_wording, p_story = (np.asarray(probability[level], np.float32) for level in SCORED_LEVELS)
    return PairTable(np.asarray(i, np.int32), np.asarray(j, np.int32), p_pair_wording=p_wording, p_pair_story=p_story)


WORDS = "Oslo fire kills four firefighters near harbour after second blast".split()


def titles(nodes):
    """Titles that share some of their words."""
    return describe_titles([" ".join(WORDS[k % 5 : k % 5 + 3 + k % 3]) for k in range(nodes)])


def context(nodes, i, j, probability, **options):
    pairs = table(i, j, probability)
    return Context(titles(nodes), pairs, Matrices(nodes, pairs.i, pairs.j, **options)).features(slice(None))


def oracle(nodes, i, j, probability, most):
    matrix = np.zeros((nodes, nodes))
    matrix[i, j] = matrix[j, i] = probability
    for a, b in zip(i, j, strict=True):
        others = [k for k in range(nodes) if k not in (a, b)]
        common = sum(matrix[a, k] * matrix[b, k] for k in others)
        either = sum(matrix[a, k] ** 2 + matrix[b, k] ** 2 - matrix[a, k] * matrix[b, k] for k in others)
        mass = sorted(sum(matrix[side, k] for k in others) for side in (a, b))
        rival = sorted(max((matrix[side, k] for k in others), default=0) for side in (a, b))
        yield [
            common / max(either, 0.05 + common),
            common / (mass[0] + 0.3),
            common / (mass[1] + 0.3),
            math.log1p(min(mass[0], most)),
            rival[0],
            rival[1],
        ]


def echoes_oracle(nodes, i, j, probability):
    described = titles(nodes)
    kinds = [KINDS.index(kind) for kind in ("stems", "numbers", "days", "opposites")]
    words = described.entries.toarray()[:, np.isin(described.kind, kinds)].astype(float)
    matrix = np.zeros((nodes, nodes))
    matrix[i, j] = matrix[j, i] = probability

    def echo(of, among):
        lacking = words[of] * (words[among] == 0)
        others = [k for k in range(nodes) if k not in (of, among)]
        said = sum(matrix[among, k] * lacking @ (words[k] > 0) for k in others)
        return said / ((sum(matrix[among, k] for k in others) + 0.3) * max(lacking.sum(), 0.1))

    return [sorted((echo(a, b), echo(b, a))) for a, b in zip(i, j, strict=True)]


@st.composite
def graphs(draw):
    nodes = draw(st.integers(2, 7))
    every = [(a, b) for a in range(nodes) for b in range(a + 1, nodes)]
    pairs = draw(st.lists(st.sampled_from(every), unique=True, min_size=1))
    values = st.lists(st.floats(1 / 64, 1, width=32), min_size=len(pairs), max_size=len(pairs))
    i, j = (np.array(side) for side in zip(*sorted(pairs), strict=True))
    return nodes, i, j, {level: np.array(draw(values)) for level in SCORED_LEVELS}


@settings(deadline=None)
@given(graphs())
def test_context_is_what_its_words_say(graph):
    nodes, i, j, probability = graph
    features = context(nodes, i, j, probability)
    assert features.shape == (len(i), len(CONTEXT_FEATURES))
    most = {"wording": 2.0, "story": 10.0}
    expected = [list(oracle(nodes, i, j, probability[level], most[level])) for level in SCORED_LEVELS]
    expected = np.hstack([*expected, echoes_oracle(nodes, i, j, probability["story"])])
    np.testing.assert_allclose(features, expected, atol=1e-6)


@settings(deadline=None, max_examples=40)
@given(graphs(), st.integers(0, 2**32 - 1))
def test_any_pairs_can_be_asked_for(graph, seed):
    nodes, i, j, probability = graph
    pairs = Context(titles(nodes), table(i, j, probability))
    places = np.random.default_rng(seed).integers(0, len(i), 5)
    np.testing.assert_array_equal(pairs.features(places), pairs.features(slice(None))[places])


def test_a_lone_pair_has_no_context():
    lone = np.array([0.7])
    assert not context(2, np.array([0]), np.array([1]), {"story": lone, "wording": lone}).any()


def test_no_pairs():
    none = np.zeros(0, np.int64)
    assert context(3, none, none, {"story": [], "wording": []}).shape == (0, len(CONTEXT_FEATURES))


def test_agreement_raises_and_a_rival_shows():
    i, j = np.array([0, 0, 1]), np.array([1, 2, 2])
    p = np.array([0.4, 0.9, 0.9])
    features = context(3, i, j, {"story": p, "wording": p})[0].tolist()
    named = dict(zip(CONTEXT_FEATURES, features, strict=True))
    assert named["story_of_fewer"] == pytest.approx(0.81 / 1.2)
    assert named["story_partners"] == pytest.approx(math.log1p(0.9))
    assert named["story_rival"] == named["story_best_rival"] == pytest.approx(0.9)


def test_words_of_partners_are_echoed():
    headlines = describe_titles(["fire in Oslo", "blaze in Norway", "Norway fire", "storm in Wales"])
    i, j, p = np.array([0, 1]), np.array([1, 2]), np.array([0.5, 0.9])
    features = Context(headlines, table(i, j, {"wording": p, "story": p})).features(slice(None))
    echoes = features[0, [CONTEXT_FEATURES.index(name) for name in ("fewer_echoes", "more_echoes")]]
    assert echoes[0] == 0 < echoes[1] < 0.9 / 1.2, (
        "only the partner of the second says one of the words that it lacks: fire"
    )


def test_a_chunk_of_echoes_is_as_all(monkeypatch):
    nodes = 40
    i, j = np.nonzero(np.triu(np.random.default_rng(0).random((nodes, nodes)) < 0.3, 1))
    p = np.random.default_rng(1).random(len(i))
    whole = context(nodes, i, j, {"wording": p, "story": p})
    monkeypatch.setattr("dedupe.scoring.echoes._CHUNK_PAIRS", 7)
    np.testing.assert_allclose(context(nodes, i, j, {"wording": p, "story": p}), whole, atol=1e-6)


@pytest.mark.parametrize(
    "options",
    [{"dense_pairs": 0}, {"dense_pairs": 10**6, "chunk_entries": 3}, {"dense_pairs": 0, "chunk_entries": 3}],
    ids=["dense", "chunks", "both"],
)
@settings(deadline=None, max_examples=40)
@given(graph=graphs())
def test_dense_products_and_chunks_give_the_same(options, graph):
    np.testing.assert_allclose(context(*graph, **options), context(*graph), atol=1e-6)


def complete(nodes, seed=0):
    """All pairs of some nodes, and a probability of each."""
    i, j = np.triu_indices(nodes, 1)
    probability = np.random.default_rng(seed).uniform(0.2, 1, len(i))
    return i, j, {level: probability for level in SCORED_LEVELS}


def test_a_dense_component_of_very_many_nodes_is_sampled_in_all_its_pairs(monkeypatch):
    def sparse_rows(*arguments):
        raise AssertionError("rows of a dense component were multiplied pair by pair, which is cubic")

    i, j, probability = complete(600)
    exact = context(600, i, j, probability)
    monkeypatch.setattr(Matrices, "_row_products", sparse_rows)
    sampled = context(600, i, j, probability, dense_nodes=300)
    np.testing.assert_allclose(sampled, exact, rtol=0, atol=0.2)
    assert not np.array_equal(sampled, exact)
    np.testing.assert_array_equal(sampled, context(600, i, j, probability, dense_nodes=300))


def test_nodes_whose_context_is_estimated_are_named():
    size = 60
    i, j, probability = complete(size)
    alone = np.array([2 * size, 2 * size + 1])
    i, j = np.concatenate([i, i + size, alone[:1]]), np.concatenate([j, j + size, alone[1:]])
    both = {level: np.concatenate([values, values, [0.5]])[: len(i)] for level, values in probability.items()}
    cut = {level: np.where((i < size) | (j - i < 3), values, 0) for level, values in both.items()}
    kept = np.flatnonzero(cut["story"])  # the second component is sparse
    pairs = table(i[kept], j[kept], {level: values[kept] for level, values in cut.items()})
    for nodes, sampled in ((size - 1, list(range(size))), (size, [])):
        matrices = Matrices(2 * size + 2, pairs.i, pairs.j, dense_pairs=size * 20, dense_nodes=nodes)
        assert Context(titles(2 * size + 2), pairs, matrices).sampled.tolist() == sampled


def test_the_multiplications_of_a_dense_component_grow_with_its_pairs(monkeypatch):
    multiplied = []
    original = Matrices._dense_products

    def counted(matrices, matrix, members, pairs, common):
        multiplied.append(len(members) ** 2 * min(len(members), matrices.dense_nodes))
        assert matrix[members][:, members[spread(len(members), matrices.dense_nodes)]].shape[1] <= 100
        original(matrices, matrix, members, pairs, common)

    monkeypatch.setattr(Matrices, "_dense_products", counted)
    for nodes in (400, 800):
        context(nodes, *complete(nodes), dense_nodes=100)
    assert len(multiplied) == 4 and multiplied[-1] == 4 * multiplied[0], "two levels; four times the pairs"


def test_many_dense_components_are_each_computed_once():
    size, count = 60, 6  # a multiple of 15, after which titles repeat
    i, j, probability = complete(size)
    shifts = np.arange(count).repeat(len(i)) * size
    many = {level: np.tile(values, count) for level, values in probability.items()}
    features = context(size * count, np.tile(i, count) + shifts, np.tile(j, count) + shifts, many, dense_pairs=10)
    expected = context(size, i, j, probability, dense_pairs=10**6)
    np.testing.assert_allclose(features, np.tile(expected, (count, 1)), atol=1e-5)


@settings(deadline=None, max_examples=20)
@given(graph=graphs(), data=st.data())
def test_sums_of_some_pairs_are_those_of_all(graph, data):
    nodes, i, j, probability = graph
    pairs = table(i, j, probability)
    at = np.array(sorted(data.draw(st.sets(st.integers(0, max(len(pairs) - 1, 0))))) if len(pairs) else [], np.int64)
    matrices = Matrices(nodes, pairs.i, pairs.j)
    every, some = sums_of(titles(nodes), pairs, matrices), sums_of(titles(nodes), pairs, matrices, at)
    for level in SCORED_LEVELS:
        np.testing.assert_allclose(some.common[level], every.common[level][at], atol=1e-6)
    np.testing.assert_allclose(some.said, every.said[at], atol=1e-6)
    np.testing.assert_array_equal(some.mass, every.mass[at])
