"""Int8 products lose no pair that reaches a cosine, whatever the rows; float32 products are the oracle."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.candidates import int8
from dedupe.candidates.int8 import MIN_COMPARISONS, Int8Products, largest_code, products_of
from dedupe.candidates.join import Join
from dedupe.candidates.products import Products, cosines, pairs_between


def unit(seed, n, d, spikes=0.0):
    """Rows in groups, so that some are near; with `spikes`, one number of each row is much larger than the others."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(max(n // 4, 1), d))[rng.integers(0, max(n // 4, 1), n)] + rng.normal(size=(n, d))
    rows[:, 0] += spikes
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 2**32 - 1), st.integers(1, 90), st.sampled_from([1, 3, 64, 384]), st.sampled_from([0.0, 3.0, 30.0])
)
def test_no_bound_is_further_off_than_the_error(seed, n, d, spikes):
    rows = unit(seed, n, d, spikes)
    products, everything = Int8Products(rows), np.arange(n)
    bounds = products.product(products.left(everything), products.right(everything)) * products.step**2
    exact = rows.astype(np.float64) @ rows.T.astype(np.float64)
    assert np.abs(bounds - exact).max() <= products.error


@pytest.mark.parametrize("largest", [127, 63])
@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.9, 1.0])
def test_no_pair_is_lost(threshold, largest):
    rows = unit(0, 300, 64)
    rows[7] = rows[11]
    rows[13] = 0
    everything = np.arange(300)
    expected, pairs = (
        set(zip(*pairs_between(products, everything, everything, threshold), strict=True))
        for products in (Products(rows), Int8Products(rows, largest))
    )
    assert expected <= pairs
    assert (7, 11) in pairs


def test_a_join_by_int8_finds_what_float32_products_find_bit_for_bit():
    rows, threshold = unit(1, 4600, 48), 0.5
    join = Join(rows, threshold)
    assert isinstance(products_of(rows, 4600 * 4599 // 2), Int8Products)
    i, j, similarity = (np.concatenate([getattr(part, name) for part in join]) for name in ("i", "j", "similarity"))
    everything = np.arange(len(rows))
    a, b = pairs_between(Products(rows), everything, everything, threshold, above_diagonal=True)
    cosine = cosines(rows, a, b)
    reached = cosine >= np.float32(threshold)
    assert reached.sum() > 1000
    order = np.lexsort((b[reached], a[reached]))
    for column, oracle in ((i, a), (j, b), (similarity, cosine)):
        np.testing.assert_array_equal(column[np.lexsort((j, i))], oracle[reached][order])


def test_rows_that_do_not_fit_into_int8_stay_float32():
    fitting, spiky = unit(2, 50, 384), unit(2, 50, 384, spikes=100.0)
    assert type(products_of(fitting, MIN_COMPARISONS)) is Int8Products
    assert type(products_of(spiky, MIN_COMPARISONS)) is Products
    assert type(products_of(np.empty((5, 0), np.float32), MIN_COMPARISONS)) is Products


def test_few_comparisons_are_made_in_float32():
    assert type(products_of(unit(3, 50, 384), 1225)) is Products


def test_the_largest_codes_are_multiplied_without_overflow():
    products = Int8Products(unit(0, 4, 384))
    largest = largest_code(int8.session())
    codes = np.full((4, 384), largest, np.int16)
    for sign in (1, -1):
        product = products.product((codes + 128).astype(np.uint8), (sign * codes).astype(np.int8))
        np.testing.assert_array_equal(product, sign * 384 * largest**2)


def test_a_processor_that_overflows_gets_smaller_codes():
    class Overflowing:
        def run(self, _, sides):
            return [np.minimum((sides["left"].astype(np.int32) - 128) @ sides["right"].T.astype(np.int32), 900_000)]

    assert largest_code(Overflowing()) == 63


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
    assert base64.b64encode(model.SerializeToString()) == base64.b64encode(int8.GRAPH)
