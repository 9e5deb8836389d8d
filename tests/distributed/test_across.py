"""Pairs of nodes on two sides, against a join of all."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.candidates.join import Join
from dedupe.candidates.pairs import concatenate
from dedupe.candidates.time_band import TimeBand
from dedupe.distributed.pairs.across import Across


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    nodes=st.integers(2, 60),
    window=st.sampled_from([None, 1.0, 24.0]),
    wording=st.booleans(),
    block=st.sampled_from([1, 5, 1024]),
)
def test_pairs_are_those_of_a_join_that_lie_on_both_sides(seed, nodes, window, wording, block):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(nodes, 8)).astype(np.float32) + 0.5
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[rng.random(nodes) < 0.1] = 0
    first = np.where(rng.random(nodes) < 0.2, np.nan, rng.integers(0, 200, nodes) / 2.0)
    band = None if window is None else TimeBand(first, first + rng.integers(0, 5, nodes) / 2, window)
    side = rng.random(nodes) < 0.5
    sides = np.flatnonzero(side), np.flatnonzero(~side)
    join = Across(vectors, *sides, 0.4, band, wording=wording, block_rows=block)
    found = concatenate(map(join.piece, range(join.pieces)))
    everything = concatenate(Join(vectors, 0.4, band, wording=wording))
    expected = everything.take(side[everything.i] != side[everything.j])
    for name in ("i", "j", "similarity", "wording_similarity"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_a_side_may_be_empty():
    vectors, none = np.eye(3, dtype=np.float32), np.empty(0, np.int64)
    assert Across(vectors, none, np.arange(3), 0.5).pieces == Across(vectors, np.arange(3), none, 0.5).pieces == 0
