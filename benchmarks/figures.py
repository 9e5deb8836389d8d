"""The figures of quality.py: for groups, probabilities of pairs, pairs scored by people, and near-misses."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from peers import GRID, Cut
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

import dedupe
from dedupe import evaluation

FIGURES = ("b_cubed_f1", "pairwise_f1", "ari")
SHORT_NAMES = {"adjusted_rand": "ari"}
FLOOR, CEILING = 0.05, 0.95  # calibration is measured on probabilities between these
SIMILAR, DISSIMILAR = 4, 2  # pairs scored at least / at most this are positive / negative for the AUC
Labels = Sequence[Any] | NDArray[Any]
Matrix = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Part:
    """One file, or one slice of it: headlines that are grouped together, and per level the labels of each annotator."""

    headlines: list[dedupe.Headline]
    truths: dict[str, list[Labels]]


def mean_scores(truths: list[list[Labels]], labels: Sequence[Labels]) -> dict[str, float]:
    """Return the mean of each figure over annotators, then over parts."""
    by_part = [
        np.mean([list(evaluation.group_scores(truth, found).values()) for truth in annotators], axis=0)
        for annotators, found in zip(truths, labels, strict=True)
    ]
    names = [SHORT_NAMES.get(name, name) for name in evaluation.GROUP_FIGURES]
    return dict(zip(names, np.mean(by_part, axis=0).round(4).tolist(), strict=True))


def intervals(truths: list[list[Labels]], labels: Sequence[Labels], seed: int) -> dict[str, list[float]]:
    """Return 95 % bootstrap intervals of both F1 figures, over blocks of headlines that are connected by any label."""
    groupings = [(truth, found) for annotators, found in zip(truths, labels, strict=True) for truth in annotators]
    spans = evaluation.bootstrap(groupings, seed=seed)
    return {name: [round(spans[name].low, 4), round(spans[name].high, 4)] for name in FIGURES[:2]}


def best_case(truths: list[list[Labels]], cuts: list[Cut]) -> dict[str, Any]:
    """Return each figure at the threshold that is best for it on these very files, and that threshold."""
    scores = {threshold: mean_scores(truths, [cut(threshold) for cut in cuts]) for threshold in GRID}
    best = {figure: max(scores, key=lambda t: scores[t][figure]) for figure in FIGURES}
    return {figure: scores[best[figure]][figure] for figure in FIGURES} | {"best_threshold": best}


def components_of(run: dedupe.Deduplication, level: str) -> Cut:
    """Return the connected components of the scored pairs at or above a threshold, as labels of rows."""
    pairs, of, shape = run.pair_table, run.nodes.of_row, (len(run.nodes),) * 2

    def cut(threshold: float) -> NDArray[np.int64]:
        kept = pairs.p(level) >= threshold
        graph = coo_array((np.ones(kept.sum(), np.int8), (pairs.i[kept], pairs.j[kept])), shape=shape)
        return connected_components(graph.tocsr(), directed=False)[1].astype(np.int64)[of]

    return cut


def ranked(truths: list[list[Labels]], matrices: list[Matrix]) -> dict[str, float]:
    """Return average precision and the best F1 of "these two belong together" over all pairs of all parts.

    `matrices`: one score per pair of rows, (n, n) each.
    """
    same, scores = [], []
    for annotators, matrix in zip(truths, matrices, strict=True):
        i, j = np.triu_indices(len(matrix), 1)
        for truth in annotators:
            codes = np.unique(np.asarray(truth, str), return_inverse=True)[1]
            same.append(codes[i] == codes[j])
            scores.append(matrix[i, j])
    all_same, all_scores = np.concatenate(same), np.concatenate(scores)
    return {
        "average_precision": round(evaluation.average_precision(all_same, all_scores), 4),
        "best_pair_f1": round(evaluation.best_f1(all_same, all_scores)[0], 4),
    }


def pairs_per_title(runs: Sequence[dedupe.Deduplication]) -> dict[str, float]:
    """Return how many pairs were scored per title, and how many were read by the reader if the results count these."""
    titles = sum(len(run) for run in runs)
    result = {"pairs_scored_per_title": round(sum(len(run.pair_table.i) for run in runs) / titles, 2)}
    pairs_read = [run.pairs_read.read for run in runs]
    result["pairs_read_per_title"] = round(sum(pairs_read) / titles, 2)
    return result


def probabilities(run: dedupe.Deduplication, level: str) -> Matrix:
    """Return the probability of every pair of rows, (n, n): 0 for pairs not kept, 1 for exact copies."""
    pairs = run.pair_table
    matrix = np.eye(len(run.nodes), dtype=np.float32)
    matrix[pairs.i, pairs.j] = matrix[pairs.j, pairs.i] = pairs.p(level)
    return matrix[np.ix_(run.nodes.of_row, run.nodes.of_row)]


def calibration(parts: Sequence[Part], runs: Sequence[dedupe.Deduplication], level: str) -> dict[str, float | None]:
    """Return calibration error (15 equal-count bins) and log loss over scored pairs that are not nearly certain; None without."""
    same, probability = [], []
    for part, run in zip(parts, runs, strict=True):
        i, j, p = run.nodes.title_row[run.pair_table.i], run.nodes.title_row[run.pair_table.j], run.pair_table.p(level)
        uncertain = (p >= FLOOR) & (p <= CEILING)
        for truth in part.truths[level]:
            labels = np.asarray(truth, str)
            same.append((labels[i] == labels[j])[uncertain])
            probability.append(p[uncertain])
    all_same, all_p = np.concatenate(same), np.concatenate(probability)
    if not len(all_p):
        return {"pairs": 0, "calibration_error": None, "log_loss": None}
    return {
        "pairs": len(all_same),
        "calibration_error": round(evaluation.calibration_error(all_same, all_p), 4),
        "log_loss": round(evaluation.log_loss(all_same, all_p), 4),
    }


def agreement(scores: NDArray[Any], values: NDArray[Any]) -> dict[str, float]:
    """Return how values of pairs agree with the scores that people gave."""
    from sklearn.metrics import roc_auc_score

    clear = (scores >= SIMILAR) | (scores <= DISSIMILAR)
    auc = roc_auc_score(scores[clear] >= SIMILAR, values[clear])
    return {"pearson": round(float(np.corrcoef(scores, values)[0, 1]), 4), "auc": round(float(auc), 4)}


def near_misses(rows: Sequence[dict[str, Any]], compare: Callable[..., dedupe.ScoredPair]) -> dict[str, Any]:
    """Return, by kind, how many near-misses are kept apart and how many true rewordings are joined."""
    earlier = datetime(2025, 1, 1, tzinfo=UTC)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        later = earlier + timedelta(hours=row["hours"])
        pair = compare(dedupe.Headline(row["a"], published=earlier), dedupe.Headline(row["b"], published=later))
        joined = {
            "wording": pair.verdict in ("exact", "wording"),
            "story": pair.verdict in ("exact", "wording", "story"),
        }
        side = "apart" if row["apart"] else "together"
        right = not joined[row["apart"]] if row["apart"] else joined["wording"]
        for kind in (row["kind"], "all"):
            counts[kind].update({side: int(right), f"{side}_of": 1})
    total = counts.pop("all", Counter())  # to the end
    return {kind: dict(count) for kind, count in counts.items()} | {"all": dict(total)}
