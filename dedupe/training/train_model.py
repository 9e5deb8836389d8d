"""Train a model folder: fine-tune one network per fold, fit the judge on held-out vectors, average the networks."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from dedupe.embedding.model_folder import FALLBACK, HEAD, JUDGE, sha256
from dedupe.errors import InputError
from dedupe.evaluation.labelled import LabelledHeadlines
from dedupe.runtime.progress import Progress, silent
from dedupe.scoring.model import to_json
from dedupe.training.edits import edit_titles
from dedupe.training.fine_tuning import FineTuning
from dedupe.training.fit_judge import fit_judge
from dedupe.training.network import BASE, Network
from dedupe.training.onnx_export import write_encoder
from dedupe.training.optimization import History, open_checkpoints, optimize
from dedupe.training.output_folder import unused_folder, writing_folder
from dedupe.training.stories import read_stories
from dedupe.training.training_pairs import FOLDS, Answer, answered_pairs, encode_folds


def train(
    stories: Path,
    out: Path,
    *,
    base: str | Path | None = None,
    epochs: int = 2,
    seed: int = 0,
    about: str = "",
    answers: Sequence[Answer] = (),
    force: bool = False,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Train on labelled stories, write a model folder to `out`, and return its manifest.

    `stories`: JSON Lines with title, story and wording, see `read_stories`. `base`: the sentence-transformers model to
    start from, `BASE` if None. `about`: who made the labels and how, for the model card. `answers`: pairs of headlines
    with a verdict, which only the judge learns from. Checkpoints are kept beside `out` until it is complete; an
    interrupted run continues from them. The same data, seed and machine give the same model.
    Raises `InputError`, `ModelError` and `OutputError`.
    """
    out = unused_folder(out, force)
    data = read_stories(stories)
    _check_folds(data, stories)
    settings = {"base": str(base or BASE), "epochs": epochs, "seed": seed, "data_sha256": sha256(stories)}
    checkpoints = open_checkpoints(out, settings)
    edits, network = edit_titles(data.texts, seed), Network(base)
    untrained, untrained_answers = encode_folds(data, edits, [network]), answered_pairs(answers, network)
    networks, histories = train_folds(data, base, checkpoints, epochs=epochs, seed=seed, progress=progress)
    progress("fitting", 0, 1)
    judge, scores = fit_judge(data, encode_folds(data, edits, networks), edits, answered_pairs(answers, networks[0]))
    untrained = replace(untrained, wording=untrained.story)
    fallback, fallback_scores = fit_judge(data, untrained, edits, untrained_answers)
    progress("fitting", 1, 1)
    record = settings | {
        "headlines": len(data.texts),
        "slices": len(data.slices),
        "stories": len(set(data.labels["story"].tolist())),
        "answers": len(answers),
        "about": about,
        "epochs_log": histories,
        "held_out": scores,
        "held_out_fallback": fallback_scores,
    }
    network.load_state_dict(mean_weights(networks))
    with writing_folder(out, record, "trained", progress) as folder:
        write_encoder(network, folder)
        np.save(folder / HEAD, network.head.detach().numpy(), allow_pickle=False)
        for name, fitted in ((JUDGE, judge), (FALLBACK, fallback)):
            (folder / name).write_text(json.dumps(to_json(fitted), indent=1) + "\n", encoding="utf-8")
    shutil.rmtree(checkpoints)
    return record


def _check_folds(data: LabelledHeadlines, path: Path) -> None:
    """Raise `InputError` if a fold has no pair of a level: its scores could not be computed after the training."""
    for fold in range(FOLDS):
        inside = data.slice % FOLDS == fold
        for level, groups in data.labels.items():
            if np.unique(groups[inside], return_counts=True)[1].max() < 2:
                raise InputError(
                    f"{path}: slices {fold + 1}, {fold + 1 + FOLDS} ... hold no two headlines of one {level}: label more"
                )


def train_folds(
    data: LabelledHeadlines,
    base: str | Path | None,
    checkpoints: Path,
    *,
    epochs: int,
    seed: int,
    progress: Progress = silent,
) -> tuple[list[Network], dict[str, History]]:
    """Train one network per fold, on the slices outside it; return the networks, and their histories by name."""
    networks, histories = [], {}
    for fold in range(FOLDS):
        name = f"fold-{fold + 1}"
        learned = [rows for k, rows in enumerate(data.slices) if k % FOLDS != fold]
        objective = FineTuning(Network(base), data, learned, data.slices[fold::FOLDS], seed, f"training {name}")
        histories[name] = optimize(objective, checkpoints / f"{name}.safetensors", epochs, progress)
        networks.append(objective.network)
    return networks, histories


def mean_weights(networks: Sequence[Network]) -> dict[str, torch.Tensor]:
    """Return the mean weights of networks that were fine-tuned from one base (Wortsman et al., 2022)."""
    states = [network.state_dict() for network in networks]
    return {
        name: torch.stack([state[name] for state in states]).mean(0) if tensor.is_floating_point() else tensor
        for name, tensor in states[0].items()
    }
