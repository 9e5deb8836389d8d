"""`Judge`: features of pairs -> a calibrated probability for each level.

Each level has four logistic regressions. `pair` scores a pair by its features. Its terms are these, hinges ("similarity>0.65":
by how much the similarity exceeds 0.65) and products ("similarity*hours"). `read` combines the result with what the reader says
of the pair, see `reader.py`. `context` combines that with what other pairs say, see `context.py`. `alone` takes the place of
both where there are no others: two titles that somebody compares are a harder choice than two of a day's news, where titles
that look alike mostly belong together. In a run of a few titles the two opinions are mixed, see `crowdedness`.
`headline-dedupe train` fits all; the coefficients that ship can be read in `embedding/model/judge.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from dedupe.candidates.pairs import PairTable
from dedupe.embedding.model_folder import BUNDLED, FALLBACK, HEAD, JUDGE, verify
from dedupe.embedding.vectors import Vectors, zero_rows
from dedupe.errors import ModelError, one_line
from dedupe.levels import SCORED_LEVELS
from dedupe.runtime.arrays import Float32s, Floats, Ints
from dedupe.runtime.parallel import in_order
from dedupe.scoring.context import CONTEXT_FEATURES
from dedupe.scoring.pair_features import FEATURES
from dedupe.scoring.similarity_scale import IDENTITY, Scale, scale_of

TERMS = (
    *FEATURES,
    *(f"similarity>{knot}" for knot in (0.45, 0.55, 0.65, 0.75, 0.85)),
    "hours>3.0",
    *(f"similarity*{name}" for name in "shared hours rare contained letters names counters_conflict".split()),
    "shared*hours",
    "shared*missing",
    "contained*rare",
    "contained*length",
)
_LOG_ODDS = tuple(f"{level}_log_odds" for level in SCORED_LEVELS)
READ_TERMS = (
    *(*_LOG_ODDS, "read_wording", "read_story", "read_wording>0", "read_story>0"),
    *FEATURES,
    *(f"similarity>{knot}" for knot in (0.3, 0.5, 0.7, 0.85)),
    *(f"hours>{knot}" for knot in (1.9, 2.6, 3.2, 3.6)),  # `hours` is a logarithm: about 6, 12, 24 and 36 hours
)
CONTEXT_TERMS = (
    *(*_LOG_ODDS, "read_wording", "read_story"),
    *("unread", "unread*wording_log_odds", "unread*story_log_odds"),
    *CONTEXT_FEATURES,
)
_REGRESSIONS = {"pair": TERMS, "read": READ_TERMS, "alone": READ_TERMS, "context": CONTEXT_TERMS}
_TOO_LARGE = (EOFError, RecursionError, MemoryError)  # of a file that says that it is longer or deeper than it is
_CROWD = 60  # titles from which a run is judged as a day of news
_CLIP = 1e-4  # probabilities are moved at least so far from 0 and 1 before their log odds are taken
_CHUNK_ROWS = 4096
_CHUNK_PAIRS = 65_536  # whose columns fit into the processor's cache


class HasContext(Protocol):
    """Where the context of pairs comes from, such as `Context`."""

    def features(self, index: slice | Ints) -> Floats:
        """Return the context of the pairs at `index`, float64, (pairs, len(CONTEXT_FEATURES))."""


@dataclass(frozen=True, slots=True)
class Logistic:
    """A fitted logistic regression."""

    intercept: float
    coefficients: Floats

    def log_odds(self, columns: Floats) -> Floats:
        """Return the log odds of each row of `columns`, (rows, coefficients)."""
        log_odds: Floats = columns @ self.coefficients + self.intercept
        return log_odds


@dataclass(frozen=True, slots=True)
class Judge:
    """The fitted model, and the default threshold of each level.

    Per level, `pair`: the regression over `TERMS`; `read` and `alone`: those over `READ_TERMS`; `context`: the one over
    `CONTEXT_TERMS`. `candidate_floor`: per level, the lowest cosine similarity at which pairs are scored; `given_up`: the
    share of true pairs below it, on the stories that the judge was fitted on. `floor`: lowest probability at which pairs are
    kept.
    `head`: (d, d), turns the encoder's vectors into those of the wording level; None where these are the same.
    `calibrated`: whether the judge was fitted on the encoder of the run.
    """

    pair: Mapping[str, Logistic]
    read: Mapping[str, Logistic]
    alone: Mapping[str, Logistic]
    context: Mapping[str, Logistic]
    thresholds: Mapping[str, float]
    candidate_floor: Mapping[str, float]
    given_up: Mapping[str, float]
    floor: float
    head: Float32s | None = None
    calibrated: bool = False

    def scale(self, vectors: Vectors) -> Scale:
        """Return what brings cosine similarities of an encoder's unit rows, (n, d), to the scale of this judge."""
        return IDENTITY if self.calibrated else scale_of(vectors)

    def wording_vectors(self, vectors: Vectors) -> Vectors:
        """Return the unit rows that the wording level compares, (n, d); `ModelError` for rows of another width."""
        if self.head is None or not vectors.shape[1]:
            return vectors
        if vectors.shape[1] != len(self.head):
            raise ModelError(
                f"vectors have {vectors.shape[1]} numbers a row, but those of this encoder have {len(self.head)}"
            )
        head, projected, starts = self.head, zero_rows(*vectors.shape), range(0, len(vectors), _CHUNK_ROWS)
        for start, rows in in_order(lambda k: (k, _projected(vectors[k : k + _CHUNK_ROWS], head)), starts):
            projected[start : start + len(rows)] = rows
        return projected

    def pair_log_odds(self, features: Float32s, levels: Sequence[str] = SCORED_LEVELS) -> dict[str, Floats]:
        """Return the log odds of each pair by itself, (pairs,), per level."""
        columns = feature_columns(features)
        log_odds = {level: np.full(len(features), self.pair[level].intercept) for level in levels}
        for k, name in enumerate(TERMS):
            term = _term(name, columns)
            for level in levels:
                log_odds[level] += self.pair[level].coefficients[k] * term
        return log_odds

    def read_probabilities(
        self, features: Float32s, pairs: PairTable, log_odds: Float32s, crowd: float
    ) -> dict[str, Floats]:
        """Return the probability of each pair by itself, (pairs,), per level; that of story is at least that of wording.

        `features`: (pairs, len(FEATURES)); `log_odds`: what the reader says, (pairs, 2), in the order of `SCORED_LEVELS`;
        `crowd`: the `crowdedness` of the run.
        """
        columns = read_terms(features, pairs, log_odds)
        wording, story = (
            sigmoid((1 - crowd) * self.alone[level].log_odds(columns) + crowd * self.read[level].log_odds(columns))
            for level in SCORED_LEVELS
        )
        return {"wording": wording, "story": np.maximum(story, wording)}

    def with_context(self, context: HasContext, pairs: PairTable, crowd: float) -> PairTable:
        """Return the pairs with their probability in context; that of story is at least that of wording.

        `crowd`: the `crowdedness` of the run; with 0 there is no context, and the probability stays that of the pair.
        """
        probability = {level: np.empty(len(pairs), np.float32) for level in SCORED_LEVELS}

        def judge(part: slice) -> None:
            columns = context_terms(context, pairs, part)
            for k, level in enumerate(SCORED_LEVELS):
                own, others = columns[:, k], self.context[level].log_odds(columns)
                probability[level][part] = sigmoid(others if crowd == 1 else (1 - crowd) * own + crowd * others)

        parts = [slice(start, start + _CHUNK_PAIRS) for start in range(0, len(pairs), _CHUNK_PAIRS)]
        for _ in in_order(judge, parts):
            pass
        story = np.maximum(probability["story"], probability["wording"])
        return replace(pairs, p_story=story, p_wording=probability["wording"])


def crowdedness(titles: int) -> float:
    """Return how far a run of so many titles is judged as a day of news: 0 for two titles, 1 for sixty or more."""
    return float(np.clip(np.log(max(titles, 2) / 2) / np.log(_CROWD / 2), 0, 1))


def read_terms(features: Float32s, pairs: PairTable, log_odds: Float32s) -> Floats:
    """Return the columns `READ_TERMS` of pairs that were read, float64, (pairs, terms); `log_odds`: what the reader says."""
    columns = feature_columns(features)
    columns |= {f"{level}_log_odds": _log_odds(pairs.p_pair(level)) for level in SCORED_LEVELS}
    columns |= {f"read_{level}": log_odds[:, k].astype(np.float64) for k, level in enumerate(SCORED_LEVELS)}
    return np.stack([_term(name, columns) for name in READ_TERMS], axis=1)


def context_terms(context: HasContext, pairs: PairTable, part: slice = slice(None)) -> Floats:
    """Return the columns `CONTEXT_TERMS` of a part of the pairs, float64, (part, terms)."""
    features = context.features(part)
    columns = np.empty((len(CONTEXT_TERMS), len(features)))  # so that each column is contiguous
    columns[0], columns[1] = (_log_odds(pairs.p_pair(level)[part]) for level in SCORED_LEVELS)
    columns[2], columns[3] = pairs.read_wording[part], pairs.read_story[part]
    unread = np.isnan(columns[2])
    columns[2:4, unread] = 0
    columns[4] = unread
    np.multiply(columns[:2], unread, out=columns[5:7])
    columns[7:] = features.T
    return columns.T


def _log_odds(probability: Float32s) -> Floats:
    p = np.clip(probability.astype(np.float64), _CLIP, 1 - _CLIP)
    return np.asarray(np.log(p / (1 - p)))


def feature_columns(features: Float32s) -> dict[str, Floats]:
    """Return the columns of a matrix of features by name."""
    return {name: features[:, k].astype(float) for k, name in enumerate(FEATURES)}


def _projected(vectors: Float32s, head: Float32s) -> Float32s:
    if len(vectors) == 1:  # by itself it would be summed in another order than among others
        return _projected(np.repeat(vectors, 2, axis=0), head)[:1]
    rows: Float32s = vectors @ head
    norms = np.sqrt(np.vecdot(rows, rows))
    norms[norms == 0] = 1
    rows /= norms[:, None]
    return rows


def sigmoid(log_odds: Floats) -> Floats:
    """Return probabilities for log odds."""
    probability: Floats = 1 / (1 + np.exp(-np.clip(log_odds, -30, 30)))
    return probability


def terms(features: Float32s) -> Floats:
    """Return the model's terms, float64, (pairs, len(TERMS)), from features in the order of `FEATURES`."""
    columns = feature_columns(features)
    return np.stack([_term(name, columns) for name in TERMS], axis=1)


def _term(name: str, columns: Mapping[str, Floats]) -> Floats:
    if ">" in name:
        column, knot = name.split(">")
        return np.maximum(columns[column] - float(knot), 0.0)
    if "*" in name:
        first, second = name.split("*")
        return columns[first] * columns[second]
    return columns[name]


@lru_cache(maxsize=4)
def load_judge(folder: Path = BUNDLED) -> Judge:
    """Return the judge of a model folder, fitted on the encoder in it; `ModelError` where it cannot be used."""
    return replace(_read(folder / JUDGE), head=_head(folder / HEAD), calibrated=True)


@lru_cache(maxsize=1)
def load_fallback() -> Judge:
    """Return the judge for encoders that have none of their own; `ModelError` where a bundled file was changed."""
    verify(BUNDLED)
    return _read(BUNDLED / FALLBACK)


def judge_of(encoder: Any) -> Judge:
    """Return the judge in the folder that an encoder names, or, where it names none, the one for all other encoders."""
    folder = getattr(encoder, "folder", None)
    return load_fallback() if folder is None else load_judge(folder)


@contextmanager
def _damage_reported(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, *_TOO_LARGE) as error:
        raise ModelError(f"{path} cannot be used ({one_line(error)}): train or copy the model again") from error


def _head(path: Path) -> Float32s:
    with _damage_reported(path):
        head = np.load(path, allow_pickle=False)
        if head.ndim != 2 or head.shape[0] != head.shape[1] or not np.isfinite(head).all():
            raise ValueError(f"no square of finite numbers, but {head.dtype} of shape {head.shape}")
        return np.asarray(head, np.float32)


def _read(path: Path) -> Judge:
    with _damage_reported(path):
        return judge_from_json(json.loads(path.read_text(encoding="utf-8")))


def judge_from_json(model: Mapping[str, Any]) -> Judge:
    """Return the judge that `to_json` wrote, without its head; `LookupError`, `TypeError` or `ValueError` for anything else."""
    levels = model["levels"]
    fitted = {
        name: {level: _logistic(levels[level][name], names) for level in SCORED_LEVELS}
        for name, names in _REGRESSIONS.items()
    }
    return Judge(
        pair=fitted["pair"],
        read=fitted["read"],
        alone=fitted["alone"],
        context=fitted["context"],
        thresholds={level: _share(levels[level], "threshold") for level in SCORED_LEVELS},
        candidate_floor={level: _share(levels[level], "candidate_floor") for level in SCORED_LEVELS},
        given_up={level: _share(levels[level], "given_up") for level in SCORED_LEVELS},
        floor=_share(model, "floor"),
    )


def _logistic(fitted: Mapping[str, Any], names: Sequence[str]) -> Logistic:
    coefficients = np.array([fitted["coefficients"][name] for name in names], np.float64)
    if not np.isfinite([fitted["intercept"], *coefficients]).all():
        raise ValueError("a coefficient that is not finite")
    return Logistic(float(fitted["intercept"]), coefficients)


def _share(values: Mapping[str, Any], name: str) -> float:
    if not 0 <= values[name] <= 1:
        raise ValueError(f"{name} is {values[name]}, and not between 0 and 1")
    return float(values[name])


def to_json(judge: Judge) -> dict[str, Any]:
    """Return what a judge file holds: coefficients by the name of their term, without the head."""
    levels = {
        level: {
            "threshold": judge.thresholds[level],
            "candidate_floor": judge.candidate_floor[level],
            "given_up": judge.given_up[level],
        }
        | {name: _plain(getattr(judge, name)[level], names) for name, names in _REGRESSIONS.items()}
        for level in SCORED_LEVELS
    }
    return {"floor": judge.floor, "levels": levels}


def _plain(fitted: Logistic, names: Sequence[str]) -> dict[str, Any]:
    rounded = {name: round(float(c), 6) for name, c in zip(names, fitted.coefficients, strict=True)}
    return {"intercept": round(fitted.intercept, 6), "coefficients": rounded}
