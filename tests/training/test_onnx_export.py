"""Exported encoders: what ONNX computes against what the network does, and against plain NumPy."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from dedupe.runtime.onnx import inference_session
from dedupe.training.network import Network
from dedupe.training.onnx_export import FULL, multiply_bytes, quantize, to_int8, write_encoder, write_reader
from dedupe.training.reader_network import PairNetwork

TITLES = ["ferry sinks in place1 on monday", "court wins", "in place7 the museum burns, with 14 hurt on monday"]


def session(model):
    return inference_session(model)


def product(weights):
    """A model of one product, over titles of two tokens."""
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["input_ids"], ["activations"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["activations", "scales"], ["scaled"]),
            helper.make_node("MatMul", ["scaled", "weights"], ["product"]),
        ],
        "g",
        [value("input_ids", TensorProto.INT64, ["n", "t"]), value("scales", TensorProto.FLOAT, ["n", "t", "d"])],
        [value("product", TensorProto.FLOAT, ["n", "t", "w"])],
        [numpy_helper.from_array(weights, "weights")],
    )
    graph.node[0].input[0] = "input_ids_wide"
    graph.node.insert(0, helper.make_node("Unsqueeze", ["input_ids", "last"], ["input_ids_wide"]))
    graph.initializer.append(numpy_helper.from_array(np.array([2], np.int64), "last"))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return model


@pytest.fixture(scope="module")
def in_bytes():
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(96, 64)).astype(np.float32)
    model = product(weights)
    quantize(model)
    multiply_bytes(model)
    return weights, model


def test_a_product_of_bytes_is_the_product(in_bytes):
    weights, model = in_bytes
    rng = np.random.default_rng(1)
    tokens = rng.normal(size=(3, 2, 96)).astype(np.float32) * np.array([1e-3, 1, 100], np.float32)[:, None, None]
    output = session(model.SerializeToString()).run(None, {"input_ids": np.ones((3, 2), np.int64), "scales": tokens})[0]
    expected = tokens @ weights
    size = np.linalg.norm(tokens, axis=2, keepdims=True) * np.linalg.norm(weights, axis=0)
    assert np.abs((output - expected) / size).max() < 0.02, "each token has a scale of its own"


def test_it_is_the_product_that_numpy_makes_of_the_same_bytes(in_bytes):
    _, model = in_bytes
    tokens = np.random.default_rng(2).normal(size=(1, 2, 96)).astype(np.float32)
    step = np.abs(tokens).max(2, keepdims=True) * np.float32(1 / FULL)
    codes, scale = (
        next(numpy_helper.to_array(t) for t in model.graph.initializer if t.name == f"weights_{kind}")
        for kind in ("int8", "scale")
    )
    expected = (np.rint(tokens / step).astype(np.int32) @ codes.astype(np.int32)) * scale * step
    output = session(model.SerializeToString()).run(None, {"input_ids": np.ones((1, 2), np.int64), "scales": tokens})[0]
    np.testing.assert_allclose(output, expected, rtol=1e-5, atol=1e-6)


def test_a_token_of_zeros_stays_zero(in_bytes):
    _, model = in_bytes
    inputs = {"input_ids": np.ones((1, 2), np.int64), "scales": np.zeros((1, 2, 96), np.float32)}
    np.testing.assert_array_equal(session(model.SerializeToString()).run(None, inputs)[0], 0)


def test_no_sum_of_two_products_overflows_16_bits(in_bytes):
    _, model = in_bytes
    weights = next(numpy_helper.to_array(t) for t in model.graph.initializer if t.name == "weights_int8")
    assert weights.dtype == np.int8
    assert 2 * 255 * np.abs(weights.astype(int)).max() < 2**15


def test_int8_scales_are_the_best_of_those_tried():
    rng = np.random.default_rng(0)
    weights = rng.standard_t(3, size=(300, 40)).astype(np.float32)
    weights[:, 7] = 0
    for axis in (0, 1):
        codes, scale = to_int8(weights, axis, FULL)
        restored = codes * np.expand_dims(scale, 1 - axis)
        plain_scale = np.abs(weights).max(1 - axis, keepdims=True) / 127
        plain = np.round(weights / np.where(plain_scale, plain_scale, 1)) * plain_scale
        assert codes.dtype == np.int8 and len(scale) == weights.shape[axis]
        assert (((restored - weights) ** 2).sum(1 - axis) <= ((plain - weights) ** 2).sum(1 - axis) + 1e-6).all()


def test_an_encoder_in_bytes_is_the_network(base, tmp_path):
    network = Network(base)
    write_encoder(network, tmp_path, minimum_size=16)  # the matrices of this one are small
    operators = {node.op_type for node in onnx.load(tmp_path / "encoder.onnx").graph.node}
    assert "MatMulIntegerToFloat" in operators
    encoder, expected = session(str(tmp_path / "encoder.onnx")), network.encode(TITLES)
    for tokens, row in zip(network.tokens(TITLES), expected, strict=True):
        ids = np.array([tokens] * 3, np.int64)
        for batch in (ids, ids[:1]):  # a title's vector does not depend on its batch
            output = encoder.run(None, {"input_ids": batch, "attention_mask": np.ones_like(batch)})[0]
            assert (output @ row).min() > 0.995
            np.testing.assert_allclose(output, output[:1].repeat(len(output), 0), atol=1e-6)


def test_a_reader_in_bytes_is_the_network(base, tmp_path):
    network = PairNetwork(base, seed=0).eval()
    write_reader(network, tmp_path, minimum_size=16)
    operators = {node.op_type for node in onnx.load(tmp_path / "reader.onnx").graph.node}
    assert "MatMulIntegerToFloat" in operators
    reader = session(str(tmp_path / "reader.onnx"))
    for first, second in pairwise(TITLES):
        batch = network.batch([first], [second])
        with torch.no_grad():
            different, story, wording = network(**batch)[0].double().softmax(0).tolist()
        expected = np.log([wording / (story + different), (story + wording) / different])
        inputs = {name: batch[name].numpy() for name in ("input_ids", "token_type_ids")}
        np.testing.assert_allclose(reader.run(None, inputs)[0][0], expected, atol=0.05)
