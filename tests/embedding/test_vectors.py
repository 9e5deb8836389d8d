from __future__ import annotations

import numpy as np
import pytest

import dedupe
from dedupe.candidates.join import Join, candidate_pairs
from dedupe.embedding import encoders as encoders
from dedupe.embedding import vectors as matrices
from dedupe.embedding.encoders import unit_rows
from dedupe.embedding.vectors import PackedRows, empty_rows, let_go, rows_at
from dedupe.scoring.model import load_judge
from dedupe.scoring.similarity_scale import scale_of


@pytest.fixture
def packing(monkeypatch):
    monkeypatch.setattr(matrices, "PLAIN", 0)


def units(rows, width=384, seed=0):
    found = np.random.default_rng(seed).normal(size=(rows, width)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def test_few_rows_are_plain_and_many_are_packed(packing):
    assert isinstance(empty_rows(0, 3), np.ndarray)
    packed = empty_rows(60, 384)
    assert isinstance(packed, PackedRows) and len(packed) == 60 and packed.shape == (60, 384)
    given = units(60)
    packed[:] = given
    packed[np.array([3, 5])] = given[[3, 5]]
    assert packed[:].dtype == np.float32
    np.testing.assert_allclose(packed[:], given, atol=1.6e-5)
    np.testing.assert_array_equal(packed[np.array([7, 1])], packed[:][[7, 1]])
    packed[0] = np.zeros(384)
    assert not packed[0].any()


def test_cosines_of_packed_rows_are_nearly_those_of_plain_ones(packing):
    given = units(300, seed=1)
    packed = empty_rows(300, 384)
    packed[:] = given
    plain, found = candidate_pairs(given, 0.05), candidate_pairs(packed, 0.05 - 1e-4)
    expected = dict(zip(zip(plain.i.tolist(), plain.j.tolist(), strict=True), plain.similarity, strict=True))
    got = dict(zip(zip(found.i.tolist(), found.j.tolist(), strict=True), found.similarity, strict=True))
    assert set(expected) <= set(got)
    assert max(abs(got[pair] - similarity) for pair, similarity in expected.items()) < 5e-5
    assert sum(map(len, Join(packed, 0.05, only=np.arange(0, 300, 2)))) > 0


def test_packed_or_plain_the_steps_before_a_join_agree(monkeypatch):
    given = np.random.default_rng(0).normal(size=(5000, 384))
    at = np.random.default_rng(1).permutation(5000)[:4500]
    plain = unit_rows(given, 5000, at)
    turned, scale = load_judge().wording_rows(plain), scale_of(plain)
    monkeypatch.setattr(matrices, "PLAIN", 0)
    monkeypatch.setattr(encoders, "_SCALED_TOGETHER", 7)
    packed = unit_rows(given, 5000, at)
    assert isinstance(packed, PackedRows)
    np.testing.assert_allclose(packed[:], plain, atol=1.6e-5)
    np.testing.assert_allclose(load_judge().wording_rows(packed)[:], turned, atol=1e-4)
    assert scale_of(packed).slope == pytest.approx(scale.slope, abs=1e-4)


def test_a_run_on_packed_rows(packing, fake_encoder):
    titles = (
        [f"Ferry {k} sinks off Oslo" for k in range(40)] + [f"Bank {k} raises rates again" for k in range(40)] + [""]
    )
    packed = dedupe.deduplicate(titles)
    assert isinstance(packed.nodes.vectors, PackedRows)
    assert len(packed) == 81 and sorted(packed.kept("exact").tolist()) == list(range(81))
    assert [len(story.headlines) for story in packed.stories][-1] == 1


def test_rows_at_places(monkeypatch):
    monkeypatch.setattr(matrices, "_TOGETHER", 3)
    matrix = np.arange(10, dtype=np.float32).reshape(5, 2)
    np.testing.assert_array_equal(rows_at(matrix, np.array([4, -1, 0, 0, 2])), [[8, 9], [0, 0], [0, 1], [0, 1], [4, 5]])
    assert rows_at(matrix, np.array([], np.int64)).shape == (0, 2)


def test_a_map_that_was_let_go_reads_the_same_again(tmp_path):
    np.save(tmp_path / "rows.npy", units(50))
    given = np.load(tmp_path / "rows.npy", mmap_mode="r")
    first = given.sum()
    let_go(given)
    let_go(given[:10])
    let_go(units(2))
    let_go("no matrix at all")
    assert given.sum() == first
    private = np.load(tmp_path / "rows.npy", mmap_mode="c")
    private[0] = 1
    let_go(private)
    assert (private[0] == 1).all()
