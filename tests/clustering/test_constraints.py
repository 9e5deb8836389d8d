"""Constraints: which rows corrections link, and what the window makes of it."""

from __future__ import annotations

import numpy as np
import pytest

from dedupe import Correction, Headline
from dedupe.candidates.pairs import PairTable
from dedupe.clustering.collapse import collapse_copies
from dedupe.clustering.constraints import constraints_of, rows_named, with_must_links
from dedupe.clustering.linkage import link
from dedupe.levels import SCORED_LEVELS
from dedupe.runtime.progress import silent

TITLES = ["Ferry sinks", "Bank raises rates", "Museum reopens", "Storm closes port", "Ferry sinks - CNN"]
FERRY, BANK, MUSEUM, STORM, _ = TITLES
ROWS = [Headline(title, source="CNN") for title in TITLES]


def links(pairs):
    return {frozenset(TITLES[row] for row in pair) for pair in pairs.T.tolist()}


def constraints(*corrections, rows=ROWS, window=None):
    return constraints_of([Correction(*correction) for correction in corrections], collapse_copies(rows, window))


def test_each_verdict_links_or_separates_at_its_levels():
    c = constraints((FERRY, BANK, "wording"), (BANK, MUSEUM, "story"), (MUSEUM, STORM, "different"))
    ferry, bank, museum = (frozenset(pair) for pair in ((FERRY, BANK), (BANK, MUSEUM), (MUSEUM, STORM)))
    assert links(c.must_link["wording"]) == {ferry} and links(c.must_link["story"]) == {ferry, bank}
    assert links(c.cannot_link["wording"]) == {bank, museum} and links(c.cannot_link["story"]) == {museum}
    assert c.applied == 3 and {TITLES[row] for row in c.rows} == {FERRY, BANK, MUSEUM, STORM}


def test_no_corrections_are_no_constraints():
    c = constraints()
    assert c.applied == 0 and c.rows.tolist() == []
    assert all(pairs.shape == (2, 0) for by_level in (c.must_link, c.cannot_link) for pairs in by_level.values())


def test_absent_titles_pass_a_must_link_on():
    c = constraints((FERRY, "Gone", "story"), ("Gone", "Gone too", "wording"), ("Gone too", BANK, "story"))
    assert links(c.must_link["story"]) == {frozenset((FERRY, BANK))} and c.applied == 0
    assert not links(c.must_link["wording"])
    c = constraints((FERRY, "Gone", "wording"), ("Gone", BANK, "different"))
    assert links(c.cannot_link["story"]) == links(c.cannot_link["wording"]) == {frozenset((FERRY, BANK))}


def test_every_part_of_a_group_that_the_window_cut_is_linked():
    rows = [Headline(FERRY, published=f"2025-08-{day}") for day in ("01", "11", "21")] + [Headline(BANK)]
    c = constraints((FERRY, BANK, "story"), rows=rows, window=24.0)
    assert c.must_link["story"].tolist() == [[0, 1, 2], [3, 3, 3]] and c.applied == 1


def test_rows_named_by_corrections():
    copies = collapse_copies(ROWS, None)
    named = rows_named([Correction("FERRY SINKS", BANK, "story")], copies, 5)
    assert named.tolist() == [0, 1, 4]
    assert rows_named([Correction("FERRY SINKS", BANK, "story")], copies, 1).tolist() == [0]
    assert rows_named([], copies, 5).tolist() == []


def test_a_must_link_takes_the_place_of_its_pair():
    p = np.array([0.5, 0.25], np.float32)
    pairs = PairTable(np.array([0, 1], np.int32), np.array([2, 2], np.int32), p_story=p, p_wording=p / 2)
    i, j, probability = with_must_links(pairs, "story", np.array([[2, 3], [0, 1]]), 4)
    assert list(zip(i, j, probability, strict=True)) == [(1, 2, 0.25), (0, 2, 1.0), (1, 3, 1.0)]
    i, j, probability = with_must_links(pairs, "wording", np.empty((2, 0), np.int64), 4)
    assert probability.tolist() == [0.25, 0.125] and probability.dtype == np.float64


@pytest.mark.parametrize(("window", "violated"), [(None, []), (72.0, []), (24.0, [FERRY, BANK])])
def test_a_must_link_that_the_window_keeps_apart_is_violated(window, violated):
    rows = [Headline(FERRY, published="2025-08-01"), Headline(BANK, published="2025-08-03"), Headline(MUSEUM)]
    copies = collapse_copies(rows, window)
    c = constraints((FERRY, BANK, "story"), (BANK, MUSEUM, "story"), rows=rows, window=window)
    none = PairTable.of(np.empty(0, np.int64), np.empty(0, np.int64))
    trees = link(none, copies.nodes, c, SCORED_LEVELS, window, 0.05, silent)
    nodes = c.violated(trees, copies.nodes)
    assert {TITLES[row] for row in copies.nodes.title_row[nodes]} == set(violated)
