"""The training loop of fine-tuning and distillation, with a checkpoint after every epoch.

An interrupted run continues from its last checkpoint and ends at the same weights as one that was never interrupted.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from safetensors.torch import load_file
from safetensors.torch import save as to_bytes

from dedupe.errors import InputError, OutputError
from dedupe.runtime.files import writing_bytes
from dedupe.runtime.progress import Progress
from dedupe.training.network import Network

_ADAM = ("step", "exp_avg", "exp_avg_sq")
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


def optimize(objective: _Objective[Batch], checkpoint: Path, epochs: int, progress: Progress) -> History:
    """Train the network of `objective` in place. `checkpoint`: a path without suffix, for two files."""
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
    _write(path, json.dumps(settings).encode())
    return folder


def _resume(checkpoint: Path, network: Network, optimizer: torch.optim.AdamW) -> History:
    """Load the last checkpoint, if there is one, and return the history up to it."""
    path = checkpoint.with_suffix(".safetensors")
    if not path.exists():
        return []
    tensors = load_file(path)
    network.load_state_dict({name.removeprefix("net."): t for name, t in tensors.items() if name.startswith("net.")})
    for k, parameter in enumerate(_parameters(optimizer)):
        if f"opt.{k}.step" in tensors:  # unused layers have no state
            optimizer.state[parameter] = {name: tensors[f"opt.{k}.{name}"] for name in _ADAM}
    history: History = json.loads(checkpoint.with_suffix(".json").read_text())
    return history[: int(tensors["epochs"])]


def _save(checkpoint: Path, network: Network, optimizer: torch.optim.AdamW, history: History) -> None:
    """Write the history first, so that the weights never claim an epoch that it lacks."""
    tensors = {f"net.{name}": tensor for name, tensor in network.state_dict().items()}
    for k, parameter in enumerate(_parameters(optimizer)):
        tensors |= {f"opt.{k}.{name}": torch.as_tensor(value) for name, value in optimizer.state[parameter].items()}
    tensors["epochs"] = torch.tensor(len(history))
    tensors = {name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}
    _write(checkpoint.with_suffix(".json"), json.dumps(history).encode())
    _write(checkpoint.with_suffix(".safetensors"), to_bytes(tensors))


def _write(path: Path, content: bytes) -> None:
    with writing_bytes(str(path)) as file:
        file.write(content)


def _parameters(optimizer: torch.optim.AdamW) -> list[torch.nn.Parameter]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]
