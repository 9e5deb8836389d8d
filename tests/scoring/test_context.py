"""The evidence of company, against sums written out pair by pair."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dedupe.levels import SCORED_LEVELS
from dedupe.scoring import context as module
from dedupe.scoring.context import CONTEXT, Company


def context(nodes, i, j, probability):
    return Company(nodes, i, j, probability).of(slice(None))


def oracle(nodes, i, j, chance):
    matrix = np.zeros((nodes, nodes))
    matrix[i, j] = matrix[j, i] = chance
    for a, b in zip(i, j, strict=True):
        others = [k for k in range(nodes) if k not in (a, b)]
        common = sum(matrix[a, k] * matrix[b, k] for k in others)
        either = sum(matrix[a, k] ** 2 + matrix[b, k] ** 2 - matrix[a, k] * matrix[b, k] for k in others)
        mass = sorted(sum(matrix[side, k] for k in others) for side in (a, b))
        rival = sorted(max((matrix[side, k] for k in others), default=0) for side in (a, b))
        yield [
            math.log1p(common),
            common / max(either, 0.05 + common),
            math.log1p(mass[0]),
            math.log1p(mass[1]),
            rival[0],
            rival[1],
        ]


@st.composite
def graphs(draw):
    nodes = draw(st.integers(2, 7))
    every = [(a, b) for a in range(nodes) for b in range(a + 1, nodes)]
    pairs = draw(st.lists(st.sampled_from(every), unique=True, min_size=1))
    chances = st.lists(st.floats(0.02, 1), min_size=len(pairs), max_size=len(pairs))
    i, j = (np.array(side) for side in zip(*sorted(pairs), strict=True))
    return nodes, i, j, {level: np.array(draw(chances)) for level in SCORED_LEVELS}


@given(graphs())
def test_context_is_what_its_words_say(graph):
    nodes, i, j, chance = graph
    found = context(nodes, i, j, chance)
    assert found.shape == (len(i), len(CONTEXT))
    expected = np.hstack([list(oracle(nodes, i, j, chance[level])) for level in SCORED_LEVELS])
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_pair_alone_has_no_company():
    one = np.array([0.7])
    assert not context(2, np.array([0]), np.array([1]), {"story": one, "wording": one}).any()


def test_no_pairs():
    none = np.zeros(0, np.int64)
    assert context(3, none, none, {"story": np.zeros(0), "wording": np.zeros(0)}).shape == (0, len(CONTEXT))


def test_agreement_raises_and_a_rival_shows():
    i, j = np.array([0, 0, 1]), np.array([1, 2, 2])
    chance = np.array([0.4, 0.9, 0.9])
    found = dict(zip(CONTEXT, context(3, i, j, {"story": chance, "wording": chance})[0].tolist(), strict=True))
    assert found["story_common"] == pytest.approx(math.log1p(0.81))
    assert found["story_rival"] == found["story_best_rival"] == pytest.approx(0.9)


@pytest.mark.parametrize(("dense", "cost"), [(0, 10**6), (10**6, 3), (0, 3)], ids=["dense", "parts", "both"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(graph=graphs())
def test_products_in_parts_are_the_same(monkeypatch, dense, cost, graph):
    nodes, i, j, chance = graph
    expected = context(nodes, i, j, chance)
    with monkeypatch.context() as changed:
        changed.setattr(module, "_WORTH", dense)
        changed.setattr(module, "_COST", cost)
        np.testing.assert_allclose(context(nodes, i, j, chance), expected, atol=1e-6)
