"""The trained networks as files: the tokenizer, and ONNX with int8 weights and activations.

Weights have one scale per output channel (per token for the embeddings), chosen to minimise the squared error. In activations
each token has its own scale, so that the vector of a title does not depend on its batch.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from dedupe.embedding.model_folder import ENCODER, READER, TOKENIZER
from dedupe.runtime.arrays import Float32s
from dedupe.training.network import MAX_TOKENS, Network, PooledTrunk
from dedupe.training.reader_network import ExportedReader, PairNetwork

FULL, SAFE = 127, 63
"""The largest weight: of int8, and so that the sum of two products of bytes overflows 16 bits on no processor."""
MINIMUM_SIZE = 4096
"""Matrices with fewer weights stay float32."""
_OPSET = 17
_SHRINK = np.linspace(0.6, 1.0, 21)  # factors on the largest weight: clipping a few beats coarse steps for all
_ZERO_POINT = 128  # the byte that stands for an activation of 0
_CONTRIB = "com.microsoft"  # operators of onnxruntime that ONNX lacks


def write_encoder(network: Network, folder: Path, *, minimum_size: int = MINIMUM_SIZE) -> None:
    """Write `encoder.onnx`: int64 `input_ids`, `attention_mask` (n, t) -> float32 `vectors` (n, d); and `tokenizer.json`.

    It multiplies bytes, see `multiply_bytes`. `minimum_size`: see `quantize`.
    """
    example = network.tokenizer(["one title", "and another, longer title"], padding=True, return_tensors="pt")
    inputs = {name: example[name] for name in ("input_ids", "attention_mask")}
    _export(PooledTrunk(network.trunk), inputs, "vectors", folder / ENCODER)
    _shrink(folder / ENCODER, minimum_size)
    tokenizer = network.tokenizer.backend_tokenizer
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.no_padding()
    tokenizer.save(str(folder / TOKENIZER))


def write_reader(network: PairNetwork, folder: Path, *, minimum_size: int = MINIMUM_SIZE) -> None:
    """Write `reader.onnx`, which multiplies bytes: int64 `input_ids`, `token_type_ids` (n, t) -> float32 `log_odds` (n, 2)."""
    example = network.batch(["one title", "another, longer title"], ["and a second", "and its second"])
    inputs = {name: example[name] for name in ("input_ids", "token_type_ids")}
    _export(ExportedReader(network), inputs, "log_odds", folder / READER)
    _shrink(folder / READER, minimum_size)


def _export(network: torch.nn.Module, inputs: dict[str, torch.Tensor], output: str, path: Path) -> None:
    """Write a network whose inputs are (rows, tokens) as ONNX in float32."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer warns about branches on shapes, none of which are taken here
        torch.onnx.export(
            network.eval(),
            tuple(inputs.values()),
            str(path),
            input_names=list(inputs),
            output_names=[output],
            dynamic_axes={**{name: {0: "rows", 1: "tokens"} for name in inputs}, output: {0: "rows"}},
            opset_version=_OPSET,
            dynamo=False,
        )


def _shrink(path: Path, minimum_size: int) -> None:
    model = onnx.load(path)
    quantize(model, minimum_size)
    multiply_bytes(model)
    onnx.save(model, path)


def quantize(model: Any, minimum_size: int = MINIMUM_SIZE) -> None:
    """Replace the float32 matrices of an ONNX model by int8 ones, which are scaled back on loading.

    Those that are multiplied go up to `SAFE`, embeddings up to `FULL`. Matrices of fewer than `minimum_size` weights stay.
    """
    graph = model.graph
    readers = {name: node.op_type for node in graph.node for name in node.input}
    initializers, dequantizers = [], []
    for tensor in graph.initializer:
        weights = numpy_helper.to_array(tensor)
        if weights.dtype != np.float32 or weights.ndim != 2 or weights.size < minimum_size:
            initializers.append(tensor)
            continue
        axis = 0 if readers[tensor.name] == "Gather" else 1
        codes, scale = to_int8(weights, axis, SAFE if axis else FULL)
        names = [f"{tensor.name}_int8", f"{tensor.name}_scale"]
        initializers += [numpy_helper.from_array(codes, names[0]), numpy_helper.from_array(scale, names[1])]
        dequantizers.append(helper.make_node("DequantizeLinear", names, [tensor.name], axis=axis))
    _replace(graph.initializer, initializers)
    _replace(graph.node, [*dequantizers, *graph.node])


def to_int8(weights: Float32s, axis: int, largest: int) -> tuple[NDArray[np.int8], Float32s]:
    """Return rounded weights, up to `largest`, and the scale of each channel along `axis`."""

    def rounded(scale: Float32s) -> Float32s:
        return np.clip(np.round(weights / scale), -largest, largest)

    unit = np.maximum(np.abs(weights).max(axis=1 - axis, keepdims=True), np.finfo(np.float32).tiny) / largest
    errors = [((rounded(unit * s) * (unit * s) - weights) ** 2).sum(1 - axis) for s in _SHRINK]
    scale = unit * np.expand_dims(_SHRINK[np.argmin(errors, axis=0)], 1 - axis)
    return rounded(scale).astype(np.int8), scale.ravel().astype(np.float32)


def multiply_bytes(model: Any) -> None:
    """Make a quantized model multiply bytes: activations are rounded to 255 steps of the largest of their token."""
    graph = model.graph
    dequantizers = {node.output[0]: node for node in graph.node if node.op_type == "DequantizeLinear"}
    width = {tensor.name: tensor.dims[-1] for tensor in graph.initializer}
    products = [node for node in graph.node if node.op_type == "MatMul" and node.input[1] in dequantizers]
    replaced = {node.input[1] for node in products}
    nodes, rounded = [*_shapes({width[dequantizers[name].input[0]] for name in replaced})], set[str]()
    for node in graph.node:
        if node in products:
            source, (codes, scale) = node.input[0], dequantizers[node.input[1]].input
            nodes += [] if source in rounded else _round_activations(source)
            nodes += _product(source, codes, scale, node.output[0], width[codes])
            rounded.add(source)
        elif not replaced.intersection(node.output):
            nodes.append(node)
    _replace(graph.node, nodes)
    for name, value in {"step": 1 / FULL, "least": 1e-9, "one": 1.0}.items():
        graph.initializer.append(numpy_helper.from_array(np.array(value, np.float32), name))
    graph.initializer.append(numpy_helper.from_array(np.array(_ZERO_POINT, np.uint8), "middle"))
    model.opset_import.append(helper.make_opsetid(_CONTRIB, 1))


def _replace(field: Any, values: list[Any]) -> None:
    del field[:]
    field.extend(values)


def _shapes(widths: set[int]) -> Iterator[Any]:
    """The shapes of products, (titles, tokens, width)."""
    yield helper.make_node("Shape", ["input_ids"], ["sizes"])
    for width in sorted(widths):
        yield helper.make_node("Constant", [], [f"width_{width}"], value_ints=[width])
        yield helper.make_node("Concat", ["sizes", f"width_{width}"], [f"shape_{width}"], axis=0)


def _round_activations(source: str) -> list[Any]:
    """Activations as bytes, (tokens, width), and the step of each token."""
    x = f"{source}_"
    middle = numpy_helper.from_array(np.array([_ZERO_POINT], np.uint8))
    return [
        helper.make_node("Flatten", [source], [f"{x}rows"], axis=2),
        helper.make_node("Abs", [f"{x}rows"], [f"{x}sizes"]),
        helper.make_node("ReduceMax", [f"{x}sizes"], [f"{x}largest"], axes=[1]),
        helper.make_node("Mul", [f"{x}largest", "step"], [f"{x}narrow"]),
        helper.make_node("Max", [f"{x}narrow", "least"], [f"{x}step"]),
        helper.make_node("Squeeze", [f"{x}step"], [f"{x}steps"]),  # never a scalar: a title has at least two tokens
        helper.make_node("Shape", [f"{x}steps"], [f"{x}count"]),
        helper.make_node("ConstantOfShape", [f"{x}count"], [f"{x}middles"], value=middle),
        helper.make_node("QuantizeLinear", [f"{x}rows", f"{x}steps", f"{x}middles"], [f"{x}bytes"], axis=0),
    ]


def _product(source: str, codes: str, scale: str, result: str, width: int) -> list[Any]:
    """The product of bytes, scaled back by channel and by token."""
    inputs = [f"{source}_bytes", codes, "one", scale, "middle"]
    return [
        helper.make_node("MatMulIntegerToFloat", inputs, [f"{result}_narrow"], domain=_CONTRIB),
        helper.make_node("Mul", [f"{result}_narrow", f"{source}_step"], [f"{result}_rows"]),
        helper.make_node("Reshape", [f"{result}_rows", f"shape_{width}"], [result]),
    ]
