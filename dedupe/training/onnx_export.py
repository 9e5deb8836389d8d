"""The trained network as files: ONNX with int8 weights, and the tokenizer."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import onnx
import torch

from dedupe.training.network import MAX_TOKENS, Network, pool
from dedupe.training.quantization import FULL, SAFE, multiply_bytes, quantize

_OPSET = 17


class _Exported(torch.nn.Module):
    def __init__(self, trunk: Any) -> None:
        super().__init__()
        self.trunk = trunk

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        return pool(self.trunk, input_ids, attention_mask)


def export(network: Network, path: Path, *, in_bytes: bool = False) -> None:
    """Write the trunk with pooling as ONNX: int64 `input_ids`, `attention_mask` (n, t) to float32 `vectors` (n, d).

    `in_bytes`: activations are multiplied as bytes, too, see `multiply_bytes`.
    """
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
    quantize(model, SAFE if in_bytes else FULL)
    if in_bytes:
        multiply_bytes(model)
    onnx.save(model, path)


def save_tokenizer(network: Network, path: Path) -> None:
    """Write `tokenizer.json`, which cuts at the length that was trained and does not pad."""
    tokenizer = network.tokenizer.backend_tokenizer
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.no_padding()
    tokenizer.save(str(path))
