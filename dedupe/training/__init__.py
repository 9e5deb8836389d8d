"""Train what ships: an encoder fine-tuned on labelled stories and the judge of its vectors, as one model folder.

`train` is the whole of it, and `headline-dedupe train` calls it. The steps, each in a module:
`stories` (labels) -> `edits` (near-misses made of them) -> `batches` -> `network` + `finetuning` (one network a fold)
-> `fitting` (the judge, on vectors of networks that never saw their slice) -> `packing` + `card` + `folder` (the folder,
with the mean of the networks). `distilling` makes a smaller model of a trained one.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from dedupe.embedding.model_folder import ENCODER, FALLBACK, HEAD, JUDGE, TOKENIZER, sha256
from dedupe.errors import InputError
from dedupe.evaluation.labelled import LabelledHeadlines
from dedupe.runtime.progress import Progress, silent
from dedupe.scoring.model import to_json
from dedupe.training.answers import NONE, Answered, answered_pairs
from dedupe.training.checkpoints import open_checkpoints
from dedupe.training.edits import Edit, edited
from dedupe.training.fine_tuning import Run, fine_tune
from dedupe.training.fit_model import FOLDS, Encoded, Fitted, fit_judge
from dedupe.training.folder import free_folder, write_folder
from dedupe.training.model_card import card
from dedupe.training.network import BASE, Network
from dedupe.training.onnx_export import export, save_tokenizer
from dedupe.training.stories import read_stories


def train(
    stories: Path,
    out: Path,
    *,
    base: str | Path | None = None,
    epochs: int = 2,
    seed: int = 0,
    about: str = "",
    answers: Sequence[Answered] = (),
    force: bool = False,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Train on labelled stories, write a model folder to `out`, and return its manifest.

    `stories`: a file with title, story and wording, see `read_stories`. `base`: the sentence-transformers model to
    start from, `BASE` if None. `about`: who made the labels and how, for the model card. `answers`: pairs that
    people have answered about, for the judge alone. Checkpoints are kept beside `out` until it is there; an interrupted
    run goes on from them. The same data, seed and machine give the same model.
    Raises `InputError`, `ModelError` and `OutputError`.
    """
    out = free_folder(out, force)
    data = read_stories(stories)
    _check_folds(data, stories)
    settings = {"base": str(base or BASE), "epochs": epochs, "seed": seed, "data_sha256": sha256(stories)}
    checkpoints = open_checkpoints(out, settings)
    slices = data.slices
    edits = edited(data.texts, seed)
    network = Network(base)
    untrained, of_edits = network.encode(data.texts), network.encode([edit.text for edit in edits])
    networks, histories = _train_folds(data, base, checkpoints, epochs, seed, progress)
    encoded = replace(_out_of_fold(data, edits, networks), answers=answered_pairs(answers, networks[0]))
    network.load_state_dict(mean_weights(networks))
    progress("fitting", 0, 1)
    judge = fit_judge(data, encoded)
    plain = answered_pairs(answers, Network(base)) if answers else NONE
    fallback = fit_judge(data, Encoded(untrained, untrained, edits, of_edits, of_edits, plain))
    progress("fitting", 1, 1)
    record = settings | {
        "headlines": len(data.texts),
        "slices": len(slices),
        "stories": len(set(data.labels["story"].tolist())),
        "answers": len(answers),
        "about": about,
        "epochs_log": histories,
        "held_out": judge.scores,
        "held_out_fallback": fallback.scores,
    }
    _write(network, judge, fallback, record, out, progress)
    shutil.rmtree(checkpoints)
    return record


def _check_folds(data: LabelledHeadlines, path: Path) -> None:
    """Raise `InputError` where a fold holds no pair of a level: it could not be scored once it is trained."""
    for fold in range(FOLDS):
        inside = data.slice % FOLDS == fold
        for level, groups in data.labels.items():
            if np.unique(groups[inside], return_counts=True)[1].max() < 2:
                raise InputError(
                    f"{path}: slices {fold + 1}, {fold + 1 + FOLDS} ... hold no two headlines of one {level}: label more"
                )


def _train_folds(
    data: LabelledHeadlines, base: str | Path | None, checkpoints: Path, epochs: int, seed: int, progress: Progress
) -> tuple[list[Network], dict[str, list[dict[str, Any]]]]:
    """Train one network a fold, on the slices outside it, and return them with their histories."""
    networks, histories = [], {}
    for fold in range(FOLDS):
        network = Network(base)
        learned = [rows for k, rows in enumerate(data.slices) if k % FOLDS != fold]
        run = Run(f"fold-{fold + 1}", data, learned, data.slices[fold::FOLDS], checkpoints, epochs, seed)
        histories[run.name] = fine_tune(network, run, progress)
        networks.append(network)
    return networks, histories


def _out_of_fold(data: LabelledHeadlines, edits: list[Edit], networks: Sequence[Network]) -> Encoded:
    """Let each network encode the slices that it did not learn from, and the edited copies of their headlines."""
    of, width = np.array([edit.of for edit in edits], np.int64), networks[0].width
    headlines = np.zeros((2, len(data.texts), width), np.float32)
    copies = np.zeros((2, len(edits), width), np.float32)
    for fold, network in enumerate(networks):
        for rows, texts, levels in (
            (np.flatnonzero(data.slice % FOLDS == fold), data.texts, headlines),
            (np.flatnonzero(data.slice[of] % FOLDS == fold), [edit.text for edit in edits], copies),
        ):
            story = network.encode([texts[k] for k in rows])
            levels[:, rows] = story, network.wording_rows(story)
    return Encoded(headlines[0], headlines[1], edits, copies[0], copies[1])


def mean_weights(networks: Sequence[Network]) -> dict[str, torch.Tensor]:
    """Return the mean of the weights of networks that were fine-tuned from one base (Wortsman et al., 2022)."""
    states = [network.state_dict() for network in networks]
    return {
        name: torch.stack([state[name] for state in states]).mean(0) if first.is_floating_point() else first
        for name, first in states[0].items()
    }


def _write(
    network: Network, judge: Fitted, fallback: Fitted, record: dict[str, Any], out: Path, progress: Progress
) -> None:
    """Write the model folder: the network's files, and the two judges."""

    def fill(part: Path) -> None:
        export(network, part / ENCODER)
        save_tokenizer(network, part / TOKENIZER)
        np.save(part / HEAD, network.head.detach().numpy(), allow_pickle=False)
        for name, fitted in ((JUDGE, judge), (FALLBACK, fallback)):
            (part / name).write_text(json.dumps(to_json(fitted.judge), indent=1) + "\n", encoding="utf-8")

    write_folder(out, fill, record, card(record), progress)
