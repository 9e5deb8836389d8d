"""Checkpoints of a training run: what was interrupted goes on from the last one and ends at the same weights."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from dedupe.errors import InputError, OutputError
from dedupe.training.network import Network

_ADAM = ("step", "exp_avg", "exp_avg_sq")
_History = list[dict[str, Any]]


def open_checkpoints(out: Path, settings: dict[str, Any]) -> Path:
    """Return the folder of checkpoints beside `out`; `InputError` where it holds those of another run."""
    folder = out.with_name(out.name + ".checkpoints")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be made ({error.strerror}): choose another folder with -o") from error
    path = folder / "settings.json"
    if path.exists() and json.loads(path.read_text()) != settings:
        raise InputError(
            f"{folder} holds the checkpoints of a run with other data or settings: delete it, or choose -o"
        )
    write_whole(path, lambda part: part.write_text(json.dumps(settings)))
    return folder


def resume(folder: Path, name: str, network: Network, optimizer: torch.optim.Optimizer) -> _History:
    """Load the newest checkpoint of that name and return the history until then, one record an epoch."""
    path = folder / f"{name}.safetensors"
    if not path.exists():
        return []
    tensors = load_file(path)
    network.load_state_dict({name[len("net.") :]: t for name, t in tensors.items() if name.startswith("net.")})
    for k, parameter in enumerate(_parameters(optimizer)):
        if f"opt.{k}.step" in tensors:  # a layer that is not used has no state
            optimizer.state[parameter] = {name: tensors[f"opt.{k}.{name}"] for name in _ADAM}
    history: _History = json.loads((folder / f"{name}.json").read_text())
    return history[: int(tensors["epochs"])]


def save(folder: Path, name: str, network: Network, optimizer: torch.optim.Optimizer, history: _History) -> None:
    """Write a checkpoint: the history first, so that the weights never claim an epoch that is not in it."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"net.{name}": tensor for name, tensor in network.state_dict().items()}
    for k, parameter in enumerate(_parameters(optimizer)):
        tensors |= {f"opt.{k}.{name}": torch.as_tensor(value) for name, value in optimizer.state[parameter].items()}
    tensors["epochs"] = torch.tensor(len(history))
    tensors = {name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}
    write_whole(folder / f"{name}.json", lambda path: path.write_text(json.dumps(history)))
    write_whole(folder / f"{name}.safetensors", lambda path: save_file(tensors, path))


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file under a temporary name and rename it, so that it is never there in part."""
    temporary = path.with_name(path.name + ".part")
    write(temporary)
    temporary.replace(path)


def _parameters(optimizer: torch.optim.Optimizer) -> list[torch.nn.Parameter]:
    return [p for group in optimizer.param_groups for p in group["params"]]
