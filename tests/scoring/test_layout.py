"""Two titles in one item of a page: evidence for one wording, neither more nor less."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe import Headline, compare, deduplicate, load_result
from dedupe.scoring.addresses import NO_ADDRESSES, AddressPairs
from dedupe.scoring.layout import ONE_RECORD, with_record

ROWS = [
    Headline("Clockmaker repairs tower bell", record="page:1"),
    Headline("Silent tower bell rings again", record="page:1"),
    Headline("Pilots call in sick at Kestrel Air", record="page:3"),
    Headline("Drowned village emerges from lake", record="page:3"),
]
probabilities = st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=30)


@given(probabilities)
def test_odds_of_marked_pairs_rise_by_one_factor_and_others_stay(rows):
    before = np.array([p for p, _ in rows], np.float32)
    marked = np.array([mark for _, mark in rows], bool)
    after = with_record(before, marked)
    assert after.dtype == np.float32 and (after >= before - 1e-5).all() and (after <= 1).all()
    np.testing.assert_array_equal(after[~marked], before[~marked])
    inner = marked & (before > 0.01) & (before < 0.99)
    p, q = before[inner].astype(float), after[inner].astype(float)
    np.testing.assert_allclose(np.log(q / (1 - q)) - np.log(p / (1 - p)), ONE_RECORD, atol=1e-3)


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(7, 12))),
    st.lists(st.tuples(st.integers(0, 6), st.integers(7, 12))),
)
def test_a_union_has_the_pairs_of_both_once(first, second):
    def pairs(these):
        i, j = np.array(sorted(set(these)), np.int64).reshape(-1, 2).T
        return AddressPairs(i, j, [f"{a}-{b}" for a, b in zip(i, j, strict=True)]) if these else NO_ADDRESSES

    union = pairs(first).union(pairs(second))
    assert list(zip(union.i.tolist(), union.j.tolist(), strict=True)) == sorted({*first, *second})
    assert list(union.address) == [f"{a}-{b}" for a, b in zip(union.i, union.j, strict=True)]


def test_it_raises_the_probability_and_is_named_in_the_reasons(fake_encoder, tmp_path):
    with_layout = deduplicate(ROWS, reader="off")
    without = deduplicate([replace(row, record=None) for row in ROWS], reader="off")
    pair = next(pair for pair in with_layout.pairs if (pair.i, pair.j) == (0, 1))
    (reason,) = (reason for reason in pair.reasons if "one item" in reason)
    assert re.fullmatch(r"\d+ % for: they stand together in one item of the page", reason)
    assert pair.features["same_record"] == 1
    others = {(pair.i, pair.j): pair for pair in without.pairs}
    alone = others.get((0, 1))
    assert alone is None or (pair.p_wording > alone.p_wording and pair.p_story > alone.p_story)
    assert not any("one item" in reason for other in others.values() for reason in other.reasons)
    with_layout.save(tmp_path / "run")
    assert load_result(tmp_path / "run").pairs[0] == with_layout.pairs[0]


def test_it_is_no_rule(fake_encoder):
    labels = deduplicate(ROWS, reader="off").labels("story")
    assert labels[2] != labels[3]  # nothing but the page speaks for one event


@pytest.mark.parametrize("level", ["story", "wording"])
def test_pairs_of_a_record_are_scored_once(fake_encoder, level):
    pairs = deduplicate(ROWS, level=level, reader="off").pairs
    found = [(pair.i, pair.j) for pair in pairs]
    assert len(found) == len(set(found))


def test_compare_takes_it_into_account(fake_encoder):
    together, apart = compare(*ROWS[:2], reader="off"), compare(ROWS[0].title, ROWS[1].title, reader="off")
    assert together.p_wording > apart.p_wording and any("they stand together" in reason for reason in together.reasons)
