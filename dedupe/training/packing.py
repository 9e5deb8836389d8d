"""The trained network as files: ONNX with int8 weights, the tokenizer, and the head.

Weights are int8 with one scale per output channel (per token for the embeddings), chosen to minimise the squared error;
activations stay float32, so a title's vector does not depend on its batch.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from dedupe.training.network import MAX_TOKENS, Network, pool

_OPSET = 17
_LEAST_SIZE = 4096  # smaller matrices stay float32
_SHRINK = np.linspace(0.6, 1.0, 21)  # of the largest weight: clipping a few costs less than coarse steps for all


class _Exported(torch.nn.Module):
    def __init__(self, trunk: Any) -> None:
        super().__init__()
        self.trunk = trunk

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        return pool(self.trunk, input_ids, attention_mask)


def export(network: Network, path: Path) -> None:
    """Write the trunk with pooling as ONNX: int64 `input_ids`, `attention_mask` (n, t) to float32 `vectors` (n, d)."""
    example = network.tokenizer(["one title", "and another, longer title"], padding=True, return_tensors="pt")
    rows, tokens = {0: "titles", 1: "tokens"}, {0: "titles"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer warns about branches on shapes, none of which are taken here
        torch.onnx.export(
            _Exported(network.trunk).eval(),
            (example["input_ids"], example["attention_mask"]),
            str(path),
            input_names=["input_ids", "attention_mask"],
            output_names=["vectors"],
            dynamic_axes={"input_ids": rows, "attention_mask": rows, "vectors": tokens},
            opset_version=_OPSET,
            dynamo=False,
        )
    model = onnx.load(path)
    quantize(model)
    onnx.save(model, path)


def quantize(model: Any) -> None:
    """Replace the large float32 matrices of an ONNX model by int8 ones that are scaled back when it is loaded."""
    graph = model.graph
    readers = {name: node.op_type for node in graph.node for name in node.input}
    kept, back = [], []
    for tensor in graph.initializer:
        weights = numpy_helper.to_array(tensor)
        if weights.dtype != np.float32 or weights.ndim != 2 or weights.size < _LEAST_SIZE:
            kept.append(tensor)
            continue
        axis = 0 if readers[tensor.name] == "Gather" else 1
        small, scale = _int8(weights, axis)
        names = [f"{tensor.name}_int8", f"{tensor.name}_scale"]
        kept += [numpy_helper.from_array(small, names[0]), numpy_helper.from_array(scale, names[1])]
        back.append(helper.make_node("DequantizeLinear", names, [tensor.name], axis=axis))
    nodes = [*back, *graph.node]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)


def _int8(weights: NDArray[np.float32], axis: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Rounded weights and the scale of each channel along `axis`."""
    largest = np.maximum(np.abs(weights).max(axis=1 - axis, keepdims=True), np.finfo(np.float32).tiny) / 127
    errors = [((_rounded(weights, largest * s) * (largest * s) - weights) ** 2).sum(1 - axis) for s in _SHRINK]
    scale = largest * np.expand_dims(_SHRINK[np.argmin(errors, axis=0)], 1 - axis)
    return _rounded(weights, scale).astype(np.int8), scale.ravel().astype(np.float32)


def _rounded(weights: NDArray[np.float32], scale: NDArray[Any]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = np.clip(np.round(weights / scale), -127, 127)
    return found


def save_tokenizer(network: Network, path: Path) -> None:
    """Write `tokenizer.json`, which cuts at the length that was trained and does not pad."""
    tokenizer = network.tokenizer.backend_tokenizer
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.no_padding()
    tokenizer.save(str(path))
