"""Pairs of titles that look alike, each judged by itself: contrast sets, and pairs some days apart.

A row of a contrast set has a `title`, its `wording` (the same news in other words), a `story` (another fact of the same
event) and a `different` title (alike, but of another event, in the way `kind` names); any of the three may be missing. A row of
`gap/pairs.jsonl` has two titles with source and date, and the verdict of a reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from encoders import CachingEncoder
from held_out import held_out, held_out_third
from records import read_rows

import dedupe
from dedupe import evaluation

INVENTED = Path(__file__).with_name("look_alikes.jsonl.gz")
"""A contrast set of invented titles, which is in the repository: nine tenths are to learn from."""
COMPANIONS = ("wording", "story", "different")
RIGHT = {
    "wording": ("wording", ("wording", "exact")),
    "story": ("story", ("story",)),
    "story_joined": ("story", ("story", "wording", "exact")),
    "different": ("different", ("different",)),
}
"""Figure -> the companion that it is about, and the verdicts that are right."""
GAP_RIGHT = {
    "wording_in_one_story": ("wording", ("story", "wording", "exact")),
    "wording": RIGHT["wording"],
    "story": RIGHT["story_joined"],
    "different": RIGHT["different"],
}
OVERLAPS = ("under 1/3", "1/3 to 2/3", "over 2/3")


@dataclass(frozen=True)
class Judged:
    """A pair of titles as we judged it, with the truth: one of `COMPANIONS`."""

    truth: str
    kind: str
    overlap: str
    verdict: str
    p_story: float
    p_wording: float


def contrast(folder: Path, encoder: CachingEncoder) -> dict[str, Any]:
    """Score each file of contrast sets: all of `dev`, of any other file the titles that training leaves out."""
    files = sorted([*folder.glob("*.jsonl"), *folder.glob("*.jsonl.gz")])
    return {name_of(path): contrast_scores(judge(contrast_rows(path), encoder)) for path in files}


def invented(encoder: CachingEncoder) -> dict[str, Any]:
    """Score those of the invented contrast titles that training leaves out."""
    return contrast_scores(judge(contrast_rows(INVENTED), encoder))


def contrast_rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a contrast set that nothing is fitted on."""
    return [row for row in read_rows(path) if name_of(path) == "dev" or held_out(row["title"])]


def name_of(path: Path) -> str:
    """Return the name of a file without any ending: train.jsonl.gz is train."""
    return path.name.partition(".")[0]


def judge(rows: Sequence[dict[str, Any]], encoder: CachingEncoder) -> list[Judged]:
    """Compare each title with those of its companions that there are."""
    encoder.prepare(row[name] for row in rows for name in ("title", *COMPANIONS) if row.get(name))
    return [
        judged(row["title"], row[truth], truth, row.get("kind") or "", encoder)
        for row in rows
        for truth in COMPANIONS
        if row.get(truth)
    ]


def judged(first: Any, second: Any, truth: str, kind: str, encoder: CachingEncoder) -> Judged:
    pair = dedupe.compare(first, second, encoder=encoder)
    titles = [row.title if isinstance(row, dedupe.Headline) else row for row in (first, second)]
    return Judged(truth, kind, OVERLAPS[overlap_bin(*titles)], pair.verdict, pair.p_story, pair.p_wording)


def overlap_bin(first: str, second: str) -> int:
    """Return 0, 1 or 2: whether two titles share under a third, up to two thirds, or more of their words (Jaccard)."""
    a, b = (set(re.findall(r"\w+", title.casefold())) for title in (first, second))
    shared, all_words = len(a & b), len(a | b)
    return (3 * shared >= all_words) + (3 * shared > 2 * all_words)


def contrast_scores(pairs: Sequence[Judged]) -> dict[str, Any]:
    """Return the shares of right verdicts, also by kind and by overlap, and how good the probabilities are."""
    kinds = sorted({pair.kind for pair in pairs if pair.kind})
    return {
        "pairs": {truth: sum(pair.truth == truth for pair in pairs) for truth in COMPANIONS},
        **shares(pairs, RIGHT),
        "kinds": {kind: _with_count([p for p in pairs if p.kind == kind], ["different"]) for kind in kinds},
        "overlap": {name: _with_count([p for p in pairs if p.overlap == name], RIGHT) for name in OVERLAPS},
        "story_calibration_error": _story_calibration(pairs),
        "auc": {
            "story against different": _area(pairs, "story", "different", "p_story"),
            "wording against story": _area(pairs, "wording", "story", "p_wording"),
        },
    }


def shares(pairs: Sequence[Judged], right: dict[str, tuple[str, tuple[str, ...]]]) -> dict[str, float | None]:
    """Return each share of right verdicts, in [0, 1]; None where there is no such pair."""
    result: dict[str, float | None] = {}
    for figure, (truth, verdicts) in right.items():
        hits = [pair.verdict in verdicts for pair in pairs if pair.truth == truth]
        result[figure] = round(sum(hits) / len(hits), 4) if hits else None
    return result


def _with_count(pairs: Sequence[Judged], figures: Iterable[str]) -> dict[str, Any]:
    """Per figure, its share and the number of pairs it is of; figures without a pair are left out."""
    values = shares(pairs, {figure: RIGHT[figure] for figure in figures})
    return {
        figure: {"share": value, "of": sum(pair.truth == RIGHT[figure][0] for pair in pairs)}
        for figure, value in values.items()
        if value is not None
    }


def _story_calibration(pairs: Sequence[Judged]) -> float | None:
    if not pairs:
        return None
    error = evaluation.calibration_error([p.truth != "different" for p in pairs], [p.p_story for p in pairs])
    return round(error, 4)


def _area(pairs: Sequence[Judged], positive: str, negative: str, probability: str) -> float | None:
    """The area under the ROC curve: how often a positive pair has the higher probability, ties counted half."""
    from sklearn.metrics import roc_auc_score

    chosen = [pair for pair in pairs if pair.truth in (positive, negative)]
    same = [pair.truth == positive for pair in chosen]
    if len(set(same)) < 2:
        return None
    return round(float(roc_auc_score(same, [getattr(pair, probability) for pair in chosen])), 4)


def gap(path: Path, encoder: CachingEncoder) -> dict[str, Any]:
    """Score the pairs some days apart that training leaves out, compared with their dates and sources."""
    rows = list(read_rows(path))
    kept = [rows[position] for position in np.flatnonzero(held_out_third(len(rows))).tolist()]
    encoder.prepare(row[f"title_{side}"] for row in kept for side in "ab")
    return gap_scores([judged(*_sides(row), row["verdict"], "", encoder) for row in kept])


def gap_scores(pairs: Sequence[Judged]) -> dict[str, Any]:
    return {
        "pairs": {truth: sum(pair.truth == truth for pair in pairs) for truth in COMPANIONS},
        **shares(pairs, GAP_RIGHT),
    }


def _sides(row: dict[str, Any]) -> list[dedupe.Headline]:
    return [
        dedupe.Headline(row[f"title_{side}"], published=row.get(f"published_{side}"), source=row.get(f"source_{side}"))
        for side in "ab"
    ]
