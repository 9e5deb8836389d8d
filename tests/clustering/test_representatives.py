"""Which row represents its group, against the rules written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.clustering.collapse import Nodes
from dedupe.clustering.representatives import best_first, first_of_each
from dedupe.levels import KEEP_RULES


@st.composite
def groups(draw):
    """Rows of a few nodes in groups, in which nodes may be cut in parts."""
    count = draw(st.integers(1, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    of = np.unique(rng.integers(0, count, count), return_inverse=True)[1]
    labels = np.unique(rng.integers(0, 3, count), return_inverse=True)[1]
    vectors = rng.normal(size=(of.max() + 1, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    n, hours = len(vectors), np.full(len(vectors), np.nan)
    nodes = Nodes(of, of, np.arange(n), np.arange(n), hours, hours, np.ones(n, np.int64), rng.permutation(count))
    when = np.where(rng.random(count) < 0.3, np.nan, rng.integers(0, 3, count))
    return labels, nodes, vectors, rng.integers(0, 4, n), when, rng.integers(0, 2, count)


@settings(deadline=None)
@given(groups())
@pytest.mark.parametrize("rule", KEEP_RULES)
def test_the_representative_is_the_best_by_its_rule_and_ties_go_by_rank(rule, group):
    labels, nodes, vectors, facts, when, preference = group
    expected = []
    for label in range(labels.max() + 1):
        members = np.flatnonzero(labels == label)
        center = vectors[nodes.of_row[members]].sum(axis=0)
        alone = len({*nodes.of_row[members].tolist()}) == 1
        best = {
            "central": lambda row, center=center, alone=alone: (
                0 if alone else -round(float(vectors[nodes.of_row[row]] @ center), 4)
            ),
            "earliest": lambda row: 0,
            "first": lambda row: row,
            "latest": lambda row: np.inf if np.isnan(when[row]) else -when[row],
            "complete": lambda row: -facts[nodes.of_row[row]],
        }[rule]
        expected.append(sorted(members.tolist(), key=lambda row: (preference[row], best(row), nodes.ties[row])))
    order = best_first(labels, nodes, vectors, facts, rule, when, preference)
    assert order.tolist() == [row for members in expected for row in members]
    assert first_of_each(order, labels).tolist() == [members[0] for members in expected]


@pytest.mark.parametrize("rule", KEEP_RULES)
def test_nothing_has_no_representative(rule):
    none, hours = np.empty(0, np.int64), np.empty(0)
    nodes = Nodes(none, none, none, none, hours, hours, none, none)
    order = best_first(none, nodes, np.empty((0, 4), np.float32), none, rule, hours)
    assert len(order) == len(first_of_each(order, none)) == 0
