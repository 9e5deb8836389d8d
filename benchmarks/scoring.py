"""The figures of quality.py: of groupings, of probabilities of pairs, of pairs that people scored, of near-misses."""

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
FLOOR, CEILING = 0.05, 0.95  # probabilities between them are those that calibration is measured on
SIMILAR, DISSIMILAR = 4, 2  # pairs scored at least / at most this are positive / negative for the AUC
Labels = Sequence[Any] | NDArray[Any]
Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Part:
    """One file, or one slice of it: what is grouped at once, with the labels of each annotator per level."""

    headlines: list[dedupe.Headline]
    truths: dict[str, list[Labels]]


def grouped(truths: list[list[Labels]], found: Sequence[Labels]) -> dict[str, float]:
    """Return the mean of each figure over annotators, then over parts."""
    by_part = [
        np.mean([list(evaluation.group_scores(truth, labels).values()) for truth in annotators], axis=0)
        for annotators, labels in zip(truths, found, strict=True)
    ]
    names = [name.replace("adjusted_rand", "ari") for name in evaluation.GROUP_FIGURES]
    return dict(zip(names, np.mean(by_part, axis=0).round(4).tolist(), strict=True))


def intervals(truths: list[list[Labels]], found: Sequence[Labels], seed: int) -> dict[str, list[float]]:
    """Return 95 % bootstrap intervals of both F1 figures, over blocks of headlines that any label connects."""
    sides = [(truth, labels) for annotators, labels in zip(truths, found, strict=True) for truth in annotators]
    spans = evaluation.bootstrap(sides, seed=seed)
    return {name: [round(spans[name].low, 4), round(spans[name].high, 4)] for name in ("b_cubed_f1", "pairwise_f1")}


def best_case(truths: list[list[Labels]], cuts: list[Cut]) -> dict[str, Any]:
    """Return each figure at the threshold that is best for it on these very files, and that threshold."""
    scores = {threshold: grouped(truths, [cut(threshold) for cut in cuts]) for threshold in GRID}
    best = {figure: max(scores, key=lambda t: scores[t][figure]) for figure in FIGURES}
    return {figure: scores[best[figure]][figure] for figure in FIGURES} | {"best_threshold": best}


def components_of(run: dedupe.Deduplication, level: str) -> Cut:
    """Return the groups that judged pairs at or over a threshold make when whatever hangs together is joined."""
    table, of, shape = run.pair_table, run.nodes.of_row, (len(run.nodes),) * 2

    def cut(threshold: float) -> NDArray[np.int64]:
        kept = table.p(level) >= threshold
        graph = coo_array((np.ones(kept.sum(), np.int8), (table.i[kept], table.j[kept])), shape=shape)
        return connected_components(graph.tocsr(), directed=False)[1].astype(np.int64)[of]

    return cut


def ranked(truths: list[list[Labels]], matrices: list[Floats]) -> dict[str, float]:
    """Return average precision and the best F1 of "these two belong together" over all pairs of all parts.

    `matrices`: one score a pair of rows, (n, n) each.
    """
    same, scores = [], []
    for annotators, matrix in zip(truths, matrices, strict=True):
        i, j = np.triu_indices(len(matrix), 1)
        for truth in annotators:
            codes = np.unique(np.asarray(truth, str), return_inverse=True)[1]
            same.append(codes[i] == codes[j])
            scores.append(matrix[i, j])
    every, score = np.concatenate(same), np.concatenate(scores)
    return {
        "average_precision": round(evaluation.average_precision(every, score), 4),
        "best_pair_f1": round(evaluation.best_f1(every, score)[0], 4),
    }


def probabilities(run: dedupe.Deduplication, level: str) -> Floats:
    """Return the probability of every pair of rows, (n, n): 0 where it was not kept, 1 between exact copies."""
    nodes, table = len(run.nodes), run.pair_table
    matrix = np.eye(nodes, dtype=np.float32)
    matrix[table.i, table.j] = matrix[table.j, table.i] = table.p(level)
    return matrix[np.ix_(run.nodes.of_row, run.nodes.of_row)]


def calibration(parts: Sequence[Part], runs: Sequence[dedupe.Deduplication], level: str) -> dict[str, float]:
    """Return calibration error (15 equal-count bins) and log loss over judged pairs that are not near certain."""
    same, chances = [], []
    for part, run in zip(parts, runs, strict=True):
        i, j, chance = (
            run.nodes.title_row[run.pair_table.i],
            run.nodes.title_row[run.pair_table.j],
            run.pair_table.p(level),
        )
        kept = (chance >= FLOOR) & (chance <= CEILING)
        for truth in part.truths[level]:
            labels = np.asarray(truth, str)
            same.append((labels[i] == labels[j])[kept])
            chances.append(chance[kept])
    every, chance = np.concatenate(same), np.concatenate(chances)
    return {
        "pairs": len(every),
        "calibration_error": round(evaluation.calibration_error(every, chance), 4),
        "log_loss": round(evaluation.log_loss(every, chance), 4),
    }


def agreement(scores: NDArray[Any], values: NDArray[Any]) -> dict[str, float]:
    """Return how values of pairs go with the scores that people gave."""
    from sklearn.metrics import roc_auc_score

    clear = (scores >= SIMILAR) | (scores <= DISSIMILAR)
    auc = roc_auc_score(scores[clear] >= SIMILAR, values[clear])
    return {"pearson": round(float(np.corrcoef(scores, values)[0, 1]), 4), "auc": round(float(auc), 4)}


def near_misses(rows: Sequence[dict[str, Any]], compare: Callable[..., dedupe.ScoredPair]) -> dict[str, Any]:
    """Return, by kind, how many near-misses are kept apart and how many true rewordings are put together."""
    began = datetime(2025, 1, 1, tzinfo=UTC)
    right: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        later = began + timedelta(hours=row["hours"])
        pair = compare(dedupe.Headline(row["a"], published=began), dedupe.Headline(row["b"], published=later))
        together = {"wording": pair.verdict == "wording", "story": pair.verdict in ("wording", "story")}
        side = "apart" if row["apart"] else "together"
        good = not together[row["apart"]] if row["apart"] else together["wording"]
        right[row["kind"]].update({side: good, f"{side}_of": 1})
    total: Counter[str] = sum(right.values(), Counter())
    return {kind: dict(counts) for kind, counts in right.items()} | {"all": dict(total)}
