"""Screens: no pair that reaches a cosine is overlooked, whatever the rows; `Floats` is the oracle of `Bytes`."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.candidates import int8 as screening
from dedupe.candidates.int8 import Bytes, Floats, screen_of
from dedupe.candidates.join import Join
from dedupe.candidates.products import pairs_between


def unit(seed, n, d, spikes=0.0):
    """Rows in groups, so that some are near; with `spikes`, one number of each row is much larger than the others."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(max(n // 4, 1), d))[rng.integers(0, max(n // 4, 1), n)] + rng.normal(size=(n, d))
    rows[:, 0] += spikes
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(params=[127, 63])
def most(request, monkeypatch):
    """The whole numbers of processors with instructions for bytes, and those of the others."""
    monkeypatch.setattr(screening, "_most", lambda: request.param)
    return request.param


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 2**32 - 1), st.integers(1, 90), st.sampled_from([1, 3, 64, 384]), st.sampled_from([0.0, 3.0, 30.0])
)
def test_no_product_is_further_off_than_the_slack(seed, n, d, spikes):
    rows = unit(seed, n, d, spikes)
    screen, everything = Bytes(rows), np.arange(n)
    products = screen.product(screen.left(everything), screen.right(everything)) * screen.step**2
    exact = rows.astype(np.float64) @ rows.T.astype(np.float64)
    assert np.abs(products - exact).max() <= screen.slack


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.9, 1.0])
def test_bytes_overlook_no_pair_that_floats_find(threshold, most):
    rows = unit(0, 300, 64)
    rows[7] = rows[11]
    rows[13] = 0
    everything = np.arange(300)
    found = {
        screen: set(zip(*pairs_between(screen(rows), everything, everything, threshold), strict=True))
        for screen in (Floats, Bytes)
    }
    assert found[Floats] <= found[Bytes]
    assert (7, 11) in found[Bytes]


def test_a_join_by_bytes_gives_what_a_join_by_floats_gives_bit_for_bit(monkeypatch, most):
    rows = unit(1, 700, 384)
    found = {}
    for worth in (0, 10**9):
        monkeypatch.setattr(screening, "WORTH", worth)
        join = Join(rows, 0.45)
        parts = list(join)
        found[type(join.screen)] = [
            np.concatenate([getattr(part, name) for part in parts]) for name in ("i", "j", "similarity")
        ]
    assert found.keys() == {Bytes, Floats}
    assert len(found[Bytes][0]) > 100
    for ours, oracle in zip(found[Bytes], found[Floats], strict=True):
        np.testing.assert_array_equal(ours, oracle)


def test_rows_that_do_not_fit_into_bytes_stay_floats(monkeypatch):
    monkeypatch.setattr(screening, "WORTH", 0)
    fitting, spiky = unit(2, 50, 384), unit(2, 50, 384, spikes=100.0)
    assert isinstance(screen_of(fitting, 1), Bytes)
    assert isinstance(screen_of(spiky, 1), Floats)
    assert isinstance(screen_of(np.empty((5, 0), np.float32), 1), Floats)


def test_few_comparisons_are_made_by_floats():
    assert isinstance(screen_of(unit(3, 50, 384), 1225), Floats)


def test_the_largest_numbers_are_multiplied_without_overflow():
    extreme = np.full((4, 384), screening._most(), np.int16)
    left = (extreme + 128).astype(np.uint8)
    for sign in (1, -1):
        right = (sign * extreme).astype(np.int8)
        found = Bytes(unit(0, 4, 384)).product(left, right)
        np.testing.assert_array_equal(found, sign * 384 * screening._most() ** 2)


def test_a_processor_that_overflows_is_given_smaller_numbers(monkeypatch):
    class Overflowing:
        def run(self, _, sides):
            return [np.minimum((sides["left"].astype(np.int32) - 128) @ sides["right"].T.astype(np.int32), 900_000)]

    screening._most.cache_clear()
    monkeypatch.setattr(screening, "_session", Overflowing)
    try:
        assert screening._most() == 63
    finally:
        screening._most.cache_clear()


def test_the_graph_is_the_product_it_says():
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper

    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [
            helper.make_node("Transpose", ["right"], ["turned"], perm=[1, 0]),
            helper.make_node("MatMulInteger", ["left", "turned", "zero"], ["product"]),
        ],
        "g",
        [value("left", TensorProto.UINT8, ["n", "d"]), value("right", TensorProto.INT8, ["m", "d"])],
        [value("product", TensorProto.INT32, ["n", "m"])],
        [helper.make_tensor("zero", TensorProto.UINT8, [], [128])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="")
    model.ir_version = 8
    onnx.checker.check_model(model)
    assert base64.b64encode(model.SerializeToString()) == base64.b64encode(screening._GRAPH)
