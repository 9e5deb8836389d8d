"""The network of the reader: tokens of two titles -> scores of different, story and wording.

A BERT-like trunk reads both titles as one text, the mean of its last layer over all tokens goes through one linear layer.
Devlin et al. (2019) read pairs of sentences so; the mean takes the place of their first token, as the base was trained with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from dedupe.scoring.reader import MAX_TOKENS
from dedupe.training.network import default_base

VERDICTS = ("different", "story", "wording")
"""The columns of the scores, from the widest apart to the closest."""
_DROPOUT = 0.1
_POOL = 1 << 22  # random numbers that masks of dropout are cut from


class PooledDropout(torch.nn.Module):
    """Dropout whose masks are cut from one large random tensor, since drawing new ones takes longer than the products."""

    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()
        self.pool = (torch.rand(_POOL, generator=generator) >= _DROPOUT).to(torch.bfloat16) / (1 - _DROPOUT)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return `x` with a tenth of its numbers dropped, while training."""
        if not self.training:
            return x
        start = int(torch.randint(max(len(self.pool) - x.numel(), 1), ()))
        return x * self.pool[start : start + x.numel()].view(x.shape).to(x.dtype)


class PairNetwork(torch.nn.Module):
    """A trunk over the tokens of both titles, and a linear top."""

    def __init__(self, base: str | Path | None, seed: int) -> None:
        """`base`: folder or name of a BERT-like model, the base of the encoder if None."""
        from transformers import AutoModel, AutoTokenizer

        super().__init__()
        torch.manual_seed(seed)
        folder = default_base() if base is None else base
        # Eager attention: on processors the fused one is slower for so few tokens.
        self.trunk: Any = AutoModel.from_pretrained(folder, add_pooling_layer=False, attn_implementation="eager")
        self.trunk.embeddings.requires_grad_(False)  # saves a tenth of the time, and nothing is lost
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        generator = torch.Generator().manual_seed(seed)
        for layer in self.trunk.encoder.layer:
            layer.attention.self.dropout.p = 0.0
            layer.attention.output.dropout = PooledDropout(generator)
            layer.output.dropout = PooledDropout(generator)
        self.dropout = torch.nn.Dropout(_DROPOUT)
        self.top = torch.nn.Linear(self.trunk.config.hidden_size, len(VERDICTS))

    def forward(
        self, input_ids: torch.Tensor, token_type_ids: torch.Tensor, attention_mask: torch.Tensor
    ) -> torch.Tensor:
        """Return scores, (pairs, 3), in the order of `VERDICTS`, of padded tokens, (pairs, t)."""
        last = self.trunk(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state
        there = attention_mask.unsqueeze(-1).to(last.dtype)
        scores: torch.Tensor = self.top(self.dropout((last * there).sum(1) / there.sum(1)))
        return scores

    def batch(self, first: Sequence[str], second: Sequence[str]) -> dict[str, torch.Tensor]:
        """Return the tokens of pairs, padded to the longest."""
        tokens = self.tokenizer(
            list(first), list(second), truncation=True, max_length=MAX_TOKENS, padding=True, return_tensors="pt"
        )
        return dict(tokens)


class ExportedReader(torch.nn.Module):
    """What is exported: tokens of pairs of one length -> log odds of one wording and of one story."""

    def __init__(self, network: PairNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: torch.Tensor, token_type_ids: torch.Tensor) -> torch.Tensor:
        """Return log odds, (pairs, 2), in the order of `dedupe.levels.SCORED_LEVELS`."""
        scores = self.network(input_ids, token_type_ids, torch.ones_like(input_ids))
        wording, story = scores[:, 2] - scores[:, :2].logsumexp(1), scores[:, 1:].logsumexp(1) - scores[:, 0]
        return torch.stack((wording, story), 1)
