"""The training loop of fine-tuning and distillation, with a checkpoint after every epoch.

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
from safetensors.torch import save

from dedupe.errors import InputError, OutputError
from dedupe.runtime.files import write_lines, writing_bytes
from dedupe.runtime.progress import Progress, silent
from dedupe.training.network import Network

Batch = TypeVar("Batch")
History = list[dict[str, Any]]
"""One record per epoch: loss, scores, seconds."""


class _Objective(Protocol[Batch]):
    """What a network learns. `stage`: its name in progress reports. `rate`: a factor on the optimizer's rates."""

    network: Network
    stage: str

    def optimizer(self) -> torch.optim.AdamW: ...
    def batches(self, epoch: int) -> Sequence[Batch]: ...
    def loss(self, batch: Batch) -> torch.Tensor: ...
    def rate(self, step: int, steps: int) -> float: ...
    def scores(self) -> dict[str, float]: ...


def optimize(objective: _Objective[Batch], checkpoint: Path, epochs: int, progress: Progress = silent) -> History:
    """Train the network of `objective` in place, from the last epoch in the file `checkpoint` on."""
    network, optimizer = objective.network, objective.optimizer()
    base_rates = [group["lr"] for group in optimizer.param_groups]
    history = _resume(checkpoint, network, optimizer)
    for epoch in range(len(history), epochs):
        started, losses = time.monotonic(), []
        batches = objective.batches(epoch)
        steps = epochs * len(batches)
        for step, batch in enumerate(batches, epoch * len(batches)):
            for group, base_rate in zip(optimizer.param_groups, base_rates, strict=True):
                group["lr"] = base_rate * objective.rate(step, steps)
            losses.append(_descend(network, optimizer, objective.loss(batch)))
            progress(objective.stage, step + 1, steps)
        record = {"epoch": epoch + 1, "loss": round(float(np.mean(losses)), 4)} | objective.scores()
        history.append(record | {"seconds": round(time.monotonic() - started)})
        _save(checkpoint, network, optimizer, history)
    return history


def _descend(network: Network, optimizer: torch.optim.AdamW, loss: torch.Tensor) -> float:
    """Take one step against the loss; the gradient of the trunk is clipped to length 1."""
    optimizer.zero_grad()
    torch.autograd.backward(loss)
    torch.nn.utils.clip_grad_norm_(network.trunk.parameters(), 1.0)
    optimizer.step()
    return loss.item()


def open_checkpoints(out: Path, settings: dict[str, Any]) -> Path:
    """Return the folder of checkpoints beside `out`; `InputError` if it belongs to a run with other settings."""
    folder = out.with_name(out.name + ".checkpoints")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot create {folder} ({error.strerror}): choose another folder with -o") from error
    path = folder / "settings.json"
    if path.exists() and json.loads(path.read_text()) != settings:
        raise InputError(f"{folder} holds checkpoints of a run with other data or settings: delete it, or choose -o")
    write_lines([json.dumps(settings)], str(path))
    return folder


def _resume(checkpoint: Path, network: Network, optimizer: torch.optim.AdamW) -> History:
    """Load the last checkpoint, if there is one, and return the history up to it."""
    if not checkpoint.exists():
        return []
    weights, state = dict[str, torch.Tensor](), defaultdict[int, dict[str, torch.Tensor]](dict)
    with safe_open(checkpoint, "pt") as file:
        history: History = json.loads(file.metadata()["history"])
        for key in file.keys():  # noqa: SIM118 # it is no mapping
            kind, name = key.split(".", 1)
            if kind == "network":
                weights[name] = file.get_tensor(key)
            else:
                place, value = name.split(".")
                state[int(place)][value] = file.get_tensor(key)
    network.load_state_dict(weights)
    optimizer.load_state_dict(optimizer.state_dict() | {"state": state})
    return history


def _save(checkpoint: Path, network: Network, optimizer: torch.optim.AdamW, history: History) -> None:
    tensors = {f"network.{name}": tensor for name, tensor in network.state_dict().items()}
    for place, values in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{place}.{name}": tensor for name, tensor in values.items()}
    tensors = {name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}
    with writing_bytes(str(checkpoint)) as file:
        file.write(save(tensors, {"history": json.dumps(history)}))
