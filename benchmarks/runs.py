"""One run of `deduplicate` on given vectors, timed by stage."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from stopwatch import Stages, by_stage, warm_up

import dedupe


def timed_run(
    headlines: Sequence[str | dedupe.Headline],
    vectors: NDArray[np.float32],
    level: str,
    window: float | None = None,
    *,
    warnings: bool = False,
) -> dict[str, Any]:
    """Return seconds and counts of a run on `headlines`, with `vectors` in place of the bundled encoder's.

    The time covers everything but encoding, up to the labels. The model is loaded before.
    """
    warm_up()
    encoder, stages, began = dedupe.load_encoder(), Stages(), perf_counter()
    run = dedupe.deduplicate(
        headlines, embeddings=vectors, encoder=encoder, level=level, window=window, progress=stages
    )
    stages.finish()
    labels = run.labels("story")
    seconds = perf_counter() - began
    result = counts(run) | {"seconds": round(seconds, 3), "stages": by_stage(stages, 0.0)}
    result["largest_story"] = int(np.bincount(labels).max())
    return result | ({"warnings": sorted({caution.code for caution in run.warnings})} if warnings else {})


def counts(run: dedupe.Deduplication) -> dict[str, Any]:
    """Return the counts of a run: headlines, pairs, groups, recall."""
    groups = {level: int(run.labels(level).max()) + 1 for level in ("exact", "wording", "story")}
    return {
        "headlines": len(run),
        "kept_pairs": len(run.pair_table.i),
        "groups": groups,
        "recall": round(run.recall, 4),
    }
