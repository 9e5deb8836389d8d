"""Train a model folder: the encoder, then the reader, then the judge on slices that neither has seen."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dedupe.embedding.encoders import Encoder
from dedupe.embedding.model_folder import FALLBACK, HEAD, JUDGE, READER, sha256
from dedupe.embedding.onnx_encoder import TrainedEncoder
from dedupe.evaluation.labelled import LabelledHeadlines
from dedupe.headlines import Headline
from dedupe.levels import SCORED_LEVELS
from dedupe.runtime.arrays import Float32s, Ints
from dedupe.runtime.progress import Progress, silent
from dedupe.scoring.model import Judge, to_json
from dedupe.scoring.reader import Reader
from dedupe.training.contrast import Contrast, Events, read_contrasts, read_events
from dedupe.training.fine_tuning import FineTuning
from dedupe.training.fit_judge import Scores, fit_judge
from dedupe.training.hold_back import Split, check_labels, only, slice_names, split_slices
from dedupe.training.kept_encoder import ENCODER_FILES, KeptEncoder
from dedupe.training.network import BASE, Network
from dedupe.training.onnx_export import write_encoder, write_reader
from dedupe.training.optimization import History, optimize
from dedupe.training.output_folder import open_checkpoints, unused_folder, writing_folder
from dedupe.training.reader_network import VERDICTS, PairNetwork
from dedupe.training.reader_pairs import Candidates, Pair, ReaderPairs, pairs_at
from dedupe.training.reader_training import ReaderTraining
from dedupe.training.regressions import fitted_on
from dedupe.training.stories import read_stories
from dedupe.training.training_pairs import Answer, EncodedTitles, headlines_of, slice_pairs

_WATCHED = 1000  # candidate pairs of held-back slices by which the reader is scored after each epoch


@dataclass(frozen=True, slots=True)
class _Run:
    """What one run trains on and how. `folder`: what it has made so far."""

    data: LabelledHeadlines
    split: Split
    contrasts: dict[str, list[Contrast]]
    events: Events
    base: str | Path | None
    epochs: int
    reader_epochs: int
    seed: int
    checkpoints: Path
    folder: Path
    progress: Progress


def train(
    stories: Path,
    out: Path,
    *,
    base: str | Path | None = None,
    encoder: Path | None = None,
    epochs: int = 2,
    reader_epochs: int = 4,
    seed: int = 0,
    hold_back: tuple[str, str] | None = None,
    contrast: Sequence[Path] = (),
    events: Sequence[Path] = (),
    about: str = "",
    answers: Sequence[Answer] = (),
    force: bool = False,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Train on labelled stories, write a model folder to `out`, and return its manifest.

    `stories`: JSON Lines with title, story and wording, see `read_stories`. `base`: the sentence-transformers model to
    start from, `BASE` if None. `encoder`: a model folder whose encoder is kept, instead of training one. `hold_back`: names of
    the first and the last slice that only the judge learns from, see `split_slices`. `contrast`, `events`: more for the
    reader, see `dedupe.training.contrast`. `about`: who made the labels and how, for the model card. `answers`: pairs of
    headlines with a verdict, which only the judge learns from. Checkpoints are kept beside `out` until it is complete; an
    interrupted run continues from them. The same data, seed and machine give the same model.
    Raises `InputError`, `ModelError` and `OutputError`.
    """
    out = unused_folder(out, force)
    data = read_stories(stories)
    kept = None if encoder is None else KeptEncoder.of(encoder, base)
    split = split_slices(data, hold_back, kept.slices if kept else ())
    _check(data, split)
    parts = read_contrasts(contrast)
    answers = [*answers, *_companion_answers(parts["judge"])]
    settings = {
        "base": str(kept.base if kept else base or BASE),
        "epochs": epochs,
        "reader_epochs": reader_epochs,
        "seed": seed,
        "data_sha256": sha256(stories),
        "contrast_sha256": [sha256(path) for path in contrast],
        "events_sha256": [sha256(path) for path in events],
        "hold_back": list(hold_back or ()),
        "encoder_sha256": kept.digest if kept else None,
    }
    checkpoints = open_checkpoints(out, settings)
    folder = checkpoints / "model"
    folder.mkdir(exist_ok=True)
    run = _Run(
        data, split, parts, read_events(events), base, epochs, reader_epochs, seed, checkpoints, folder, progress
    )
    encoder_log = _train_encoder(run) if kept is None else kept.copy_to(folder)
    reader_log = _train_reader(run)
    names = slice_names(data)
    record = settings | {
        "headlines": len(data.texts),
        "slices": len(data.slices),
        "stories": len(set(data.labels["story"].tolist())),
        "contrasts": sum(map(len, parts.values())),
        "events": len(run.events.texts),
        "answers": len(answers),
        "about": about,
        "encoder_slices": sorted(kept.slices) if kept else [names[k] for k in split.learned],
        "reader_slices": [names[k] for k in split.learned],
        "held_back": [names[k] for k in split.held_back],
        "encoder_log": encoder_log,
        "reader_log": reader_log,
    }
    judges, record["held_out"], record["held_out_fallback"] = _fit_judges(run, answers)
    with writing_folder(out, record, "trained", progress, force=force) as written:
        for name in (*ENCODER_FILES, READER):
            shutil.copyfile(folder / name, written / name)
        for name, judge in judges.items():
            (written / name).write_text(json.dumps(to_json(judge), indent=1) + "\n", encoding="utf-8")
    return record


def _check(data: LabelledHeadlines, split: Split) -> None:
    """Raise `InputError` for labels from which something could not be learned, before hours of training."""
    check_labels(data, split.learned, "to learn from")
    for numbers in set(fitted_on(tuple(range(len(split.held_back))))):
        check_labels(data, [split.held_back[k] for k in numbers], "held back, or a third of them,")


def _companion_answers(contrasts: Sequence[Contrast]) -> list[Answer]:
    pairs = (companion for row in contrasts for companion in row.companions() if companion[0] == row.title)
    return [(Headline(first), Headline(second), verdict) for first, second, verdict in pairs]


def _train_encoder(run: _Run) -> History:
    """Train the encoder and write its files."""
    learned, held_back = ([run.data.slices[k] for k in numbers] for numbers in (run.split.learned, run.split.held_back))
    objective = FineTuning(Network(run.base), run.data, learned, held_back, run.seed, "training the encoder")
    log = optimize(objective, run.checkpoints / "encoder.safetensors", run.epochs, run.progress)
    write_encoder(objective.network, run.folder)
    np.save(run.folder / HEAD, objective.network.head.detach().numpy(), allow_pickle=False)
    return log


def _encoder_in(folder: Path) -> tuple[Encoder, Float32s]:
    return TrainedEncoder(folder, verified=False), np.load(folder / HEAD, allow_pickle=False)


def _train_reader(run: _Run) -> History:
    """Train the reader and write its file."""
    vectors = EncodedTitles.of(run.data.headlines, *_encoder_in(run.folder)).story
    event_vectors = EncodedTitles.of([Headline(text) for text in run.events.texts], *_encoder_in(run.folder)).story
    pairs = ReaderPairs(
        run.data, vectors, run.split.learned, run.contrasts["reader"], run.events, event_vectors, run.seed
    )
    companions = [companion for row in run.contrasts["test"] for companion in row.companions()]
    watched = {
        "slices": _watched(run, vectors),
        "contrast": [Pair(first, second, VERDICTS.index(verdict)) for first, second, verdict in companions],
    }
    objective = ReaderTraining(PairNetwork(run.base, run.seed), pairs, watched, run.seed)
    log = optimize(objective, run.checkpoints / "reader.safetensors", run.reader_epochs, run.progress)
    write_reader(objective.network, run.folder)
    return log


def _watched(run: _Run, vectors: Float32s) -> list[Pair]:
    """Some candidate pairs of the slices held back, half of them of one story where there are so many."""
    rng = np.random.default_rng(run.seed)
    candidates = Candidates.of(run.data, vectors, run.split.held_back)
    places = rng.permutation(candidates.draw(run.data.labels["story"], rng))
    return pairs_at(run.data, candidates, places[:_WATCHED])


def _fit_judges(run: _Run, answers: Sequence[Answer]) -> tuple[dict[str, Judge], dict[str, Scores], dict[str, Scores]]:
    """Fit the judge of the model and, on vectors of the base, the one for other encoders; return both and their scores."""
    run.progress("fitting", 0, 2)
    data, reader = only(run.data, run.split.held_back), Reader(run.folder, verified=False)
    headlines, known = headlines_of(data, answers), dict[tuple[int, int], Float32s]()
    untrained: Any = Network(run.base), None  # another encoder has no head
    judges, scores = {}, []
    for done, (name, encoder) in enumerate(((JUDGE, _encoder_in(run.folder)), (FALLBACK, untrained)), 1):
        titles = EncodedTitles.of(headlines, *encoder)
        texts = titles.titles.texts.tolist()

        def read(i: Ints, j: Ints, texts: list[str] = texts) -> Float32s:
            new = np.array([pair for pair in zip(i.tolist(), j.tolist(), strict=True) if pair not in known], int)
            first, second = new.reshape(-1, 2).T
            log_odds = reader.log_odds(texts, first, second, run.progress)
            known.update(zip(map(tuple, new.tolist()), log_odds, strict=True))
            every = [known[pair] for pair in zip(i.tolist(), j.tolist(), strict=True)]
            return np.array(every, np.float32).reshape(-1, len(SCORED_LEVELS))

        judges[name], held_out = fit_judge(slice_pairs(data, titles, range(len(data.slices)), answers), read)
        scores.append(held_out)
        run.progress("fitting", done, 2)
    return judges, scores[0], scores[1]
