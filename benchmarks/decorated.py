"""The same labelled headlines with marks put on half of the titles: how much worse are they grouped?

Each decoration is put on the same half of the rows that have a source, chosen by seed. The source stays in its own field.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from encoders import CachingEncoder
from figures import FIGURES, Part, mean_scores
from labelled import COLUMNS

import dedupe

DECORATIONS = (
    "{title} - {source}",
    "{title} | {source}",
    "{source}: {title}",
    "LIVE: {title}",
    "[Subscriber-only] {title}",
    "Video: {title}",
    "RT @{source}: {title}",
)
MORE = ("09:41 {title}", "• {title}")
MEASURED = FIGURES[:2]  # B-cubed and pairwise F1
Scores = dict[str, dict[str, float]]


def decorated(parts: Sequence[Part], encoder: CachingEncoder, seed: int) -> dict[str, Any]:
    """Return the scores of the plain and the decorated headlines, the differences, and the worst of `DECORATIONS`."""
    plain = level_scores(parts, encoder)
    by_template = {
        template: level_scores([decorate(part, template, seed) for part in parts], encoder)
        for template in DECORATIONS + MORE
    }
    changes = {template: differences(plain, scores) for template, scores in by_template.items()}
    return {
        "plain": plain,
        "scores": by_template,
        "differences": changes,
        "worst": worst({template: changes[template] for template in DECORATIONS}),
    }


def decorate(part: Part, template: str, seed: int) -> Part:
    """Return the part with `template` put on half of the titles that have a source; labels and all else stay."""
    with_source = [row for row, headline in enumerate(part.headlines) if headline.source]
    order = np.random.default_rng(seed).permutation(with_source)
    chosen = set(order[: len(order) // 2].tolist())
    headlines = [
        replace(headline, title=template.format(title=headline.title, source=headline.source))
        if row in chosen
        else headline
        for row, headline in enumerate(part.headlines)
    ]
    return Part(headlines, part.truths)


def level_scores(parts: Sequence[Part], encoder: CachingEncoder) -> Scores:
    """Return the measured figures of the default run, by level."""
    runs = [dedupe.deduplicate(part.headlines, encoder=encoder) for part in parts]
    result = {}
    for level in COLUMNS:
        truths = [part.truths[level] for part in parts]
        if all(truths):
            scores = mean_scores(truths, [run.labels(level) for run in runs])
            result[level] = {figure: scores[figure] for figure in MEASURED}
    return result


def differences(plain: Scores, scores: Scores) -> Scores:
    """Return what was gained on `plain`; negative numbers are losses."""
    return {
        level: {figure: round(scores[level][figure] - value, 4) for figure, value in figures.items()}
        for level, figures in plain.items()
    }


def worst(changes: dict[str, Scores]) -> dict[str, dict[str, Any]]:
    """Return, by level and figure, the decoration that loses most."""
    levels = next(iter(changes.values()))
    result: dict[str, dict[str, Any]] = {}
    for level, figures in levels.items():
        for figure in figures:
            template = min(changes, key=lambda t: changes[t][level][figure])
            difference = changes[template][level][figure]
            result.setdefault(level, {})[figure] = {"decoration": template, "difference": difference}
    return result
