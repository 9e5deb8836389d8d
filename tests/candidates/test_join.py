"""The join against the full product, with and without a window, sparse groups and cells."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dedupe import set_threads
from dedupe.candidates import join as join_module
from dedupe.candidates.join import Join, candidate_pairs, pairs_with, rows_near
from dedupe.candidates.pairs import concatenate
from dedupe.candidates.time_band import TimeBand
from dedupe.errors import InputError
from dedupe.runtime.parallel import workers


def unit(rng, n, d=16, groups=5):
    centers = rng.normal(size=(groups, d))
    rows = centers[rng.integers(groups, size=n)] + rng.normal(scale=0.6, size=(n, d))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def oracle(rows, threshold):
    i, j = np.triu_indices(len(rows), 1)
    reached = (rows @ rows.T)[i, j] >= np.float32(threshold)
    return i[reached], j[reached]


def triples(pairs):
    return list(zip(pairs.i.tolist(), pairs.j.tolist(), pairs.similarity.tolist(), strict=True))


def joined(rows, threshold, band=None, **options):
    """The pairs of all pieces, each of which must be there once."""
    pairs = [triple for piece in Join(rows, threshold, band, **options) for triple in triples(piece)]
    assert len({(i, j) for i, j, _ in pairs}) == len(pairs)
    return set(pairs)


@pytest.fixture
def one_thread():
    before = workers()
    set_threads(1)
    yield
    set_threads(before)


@pytest.mark.parametrize("n", [2, 3, 50, 400])
@pytest.mark.parametrize("block", [1, 7, 64, 1024])
def test_agrees_with_the_full_product(n, block):
    rows = unit(np.random.default_rng(n), n)
    pairs = concatenate(Join(rows, 0.6, block_rows=block))
    i, j = oracle(rows, 0.6)
    np.testing.assert_array_equal(pairs.i, i)
    np.testing.assert_array_equal(pairs.j, j)
    np.testing.assert_allclose(pairs.similarity, (rows @ rows.T)[i, j], atol=1e-6)
    assert (pairs.i.dtype, pairs.j.dtype, pairs.similarity.dtype) == (np.int32, np.int32, np.float32)


def test_the_similarity_fills_the_column_of_its_level():
    rows = unit(np.random.default_rng(1), 50)
    story, wording = (concatenate(Join(rows, 0.6, wording=wording)) for wording in (False, True))
    assert len(story) and story.similarity.tobytes() == wording.wording_similarity.tobytes()
    assert not len(story.wording_similarity) and not len(wording.similarity)


def test_hundreds_of_copies_lose_no_pair():
    row = unit(np.random.default_rng(0), 1, d=384)
    pairs = candidate_pairs(np.repeat(row, 700, axis=0), 0.99)
    assert len(pairs) == 700 * 699 // 2
    assert pairs.similarity.max() <= 1


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(2, 120))
def test_a_permutation_finds_the_same_pairs(seed, n):
    rng = np.random.default_rng(seed)
    rows, order = unit(rng, n), rng.permutation(n)
    shuffled = candidate_pairs(rows[order], 0.5)
    back = {(*sorted((order[i], order[j])), similarity) for i, j, similarity in triples(shuffled)}
    assert back == set(triples(candidate_pairs(rows, 0.5)))


@pytest.mark.parametrize("block", [33, 700, 5000])
def test_pieces_and_threads_do_not_change_a_bit(block, one_thread):
    rows = unit(np.random.default_rng(3), 2500, d=384, groups=300)  # several tiles
    set_threads(2)
    expected = triples(candidate_pairs(rows, 0.5))
    set_threads(1)
    assert triples(concatenate(Join(rows, 0.5, block_rows=block))) == expected


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(2, 90), st.sampled_from([0.5, 10.0, 200.0]))
def test_a_band_leaves_the_pairs_that_fit_into_its_window(seed, n, window):
    rng = np.random.default_rng(seed)
    rows = unit(rng, n)
    first = np.where(rng.random(n) < 0.2, np.nan, rng.uniform(0, 100, n).round())
    band = TimeBand(first, first + rng.integers(0, 3, n), window)
    i, j = oracle(rows, 0.5)
    spans = np.maximum(band.last[i], band.last[j]) - np.minimum(band.first[i], band.first[j])
    inside = ~(spans > window)
    pairs = candidate_pairs(rows, 0.5, band)
    assert list(zip(pairs.i, pairs.j, strict=True)) == list(zip(i[inside], j[inside], strict=True))


def test_a_band_saves_comparisons(monkeypatch):
    comparisons, pairs_between = [], join_module.pairs_between

    def counted(screen, rows, others, *args, **options):
        comparisons.append(len(rows) * len(others))
        return pairs_between(screen, rows, others, *args, **options)

    monkeypatch.setattr(join_module, "pairs_between", counted)
    rows, hours = unit(np.random.default_rng(0), 2000), np.arange(2000.0)
    joined(rows, 0.5, TimeBand(hours, hours, 20), block_rows=50)
    assert 2000 * 20 < sum(comparisons) < 2000 * 150


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.booleans())
def test_a_sparse_group_is_compared_with_its_neighbors_alone(seed, neighbors, dated):
    rng = np.random.default_rng(seed)
    rows, order = unit(rng, 60), rng.permutation(60)
    sparse = [np.sort(order[:20]), np.sort(order[20:29]), order[29:30]]
    hours = rng.uniform(0, 50, 60)
    band = TimeBand(hours, hours, 20) if dated else None
    join = Join(rows, 0.5, band, sparse=sparse, neighbors=neighbors, block_rows=7)
    dense = set(order[30:].tolist())
    near = {(a, b) for group in sparse for k, a in enumerate(group.tolist()) for b in group[k + 1 : k + 1 + neighbors]}
    everything = {(i, j): similarity for i, j, similarity in triples(candidate_pairs(rows, 0.5, band))}
    expected = {(*pair, s) for pair, s in everything.items() if set(pair) <= dense or pair in near}
    assert joined(rows, 0.5, band, sparse=sparse, neighbors=neighbors, block_rows=7) == expected
    assert join.skipped == 20 * 19 // 2 + 9 * 8 // 2 - len(near)
    assert [piece for piece in join if len(piece)] and join.pieces == len(list(join))


def test_nothing_is_skipped_without_sparse_groups():
    assert Join(unit(np.random.default_rng(1), 9), 0.5).skipped == 0


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.integers(0, 30))
def test_rows_near_are_those_that_any_row_reaches(seed, first, second):
    rows = unit(np.random.default_rng(seed), first + second, groups=20)
    ours, others = np.arange(first, first + second), np.arange(first)
    products = rows[others] @ rows[ours].T
    assume(np.abs(products - 0.6).min(initial=1) > 1e-6)  # nearer than that, rounding decides
    reached = (products >= 0.6).any(axis=1)
    assert rows_near(rows, ours, others, 0.6).tolist() == others[reached].tolist()


@pytest.fixture(scope="module")
def many():
    return unit(np.random.default_rng(7), 6000, d=48, groups=300)


def test_cells_find_nearly_all_pairs_and_say_how_many(many):
    join, everything = Join(many, 0.7, exact=1), set(triples(candidate_pairs(many, 0.7)))
    pairs = joined(many, 0.7, exact=1)
    assert pairs <= everything
    recall = len(pairs) / len(everything)
    assert 0.995 <= recall < 1, "or no cells were used"
    assert abs(join.recall - recall) < 0.01


def test_cells_do_not_depend_on_how_many_a_piece_has(many):
    rows = np.concatenate([many, np.zeros((5000, 48), np.float32)])  # rows without a direction share one cell
    assert joined(rows, 0.7, exact=1) == joined(rows, 0.7, exact=1, block_cells=1)


@pytest.mark.slow
def test_cells_of_very_many_rows_find_nearly_all_pairs():
    rows = unit(np.random.default_rng(8), 70_000, d=24, groups=20_000)  # more than two bytes can number
    everything = set(triples(candidate_pairs(rows, 0.9)))
    pairs = joined(rows, 0.9, exact=1)
    assert pairs <= everything and 0.99 <= len(pairs) / len(everything) < 1


def test_cells_do_not_depend_on_threads(many, one_thread):
    alone = [triples(piece) for piece in Join(many, 0.7, exact=1)]
    set_threads(2)
    assert [triples(piece) for piece in Join(many, 0.7, exact=1)] == alone


def test_cells_are_left_out_where_they_would_not_pay(many):
    rows = many[:1500]
    join = Join(rows, 0.01, exact=1)
    assert join.recall == 1
    assert sum(map(len, join)) == len(oracle(rows, 0.01)[0])


def test_cells_and_a_band(many):
    hours = np.random.default_rng(0).uniform(0, 500, len(many))
    band = TimeBand(hours, hours, 72)
    pairs, everything = joined(many, 0.7, band, exact=1), set(triples(candidate_pairs(many, 0.7, band)))
    assert pairs <= everything and len(pairs) >= 0.99 * len(everything)


def test_cells_and_a_sparse_group(many):
    group = np.arange(0, 6000, 7)
    pairs = joined(many, 0.7, exact=1, sparse=[group])
    everything = joined(many, 0.7, sparse=[group])
    assert pairs <= everything and len(pairs) >= 0.99 * len(everything)


@pytest.mark.parametrize("threshold", [0.6, 0.7, 0.8])
def test_a_similarity_equal_to_the_threshold_counts(threshold):
    rows = np.array([[1, 0], [threshold, (1 - threshold**2) ** 0.5]], dtype=np.float32)
    assert len(candidate_pairs(rows, threshold)) == 1
    assert len(candidate_pairs(rows, float(np.nextafter(np.float32(threshold), np.float32(1))))) == 0


def test_every_similarity_is_a_threshold_that_finds_it():
    rows = unit(np.random.default_rng(5), 60, d=384)
    pairs = candidate_pairs(rows, 0.3)
    for similarity in pairs.similarity[:40]:
        assert len(candidate_pairs(rows, float(similarity))) == np.sum(pairs.similarity >= similarity)


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_rows_make_no_pair(n):
    assert len(candidate_pairs(np.ones((n, 4), dtype=np.float32), 0.5)) == 0
    assert len(candidate_pairs(np.ones((n, 0), dtype=np.float32), 0.5)) == 0


def test_zero_rows_have_no_pairs():
    assert len(candidate_pairs(np.zeros((5, 4), dtype=np.float32), 0.01)) == 0
    assert len(candidate_pairs(np.zeros((5, 4), dtype=np.float32), 1e-7)) == 0


@pytest.mark.parametrize("threshold", [0, -0.5, 1.01, float("nan")])
def test_a_threshold_out_of_range(threshold):
    with pytest.raises(InputError, match=r"above 0 and at most 1"):
        candidate_pairs(np.eye(2, dtype=np.float32), threshold)


def test_a_vector_is_no_matrix():
    with pytest.raises(InputError, match=r"shape \(3,\)"):
        candidate_pairs(np.ones(3, dtype=np.float32), 0.5)


@pytest.mark.parametrize("window", [None, 20.0])
def test_pairs_with_some_rows_are_those_of_the_join(window):
    rng = np.random.default_rng(3)
    rows, hours = unit(rng, 400), rng.uniform(0, 100, 400)
    band = None if window is None else TimeBand(hours, hours, window)
    chosen = np.sort(rng.choice(400, 30, replace=False))
    expected = {t for t in joined(rows, 0.5, band) if t[0] in chosen or t[1] in chosen}
    found = triples(pairs_with(rows, chosen, 0.5, band))
    assert len(expected) > 100 and found == sorted(expected)
    assert not len(pairs_with(rows, chosen[:0], 0.5, band))
    wording = pairs_with(rows, chosen, 0.5, band, wording=True)
    assert not len(wording.similarity) and len(wording.wording_similarity) == len(expected)
