"""Distil a smaller encoder, which imitates the vectors of a trained one and takes over its judge.

The student starts as some layers of the base and learns from unlabelled titles (Reimers and Gurevych, 2020). Its loss is
one minus the cosine to the teacher's vector, plus the squared error of the similarities inside a batch, which are what is
compared in the end.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from dedupe.candidates.products import spread
from dedupe.embedding.cache import VectorCache
from dedupe.embedding.encoders import embed
from dedupe.embedding.model_folder import BUNDLED, ENCODER, FALLBACK, HEAD, JUDGE, verify
from dedupe.embedding.onnx_encoder import TrainedEncoder
from dedupe.embedding.vectors import Vectors
from dedupe.errors import InputError
from dedupe.runtime.progress import Progress, silent
from dedupe.text.normalize import MAX_LENGTH, normalize
from dedupe.training.network import BASE, Network
from dedupe.training.onnx_export import write_encoder
from dedupe.training.optimization import optimize
from dedupe.training.output_folder import open_checkpoints, unused_folder, writing_folder

LAYERS = (0, 2, 4)
BATCH = 96
LEARNING_RATE = 3e-4
SIMILARITY_WEIGHT = 5.0
_WARM_UP = 40  # steps
_HELD_OUT = 1000  # titles, or a tenth of all if that is less
_SORTED_BATCHES = 64  # batches whose titles are sorted by length together


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

    `without`: titles never to learn from, such as those of an evaluation. `teacher`: the model folder to imitate, whose
    judge the student takes over. `base`: the sentence-transformers model that the student starts from, `BASE` if None.
    `layers`: the layers of the base to keep, counted from 0. `about`: the source of the titles, for the model card.
    `cache`: keeps the teacher's vectors. Checkpoints are kept beside `out` until it is complete; an interrupted run
    continues from them.
    Raises `InputError`, `ModelError` and `OutputError`.
    """
    out = unused_folder(out, force)
    encoder = TrainedEncoder(teacher)
    network = Network(base)
    if network.width != encoder.dimension:
        raise InputError(
            f"vectors have {network.width} numbers in the base, {encoder.dimension} in the teacher: choose a base of that width"
        )
    network.keep_layers(layers)
    texts = _distinct_texts(titles, without)
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
    imitation = _Imitation(network, texts, embed(encoder, texts, progress, cache), seed)
    history = optimize(imitation, checkpoints / "student.safetensors", epochs, progress)
    record = settings | {"about": about, "epochs_log": history}
    with writing_folder(out, record, "distilled", progress) as folder:
        write_encoder(network, folder, in_bytes=True)
        for name in (HEAD, JUDGE, FALLBACK):
            shutil.copyfile(teacher / name, folder / name)
    return record


def _distinct_texts(titles: Sequence[str], without: Sequence[str]) -> list[str]:
    """Distinct texts as the encoder gets them, in an order that does not depend on the input's."""
    excluded = {normalize(title)[:MAX_LENGTH] for title in without} | {""}
    texts = sorted({normalize(title)[:MAX_LENGTH] for title in titles} - excluded)
    if len(texts) < 2 * BATCH:
        raise InputError(f"{len(texts)} distinct titles are too few to distil a model: give at least {2 * BATCH}")
    return texts


class _Imitation:
    """The `Objective` of a student: the teacher's vectors, `targets`, of all titles but those at `held_out`."""

    stage = "imitating"

    def __init__(self, network: Network, texts: list[str], targets: Vectors, seed: int) -> None:
        self.network = network.eval()  # no dropout: with so many titles there is nothing to overfit
        self.texts, self.tokens, self.targets, self.seed = texts, network.tokens(texts), targets, seed
        self.held_out = spread(len(texts), min(_HELD_OUT, len(texts) // 10)).tolist()
        self.training = np.delete(np.arange(len(texts)), self.held_out)

    def optimizer(self) -> torch.optim.AdamW:
        return torch.optim.AdamW(self.network.trunk.parameters(), LEARNING_RATE, fused=True)

    def batches(self, epoch: int) -> list[list[int]]:
        """Shuffle the titles to learn from, and cut them into batches of similar length."""
        rng = np.random.default_rng([self.seed, epoch])
        shuffled = rng.permutation(self.training)
        batches = []
        for start in range(0, len(shuffled), BATCH * _SORTED_BATCHES):
            places = shuffled[start : start + BATCH * _SORTED_BATCHES].tolist()
            places.sort(key=lambda k: len(self.tokens[k]))
            batches += [places[k : k + BATCH] for k in range(0, len(places), BATCH)]
        return [batches[k] for k in rng.permutation(len(batches))]

    def loss(self, batch: list[int]) -> torch.Tensor:
        rows = self.network.token_rows([self.tokens[k] for k in batch])
        return imitation_loss(rows, torch.from_numpy(self.targets[batch]))

    def rate(self, step: int, steps: int) -> float:
        """Linear warm-up, then linear decay to zero."""
        return min((step + 1) / _WARM_UP, 1 - step / steps)

    def scores(self) -> dict[str, float]:
        """The mean cosine to the teacher's vectors, of held-out titles."""
        rows = self.network.encode([self.texts[k] for k in self.held_out])
        return {"cosine": round(float((rows * self.targets[self.held_out]).sum(1).mean()), 4)}


def imitation_loss(rows: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the loss of a batch of unit rows against the teacher's; both (n, d)."""
    error = 1 - (rows * targets).sum(1).mean()
    return error + SIMILARITY_WEIGHT * functional.mse_loss(rows @ rows.T, targets @ targets.T)
