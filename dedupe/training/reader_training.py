"""Train the reader on labelled pairs: cross-entropy, where a pair may have one of several labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from dedupe.runtime.arrays import Ints
from dedupe.training.reader_network import VERDICTS, PairNetwork
from dedupe.training.reader_pairs import DIFFERENT, STORY, WORDING, Pair, ReaderPairs

BATCH = 48
LEARNING_RATE, TOP_RATE = 1.5e-4, 1e-3
_WARM_UP = 0.06  # share of all steps
_SORTED_BATCHES = 50  # batches whose pairs are sorted by length together
_LABELS = torch.tensor([[True, False, False], [False, True, False], [False, False, True], [False, True, True]])
"""Which verdicts each label allows: `DIFFERENT`, `STORY`, `WORDING`, `SAME`."""


@dataclass
class ReaderTraining:
    """The `Objective` of `network`; `watched`: pairs that it does not learn from, by name."""

    network: PairNetwork
    pairs: ReaderPairs
    watched: Mapping[str, Sequence[Pair]]
    seed: int
    stage: str = "training the reader"

    def optimizer(self) -> torch.optim.AdamW:
        """Return AdamW: weight matrices of the trunk decay; biases, layer norms and the top do not."""
        trunk = [parameter for parameter in self.network.trunk.parameters() if parameter.requires_grad]
        groups = [
            {"params": [p for p in trunk if p.ndim >= 2], "lr": LEARNING_RATE, "weight_decay": 0.01},
            {"params": [p for p in trunk if p.ndim < 2], "lr": LEARNING_RATE},
            {"params": list(self.network.top.parameters()), "lr": TOP_RATE},
        ]
        return torch.optim.AdamW(groups, weight_decay=0.0)

    def batches(self, epoch: int) -> list[list[Pair]]:
        """Return the pairs of an epoch, the two titles in either order, in batches of like length."""
        torch.manual_seed(self.seed * 1000 + epoch)  # dropout
        rng = np.random.default_rng([self.seed, epoch, 1])
        self.network.train()
        pairs = [Pair(p.second, p.first, p.label) if rng.random() < 0.5 else p for p in self.pairs.epoch(epoch)]
        batches = []
        for start in range(0, len(pairs), BATCH * _SORTED_BATCHES):
            pool = _by_length(pairs[start : start + BATCH * _SORTED_BATCHES])
            parts = [pool[k : k + BATCH] for k in range(0, len(pool), BATCH)]
            batches += [parts[k] for k in rng.permutation(len(parts)).tolist()]
        return batches

    def loss(self, batch: Sequence[Pair]) -> torch.Tensor:
        """Return the mean negative log probability of the labels."""
        allowed = _LABELS[[pair.label for pair in batch]]
        scores = self._scores(batch)
        return (scores.logsumexp(1) - scores.masked_fill(~allowed, -torch.inf).logsumexp(1)).mean()

    def rate(self, step: int, steps: int) -> float:
        """Return the factor of a linear warm-up, then linear decay to zero."""
        share = step / steps
        return min((share + 1e-3) / _WARM_UP, (1 - share) / (1 - _WARM_UP))

    def scores(self) -> dict[str, float]:
        """Return how well watched pairs are told apart: the areas under ROC curves of `separation`."""
        self.network.eval()
        return {
            f"{name}_{level}_auc": area
            for name, pairs in self.watched.items()
            for level, area in separation([p.label for p in pairs], self._log_odds(pairs)).items()
        }

    def _log_odds(self, pairs: Sequence[Pair]) -> torch.Tensor:
        """Log odds of one story and of one wording rather than one story, (pairs, 2)."""
        order, scores = _length_order(pairs), torch.zeros(len(pairs), len(VERDICTS))
        with torch.inference_mode():
            for start in range(0, len(order), BATCH):
                part = order[start : start + BATCH].tolist()
                scores[part] = self._scores([pairs[k] for k in part])
        story = scores[:, STORY:].logsumexp(1) - scores[:, DIFFERENT]
        return torch.stack((story, scores[:, WORDING] - scores[:, :WORDING].logsumexp(1)), 1)

    def _scores(self, pairs: Sequence[Pair]) -> torch.Tensor:
        texts = [[text.casefold() for text in (pair.first, pair.second)] for pair in pairs]  # as at use
        tokens = self.network.batch([first for first, _ in texts], [second for _, second in texts])
        with torch.autocast("cpu", torch.bfloat16, enabled=_multiplies_bfloat16()):
            scores: torch.Tensor = self.network(**tokens)
        return scores.float()


def separation(labels: Sequence[int], log_odds: torch.Tensor) -> dict[str, float]:
    """Return the area under the ROC curve of each level, left out where one side has no pair.

    `story`: pairs of one story in two wordings against different ones; `wording`: pairs of one wording against these.
    `log_odds`: (pairs, 2), of one story and of one wording.
    """
    from sklearn.metrics import roc_auc_score

    label, areas = np.array(labels), {}
    for k, (level, inside, outside) in enumerate((("story", STORY, DIFFERENT), ("wording", WORDING, STORY))):
        rows = np.isin(label, (inside, outside))
        same = label[rows] == inside
        if same.any() and not same.all():
            areas[level] = round(float(roc_auc_score(same, log_odds[rows, k].numpy())), 4)
    return areas


def _length_order(pairs: Sequence[Pair]) -> Ints:
    return np.argsort([len(pair.first) + len(pair.second) for pair in pairs], kind="stable").astype(np.int64)


def _by_length(pairs: Sequence[Pair]) -> list[Pair]:
    return [pairs[k] for k in _length_order(pairs).tolist()]


def _multiplies_bfloat16() -> bool:
    """Whether the processor has instructions for it; without them it is slower than float32."""
    return bool(torch.cpu.get_capabilities().get("avx512_bf16"))
