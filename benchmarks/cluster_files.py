"""How much the work files of a job take at one time: after each step, in tasks that run one after the other in one process."""

from __future__ import annotations

from contextlib import ExitStack, nullcontext
from functools import partial
from pathlib import Path
from shutil import rmtree
from typing import Any
from unittest.mock import patch

from cluster_runs import NOW, WINDOW, parquet
from memory import apart

from dedupe.distributed import deduplicate, run
from dedupe.distributed.engine import InOrder
from dedupe.distributed.pairs.context import run_contexts
from dedupe.distributed.plan import WORK

ROWS, ROWS_PER_PART = 20_000, 1_000
LARGE = 5_000  # titles of a component above which its context goes by neighborhoods, as in very large runs
KINDS = {"float32": None, "int16": 0}  # bytes above which vectors are stored as int16


def measure(data: Path, cache: Path) -> dict[str, Any]:
    """Return the bytes of work files for each row of `scale`, in a window of 72 hours, with vectors of both kinds."""
    path = parquet(data, cache, "scale", ROWS)
    kinds = {name: apart(_job, path, cache / "job-files", cache, most)[0] for name, most in KINDS.items()}
    return {"rows": ROWS, "rows_per_part": ROWS_PER_PART, "large": LARGE, **kinds}


def _job(path: Path, out: Path, cache: Path, most: int | None) -> dict[str, Any]:
    rmtree(out, ignore_errors=True)
    after: dict[str, float] = {}

    def note(step: str, done: int, total: int) -> None:
        if done == total:
            after[step] = round(_bytes_below(out / WORK) / ROWS, 1)

    with ExitStack() as patches:
        patches.enter_context(patch.object(run, "connected", lambda address: nullcontext("")))
        patches.enter_context(patch.object(run, "OnRay", InOrder))
        patches.enter_context(patch.object(run, "run_contexts", partial(run_contexts, large=LARGE)))
        if most is not None:
            patches.enter_context(patch("dedupe.embedding.vectors.MAX_FLOAT32_BYTES", most))
        options = {"window": WINDOW, "reader": "off", "rows_per_part": ROWS_PER_PART, "now": NOW}
        summary = deduplicate(path, out, cache=cache, progress=note, **options)
    most_at = max(after, key=lambda step: after[step])
    pairs = round(summary.scored / summary.rows, 2)
    return {"bytes_a_row": after[most_at], "at": most_at, "pairs_a_row": pairs, "after": after}


def _bytes_below(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
