"""Vectors that are made range by range, against those of one machine."""

from __future__ import annotations

import numpy as np
import pytest

from dedupe import Headline, load_encoder
from dedupe.distributed.engine import InOrder
from dedupe.distributed.nodes.encoding import (
    encode,
    floor_of,
    make_vectors,
    scale,
    vectors_between,
    vectors_of,
    wording_vectors,
)
from dedupe.embedding import vectors as held
from dedupe.errors import ModelError
from dedupe.scoring import IDENTITY
from dedupe.scoring.model import load_judge
from tests.support.fake_encoder import FakeEncoder
from tests.support.node_ranges import Run

RANGES = [1, 2, 5, 40]


def headlines(n, empty=3):
    towns = "Oslo Rome Bonn Bern Kyiv Riga Lima Quito".split()
    titles = [f"Mayor of {towns[k % 8]} opens bridge {k} over the river" for k in range(n)]
    return [Headline(title) for title in [*titles, *[""] * empty]]


class Bare:
    """The vectors of `FakeEncoder`, which name no judge."""

    encode = FakeEncoder().encode


def same_bits(first, second):
    return np.array_equal(np.asarray(first[:]).view(np.int32), np.asarray(second[:]).view(np.int32))


@pytest.mark.parametrize("encoder", [FakeEncoder(), Bare()])
@pytest.mark.parametrize("limit", [1 << 29, 10_000])
@pytest.mark.parametrize("ranges", RANGES)
def test_vectors_are_those_of_one_machine(tmp_path, monkeypatch, encoder, limit, ranges):
    monkeypatch.setattr(held, "MAX_FLOAT32_BYTES", limit)
    run = Run(tmp_path, monkeypatch, headlines(90), encoder, ranges)
    make_vectors(run.job, InOrder())
    parts = [vectors_of(run.job, r) for r in range(ranges)]
    assert {type(part) is held.Int16Rows for part in parts} == {limit == 10_000}
    assert same_bits(np.concatenate([part[:] for part in parts]), run.vectors)
    wording = [wording_vectors(run.job, part)[:] for part in parts]
    assert same_bits(np.concatenate(wording), run.scorer.wording_vectors)
    assert scale(run.job) == run.scorer.scale and (scale(run.job) == IDENTITY) == (type(encoder) is FakeEncoder)
    assert floor_of(run.job) == run.scorer.floor
    assert same_bits(vectors_between(run.job, 7, 81), run.vectors[7:81])


def test_the_scale_of_many_chunks_is_that_of_one_machine(tmp_path, monkeypatch):
    monkeypatch.setattr("dedupe.scoring.similarity_scale.CHUNK_ROWS", 16)
    monkeypatch.setattr("dedupe.distributed.nodes.encoding.CHUNK_ROWS", 16)
    for ranges in RANGES:
        run = Run(tmp_path / str(ranges), monkeypatch, headlines(90), Bare(), ranges)
        make_vectors(run.job, InOrder())
        assert scale(run.job) == run.scorer.scale != IDENTITY


def test_few_titles_have_no_scale_of_their_own(tmp_path, monkeypatch):
    run = Run(tmp_path, monkeypatch, headlines(20), Bare(), 3)
    make_vectors(run.job, InOrder())
    assert scale(run.job) == IDENTITY


@pytest.mark.parametrize("encoder", [FakeEncoder(), Bare()])
def test_where_no_title_has_text_vectors_have_no_width(tmp_path, monkeypatch, encoder):
    run = Run(tmp_path, monkeypatch, headlines(0, empty=60), encoder, 4)
    make_vectors(run.job, InOrder())
    assert [vectors_of(run.job, r).shape[1] for r in range(4)] == [0] * 4
    assert scale(run.job) == run.scorer.scale


def test_vectors_of_different_widths_are_an_error(tmp_path, monkeypatch):
    class Odd:
        def encode(self, texts):
            return np.ones((len(texts), 3 if "20" in texts[0] else 4))

    run = Run(tmp_path, monkeypatch, headlines(30, empty=0), FakeEncoder(), 30)
    monkeypatch.setattr("dedupe.distributed.job.load_encoder", lambda name: Odd())
    with pytest.raises(ModelError, match=r"rows of 3 and of 4 numbers"):
        make_vectors(run.job, InOrder())


def test_encoding_again_writes_the_same(tmp_path, monkeypatch):
    run = Run(tmp_path, monkeypatch, headlines(30), FakeEncoder(), 2)
    first = encode(run.job, 1), run.job.store.read_array("vectors", 1, "vectors").copy()
    assert encode(run.job, 1) == first[0]
    assert np.array_equal(run.job.store.read_array("vectors", 1, "vectors"), first[1])


def test_a_projected_row_does_not_depend_on_the_others():
    judge, rows = load_judge(), np.random.default_rng(0).normal(size=(300, 384)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    every = judge.wording_vectors(rows)
    for part in (slice(0, 1), slice(17, 18), slice(3, 5), slice(5, 12), slice(100, 299)):
        assert same_bits(judge.wording_vectors(rows[part]), every[part])


@pytest.mark.slow
def test_a_vector_does_not_depend_on_the_texts_beside_it():
    encoder = load_encoder()
    texts = [headline.title for headline in headlines(80, empty=0)] + ["Storm", "Ferry sinks", "Rates: up 12.5% in May"]
    every = encoder.encode(texts)
    for part in (slice(0, 1), slice(82, 83), slice(3, 5), slice(70, 83), slice(10, 43)):
        assert same_bits(encoder.encode(texts[part]), every[part])
