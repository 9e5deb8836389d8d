"""Distil: a smaller encoder that imitates the vectors of a trained one, and takes over its judge.

The student is some layers of the base; it learns from titles without labels (Reimers and Gurevych, 2020). The loss is one
minus the cosine to the teacher's vector, and the squared error of the similarities between the titles of a batch, as
these are what is compared.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from dedupe.candidates.products import spread
from dedupe.embedding.cache import VectorCache
from dedupe.embedding.encoders import embed
from dedupe.embedding.model_folder import BUNDLED, ENCODER, FALLBACK, HEAD, JUDGE, TOKENIZER, verify
from dedupe.embedding.onnx_encoder import TrainedEncoder
from dedupe.embedding.vectors import Vectors
from dedupe.errors import InputError
from dedupe.runtime.progress import Progress, silent
from dedupe.text.normalize import MAX_LENGTH, normalize
from dedupe.training.checkpoints import open_checkpoints, resume, save
from dedupe.training.folder import free_folder, write_folder
from dedupe.training.model_card import distilled_card
from dedupe.training.network import BASE, Network, descend
from dedupe.training.onnx_export import export, save_tokenizer

LAYERS = (0, 2, 4)
BATCH = 96
LEARNING_RATE = 3e-4
SIMILARITY_WEIGHT = 5.0
_WARM_UP = 40  # steps
_HELD_OUT = 1000  # titles that are not learned from, or a tenth of them where there are few
_LIKE_LENGTH = 64  # batches that are cut out of one sorted heap


@dataclass(frozen=True, slots=True)
class _Titles:
    """Titles by their tokens, the vectors that the teacher gives them, and which of them are learned from."""

    tokens: list[list[int]]
    wanted: Vectors
    learned: list[int]
    held_out: list[int]


def distil(
    titles: Sequence[str],
    out: Path,
    *,
    without: Sequence[str] = (),
    teacher: Path = BUNDLED,
    base: str | Path | None = None,
    layers: Sequence[int] = LAYERS,
    epochs: int = 3,
    seed: int = 0,
    about: str = "",
    cache: VectorCache | None = None,
    force: bool = False,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Train a student on `titles`, write a model folder to `out`, and return its manifest.

    `without`: titles never to learn from, such as those it will be evaluated on. `teacher`: the model folder to imitate,
    whose judge the new one takes over. `base`, `layers`: the sentence-transformers model whose layers, counted from 0,
    the student begins with; `BASE` if None. `cache`: where the teacher's vectors are kept. Checkpoints are kept beside
    `out` until it is there; an interrupted run goes on from them. Raises `InputError`, `ModelError` and `OutputError`.
    """
    out = free_folder(out, force)
    model = TrainedEncoder(teacher)
    network = Network(base)
    if network.width != model.dimension:
        raise InputError(f"the base gives {network.width} numbers a title, the teacher {model.dimension}: give another")
    network.keep_layers(layers)
    texts = _texts(titles, without)
    settings = {
        "teacher_sha256": verify(teacher)["sha256"][ENCODER],
        "base": str(base or BASE),
        "layers": list(layers),
        "epochs": epochs,
        "seed": seed,
        "titles": len(texts),
        "titles_sha256": hashlib.sha256("\n".join(texts).encode()).hexdigest(),
    }
    checkpoints = open_checkpoints(out, settings)
    wanted = embed(model, texts, progress, cache)
    history = _imitate(network, _parted(network.tokens(texts), wanted), checkpoints, epochs, seed, progress)
    record = settings | {"about": about, "epochs_log": history}

    def fill(part: Path) -> None:
        export(network, part / ENCODER, in_bytes=True)
        save_tokenizer(network, part / TOKENIZER)
        for name in (HEAD, JUDGE, FALLBACK):
            shutil.copyfile(teacher / name, part / name)

    write_folder(out, fill, record, distilled_card(record), progress)
    shutil.rmtree(checkpoints)
    return record


def _imitate(
    network: Network, titles: _Titles, checkpoints: Path, epochs: int, seed: int, progress: Progress
) -> list[dict[str, Any]]:
    """Train `network` in place and return one record an epoch: loss, seconds, cosine to the teacher when held out.

    Dropout stays off, as there is far more to learn from than can be learned by heart.
    """
    network.eval()
    optimizer = torch.optim.AdamW(network.trunk.parameters(), LEARNING_RATE, fused=True)
    history = resume(checkpoints, "student", network, optimizer)
    for epoch in range(len(history), epochs):
        started = time.monotonic()
        batches = list(_batches(titles, np.random.default_rng([seed, epoch])))
        losses = []
        for step, part in enumerate(batches):
            done = epoch * len(batches) + step
            _set_rate(optimizer, done, epochs * len(batches))
            losses.append(_step(network, optimizer, titles, part))
            progress("imitating", done + 1, epochs * len(batches))
        record = {"epoch": epoch + 1, "loss": round(float(np.mean(losses)), 4), "cosine": _held_out(network, titles)}
        history.append(record | {"seconds": round(time.monotonic() - started)})
        save(checkpoints, "student", network, optimizer, history)
    return history


def imitation_loss(rows: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Return the loss of a batch: how far the unit rows are from the wanted ones, and their similarities; (n, d)."""
    apart = 1 - (rows * wanted).sum(1).mean()
    return apart + SIMILARITY_WEIGHT * functional.mse_loss(rows @ rows.T, wanted @ wanted.T)


def _texts(titles: Sequence[str], without: Sequence[str]) -> list[str]:
    """The distinct texts to learn from, as the encoder would be given them, in an order that is not the input's."""
    left_out = {normalize(title)[:MAX_LENGTH] for title in without} | {""}
    texts = sorted({normalize(title)[:MAX_LENGTH] for title in titles} - left_out)
    if len(texts) < 2 * BATCH:
        raise InputError(
            f"{len(texts)} distinct titles are too few to imitate a model on: give {2 * BATCH} or many more"
        )
    return texts


def _parted(tokens: list[list[int]], wanted: Vectors) -> _Titles:
    held_out = spread(len(tokens), min(_HELD_OUT, len(tokens) // 10)).tolist()
    return _Titles(tokens, wanted, sorted(set(range(len(tokens))) - set(held_out)), held_out)


def _batches(titles: _Titles, rng: np.random.Generator) -> Iterator[list[int]]:
    """All titles to learn from, shuffled, in batches of like length."""
    shuffled = rng.permutation(titles.learned)
    made = []
    for start in range(0, len(shuffled), BATCH * _LIKE_LENGTH):
        heap = sorted(shuffled[start : start + BATCH * _LIKE_LENGTH].tolist(), key=lambda k: len(titles.tokens[k]))
        made += [heap[k : k + BATCH] for k in range(0, len(heap), BATCH)]
    return (made[k] for k in rng.permutation(len(made)))


def _step(network: Network, optimizer: torch.optim.Optimizer, titles: _Titles, part: list[int]) -> float:
    rows = network.pooled([titles.tokens[k] for k in part])
    loss = imitation_loss(rows, torch.from_numpy(titles.wanted[part]))
    return descend(network, optimizer, loss)


def _set_rate(optimizer: torch.optim.Optimizer, step: int, steps: int) -> None:
    """Warm up, then fall in a straight line to zero."""
    for group in optimizer.param_groups:
        group["lr"] = LEARNING_RATE * min((step + 1) / _WARM_UP, 1 - step / steps)


def _held_out(network: Network, titles: _Titles) -> float:
    """The mean cosine to the teacher's vectors, of titles that were not learned from."""
    with torch.no_grad():
        parts = [titles.held_out[k : k + BATCH] for k in range(0, len(titles.held_out), BATCH)]
        rows = torch.cat([network.pooled([titles.tokens[k] for k in part]) for part in parts])
    return round(float((rows.numpy() * titles.wanted[titles.held_out]).sum(1).mean()), 4)
