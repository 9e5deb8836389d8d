"""One data set of `quality.py`: groups against labels, beside peers; or similarities against the scores of people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from encoders import CachingEncoder
from figures import (
    Part,
    agreement,
    best_case,
    calibration,
    components_of,
    intervals,
    mean_scores,
    pairs_per_title,
    probabilities,
    ranked,
)
from labelled import COLUMNS, Rows, parts_of
from peers import PEERS, Cut, average_linkage

import dedupe
from dedupe.embedding import embed
from dedupe.runtime.arrays import Float32s
from dedupe.scoring.model import load_judge
from dedupe.text import MAX_LENGTH, normalize

SEED = 0
Vectors = dict[str, list[Float32s]]


def score_groups(files: list[Rows], ours: CachingEncoder, base: CachingEncoder | None) -> dict[str, Any]:
    """Score the default run on each part of `files`. Without a `base` encoder, peers and ablation are left out."""
    parts = [part for rows in files for part in parts_of(rows)]
    runs = [dedupe.deduplicate(part.headlines, encoder=ours) for part in parts]
    vectors = {"trained": vectors_of(ours, parts)} | ({"base": vectors_of(base, parts)} if base else {})
    levels = {
        level: score_level(parts, runs, vectors, level, ours.folder) for level in COLUMNS if parts[0].truths[level]
    }
    counts = {"parts": len(parts), "annotators": len(parts[0].truths["story"])}
    return counts | pairs_per_title(runs) | {"levels": levels}


def vectors_of(encoder: CachingEncoder, parts: list[Part]) -> list[Float32s]:
    return [embed(encoder, [normalize(h.title)[:MAX_LENGTH] for h in part.headlines])[:] for part in parts]


def score_level(
    parts: list[Part], runs: list[dedupe.Deduplication], vectors: Vectors, level: str, folder: Path
) -> dict[str, Any]:
    """Score our defaults, every other system at its best threshold, and rankings of pairs."""
    truths, labels = [part.truths[level] for part in parts], [run.labels(level) for run in runs]
    base = vectors.get("base", [])
    systems: dict[str, Any] = {
        "headline-dedupe": mean_scores(truths, labels) | {"threshold": runs[0].thresholds[level]}
    }
    systems["headline-dedupe"]["intervals"] = intervals(truths, labels, SEED)
    systems |= {name: best_case(truths, [start(m) for m in base]) for name, start in PEERS.items() if base}
    systems["every headline alone"] = mean_scores(truths, [np.arange(len(part.headlines)) for part in parts])
    if all(len(annotators) == 2 for annotators in truths):
        systems["one annotation against the other"] = mean_scores([[a] for a, _ in truths], [b for _, b in truths])
    scores = {"base cosine": [m @ m.T for m in base]} if base else {}
    scores |= {
        "trained cosine": [m @ m.T for m in level_vectors(vectors["trained"], level, folder)],
        "judged": [probabilities(run, level) for run in runs],
    }
    return {
        "systems": systems,
        "ablation": {name: best_case(truths, cuts) for name, cuts in ablation(runs, vectors, level).items()},
        "pairs": {name: ranked(truths, matrices) for name, matrices in scores.items()},
        "calibration": calibration(parts, runs, level),
    }


def ablation(runs: list[dedupe.Deduplication], vectors: Vectors, level: str) -> dict[str, list[Cut]]:
    """Return our own steps one after another, from the cosine to the judged pairs; nothing without base vectors."""
    if "base" not in vectors:
        return {}
    return {
        "base cosine, linked": [average_linkage(m) for m in vectors["base"]],
        "trained cosine, linked": [average_linkage(m) for m in vectors["trained"]],
        "judged, connected": [components_of(run, level) for run in runs],
    }


def level_vectors(vectors: list[Float32s], level: str, folder: Path) -> list[Float32s]:
    """Return the vectors that the level compares."""
    judge = load_judge(folder)
    return [judge.wording_vectors(matrix)[:] for matrix in vectors] if level == "wording" else vectors


def score_pairs(rows: Rows, ours: CachingEncoder, base: CachingEncoder | None) -> dict[str, Any]:
    """Compare each pair, and correlate similarities and probabilities with the scores given by people, per split."""
    pairs = _compared(rows, ours)
    values = {
        "similarity": np.array([pair.similarity for pair in pairs]),
        "wording": np.array([pair.p_wording for pair in pairs]),
        "story": np.array([pair.p_story for pair in pairs]),
        "wording_similarity": np.array([pair.features.get("wording_similarity", 1.0) for pair in pairs]),
    }
    if base:
        values["base_similarity"] = np.array([pair.similarity for pair in _compared(rows, base)])
    scores, split = np.array([row["score"] for row in rows]), np.array([str(row.get("split")) for row in rows])
    masks = {name: split == name for name in sorted(set(split.tolist()))} | {"all": np.ones(len(rows), bool)}
    return {
        "splits": {
            name: {system: agreement(scores[mask], value[mask]) for system, value in values.items()}
            for name, mask in masks.items()
        }
    }


def _compared(rows: Rows, encoder: CachingEncoder) -> list[dedupe.ScoredPair]:
    encoder.prepare(row[side] for row in rows for side in "ab")
    return [dedupe.compare(row["a"], row["b"], encoder=encoder) for row in rows]
