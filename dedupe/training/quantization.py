"""Numbers of one byte in an ONNX model: its weights, and where that is wanted what they are multiplied with.

Weights have one scale per output channel (per token for the embeddings), chosen to minimise the squared error. Where
activations stay float32 the weights are scaled back when the model is loaded. Where they are bytes, too, each token has
a scale of its own, so that a title's vector does not depend on its batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import helper, numpy_helper

FULL, SAFE = 127, 63
"""The largest weight: of a byte, and so that no processor's sum of two products of bytes overflows 16 bits."""
_LEAST_SIZE = 4096  # smaller matrices stay float32
_SHRINK = np.linspace(0.6, 1.0, 21)  # of the largest weight: clipping a few costs less than coarse steps for all
_MIDDLE = 128  # the byte that stands for an activation of 0
_CONTRIB = "com.microsoft"  # operators that onnxruntime has besides those of ONNX


def quantize(model: Any, most: int = FULL) -> None:
    """Replace the large float32 matrices of an ONNX model by int8 ones, up to `most`, that are scaled back when it is loaded."""
    graph = model.graph
    readers = {name: node.op_type for node in graph.node for name in node.input}
    kept, back = [], []
    for tensor in graph.initializer:
        weights = numpy_helper.to_array(tensor)
        if weights.dtype != np.float32 or weights.ndim != 2 or weights.size < _LEAST_SIZE:
            kept.append(tensor)
            continue
        axis = 0 if readers[tensor.name] == "Gather" else 1
        small, scale = _int8(weights, axis, most if axis else FULL)
        names = [f"{tensor.name}_int8", f"{tensor.name}_scale"]
        kept += [numpy_helper.from_array(small, names[0]), numpy_helper.from_array(scale, names[1])]
        back.append(helper.make_node("DequantizeLinear", names, [tensor.name], axis=axis))
    nodes = [*back, *graph.node]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)


def multiply_bytes(model: Any) -> None:
    """Let a quantised model multiply bytes: the activations of each token are rounded to 255 steps of its largest."""
    graph = model.graph
    opened = {node.output[0]: node for node in graph.node if node.op_type == "DequantizeLinear"}
    width = {tensor.name: tensor.dims[-1] for tensor in graph.initializer}
    products = [node for node in graph.node if node.op_type == "MatMul" and node.input[1] in opened]
    closed = {node.input[1] for node in products}
    nodes, rounded = [*_shapes({width[opened[name].input[0]] for name in closed})], set[str]()
    for node in graph.node:
        if node in products:
            source, (codes, scale) = node.input[0], opened[node.input[1]].input
            nodes += [] if source in rounded else _as_bytes(source)
            nodes += _product(source, codes, scale, node.output[0], width[codes])
            rounded.add(source)
        elif not closed.intersection(node.output):
            nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    graph.initializer.extend(_constants())
    model.opset_import.append(helper.make_opsetid(_CONTRIB, 1))


def _constants() -> Iterator[Any]:
    for name, value in {"step": 1 / FULL, "least": 1e-9, "one": 1.0}.items():
        yield numpy_helper.from_array(np.array(value, np.float32), name)
    yield numpy_helper.from_array(np.array(_MIDDLE, np.uint8), "middle")


def _shapes(widths: set[int]) -> Iterator[Any]:
    """The shapes that products have, (titles, tokens, width), and those of a matrix with a row a token."""
    yield helper.make_node("Shape", ["input_ids"], ["sizes"])
    for width in sorted(widths):
        yield helper.make_node("Constant", [], [f"width_{width}"], value_ints=[width])
        yield helper.make_node("Concat", ["sizes", f"width_{width}"], [f"shape_{width}"], axis=0)


def _as_bytes(source: str) -> list[Any]:
    """Tokens as bytes, (tokens, width), and how much a step of each is."""
    x = f"{source}_"
    middle = numpy_helper.from_array(np.array([_MIDDLE], np.uint8))
    return [
        helper.make_node("Flatten", [source], [f"{x}rows"], axis=2),
        helper.make_node("Abs", [f"{x}rows"], [f"{x}sizes"]),
        helper.make_node("ReduceMax", [f"{x}sizes"], [f"{x}largest"], axes=[1]),
        helper.make_node("Mul", [f"{x}largest", "step"], [f"{x}narrow"]),
        helper.make_node("Max", [f"{x}narrow", "least"], [f"{x}step"]),
        helper.make_node("Squeeze", [f"{x}step"], [f"{x}steps"]),  # a title has two tokens at least: where it ends, too
        helper.make_node("Shape", [f"{x}steps"], [f"{x}count"]),
        helper.make_node("ConstantOfShape", [f"{x}count"], [f"{x}middles"], value=middle),
        helper.make_node("QuantizeLinear", [f"{x}rows", f"{x}steps", f"{x}middles"], [f"{x}bytes"], axis=0),
    ]


def _product(source: str, codes: str, scale: str, result: str, width: int) -> list[Any]:
    """The product of bytes, scaled back by channel and by token."""
    sides = [f"{source}_bytes", codes, "one", scale, "middle"]
    return [
        helper.make_node("MatMulIntegerToFloat", sides, [f"{result}_narrow"], domain=_CONTRIB),
        helper.make_node("Mul", [f"{result}_narrow", f"{source}_step"], [f"{result}_rows"]),
        helper.make_node("Reshape", [f"{result}_rows", f"shape_{width}"], [result]),
    ]


def _int8(weights: NDArray[np.float32], axis: int, most: int = FULL) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Rounded weights and the scale of each channel along `axis`."""
    largest = np.maximum(np.abs(weights).max(axis=1 - axis, keepdims=True), np.finfo(np.float32).tiny) / most
    errors = [((_rounded(weights, largest * s, most) * (largest * s) - weights) ** 2).sum(1 - axis) for s in _SHRINK]
    scale = largest * np.expand_dims(_SHRINK[np.argmin(errors, axis=0)], 1 - axis)
    return _rounded(weights, scale, most).astype(np.int8), scale.ravel().astype(np.float32)


def _rounded(weights: NDArray[np.float32], scale: NDArray[Any], most: int) -> NDArray[np.float32]:
    found: NDArray[np.float32] = np.clip(np.round(weights / scale), -most, most)
    return found
