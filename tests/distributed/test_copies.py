"""Nodes made range by range against those of all rows at once."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.clustering import collapse_copies
from dedupe.clustering.collapse import tie_ranks
from dedupe.distributed.engine import InOrder
from dedupe.distributed.input.outlets import find_outlets
from dedupe.distributed.input.rows import find_rows, headlines_of_rows
from dedupe.distributed.nodes.copies import find_copies, ranges_of
from tests.distributed.support import DAY, EVENTS, ROWS, SPLITS, job_with_rows


def made(rows, split, *, ranges=1, window=None):
    """The nodes and rows of all ranges, numbered over all, and the copies of one machine."""
    with tempfile.TemporaryDirectory() as folder:
        job, headlines = job_with_rows(Path(folder), rows, split, ranges=ranges, buckets=2, window=window)
        find_outlets(job, InOrder())
        job = find_copies(job, InOrder())
        nodes, node_rows = ([job.store.read(step, r) for r in range(job.ranges)] for step in ("nodes", "node_rows"))
    assert job.offsets == (0, *np.cumsum([len(table) for table in nodes]).tolist())
    for r, table in enumerate(node_rows):
        assert np.all(np.diff(table["position"].to_numpy()) > 0)
        for name in ("node", "exact"):
            numbers = pa.array(table[name].to_numpy() + job.offsets[r])
            table = table.set_column(table.column_names.index(name), name, numbers)
        node_rows[r] = table
    return (
        job,
        pa.concat_tables(nodes),
        pa.concat_tables(node_rows).sort_by("position"),
        collapse_copies(headlines, window),
    )


def titles_of(table):
    return [
        (core, frozenset(labels))
        for core, labels in zip(*(table[n].to_pylist() for n in ("core", "labels")), strict=True)
    ]


@settings(deadline=None, max_examples=40)
@given(ROWS, SPLITS, st.sampled_from([1, 5]), st.sampled_from([None, 1.0, 24.0]))
def test_nodes_are_those_of_all_rows_at_once(rows, split, ranges, window):
    _, nodes, node_rows, copies = made(rows, split, ranges=ranges, window=window)
    one = copies.nodes
    assert node_rows["position"].to_pylist() == list(range(len(rows)))
    assert node_rows["node"].to_pylist() == one.of_row.tolist()
    assert node_rows["exact"].to_pylist() == one.exact_of_row.tolist()
    assert node_rows["text"].to_pylist() == copies.texts
    assert titles_of(node_rows) == copies.cores
    headlines = headlines_of_rows(node_rows)
    assert [str(h) for h in headlines] == [str(h) for h in copies.headlines]
    assert tie_ranks(headlines).tolist() == one.ties.tolist()
    assert nodes["title_position"].to_pylist() == one.title_row.tolist()
    assert nodes["text"].to_pylist() == [copies.encoded[row] for row in one.text_row]
    assert titles_of(nodes) == copies.node_titles
    assert nodes["source"].to_pylist() == [copies.headlines[row].source for row in one.title_row]
    assert nodes["generic"].to_pylist() == copies.generic[one.title_row].tolist()
    assert nodes["weight"].to_pylist() == one.weight.tolist()
    for name, hours in (("first", one.first), ("last", one.last)):
        assert np.array_equal(nodes[name].to_numpy(), hours, equal_nan=True)


@pytest.mark.parametrize("title", ["Ferry sinks off Oslo", "", "Corrections"])
def test_one_title_is_one_range(title):
    job, _, node_rows, copies = made([(title, None, DAY, None, str(k)) for k in range(9)], 2, ranges=5)
    assert job.ranges == 1 and node_rows["node"].to_pylist() == copies.nodes.of_row.tolist()
    assert job.nodes == (1 if title else 9)


def test_parts_and_buckets_may_be_without_rows(tmp_path):
    job, headlines = job_with_rows(tmp_path, [(event, None, None, None, None) for event in EVENTS], 2, ranges=3)
    empty = replace(job.parts[0], pieces=(), rows=0)
    job = replace(job, work=str(tmp_path / "other"), parts=(empty, *job.parts, empty), buckets=50)
    assert find_rows(job, InOrder()).rows == len(headlines)
    find_outlets(job, InOrder())
    assert find_copies(job, InOrder()).nodes == len(collapse_copies(headlines, None).nodes)


def test_no_range_is_empty_and_all_have_about_the_same_number_of_rows():
    rows = [(f"{event} {k}", None, None, None, None) for event in EVENTS[:3] for k in range(40)]
    job, *_ = made([*rows, *[(None,) * 5] * 3], 50, ranges=5)
    assert job.ranges == 5 and job.nodes == 123
    assert all(20 <= size <= 28 for size in np.diff(job.offsets))


@given(
    st.lists(st.text("ab\U0001f600\uffff", max_size=4)), st.sets(st.text("ab\U0001f600\uffff", min_size=1, max_size=3))
)
def test_ranges_ascend_with_fingerprints_and_empty_ones_are_in_the_last(fingerprints, boundaries):
    ordered = sorted(filter(None, fingerprints)) + ["" for key in fingerprints if not key]
    of_row = ranges_of(ordered, sorted(boundaries))
    assert np.all(np.diff(of_row) >= 0)
    assert all(r == len(boundaries) for r, key in zip(of_row, ordered, strict=True) if not key)
