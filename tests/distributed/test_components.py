"""Components of pairs in parts, against components found pair by pair."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.distributed.engine import InOrder
from dedupe.distributed.job import Job
from dedupe.distributed.pairs.components import Probable, every_pair, find_components, found_labels, labels_of
from dedupe.distributed.store import arrow
from dedupe.result.settings import Settings


@pytest.fixture
def job(tmp_path):
    settings = Settings("story", {"story": 0.5, "wording": 0.6}, 0.05)
    return Job(str(tmp_path / "work"), settings, (), {})


def smallest_reached(edges):
    """The smallest node that each node of some edges reaches."""
    label = {node: node for edge in edges for node in edge}
    changed = True
    while changed:
        changed = False
        for a, b in edges:
            least = min(label[a], label[b])
            changed |= {label[a], label[b]} != {least}
            label[a] = label[b] = least
    return label


@settings(deadline=None, max_examples=30)
@given(st.data())
def test_labels_are_the_smallest_numbers_that_can_be_reached(tmp_path_factory, data):
    numbers = st.integers(0, 40).map(lambda k: k * 10**8)  # beyond int32
    edge = st.tuples(numbers, numbers).filter(lambda ends: ends[0] != ends[1]).map(sorted)
    parts = data.draw(st.lists(st.lists(edge, max_size=3), min_size=1, max_size=20))
    job = Job(str(tmp_path_factory.mktemp("work")), Settings("story", {"story": 0.5, "wording": 0.6}, 0.05), (), {})
    for part, edges in enumerate(parts):
        ends = np.array(edges, np.int64).reshape(-1, 2)
        job.store.write("edges", part, arrow({"i": ends[:, 0], "j": ends[:, 1]}))
    found = find_components(job, InOrder(), "some", "edges", range(len(parts)), every_pair)
    expected = smallest_reached([edge for edges in parts for edge in edges])
    sizes = np.unique(list(expected.values()), return_counts=True)[1]
    assert found == {"nodes": len(expected), "components": len(sizes), "largest": max(sizes, default=0)}
    every = np.arange(42) * 10**8
    labels, paired = found_labels(job, "some", every)
    assert labels.tolist() == [expected.get(number, number) for number in every.tolist()]
    assert paired.tolist() == [number in expected for number in every.tolist()]
    assert labels_of(job, "some", every[::-1]).tolist() == labels[::-1].tolist()


@pytest.mark.parametrize("parts", [1, 16, 17, 300])
def test_a_chain_through_all_parts_is_one_component(job, parts):
    for part in range(parts):
        job.store.write("edges", part, arrow({"i": np.array([part]), "j": np.array([part + 1])}))
    found = find_components(job, InOrder(), "chain", "edges", list(range(parts)), every_pair)
    assert found == {"nodes": parts + 1, "components": 1, "largest": parts + 1}
    assert not labels_of(job, "chain", np.arange(parts + 1)).any()


def test_only_chosen_pairs_are_edges(job):
    p = np.array([0.69999993, 0.7, 0.9], np.float32)
    job.store.write("edges", 0, arrow({"i": np.array([0, 1, 2]), "j": np.array([1, 2, 3]), "p_story": p}))
    find_components(job, InOrder(), "chosen", "edges", [0], Probable("p_story", 0.7))
    assert labels_of(job, "chosen", np.arange(5)).tolist() == [0, 1, 1, 1, 4]
