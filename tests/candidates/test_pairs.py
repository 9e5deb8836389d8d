"""`PairTable`: what steps do with it, column by column."""

from __future__ import annotations

import pickle
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.candidates.pairs import PairTable, concatenate

COLUMNS = [column.name for column in fields(PairTable)]


def table(count, seed=0, filled=("similarity", "p_story", "context")):
    """`count` pairs in any order; every value of a filled column names its pair."""
    rng = np.random.default_rng(seed)
    i, j = np.triu_indices(30, 1)
    chosen = rng.choice(len(i), count, replace=False)
    pairs = PairTable.of(i[chosen], j[chosen])
    values = {name: (pairs.i * 30 + pairs.j + COLUMNS.index(name)).astype(np.float32) for name in filled}
    if "context" in values:
        values["context"] = np.stack([pairs.i, pairs.j], axis=1).astype(np.float16)
    return replace(pairs, **values)


def rows(pairs):
    """Each pair with its values, a tuple each."""
    columns = (getattr(pairs, name).tolist() for name in COLUMNS)
    return [tuple(map(str, row)) for row in zip(*filter(None, columns), strict=True)]


def equal(first, second):
    return all(np.array_equal(getattr(first, name), getattr(second, name)) for name in COLUMNS)


def test_pairs_are_ordered_within_and_small():
    pairs = PairTable.of(np.array([5, 1]), np.array([2, 7]))
    assert (pairs.i.tolist(), pairs.j.tolist()) == ([2, 1], [5, 7])
    assert pairs.i.dtype == pairs.j.dtype == np.int32 and len(pairs) == 2


@settings(deadline=None)
@given(st.integers(0, 40), st.integers(0, 99))
def test_take_takes_the_same_pairs_of_every_filled_column(count, seed):
    pairs, rng = table(count, seed), np.random.default_rng(seed)
    mask = rng.random(count) < 0.5
    places = rng.integers(0, count, 2 * count) if count else np.empty(0, np.int64)
    everything = rows(pairs)
    assert rows(pairs.take(mask)) == [row for row, kept in zip(everything, mask, strict=True) if kept]
    assert rows(pairs.take(places)) == [everything[place] for place in places]
    assert rows(pairs.take(slice(1, 5))) == everything[1:5]
    assert not len(pairs.take(mask).p_wording)


@settings(deadline=None)
@given(st.integers(0, 40), st.integers(1, 5), st.integers(0, 99))
def test_concatenate_sorts_what_was_parted(count, parts, seed):
    pairs = table(count, seed)
    part = np.random.default_rng(seed).integers(0, parts, count)
    whole = concatenate(pairs.take(part == number) for number in range(parts))
    assert rows(whole) == rows(pairs.take(np.lexsort((pairs.j, pairs.i))))
    assert not len(whole.p_wording) and len(whole.p_story) == count


def test_concatenating_nothing_gives_no_pairs():
    assert len(concatenate([])) == len(concatenate([table(0), table(0)])) == 0
    assert concatenate([]).i.dtype == np.int32


@pytest.mark.parametrize("level", ["wording", "story"])
def test_columns_by_level(level):
    pairs = table(9, filled=("p_wording", "p_story", "p_pair_wording", "p_pair_story"))
    assert pairs.p(level) is getattr(pairs, f"p_{level}")
    assert pairs.p_pair(level) is getattr(pairs, f"p_pair_{level}")


def test_it_pickles():
    pairs = table(12)
    assert equal(pickle.loads(pickle.dumps(pairs)), pairs)
