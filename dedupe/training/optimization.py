"""The training loop of both networks, with a checkpoint after every epoch.

An interrupted run continues from its last checkpoint and ends at the same weights as one that was never interrupted.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save

from dedupe.runtime.files import writing_bytes
from dedupe.runtime.progress import Progress

Batch = TypeVar("Batch")
History = list[dict[str, Any]]
"""One record per epoch: loss, scores, seconds."""


class _Objective(Protocol[Batch]):
    """What a network learns. `stage`: its name in progress reports. `rate`: a factor on the optimizer's rates."""

    @property
    def network(self) -> torch.nn.Module: ...
    @property
    def stage(self) -> str: ...

    def optimizer(self) -> torch.optim.AdamW: ...
    def batches(self, epoch: int) -> Sequence[Batch]: ...
    def loss(self, batch: Batch) -> torch.Tensor: ...
    def rate(self, step: int, steps: int) -> float: ...
    def scores(self) -> dict[str, float]: ...


def optimize(objective: _Objective[Batch], checkpoint: Path, epochs: int, progress: Progress) -> History:
    """Train the network of `objective` in place, from the last epoch in the file `checkpoint` on."""
    network, optimizer = objective.network, objective.optimizer()
    base_rates = [group["lr"] for group in optimizer.param_groups]
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    history = _resume(checkpoint, network, optimizer)
    for epoch in range(len(history), epochs):
        started, losses = time.monotonic(), []
        batches = objective.batches(epoch)
        steps = epochs * len(batches)
        for step, batch in enumerate(batches, epoch * len(batches)):
            for group, base_rate in zip(optimizer.param_groups, base_rates, strict=True):
                group["lr"] = base_rate * objective.rate(step, steps)
            optimizer.zero_grad()
            loss = objective.loss(batch)
            torch.autograd.backward(loss)
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            losses.append(loss.item())
            progress(objective.stage, step + 1, steps)
        record = {"epoch": epoch + 1, "loss": round(float(np.mean(losses)), 4)} | objective.scores()
        history.append(record | {"seconds": round(time.monotonic() - started)})
        _save(checkpoint, network, optimizer, history)
    return history


def _resume(checkpoint: Path, network: torch.nn.Module, optimizer: torch.optim.AdamW) -> History:
    """Load the last checkpoint, if there is one, and return the history up to it."""
    if not checkpoint.exists():
        return []
    with safe_open(checkpoint, "pt") as file:
        history: History = json.loads(file.metadata()["history"])
    tensors, state = load_file(checkpoint), defaultdict[int, dict[str, torch.Tensor]](dict)
    network.load_state_dict({name: tensors.pop(f"network.{name}") for name in network.state_dict()})
    for key, tensor in tensors.items():
        _, place, name = key.split(".")
        state[int(place)][name] = tensor
    optimizer.load_state_dict(optimizer.state_dict() | {"state": state})
    return history


def _save(checkpoint: Path, network: torch.nn.Module, optimizer: torch.optim.AdamW, history: History) -> None:
    tensors = {f"network.{name}": tensor for name, tensor in network.state_dict().items()}
    for place, values in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{place}.{name}": tensor for name, tensor in values.items()}
    tensors = {name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}
    with writing_bytes(str(checkpoint)) as file:
        file.write(save(tensors, {"history": json.dumps(history)}))
