"""Fine-tune the network on labelled stories, with checkpoints, so that an interrupted run goes on where it was.

Per level, two losses over all pairs of a batch: supervised contrastive (Khosla et al., 2020), which orders, and
cross-entropy of "one group" on the scaled cosine, which separates. Wording is weighted by `WORDING_WEIGHT`, as a batch
has fewer of its pairs.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from dedupe.evaluation.labelled import LabelledHeadlines
from dedupe.evaluation.metrics import average_precision
from dedupe.runtime.arrays import Ints
from dedupe.runtime.progress import Progress
from dedupe.training.batches import batches
from dedupe.training.checkpoints import resume, save
from dedupe.training.network import Network, descend

BATCH = 96
LEARNING_RATE, HEAD_RATE, LOGIT_RATE = 1e-4, 1e-3, 1e-2
WARM_UP = 0.1
TEMPERATURE = 0.05
WORDING_WEIGHT = 0.5
_FAR = -1e9


@dataclass(frozen=True, slots=True)
class Run:
    """One fine-tuning: what to learn from, what to watch, and where its checkpoints go."""

    name: str
    data: LabelledHeadlines
    train: list[Ints]
    held_out: list[Ints]
    folder: Path
    epochs: int
    seed: int


def fine_tune(network: Network, run: Run, progress: Progress) -> list[dict[str, Any]]:
    """Train `network` in place and return one record an epoch: loss, seconds, average precision on held-out slices.

    Every finished epoch is a checkpoint in `run.folder`; where one exists, training goes on from it and ends at the
    same weights as a run that was never interrupted.
    """
    optimizer = torch.optim.AdamW(_parameter_groups(network))
    history = resume(run.folder, run.name, network, optimizer)
    for epoch in range(len(history), run.epochs):
        started = time.monotonic()
        torch.manual_seed(run.seed * 1000 + epoch)  # dropout
        vectors = _encode_rows(network, run)
        made = batches(run.train, run.data.labels["story"], vectors, BATCH, [run.seed, epoch])
        losses = []
        for step, rows in enumerate(made):
            _set_rates(optimizer, (epoch + step / len(made)) / run.epochs)
            losses.append(_step(network, optimizer, run.data, rows))
            progress(f"training {run.name}", epoch * len(made) + step + 1, run.epochs * len(made))
        record = {"epoch": epoch + 1, "loss": round(float(np.mean(losses)), 4)} | held_out_scores(network, run)
        history.append(record | {"seconds": round(time.monotonic() - started)})
        save(run.folder, run.name, network, optimizer, history)
    return history


def _encode_rows(network: Network, run: Run) -> NDArray[np.float32]:
    """Vectors of the rows to learn from; other rows stay zero."""
    vectors = np.zeros((len(run.data.texts), network.width), np.float32)
    for rows in run.train:
        vectors[rows] = network.encode([run.data.texts[k] for k in rows])
    return vectors


def _step(network: Network, optimizer: torch.optim.Optimizer, data: LabelledHeadlines, rows: Ints) -> float:
    network.train()
    by_level = network.level_rows(network([data.texts[k] for k in rows]))
    loss = torch.zeros(())
    for k, (level, weight) in enumerate((("story", 1.0), ("wording", WORDING_WEIGHT))):
        groups = torch.from_numpy(data.labels[level][rows])
        similarity = by_level[level] @ by_level[level].T
        same = groups[:, None] == groups[None]
        logits = similarity * network.slope[k] + network.offset[k]
        loss = loss + weight * (cross_entropy(logits, same) + contrastive(similarity, same))
    return descend(network, optimizer, loss)


def cross_entropy(logits: torch.Tensor, same: torch.Tensor) -> torch.Tensor:
    """Return the cross-entropy of "one group" over all pairs, summed, per row; both (n, n)."""
    i, j = torch.triu_indices(len(same), len(same), 1)
    total = functional.binary_cross_entropy_with_logits(logits[i, j], same[i, j].float(), reduction="sum")
    return total / len(same)


def contrastive(similarity: torch.Tensor, same: torch.Tensor) -> torch.Tensor:
    """Return the supervised contrastive loss, the mean over rows that have a mate; both (n, n)."""
    itself = torch.eye(len(same), dtype=torch.bool)
    chances = functional.log_softmax((similarity / TEMPERATURE).masked_fill(itself, _FAR), dim=1)
    mates = same & ~itself
    count = mates.sum(1)
    of_mates = (chances * mates).sum(1)[count > 0] / count[count > 0]
    return -of_mates.mean() if len(of_mates) else similarity.sum() * 0


def _parameter_groups(network: Network) -> list[dict[str, Any]]:
    """Weight matrices of the trunk decay; biases, layer norms and what is ours do not."""
    named = list(network.trunk.named_parameters())
    plain = [p for name, p in named if p.ndim < 2]
    return [
        {"params": [p for name, p in named if p.ndim >= 2], "rate": LEARNING_RATE, "weight_decay": 0.01},
        {"params": plain, "rate": LEARNING_RATE, "weight_decay": 0.0},
        {"params": [network.head], "rate": HEAD_RATE, "weight_decay": 0.0},
        {"params": [network.slope, network.offset], "rate": LOGIT_RATE, "weight_decay": 0.0},
    ]


def _set_rates(optimizer: torch.optim.Optimizer, done: float) -> None:
    """Warm up, then fall in a straight line to zero; `done` is the share of all steps."""
    for group in optimizer.param_groups:
        group["lr"] = group["rate"] * min((done + 1e-3) / WARM_UP, 1 - done)


def held_out_scores(network: Network, run: Run) -> dict[str, float]:
    """Return the average precision of each level's cosine over all pairs inside the held-out slices."""
    found: dict[str, list[tuple[NDArray[np.bool_], NDArray[np.float32]]]] = {"story": [], "wording": []}
    for rows in run.held_out:
        encoded = torch.from_numpy(network.encode([run.data.texts[k] for k in rows]))
        i, j = np.triu_indices(len(rows), 1)
        with torch.no_grad():
            by_level = {level: matrix.numpy() for level, matrix in network.level_rows(encoded).items()}
        for level, pairs in found.items():
            groups, matrix = run.data.labels[level][rows], by_level[level]
            pairs.append((groups[i] == groups[j], (matrix @ matrix.T)[i, j]))
    return {
        f"{level}_ap": round(average_precision(*(np.concatenate(side) for side in zip(*pairs, strict=True))), 4)
        for level, pairs in found.items()
    }
