"""Fit what ships in `dedupe/data`: document frequencies of words, and the judge.

    python -m dedupe.training --data DIR [--out dedupe/data]

`DIR/stories/train.jsonl.gz` holds labelled headlines in slices of about three days. Pairs are taken inside slices.
Each quarter of the slices is held out in turn to choose the thresholds, by B-cubed plus pairwise F1 of the groups; then
the judge is fitted on all slices. `DIR/gold` is only read to keep its titles out of the word counts.
"""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from dedupe.encoders import embed, load_encoder
from dedupe.evaluation import b_cubed, pairwise
from dedupe.evidence import describe, evidence
from dedupe.grouping import merge_tree
from dedupe.headlines import Headline, as_headline
from dedupe.judging import LEVELS, Judge, terms, to_json
from dedupe.neighbors import candidate_pairs
from dedupe.text import MAX_LENGTH, normalize
from dedupe.tokens import count_documents
from dedupe.trees import MergeTree

CANDIDATE_FLOOR = 0.35  # gives up 5 % of the same-story and 0.3 % of the same-wording pairs of the slices
FLOOR = 0.05
FOLDS = 4
THRESHOLDS = np.arange(0.1, 0.81, 0.05)
_COLUMN = {"story": "story", "wording": "variant"}


@dataclass(frozen=True, slots=True)
class Slice:
    """The judged-to-be pairs of one slice, and its labels per level."""

    i: NDArray[np.int64]
    j: NDArray[np.int64]
    evidence: NDArray[np.float32]
    labels: dict[str, NDArray[np.str_]]

    def same(self, level: str) -> NDArray[np.bool_]:
        """Which pairs belong together."""
        labels = self.labels[level]
        return np.equal(labels[self.i], labels[self.j])


@click.command(help=__doc__)
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("dedupe/data"), show_default=True)
def main(data: Path, out: Path) -> None:
    """Count words, fit the judge, write both."""
    out.mkdir(parents=True, exist_ok=True)
    write_frequencies(data, out / "document_frequencies.tsv.gz")
    slices = load_slices(data / "stories" / "train.jsonl.gz")
    thresholds, scores = choose_thresholds(slices)
    judge = replace(fit(slices), thresholds=thresholds)
    model = {"made_by": "python -m dedupe.training --data DIR", "held_out_scores": scores} | to_json(judge)
    (out / "judge.json").write_text(json.dumps(model, indent=1) + "\n", encoding="utf-8")
    click.echo(json.dumps({"thresholds": thresholds, "held out": scores}))


def write_frequencies(data: Path, path: Path) -> None:
    """Count words over the unlabelled titles, without those of the gold sets, and write them, most compact."""
    gold = {normalize(row["title"]) for file in sorted((data / "gold").glob("*.jsonl")) for row in read_rows(file)}
    sources = [data / name / "headlines.jsonl.gz" for name in ("scale", "stream")]
    titles = {normalize(row["title"]) for file in sources for row in read_rows(file)} - gold
    counted = count_documents(sorted(titles), least=5)
    lines = [str(counted.documents), *(f"{word}\t{count}" for word, count in sorted(counted.counts.items()))]
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as file:
        file.write(("\n".join(lines) + "\n").encode())


def load_slices(path: Path) -> list[Slice]:
    """Encode the labelled headlines and take the pairs above the candidate floor, slice by slice."""
    rows = list(read_rows(path))
    texts = [normalize(row["title"])[:MAX_LENGTH] for row in rows]
    vectors = embed(load_encoder(None), texts)
    members: dict[str, list[int]] = defaultdict(list)
    for k, row in enumerate(rows):
        members[row["slice"]].append(k)
    return [_slice([rows[k] for k in ks], [texts[k] for k in ks], vectors[ks]) for _, ks in sorted(members.items())]


def _slice(rows: Sequence[dict[str, Any]], texts: list[str], vectors: NDArray[np.float32]) -> Slice:
    headlines: list[Headline] = [as_headline(row) for row in rows]
    hours = np.array([h.published.timestamp() / 3600 if h.published else np.nan for h in headlines])
    titles = describe(texts, hours, hours, [h.source for h in headlines])
    pairs = candidate_pairs(vectors, CANDIDATE_FLOOR)
    labels = {level: np.array([row[column] for row in rows]) for level, column in _COLUMN.items()}
    return Slice(pairs.i, pairs.j, evidence(titles, pairs.i, pairs.j, pairs.similarity), labels)


def fit(slices: Sequence[Slice]) -> Judge:
    """Fit one logistic regression a level; coefficients are in the units of the evidence."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    by_term = terms(np.concatenate([part.evidence for part in slices]))
    scaler = StandardScaler().fit(by_term)
    intercepts: dict[str, float] = {}
    coefficients: dict[str, NDArray[np.float64]] = {}
    for level in LEVELS:
        truth = np.concatenate([part.same(level) for part in slices])
        model = LogisticRegression(max_iter=5000).fit(scaler.transform(by_term), truth)
        coefficients[level] = model.coef_[0] / scaler.scale_
        intercepts[level] = float(model.intercept_[0] - coefficients[level] @ scaler.mean_)
    return Judge(intercepts, coefficients, dict.fromkeys(LEVELS, 0.5), CANDIDATE_FLOOR, FLOOR)


def choose_thresholds(slices: Sequence[Slice]) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Return per level the threshold with the best B-cubed plus pairwise F1 on held-out slices, and those scores.

    Every slice is held out once: a judge fitted without its fold groups it at every threshold.
    """
    folds = [slices[k::FOLDS] for k in range(FOLDS)]
    judges = [fit([part for other in folds if other is not fold for part in other]) for fold in folds]
    thresholds, scores = {}, {}
    for level in LEVELS:
        trees = [
            (part.labels[level], tree(judge, part, level))
            for judge, fold in zip(judges, folds, strict=True)
            for part in fold
        ]
        by_threshold = {round(float(t), 2): _scores(trees, float(t)) for t in THRESHOLDS}
        best = max(by_threshold, key=lambda t: sum(by_threshold[t].values()))
        thresholds[level], scores[level] = best, by_threshold[best]
    return thresholds, scores


def _scores(trees: Sequence[tuple[NDArray[np.str_], MergeTree]], threshold: float) -> dict[str, float]:
    pairs = [(truth, tree.cut(threshold)) for truth, tree in trees]
    return {
        "b_cubed_f1": round(float(np.mean([b_cubed(truth, found).f1 for truth, found in pairs])), 4),
        "pairwise_f1": round(float(np.mean([pairwise(truth, found).f1 for truth, found in pairs])), 4),
    }


def tree(judge: Judge, part: Slice, level: str) -> MergeTree:
    """Return the merge tree of one slice."""
    chance = judge.probability(part.evidence)[level]
    kept = chance >= FLOOR
    nodes = len(part.labels[level])
    return merge_tree(nodes, part.i[kept], part.j[kept], chance[kept], floor=FLOOR)


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON Lines file, gzipped or not."""
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
    for line in text.strip("\n").split("\n"):
        yield json.loads(line)


if __name__ == "__main__":
    main()
