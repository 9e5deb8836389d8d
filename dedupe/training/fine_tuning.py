"""Fine-tune the network on labelled stories.

Each level has two losses over all pairs of a batch: supervised contrastive (Khosla et al., 2020), which ranks pairs, and
cross-entropy on the scaled cosine, which separates them. A batch has few pairs of one wording, so that level weighs less.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from dedupe.evaluation.labelled import LabelledHeadlines
from dedupe.evaluation.metrics import average_precision
from dedupe.runtime.arrays import Float32s, Ints
from dedupe.training.network import Network

BATCH = 96
LEARNING_RATE, HEAD_RATE, LOGIT_RATE = 1e-4, 1e-3, 1e-2
WARM_UP = 0.1  # share of all steps
TEMPERATURE = 0.05
LEVEL_WEIGHTS = {"story": 1.0, "wording": 0.5}
_NEAREST = 6  # most similar stories that join a story in its batch
_MASKED = -1e9


@dataclass
class FineTuning:
    """The `Objective` of `network` on labelled headlines; `learned`, `held_out`: the rows of each slice."""

    network: Network
    data: LabelledHeadlines
    learned: Sequence[Ints]
    held_out: Sequence[Ints]
    seed: int
    stage: str = "training"

    def optimizer(self) -> torch.optim.AdamW:
        """Return AdamW: weight matrices of the trunk decay; biases, layer norms and our own parameters do not."""
        network = self.network
        matrices = [parameter for parameter in network.trunk.parameters() if parameter.ndim >= 2]
        vectors = [parameter for parameter in network.trunk.parameters() if parameter.ndim < 2]
        groups = [
            {"params": matrices, "lr": LEARNING_RATE, "weight_decay": 0.01},
            {"params": vectors, "lr": LEARNING_RATE},
            {"params": [network.head], "lr": HEAD_RATE},
            {"params": [network.slope, network.offset], "lr": LOGIT_RATE},
        ]
        return torch.optim.AdamW(groups, weight_decay=0.0)

    def batches(self, epoch: int) -> list[Ints]:
        """Return those of `story_batches`, on vectors of the network as it is now."""
        torch.manual_seed(self.seed * 1000 + epoch)  # dropout
        vectors = np.zeros((len(self.data.texts), self.network.width), np.float32)
        for rows in self.learned:
            vectors[rows] = self._encode(rows)
        self.network.train()
        return story_batches(self.learned, self.data.labels["story"], vectors, BATCH, [self.seed, epoch])

    def loss(self, batch: Ints) -> torch.Tensor:
        """Return the weighted sum of both losses of both levels."""
        by_level = self.network.level_rows(self.network.text_rows([self.data.texts[k] for k in batch]))
        loss = torch.zeros(())
        for k, (level, weight) in enumerate(LEVEL_WEIGHTS.items()):
            groups = torch.from_numpy(self.data.labels[level][batch])
            similarity = by_level[level] @ by_level[level].T
            same = groups[:, None] == groups[None]
            logits = similarity * self.network.slope[k] + self.network.offset[k]
            loss = loss + weight * (cross_entropy(logits, same) + contrastive(similarity, same))
        return loss

    def rate(self, step: int, steps: int) -> float:
        """Return the factor of a linear warm-up, then linear decay to zero."""
        done = step / steps
        return min((done + 1e-3) / WARM_UP, 1 - done)

    def scores(self) -> dict[str, float]:
        """Return the average precision of each level's cosine, over all pairs inside held-out slices."""
        same: dict[str, list[Ints]] = {level: [] for level in LEVEL_WEIGHTS}
        similarity: dict[str, list[Float32s]] = {level: [] for level in LEVEL_WEIGHTS}
        for rows in self.held_out:
            story = self._encode(rows)
            i, j = np.triu_indices(len(rows), 1)
            for level, vectors in (("story", story), ("wording", self.network.wording_rows(story))):
                groups = self.data.labels[level][rows]
                same[level].append(groups[i] == groups[j])
                similarity[level].append((vectors @ vectors.T)[i, j])
        return {
            f"{level}_ap": round(average_precision(np.concatenate(same[level]), np.concatenate(similarity[level])), 4)
            for level in LEVEL_WEIGHTS
        }

    def _encode(self, rows: Ints) -> Float32s:
        return self.network.encode([self.data.texts[k] for k in rows])


def cross_entropy(logits: torch.Tensor, same: torch.Tensor) -> torch.Tensor:
    """Return the cross-entropy over all pairs, summed, divided by the number of rows; both (n, n)."""
    i, j = torch.triu_indices(len(same), len(same), 1)
    total = functional.binary_cross_entropy_with_logits(logits[i, j], same[i, j].float(), reduction="sum")
    return total / len(same)


def contrastive(similarity: torch.Tensor, same: torch.Tensor) -> torch.Tensor:
    """Return the supervised contrastive loss, averaged over rows that have a positive; both (n, n)."""
    diagonal = torch.eye(len(same), dtype=torch.bool)
    log_probability = functional.log_softmax((similarity / TEMPERATURE).masked_fill(diagonal, _MASKED), dim=1)
    positive = same & ~diagonal
    count = positive.sum(1)
    means = (log_probability * positive).sum(1)[count > 0] / count[count > 0]
    return -means.mean() if len(means) else similarity.sum() * 0


def story_batches(slices: Sequence[Ints], story: Ints, vectors: Float32s, size: int, seed: Sequence[int]) -> list[Ints]:
    """Return shuffled batches of about `size` rows: whole stories with the stories nearest to them, as hard negatives.

    Every story of two or more is in at least one batch. `slices`: the rows of each slice; a batch lies inside one.
    `story`, `vectors`: (n,) and (n, d), unit rows.
    """
    rng = np.random.default_rng(seed)
    batches = [batch for rows in slices for batch in _slice_batches(rows, story[rows], vectors[rows], size, rng)]
    return [batches[k] for k in rng.permutation(len(batches))]


def _slice_batches(rows: Ints, story: Ints, vectors: Float32s, size: int, rng: np.random.Generator) -> Iterator[Ints]:
    names, sizes = np.unique(story, return_counts=True)
    members = {name: np.flatnonzero(story == name) for name in names.tolist()}
    waiting = dict.fromkeys(rng.permutation(names[sizes > 1]).tolist())  # an ordered set
    similarity = vectors @ vectors.T
    while waiting:
        chosen: dict[int, None] = {}
        filled = 0
        while filled < size and waiting:
            first = next(iter(waiting))
            for name in [first, *_nearest_stories(members[first], story, similarity)]:
                if name not in chosen and filled < size:
                    chosen[name] = None
                    filled += len(members[name])
                    waiting.pop(name, None)
        yield rows[np.concatenate([members[name] for name in chosen])]


def _nearest_stories(members: Ints, story: Ints, similarity: Float32s) -> list[int]:
    order = story[np.argsort(-similarity[members].max(axis=0), kind="stable")]
    others = dict.fromkeys(order.tolist())
    others.pop(int(story[members[0]]))
    return list(others)[:_NEAREST]
